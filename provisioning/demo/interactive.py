"""``exam-kiosk demo``: you are the candidate, in this terminal."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from exam_packages.sealing.bundle import hand_in_code, manifest_hash
from provisioning.demo import homeward
from provisioning.demo.processes import Child, Children, exam_kiosk, wait_until
from provisioning.demo.site import Candidate, Site, build, plan_site, start_servers
from provisioning.demo.stages import DemoError, Stages
from provisioning.demo.video import make_video
from provisioning.station_home import CAMERA_AUTO

_POLL_S: Final = 1.5
MOST_FAILURES: Final = 10
"""Tries in a row after which the invigilator gives up: a hall may be busy, but not so long."""
_MOST_RESTARTS: Final = 5
"""A screen that dies at once, again and again, has a fault that restarting does not mend."""


def sit(directory: Path, stages: Stages) -> None:
    """Make the site, let the person sit the exam, and take it home. Raises ``DemoError``."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise DemoError(
            "The demo shows the exam in a terminal, and there is none here; run it in one, or "
            "with --auto."
        )
    site = plan_site(directory, 1, CAMERA_AUTO)
    if not any(Path("/dev").glob("video*")):
        site.camera = str(site.directory / "test-picture.avi")
        make_video(Path(site.camera))
    stages.title("Setting up")
    build(site, stages)
    with Children(site.logs) as children:
        start_servers(site, children, stages)
        candidate = site.candidates[0]
        agent = children.add("agent", "agent", site.station(candidate.station))
        _introduce(site, candidate, stages)
        with Invigilator(site, lambda: _keep_running(agent)) as invigilator:
            _show_screen(site, candidate, invigilator)
        code = _code(site, candidate)
        if not code:
            stages.note("Nothing was handed in, so nothing travels home.")
            return
        _go_home(site, code, stages)
    homeward.say_where(site, stages)


def _introduce(site: Site, candidate: Candidate, stages: Stages) -> None:
    stages.title(f"You are {candidate.name}. Your sign-in code is  {candidate.code}")
    stages.note("An invigilator works in the background: admits you, then releases the exam.")
    stages.note("Hand in with F10 whenever you like; the exam has no other way out.")
    if site.camera == CAMERA_AUTO:
        stages.note("Your camera is used: pictures are sealed and stay in the demo's directory.")
    else:
        stages.note("There is no camera here: a moving test picture stands in for it.")
    input("\nPress Enter to open the candidate's screen. ")


def _show_screen(site: Site, candidate: Candidate, invigilator: Invigilator) -> None:
    """The screen in this terminal, started again if it dies (on a station, by systemd).

    Raises :class:`DemoError` when it keeps dying, or when the invigilator gave up: nobody
    would ever admit who sits here.
    """
    command = [exam_kiosk(), "screen", str(site.station(candidate.station)), "--once"]
    for _ in range(_MOST_RESTARTS):
        screen = subprocess.Popen(command)
        try:
            if _ended(screen, invigilator) == 0:
                return
        finally:
            screen.terminate()
            screen.wait()
    raise DemoError("The screen ended with an error {count} times.", count=_MOST_RESTARTS)


def _ended(screen: subprocess.Popen[bytes], invigilator: Invigilator) -> int:
    """The screen's exit status, once it ends. Raises :class:`DemoError`."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return screen.wait(_POLL_S)
        if invigilator.problem is not None:
            raise invigilator.problem


def _code(site: Site, candidate: Candidate) -> str:
    """The hand-in code, from the manifest the station signed; empty when there is none."""
    found = list((site.station(candidate.station) / "attempts").glob("*/manifest"))
    return hand_in_code(manifest_hash(found[0].read_bytes())) if found else ""


def _go_home(site: Site, code: str, stages: Stages) -> None:
    stages.title(f"Going home: hand-in code {code}")
    with stages.stage("The bundle arrives at the body's intake"):
        wait_until(lambda: homeward.taken_in(site) > 0, "the bundle has not arrived")
    with stages.stage("The log is signed with the checkpoint key") as stage:
        stage.figure = homeward.sign_log(site)
    with stages.stage("The receipt fits the hand-in code, and is in the log") as stage:
        stage.figure = homeward.verify_receipt(site, code)
    with stages.stage("The scoring desk opens responses only, and scores them blind"):
        table = homeward.score(site)
    stages.show(table)


class Invigilator:
    """Admits whoever waits, then releases the exam; *look_after* is called each time, too.

    ``problem`` says why they gave up, after ``MOST_FAILURES`` tries in a row that failed.
    """

    def __init__(
        self, site: Site, look_after: Callable[[], None], *, poll_s: float = _POLL_S
    ) -> None:
        self.problem: DemoError | None = None
        self._site = site
        self._look_after = look_after
        self._poll_s = poll_s
        self._ended = threading.Event()
        self._released = False
        self._failures = 0
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while self.problem is None and not self._ended.wait(self._poll_s):
            self._look_after()
            try:
                self._look()
                self._failures = 0
            except DemoError as why:  # the hall may be busy: look again
                self._failures += 1
                if self._failures >= MOST_FAILURES:
                    self.problem = DemoError(
                        "The invigilator in the background cannot act at the hall, {count} times "
                        "in a row: {why} The logs are in {logs}.",
                        count=self._failures,
                        why=str(why),
                        logs=str(self._site.logs),
                    )

    def _look(self) -> None:
        board = json.loads(self._site.act("status", "--json"))
        signed_in = [row for row in board["rows"] if row["station"]]
        if any(not row["admitted"] for row in signed_in):
            self._site.act("admit", "--all")
        elif signed_in and not self._released:
            code = self._site.codes.read_text(encoding="ascii").strip()
            self._site.act("release", code)
            self._released = True


def _keep_running(agent: Child) -> None:
    """Start the agent again when it ended (on a station, systemd does)."""
    if not agent.alive:
        agent.start()
