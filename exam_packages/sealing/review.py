"""What reviewers say about an attempt's incidents: signed judgements, one after the other.

A **reviewer** is appointed by root holders, by the public half of a key of their own. A
**judgement** is a reviewer's signed word about one incident of one handed-in attempt: founded,
unfounded, or that it cannot be said; with a reason. A **review** is a file of judgements about
one bundle, beside it::

    judgement 1 ‖ judgement 2 ‖ …

Each names the one before it by :func:`judgement_digest`, and carries its reviewer's appointment,
so that the file proves itself to whoever has the root of trust. Nothing in it is ever changed:
to correct a judgement, its reviewer appends another one that names it. That the last ones were
cut off cannot be told from the file alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Id, Seconds, Text
from exam_packages.sealing.journal_format import Number, Ordinal
from exam_packages.sealing.retention import TWO_PEOPLE
from exam_packages.sealing.signed import SignedError, read_signed, sign, verify
from exam_packages.sealing.suite import SealingError, SigningKey, VerifyKey, digest, label
from exam_packages.sealing.trust import ROOT, Trust

__all__ = [
    "FIRST",
    "JUDGEMENT_KIND",
    "MAX_COMMENT",
    "MAX_NAMED",
    "MAX_REVIEW",
    "REVIEWER_KIND",
    "RULINGS",
    "Judged",
    "Judgement",
    "Review",
    "ReviewError",
    "Reviewer",
    "follow",
    "judgement_digest",
    "read_review",
    "read_reviewer",
    "sign_judgement",
    "sign_reviewer",
]

REVIEWER_KIND: Final = "exam-kiosk/reviewer/v1"
JUDGEMENT_KIND: Final = "exam-kiosk/judgement/v1"

RULINGS: Final = {"founded": 1, "unfounded": 2, "cannot-be-said": 3}
"""What can be judged, and the number each is written with."""
FIRST: Final = bytes(32)
"""What the first judgement of a review names as the one before it."""
MAX_COMMENT: Final = 2000
"""Characters of a reviewer's own words."""
MAX_NAMED: Final = 50
"""Pictures that one judgement may rest on."""
MAX_REVIEW: Final = 16 * 1024 * 1024
"""Bytes of the longest review: some thousand judgements."""
MAX_REVIEWER: Final = 256 * 1024
"""Bytes of the longest signed appointment: many root holders may have signed."""

_MAX_JUDGEMENT: Final = 512 * 1024
_MAX_JUDGEMENTS: Final = 10_000


class ReviewError(SealingError):
    """A judgement or a reviewer's appointment that is none, or is not signed as it must be."""


class Reviewer(canon.Object):
    """Somebody who may judge, by both public halves of the key on their own medium."""

    name: Text
    ed25519: Annotated[bytes, Meta(min_length=32, max_length=32)]
    mldsa65: Annotated[bytes, Meta(min_length=1952, max_length=1952)]
    time_s: Seconds

    @property
    def verify_key(self) -> VerifyKey:
        """The key that checks their judgements."""
        return VerifyKey(self.ed25519, self.mldsa65)

    @property
    def key_id(self) -> bytes:
        """16 bytes that name their key."""
        return self.verify_key.key_id


class Judgement(canon.Object):
    """One reviewer's word.

    ``bundle_hash`` names the attempt as it was handed in. ``entry`` is the entry of the record
    that holds the incident; 0 is the attempt as a whole. ``ruling`` is one of
    :data:`RULINGS`; ``reason`` a code such as ``pictures.show``. ``pictures`` are the digests
    of those it rests on, as the journal names them. ``corrects`` is the number of the earlier
    judgement that it takes the place of, 0 for none. ``reviewer`` is the signed appointment.
    """

    number: Ordinal
    previous: Hash
    bundle_hash: Hash
    blind_id: Id
    entry: Number
    ruling: Annotated[int, Meta(ge=1, le=3)]
    reason: Annotated[str, Meta(max_length=60, pattern=r"^[a-z]+(\.[a-z-]+)?\Z")]
    comment: Annotated[str, Meta(max_length=MAX_COMMENT)]
    pictures: Annotated[tuple[Hash, ...], Meta(max_length=MAX_NAMED)]
    corrects: Annotated[int, Meta(ge=0, le=_MAX_JUDGEMENTS)]
    reviewer: Annotated[bytes, Meta(max_length=MAX_REVIEWER)]
    time_s: Seconds

    @property
    def word(self) -> str:
        """The ruling, as a word of :data:`RULINGS`."""
        return next(word for word, number in RULINGS.items() if number == self.ruling)


@dataclass(frozen=True)
class Judged:
    """A judgement that was verified, whose it is, and its signed bytes."""

    judgement: Judgement
    reviewer: Reviewer
    data: bytes


