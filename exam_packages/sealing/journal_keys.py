"""What seals a journal, and what opens it again.

Each epoch draws one key per sealed compartment (E_c) and seals it to the role that may
open that compartment. Every sealed thing has a key of its own::

    k = HKDF-Expand(E_c, label(use, sequence), 32)      use: body, stamp, snapshot

so AES-256-GCM runs with a zero nonce. Pictures take two secrets: the evidence
compartment's key, and a *part* P drawn per epoch and sealed to the sitting's **evidence
key**, which is destroyed when the time to keep them is over::

    pictures key = HKDF(ikm = E_evidence ‖ P, info = label(pictures, context))

Whoever exchanged the evidence key for their own would have P, and could open nothing; once
the evidence key is gone, no key of the body opens a picture.

Stamps are sealed under the *events* key whatever the compartment of their body: who opens
answers learns no times, and the time ledger needs no answers.

The restore secret is two halves, drawn per epoch. Together they open the epoch's answers
and events again after a restart or on another station; they never seal.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam_packages.clock import Stamp
from exam_packages.sealing.journal_format import (
    MAX_BODY,
    SEALED,
    ChainDamage,
    ChainFork,
    ChainGap,
    Compartment,
    Context,
    Frame,
    HeaderBody,
    JournalError,
    Permit,
    SealedHalf,
    SealedPart,
    SignedHeader,
    Wrap,
    context_bytes,
    number,
    parse_header,
)
from exam_packages.sealing.suite import (
    SealingKey,
    SealingPublic,
    SuiteError,
    hkdf,
    hkdf_expand,
    label,
)
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, SCORING

ROLE_OF: Final[Mapping[Compartment, str]] = MappingProxyType(
    {
        Compartment.RESPONSES: SCORING,
        Compartment.EVENTS: INTEGRITY,
        Compartment.EVIDENCE: INTEGRITY,
        Compartment.IDENTITY: REGISTRAR,
    }
)
"""The role whose key opens each sealed compartment."""

RESTORED: Final = (Compartment.RESPONSES, Compartment.EVENTS)
"""The compartments that both restore halves together open."""

KEY_SIZE: Final = 32
MAX_PICTURE: Final = 4 * 1024 * 1024
"""Bytes of one snapshot before it is sealed."""

_FRAME = label("journal", "frame")
_BODY = label("journal", "body")
_STAMP = label("journal", "stamp")
_SNAPSHOT = label("journal", "snapshot")
# lp() of fields whose lengths are fixed, in one call
_PLACE = struct.Struct(">I32sIQIBI32s")
_SEQUENCE = struct.Struct(">IQ")
_write = msgspec.msgpack.Encoder().encode  # of a stamp: the same bytes as canon's
_read_stamp = msgspec.msgpack.Decoder(Stamp).decode

_LEAST_BODY = 128
_LEAST_STAMP = 64
_TAG = 16
_NONCE = bytes(12)  # every key seals exactly one thing


class OpenError(JournalError):
    """A sealed part of a journal does not open: wrong key, or altered."""


class EpochKeys(Mapping[Compartment, bytes]):
    """Some of one epoch's compartment keys. They are never shown."""

    def __init__(self, keys: Mapping[Compartment, bytes]) -> None:
        self._keys = dict(keys)

    def __getitem__(self, compartment: Compartment) -> bytes:
        return self._keys[compartment]

    def __iter__(self) -> Iterator[Compartment]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"EpochKeys({', '.join(compartment.name for compartment in self._keys)})"


_NO_KEYS: Final = EpochKeys({})


# --- The header --------------------------------------------------------------------


