"""What a file is, told by its first bytes and by nothing else: names can be anything."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from exam_packages.attempt.commands import KIND as COMMAND_KIND
from exam_packages.sealing.addendum import ADDENDUM_KIND
from exam_packages.sealing.arrivals import ARRIVALS_KIND
from exam_packages.sealing.bundle import COUNTERSIGNATURE_KIND, MANIFEST_KIND
from exam_packages.sealing.correction import CORRECTION_KIND
from exam_packages.sealing.grant import GRANT_KIND
from exam_packages.sealing.heads import ANCHORS_MAGIC, HEADS_KIND
from exam_packages.sealing.journal_format import ACKNOWLEDGEMENT_KIND, HEADER_KIND, PERMIT_KIND
from exam_packages.sealing.mandate import CHIEF_KIND, MANDATE_KIND
from exam_packages.sealing.package_format import (
    FILE_MAGIC,
    PACKAGE_KIND,
    VOLUME_MAGIC,
    VOLUMES_KIND,
)
from exam_packages.sealing.question_report import REPORT_KIND, SEALED_REPORT_KIND
from exam_packages.sealing.receipt import RECEIPT_KIND
from exam_packages.sealing.release import RELEASE_KIND
from exam_packages.sealing.restore_keys import ERASURE_KIND, RESTORE_KEY_KIND, TRANSFER_KIND
from exam_packages.sealing.retention import (
    DELETION_KIND,
    HOLD_KIND,
    LIFTING_KIND,
    PRESERVATION_KIND,
)
from exam_packages.sealing.review import JUDGEMENT_KIND, REVIEWER_KIND
from exam_packages.sealing.sitting_record import RECORD_KIND, SEALED_RECORD_KIND
from exam_packages.sealing.survey import SHEAF_KIND
from exam_packages.sealing.trust import ENROLMENT_KIND
from exam_packages.sealing.trust_root import ROOT_KIND

START: Final = 4096
"""Bytes from the beginning that :func:`recognise` wants to see (all, of a shorter file)."""


class Kind(Enum):
    """What the verifier knows."""

    PACKAGE = "package"
    GRANT = "grant"
    ADDENDUM = "grant addendum"
    RELEASE = "release"
    CORRECTION = "correction"
    TRUST = "root of trust"
    ENROLMENT = "enrolment"
    ATTEMPT = "attempt directory"
    SEGMENT = "journal"
    BUNDLE = "bundle"
    MANIFEST = "manifest"
    RECEIPT = "receipt"
    PROOF = "log proof"
    GROWTH = "log growth proof"
    CHECKPOINT = "log checkpoint"
    RESTORE_KEY = "restore key"
    TRANSFER = "transfer"
    ERASURE = "statement of erasure"
    HOLD = "hold"
    LIFTING = "lifting of a hold"
    PRESERVATION = "preservation"
    DELETION = "certificate of deletion"
    LOG = "log directory"
    ANCHORS = "anchors"
    SITTING_RECORD = "record of a sitting"
    SEALED_RECORD = "sealed record of a sitting"
    SURVEYS = "sheaf of surveys"
    QUESTION_REPORT = "report of a question"
    SEALED_REPORT = "sealed report of a question"
    ARRIVALS = "word of what arrived"
    REVIEW = "review"
    REVIEWER = "reviewer"
    CHIEF = "chief"
    MANDATE = "act of command"


_MAGIC: Final = {
    FILE_MAGIC: Kind.PACKAGE,
    b"EXKBNDL1": Kind.BUNDLE,
    b"EXKJRNL1": Kind.SEGMENT,
    b"c2sp.org/tlog-proof@v1\n": Kind.PROOF,
    ANCHORS_MAGIC: Kind.ANCHORS,
    **{
        kind.encode() + b"\n": what
        for kind, what in (
            (GRANT_KIND, Kind.GRANT),
            (ADDENDUM_KIND, Kind.ADDENDUM),
            (RELEASE_KIND, Kind.RELEASE),
            (CORRECTION_KIND, Kind.CORRECTION),
            (ROOT_KIND, Kind.TRUST),
            (ENROLMENT_KIND, Kind.ENROLMENT),
            (MANIFEST_KIND, Kind.MANIFEST),
            (RECEIPT_KIND, Kind.RECEIPT),
            (RESTORE_KEY_KIND, Kind.RESTORE_KEY),
            (TRANSFER_KIND, Kind.TRANSFER),
            (ERASURE_KIND, Kind.ERASURE),
            (HOLD_KIND, Kind.HOLD),
            (LIFTING_KIND, Kind.LIFTING),
            (PRESERVATION_KIND, Kind.PRESERVATION),
            (DELETION_KIND, Kind.DELETION),
            (RECORD_KIND, Kind.SITTING_RECORD),
            (SEALED_RECORD_KIND, Kind.SEALED_RECORD),
            (SHEAF_KIND, Kind.SURVEYS),
            (REPORT_KIND, Kind.QUESTION_REPORT),
            (SEALED_REPORT_KIND, Kind.SEALED_REPORT),
            (ARRIVALS_KIND, Kind.ARRIVALS),
            (JUDGEMENT_KIND, Kind.REVIEW),
            (REVIEWER_KIND, Kind.REVIEWER),
            (CHIEF_KIND, Kind.CHIEF),
            (MANDATE_KIND, Kind.MANDATE),
        )
    },
}
_INNER: Final = (
    PACKAGE_KIND,
    VOLUMES_KIND,
    VOLUME_MAGIC.decode("ascii").rstrip(),
    COUNTERSIGNATURE_KIND,
    HEADER_KIND,
    PERMIT_KIND,
    ACKNOWLEDGEMENT_KIND,
    COMMAND_KIND,
    HEADS_KIND,
)
_CHECKPOINT = re.compile(rb"[!-~]{1,200}\n(0|[1-9][0-9]{0,18})\n[A-Za-z0-9+/=]{44}\n")

_GROWTH = re.compile(rb"old (0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/=]{44}\n)*\n")


def recognise(start: bytes) -> Kind | None:
    """What the file is that begins with *start*; None when that cannot be told."""
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return kind
    if _GROWTH.match(start):
        return Kind.GROWTH
    return Kind.CHECKPOINT if _CHECKPOINT.match(start) else None


def further_volume(start: bytes) -> bool:
    """Whether this is a volume of a package behind its first, which alone is a whole."""
    return start.startswith(VOLUME_MAGIC)


def inner_kind(start: bytes) -> str:
    """The kind of a signed object that travels only inside others; empty when it is none."""
    return next((kind for kind in _INNER if start.startswith(kind.encode() + b"\n")), "")
