"""The chain verifier: pure, without keys, frame by frame.

Hall, standby, neighbour, intake, scoring desk and appeals verifier all run this. It
checks that frames follow one another without a gap, that every epoch's header is signed
by the station that writes it, names exactly the place it follows, and carries a permit
that whoever commands signed for exactly that; that epochs and authority numbers never
fall; and that a journaled acknowledgement speaks of this record. It opens nothing.

What it cannot see from one frame is a *fork*: sealed frames do not show what they follow,
so a holder compares heads. :func:`extend` does, before and after the frames it takes.

The state is a small :class:`~exam_packages.canon.Object`; holders store it as bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from exam_packages import canon
from exam_packages.canon import Hash, Id
from exam_packages.sealing.journal_format import (
    Acknowledgement,
    ChainDamage,
    ChainError,
    ChainForgery,
    ChainFork,
    ChainGap,
    ChainPermit,
    Compartment,
    Cursor,
    Frame,
    Number,
    SignedHeader,
    genesis,
    parse_acknowledgement,
    parse_header,
)
from exam_packages.sealing.suite import VerifyKey

__all__ = [
    "ChainDamage",
    "ChainError",
    "ChainForgery",
    "ChainFork",
    "ChainGap",
    "ChainPermit",
    "ChainState",
    "Cursor",
    "advance",
    "extend",
    "start",
    "witnesses",
]


class ChainState(canon.Object):
    """All that is needed to check the next frame of one journal.

    ``station`` is the key id of the station writing the current epoch (zeros before the
    first), ``authority`` the highest authority number that permitted an epoch.
    """

    blind_id: Id
    package_hash: Hash
    epoch: Number
    sequence: Number
    head: Hash
    station: Id
    authority: Number

    @property
    def cursor(self) -> Cursor:
        """The place reached."""
        return Cursor(self.blind_id, self.epoch, self.sequence, self.head)


def start(blind_id: bytes, package_hash: bytes) -> ChainState:
    """The state before the first frame of the attempt *blind_id* at that package."""
    return ChainState(blind_id, package_hash, 0, 0, genesis(blind_id), bytes(16), 0)


def advance(
    state: ChainState, frame: bytes, station: VerifyKey, commanders: Sequence[VerifyKey]
) -> ChainState:
    """The state after *frame*, written by *station*, under one of *commanders*.

    Raises a :class:`ChainError`: :class:`ChainDamage` (not a frame), :class:`ChainGap`
    (not the next one), :class:`ChainFork` (follows another history),
    :class:`ChainForgery` (not by this station), :class:`ChainPermit`.
    """
    return _advance(state, Frame.parse(frame), station, commanders)


def extend(
    state: ChainState,
    frames: Iterable[bytes],
    stations: Callable[[bytes], VerifyKey | None],
    commanders: Sequence[VerifyKey],
    *,
    onto: Cursor | None = None,
    head: bytes | None = None,
) -> ChainState:
    """Take a batch of frames; all of it is right, or an error is raised.

    *stations* gives the verification key of an enrolled station by key id. *onto* is the
    place the sender says the frames follow, *head* what it says the head is after them:
    where either differs from what is held, two histories exist and :class:`ChainFork` is
    raised.
    """
    if onto is not None and onto.sequence == state.sequence and onto.head != state.head:
        raise _fork(state.sequence)
    for frame in frames:
        writer = state.station
        parsed = Frame.parse(frame)
        if parsed.compartment is Compartment.HEADER:
            writer = parse_header(parsed.body).context.station
        station = stations(writer)
        if station is None:
            raise ChainForgery(
                "Entry {sequence} was written by a station that is not enrolled here.",
                sequence=parsed.sequence,
            )
        state = _advance(state, parsed, station, commanders)
    if head is not None and head != state.head:
        raise _fork(state.sequence)
    return state


def witnesses(frames: Iterable[bytes], holders: Iterable[VerifyKey]) -> tuple[Acknowledgement, ...]:
    """The acknowledgements journaled in *frames* that one of *holders* signed.

    *frames* is a whole journal whose chain was checked. Acknowledgements of other holders
    prove nothing here and are left out. Raises :class:`ChainForgery` when one is not
    signed by the holder it names, :class:`ChainFork` when a holder acknowledged another
    history than this one.
    """
    known = {key.key_id: key for key in holders}
    places: list[tuple[int, bytes]] = []
    found = []
    for frame in frames:
        parsed = Frame.parse(frame)
        if parsed.compartment is Compartment.HEADER:
            context = parse_header(parsed.body).context
            epoch = context.epoch
            if not places:
                places.append((0, context.previous_head))
        elif not places:
            raise ChainDamage("The record does not begin with an epoch header.")
        if parsed.compartment is Compartment.ACKNOWLEDGEMENT:
            signed, word = parse_acknowledgement(parsed.body)
            if holder := known.get(word.holder):
                if not signed.signers([holder]):
                    raise ChainForgery(
                        "The acknowledgement in entry {sequence} is not signed by the holder "
                        "that it names.",
                        sequence=parsed.sequence,
                    )
                if word.sequence >= len(places) or places[word.sequence] != (word.epoch, word.head):
                    raise _fork(word.sequence)
                found.append(word)
        places.append((epoch, parsed.head_after(places[-1][1])))
    return tuple(found)


def _advance(
    state: ChainState, parsed: Frame, station: VerifyKey, commanders: Sequence[VerifyKey]
) -> ChainState:
    if parsed.sequence != state.sequence + 1:
        raise ChainGap(
            "The record continues with entry {found} where entry {wanted} must follow.",
            found=parsed.sequence,
            wanted=state.sequence + 1,
        )
    head = parsed.head_after(state.head)
    if parsed.compartment is Compartment.HEADER:
        header = parse_header(parsed.body)
        authority = _check_header(state, header, station, commanders)
        return ChainState(
            state.blind_id,
            state.package_hash,
            header.context.epoch,
            parsed.sequence,
            head,
            station.key_id,
            authority,
        )
    if state.epoch == 0:
        raise ChainDamage("The record does not begin with an epoch header.")
    if station.key_id != state.station:
        raise ChainForgery(
            "Entry {sequence} comes from a station that no longer writes this record.",
            sequence=parsed.sequence,
        )
    if parsed.compartment is Compartment.ACKNOWLEDGEMENT:
        _check_acknowledgement(state, parse_acknowledgement(parsed.body)[1])
    return ChainState(
        state.blind_id,
        state.package_hash,
        state.epoch,
        parsed.sequence,
        head,
        state.station,
        state.authority,
    )


def _check_header(
    state: ChainState,
    header: SignedHeader,
    station: VerifyKey,
    commanders: Sequence[VerifyKey],
) -> int:
    """Check an epoch header against what it must follow; return its authority number."""
    context = header.context
    where = state.sequence + 1
    if context.station != station.key_id or not header.signed.signers([station]):
        raise ChainForgery(
            "The epoch header in entry {sequence} is not signed by the station that sent it.",
            sequence=where,
        )
    if (context.blind_id, context.package_hash) != (state.blind_id, state.package_hash):
        raise ChainForgery(
            "The epoch header in entry {sequence} belongs to another attempt or package.",
            sequence=where,
        )
    if (context.sequence, context.previous_head) != (where, state.head):
        raise _fork(state.sequence)
    if context.epoch <= state.epoch:
        raise ChainPermit(
            "Entry {sequence} opens epoch {epoch}, but epoch {last} was open before.",
            sequence=where,
            epoch=context.epoch,
            last=state.epoch,
        )
    signed, permit = header.permit
    if not signed.signers(commanders):
        raise ChainPermit(
            "The permit in entry {sequence} is not signed by anyone who may give one.",
            sequence=where,
        )
    if permit.context != context:
        raise ChainPermit(
            "The permit in entry {sequence} was given for another place or station.",
            sequence=where,
        )
    if permit.authority < state.authority:
        raise ChainPermit(
            "The permit in entry {sequence} comes from an authority that was replaced before.",
            sequence=where,
        )
    return permit.authority


def _check_acknowledgement(state: ChainState, word: Acknowledgement) -> None:
    """An acknowledgement must speak of a place in this record's past."""
    if (
        word.blind_id != state.blind_id
        or word.sequence > state.sequence
        or word.epoch > state.epoch
    ):
        raise ChainForgery("An acknowledgement in this record speaks of another record.")
    if word.sequence == state.sequence and word.head != state.head:
        raise _fork(word.sequence)


def _fork(sequence: int) -> ChainFork:
    return ChainFork(
        "Two different records exist that agree up to some entry before {sequence}; keep both "
        "and tell the certification body.",
        sequence=sequence,
    )
