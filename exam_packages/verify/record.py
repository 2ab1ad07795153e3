"""A journal, entry by entry: how far it stands, who wrote it, and who witnessed it.

The rules are those of :mod:`exam_packages.sealing.chain`, and it is what checks them. What
is added here is patience. A signature that cannot be checked does not end the walk: the
entries after it are joined by their hashes and reported as joined, not as proven. Damage
ends it, and what stood before still stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exam_packages.clock import SECOND
from exam_packages.sealing import chain
from exam_packages.sealing.chain import ChainState
from exam_packages.sealing.journal_format import (
    FRAME_OVERHEAD,
    MAX_CORE,
    ChainDamage,
    ChainError,
    ChainForgery,
    ChainFork,
    ChainGap,
    ChainPermit,
    Compartment,
    Frame,
    SignedHeader,
    frame_at,
    parse_acknowledgement,
    parse_header,
)
from exam_packages.sealing.journal_keys import Header
from exam_packages.verify.findings import Epoch, Findings, Record, Stretch, Witness
from exam_packages.verify.machines import Machines


def cut(journal: bytes) -> Iterator[bytes]:
    """Cut a run of frames, also a damaged one: a frame that is none is given as it is.

    Where a damaged frame ends is told by its length as long as that can be; otherwise all
    that is left is one damaged frame.
    """
    offset = 0
    while offset < len(journal):
        frame = frame_at(journal, offset)
        if frame is None:
            size = int.from_bytes(journal[offset : offset + 4], "big") + FRAME_OVERHEAD
            follows = frame_at(journal, offset + size) is not None
            whole = FRAME_OVERHEAD < size <= MAX_CORE + FRAME_OVERHEAD and follows
            frame = journal[offset : offset + size] if whole else journal[offset:]
        yield frame
        offset += len(frame)


@dataclass
class Walk:
    """How far a journal could be followed, and what was met on the way."""

    machines: Machines
    findings: Findings
    frames: list[bytes] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    centre: str = ""
    begun_ns: int = 0
    """When the first epoch was permitted, by the hall's clock."""

    _state: ChainState | None = None
    _places: list[tuple[int, bytes]] = field(default_factory=list)
    _epochs: list[Epoch] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _doubted: int | None = None
    _contradicted: int | None = None
    _strangers: int = 0

    @property
    def entries(self) -> int:
        """How many entries follow one another from the first."""
        return len(self.frames)

    @property
    def stands(self) -> int:
        """How many of them are proven."""
        ends = [self.entries]
        if self._doubted is not None:
            ends.append(self._doubted - 1)
        if self._contradicted is not None:
            ends.append(
                max((w.entry for w in self.witnesses if w.entry < self._contradicted), default=0)
            )
        return min(ends)

    @property
    def state(self) -> ChainState | None:
        """The place reached; None when not even the first entry could be read."""
        return self._state

    def head(self, entry: int) -> bytes | None:
        """The head after *entry*, if the walk came so far."""
        return self._places[entry][1] if 0 <= entry < len(self._places) else None

    def signed_through(self) -> int:
        """The last entry that stands under anyone's signature within the journal itself."""
        headers = [epoch.first for epoch in self._epochs if epoch.proven]
        return max([*headers, *(witness.entry for witness in self.witnesses)], default=0)

    def record(self) -> Record | None:
        """What there is to say of it; None when nothing could be read."""
        if self._state is None:
            return None
        return Record(
            blind_id=self._state.blind_id,
            package_hash=self._state.package_hash,
            centre=self.centre,
            station=self._state.station,
            entries=self.entries,
            stands=self.stands,
            counts=dict(self._counts),
            epochs=tuple(self._epochs),
            witnesses=tuple(self.witnesses),
            stretches=stretches(self.witnesses, self.begun_ns, self.entries),
            heads=tuple(head for _, head in self._places),
            evidence_keys=frozenset(header.parsed.body.pictures.key_id for header in self.headers),
            restore_keys=frozenset(
                half.key_id
                for header in self.headers
                for half in (*header.parsed.body.halves, *header.parsed.body.neighbour)
            ),
        )

    def follow(self, frames: Iterable[bytes]) -> None:
        """Walk over *frames*, as far as they follow one another."""
        left = iter(frames)
        for data in left:
            try:
                self._enter(data)
            except ChainError as problem:
                self._broken(problem, sum(1 for _ in left))
                break
        else:
            if self.entries:
                self.findings.proven(
                    "record-joined",
                    "Entries 1 to {entries} follow one another: none is missing, none was added.",
                    entries=self.entries,
                )
        if not self.entries:
            self.findings.not_proven("record-empty", "No entry of the record can be read.")
        if self._strangers:
            self.findings.note(
                "acknowledgement-unknown",
                "{count} acknowledgements are by machines whose enrolment is not among these "
                "files; they prove nothing here.",
                count=self._strangers,
            )

    def _enter(self, data: bytes) -> None:
        """Take one frame. Raises :class:`ChainError` where the record breaks off."""
        parsed = Frame.parse(data)
        header = None
        if parsed.compartment is Compartment.HEADER:
            header = parse_header(parsed.body)
        if self._state is None:
            if header is None or parsed.sequence != 1:
                raise ChainDamage(
                    "The record begins with entry {found}; the entries before it are missing.",
                    found=parsed.sequence,
                )
            context = header.context
            self._state = chain.start(context.blind_id, context.package_hash)
            self._places = [(0, self._state.head)]
        before = self._state
        self._state = self._step(before, parsed, data, header)
        self.frames.append(data)
        self._places.append((self._state.epoch, self._state.head))
        self._counts[parsed.compartment.name.lower()] += 1
        if header is not None:
            self.headers.append(Header(header))
        elif self._epochs:
            self._extend_epoch(parsed.sequence)
        if parsed.compartment is Compartment.ACKNOWLEDGEMENT:
            self._acknowledged(parsed)

    def _step(
        self, state: ChainState, parsed: Frame, data: bytes, header: SignedHeader | None
    ) -> ChainState:
        station = self.machines.station(header.context.station if header else state.station)
        problem: ChainError | None = None
        if station is not None:
            try:
                after = chain.advance(
                    state, data, station.verify_key, self.machines.halls(station.centre)
                )
            except (ChainForgery, ChainPermit) as found:
                problem = found
            else:
                if header is not None:
                    self.centre = self.centre or station.centre
                    self._open_epoch(header, parsed.sequence, proven=True)
                return after
        after = _link(state, parsed, header)
        if header is not None:
            self._doubt(parsed.sequence, header, problem)
            self._open_epoch(header, parsed.sequence, proven=False)
        elif problem is not None:
            self.findings.not_proven(
                "acknowledgement-foreign",
                "The acknowledgement in entry {entry} is not about this record.",
                entry=parsed.sequence,
            )
        return after

    def _doubt(self, entry: int, header: SignedHeader, problem: ChainError | None) -> None:
        self._doubted = self._doubted or entry
        if problem is None:
            self.findings.not_proven(
                "station-unknown",
                "Who wrote the record from entry {entry} on is not shown: the enrolment of its "
                "station ({station}…) is not among these files. Give it too.",
                entry=entry,
                station=header.context.station.hex()[:8],
            )
        else:
            self.findings.not_proven(
                "epoch-not-proven",
                "The record is not proven from entry {entry} on: {why}",
                entry=entry,
                why=str(problem),
            )

    def _open_epoch(self, header: SignedHeader, entry: int, *, proven: bool) -> None:
        context = header.context
        by, time_s = "", 0
        if proven:
            signed, permit = header.permit
            commanders = signed.signers(self.machines.halls(self.centre))
            by, time_s = self.machines.name(min(commanders)), permit.time_s
            if entry > 1:
                self.witnesses.append(Witness("permit", entry - 1, by, time_s * SECOND, entry))
            else:
                self.begun_ns = time_s * SECOND
            self._check_enrolled(context.station, entry, time_s)
        station = self.machines.name(context.station)
        self._epochs.append(Epoch(context.epoch, entry, entry, station, by, time_s, proven))

    def _check_enrolled(self, key_id: bytes, entry: int, time_s: int) -> None:
        machine = self.machines.get(key_id)
        if machine is not None and not machine.issued_s <= time_s < machine.expires_s:
            self.findings.note(
                "enrolment-period",
                "The enrolment of {machine} was not valid when it began to write entry {entry} "
                "({time}).",
                machine=self.machines.name(key_id),
                entry=entry,
                time=moment(time_s * SECOND),
            )

    def _extend_epoch(self, entry: int) -> None:
        last = self._epochs[-1]
        self._epochs[-1] = Epoch(
            last.number,
            last.first,
            entry,
            last.station,
            last.permitted_by,
            last.permitted_s,
            last.proven,
        )

    def _acknowledged(self, parsed: Frame) -> None:
        signed, word = parse_acknowledgement(parsed.body)
        holder = self.machines.get(word.holder)
        if holder is None:
            self._strangers += 1
            return
        if not signed.signers([holder.verify_key]):
            self.findings.not_proven(
                "acknowledgement-forged",
                "The acknowledgement in entry {entry} is not signed by {holder}, which it names.",
                entry=parsed.sequence,
                holder=self.machines.name(word.holder),
            )
        elif word.sequence >= parsed.sequence or self._places[word.sequence] != (
            word.epoch,
            word.head,
        ):
            self._contradicted = min(self._contradicted or word.sequence, word.sequence)
            self.findings.not_proven(
                "record-contradicted",
                "{holder} signed, at {time}, for another record than this one at entry {entry}: "
                "two histories exist, and one of them is false.",
                holder=self.machines.name(word.holder),
                time=moment(word.time_ns),
                entry=word.sequence,
            )
        else:
            self.witnesses.append(
                Witness(
                    "acknowledgement",
                    word.sequence,
                    self.machines.name(word.holder),
                    word.time_ns,
                    parsed.sequence,
                )
            )

    def _broken(self, problem: ChainError, rest: int) -> None:
        code = {ChainGap: "record-gap", ChainFork: "record-fork"}.get(
            type(problem), "record-damaged"
        )
        if self.entries:
            self.findings.not_proven(
                code,
                "The record is damaged at entry {entry}: {why} Entries 1 to {last} are not "
                "touched by this.",
                entry=self.entries + 1,
                why=str(problem),
                last=self.entries,
            )
        else:
            self.findings.not_proven(
                code, "The record is damaged at its first entry: {why}", why=str(problem)
            )
        if rest:
            self.findings.note(
                "record-beyond",
                "{count} more pieces lie behind the damage; they cannot be joined to the record.",
                count=rest,
            )


