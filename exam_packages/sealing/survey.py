"""What one candidate said to a feedback survey, sealed so that nobody can tell whose it is.

An answer in the attempt's record, in any compartment, is joined to its attempt by the chain
and by its time. So this is an object of its own, and of a purpose as bare as can be: the
package, a fresh random number, and one sealed text of one size. No blind id, no station, no
time, and no signature, which would name the station. A candidate who leaves the survey out
sends one as well, with nothing in it: who took part cannot be told from outside either.

It is sealed to a key of the body's own (:data:`SURVEY_KEY_ROLE`), whose public half the
packager puts into the package: neither who scores answers nor who sees faces nor who knows
names has the other. A hall keeps them until the sitting is closed, and hands them on in
:class:`Sheaf`, signed by the hall and in the order of their random numbers, which has no
meaning.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Final

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Id, Text
from exam_packages.sealing.signed import SignedError, read_signed, sign, verify
from exam_packages.sealing.suite import (
    SEALED_OVERHEAD,
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
    "MAX_SEALED",
    "MAX_SHEAF",
    "PLAIN_SIZE",
    "SHEAF_KIND",
    "SHEAF_SIZE",
    "SURVEY_KEY_ROLE",
    "SURVEY_KIND",
    "SealedSurvey",
    "Sheaf",
    "SurveyError",
    "open_survey",
    "parse_sheaf",
    "read_sheaf",
    "read_survey",
    "seal_survey",
    "sheaf_id",
    "sign_sheaf",
    "survey_digest",
]

SURVEY_KIND: Final = "exam-kiosk/survey/v1"
SHEAF_KIND: Final = "exam-kiosk/survey-sheaf/v1"
SURVEY_KEY_ROLE: Final = "survey"
"""Who opens surveys: the name of the key's files at the body. It is no role of the root of
trust: what it opens proves nothing, and no package waits for it."""

PLAIN_SIZE: Final = 32 * 1024
"""Bytes of every plaintext, whatever was said."""
_SEALED: Final = PLAIN_SIZE + SEALED_OVERHEAD
MAX_SEALED: Final = _SEALED + 256
"""Bytes of one sealed survey, at most."""
SHEAF_SIZE: Final = 32
"""Surveys in one sheaf, at most."""
MAX_SHEAF: Final = SHEAF_SIZE * (MAX_SEALED + 8) + 4096


class SurveyError(SealingError):
    """A survey is damaged, does not open, or is not by the hall that must have sent it."""


class SealedSurvey(canon.Object):
    """One survey as it travels. ``number`` is random, ``key`` the id of what it is sealed to."""

    kind: str
    package_hash: Hash
    number: Id
    key: Id
    sealed: Annotated[bytes, Meta(min_length=_SEALED, max_length=_SEALED)]


class Sheaf(canon.Object):
    """Surveys of one closed sitting, as its hall (*machine*, its signing key id) hands them on:
    sealed, each once, in the order of their random numbers."""

    machine: Id
    centre: Text
    package_hash: Hash
    slot: Text
    surveys: Annotated[
        tuple[Annotated[bytes, Meta(max_length=MAX_SEALED)], ...],
        Meta(min_length=1, max_length=SHEAF_SIZE),
    ]


def survey_digest(blob: bytes) -> bytes:
    """What names the questions in a package's blob ``survey``."""
    return digest(label("survey", "questions"), blob)


def seal_survey(given: bytes, package_hash: bytes, key: SealingPublic) -> bytes:
    """What was said, under a fresh random number. *given* is at most 32,764 bytes."""
    if len(given) > PLAIN_SIZE - 4:
        raise ValueError("what is said to a survey has one size, and this is longer")
    number = secrets.token_bytes(16)
    padded = len(given).to_bytes(4, "big") + given
    sealed = key.seal(padded.ljust(PLAIN_SIZE, b"\0"), _info(package_hash, number))
    return canon.pack(SealedSurvey(SURVEY_KIND, package_hash, number, key.key_id, sealed))


def read_survey(data: bytes) -> SealedSurvey:
    """A sealed survey, as far as it can be read without the key. Raises :class:`SurveyError`."""
    try:
        survey: SealedSurvey = canon.unpack(data, SealedSurvey, max_size=MAX_SEALED)
    except canon.CanonError:
        raise _damaged() from None
    if survey.kind != SURVEY_KIND:
        raise _damaged()
    return survey


def open_survey(data: bytes, key: SealingKey) -> bytes:
    """What was said. Raises :class:`SurveyError`."""
    survey = read_survey(data)
    try:
        plain = key.open(survey.sealed, _info(survey.package_hash, survey.number))
    except SuiteError:
        raise SurveyError(
            "This survey does not open with this key; it is sealed to the key {key}….",
            key=survey.key.hex()[:8],
        ) from None
    length = int.from_bytes(plain[:4], "big")
    given, rest = plain[4 : 4 + length], plain[4 + length :]
    if length != len(given) or any(rest):
        raise _damaged()
    return given


def sign_sheaf(sheaf: Sheaf, hall: SigningKey) -> bytes:
    """Sign *sheaf* as the hall it names. Raises :class:`SurveyError` for one that breaks a
    rule."""
    if sheaf.machine != hall.key_id:
        raise ValueError("a hall speaks for itself")
    _check(sheaf)
    return sign(SHEAF_KIND, canon.pack(sheaf), [hall])


def read_sheaf(data: bytes, hall: VerifyKey) -> Sheaf:
    """The sheaf that *hall* signed. Raises :class:`SurveyError`."""
    try:
        body = verify(data, SHEAF_KIND, [hall], max_size=MAX_SHEAF)
        sheaf: Sheaf = canon.unpack(body, Sheaf, max_size=MAX_SHEAF)
    except (SignedError, canon.CanonError):
        raise _damaged() from None
    if sheaf.machine != hall.key_id:
        raise SurveyError("A sheaf of surveys is not signed by the hall it names.")
    _check(sheaf)
    return sheaf


def parse_sheaf(data: bytes) -> Sheaf:
    """A sheaf, nothing of it verified: to know who must have signed it. Raises
    :class:`SurveyError`."""
    try:
        body = read_signed(data, SHEAF_KIND, max_size=MAX_SHEAF).body
        sheaf: Sheaf = canon.unpack(body, Sheaf, max_size=MAX_SHEAF)
    except (SignedError, canon.CanonError):
        raise _damaged() from None
    return sheaf


def sheaf_id(data: bytes) -> bytes:
    """What names a signed sheaf: 32 bytes."""
    return digest(label("survey", "sheaf"), data)


def _check(sheaf: Sheaf) -> None:
    surveys: Sequence[SealedSurvey] = [read_survey(data) for data in sheaf.surveys]
    if any(each.package_hash != sheaf.package_hash for each in surveys):
        raise SurveyError("A sheaf of surveys holds one of another package.")
    if any(one.number >= other.number for one, other in pairwise(surveys)):
        raise SurveyError(
            "The surveys of a sheaf are not in the order of their numbers; their order must "
            "say nothing."
        )


def _info(package_hash: bytes, number: bytes) -> bytes:
    return label("survey", "sealed", package_hash, number)


def _damaged() -> SurveyError:
    return SurveyError("This survey, or sheaf of surveys, is damaged.")
