"""The shapes of the journal: frames, their chain of heads, headers, permits, acknowledgements.

A journal is one attempt's append-only record. On the wire and on disk it is a run of
*frames*::

    u32 length ‖ core ‖ u32 CRC-32 of (length ‖ core)

where the core is the canonical array ``[sequence, compartment, sealed stamp, sealed body]``.
Sequences count from 1, over all epochs, without a gap. The *head* after a frame names
everything up to it: ``head_i = SHA-256(label ‖ lp(head_{i-1}) ‖ lp(core_i))``; the head
before the first frame is bound to the blind id (:func:`genesis`).

A journal is written in *epochs*. Each opens with a header frame: signed by the station,
bound to a :class:`Context`, and carrying a *permit* that whoever commands signed for
exactly that context. Nothing here opens anything: this module needs no key.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Id
from exam_packages.sealing.labels import SealingError, digest, label
from exam_packages.sealing.signed import Signed, SignedError, read_signed, sign, verify

if TYPE_CHECKING:
    from exam_packages.sealing.suite import SigningKey, VerifyKey

Number: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A count, a sequence, an epoch, or a time in seconds or nanoseconds since 1970."""
Ordinal: TypeAlias = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""A number that counts from one."""

MAX_BODY: Final = 256 * 1024
"""Bytes of one body before it is padded."""
MAX_CORE: Final = 600 * 1024
"""Bytes of one frame's core: the largest body, padded, and its wrapping fit."""
FRAME_OVERHEAD: Final = 8
"""Bytes a frame adds to its core: the length before it and the CRC after it."""

HEADER_KIND: Final = "exam-kiosk/journal-header/v2"
PERMIT_KIND: Final = "exam-kiosk/permit/v1"
ACKNOWLEDGEMENT_KIND: Final = "exam-kiosk/acknowledgement/v1"

_MAX_SMALL = 16 * 1024
_MAX_HALVES = 8
_HEAD_LP = label("journal", "head") + (32).to_bytes(4, "big")  # and the length of a head
_HEADER = label("journal", "header")


class JournalError(SealingError):
    """Something about a journal that a person must know."""


class ChainError(JournalError):
    """The record cannot be what its station wrote, in the order it wrote it."""


class ChainDamage(ChainError):
    """The bytes are not a whole frame, or not what a frame of this kind holds."""


class ChainGap(ChainError):
    """A frame does not follow the one before it: frames are missing, or came twice."""


class ChainFork(ChainError):
    """Two histories exist where only one can be true. This is an alarm."""


class ChainForgery(ChainError):
    """A signature is not the station's or the holder's it must be."""


class ChainPermit(ChainError):
    """An epoch was opened without a permit for exactly this place in this record."""


class Compartment(IntEnum):
    """Who can open a frame's body. Headers and acknowledgements are in clear."""

    HEADER = 0
    ACKNOWLEDGEMENT = 1
    RESPONSES = 2
    EVENTS = 3
    EVIDENCE = 4
    IDENTITY = 5


SEALED: Final = (
    Compartment.RESPONSES,
    Compartment.EVENTS,
    Compartment.EVIDENCE,
    Compartment.IDENTITY,
)
"""The compartments whose bodies are sealed, each under a key of its own per epoch."""


# The shape of a core, typed: frames are read by the thousand, and this is canonical too
# (:mod:`exam_packages.canon`), for what was read is encoded again and compared.
_Core: TypeAlias = tuple[Ordinal, Annotated[int, Meta(ge=0, le=5)], bytes, bytes]
_read_core = msgspec.msgpack.Decoder(_Core).decode
_write_core = msgspec.msgpack.Encoder().encode
_COMPARTMENTS = tuple(Compartment)


# --- Frames and heads --------------------------------------------------------------


class Frame(NamedTuple):
    """One frame taken apart. ``stamp`` and ``body`` are sealed, or the body in clear."""

    sequence: int
    compartment: Compartment
    stamp: bytes
    body: bytes
    core: bytes

    @classmethod
    def parse(cls, data: bytes) -> Frame:
        """Take apart exactly one frame. Raises :class:`ChainDamage` when *data* is not one."""
        if (
            not FRAME_OVERHEAD < len(data) <= MAX_CORE + FRAME_OVERHEAD
            or int.from_bytes(data[:4], "big") != len(data) - FRAME_OVERHEAD
            or int.from_bytes(data[-4:], "big") != zlib.crc32(data[:-4])
        ):
            raise _damaged_frame()
        core = data[4:-4]
        try:
            fields = _read_core(core)
        except msgspec.MsgspecError:
            raise _damaged_frame() from None
        if _write_core(fields) != core:
            raise _damaged_frame()
        sequence, compartment, stamp, body = fields
        return cls(sequence, _COMPARTMENTS[compartment], stamp, body, core)

    def head_after(self, previous: bytes) -> bytes:
        """The head of a journal whose head was *previous*, with this frame appended."""
        return head_after(previous, self.core)


