"""A whole sitting for tests: a body, a real hall process, stations with real agents.

Everything is real: keys, package, grant, release code, TLS on loopback, journals on disk,
agents in processes of their own that are spoken to over their sockets.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw
import small_exam
from evidence_key import EVIDENCE

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Act, Begin
from exam_packages.attempt.state import Attempt, Phase, fold
from exam_packages.body import Body
from exam_packages.clock import SECOND, SystemClock
from exam_packages.content.paper import Paper
from exam_packages.sealing.grant import Recipient, seal_grant
from exam_packages.sealing.package import Blob, Core, Package, seal_package
from exam_packages.sealing.release import new_code, read_code, release_secret
from exam_packages.sealing.trust import PACKAGER
from kiosk.ipc import messages as ipc
from kiosk.ipc.channel import Channel, ChannelError
from provisioning import authority, homes, preflight
from provisioning.station_home import StationHome
from sync.hall import seats
from sync.hall.desk import Desk
from sync.hall.home import HallHome
from sync.hall.roster import Line
from sync.hall.schema import open_store
from sync.web.sessions import hash_password

CLOCK = SystemClock()
CENTRE, SLOT = "Lisbon", "2026-11-23/A"
CHIEF, PASSWORD = "Ana", "correct horse"
INVIGILATOR = "Rui"
PATIENCE_S = 30.0
_HALL = "from sync.hall.cli import hall; hall()"

T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, within_s: float = PATIENCE_S) -> T:
    """Poll until *look* gives something."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"it never came about: {what}"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Hall:
    """A hall, and its process while it runs."""

    def __init__(self, home: HallHome) -> None:
        self.home = home
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _HALL, "serve", str(self.home.directory)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert json.loads(line)["ready"]

    def stop(self, number: int = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_S)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def act(self, act: str, *, who: str = CHIEF, **fields: str) -> str:
        with Desk(self.home, self.home.console_port) as desk:
            desk.sign_in(who, PASSWORD)
            return desk.act(act, reason="routine.start", comment="", **fields)

    def both(self, act: str, **fields: str) -> str:
        """What takes two people."""
        self.act(act, who=INVIGILATOR, **fields)
        return self.act(act, who=CHIEF, **fields)

    def call_the_roll(self) -> None:
        """Everybody is there."""
        with Desk(self.home, self.home.console_port) as desk:
            desk.sign_in(CHIEF, PASSWORD)
            lines = desk.look("/roll-call")["roll_call"]["lines"]
        for line in lines:
            self.act("present", candidate=line["candidate"])

    def until(self, look: Callable[[dict[str, Any]], T | None], what: str) -> T:
        """Poll the board until *look* finds something on it."""
        with Desk(self.home, self.home.console_port) as desk:
            desk.sign_in(CHIEF, PASSWORD)
            return eventually(lambda: look(desk.board()), what)

    def row(self, candidate: str) -> dict[str, Any]:
        """A candidate's line of the board."""
        (row,) = (row for row in self.board()["rows"] if row["candidate"] == candidate)
        found: dict[str, Any] = row
        return found

    def board(self) -> dict[str, Any]:
        with Desk(self.home, self.home.console_port) as desk:
            desk.sign_in(CHIEF, PASSWORD)
            return desk.board()


