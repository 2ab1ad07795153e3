"""Two stations, two holders and the body, while everything that can fail fails.

:class:`Crashes` drives the real journal writer (on a :class:`~cut_disk.CutDisk`), the real
holder store, outbox and intake: answers, failed syncs and writes, full disks, power cuts
after any byte, disks that lose what they had, holders restored from old copies, moves,
hand-ins and reopenings. What must hold, always:

* What a station said was saved is on its disk after every crash; when the disk itself lost
  it, it comes back from any holder that acknowledged it.
* Nothing is ever read, held or accepted that was not appended, byte for byte.
* No holder, and not the body, ever has two histories of one attempt.
* What the station calls held by a holder, that holder has.
* A bundle that the body accepted extends what the hall that countersigned it acknowledged.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from crash_model import (
    BLIND_ID,
    BOOT,
    CENTRE,
    PACKAGE,
    ROOM,
    ROOT,
    START_NS,
    Holder,
    Station,
    Tree,
    response_keys,
    site,
)
from cut_disk import CutDisk, Fate, PowerCut
from evidence_key import EVIDENCE
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exam_packages import canon
from exam_packages.clock import SECOND, Stamp, SystemClock
from exam_packages.sealing import chain, journal_files
from exam_packages.sealing.bundle import (
    BundleError,
    Manifest,
    countersign,
    manifest_hash,
    sign_manifest,
)
from exam_packages.sealing.journal import (
    Acknowledgement,
    Compartment,
    Context,
    Cursor,
    DiskFault,
    DiskFull,
    Frame,
    JournalConflict,
    JournalWriter,
    Recovered,
    epoch_header,
    first_context,
    next_context,
    open_frames,
    read_acknowledgement,
    read_frames,
    refill,
)
from exam_packages.sealing.journal_files import Segments
from sync.intake.accept import Unacceptable
from sync.intake.messages import Offer, chunk_digest, cut
from sync.intake.service import Intake
from sync.intake.sqlite_storage import SqliteStorage
from sync.outbox import HolderFork, Outbox

SEGMENT = 16 * 1024
"""Room for an epoch header and a few answers, so that every sync and every change of
segment comes up soon."""
ODDS = st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 2**16))
"""How likely each thing that is not durable lasts through a power cut, and a seed."""
FUSES = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 1_500), st.integers(0, 40_000))
WHICH = st.integers(0, 1)


class Crashes(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._stack = contextlib.ExitStack()
        self._top = Path(tempfile.mkdtemp(dir=ROOM))
        self._stack.callback(shutil.rmtree, self._top)
        self.disk = CutDisk(self._top / "stations")
        self.disk.root.mkdir()
        self._stack.enter_context(mock.patch.object(journal_files, "SEGMENT_SIZE", SEGMENT))
        # refill() takes no sync of its own to call
        self._stack.enter_context(
            mock.patch.object(Segments.__init__, "__defaults__", (self.disk.fdatasync,))
        )
        self.tree = Tree()
        self.tried: set[bytes] = set()
        """Contexts of epochs that a station tried to open."""
        self.stations = [
            Station(machine, self.disk.root / f"seat-{number}")
            for number, machine in enumerate(site().stations)
        ]
        for station in self.stations:
            self.disk.put_back(station.root, {})
        self.holders = [
            Holder(machine, self._top / f"hall-{number}")
            for number, machine in enumerate(site().halls)
        ]
        for holder in self.holders:
            self._stack.callback(holder.close)
        self.accepted: list[bytes] = []
        """Heads of the bundles that the body took in."""
        storage = SqliteStorage(self._top / "intake.sqlite", self._top / "evidence")
        self._stack.callback(storage.close)
        self.intake = Intake(
            storage, lambda: site().trust, site().intake, SystemClock(), lambda: 1 << 40
        )
        self._written = self._ticks = 0
        self._stack.enter_context(self.disk.watching())

    def teardown(self) -> None:
        """Look into everything once more, then put it all away."""
        try:
            for station in self.stations:
                self._put_down(station)
                self._check_disk(station)
            for holder in self.holders:
                self._check_frames(holder.frames(), holder.state.head)
        finally:
            for station in self.stations:
                self._put_down(station)
            self._stack.close()

    # --- The candidate works -------------------------------------------------------

    @initialize()
    def the_attempt_begins(self) -> None:
        first = self.stations[0]
        station = first.machine.signing.key_id
        self._begin(first, first_context(BLIND_ID, station, PACKAGE, BOOT), self.holders[0])
        assert first.writer is not None

    @precondition(lambda self: self._up())
    @rule(
        number=WHICH,
        sizes=st.lists(st.integers(0, 1200), max_size=4),
        fault=st.sampled_from([None, None, None, "sync", "write", "full"]),
        after=st.integers(0, 1500),
        fuse=FUSES,
        odds=ODDS,
    )
    def answers(
        self,
        number: int,
        sizes: list[int],
        fault: str | None,
        after: int,
        fuse: int | None,
        odds: tuple[float, int],
    ) -> None:
        """Append a few answers and commit; what could not be saved before is saved now."""
        station = self._some_up(number)
        for size in sizes:
            self._written += 1
            self._append(station, self._written.to_bytes(4, "big") + bytes(size))
        self.disk.fail_syncs = fault == "sync"
        self.disk.fail_write_after = after if fault == "write" else None
        self.disk.full = fault == "full"
        with self._power(station, fuse, odds), contextlib.suppress(DiskFull, DiskFault):
            self._commit(station)
        self.disk.fail_syncs, self.disk.fail_write_after, self.disk.full = 0, None, False

    def _append(self, station: Station, body: bytes) -> None:
        assert station.writer is not None
        before = station.writer.head
        station.writer.append(self._stamp(), body, Compartment.RESPONSES)
        self.tree.add(before, station.writer.head, body)

    def _commit(self, station: Station) -> None:
        assert station.writer is not None
        station.writer.commit()
        station.saved = station.writer.synced_cursor.head
        assert station.saved == station.writer.head

    @precondition(lambda self: self._up())
    @rule(number=WHICH)
    def a_word_is_journaled(self, number: int) -> None:
        station = self._some_up(number)
        assert station.writer is not None
        if station.word:
            before = station.writer.head
            station.writer.append_acknowledgement(self._stamp(), station.word)
            self.tree.add(before, station.writer.head)

    # --- Crashes -------------------------------------------------------------------

    @precondition(lambda self: self._up())
    @rule(number=WHICH, power=st.booleans(), odds=ODDS)
    def it_ends(self, number: int, power: bool, odds: tuple[float, int]) -> None:
        """The agent is killed, or the power goes."""
        station = self._some_up(number)
        self._put_down(station)
        if power:
            self.disk.cut(station.root, _fate(odds))

    @rule(number=WHICH)
    def a_disk_is_copied(self, number: int) -> None:
        station = self.stations[number]
        station.copy = self.disk.copy(station.root)

    @precondition(lambda self: self._down())
    @rule(number=WHICH, how=st.sampled_from(["new", "old", "sector"]), seed=st.integers(0, 2**16))
    def a_disk_loses_what_it_had(self, number: int, how: str, seed: int) -> None:
        station = _one(self._down(), number)
        station.damaged, station.worn = True, how != "new"
        if how == "old":
            self.disk.put_back(station.root, station.copy)
        elif how == "new":
            self.disk.put_back(station.root, {})
        elif segments := sorted(station.attempt.glob("journal/*.segment")):
            chance = random.Random(seed)  # noqa: S311 - no secret
            path = chance.choice(segments)
            self.disk.damage(path, 512 * chance.randrange(SEGMENT // 512), b"\xff" * 512)

    @precondition(lambda self: self._down())
    @rule(
        number=WHICH,
        odds=ODDS,
        fuse=FUSES,
        fault=st.booleans(),
        reached=st.sampled_from([(0,), (1,), (0, 1), (1, 0)]),
    )
    def it_goes_on(
        self,
        number: int,
        odds: tuple[float, int],
        fuse: int | None,
        fault: bool,
        reached: tuple[int, ...],
    ) -> None:
        """A restart, a move here, or a reopening: with the holders that can be *reached*."""
        station = _one(self._down(), number)
        self.disk.fail_syncs = fault and fuse is not None
        with self._power(station, fuse, odds), contextlib.suppress(DiskFull, DiskFault):
            self._come_back(station, [self.holders[place] for place in reached])
        self.disk.fail_syncs = 0

    def _come_back(self, station: Station, holders: list[Holder]) -> None:
        recovered = self._check_disk(station)
        if recovered is None:
            return
        for holder in holders:
            held = holder.state
            count = len(recovered.frames)
            if held.sequence <= count:
                if count and recovered.heads[held.sequence] != held.head:
                    return  # two histories: people must look
            else:
                state = self._verify(recovered.frames)
                missing = holder.frames(count)
                # Sealed frames do not show what they follow; headers and words in clear do.
                with contextlib.suppress(chain.ChainError):
                    state = chain.extend(state, missing, site().station, site().commanders)
                if state.head != held.head:
                    mine = recovered.heads[-1] if recovered.heads else ROOT
                    assert not self.tree.joined(mine, held.head), "no fork, and not taken"
                    return
                try:
                    recovered = refill(station.attempt, missing)
                except JournalConflict:
                    assert station.worn, "an entry exists twice and differs"
                    return
                # Behind a sector that was lost here, a tail may lie that joins on again.
                assert self.tree.extends(recovered.heads[-1], held.head)
                self._learn(recovered)
        if recovered.cursor is None:
            return  # nothing to go on with here
        head = recovered.heads[-1]
        if any(self.tree.extends(holder.state.head, station.saved) for holder in holders):
            assert self.tree.extends(head, station.saved), "what a holder has did not come back"
        outboxes = self._outboxes(recovered)
        for holder, outbox in zip(self.holders, outboxes, strict=True):
            if holder in holders:
                self._catch_up(station, holder, outbox)
                assert holder.state.head == head
        own = station.machine.signing.key_id
        if self._begin(
            station,
            next_context(recovered.cursor, own, PACKAGE, BOOT, above=recovered.epoch),
            holders[0],
        ):
            station.outboxes = outboxes

    def _begin(self, station: Station, context: Context, commander: Holder) -> bool:
        permit = commander.permit(context)
        if permit is None:
            return False
        self.tried.add(canon.pack(context))
        writer = JournalWriter.begin(
            station.attempt,
            context,
            permit,
            station=station.machine.signing,
            openings=site().openings,
            evidence=EVIDENCE.public,
            hall=[holder.machine.sealing.public for holder in self.holders],
            neighbour=None,
            stamp=self._stamp(),
            sync=self.disk.fdatasync,
        )
        self.tree.add(context.previous_head, writer.head)
        station.writer, station.saved, station.damaged = writer, writer.head, False
        station.outboxes, station.word = [Outbox(BLIND_ID), Outbox(BLIND_ID)], b""
        return True

    # --- The link ------------------------------------------------------------------

    @precondition(lambda self: self._up())
    @rule(
        number=WHICH,
        to=WHICH,
        lost=st.sampled_from([None, None, None, "request", "answer"]),
        times=st.integers(1, 3),
    )
    def ticks(self, number: int, to: int, lost: str | None, times: int) -> None:
        station = self._some_up(number)
        outbox = self._put_out(station, to)
        for _ in range(times):
            self._tick(station, self.holders[to], outbox, lost)

    def _put_out(self, station: Station, to: int) -> Outbox:
        """The outbox for a holder, filled with all that is on the station's disk."""
        outbox, writer = station.outboxes[to], station.writer
        assert writer is not None
        while outbox.sequence < writer.synced:
            outbox.put(writer.epoch, writer.frames(outbox.sequence))
        return outbox

    def _tick(
        self, station: Station, holder: Holder, outbox: Outbox, lost: str | None = None
    ) -> None:
        if lost == "request":
            return
        before, sent = holder.state, outbox.batch()
        held, word = holder.take(station.machine, outbox)
        if held.refused is not None:
            assert not self.tree.joined(sent.head, before.head), "an honest record was refused"
            assert holder.state.head == before.head
            return
        assert self.tree.extends(held.state.head, before.head), "a holder took a fork"
        holder.promised = held.state.head
        if lost == "answer":
            return
        said = read_acknowledgement(word, holder.machine.signing.public)
        try:
            self._acknowledge(outbox, said)
        except HolderFork:
            assert not self.tree.extends(sent.head, said.head)
            return
        if held.need_after >= 0:
            outbox.send_again(held.need_after)
        assert outbox.held <= held.state.sequence, "called held, and is not"
        if station.writer is not None and outbox.held:
            station.word = word

    def _acknowledge(self, outbox: Outbox, said: Acknowledgement) -> None:
        outbox.acknowledge(said)

    def _catch_up(self, station: Station, holder: Holder, outbox: Outbox) -> None:
        for _ in range(64):
            self._tick(station, holder, outbox)
            if outbox.complete and holder.state.sequence == outbox.sequence:
                return
        raise AssertionError("left alone, a holder did not get what it lacks")

    @rule(number=WHICH)
    def a_holder_is_copied(self, number: int) -> None:
        self.holders[number].copy()

    @rule(number=WHICH)
    def a_holder_is_restored(self, number: int) -> None:
        self.holders[number].restore()

    # --- The body ------------------------------------------------------------------

    @precondition(lambda self: self._up())
    @rule(number=WHICH, to=WHICH, sent=st.booleans())
    def hands_in(self, number: int, to: int, sent: bool) -> None:
        station, holder = self._some_up(number), self.holders[to]
        writer = station.writer
        assert writer is not None
        self._commit(station)
        if sent:
            self._tick(station, holder, self._put_out(station, to))
        at = writer.synced_cursor
        own = station.machine.signing
        manifest = sign_manifest(
            Manifest(
                "A", CENTRE, own.key_id, BLIND_ID, PACKAGE, at.head, at.epoch, at.sequence, (),
                b"", START_NS // SECOND,
            ),
            own,
        )  # fmt: skip
        try:
            signed = countersign(
                manifest,
                self._held(manifest, holder),
                own.public,
                holder.machine.signing,
                START_NS // SECOND,
            )
        except BundleError:
            assert holder.state.head != at.head
            return
        assert holder.state.head == at.head, "countersigned what it does not hold"
        frames = read_frames(station.attempt).frames
        self._put_down(station)
        chunks = {chunk_digest(chunk): chunk for chunk in cut(frames)}
        enrolments = tuple(machine.enrolment for machine in (*site().halls, *site().stations))
        offer = canon.pack(Offer(manifest, signed, enrolments, tuple(chunks)))
        name = manifest_hash(manifest)
        joined = all(self.tree.joined(at.head, head) for head in self.accepted)
        self.intake.offer(name, offer)
        for digest, chunk in chunks.items():
            self.intake.stage(name, digest, chunk)
        try:
            self.intake.commit(name)
        except Unacceptable:
            assert not joined, "an honest bundle was refused"
            return
        assert joined, "the body took a fork"
        assert self.tree.extends(at.head, holder.promised), "accepted off an acknowledged head"
        self.accepted.append(at.head)

    def _held(self, manifest: bytes, holder: Holder) -> Cursor:
        """Where the hall's own copy ends, whatever *manifest* says."""
        return holder.state.cursor

    # --- What holds ----------------------------------------------------------------

    @invariant()
    def holders_keep_what_they_promised(self) -> None:
        for holder in self.holders:
            assert holder.state.head in self.tree, "a holder has what nobody wrote"
            assert self.tree.extends(holder.state.head, holder.promised)

    def _check_disk(self, station: Station) -> Recovered | None:
        """What is on a station's disk was written, and all that was called saved is there.

        A disk that lost the middle of a record may keep its end, and no longer know that
        the record went on elsewhere since: that contradiction is an alarm, and nothing is
        read then.
        """
        try:
            recovered = read_frames(station.attempt)
        except JournalConflict:
            assert station.worn, "an entry exists twice and differs"
            return None
        self._learn(recovered)
        if recovered.cursor is not None:
            self._check_frames(recovered.frames, recovered.heads[-1])
        if not station.damaged:
            head = recovered.heads[-1] if recovered.heads else ROOT
            assert self.tree.extends(head, station.saved), "what was called saved is lost"
        return recovered

    def _learn(self, recovered: Recovered) -> None:
        """An epoch that a crash or a fault stopped from opening may yet be on the disk."""
        for before, head, frame in zip(
            recovered.heads, recovered.heads[1:], recovered.frames, strict=False
        ):
            if head not in self.tree:
                assert _epoch_of(frame), "something is on the disk that nobody wrote"
                context = epoch_header(frame).context
                assert canon.pack(context) in self.tried
                self.tree.add(before, head)

    def _check_frames(self, frames: tuple[bytes, ...], head: bytes) -> None:
        """A record that is kept somewhere: its chain, and every answer in it."""
        assert self._verify(frames).head == head
        keys = {epoch: response_keys(frame) for frame in frames if (epoch := _epoch_of(frame))}
        found = [
            each.body if each.compartment is Compartment.RESPONSES else None
            for each in open_frames(frames, keys)
        ]
        assert found == self.tree.bodies(head)

    def _verify(self, frames: tuple[bytes, ...]) -> chain.ChainState:
        start = chain.start(BLIND_ID, PACKAGE)
        return chain.extend(start, frames, site().station, site().commanders)

    # --- Within --------------------------------------------------------------------

    @contextlib.contextmanager
    def _power(self, station: Station, fuse: int | None, odds: tuple[float, int]) -> Iterator[None]:
        """Have the power go after *fuse* bytes and calls, if that many are made."""
        self.disk.fuse = fuse
        try:
            yield
        except PowerCut:
            self._put_down(station)
            self.disk.cut(station.root, _fate(odds))
        finally:
            self.disk.fuse = None

    def _put_down(self, station: Station) -> None:
        if station.writer is not None:
            station.writer.close()
            station.writer = None

    def _up(self) -> list[Station]:
        return [station for station in self.stations if station.writer is not None]

    def _some_up(self, number: int) -> Station:
        return _one(self._up(), number)

    def _down(self) -> list[Station]:
        return [station for station in self.stations if station.writer is None]

    def _outboxes(self, recovered: Recovered) -> list[Outbox]:
        outboxes = [Outbox(BLIND_ID), Outbox(BLIND_ID)]
        epoch = 0
        for frame in recovered.frames:
            epoch = _epoch_of(frame) or epoch
            for outbox in outboxes:
                outbox.put(epoch, [frame])
        return outboxes

    def _stamp(self) -> Stamp:
        self._ticks += SECOND
        return Stamp(BOOT, self._ticks, START_NS + self._ticks, 0)


def _one(stations: list[Station], number: int) -> Station:
    return stations[number % len(stations)]


def _epoch_of(frame: bytes) -> int:
    """The epoch that *frame* opens, or 0."""
    if Frame.parse(frame).compartment is not Compartment.HEADER:
        return 0
    return int(epoch_header(frame).context.epoch)


def _fate(odds: tuple[float, int]) -> Fate:
    chance = random.Random(odds[1])  # noqa: S311 - no secret
    return lambda: chance.random() < odds[0]
