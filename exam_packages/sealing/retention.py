"""What the body signs about keeping and destroying pictures.

A sitting's pictures open with its **evidence key** and the integrity role's together
(:mod:`exam_packages.sealing.journal_keys`). When their time is over, the evidence key is
destroyed. Four signed objects go with that, all by root holders:

* :class:`Hold`: an appeal, a complaint or an investigation needs pictures longer;
* :class:`Lifting`: it does not any more;
* :class:`Preservation`: held attempts under a new evidence key, so that the old one can go;
* :class:`Deletion`: the certificate that an evidence key was destroyed.

Holds, liftings and certificates are the entries of one register, counted from 1; each names
the one before it by :func:`entry_digest`, so that none is taken out unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypeAlias, TypeVar

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Id, Seconds, Text
from exam_packages.sealing.journal_format import Number, Ordinal, SealedPart
from exam_packages.sealing.journal_keys import KEY_SIZE
from exam_packages.sealing.signed import Signed, SignedError, read_signed, sign
from exam_packages.sealing.suite import (
    SEALING_PUBLIC_SIZE,
    SealingError,
    SealingKey,
    SealingPublic,
    SigningKey,
    SuiteError,
    digest,
    label,
)
from exam_packages.sealing.trust import ROOT, Trust

__all__ = [
    "CAUSES",
    "MAX_ENTRY",
    "NO_ENTRY",
    "TWO_PEOPLE",
    "Deletion",
    "Entry",
    "Hold",
    "Kept",
    "Lifting",
    "Policy",
    "Preservation",
    "Preserved",
    "RetentionError",
    "Sitting",
    "entry_digest",
    "kind_of",
    "parse_entry",
    "preservation_digest",
    "preserved_part",
    "read_entry",
    "read_preservation",
    "seal_part",
    "sign_entry",
    "sign_preservation",
]

HOLD_KIND: Final = "exam-kiosk/hold/v1"
LIFTING_KIND: Final = "exam-kiosk/lifting/v1"
PRESERVATION_KIND: Final = "exam-kiosk/preservation/v1"
DELETION_KIND: Final = "exam-kiosk/deletion/v1"

CAUSES: Final = {"appeal": 1, "complaint": 2, "investigation": 3}
"""Why pictures are held, and the number each is written with."""
TWO_PEOPLE: Final = 2
"""How many root holders at least let pictures go, where their threshold is lower."""
NO_ENTRY: Final = bytes(32)
"""What the first entry of a register names as the one before it."""
MAX_ENTRY: Final = 16 * 1024 * 1024
"""Bytes of the longest entry, and of the longest preservation."""

_MAX_ATTEMPTS = 100_000
_MAX_EPOCHS = 10_000
_MAX_HOLDS = 1000

Sealing = Annotated[bytes, Meta(min_length=SEALING_PUBLIC_SIZE, max_length=SEALING_PUBLIC_SIZE)]


class RetentionError(SealingError):
    """Pictures cannot be held, preserved or destroyed as asked, or a word about it is none."""


class Sitting(canon.Object):
    """Whose pictures an evidence key is for: one package at one centre at one time."""

    package_hash: Hash
    centre: Text
    slot: Text


class Policy(canon.Object):
    """How long pictures are kept: *days* from the end of the sitting's window."""

    from_s: Seconds
    days: Annotated[int, Meta(ge=0, le=36_525)]

    @property
    def due_s(self) -> int:
        """When they are to be destroyed, in Unix seconds."""
        return self.from_s + self.days * 86_400