@dataclass
class Site:
    """A body, its hall and its stations. The package is loaded everywhere."""

    body: Body
    hall: Hall
    stations: list[StationHome]
    package_path: Path
    grant: bytes
    codes: list[str]
    """Release codes."""
    release_id: bytes

    @classmethod
    def found(
        cls,
        directory: Path,
        paper: Paper,
        items: tuple[Any, ...],
        *,
        stations: int,
        candidates: int,
        camera: str = "none",
        blobs: Sequence[Blob] = (),
    ) -> Site:
        """Make it all. *blobs* are the paper's part when *items* do not make it."""
        body = Body(directory / "body")
        authority.found_body(body.directory, "Food Inspectors’ Board", CLOCK)
        pinned = body.trust().digest
        ports = free_port(), free_port()
        hall_dir = directory / "hall"
        requests = [
            (
                HallHome,
                hall_dir,
                homes.new_hall(
                    hall_dir,
                    "hall-1",
                    CENTRE,
                    "127.0.0.1",
                    "",
                    station_port=ports[0],
                    console_port=ports[1],
                ),
            )
        ]
        for number in range(1, stations + 1):
            where = directory / f"s{number}"
            url = f"https://127.0.0.1:{ports[0]}"
            request = homes.new_station(where, f"seat-{number}", CENTRE, url, camera=camera)
            requests.append((StationHome, where, request))
        for kind, where, request in requests:
            _, answer = authority.enrol(body, request, CLOCK)
            homes.install(kind.load(where), answer, CLOCK, pinned=pinned)
        machines = [StationHome.load(where) for kind, where, _ in requests if kind is StationHome]
        hall = Hall(HallHome.load(hall_dir))
        now_s = CLOCK.wall_ns() // SECOND
        package_path = directory / "exam.package"
        core = Core(
            1,
            os.urandom(16),
            "Small exam",
            paper.form,
            1,
            now_s - 3600,
            now_s + 3600,
            now_s - 3600,
            now_s + 3600,
            (0, 1, 0),
            1,
            bytes(32),
        )
        practice_item = small_exam.choice_item("practice-1")
        practice = small_exam.blobs(small_exam.paper((practice_item,)), (practice_item,))
        signer = [body.signing_key(PACKAGER)]
        sealed = list(blobs) or small_exam.blobs(paper, items)
        key = seal_package(package_path, core, practice, sealed, signer)
        code = new_code(key.package_hash, SLOT, 1)
        release_id = os.urandom(16)
        secret = release_secret(
            [read_code(code, key.package_hash, SLOT, 1)], key.package_hash, SLOT, release_id
        )
        grant = seal_grant(
            key.package_hash,
            CENTRE,
            SLOT,
            1,
            release_id,
            now_s + 3600,
            key.key,
            secret,
            [
                Recipient(machine.enrolment().key_id, machine.enrolment().sealing_public)
                for machine in machines
            ],
            signer,
            evidence=EVIDENCE.public,
        )
        grant_path = directory / "exam.grant"
        grant_path.write_bytes(grant)
        for machine in machines:
            preflight.load(machine, package_path, grant_path, CLOCK)
        _open_sitting(hall.home, key.package_hash, release_id, candidates)
        return cls(body, hall, machines, package_path, grant, [code], release_id)

    @property
    def package_hash(self) -> bytes:
        with Package.open(self.package_path, self.body.trust(), now_s=None) as package:
            return package.package_hash


def _open_sitting(home: HallHome, package_hash: bytes, release_id: bytes, candidates: int) -> None:
    store = open_store(home.directory)
    try:
        for name, role in ((CHIEF, "chief"), (INVIGILATOR, "invigilator")):
            operator = (name, role, hash_password(PASSWORD))
            store.write(partial(_add_operator, operator))
        store.write(
            lambda connection: seats.add_sitting(
                connection,
                title="Morning",
                exam="Small exam",
                slot=SLOT,
                package_hash=package_hash,
                release_id=release_id,
                codes=1,
                not_before_s=0,
                lines=[
                    Line(number + 1, candidate(number), f"Name {number}", sign_in_code(number), 0)
                    for number in range(1, candidates + 1)
                ],
                time_ns=CLOCK.wall_ns(),
            )
        )
    finally:
        store.close()


def _add_operator(operator: tuple[str, str, str], connection: apsw.Connection) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO operators (name, role, password) VALUES (?, ?, ?)", operator
    )


def candidate(number: int) -> str:
    return f"C-{number:03d}"


def sign_in_code(number: int) -> str:
    return f"CODE{number:04d}"


