"""What the protocol machine is made of: real halls, stations' real links, a wire that fails.

Halls are :class:`~sync.hall.service.HallService` on real databases, with the real follower
between them; stations write real journals and speak through the real
:class:`~sync.link.HolderClient`, :class:`~sync.halls.Halls` and :class:`~sync.outbox.Outbox`.
What is made here is the wire (it loses requests and answers, repeats them, and can be cut),
and the moments at which machines die.

What costs time and shows nothing here is left out (:func:`in_one_thread`): nothing happens at
the same moment, and a signature that was verified is not verified again.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

import apsw
import httpx
from crash_model import CENTRE, ROOM
from evidence_key import EVIDENCE

from exam_packages import canon
from exam_packages.attempt import events as ev
from exam_packages.attempt.commands import Command, Pause, journaled_command
from exam_packages.attempt.events import START, Commanded, Event, compartment, encode_event
from exam_packages.attempt.ledger import Ledger, account
from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock, SystemClock, stamp
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import Manifest, sign_manifest
from exam_packages.sealing.journal import JournalWriter, first_context
from exam_packages.sealing.mandate import Mandate, sign_mandate
from exam_packages.sealing.suite import SigningKey, VerifyKey
from exam_packages.sealing.trust import Trust
from exam_packages.sealing.trust_root import INTAKE, OPENING_ROLES
from kiosk.agent.session import Exam, Refusal, session
from provisioning import authority, chiefs, homes
from provisioning.station_home import StationHome
from sync.hall import authority as orders
from sync.hall import seats
from sync.hall.following import FOLLOW_ROUTE, FRAMES_ROUTE, Follow, Following
from sync.hall.home import HallHome
from sync.hall.roster import Line
from sync.hall.schema import open_store
from sync.hall.service import HallService
from sync.hall.standby import Standby
from sync.halls import Halls
from sync.holder.journals import held_frames
from sync.holder.store import Store, rows
from sync.link import Answer, HolderClient
from sync.messages import (
    STATION_ROUTES,
    CopyRequest,
    Greeting,
    HandIn,
    PermitRequest,
    SignIn,
    Status,
    Tick,
)
from sync.outbox import Outbox
from sync.web.wire import refuse, reply

CLOCK: Final = SystemClock()
URLS: Final = ("https://hall-0", "https://hall-1")
SLOT: Final = "2026-11-23/A"
PACKAGE: Final = b"P" * 32
STATUS: Final = Status("running", 0, 0, -1, False, 0, (), 10_000, 0, False, (), 0)


@dataclass(frozen=True)
class Site:
    """A body, the homes of two halls and two stations, and the chief's key."""

    body: Body
    halls: tuple[Path, Path]
    stations: tuple[StationHome, StationHome]
    chief: SigningKey
    record: bytes
    intake: SigningKey


