"""A camera that is pulled out again and again, and a disk that fills up, during one exam.

    make soak-camera                                  # 50 unplugs, 1080 pictures, disk full twice
    make soak-camera ARGS="--hours 3 --interval 10"   # three hours, nothing compressed

A body, a hall and a station are founded in a temporary directory; agent and camera are the
processes of a station, with a film in the camera's place, read by OpenCV. As root, attempts lie on
a small file system, and pictures keep as much of it free as on a real one. For the first half of
the pictures the film is taken away and put back; twice the file system is filled to the brim. For
the second half it stays, so that one life of the camera process is long enough to see it grow. All
the while answers are given.

Time is compressed by the exam's own rules: a picture a second (``--interval``), where a usual exam
has one in ten. 1080 pictures are those of three hours at that rate. What the camera process does
twice a second, to look, is not compressed.

At the end every picture is accounted for:

- those that the agent asked for or a signal brought = those in the record + those that the record
  counts as missed. The agent's own camera object counts the first, in its process;
- each in the record lies at the station and at the hall, sealed, with its digest, and nothing else;
- no file of the station, of the hall or of the temporary directory has a picture in clear in it, at
  whatever place, and neither process ever had another file open for writing;

and every answer stood, and neither process grew. Exit status 1 if any of it does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import small_exam  # noqa: E402
from sitting import Agent, Screen, Seat, Site, eventually, hall_running  # noqa: E402
from terminals import resident  # noqa: E402
from video import write_film  # noqa: E402

from exam_packages.attempt import events as ev  # noqa: E402
from exam_packages.attempt.acts import HandIn, Respond  # noqa: E402
from exam_packages.sealing.journal import blob_digest  # noqa: E402
from kiosk.agent.camera import IDLE  # noqa: E402
from kiosk.ipc import messages as ipc  # noqa: E402
from kiosk.proctoring.camera import encode  # noqa: E402
from kiosk.proctoring.rates.faces import drawn  # noqa: E402
from kiosk.proctoring.rates.scenes import Condition, film  # noqa: E402

ITEMS = (small_exam.choice_item("one"), small_exam.essay_item("three"))
PATIENCE_S = 120
DISK_MB = 512
"""More than is kept free for answers, by the pictures of three hours and more."""
CLEAR = b"\xff\xd8\xff\xe0\x00\x10JFIF"
"""How a picture in clear begins: ten bytes that are not met with by chance."""
LINES = 20
SCENE = Condition("as usual", looks=12)
"""A few seconds: where the film went, that is noticed at its end."""

COUNTED = """
import os, sys
os.environ["TMPDIR"] = sys.argv[3]
from pathlib import Path
from kiosk.agent import main
from kiosk.agent.inbox import SignalChanged

class Camera(main.Camera):
    wanted = 0
    counter = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)

    def count(self):
        self.wanted += 1
        os.pwrite(self.counter, b"%12d" % self.wanted, 0)

    def shoot(self, reason):
        dropped = self._dropped
        asked = super().shoot(reason)
        if asked or self._dropped > dropped:
            self.count()
        return asked

    def _take(self, message):
        if isinstance(message, SignalChanged) and message.data:
            self.count()
        super()._take(message)