@dataclass
class Screen:
    """A screen without a screen: speaks to an agent, keeps all it was told."""

    path: Path
    told: list[ipc.FromAgent] = field(default_factory=list)
    ended: bool = False
    _number: int = 0
    _deaf: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        eventually(lambda: _connected(sock, self.path), "the agent listens")
        self.channel: Channel[ipc.FromAgent] = Channel(sock, ipc.FromAgent)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.channel.send(ipc.Hello(ipc.VERSION))

    def deafen(self) -> None:
        """Stay connected, but read nothing any more."""
        self._deaf.set()

    def _listen(self) -> None:
        try:
            while not self._deaf.is_set():
                self.told.append(self.channel.receive())
        except ChannelError:
            self.ended = True

    def close(self) -> None:
        self.channel.close()
        self._thread.join(PATIENCE_S)

    def all(self, kind: type[T]) -> list[T]:
        return [message for message in list(self.told) if isinstance(message, kind)]

    def await_(
        self, kind: type[T], where: Callable[[T], bool] = lambda _: True, within_s: float = 30.0
    ) -> T:
        """Wait for a message of *kind* for which *where* holds; the last such one."""

        def look() -> T | None:
            found = [message for message in self.all(kind) if where(message)]
            return found[-1] if found else None

        return eventually(look, f"{kind.__name__} from the agent", within_s)

    def ask(self, make: Callable[[int], ipc.FromScreen]) -> Any:
        """Send a request and wait for its answer."""
        self._number += 1
        number = self._number
        self.channel.send(make(number))

        def look() -> Any:
            return next((m for m in list(self.told) if getattr(m, "request", None) == number), None)

        return eventually(look, "an answer")

    def do(self, act: Act) -> Any:
        return self.ask(lambda number: ipc.Do(number, act))

    def read(self, part: int, name: str, offset: int = 0, length: int = 1 << 20) -> Any:
        return self.ask(lambda number: ipc.Read(number, part, name, offset, length))

    @property
    def entries(self) -> list[ev.Entry]:
        """Everything that happened, without what a replay repeated."""
        entries: dict[int, ev.Entry] = {}
        for told in self.all(ipc.Happened):
            for entry in told.entries:
                assert entries.setdefault(entry.sequence, entry) == entry
        return [entries[sequence] for sequence in sorted(entries)]

    @property
    def attempt(self) -> Attempt:
        return fold(self.entries)

    def await_phase(self, phase: Phase) -> None:
        eventually(lambda: self.attempt.phase is phase, f"the attempt is {phase.value}")

    # The road to an exam that runs.

    def sign_in(self, number: int) -> None:
        self.await_(ipc.Welcome, lambda welcome: bool(welcome.exam))
        named = self.ask(lambda request: ipc.SignIn(request, sign_in_code(number)))
        assert isinstance(named, ipc.Named), named
        assert named.candidate == candidate(number)
        saved = self.ask(lambda request: ipc.Confirm(request, yes=True))
        assert isinstance(saved, ipc.Saved), saved
        self.await_(ipc.SignedIn)
        assert self.attempt.epoch == 1

    def begin(self, hall: Hall, number: int) -> None:
        """Sign in, be admitted, begin."""
        self.sign_in(number)
        hall.act("admit", candidate=candidate(number))
        self.await_phase(Phase.ADMITTED)
        self.await_(ipc.PartOpen, lambda part: part.part == ipc.PAPER)
        saved = self.do(Begin())
        assert isinstance(saved, ipc.Saved), saved
        assert self.attempt.phase is Phase.RUNNING


def _connected(sock: socket.socket, path: Path) -> bool:
    try:
        sock.connect(str(path))
    except OSError:
        return False
    return True


_AGENT = """
import sys
from pathlib import Path
from exam_packages.clock import SystemClock
from kiosk.agent import desk
from kiosk.agent.main import run

desk.STATUS_NS = int(float(sys.argv[4]) * 1e9)

class Clock(SystemClock):
    later_ns = int(float(sys.argv[2]) * 1e9)
    def boot(self): return bytes.fromhex(sys.argv[3]) or super().boot()
    def boottime_ns(self): return super().boottime_ns() + self.later_ns
    def wall_ns(self): return super().wall_ns() + self.later_ns

run(Path(sys.argv[1]), Clock(), tick_s=0.2)
"""


class Agent:
    """A real agent process at a station.

    *later_s* turns its clocks forward, *boot* makes it believe in another start of the
    machine; *status_s* is how often it tells its status unasked. *program* is another one that
    runs the agent, with *arguments* after its home.
    """

    def __init__(
        self,
        home: StationHome,
        *,
        later_s: float = 0,
        boot: bytes = b"",
        status_s: float = 1,
        program: str = _AGENT,
        arguments: Sequence[str] = (),
    ) -> None:
        self.home = home
        self.screens: list[Screen] = []
        self.log = home.directory / "agent.log"
        self._log = self.log.open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", program, str(home.directory)),
                *(arguments or (str(later_s), boot.hex(), str(status_s))),
            ],
            stderr=self._log,
        )

    def screen(self) -> Screen:
        screen = Screen(self.home.socket)
        self.screens.append(screen)
        return screen

    def kill(self) -> None:
        """SIGKILL: no last words."""
        self.process.kill()
        self._ended()

    def end(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self._ended()

    def _ended(self) -> int:
        status = self.process.wait(PATIENCE_S)
        for screen in self.screens:
            screen.close()
        self.screens.clear()
        if not self._log.closed:
            self._log.close()
        return status

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self._ended()


@dataclass
class Seat:
    """A station, and the number of the candidate who sits there."""

    number: int
    station: StationHome
    hall: Hall
    site: Site

    @property
    def candidate(self) -> str:
        return candidate(self.number)

    def agent(self, *, later_s: float = 0, boot: bytes = b"", status_s: float = 1) -> Agent:
        return Agent(self.station, later_s=later_s, boot=boot, status_s=status_s)


@contextlib.contextmanager
def hall_running(site: Site, *, released: bool = True) -> Iterator[Hall]:
    site.hall.start()
    try:
        if released:
            site.hall.act("release", code=site.codes[0])
        yield site.hall
    finally:
        site.hall.stop()