@functools.cache
def site() -> Site:
    directory = Path(tempfile.mkdtemp(dir=ROOM))
    body = Body(directory / "body")
    authority.found_body(body.directory, "Board", CLOCK)

    def enrolled(where: Path, request: bytes, kind: Any) -> Any:
        _, answer = authority.enrol(body, request, CLOCK)
        homes.install(kind.load(where), answer, CLOCK, pinned=body.trust().digest)
        return kind.load(where)

    halls = []
    for number in (0, 1):
        where = directory / f"hall-{number}"
        request = homes.new_hall(
            where, f"hall-{number}", CENTRE, "127.0.0.1", "", standby=bool(number)
        )
        enrolled(where, request, HallHome)
        halls.append(where)
    stations = []
    for number in (0, 1):
        where = directory / f"s{number}"
        request = homes.new_station(where, f"seat-{number}", CENTRE, URLS[0])
        stations.append(enrolled(where, request, StationHome))
    _open_sitting(halls[0])
    chief = SigningKey.generate(pair=False)
    request = chiefs.request_chief(chief, "Chief", CENTRE)
    _, record = chiefs.name_chief(body, request, CLOCK.wall_ns() // SECOND)
    made = (halls[0], halls[1]), (stations[0], stations[1])
    return Site(body, *made, chief, record, body.signing_key(INTAKE))


def _open_sitting(home: Path) -> None:
    store = open_store(home)
    store.write(
        lambda connection: seats.add_sitting(
            connection,
            title="Morning",
            exam="Exam",
            slot=SLOT,
            package_hash=PACKAGE,
            release_id=b"R" * 16,
            codes=1,
            not_before_s=0,
            lines=[Line(n, f"C-{n}", f"Name {n}", f"CODE{n:04}", 0) for n in (0, 1)],
            time_ns=CLOCK.wall_ns(),
        )
    )
    store.close()


@dataclass
class Wire:
    """What lies between machines: ``cut`` holds pairs that cannot speak; ``lose`` and
    ``repeat`` say what happens to the next requests."""

    cut: set[tuple[str, str]] = field(default_factory=set)
    lose: list[str] = field(default_factory=list)
    """For each of the next requests: ``request``, ``answer``, ``twice`` or ``late``; else it
    arrives."""
    late: list[tuple[Hall, Callable[[], httpx.Response]]] = field(default_factory=list)
    """Requests that were given up and are still on their way: each arrives after the next one
    to the same hall that does."""

    def between(self, one: str, other: str) -> bool:
        return (min(one, other), max(one, other)) not in self.cut

    def carry(
        self, one: str, hall: Hall, request: httpx.Request, answer: Callable[[], httpx.Response]
    ) -> httpx.Response:
        fate = self.lose.pop(0) if self.lose else ""
        if hall.service is None or not self.between(one, hall.name) or fate == "request":
            raise httpx.ConnectError("cut", request=request)
        if fate == "late":
            self.late.append((hall, answer))
            raise httpx.ReadTimeout("late", request=request)
        response = answer()
        arriving = [each for to, each in self.late if to is hall]
        self.late = [(to, each) for to, each in self.late if to is not hall]
        for each in arriving:
            each()
        if fate == "twice":
            response = answer()
        if fate == "answer":
            raise httpx.ReadError("cut", request=request)
        return response


class Hall:
    """A hall that may die, be put back from a copy, and command or not."""

    def __init__(self, number: int, directory: Path, wire: Wire) -> None:
        self.number, self.name, self.wire = number, f"hall-{number}", wire
        self.directory = directory
        shutil.copytree(site().halls[number], directory)
        self.service: HallService | None = None
        self.others: list[Hall] = []
        self.copy: Path | None = None
        self.put_back = 0
        """The holder epoch with which it began when it was last put back from a copy."""
        self.start()

    def start(self, clock: Clock = CLOCK) -> None:
        home = HallHome.load(self.directory)
        self.service = HallService(home, open_store(self.directory), clock)
        self.following = Following(self.service)
        self.standby = Standby(self.service, URLS[1 - self.number])

    def stop(self) -> None:
        if self.service is not None:
            self.service.store.close()
            self.service = None

    def keep_copy(self) -> None:
        """A backup: everything, the count of starts with it."""
        self.copy = self.directory.with_name(f"{self.name}.copy")
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.directory, self.copy, ignore=shutil.ignore_patterns("hall.sqlite*"))
        with contextlib.closing(apsw.Connection(str(self.directory / "hall.sqlite"))) as database:
            database.execute("VACUUM INTO ?", (str(self.copy / "hall.sqlite"),))

    def restore(self) -> None:
        """The database of the backup, beside the count of starts of today."""
        assert self.copy is not None
        self.stop()
        for path in self.directory.glob("hall.sqlite*"):
            path.unlink()
        shutil.copy(self.copy / "hall.sqlite", self.directory / "hall.sqlite")
        self.start()
        self.put_back = self.epoch()

    def held(self, blind_id: bytes) -> tuple[bytes, ...]:
        assert self.service is not None
        with self.service.store.reading() as connection:
            return held_frames(connection, blind_id)

    def epoch(self) -> int:
        assert self.service is not None
        with self.service.store.reading() as connection:
            return orders.number(connection, orders.HOLDER_EPOCH)

    def order(self, blind_id: bytes) -> None:
        """An operator orders something, if this hall takes itself to command."""
        service = self.service
        if service is None or not service.command.mine:
            return
        service.store.write(
            lambda connection: orders.give(
                connection,
                blind_id,
                "pause",
                Pause(),
                operator="Rui",
                time_ns=CLOCK.wall_ns(),
                reason="hall.noise",
                comment="",
            )
        )

    def ordered(self) -> list[tuple[Any, ...]]:
        """The orders in this hall's database: for whom, and when."""
        return self._ask("SELECT blind_id, issued_ns FROM commands ORDER BY issued_ns")

    def unconfirmed(self) -> int:
        """How many orders no station has confirmed."""
        return len(self._ask("SELECT 1 FROM commands WHERE journaled = 0"))

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        assert self.service is not None
        with self.service.store.reading() as connection:
            return rows(connection.execute(query))

    def command(self) -> None:
        """The chief gives command to this hall."""
        assert self.service is not None
        key, command = self.service.key, self.service.command
        now_ns = CLOCK.wall_ns()
        mandate = Mandate(
            CENTRE, command.term + 1, key.key_id, site().record, "r", "", now_ns // SECOND
        )
        command.take(sign_mandate(mandate, site().chief), self.service.trust, now_ns)

    def follow(self) -> None:
        """A round of the follower with the other hall."""
        other = self.others[0]
        if self.service is None:
            return
        certificate = self.service.enrolment.tls_certificate

        def answer(request: httpx.Request) -> httpx.Response:
            return self.wire.carry(
                self.name, other, request, lambda: other.answer_hall(certificate, request)
            )

        with httpx.Client(base_url=URLS[other.number], transport=httpx.MockTransport(answer)) as to:
            self.standby.round(to)

    def answer_hall(self, certificate: bytes, request: httpx.Request) -> httpx.Response:
        kinds: dict[str, tuple[Any, Any]] = {
            FOLLOW_ROUTE: (Follow, self.following.follow),
            FRAMES_ROUTE: (CopyRequest, self.following.frames),
        }
        kind, work = kinds[request.url.path]
        return _answered(lambda: work(certificate, canon.unpack(request.content, kind)))

    def answer(self, certificate: bytes, request: httpx.Request) -> httpx.Response:
        service = self.service
        assert service is not None
        if request.url.path == STATION_ROUTES["greet"]:
            greeting = canon.unpack(request.content, Greeting)
            return _answered(lambda: service.greet(certificate, greeting))
        kinds: dict[str, tuple[Any, Any]] = {
            STATION_ROUTES["sign_in"]: (SignIn, service.sign_in),
            STATION_ROUTES["permit"]: (PermitRequest, service.permit),
            STATION_ROUTES["tick"]: (Tick, service.tick),
            STATION_ROUTES["hand_in"]: (HandIn, service.hand_in),
        }
        kind, work = kinds[request.url.path]
        return _answered(
            lambda: work(service.station(certificate), canon.unpack(request.content, kind))
        )


