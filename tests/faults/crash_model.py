"""What the crash machine is made of: a real site, and what it knows of every record.

Stations, holders and the body are the project's own code on real keys. :class:`Tree` is
all that the model knows itself: the records that honest stations appended, by the head
after each. A head names all that came before it, so "is this saved" and "is this a fork"
are questions of ancestry.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cut_disk import State

from exam_packages.body import Body
from exam_packages.clock import SECOND, SystemClock
from exam_packages.sealing import chain
from exam_packages.sealing.journal import (
    Acknowledgement,
    Compartment,
    Context,
    JournalWriter,
    epoch_header,
    genesis,
    sign_acknowledgement,
    sign_permit,
)
from exam_packages.sealing.suite import SealingKey, SealingPublic, SigningKey, VerifyKey
from exam_packages.sealing.trust import Trust
from exam_packages.sealing.trust_root import INTAKE, OPENING_ROLES, SCORING
from provisioning import authority, homes
from provisioning.station_home import StationHome
from sync.holder.journals import SCHEMA, Held, held_frames, held_state, hold
from sync.holder.store import Store
from sync.machine import HallMachine, MachineHome
from sync.outbox import Outbox

BLIND_ID: Final = b"b" * 16
PACKAGE: Final = b"P" * 32
BOOT: Final = b"B" * 16
START_NS: Final = 1_800_000_000 * SECOND
CENTRE: Final = "Lisbon"
ROOM: Final = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
"""Where the machines live: what lasts is ours to say, so memory will do."""
ROOT: Final = genesis(BLIND_ID)


@dataclass(frozen=True)
class Machine:
    """An enrolled machine's keys and its enrolment record."""

    signing: SigningKey
    sealing: SealingKey
    enrolment: bytes

    @classmethod
    def of(cls, home: MachineHome) -> Machine:
        return cls(home.signing_key(), home.sealing_key(), home.enrolment_bytes)


@dataclass(frozen=True)
class Site:
    """A body, and two halls and two stations that it enrolled."""

    trust: Trust
    intake: SigningKey
    scoring: SealingKey
    openings: dict[str, SealingPublic]
    halls: tuple[Machine, ...]
    stations: tuple[Machine, ...]

    @property
    def commanders(self) -> list[VerifyKey]:
        return [hall.signing.public for hall in self.halls]

    def station(self, key_id: bytes) -> VerifyKey | None:
        return next((m.signing.public for m in self.stations if m.signing.key_id == key_id), None)


@functools.cache
def site() -> Site:
    """The site, founded once by the project's own means."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        directory = Path(name)
        body = Body(directory / "body")
        authority.found_body(body.directory, "Board", clock)

        def enrol(home: type[MachineHome], number: int) -> Machine:
            where = directory / f"{home.__name__}-{number}"
            if home is HallMachine:
                request = homes.new_hall(where, f"hall-{number}", CENTRE, "127.0.0.1", "")
            else:
                request = homes.new_station(where, f"seat-{number}", CENTRE, "https://127.0.0.1:1")
            _, answer = authority.enrol(body, request, clock)
            homes.install(home.load(where), answer, clock, pinned=body.trust().digest)
            return Machine.of(home.load(where))

        trust = body.trust()
        return Site(
            trust,
            body.signing_key(INTAKE),
            body.opening_key(SCORING),
            {role: trust.opening(role) for role in OPENING_ROLES},
            (enrol(HallMachine, 1), enrol(HallMachine, 2)),
            (enrol(StationHome, 1), enrol(StationHome, 2)),
        )


@functools.cache
def response_keys(header: bytes) -> Any:
    """What the scoring role opens of the epoch that the frame *header* began."""
    return epoch_header(header).keys(site().scoring, (Compartment.RESPONSES,))


# --- What was appended ---------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """One record: what it follows, its place, and the response in it."""

    before: bytes
    sequence: int
    body: bytes | None


class Tree:
    """Every record that an honest station appended, by the head after it."""

    def __init__(self) -> None:
        self._nodes: dict[bytes, Node] = {}

    def add(self, before: bytes, head: bytes, body: bytes | None = None) -> None:
        assert before in self
        self._nodes[head] = Node(before, self.sequence(before) + 1, body)

    def __contains__(self, head: bytes) -> bool:
        return head == ROOT or head in self._nodes

    def sequence(self, head: bytes) -> int:
        return 0 if head == ROOT else self._nodes[head].sequence

    def extends(self, head: bytes, earlier: bytes) -> bool:
        """Whether the history that ends at *head* is *earlier*'s, or goes on from it."""
        wanted = self.sequence(earlier)
        while self.sequence(head) > wanted:
            head = self._nodes[head].before
        return head == earlier

    def joined(self, one: bytes, other: bytes) -> bool:
        return self.extends(one, other) or self.extends(other, one)

    def bodies(self, head: bytes) -> list[bytes | None]:
        found = []
        while head != ROOT:
            found.append(self._nodes[head].body)
            head = self._nodes[head].before
        return found[::-1]