@dataclass(frozen=True)
class Header:
    """An epoch header, and what the keys of roles and halls open in it.

    Nothing in it is verified here: :mod:`exam_packages.sealing.chain` does that.
    """

    parsed: SignedHeader

    @property
    def context(self) -> Context:
        """What the epoch is bound to."""
        return self.parsed.context

    @property
    def digest(self) -> bytes:
        """Names this header in every seal of its epoch."""
        return self.parsed.digest

    @property
    def wall_ns(self) -> int:
        """The station's wall clock when the epoch was opened."""
        return self.parsed.body.wall_ns

    @property
    def permit(self) -> Permit:
        """The permit carried. Raises :class:`ChainPermit` when it is damaged."""
        return self.parsed.permit[1]

    def keys(self, role_key: SealingKey, compartments: Iterable[Compartment]) -> EpochKeys:
        """The keys of *compartments* that *role_key* opens.

        Raises :class:`OpenError` when one of them was not sealed to it.
        """
        context = context_bytes(self.context)
        wraps = {wrap.compartment: wrap for wrap in self.parsed.body.wraps}
        keys = {}
        for compartment in compartments:
            wrap = wraps.get(compartment)
            if wrap is None or wrap.key_id != role_key.key_id:
                raise OpenError(
                    "The key at hand is not the one that opens the {compartment} part of this "
                    "record.",
                    compartment=Compartment(compartment).name.lower(),
                )
            info = _wrap_info(role_key.key_id, compartment, context)
            keys[Compartment(compartment)] = _open(role_key, wrap.sealed, info)
        return EpochKeys(keys)

    def pictures_part(self, evidence_key: SealingKey) -> bytes:
        """The part P of what opens this epoch's pictures, by the sitting's *evidence_key*.

        Raises :class:`OpenError` when it was sealed to another.
        """
        part = self.parsed.body.pictures
        if part.key_id != evidence_key.key_id:
            raise OpenError(
                "The pictures of epoch {epoch} of this record were sealed to another evidence "
                "key than the one at hand.",
                epoch=self.context.epoch,
            )
        info = _part_info(part.key_id, context_bytes(self.context))
        return _open(evidence_key, part.sealed, info)

    def pictures_key(self, keys: EpochKeys, part: bytes) -> bytes:
        """What opens this epoch's pictures: of its evidence key in *keys*, and of *part*."""
        return _pictures_key(keys[Compartment.EVIDENCE], part, context_bytes(self.context))

    def half_for(self, hall: SealingKey) -> bytes:
        """Half 1 of the restore secret, as one of the halls it was sealed to.

        Raises :class:`OpenError` when it was not sealed to this one.
        """
        return self._half(self.parsed.body.halves, hall, "half-1")

    def half_for_neighbour(self, neighbour: SealingKey) -> bytes:
        """Half 2, as the neighbour it was sealed to. Raises :class:`OpenError`."""
        return self._half(self.parsed.body.neighbour, neighbour, "half-2")

    def _half(self, halves: Sequence[SealedHalf], machine: SealingKey, use: str) -> bytes:
        for half in halves:
            if half.key_id == machine.key_id:
                info = label("journal", use, half.key_id, context_bytes(self.context))
                return _open(machine, half.sealed, info)
        raise OpenError("No restore half of this record was sealed to this machine.")


def epoch_header(frame: bytes) -> Header:
    """The header that *frame* carries. Raises :class:`ChainDamage` when it carries none."""
    parsed = Frame.parse(frame)
    if parsed.compartment is not Compartment.HEADER:
        raise ChainDamage("A frame that must open an epoch does not.")
    return Header(parse_header(parsed.body))


@dataclass(frozen=True, repr=False)
class NewEpoch:
    """Everything drawn for a new epoch: the header to sign, its keys, the half to keep.

    ``pictures`` is the key that the epoch's pictures are sealed under.
    """

    body: HeaderBody
    keys: EpochKeys
    pictures: bytes
    half2: bytes


def draw_epoch(
    context: Context,
    permit: bytes,
    wall_ns: int,
    openings: Mapping[str, SealingPublic],
    evidence: SealingPublic,
    halls: Sequence[SealingPublic],
    neighbour: SealingPublic | None,
) -> NewEpoch:
    """Draw fresh keys and halves for the epoch *context* and seal them to their openers.

    *evidence* is the sitting's evidence key.
    """
    bound = context_bytes(context)
    keys = {compartment: secrets.token_bytes(KEY_SIZE) for compartment in SEALED}
    wraps = []
    for compartment, key in keys.items():
        opening = openings[ROLE_OF[compartment]]
        sealed = opening.seal(key, _wrap_info(opening.key_id, compartment, bound))
        wraps.append(Wrap(int(compartment), opening.key_id, sealed))
    part = secrets.token_bytes(KEY_SIZE)
    half1, half2 = secrets.token_bytes(KEY_SIZE), secrets.token_bytes(KEY_SIZE)
    restored = b"".join(keys[compartment] for compartment in RESTORED)
    body = HeaderBody(
        context=context,
        wall_ns=wall_ns,
        wraps=tuple(wraps),
        pictures=SealedPart(
            evidence.key_id, evidence.seal(part, _part_info(evidence.key_id, bound))
        ),
        halves=tuple(_seal_half(hall, half1, "half-1", bound) for hall in halls),
        neighbour=(_seal_half(neighbour, half2, "half-2", bound),) if neighbour else (),
        restore=AESGCM(_restore_key(half1, half2, bound)).encrypt(_NONCE, restored, bound),
        permit=permit,
    )
    pictures = _pictures_key(keys[Compartment.EVIDENCE], part, bound)
    return NewEpoch(body, EpochKeys(keys), pictures, half2)