@functools.cache
def _loop() -> asyncio.Runner:
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return runner


class _Here(ThreadPoolExecutor):
    """Does the work in the thread that asks for it."""

    def submit(self, fn: Any, /, *args: Any, **options: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **options))
        except Exception as problem:
            done.set_exception(problem)
        return done


def _write_here(store: Store, job: Any) -> None:
    assert not store._closed
    if job.caller.begin():
        store._commit([job])


@contextlib.contextmanager
def in_one_thread() -> Iterator[None]:
    """One thing at a time, as the model has it, so that no time goes into changing threads; and
    each signature and root of trust is verified once: what they say does not change."""
    once = functools.lru_cache(4096)(VerifyKey.verifies)
    first = staticmethod(functools.lru_cache(16)(Trust.first))
    loop = _loop().get_loop()
    with (
        mock.patch.object(VerifyKey, "verifies", once),
        mock.patch.object(Trust, "first", first),
        mock.patch.object(Store, "_put", _write_here),
    ):
        loop.set_default_executor(_Here())
        yield
        loop.set_default_executor(ThreadPoolExecutor())


@functools.cache
def _tls(home: Path) -> ssl.SSLContext:
    return StationHome.load(home).client_tls()


def _answered(work: Callable[[], Any]) -> httpx.Response:
    async def run() -> Any:
        return await work()

    try:
        response = reply(_loop().run(run()))
    except ExamError as problem:
        response = refuse(problem)
    return httpx.Response(
        response.status_code,
        headers=dict(response.headers),
        stream=httpx.ByteStream(bytes(response.body)),
    )


@dataclass
class Obeyed:
    """An order in a record: what it says, and what the station knew when it took it."""

    command: Command
    signer: bytes
    term: int
    commander: bytes