class Hold(canon.Object):
    """Pictures that must not be destroyed while something is open.

    ``cause`` is one of :data:`CAUSES`. Held is the attempt ``attempts`` names (one or none);
    without one, every attempt of the sitting whose evidence key ``keys`` names (one or none);
    without either, everything. A sitting is named by its own evidence key, also when attempts
    were preserved under another since. ``by`` is who asked for it.
    """

    number: Ordinal
    previous: Hash
    cause: Annotated[int, Meta(ge=1, le=3)]
    keys: Annotated[tuple[Id, ...], Meta(max_length=1)]
    attempts: Annotated[tuple[Id, ...], Meta(max_length=1)]
    reason: Text
    by: Text
    time_s: Seconds

    def whole(self, sitting_key: bytes) -> bool:
        """Whether it holds every attempt of the sitting with this evidence key."""
        return not self.attempts and self.keys in ((), (sitting_key,))

    @property
    def why(self) -> str:
        """What kind of thing is open, as a word."""
        return next(word for word, number in CAUSES.items() if number == self.cause)


class Lifting(canon.Object):
    """That the hold of the entry *hold* stands no more."""

    number: Ordinal
    previous: Hash
    hold: Ordinal
    reason: Text
    by: Text
    time_s: Seconds


class Kept(canon.Object):
    """A held attempt, its bundle, and the numbers of the holds that stood."""

    blind_id: Id
    bundle_hash: Hash
    holds: Annotated[tuple[Ordinal, ...], Meta(min_length=1, max_length=_MAX_HOLDS)]


class Preserved(canon.Object):
    """Where held attempts went: the new evidence key, and the digest of the preservation."""

    key: Id
    preservation: Hash
    attempts: Annotated[tuple[Kept, ...], Meta(min_length=1, max_length=_MAX_ATTEMPTS)]


class Deletion(canon.Object):
    """The certificate: the evidence key *key* was destroyed at *time_s*.

    ``origin`` is the sitting's own evidence key: the same, unless *key* was one that held
    attempts were preserved under. ``bundles`` are those whose pictures no key opens any more,
    ``pictures`` how many these name. ``preserved`` (one or none) says what was kept.
    ``elsewhere`` are bundles of the same package and centre with pictures under another key:
    nothing is said of those.
    """

    number: Ordinal
    previous: Hash
    key: Id
    origin: Id
    sitting: Sitting
    policy: Policy
    bundles: Annotated[tuple[Hash, ...], Meta(max_length=_MAX_ATTEMPTS)]
    pictures: canon.Count
    preserved: Annotated[tuple[Preserved, ...], Meta(max_length=1)]
    elsewhere: Annotated[tuple[Hash, ...], Meta(max_length=_MAX_ATTEMPTS)]
    time_s: Seconds


Entry: TypeAlias = Hold | Lifting | Deletion
_KINDS: Final[dict[str, type[Entry]]] = {
    HOLD_KIND: Hold,
    LIFTING_KIND: Lifting,
    DELETION_KIND: Deletion,
}


def kind_of(entry: Entry) -> str:
    """The kind of signed object that *entry* is."""
    return next(kind for kind, shape in _KINDS.items() if isinstance(entry, shape))


def entry_digest(data: bytes) -> bytes:
    """What the entry after the signed *data* names it by."""
    return digest(label("retention", "entry"), data)


def sign_entry(entry: Entry, root_keys: Sequence[SigningKey]) -> bytes:
    """Sign an entry of the register as root holders."""
    return sign(kind_of(entry), canon.pack(entry), root_keys)


def parse_entry(data: bytes) -> Entry:
    """An entry, its signatures not verified. Raises :class:`RetentionError`."""
    kind, shape = _announced(data)
    return _entry(_take(data, kind).body, shape)


def read_entry(data: bytes, trust: Trust) -> Entry:
    """An entry that root holders signed: two at least, where it lets pictures go.

    Raises :class:`RetentionError`, or :class:`TrustError`.
    """
    kind, shape = _announced(data)
    _take(data, kind)
    people = 1 if shape is Hold else TWO_PEOPLE
    return _entry(trust.verify(data, kind, ROOT, max_size=MAX_ENTRY, at_least=people), shape)