def head_after(previous: bytes, core: bytes) -> bytes:
    """The head of a journal whose head was *previous*, with the frame of *core* appended."""
    return sha256(_HEAD_LP + previous + len(core).to_bytes(4, "big") + core).digest()


def make_frame(sequence: int, compartment: Compartment, stamp: bytes, body: bytes) -> bytes:
    """The bytes of one frame. Its body is sealed already, or meant to be in clear."""
    core = _write_core((sequence, int(compartment), stamp, body))
    framed = len(core).to_bytes(4, "big") + core
    return framed + zlib.crc32(framed).to_bytes(4, "big")


def split_frames(data: bytes) -> Iterator[bytes]:
    """Cut a run of frames into frames. Raises :class:`ChainDamage` where it is none.

    Only lengths and checksums are looked at.
    """
    offset = 0
    while offset < len(data):
        frame = frame_at(data, offset)
        if frame is None:
            raise _damaged_frame()
        yield frame
        offset += len(frame)


def frame_at(data: bytes, offset: int) -> bytes | None:
    """The whole frame that starts at *offset*, or None when none does."""
    size = int.from_bytes(data[offset : offset + 4], "big")
    end = offset + size + FRAME_OVERHEAD
    if not 0 < size <= MAX_CORE or end > len(data):
        return None
    frame = data[offset:end]
    return frame if zlib.crc32(frame[:-4]) == int.from_bytes(frame[-4:], "big") else None


def genesis(blind_id: bytes) -> bytes:
    """The head of the empty journal of the attempt *blind_id*."""
    return digest(label("journal", "genesis"), blind_id)


class Cursor(canon.Object):
    """A place in one attempt's journal: everything up to and with *sequence*.

    Two cursors are the same place only when their heads are equal; counts say nothing.
    """

    blind_id: Id
    epoch: Number
    sequence: Number
    head: Hash


# --- Context and permit ------------------------------------------------------------


class Context(canon.Object):
    """What an epoch is bound to: who goes on writing which record, from where.

    ``station`` is the station's key id, ``sequence`` the number its header will have,
    ``previous_head`` the head before it, ``boot`` the kernel's boot id.
    """

    blind_id: Id
    epoch: Ordinal
    station: Id
    sequence: Ordinal
    previous_head: Hash
    package_hash: Hash
    boot: Id

    @property
    def cursor_before(self) -> tuple[int, bytes]:
        """The sequence and head a journal must have for this epoch to follow it."""
        return self.sequence - 1, self.previous_head


def first_context(blind_id: bytes, station: bytes, package_hash: bytes, boot: bytes) -> Context:
    """The context of the first epoch of an attempt."""
    return Context(blind_id, 1, station, 1, genesis(blind_id), package_hash, boot)


def next_context(
    cursor: Cursor, station: bytes, package_hash: bytes, boot: bytes, *, above: int = 0
) -> Context:
    """The context of the epoch that follows *cursor*: after a restart, or on a move.

    Its number is higher than *above*, the highest that was seen where it is to be written.
    """
    return Context(
        cursor.blind_id,
        max(cursor.epoch, above) + 1,
        station,
        cursor.sequence + 1,
        cursor.head,
        package_hash,
        boot,
    )


class Permit(canon.Object):
    """Leave to open one epoch, from whoever commands.

    ``authority`` is the number under which they command; it never falls.
    """

    context: Context
    authority: Number
    time_s: Number


def sign_permit(context: Context, authority: int, time_s: int, key: SigningKey) -> bytes:
    """Permit the epoch *context*. The caller made sure that no frame before it is missing."""
    return sign(PERMIT_KIND, canon.pack(Permit(context, authority, time_s)), [key])


def read_permit(data: bytes, commander: VerifyKey) -> Permit:
    """The permit *data* that *commander* signed. Raises :class:`ChainPermit` if it is not."""
    try:
        body = verify(data, PERMIT_KIND, [commander], max_size=_MAX_SMALL)
        return canon.unpack(body, Permit, max_size=_MAX_SMALL)
    except (SignedError, canon.CanonError):
        raise ChainPermit(
            "The permit to go on with this exam is damaged or not signed by the hall in "
            "charge; ask the hall for a new one."
        ) from None


def parse_permit(data: bytes) -> tuple[Signed, Permit]:
    """The permit *data*, its signature not yet verified. Raises :class:`ChainPermit`."""
    try:
        signed = read_signed(data, PERMIT_KIND, max_size=_MAX_SMALL)
        return signed, canon.unpack(signed.body, Permit, max_size=_MAX_SMALL)
    except (SignedError, canon.CanonError):
        raise ChainPermit("A permit in this record is damaged.") from None


# --- Acknowledgement ---------------------------------------------------------------


