"""A hall's end of the road to intake: answers first, then evidence when there is room.

Everything here may be repeated after any failure; what has arrived is not sent again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

import httpx

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import manifest_hash
from sync.intake.messages import (
    MAX_CHUNKS,
    Corrections,
    Logged,
    Missing,
    Offer,
    RecordOfSitting,
    ReportOfQuestion,
    RootOfHeads,
    SheafOfSurveys,
    Statement,
    bundle_path,
    chunk_digest,
    cut,
)
from sync.messages import CONTENT_TYPE, Refusal

MAX_REPLY = 4 * 1024 * 1024
_UNAVAILABLE_S = 10
_UNKNOWN = b"?"


class IntakeUnavailable(ExamError):
    """Intake cannot be reached or cannot take this now; try again in ``retry_after_s``."""

    status = 0
    """The HTTP status of its answer; 0 when it gave none."""

    def __init__(self, retry_after_s: int, template: str, /, **fields: str | int) -> None:
        super().__init__(template, **fields)
        self.retry_after_s = retry_after_s


class IntakeRefused(ExamError):
    """Intake will not take this, and never will; people must look at it."""


class IntakeClient:
    """Hands bundles to intake over *http*, which knows its address and shows our certificate."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def hand_over(
        self,
        *,
        manifest: bytes,
        countersignature: bytes,
        enrolments: Sequence[bytes],
        frames: Iterable[bytes],
    ) -> bytes:
        """Hand over one bundle's answers; return the receipt, which the caller verifies.

        *enrolments* are those of every machine whose signatures are in the journal. Raises
        :class:`IntakeRefused` or :class:`IntakeUnavailable`.
        """
        bundle_hash = manifest_hash(manifest)
        chunks = {chunk_digest(chunk): chunk for chunk in cut(frames)}
        if not 0 < len(chunks) <= MAX_CHUNKS:
            raise IntakeRefused("This journal is empty, or larger than any exam can make.")
        offer = Offer(manifest, countersignature, tuple(enrolments), tuple(chunks))
        missing = self._missing("PUT", bundle_path(bundle_hash, "manifest"), canon.pack(offer))
        for digest in missing:
            if digest not in chunks:
                raise _strange()
            path = bundle_path(bundle_hash, "chunks", digest.hex())
            self._send("PUT", path, chunks[digest])
        return self._send("POST", bundle_path(bundle_hash, "commit"), b"")

    def missing_evidence(self, bundle_hash: bytes) -> tuple[bytes, ...]:
        """The digests of evidence that intake does not hold yet."""
        return self._missing("GET", bundle_path(bundle_hash, "evidence"), b"")

    def put_evidence(self, bundle_hash: bytes, digest: bytes, data: bytes) -> None:
        """Hand over one piece of evidence."""
        self._send("PUT", bundle_path(bundle_hash, "evidence", digest.hex()), data)

    def put_erasure(self, erasure: bytes, enrolment: bytes) -> None:
        """Hand over a machine's statement of erasure, with the body's record of it."""
        self._send("POST", "/v1/erasures", canon.pack(Statement(erasure, enrolment)))

    def put_record(self, record: bytes, enrolment: bytes) -> None:
        """Hand over the sealed record of a closed sitting, with the body's record of the hall."""
        self._send("POST", "/v1/records", canon.pack(RecordOfSitting(record, enrolment)))

    def put_surveys(self, sheaf: bytes, enrolment: bytes) -> None:
        """Hand over a sheaf of sealed surveys, with the body's record of the hall."""
        self._send("POST", "/v1/surveys", canon.pack(SheafOfSurveys(sheaf, enrolment)))

    def put_report(self, report: bytes, enrolment: bytes) -> None:
        """Hand over a sealed report of a question, with the body's record of the hall."""
        data = canon.pack(ReportOfQuestion(report, enrolment))
        if self._send("POST", "/v1/reports", data, absent=_UNKNOWN) == _UNKNOWN:
            raise IntakeRefused("The body's intake knows no reports of questions; update it.")

    def corrections(self, package_hash: bytes) -> tuple[bytes, ...]:
        """The body's corrections of a package, signed. Nothing of them is verified."""
        path = f"/v1/corrections/{package_hash.hex()}"
        answer = self._send("GET", path, b"", absent=canon.pack(Corrections(())))
        try:
            found: Corrections = canon.unpack(answer, Corrections)
        except canon.CanonError:
            raise _strange() from None
        return found.corrections

    def put_heads(self, statement: bytes, enrolment: bytes) -> Logged:
        """Have this hall's root of heads logged."""
        answer = self._send("POST", "/v1/heads", canon.pack(RootOfHeads(statement, enrolment)))
        try:
            return canon.unpack(answer, Logged)
        except canon.CanonError:
            raise _strange() from None

    def put_anchors(self, bundle_hash: bytes, anchors: bytes) -> None:
        """Hand over what shows the record of a bundle in the log."""
        self._send("PUT", bundle_path(bundle_hash, "anchors"), anchors)

    def log(self, name: str, number: int | None = None) -> str:
        """What the log says: its ``checkpoint``, or the ``proof`` or ``growth`` of a number.

        Nothing of it is verified.
        """
        path = f"/log/{name}" if number is None else f"/log/{name}/{number}"
        return self._send("GET", path, b"").decode("utf-8", "replace")

    def root(self, version: int) -> bytes:
        """The body's root of trust of one version, or nothing when intake has none. Not verified.

        Raises :class:`IntakeRefused` or :class:`IntakeUnavailable`.
        """
        return self._send("GET", f"/v1/roots/{version}", b"", absent=b"")

    def _missing(self, method: str, path: str, data: bytes) -> tuple[bytes, ...]:
        try:
            return canon.unpack(self._send(method, path, data), Missing).digests
        except canon.CanonError:
            raise _strange() from None

    def _send(self, method: str, path: str, data: bytes, *, absent: bytes | None = None) -> bytes:
        """The reply; *absent*, where that is given, when intake knows no such thing."""
        headers = {"Content-Type": CONTENT_TYPE}
        try:
            with self._http.stream(method, path, content=data, headers=headers) as response:
                body = _bounded(response)
        except httpx.HTTPError as problem:
            raise IntakeUnavailable(
                _UNAVAILABLE_S,
                "The body's intake cannot be reached ({why}); the bundle waits here and is sent "
                "as soon as it can be.",
                why=type(problem).__name__,
            ) from None
        if response.is_success:
            return body
        if absent is not None and response.status_code == httpx.codes.NOT_FOUND:
            return absent
        template = "The body's intake answered {status}."
        fields: dict[str, str | int] = {"status": response.status_code}
        with contextlib.suppress(canon.CanonError, ValueError):  # not one of ours
            refusal: Refusal = canon.unpack(body, Refusal)
            if refusal.tellable:
                template, fields = refusal.template, dict(refusal.fields)
        if response.status_code == 422:
            raise IntakeRefused(template, **fields)
        after = response.headers.get("Retry-After", "")
        wait = int(after) if after.isdecimal() and len(after) < 5 else _UNAVAILABLE_S
        unavailable = IntakeUnavailable(wait, template, **fields)
        unavailable.status = response.status_code
        raise unavailable


def _bounded(response: httpx.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > MAX_REPLY:
            raise _strange()
        parts.append(part)
    return b"".join(parts)


def _strange() -> IntakeUnavailable:
    return IntakeUnavailable(
        _UNAVAILABLE_S, "The body's intake gave an answer that makes no sense here."
    )