def _announced(data: bytes) -> tuple[str, type[Entry]]:
    for kind, shape in _KINDS.items():
        if data.startswith(kind.encode() + b"\n"):
            return kind, shape
    raise RetentionError("This is no signed hold, lifting or certificate of deletion.")


def _entry(body: bytes, shape: type[Entry]) -> Entry:
    entry: Entry = _shaped(body, shape)
    if isinstance(entry, Hold) and entry.attempts and not entry.keys:
        raise RetentionError("A hold that was signed names an attempt and not its sitting.")
    return entry


# --- Preservation ------------------------------------------------------------------


class PreservedEpoch(canon.Object):
    """The part P of one epoch, named by its header's hash, sealed to the new evidence key."""

    header: Hash
    part: SealedPart


class PreservedAttempt(canon.Object):
    """What opens the pictures of a held attempt, besides the integrity role's key."""

    blind_id: Id
    bundle_hash: Hash
    pictures: canon.Count
    epochs: Annotated[tuple[PreservedEpoch, ...], Meta(min_length=1, max_length=_MAX_EPOCHS)]


class Preservation(canon.Object):
    """Held attempts of the evidence key *source*, sealed again to the evidence key *public*.

    ``origin`` is the sitting's own evidence key.
    """

    source: Id
    origin: Id
    sitting: Sitting
    public: Sealing
    attempts: Annotated[tuple[PreservedAttempt, ...], Meta(min_length=1, max_length=_MAX_ATTEMPTS)]
    time_s: Number

    @property
    def key(self) -> SealingPublic:
        """The new evidence key."""
        return SealingPublic(self.public)


def seal_part(header: bytes, part: bytes, to: SealingPublic) -> PreservedEpoch:
    """The *part* of the epoch whose header has the hash *header*, for another evidence key."""
    return PreservedEpoch(header, SealedPart(to.key_id, to.seal(part, _info(header, to.key_id))))


def preserved_part(epoch: PreservedEpoch, key: SealingKey) -> bytes:
    """The part of a preserved epoch. Raises :class:`RetentionError` when *key* does not open it."""
    try:
        part = key.open(epoch.part.sealed, _info(epoch.header, key.key_id))
    except SuiteError:
        part = b""
    if len(part) != KEY_SIZE:
        raise RetentionError("What was preserved of an attempt does not open with this key.")
    return part


def _info(header: bytes, key_id: bytes) -> bytes:
    return label("evidence", "part", key_id, header)


def sign_preservation(preservation: Preservation, root_keys: Sequence[SigningKey]) -> bytes:
    """Sign a preservation as root holders."""
    return sign(PRESERVATION_KIND, canon.pack(preservation), root_keys)


def read_preservation(data: bytes, trust: Trust | None) -> Preservation:
    """A preservation; without *trust*, who signed it is not looked at: what it holds proves
    itself when it opens pictures. Raises :class:`RetentionError`, or :class:`TrustError`.
    """
    body = _take(data, PRESERVATION_KIND).body
    if trust is not None:
        trust.verify(data, PRESERVATION_KIND, ROOT, max_size=MAX_ENTRY)
    found = _shaped(body, Preservation)
    try:
        _ = found.key
    except SuiteError:
        raise _none() from None
    return found


def preservation_digest(data: bytes) -> bytes:
    """What a certificate names the signed preservation *data* by."""
    return digest(label("retention", "preservation"), data)


T = TypeVar("T", bound=canon.Object)


def _take(data: bytes, kind: str) -> Signed:
    try:
        return read_signed(data, kind, max_size=MAX_ENTRY)
    except SignedError:
        raise _none() from None


def _shaped(body: bytes, shape: type[T]) -> T:
    try:
        return canon.unpack(body, shape, max_size=MAX_ENTRY)
    except canon.CanonError:
        raise _none() from None


def _none() -> RetentionError:
    return RetentionError(
        "A word about keeping pictures is damaged; take the copy of whoever signed it."
    )