class Acknowledgement(canon.Object):
    """A holder's word, at a time, that it keeps one journal up to one head.

    Cursor, witness and beacon in one. ``holder`` is the holder's key id;
    ``holder_epoch`` rises with each of its starts, and when it notices that it forgot something.
    """

    blind_id: Id
    epoch: Number
    sequence: Number
    head: Hash
    holder: Id
    holder_epoch: Number
    time_ns: Number

    @property
    def cursor(self) -> Cursor:
        """The place acknowledged."""
        return Cursor(self.blind_id, self.epoch, self.sequence, self.head)


def sign_acknowledgement(acknowledgement: Acknowledgement, key: SigningKey) -> bytes:
    """Sign what is held and synced. *key* is the holder's own."""
    if acknowledgement.holder != key.key_id:
        raise ValueError("an acknowledgement is signed by its holder")
    return sign(ACKNOWLEDGEMENT_KIND, canon.pack(acknowledgement), [key])


def read_acknowledgement(data: bytes, holder: VerifyKey) -> Acknowledgement:
    """The acknowledgement *data* that *holder* signed. Raises :class:`ChainForgery`."""
    signed, acknowledgement = parse_acknowledgement(data)
    if acknowledgement.holder != holder.key_id or not signed.signers([holder]):
        raise ChainForgery("An acknowledgement is not signed by the holder that it names.")
    return acknowledgement


def parse_acknowledgement(data: bytes) -> tuple[Signed, Acknowledgement]:
    """The acknowledgement *data*, its signature not yet verified. Raises :class:`ChainDamage`."""
    try:
        signed = read_signed(data, ACKNOWLEDGEMENT_KIND, max_size=_MAX_SMALL)
        return signed, canon.unpack(signed.body, Acknowledgement, max_size=_MAX_SMALL)
    except (SignedError, canon.CanonError):
        raise ChainDamage("An acknowledgement is damaged.") from None


# --- Epoch header ------------------------------------------------------------------


class Wrap(canon.Object):
    """One compartment's key of this epoch, sealed to the role that may open it."""

    compartment: int
    key_id: Id
    sealed: bytes


class SealedHalf(canon.Object):
    """One half of the restore secret, sealed to the machine *key_id*."""

    key_id: Id
    sealed: bytes


class SealedPart(canon.Object):
    """The second part of what opens an epoch's pictures, sealed to the evidence key *key_id*."""

    key_id: Id
    sealed: bytes


class HeaderBody(canon.Object):
    """What a station signs when it opens an epoch.

    ``wall_ns`` is the station's wall clock. ``wraps`` holds every sealed compartment once,
    ascending. ``pictures`` is what, besides the evidence compartment's key, opens the
    epoch's pictures: it can die before them. ``halves`` are half 1, one per hall;
    ``neighbour`` is half 2, for at most one neighbour. ``restore`` is the responses and events
    keys under both halves.
    """

    context: Context
    wall_ns: int
    wraps: Annotated[tuple[Wrap, ...], Meta(min_length=4, max_length=4)]
    pictures: SealedPart
    halves: Annotated[tuple[SealedHalf, ...], Meta(max_length=_MAX_HALVES)]
    neighbour: Annotated[tuple[SealedHalf, ...], Meta(max_length=1)]
    restore: Annotated[bytes, Meta(min_length=80, max_length=80)]
    permit: bytes


@dataclass(frozen=True)
class SignedHeader:
    """A header as it was signed. Nothing in it is verified yet."""

    signed: Signed
    body: HeaderBody
    digest: bytes
    """Names this header in every seal of its epoch: hash of the signed bytes."""

    @property
    def context(self) -> Context:
        return self.body.context

    @cached_property
    def permit(self) -> tuple[Signed, Permit]:
        """The permit carried, not verified. Raises :class:`ChainPermit` when damaged."""
        return parse_permit(self.body.permit)


def parse_header(data: bytes) -> SignedHeader:
    """Take a signed header apart. Raises :class:`ChainDamage` when *data* is none."""
    try:
        signed = read_signed(data, HEADER_KIND, max_size=MAX_CORE)
        body: HeaderBody = canon.unpack(signed.body, HeaderBody, max_size=MAX_CORE)
    except (SignedError, canon.CanonError):
        raise ChainDamage("An epoch header in this record is damaged.") from None
    if tuple(wrap.compartment for wrap in body.wraps) != SEALED:
        raise ChainDamage("An epoch header in this record lacks a compartment.")
    return SignedHeader(signed, body, header_digest(data))


def sign_header(body: HeaderBody, station: SigningKey) -> bytes:
    """Sign an epoch header as *station*."""
    return sign(HEADER_KIND, canon.pack(body), [station])


def header_digest(data: bytes) -> bytes:
    """What names a signed header in the seals of its epoch."""
    return digest(_HEADER, data)


def context_bytes(context: Context) -> bytes:
    """C, as it is bound into every key of an epoch."""
    return canon.pack(context)


def number(value: int) -> bytes:
    """A number as labels carry it: 8 bytes, big-endian."""
    return value.to_bytes(8, "big")


def _damaged_frame() -> ChainDamage:
    return ChainDamage("A frame of this record is damaged or incomplete.")