def restore(header: Header, half1: bytes, half2: bytes) -> EpochKeys:
    """The answers and events keys of an epoch, from both halves of its restore secret.

    Raises :class:`OpenError` when the halves are not those of this epoch.
    """
    bound = context_bytes(header.context)
    try:
        cipher = AESGCM(_restore_key(half1, half2, bound))
        restored = cipher.decrypt(_NONCE, header.parsed.body.restore, bound)
    except InvalidTag:
        raise OpenError(
            "The two restore halves do not belong to epoch {epoch} of this record.",
            epoch=header.context.epoch,
        ) from None
    return EpochKeys(
        {
            compartment: restored[place * KEY_SIZE : (place + 1) * KEY_SIZE]
            for place, compartment in enumerate(RESTORED)
        }
    )


# --- Frames ------------------------------------------------------------------------


class Opened(NamedTuple):
    """One frame, opened as far as the keys at hand reach.

    ``stamp`` and ``body`` are None where no key opens them. Bodies of headers and
    acknowledgements are in clear: the signed bytes.
    """

    sequence: int
    epoch: int
    compartment: Compartment
    stamp: Stamp | None
    body: bytes | None


def open_frames(frames: Iterable[bytes], keys: Mapping[int, EpochKeys]) -> Iterator[Opened]:
    """Open *frames*, which begin with an epoch header, with the *keys* of each epoch.

    Raises :class:`OpenError` when a seal does not open with its epoch's key: the frame was
    altered, moved, or follows another history; :class:`ChainDamage`, :class:`ChainGap` or
    :class:`ChainFork` when the frames are not a run. Signatures are not looked at.
    """
    state: tuple[int, int, bytes, bytes] | None = None
    for data in frames:
        frame = Frame.parse(data)
        if frame.compartment is Compartment.HEADER:
            header = parse_header(frame.body)
            head = header.context.previous_head
            if state is not None and state[3] != head:
                raise ChainFork(
                    "The epoch opened in entry {sequence} follows another record than this.",
                    sequence=frame.sequence,
                )
            epoch, named = header.context.epoch, header.digest
        elif state is None:
            raise ChainDamage("The record does not begin with an epoch header.")
        else:
            _, epoch, named, head = state
        if state is not None and frame.sequence != state[0] + 1:
            raise ChainGap(
                "The record continues with entry {found} where entry {wanted} must follow.",
                found=frame.sequence,
                wanted=state[0] + 1,
            )
        held: Mapping[Compartment, bytes] = keys.get(epoch, _NO_KEYS)
        bound = frame_context(named, frame.sequence, frame.compartment, head)
        stamp = body = None
        if events := held.get(Compartment.EVENTS):
            stamp = _open_stamp(events, frame, bound)
        if frame.compartment not in SEALED:
            body = frame.body
        elif key := held.get(frame.compartment):
            body = _open_part(key, _BODY, frame.sequence, frame.body, bound)
        yield Opened(frame.sequence, epoch, frame.compartment, stamp, body)
        state = frame.sequence, epoch, named, frame.head_after(head)


def frame_context(
    header_digest: bytes, sequence: int, compartment: Compartment, previous_head: bytes
) -> bytes:
    """The additional data that binds a frame's seals to their one place."""
    return _FRAME + _PLACE.pack(32, header_digest, 8, sequence, 1, compartment, 32, previous_head)


def seal_stamp(events_key: bytes, sequence: int, stamp: Stamp, bound: bytes) -> bytes:
    """Seal one frame's stamp."""
    return _seal_part(events_key, _STAMP, sequence, pad(_write(stamp), _LEAST_STAMP), bound)


def seal_body(key: bytes, sequence: int, body: bytes, bound: bytes) -> bytes:
    """Seal one frame's body, padded. Raises :class:`JournalError` when it is too long."""
    if len(body) > MAX_BODY:
        raise JournalError(
            "An entry of {size} bytes is too long for the record; at most {limit} fit.",
            size=len(body),
            limit=MAX_BODY,
        )
    return _seal_part(key, _BODY, sequence, pad(body, _LEAST_BODY), bound)


def pad(data: bytes, least: int) -> bytes:
    """*data* behind its length, filled with zeros to *least* bytes or the next doubling."""
    size = least
    while size < len(data) + 4:
        size *= 2
    return (len(data).to_bytes(4, "big") + data).ljust(size, b"\0")


def unpad(padded: bytes, least: int) -> bytes:
    """What :func:`pad` padded. Raises :class:`OpenError` for anything else."""
    data = padded[4 : 4 + int.from_bytes(padded[:4], "big")]
    if pad(data, least) != padded:
        raise OpenError("A sealed entry is not padded as it must be.")
    return data


# --- Snapshots ---------------------------------------------------------------------


@dataclass(frozen=True)
class SealedBlob:
    """A sealed picture, named by the SHA-256 of its sealed bytes."""

    data: bytes
    digest: bytes

    def __repr__(self) -> str:
        return f"SealedBlob({self.digest.hex()}, {len(self.data)} bytes)"


