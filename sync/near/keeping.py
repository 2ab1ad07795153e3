"""What a station keeps for others: sealed frames that it can check and not read.

The rules of :mod:`sync.holder.journals` hold, and these:

1. Only the station that writes a record brings it: the one whose header opened the epoch that
   is held, or whose header is among the frames.
2. A sender has so much room and no more, all senders together so much, and below a floor of
   free disk nothing is taken: the answers of the candidate who sits here come first. Who asks
   too often is told to wait.
3. A copy goes when the body's receipt for exactly that record was shown; else it stays. Only
   when room is needed, the one that was silent longest goes, and not before ``LEAST_DAYS``.
4. Where an exam left the station that wrote it, a hall says (:mod:`sync.holder.fencing`): what
   that station wrote beyond that place is kept apart, also what was acknowledged before, and the
   station is told that its exam was moved.
5. Frames come with their station's signed mark at their end: up to marks, and no further, halls
   believe what is offered to them.
6. This machine's epoch as a holder rises with every start: whatever happened to its file, a
   sender believes what it says it has *now*.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from exam_packages.clock import SECOND, Clock
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import manifest_hash, parse_manifest, read_manifest
from exam_packages.sealing.chain import ChainState
from exam_packages.sealing.departures import read_departures
from exam_packages.sealing.journal_format import (
    Acknowledgement,
    Compartment,
    Frame,
    parse_header,
    sign_acknowledgement,
)
from exam_packages.sealing.marks import Mark, believed_mark, read_mark
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.suite import SigningKey, VerifyKey
from exam_packages.sealing.trust import HALL, STATION, Enrolment, Trust, read_enrolment
from sync.holder.fencing import SCHEMA as FENCING
from sync.holder.fencing import keep_late, left_at
from sync.holder.journals import SCHEMA as JOURNALS
from sync.holder.journals import held_frames, held_state, hold
from sync.holder.store import Store, StoreError, rows
from sync.near import marks, moved
from sync.near.messages import (
    MAX_HALLS,
    MAX_KEPT_FRAMES,
    Keep,
    Kept,
    Known,
    Late,
    Meet,
    Offer,
    Received,
)
from sync.web.wire import Busy, HttpError

__all__ = ["Keeping", "Limits", "Silent", "kept_records"]

SCHEMA: Final = (
    JOURNALS
    + FENCING
    + moved.SCHEMA
    + marks.SCHEMA
    + """
CREATE TABLE IF NOT EXISTS kept (
    blind_id BLOB PRIMARY KEY,
    sender BLOB NOT NULL,
    package_hash BLOB NOT NULL,
    size INTEGER NOT NULL,
    heard_s INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""
)

LEAST_DAYS: Final = 30
_DAY_S: Final = 86_400
_FRAME_COST: Final = 64
"""Bytes counted for each frame beside its own: what its row costs."""


@dataclass(frozen=True)
class Limits:
    """How much is kept for others. Bytes, and requests a second."""

    sender: int = 64 * 1024 * 1024
    total: int = 512 * 1024 * 1024
    floor: int = 2 * 1024 * 1024 * 1024
    requests: int = 8
    burst: int = 64


@dataclass(frozen=True)
class Silent:
    """An exam whose station has not been heard for a while, and where its copy stands."""

    blind_id: bytes
    sequence: int
    head: bytes


