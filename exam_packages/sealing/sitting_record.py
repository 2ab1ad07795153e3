"""The record of a sitting: how each roster line ended, what was done, and by whom.

When a sitting is closed, its hall signs one :class:`SittingRecord`. The hall's own papers (the
sitting report) are drawn from it. It names candidates beside their blind ids, so to the body
it travels inside a :class:`SealedRecord`, signed by the same hall and sealed to the
*registrar* alone: intake keeps it without reading it, and the scoring desk has no key to it.

What is added after the sitting (a signature, an entry from a paper) makes another record of
the same sitting with the next ``number``; the earlier ones stay, and the highest counts.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Count, Hash, Id, Seconds
from exam_packages.sealing.signed import SignedError, read_signed, sign, verify
from exam_packages.sealing.suite import (
    SealingError,
    SealingKey,
    SealingPublic,
    SigningKey,
    SuiteError,
    VerifyKey,
    digest,
    label,
)

__all__ = [
    "MAX_RECORD",
    "MAX_SEALED",
    "RECORD_KIND",
    "SEALED_RECORD_KIND",
    "RecordedAct",
    "RecordedLine",
    "RecordedNote",
    "RecordedPerson",
    "RecordedStatement",
    "RecordedWaiver",
    "SealedRecord",
    "SittingRecord",
    "SittingRecordError",
    "open_record",
    "parse_record",
    "parse_sealed",
    "read_record",
    "read_sealed",
    "record_digest",
    "seal_record",
    "sign_record",
]

RECORD_KIND: Final = "exam-kiosk/sitting-record/v1"
SEALED_RECORD_KIND: Final = "exam-kiosk/sealed-record/v1"

MAX_RECORD: Final = 12 * 1024 * 1024
"""Bytes of a signed record: 5,000 lines and some 40,000 acts."""
MAX_SEALED: Final = MAX_RECORD + 64 * 1024
MAX_LINES: Final = 5000
MAX_ACTS: Final = 40_000
MAX_NOTES: Final = 2000

_Line = Annotated[str, Meta(max_length=500)]
_Words = Annotated[str, Meta(max_length=4000)]
_Number = Annotated[int, Meta(ge=1, le=1 << 31)]
_Code = Annotated[int, Meta(ge=0, le=255)]

T = TypeVar("T")


class SittingRecordError(SealingError):
    """A record of a sitting is damaged, or not by the hall that must sign it."""


class RecordedPerson(canon.Object):
    """Someone who put their name to something: who, in which role, when."""

    name: _Line
    role: _Line
    time_s: Seconds


class RecordedStatement(canon.Object):
    """What was seen of a candidate, and the reply.

    ``kind``: 1 suspected misconduct, 2 identity, 3 admission refused, 4 not counted. ``paper`` is
    the paper it was typed in from by ``operator`` (empty: it was written down at once).
    ``reply``: 0 the candidate was not asked, 1 replied, 2 declined. ``lifted_by`` is the chief who
    took it back as a mistake.
    """

    number: _Number
    kind: _Code
    seen_s: Seconds
    words: _Words
    witness: _Line
    operator: _Line
    written_s: Seconds
    paper: _Line
    reply: _Code
    reply_words: _Words
    reply_operator: _Line
    replied_s: Seconds
    lifted_by: _Line
    lifted_why: _Words


class RecordedLine(canon.Object):
    """A roster line and how it ended.

    ``outcome``: 1 handed in, 2 time over, 3 absent, 4 refused, 5 withdrawn, 6 ill,
    7 interrupted by the centre, 8 wrong form, 9 suspected misconduct. ``verdict``: 1 score,
    2 hold, 3 void, 4 re-sit. ``operator`` said so (empty: the line closed by itself),
    ``second`` too where two people must. ``frames`` counts what the hall holds of the
    attempt; ``bundle_hash`` is that of the hand-in that stands, empty without one. Times are
    0 where there is none; ``extra_s`` was granted beforehand, ``given_s`` by acts.
    """

    blind_id: Id
    seat: Count
    candidate: _Line
    name: _Line
    outcome: _Code
    verdict: _Code
    operator: _Line
    second: _Line
    closed_s: Seconds
    reason: _Line
    comment: _Line
    station: _Line
    frames: Count
    bundle_hash: Annotated[bytes, Meta(max_length=32)]
    signed_in_s: Seconds
    admitted_s: Seconds
    handed_in_s: Seconds
    at_body: bool
    extra_s: Count
    given_s: int
    statements: Annotated[tuple[RecordedStatement, ...], Meta(max_length=20)]


class RecordedAct(canon.Object):
    """What an operator did; ``candidate`` is empty for the whole hall."""

    time_s: Seconds
    operator: _Line
    act: _Line
    candidate: _Line
    reason: _Line
    comment: _Line


class RecordedNote(canon.Object):
    """An incident, the room's conditions, or what else people wrote down.

    ``kind``: 1 incident, 2 room conditions, 3 time, 4 attendance, 5 another. ``writer`` wrote
    it; when ``paper`` is not empty it is transcribed: ``operator`` typed it in from there.
    """

    number: _Number
    kind: _Code
    happened_s: Seconds
    candidate: _Line
    words: _Words
    writer: _Line
    operator: _Line
    typed_s: Seconds
    paper: _Line


class RecordedWaiver(canon.Object):
    """A point of the readiness sheet that was red and waived by name."""

    point: _Line
    found: _Words
    person: RecordedPerson
    why: _Words


class SittingRecord(canon.Object):
    """One sitting at one hall (*machine*, its signing key id), as it was closed.

    ``sitting`` is the random name the hall gave the sitting; statements of erasure have the
    same. ``operator`` closed it, for ``reason``; ``signers`` are the people who put their
    names to the report, in the order they did.
    """

    number: _Number
    sitting: Id
    package_hash: Hash
    slot: _Line
    centre: _Line
    machine: Id
    title: _Line
    exam: _Line
    opened_s: Seconds
    closed_s: Seconds
    operator: _Line
    reason: _Line
    lines: Annotated[tuple[RecordedLine, ...], Meta(max_length=MAX_LINES)]
    acts: Annotated[tuple[RecordedAct, ...], Meta(max_length=MAX_ACTS)]
    notes: Annotated[tuple[RecordedNote, ...], Meta(max_length=MAX_NOTES)]
    waivers: Annotated[tuple[RecordedWaiver, ...], Meta(max_length=1000)]
    signers: Annotated[tuple[RecordedPerson, ...], Meta(max_length=16)]


class SealedRecord(canon.Object):
    """A signed record, sealed to the registrar.

    ``digest`` is :func:`record_digest` of the signed record; ``registrar`` the id of the key
    it is sealed to, under ``label("sitting-record", "registrar", machine, sitting, number)``
    with the number as eight bytes. Its size tells about how many lines there are.
    """

    number: _Number
    sitting: Id
    package_hash: Hash
    slot: _Line
    centre: _Line
    machine: Id
    closed_s: Seconds
    digest: Hash
    registrar: Id
    sealed: Annotated[bytes, Meta(max_length=MAX_SEALED)]


def record_digest(record: bytes) -> bytes:
    """What names a signed record."""
    return digest(label("sitting-record", "digest"), record)


def sign_record(record: SittingRecord, hall: SigningKey) -> bytes:
    """Sign a record as the hall it names."""
    if record.machine != hall.key_id:
        raise ValueError("a hall speaks for itself")
    return sign(RECORD_KIND, canon.pack(record), [hall])


def read_record(data: bytes, hall: VerifyKey) -> SittingRecord:
    """The record that *hall* signed. Raises :class:`SittingRecordError`."""
    record = _read(RECORD_KIND, data, SittingRecord, hall, MAX_RECORD)
    if record.machine != hall.key_id:
        raise SittingRecordError("A record of a sitting is not signed by the hall it names.")
    return record


def seal_record(data: bytes, hall: SigningKey, registrar: SealingPublic) -> bytes:
    """The signed record *data*, sealed to the *registrar* and signed by the same *hall*."""
    record = read_record(data, hall.public)
    body = SealedRecord(
        number=record.number,
        sitting=record.sitting,
        package_hash=record.package_hash,
        slot=record.slot,
        centre=record.centre,
        machine=record.machine,
        closed_s=record.closed_s,
        digest=record_digest(data),
        registrar=registrar.key_id,
        sealed=registrar.seal(data, _info(record.machine, record.sitting, record.number)),
    )
    return sign(SEALED_RECORD_KIND, canon.pack(body), [hall])


def read_sealed(data: bytes, hall: VerifyKey) -> SealedRecord:
    """The sealed record that *hall* signed. Raises :class:`SittingRecordError`."""
    sealed = _read(SEALED_RECORD_KIND, data, SealedRecord, hall, MAX_SEALED)
    if sealed.machine != hall.key_id:
        raise SittingRecordError("A record of a sitting is not signed by the hall it names.")
    return sealed


def open_record(data: bytes, hall: VerifyKey, registrar: SealingKey) -> SittingRecord:
    """The record inside, as the *registrar*. Raises :class:`SittingRecordError`."""
    return read_record(unseal(data, hall, registrar), hall)


def unseal(data: bytes, hall: VerifyKey, registrar: SealingKey) -> bytes:
    """The signed record inside, as the *registrar*. Raises :class:`SittingRecordError`."""
    sealed = read_sealed(data, hall)
    try:
        record = registrar.open(sealed.sealed, _info(sealed.machine, sealed.sitting, sealed.number))
    except SuiteError:
        raise SittingRecordError(
            "This record of a sitting does not open with this registrar's key; it is sealed to "
            "the key {key}….",
            key=sealed.registrar.hex()[:8],
        ) from None
    if record_digest(record) != sealed.digest:
        raise SittingRecordError("The record inside is another one than the hall signed for.")
    return record


def parse_record(data: bytes) -> SittingRecord:
    """A record, nothing of it verified: to know who must have signed it."""
    return _parse(RECORD_KIND, data, SittingRecord, MAX_RECORD)


def parse_sealed(data: bytes) -> SealedRecord:
    """A sealed record, nothing of it verified: to know who must have signed it."""
    return _parse(SEALED_RECORD_KIND, data, SealedRecord, MAX_SEALED)


def _info(machine: bytes, sitting: bytes, number: int) -> bytes:
    return label("sitting-record", "registrar", machine, sitting, number.to_bytes(8, "big"))


def _read(kind: str, data: bytes, shape: type[T], hall: VerifyKey, limit: int) -> T:
    try:
        return canon.unpack(verify(data, kind, [hall], max_size=limit), shape, max_size=limit)
    except (SignedError, canon.CanonError):
        raise _damaged() from None


def _parse(kind: str, data: bytes, shape: type[T], limit: int) -> T:
    try:
        return canon.unpack(read_signed(data, kind, max_size=limit).body, shape, max_size=limit)
    except (SignedError, canon.CanonError):
        raise _damaged() from None


def _damaged() -> SittingRecordError:
    return SittingRecordError(
        "This record of a sitting is damaged, or not signed by the hall that must sign it."
    )