@dataclass(frozen=True)
class Review:
    """Every judgement of one review, in order."""

    judgements: tuple[Judged, ...] = ()

    @property
    def next(self) -> tuple[int, bytes]:
        """The number of the next judgement, and what it must name as the one before it."""
        if not self.judgements:
            return 1, FIRST
        return len(self.judgements) + 1, judgement_digest(self.judgements[-1].data)

    def standing(self) -> tuple[Judged, ...]:
        """Those that no later one corrects."""
        corrected = {each.judgement.corrects for each in self.judgements}
        return tuple(each for each in self.judgements if each.judgement.number not in corrected)

    def of(self, entry: int) -> tuple[Judged, ...]:
        """Those about one entry, corrected ones too."""
        return tuple(each for each in self.judgements if each.judgement.entry == entry)


# --- Reviewers ---------------------------------------------------------------------


def sign_reviewer(reviewer: Reviewer, root_keys: Sequence[SigningKey]) -> bytes:
    """Appoint *reviewer* as root holders."""
    return sign(REVIEWER_KIND, canon.pack(reviewer), root_keys)


def read_reviewer(data: bytes, trust: Trust) -> Reviewer:
    """The reviewer whom the root holders appointed: at least two of them, also where one may do
    other things, so that nobody makes a judge alone. Raises :class:`ReviewError`, or the error of
    a signature."""
    body = trust.verify(data, REVIEWER_KIND, ROOT, max_size=MAX_REVIEWER, at_least=TWO_PEOPLE)
    try:
        found: Reviewer = canon.unpack(body, Reviewer, max_size=MAX_REVIEWER)
    except canon.CanonError as problem:
        raise ReviewError(
            "A reviewer's appointment cannot be read: {why}", why=str(problem)
        ) from None
    return found


# --- Judgements --------------------------------------------------------------------


def sign_judgement(judgement: Judgement, key: SigningKey) -> bytes:
    """Sign *judgement* as its reviewer. Raises :class:`ReviewError` unless it can be read."""
    data = sign(JUDGEMENT_KIND, canon.pack(judgement), [key])
    _shaped(data)
    return data


def judgement_digest(data: bytes) -> bytes:
    """What the judgement after the signed *data* names it by."""
    return digest(label("review", "judgement"), data)


def read_review(data: bytes, trust: Trust) -> Review:
    """A whole review; one of no bytes has no judgement. Raises an :class:`ExamError`."""
    return Review(tuple(follow(data, trust)))


def follow(data: bytes, trust: Trust) -> Iterator[Judged]:
    """The judgements of a review, one by one, each verified and in its place.

    Raises :class:`ReviewError`, or the error of a signature, at the first that is not; what
    came before stands.
    """
    seen: list[Judged] = []
    for part in _cut(data):
        judgement = _shaped(part)
        reviewer = read_reviewer(judgement.reviewer, trust)
        try:
            verify(part, JUDGEMENT_KIND, [reviewer.verify_key], max_size=_MAX_JUDGEMENT)
        except SignedError:
            raise ReviewError(
                "Judgement {number} is not signed by “{name}”, whom it names.",
                number=judgement.number,
                name=reviewer.name,
            ) from None
        found = Judged(judgement, reviewer, part)
        _check_place(found, Review(tuple(seen)))
        seen.append(found)
        yield found


def _check_place(found: Judged, before: Review) -> None:
    """Raise unless *found* follows *before*. The rules are in docs/formats-review.md."""
    judgement = found.judgement
    number, previous = before.next
    if (judgement.number, judgement.previous) != (number, previous):
        raise ReviewError(
            "Judgement {found} does not follow the one before it, number {last}: one was taken "
            "out, put in or exchanged.",
            found=judgement.number,
            last=number - 1,
        )
    if before.judgements:
        first = before.judgements[0].judgement
        if (judgement.bundle_hash, judgement.blind_id) != (first.bundle_hash, first.blind_id):
            raise ReviewError(
                "Judgement {number} is about another attempt than those before it.",
                number=number,
            )
    if judgement.corrects:
        named = next(
            (each for each in before.standing() if each.judgement.number == judgement.corrects),
            None,
        )
        if (
            named is None
            or named.judgement.entry != judgement.entry
            or named.reviewer.key_id != found.reviewer.key_id
        ):
            raise ReviewError(
                "Judgement {number} corrects judgement {other}, which is not one of the same "
                "reviewer about the same incident that still stands.",
                number=number,
                other=judgement.corrects,
            )


def _cut(data: bytes) -> Iterator[bytes]:
    """The judgements in *data*, each as it is signed; what is left at a damage is one piece."""
    if len(data) > MAX_REVIEW:
        raise ReviewError("A review is longer than the {limit} bytes allowed.", limit=MAX_REVIEW)
    start = 0
    while start < len(data):
        end = start + len(JUDGEMENT_KIND) + 1
        for _ in ("body", "signatures"):
            end += 4 + int.from_bytes(data[end : end + 4], "big")
        yield data[start:end]
        start = end


def _shaped(data: bytes) -> Judgement:
    try:
        signed = read_signed(data, JUDGEMENT_KIND, max_size=_MAX_JUDGEMENT)
        found: Judgement = canon.unpack(signed.body, Judgement, max_size=_MAX_JUDGEMENT)
    except (SignedError, canon.CanonError):
        raise ReviewError("A judgement is damaged; take another copy of the review.") from None
    if not found.comment.replace("\n", " ").isprintable():
        raise ReviewError("A judgement's comment must be plain text.")
    return found