class Keeping:
    """The records of others in the file *path*, as the station whose *key* this is.

    Raises a ``StoreError`` when the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        key: SigningKey,
        own: Enrolment,
        trust: Callable[[], Trust],
        clock: Clock,
        limits: Limits = Limits(),
    ) -> None:
        self._key = key
        self._own = own
        self._trust = trust
        self._clock = clock
        self._limits = limits
        self._path = path
        self.store = Store(path, SCHEMA)
        self._epoch = self.store.write(partial(_start, clock.wall_ns()))
        self._met: dict[bytes, Enrolment] = {}
        self._halls: dict[bytes, VerifyKey] = {}
        self._writers: dict[bytes, VerifyKey] = {}
        self._tokens: dict[bytes, tuple[float, int]] = {}
        self._heard: dict[bytes, int] = {}
        """When the station of each exam was heard last (CLOCK_BOOTTIME), since this start."""
        self.doubt = threading.Event()
        """Set when what came does not fit what is kept: the exam may have been moved."""

    def close(self) -> None:
        self.store.close()

    # --- Who calls -----------------------------------------------------------------------

    def meet(self, certificate: bytes | None, message: Meet) -> None:
        """Know a station of this centre, and the halls it names. Raises an ``ExamError``."""
        trust = self._trust()
        sender = read_enrolment(message.enrolment, trust, now_s=self._clock.wall_ns() // SECOND)
        if (sender.kind, sender.centre) != (STATION, self._own.centre):
            raise HttpError(403, "This station keeps records for stations of its own centre.")
        if certificate != sender.tls_certificate or sender.key_id == self._own.key_id:
            raise HttpError(403, "The enrolment shown belongs to another machine than calls.")
        centre = self._own.centre
        for hall in _enrolled(message.halls, HALL, centre, trust):
            if len(self._halls) < MAX_HALLS:
                self._halls[hall.key_id] = hall.verify_key
        for each in (sender, *_enrolled(message.stations, STATION, centre, trust)):
            self._writers[each.key_id] = each.verify_key
        self._met[sender.tls_certificate] = sender

    def sender(self, certificate: bytes | None) -> Enrolment:
        """The station that shows this certificate. Raises :class:`HttpError` 401 or 429."""
        sender = self._met.get(certificate or b"")
        if sender is None or self._trust().is_revoked(sender.key_id):
            raise HttpError(401, "This station does not know the one that calls; it must meet it.")
        self._take_token(sender.key_id)
        return sender

    def _take_token(self, key_id: bytes) -> None:
        limits, now = self._limits, self._clock.boottime_ns()
        left, at = self._tokens.get(key_id, (float(limits.burst), now))
        left = min(float(limits.burst), left + (now - at) / SECOND * limits.requests)
        self._tokens[key_id] = max(0.0, left - 1), now
        if left < 1:
            raise Busy(1, "This station is asked too often by the one that calls.")

    # --- Keeping -------------------------------------------------------------------------

    async def keep(self, sender: Enrolment, message: Keep) -> Kept:
        """Hold new frames, then acknowledge. Raises an ``ExamError``."""
        if len(message.frames) > MAX_KEPT_FRAMES:
            raise HttpError(413, "At most {limit} frames come at once.", limit=MAX_KEPT_FRAMES)
        answer = await self.store.awrite(partial(self._keep, sender, message))
        if isinstance(answer, HttpError):
            raise answer
        return answer

    def _keep(
        self, sender: Enrolment, message: Keep, connection: apsw.Connection
    ) -> Kept | HttpError:
        now_ns = self._clock.wall_ns()
        row = connection.execute(
            "SELECT package_hash FROM kept WHERE blind_id = ?", (message.blind_id,)
        ).fetchone()
        if row is not None and row[0] != message.package_hash:
            return HttpError(409, "This record was kept under another package before.")
        before = held_state(connection, message.blind_id, message.package_hash)
        size = sum(len(frame) + _FRAME_COST for frame in message.frames)
        if message.frames:
            size += len(message.mark)
            marked = read_mark(message.mark, sender.verify_key)
            if marked != Mark(message.blind_id, message.sequence, message.head):
                return HttpError(422, "What comes ends elsewhere than its station signed.")
        left = left_at(connection, message.blind_id, sender.key_id)
        if left is not None:
            self._make_room(connection, sender.key_id, size, now_ns // SECOND)
            station, epoch = sender.key_id, before.epoch
            if keep_late(connection, station, message.blind_id, epoch, message.frames, left):
                _count(connection, message, station, size, now_ns // SECOND)
            self.doubt.set()
            return HttpError(
                410, "This exam was moved to another station by two people and goes on there."
            )
        if not _writes(sender.key_id, before, message.frames):
            self.doubt.set()
            return HttpError(403, "Another station writes this record.")
        self._make_room(connection, sender.key_id, size, now_ns // SECOND)
        held = hold(
            connection,
            before,
            message.frames,
            sender=sender.key_id,
            sequence=message.sequence,
            head=message.head,
            stations=self._station,
            commanders=tuple(self._halls.values()),
            time_ns=now_ns,
        )
        if held.refused is not None:
            # Returned, not raised: the evidence must be kept, and counts as the sender's.
            _count(connection, message, sender.key_id, size, now_ns // SECOND)
            self.doubt.set()
            return HttpError(422, held.refused.template, **held.refused.fields)
        if held.added:  # else nothing is written, and the disk is left alone
            _count(connection, message, sender.key_id, size, now_ns // SECOND)
        if message.frames and held.state.sequence == message.sequence:
            marks.keep(connection, message.blind_id, message.sequence, size, message.mark)
        if held.state.sequence:
            self._heard[message.blind_id] = self._clock.boottime_ns()
        state = held.state
        word = Acknowledgement(
            blind_id=state.blind_id,
            epoch=state.epoch,
            sequence=state.sequence,
            head=state.head,
            holder=self._key.key_id,
            holder_epoch=self._epoch,
            time_ns=now_ns,
        )
        return Kept(sign_acknowledgement(word, self._key), held.need_after)

    def _station(self, key_id: bytes) -> VerifyKey | None:
        """The key of a station that was met or named since this machine started."""
        return None if self._trust().is_revoked(key_id) else self._writers.get(key_id)

    def _make_room(self, connection: apsw.Connection, sender: bytes, size: int, now_s: int) -> None:
        """Raises :class:`HttpError` 507 when so many bytes more are not kept for *sender*."""
        if not size:
            return
        if shutil.disk_usage(self._path.parent).free < self._limits.floor:
            raise _full("The disk of this station is kept free for its own candidate.")
        if _used(connection, sender) + size > self._limits.sender:
            raise _full("This station keeps no more for the one that calls.")
        while _used(connection) + size > self._limits.total:
            oldest = connection.execute(
                "SELECT blind_id FROM kept WHERE heard_s < ? ORDER BY heard_s LIMIT 1",
                (now_s - LEAST_DAYS * _DAY_S,),
            ).get
            if oldest is None:
                raise _full("This station keeps no more for others.")
            _forget(connection, oldest)

    # --- Moves ---------------------------------------------------------------------------

    def known(self) -> tuple[Known, ...]:
        """What is known of where the exams that are kept left their stations."""
        with self.store.reading() as connection:
            return moved.known(connection)

    def departed(self, data: bytes) -> None:
        """Fence stations where a hall says that an exam left them. Raises a ``DepartureError``
        when no hall that was named here signed it."""
        word = read_departures(data, list(self._halls.values()))
        now_ns = self._clock.wall_ns()
        self.store.write(lambda connection: moved.departed(connection, word, now_ns))

    def late(self, after: int, limit: int) -> tuple[int, Late | None]:
        """What was set apart, after the row *after*: :func:`sync.near.moved.late`."""
        with self.store.reading() as connection:
            return moved.late(connection, after, limit)

    # --- Letting go, and giving back -------------------------------------------------------

    async def received(self, sender: Enrolment, message: Received) -> None:
        """Delete the copy of an exam that the body has. Raises an ``ExamError``."""
        _, manifest = parse_manifest(message.manifest)
        if manifest.station != sender.key_id:
            raise HttpError(403, "Another station handed that exam in.")
        read_manifest(message.manifest, sender.verify_key)
        receipt = read_receipt(message.receipt, self._trust())
        if receipt.bundle_hash != manifest_hash(message.manifest):
            raise HttpError(409, "The receipt is for another exam.")

        def work(connection: apsw.Connection) -> HttpError | None:
            state = held_state(connection, manifest.blind_id, manifest.package_hash)
            if state.sequence > manifest.count:
                return HttpError(409, "More of this record is kept than the body has received.")
            _forget(connection, manifest.blind_id)
            self._heard.pop(manifest.blind_id, None)
            return None

        refused = await self.store.awrite(work)
        if refused is not None:
            raise refused

    def silent(self, for_s: int) -> tuple[Silent, ...]:
        """The exams kept whose stations were not heard for *for_s* seconds, the newest first;
        after a start of this machine, all of them."""
        heard = dict(self._heard)
        before_ns = self._clock.boottime_ns() - for_s * SECOND
        with self.store.reading() as connection:
            found = connection.execute(
                "SELECT blind_id, package_hash FROM kept ORDER BY heard_s DESC LIMIT 256"
            )
            states = [
                held_state(connection, bytes(blind_id), bytes(package_hash))
                for blind_id, package_hash in rows(found)
                if heard.get(blind_id, before_ns) <= before_ns
            ]
        return tuple(Silent(each.blind_id, each.sequence, each.head) for each in states)

    def frames(self, blind_id: bytes, after: int = 0) -> tuple[bytes, ...]:
        """The frames kept of an exam after the sequence *after*."""
        with self.store.reading() as connection:
            return held_frames(connection, blind_id, after)

    def piece(self, blind_id: bytes, after: int) -> Offer | None:
        """The frames after the sequence *after* up to the next place that their station marked;
        ``None`` when it marked none."""
        with self.store.reading() as connection:
            found = marks.next_after(connection, blind_id, after)
            if found is None:
                return None
            sequence, mark = found
            frames = held_frames(connection, blind_id, after)[: sequence - after]
        head = believed_mark(mark).head
        return Offer(blind_id, sequence, head, frames, mark)


def kept_records(path: Path) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    """Every record kept in the file *path*, by blind id; none when there is no such file.

    The file may be in use. Raises :class:`StoreError`.
    """
    if not path.exists():
        return
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        for (blind_id,) in rows(connection.execute("SELECT blind_id FROM kept ORDER BY blind_id")):
            yield bytes(blind_id), held_frames(connection, bytes(blind_id))
    except apsw.Error as problem:
        raise StoreError(
            "The database {path} cannot be read: {why}.", path=str(path), why=str(problem)
        ) from None


def _enrolled(
    enrolments: Sequence[bytes], kind: int, centre: str, trust: Trust
) -> Iterator[Enrolment]:
    """The machines of a kind and *centre* among *enrolments*; what does not hold is left out."""
    for data in enrolments:
        try:
            found = read_enrolment(data, trust, now_s=None)
        except ExamError:
            continue
        if (found.kind, found.centre) == (kind, centre):
            yield found


def _writes(sender: bytes, state: ChainState, frames: Sequence[bytes]) -> bool:
    """Whether *sender* is who writes the record from *state* on, or after it with *frames*.

    Raises a ``ChainError`` when these are no frames.
    """
    if state.station == sender:
        return True
    for data in frames:
        frame = Frame.parse(data)
        if frame.compartment is Compartment.HEADER and frame.sequence > state.sequence:
            return parse_header(frame.body).context.station == sender
    return not frames and not state.sequence


def _start(now_ns: int, connection: apsw.Connection) -> int:
    """Count a start: the time, so that it rises also when the file was lost."""
    before = connection.execute("SELECT value FROM numbers WHERE name = 'epoch'").get or 0
    epoch = max(int(before) + 1, now_ns)
    connection.execute("INSERT OR REPLACE INTO numbers VALUES ('epoch', ?)", (epoch,))
    return epoch


def _count(
    connection: apsw.Connection, message: Keep, sender: bytes, size: int, now_s: int
) -> None:
    connection.execute(
        "INSERT INTO kept VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (blind_id) DO UPDATE SET"
        " sender = ?2, size = size + ?4, heard_s = ?5",
        (message.blind_id, sender, message.package_hash, size, now_s),
    )


def _used(connection: apsw.Connection, sender: bytes | None = None) -> int:
    found = connection.execute(
        "SELECT coalesce(sum(size), 0) FROM kept WHERE ?1 IS NULL OR sender = ?1", (sender,)
    ).get
    return int(found)


def _forget(connection: apsw.Connection, blind_id: bytes) -> None:
    apart = ("refused_frames", "late_frames", "departures", "told", "marks")
    for table in ("frames", *apart, "journals", "kept"):
        connection.execute(f"DELETE FROM {table} WHERE blind_id = ?", (blind_id,))  # noqa: S608


def _full(words: str) -> HttpError:
    return HttpError(507, words)