def seal_picture(
    pictures_key: bytes, header_digest: bytes, picture_number: int, picture: bytes
) -> SealedBlob:
    """Seal snapshot *picture_number* of an epoch. Raises :class:`JournalError` when too big."""
    if len(picture) > MAX_PICTURE:
        raise JournalError(
            "A picture of {size} bytes is too big; at most {limit} are taken.",
            size=len(picture),
            limit=MAX_PICTURE,
        )
    key = _use_key(pictures_key, _SNAPSHOT, picture_number)
    encryptor = Cobblestone256Encryptor(key, _picture_context(header_digest, picture_number))
    data = encryptor.update(picture) + encryptor.finalize()
    return SealedBlob(data, blob_digest(data))


def open_snapshot(header: Header, pictures_key: bytes, picture_number: int, data: bytes) -> bytes:
    """Open the sealed snapshot *picture_number* of the epoch of *header*.

    *pictures_key* is as :meth:`Header.pictures_key` gives it. Raises :class:`OpenError`.
    """
    key = _use_key(pictures_key, _SNAPSHOT, picture_number)
    decryptor = Cobblestone256Decryptor(key, _picture_context(header.digest, picture_number))
    try:
        return decryptor.update(data) + decryptor.finalize()
    except (InvalidTag, ValueError):
        raise OpenError(
            "Picture {number} of this record does not open: it was altered or exchanged.",
            number=picture_number,
        ) from None


def blob_digest(data: bytes) -> bytes:
    """What names a sealed blob: the SHA-256 of its bytes."""
    return hashlib.sha256(data).digest()


def _picture_context(header_digest: bytes, picture_number: int) -> bytes:
    return label("journal", "picture", header_digest, number(picture_number))


# --- The seals themselves ----------------------------------------------------------


def _use_key(key: bytes, use: bytes, sequence: int) -> bytes:
    return hkdf_expand(key, use + _SEQUENCE.pack(8, sequence))


def _seal_part(key: bytes, use: bytes, sequence: int, padded: bytes, bound: bytes) -> bytes:
    return AESGCM(_use_key(key, use, sequence)).encrypt(_NONCE, padded, bound)


def _open_part(key: bytes, use: bytes, sequence: int, sealed: bytes, bound: bytes) -> bytes:
    least = _LEAST_STAMP if use is _STAMP else _LEAST_BODY
    if len(sealed) < least + _TAG:
        raise _altered(sequence)
    try:
        padded = AESGCM(_use_key(key, use, sequence)).decrypt(_NONCE, sealed, bound)
    except InvalidTag:
        raise _altered(sequence) from None
    return unpad(padded, least)


def _open_stamp(key: bytes, frame: Frame, bound: bytes) -> Stamp:
    data = _open_part(key, _STAMP, frame.sequence, frame.stamp, bound)
    try:
        stamp = _read_stamp(data)
    except msgspec.MsgspecError:
        raise _altered(frame.sequence) from None
    if _write(stamp) != data:
        raise _altered(frame.sequence)
    return stamp


def _altered(sequence: int) -> OpenError:
    return OpenError(
        "Entry {sequence} of this record does not open with the key of its epoch: it was "
        "altered, or belongs to another record.",
        sequence=sequence,
    )


def _wrap_info(key_id: bytes, compartment: Compartment, bound: bytes) -> bytes:
    return label("journal", "epoch-key", key_id, bytes([compartment]), bound)


def _part_info(key_id: bytes, bound: bytes) -> bytes:
    return label("journal", "pictures-part", key_id, bound)


def _pictures_key(evidence: bytes, part: bytes, bound: bytes) -> bytes:
    if len(evidence) != KEY_SIZE or len(part) != KEY_SIZE:
        raise OpenError("A part of what opens pictures does not have the length of one.")
    return hkdf(evidence + part, salt=None, info=label("journal", "pictures", bound))


def _seal_half(machine: SealingPublic, half: bytes, use: str, bound: bytes) -> SealedHalf:
    return SealedHalf(
        machine.key_id, machine.seal(half, label("journal", use, machine.key_id, bound))
    )


def _open(key: SealingKey, sealed: bytes, info: bytes) -> bytes:
    try:
        opened = key.open(sealed, info)
    except SuiteError:
        raise OpenError("A key in this record was altered and does not open.") from None
    if len(opened) != KEY_SIZE:
        raise OpenError("A key in this record does not have the length of one.")
    return opened


def _restore_key(half1: bytes, half2: bytes, bound: bytes) -> bytes:
    if len(half1) != KEY_SIZE or len(half2) != KEY_SIZE:
        raise OpenError("A restore half does not have the length of one.")
    return hkdf(half1 + half2, salt=None, info=label("journal", "restore", bound))
