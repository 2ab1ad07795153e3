"""Enrolment: a machine asks, the body answers, the machine checks the answer.

Keys are made on the machine and never leave it. The request carries their public
halves, signed with the machine's own key; the answer carries the body's root of trust,
its TLS authority's certificate and the enrolment record, signed by the *enrolment* role.
The administrator compares the digest of the root with the body by another road.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.signed import read_signed, sign, verify
from exam_packages.sealing.suite import SealingPublic, SigningKey, SuiteError, VerifyKey
from exam_packages.sealing.trust import ENROLMENT, HALL, STATION, Trust

__all__ = [
    "Answer",
    "EnrolError",
    "Request",
    "read_answer",
    "read_request",
    "sign_answer",
    "sign_request",
]

REQUEST_KIND: Final = "exam-kiosk/enrolment-request/v2"
ANSWER_KIND: Final = "exam-kiosk/enrolment-answer/v1"
ROOT_SIZE: Final = 4 * 1024 * 1024
MAX_REQUEST: Final = 32 * 1024
MAX_ANSWER: Final = ROOT_SIZE + 128 * 1024


class EnrolError(ExamError):
    """A request or an answer of an enrolment is not right, or does not belong here."""


class Request(canon.Object):
    """What a machine asks to be enrolled as. ``certificate_request`` is DER (PKCS #10);
    ``protection`` is how it keeps its keys, IN_FILES or BY_TPM."""

    machine: canon.Text
    kind: Annotated[int, msgspec.Meta(ge=STATION, le=HALL)]
    centre: canon.Text
    ed25519: bytes
    sealing: bytes
    certificate_request: bytes
    protection: Literal[0, 2]

    @property
    def verify_key(self) -> VerifyKey:
        return VerifyKey(self.ed25519)

    @property
    def word(self) -> str:
        """The machine's kind as commands and file names say it."""
        return "hall" if self.kind == HALL else "station"

    @property
    def file_name(self) -> str:
        """A file name for what belongs to this machine: safe, and its own."""
        safe = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{self.centre}-{self.machine}")[:80].lstrip(".")
        return f"{safe}-{self.verify_key.key_id.hex()[:8]}"


class Answer(canon.Object):
    """The body's answer: its signed root, its TLS authority (DER), the signed record."""

    root: bytes
    authority: bytes
    enrolment: bytes


def sign_request(request: Request, key: SigningKey) -> bytes:
    """The request as it travels, signed to prove that the machine holds its key."""
    return sign(REQUEST_KIND, canon.pack(request), [key])


def read_request(data: bytes) -> Request:
    """Read a request and check that its maker holds the signing key in it.

    Raises :class:`EnrolError` or :class:`~exam_packages.sealing.signed.SignedError`.
    """
    signed = read_signed(data, REQUEST_KIND, max_size=MAX_REQUEST)
    try:
        request: Request = canon.unpack(signed.body, Request, max_size=MAX_REQUEST)
        SealingPublic(request.sealing)
        key = request.verify_key
    except (canon.CanonError, SuiteError) as problem:
        raise EnrolError("The enrolment request is not valid: {why}", why=str(problem)) from None
    verify(data, REQUEST_KIND, [key], max_size=MAX_REQUEST)
    return request


def sign_answer(answer: Answer, key: SigningKey) -> bytes:
    """The answer as it travels, signed by the *enrolment* role."""
    return sign(ANSWER_KIND, canon.pack(answer), [key])


def read_answer(data: bytes, *, pinned: bytes) -> tuple[Answer, Trust]:
    """Read an answer whose root of trust has the digest *pinned*, and verify it by that root.

    Raises an :class:`~exam_packages.errors.ExamError`.
    """
    signed = read_signed(data, ANSWER_KIND, max_size=MAX_ANSWER)
    try:
        answer: Answer = canon.unpack(signed.body, Answer, max_size=MAX_ANSWER)
    except canon.CanonError as problem:
        raise EnrolError("The enrolment answer is not valid: {why}", why=str(problem)) from None
    trust = Trust.first(answer.root, pinned=pinned)
    trust.verify(data, ANSWER_KIND, ENROLMENT, max_size=MAX_ANSWER)
    return answer, trust