# --- The machines --------------------------------------------------------------------


class Holder:
    """A hall that holds the attempt: its real database, and what it promised."""

    def __init__(self, machine: Machine, directory: Path) -> None:
        self.machine = machine
        self.directory = directory
        self.epoch = 1
        self.promised = ROOT
        self._copy: Path | None = None
        self._copied = ROOT
        directory.mkdir()
        self.store = Store(directory / "hall.sqlite", SCHEMA)

    @property
    def state(self) -> chain.ChainState:
        with self.store.reading() as connection:
            return held_state(connection, BLIND_ID, PACKAGE)

    def frames(self, after: int = 0) -> tuple[bytes, ...]:
        with self.store.reading() as connection:
            return held_frames(connection, BLIND_ID, after)

    def take(self, station: Machine, outbox: Outbox) -> tuple[Held, bytes]:
        """Hold the next batch, and acknowledge what is held after it."""
        batch = outbox.batch()
        held: Held = self.store.write(
            lambda connection: hold(
                connection,
                held_state(connection, BLIND_ID, PACKAGE),
                batch.frames,
                sender=station.signing.key_id,
                sequence=batch.sequence,
                head=batch.head,
                stations=site().station,
                commanders=site().commanders,
                time_ns=START_NS,
            )
        )
        at = held.state
        word = Acknowledgement(
            BLIND_ID, at.epoch, at.sequence, at.head, self.machine.signing.key_id, self.epoch,
            START_NS,
        )  # fmt: skip
        return held, sign_acknowledgement(word, self.machine.signing)

    def permit(self, context: Context) -> bytes | None:
        """Leave to go on from exactly what is held here, or None."""
        at = self.state
        if context.cursor_before != (at.sequence, at.head) or context.epoch <= at.epoch:
            return None
        return sign_permit(context, 1, START_NS // SECOND, self.machine.signing)

    def copy(self) -> None:
        """Take a copy of everything, as a backup does."""
        self._reopen(lambda: self._copy_to(self.directory.with_name(f"{self.directory.name}.old")))
        self._copied = self.promised

    def restore(self) -> None:
        """Put the copy back, or begin with nothing; the holder epoch rises."""
        self._reopen(self._put_copy_back)
        self.epoch += 1
        self.promised = self._copied if self._copy else ROOT

    def close(self) -> None:
        self.store.close()

    def _reopen(self, work: Callable[[], None]) -> None:
        self.store.close()
        work()
        self.store = Store(self.directory / "hall.sqlite", SCHEMA)

    def _copy_to(self, where: Path) -> None:
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(self.directory, where)
        self._copy = where

    def _put_copy_back(self) -> None:
        shutil.rmtree(self.directory)
        if self._copy is None:
            self.directory.mkdir()
        else:
            shutil.copytree(self._copy, self.directory)


@dataclass
class Station:
    """A station: its disk, the epoch it writes, and what it told the candidate."""

    machine: Machine
    root: Path
    writer: JournalWriter | None = None
    outboxes: list[Outbox] = field(default_factory=list)
    word: bytes = b""
    """The latest acknowledgement that came."""
    saved: bytes = ROOT
    """The head up to which this station said: saved here."""
    damaged: bool = False
    """Whether the disk lost what it had, so that only holders have it."""
    worn: bool = False
    """Whether what lies on this disk may contradict itself, since it lost some of it."""
    copy: State = field(default_factory=dict)

    @property
    def attempt(self) -> Path:
        return self.root / "attempt"