class Station:
    """A station, as the agent's link threads drive it, one request at a time."""

    def __init__(
        self,
        number: int,
        directory: Path,
        halls: list[Hall],
        wire: Wire,
        *,
        home: StationHome | None = None,
        urls: tuple[str, str] = URLS,
        package_hash: bytes = PACKAGE,
    ) -> None:
        self.number, self.name, self.directory = number, f"seat-{number}", directory
        self.urls, self.package_hash = urls, package_hash
        self.home = home or site().stations[number]
        self.signing = self.home.signing_key()
        self.certificate = self.home.enrolment().tls_certificate
        self.machines, self.wire = halls, wire
        self.known = self._halls()
        self.clients = {url: self._client(url) for url in self.urls}
        self.outboxes: dict[str, Outbox] = {}
        self.epochs: dict[str, int] = {}
        """The holder epoch of the last acknowledgement of each hall."""
        self.writer: JournalWriter | None = None
        self.ledger = Ledger()
        self.obeyed: list[Obeyed] = []
        self.blind_id = b""
        self.manifest = b""

    def _halls(self) -> Halls:
        return Halls(
            self.urls, self.home.centre, self.home.trust(), self.directory / "command" / "halls"
        )

    def _client(self, url: str) -> HolderClient:
        client = HolderClient(
            url,
            _tls(self.home.directory),
            enrolment=self.home.enrolment_bytes,
            centre=self.home.centre,
            trust=self.home.trust(),
            halls=self.known,
        )
        hall = self.machines[self.urls.index(url)]

        def answer(request: httpx.Request) -> httpx.Response:
            return self.wire.carry(
                self.name, hall, request, lambda: hall.answer(self.certificate, request)
            )

        client.close()
        client._http = httpx.Client(base_url=url, transport=httpx.MockTransport(answer))
        return client

    @property
    def code(self) -> str:
        return f"CODE{self.number:04}"

    def forget(self) -> None:
        """The agent's memory is gone; its disk is not."""
        self.known = self._halls()
        self.clients = {url: self._client(url) for url in self.urls}
        if self.outboxes:
            fresh = next(iter(self.outboxes.values()))
            self.outboxes = {url: fresh.beside() for url in self.urls}
            self.epochs.clear()

    def begin(self) -> None:
        client = self.clients[self.urls[0]]
        self.greet(client)
        seat = client.sign_in(self.code)
        self.blind_id = seat.blind_id
        context = first_context(seat.blind_id, self.signing.key_id, self.package_hash, CLOCK.boot())
        leave = client.permit(context, START)
        trust = self.home.trust()
        assert client.restore_key is not None
        self.writer = JournalWriter.begin(
            self.directory / "attempt",
            context,
            leave.permit,
            station=self.signing,
            openings={role: trust.opening(role) for role in OPENING_ROLES},
            evidence=EVIDENCE.public,
            hall=self.known.sealing(client.restore_key),
            neighbour=None,
            stamp=stamp(CLOCK),
        )
        first = Outbox(seat.blind_id)
        self.outboxes = {self.urls[0]: first, self.urls[1]: first.beside()}
        self.write(ev.Identified("C", "N"), ev.Opened(1, START, False))

    def write(self, *events: Event) -> None:
        assert self.writer is not None
        for event in events:
            now = stamp(CLOCK)
            self.writer.append(now, encode_event(event), compartment(event))
            self.ledger = account([ev.Entry(self.writer.cursor.sequence, now, event)], self.ledger)
        self.writer.commit()
        for frame in self.writer.frames(self.outboxes[self.urls[0]].sequence):
            self.outboxes[self.urls[0]].put(self.writer.epoch, [frame])

    def greet(self, client: HolderClient) -> None:
        client.greet(now_s=CLOCK.wall_ns() // SECOND)

    def tick(self, number: int) -> Answer | None:
        """What the link thread to this hall does once. Raises a ``LinkError``."""
        url = self.urls[number]
        client = self.clients[url]
        if client.hall is None:
            self.greet(client)
        if not self.outboxes:
            return None
        outbox, attempt = self.outboxes[url], self.ledger.attempt
        batch = outbox.batch()
        answer = client.tick(
            Tick(
                self.blind_id,
                batch.epoch,
                batch.sequence,
                batch.head,
                batch.frames,
                attempt.authority,
                attempt.command,
                STATUS,
            )
        )
        if answer.acknowledgement is not None:
            outbox.acknowledge(answer.acknowledgement)
            self.epochs[url] = answer.acknowledgement.holder_epoch
        if answer.need_after >= 0:
            outbox.send_again(answer.need_after)
        for _, data in answer.commands:
            self._obey(url, data)
        if answer.term != self.known.term:
            client.hall = None
        return answer

    def _obey(self, url: str, data: bytes) -> None:
        if self.manifest:
            return
        decided = session(Exam(), self.ledger, stamp(CLOCK), data)
        if isinstance(decided, Refusal) or not decided:
            return
        hall = self.clients[url].hall
        assert hall is not None
        self.obeyed.append(
            Obeyed(journaled_command(data), hall.key_id, self.known.term, self.known._commander)
        )
        self.write(*(event for event in decided if isinstance(event, Commanded)))

    def close(self) -> None:
        for client in self.clients.values():
            client._http.close()
        if self.writer is not None:
            self.writer.close()

    def hand_in(self, number: int) -> bytes:
        """Sign the manifest, and ask hall *number* for its countersignature."""
        assert self.writer is not None
        at = self.writer.synced_cursor
        if not self.manifest:
            self.manifest = sign_manifest(
                Manifest(
                    SLOT,
                    self.home.centre,
                    self.signing.key_id,
                    self.blind_id,
                    self.package_hash,
                    at.head,
                    at.epoch,
                    at.sequence,
                    (),
                    b"",
                    CLOCK.wall_ns() // SECOND,
                ),
                self.signing,
            )
        client = self.clients[self.urls[number]]
        if client.hall is None:
            self.greet(client)
        return client.hand_in(self.manifest)