main.Camera = Camera
main.run(Path(sys.argv[1]), tick_s=0.2)
"""
"""The agent as it is; its camera counts the pictures that were wanted, into a file."""


class CountedAgent(Agent):
    """A real agent process whose wish for pictures can be read."""

    def __init__(self, seat: Seat, directory: Path) -> None:
        self.directory = directory
        self._counter = directory / "wanted"
        arguments = [str(self._counter), str(directory / "tmp")]
        super().__init__(seat.station, program=COUNTED, arguments=arguments)

    @property
    def wanted(self) -> int:
        """Pictures that were asked for, or that came with a signal."""
        return int(self._counter.read_bytes() or 0) if self._counter.exists() else 0

    @property
    def camera(self) -> int:
        """The camera process; 0 when there is none."""
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                with contextlib.suppress(OSError):
                    if b"kiosk.proctoring.camera" in Path(f"/proc/{child}/cmdline").read_bytes():
                        return int(child)
        return 0


@dataclass
class Ledger:
    """What happened so far, and what is to hold of it."""

    agent: CountedAgent
    screen: Screen
    rounds: int = 0
    answers: int = 0
    before: int = 0
    """Pictures that were wanted before the exam ran, and so were not to be kept."""
    memory: list[tuple[int, int]] = field(default_factory=list)
    """Bytes of agent and camera while the film stayed."""
    written: set[str] = field(default_factory=set)
    """Files elsewhere that agent or camera had open for writing."""
    sources: list[int] = field(default_factory=list)
    """What pictures came from, one after the other."""
    _kept: int = 0
    _missed: int = 0
    _read: int = 0

    def look(self) -> None:
        """Count what the agent told since the last time."""
        told = self.screen.told
        while self._read < len(told):
            message = told[self._read]
            self._read += 1
            for entry in message.entries if isinstance(message, ipc.Happened) else ():
                match entry.event:
                    case ev.SnapshotTaken():
                        self._kept += 1
                    case ev.PicturesMissed(count=missed):
                        self._missed += missed
                    case ev.CameraFound(source=source):
                        self.sources.append(source)

    @property
    def source(self) -> int:
        self.look()
        return self.sources[-1]

    @property
    def kept(self) -> int:
        self.look()
        return self._kept

    @property
    def missed(self) -> int:
        self.look()
        return self._missed

    @property
    def open(self) -> int:
        """Pictures that are on their way, or that nobody can account for."""
        told = self.kept + self.missed  # first: a picture is wanted before it is told
        return self.agent.wanted - told - self.before

    def settled(self) -> bool:
        """Whether every picture is accounted for. It is, now and then, between two of them."""
        return self.open == 0

    def another_picture(self) -> None:
        before = self.kept
        wait(lambda: self.kept > before, "another picture is kept")

    def answer(self) -> None:
        """Give an answer, and see that it is saved."""
        text = hashlib.sha256(bytes(self.answers)).hexdigest()
        told = self.screen.do(Respond("three", small_exam.chosen(text)))
        if not isinstance(told, ipc.Saved):
            raise SystemExit(f"an answer was not taken: {told}")
        self.answers += 1

    def say(self, what: str) -> None:
        agent, camera = resident(self.agent.process.pid), self.agent.camera
        self.written |= elsewhere(self.agent.process.pid, self.agent.directory)
        self.written |= elsewhere(camera, self.agent.directory) if camera else set()
        size = f"{resident(camera) / 2**20:5.1f}" if camera else "  –  "
        print(
            f"{what:8} {self.rounds:4} unplugged  {self.kept:5} kept  {self.missed:4} missed  "
            f"{self.answers:5} answers  agent {agent / 2**20:5.1f} MB  camera {size} MB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unplug", type=int, default=50, help="times the film is taken away")
    parser.add_argument("--fill", type=int, default=2, help="times the disk is filled")
    parser.add_argument("--pictures", type=int, default=1080, help="pictures to be kept")
    parser.add_argument("--interval", type=int, default=1, help="mean seconds between two")
    parser.add_argument("--hours", type=float, default=0, help="go on at least so long")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        problems = soak(Path(directory), arguments)
    for problem in problems:
        print(f"✗ {problem}")
    print(
        "✗ not good" if problems else "✓ no picture lost or in clear, no answer lost, memory flat"
    )
    sys.exit(bool(problems))


def soak(directory: Path, arguments: argparse.Namespace) -> list[str]:
    """Sit the whole of it; what did not hold."""
    site_directory, video = directory / "site", directory / "video"
    for each in (site_directory, video, directory / "tmp"):
        each.mkdir()
    if not encode(next(film(SCENE, drawn, 1)), IDLE).startswith(CLEAR):
        raise SystemExit("A picture in clear would not be known for one.")
    room, away = video / "room.avi", video / "away.avi"
    write_film(room, SCENE)
    paper = small_exam.paper(ITEMS, time_limit_s=24 * 3600, snapshot_interval_s=arguments.interval)
    site = Site.found(site_directory, paper, ITEMS, stations=1, candidates=1, camera=str(room))
    seat = Seat(1, site.stations[0], site.hall, site)
    disk = small_disk(seat.station.attempts)
    if not disk:
        print("Only root may make a small file system: the disk is not filled.")
    try:
        with hall_running(site), CountedAgent(seat, directory) as agent:
            ledger = begin(seat, agent)
            sit(ledger, seat, (room, away), arguments, arguments.fill if disk else 0)
            return problems(ledger, seat, directory)
    finally:
        if disk:
            ctypes.CDLL(None).umount2(bytes(seat.station.attempts), 2)


def begin(seat: Seat, agent: CountedAgent) -> Ledger:
    screen = agent.screen()
    screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
    screen.begin(seat.hall, seat.number)
    ledger = Ledger(agent, screen)
    ledger.another_picture()
    # What was wanted before the exam ran is in no record. While pictures come one at a time, the
    # smallest difference that is seen is that, with none on its way.
    began, least = ledger.kept, ledger.open
    while ledger.kept < began + 5:
        least = min(least, ledger.open)
    ledger.before = least
    return ledger


def sit(
    ledger: Ledger,
    seat: Seat,
    films: tuple[Path, Path],
    arguments: argparse.Namespace,
    fills: int,
) -> None:
    began, room, away = time.monotonic(), *films
    each = arguments.pictures / 2 / max(1, arguments.unplug)
    full_at = [round((n + 1) * arguments.unplug / (fills + 1)) for n in range(fills)]
    while ledger.rounds < arguments.unplug:
        ledger.rounds += 1
        upto = ledger.kept + max(1, each)
        while ledger.kept < upto:
            ledger.another_picture()
        room.rename(away)
        wait(lambda: ledger.source == ev.NO_CAMERA, "the loss is recorded")
        ledger.answer()
        away.rename(room)
        wait(lambda: ledger.source == ev.VIDEO_FILE, "it is found again")
        ledger.answer()
        for _ in range(full_at.count(ledger.rounds)):
            filled(ledger, seat.station.attempts)
        if ledger.rounds % max(1, arguments.unplug // LINES) == 0:
            ledger.say("unplug")
    first, lines = ledger.kept, 0
    while ledger.kept < arguments.pictures or time.monotonic() - began < 3600 * arguments.hours:
        ledger.another_picture()
        ledger.answer()
        camera = ledger.agent.camera
        if not camera:
            raise SystemExit("the camera process ended, and nobody had touched it")
        ledger.memory.append((resident(ledger.agent.process.pid), resident(camera)))
        done = (ledger.kept - first) / max(1, arguments.pictures - first)
        if done * LINES >= lines + 1:
            lines += 1
            ledger.say("steady")
    wait(ledger.settled, "every picture is accounted for")
    ledger.say("settled")
    ledger.screen.do(HandIn())
    ledger.screen.await_(ipc.Finished, lambda finished: finished.hall, PATIENCE_S)


def filled(ledger: Ledger, where: Path) -> None:
    """Fill the disk as far as pictures may go, until they are missed; answers go on. Then let it
    go again."""
    missed, filler = ledger.missed, where / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(where).free - (8 << 20)))
    wait(lambda: ledger.missed > missed, "pictures are missed")
    for _ in range(10):
        ledger.answer()
    ledger.say("full")
    filler.unlink()
    ledger.another_picture()


def problems(ledger: Ledger, seat: Seat, directory: Path) -> list[str]:
    """Everything that does not hold of an attempt that was handed in."""
    found, screen = [], ledger.screen
    (attempt,) = (path for path in seat.station.attempts.iterdir() if path.is_dir())
    named = [e.event.digest for e in screen.entries if isinstance(e.event, ev.SnapshotTaken)]
    here = names(attempt / "evidence")
    there = seat.hall.home.evidence / attempt.name
    wait(lambda: {each.hex() for each in named} <= names(there), "the hall has all")
    for digest in named:
        if digest.hex() not in here:
            found.append(f"the picture {digest.hex()[:16]} is not at the station")
        elif blob_digest((attempt / "evidence" / digest.hex()).read_bytes()) != digest:
            found.append(f"the picture {digest.hex()[:16]} was altered")
    if unnamed := here - {digest.hex() for digest in named}:
        found.append(f"{len(unnamed)} pictures lie at the station and are not in the record")
    files = list(regular(directory / "site", directory / "tmp"))
    found += [f"{path} was open for writing" for path in sorted(ledger.written)]
    found += [f"{path} has a picture in clear in it" for path in files if shows(path)]
    if screen.attempt.recorded != ledger.answers:
        found.append(f"{ledger.answers} answers were given, {screen.attempt.recorded} are recorded")
    losses = sum(source == ev.NO_CAMERA for source in ledger.sources)
    if losses < ledger.rounds:
        found.append(f"unplugged {ledger.rounds} times, recorded {losses}")
    found += grown(ledger.memory)
    print(
        f"{ledger.rounds} unplugged; {len(named)} pictures kept and {ledger.missed} counted as "
        f"missed of {ledger.agent.wanted - ledger.before} wanted; {ledger.answers} answers; "
        f"{len(files)} files looked through"
    )
    return found


def grown(memory: list[tuple[int, int]]) -> list[str]:
    """Which process was larger in the last third of the steady time than in the one before."""
    found, third = [], len(memory) // 3
    for place, name in enumerate(("agent", "camera")):
        sizes = [each[place] for each in memory]
        middle, last = (
            max(part, default=0) for part in (sizes[third : 2 * third], sizes[2 * third :])
        )
        print(
            f"{name:6} {middle / 2**20:.1f} MB at most in the second third, then {last / 2**20:.1f}"
        )
        if third > 10 and last > middle * 1.03 + (1 << 20):
            found.append(f"the {name} grew from {middle >> 10} to {last >> 10} KB")
    return found


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def regular(*directories: Path) -> Iterator[Path]:
    """Every file below *directories*."""
    for each in directories:
        yield from (path for path in each.rglob("*") if path.is_file() and not path.is_symlink())


def elsewhere(process: int, directory: Path) -> set[str]:
    """Files outside *directory* that *process* has open for writing now, beside the standard
    streams, which it has from whoever started this."""
    found = set()
    for each in Path(f"/proc/{process}/fd").iterdir():
        if each.name in ("0", "1", "2"):
            continue
        with contextlib.suppress(OSError):
            target, info = each.readlink(), each.parents[1] / "fdinfo" / each.name
            flags = int(info.read_text().split("flags:")[1].split()[0], 8)
            if each.is_file() and flags & 3 and not target.is_relative_to(directory):
                found.add(str(target))
    return found


def shows(path: Path) -> bool:
    """Whether a picture in clear stands anywhere in the file *path*."""
    tail = b""
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            if CLEAR in tail + part:
                return True
            tail = part[-len(CLEAR) :]
    return False


def small_disk(where: Path) -> bool:
    """A file system of its own for attempts, where this user may make one."""
    where.mkdir(exist_ok=True)
    size = f"size={DISK_MB}m".encode()
    return ctypes.CDLL(None).mount(b"tmpfs", bytes(where), b"tmpfs", 0, size) == 0


def wait(look: Callable[[], bool], what: str) -> None:
    eventually(look, what, PATIENCE_S)


if __name__ == "__main__":
    main()