def stretches(witnesses: Sequence[Witness], begun_ns: int, entries: int) -> tuple[Stretch, ...]:
    """Which entries each witness was the first to vouch for, and which nobody did."""
    found = []
    reached, last_ns = 0, begun_ns
    for witness in witnesses:
        if witness.entry > reached:
            waited = max(0, witness.time_ns - last_ns) if last_ns else 0
            found.append(Stretch(reached + 1, witness.entry, witness, waited))
            reached = witness.entry
        last_ns = max(last_ns, witness.time_ns)
    if reached < entries:
        found.append(Stretch(reached + 1, entries, None))
    return tuple(found)


def moment(time_ns: int) -> str:
    """A time for people: UTC, to the second."""
    try:
        return datetime.fromtimestamp(time_ns // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{time_ns} ns"


def _link(state: ChainState, parsed: Frame, header: SignedHeader | None) -> ChainState:
    """The place after *parsed* by hashes and numbers alone: no signature is believed.

    Raises :class:`ChainGap`, :class:`ChainFork` or :class:`ChainDamage`.
    """
    if parsed.sequence != state.sequence + 1:
        raise ChainGap(
            "The record continues with entry {found} where entry {wanted} must follow.",
            found=parsed.sequence,
            wanted=state.sequence + 1,
        )
    epoch, station = state.epoch, state.station
    if header is not None:
        context = header.context
        epoch, station = context.epoch, context.station
        names = (context.blind_id, context.package_hash, context.sequence, context.previous_head)
        if names != (state.blind_id, state.package_hash, parsed.sequence, state.head):
            raise ChainFork("The epoch that begins here follows another record than this.")
        if epoch <= state.epoch:
            raise ChainFork("The epoch that begins here is older than the one before it.")
    head = parsed.head_after(state.head)
    return ChainState(
        state.blind_id,
        state.package_hash,
        epoch,
        parsed.sequence,
        head,
        station,
        state.authority,
    )
