"""What halls and intake say to each other: the bodies of HTTPS requests and replies.

A bundle travels in two classes. *Answers* go first: an :class:`Offer` (everything but the
journal's frames), then the frames as content-addressed chunks, then a commit, whose reply
is the signed receipt. *Evidence* follows when there is room for it, piece by piece, each
under the digest that the manifest names. Every request can be repeated without harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated

from msgspec import Meta

from exam_packages.canon import Count, Object, Seconds
from exam_packages.sealing.bundle import MAX_FRAMES_SIZE
from exam_packages.sealing.correction import MAX_CORRECTION
from exam_packages.sealing.journal import MAX_PICTURE
from exam_packages.sealing.question_report import MAX_SEALED_REPORT
from exam_packages.sealing.sitting_record import MAX_SEALED
from exam_packages.sealing.survey import MAX_SHEAF

MAX_CHUNK = 4 * 1024 * 1024
"""Bytes of one chunk of answers."""
MAX_CHUNKS = MAX_FRAMES_SIZE // MAX_CHUNK
MAX_PIECE = MAX_PICTURE + 64 * 1024
"""Bytes of one piece of evidence, with what sealing adds."""
MAX_OFFER = 5 * 1024 * 1024
"""Bytes of an offer: its manifest names up to 50,000 pieces of evidence."""

MAX_ANCHORS = 16 * 1024 * 1024
"""Bytes of one attempt's anchors: some 2 KB for each minute of it."""

MAX_STATEMENT = 64 * 1024
"""Bytes of one statement (of erasure, of heads), or of one enrolment record."""

MAX_REPORT_OF_QUESTION = MAX_SEALED_REPORT + MAX_STATEMENT + 64

Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]


class Offer(Object):
    """A bundle without its frames.

    ``manifest`` and ``countersignature`` are signed by station and hall; ``enrolments`` are
    the body's records of every machine whose signatures are in the journal. ``chunks`` are
    the SHA-256 digests of the pieces that, joined in this order, are the journal's frames
    one after the other.
    """

    manifest: bytes
    countersignature: bytes
    enrolments: Annotated[tuple[bytes, ...], Meta(max_length=16)]
    chunks: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=MAX_CHUNKS)]


class Missing(Object):
    """The digests of what intake does not hold yet."""

    digests: tuple[Digest, ...]


class Statement(Object):
    """A machine's signed statement of what it deleted when a sitting was closed, and the
    body's record of that machine."""

    erasure: Annotated[bytes, Meta(max_length=MAX_STATEMENT)]
    enrolment: Annotated[bytes, Meta(max_length=MAX_STATEMENT)]


class RecordOfSitting(Object):
    """A hall's record of a closed sitting, sealed to the registrar
    (:mod:`exam_packages.sealing.sitting_record`), and the body's record of that hall."""

    record: Annotated[bytes, Meta(max_length=MAX_SEALED)]
    enrolment: Annotated[bytes, Meta(max_length=MAX_STATEMENT)]


class SheafOfSurveys(Object):
    """Surveys of a closed sitting, sealed (:mod:`exam_packages.sealing.survey`), and the body's
    record of the hall that signed the sheaf."""

    sheaf: Annotated[bytes, Meta(max_length=MAX_SHEAF)]
    enrolment: Annotated[bytes, Meta(max_length=MAX_STATEMENT)]


class ReportOfQuestion(Object):
    """A hall's report of a faulty question, sealed to the integrity role
    (:mod:`exam_packages.sealing.question_report`), and the body's record of that hall."""

    report: Annotated[bytes, Meta(max_length=MAX_SEALED_REPORT)]
    enrolment: Annotated[bytes, Meta(max_length=MAX_STATEMENT)]


class Corrections(Object):
    """The body's signed corrections of one package (:mod:`exam_packages.sealing.correction`), in
    the order they were made."""

    corrections: Annotated[
        tuple[Annotated[bytes, Meta(max_length=MAX_CORRECTION)], ...], Meta(max_length=64)
    ]


class RootOfHeads(Object):
    """A hall's signed root of the heads it holds (:mod:`exam_packages.sealing.heads`), and
    the body's record of that hall."""

    statement: Annotated[bytes, Meta(max_length=MAX_STATEMENT)]
    enrolment: Annotated[bytes, Meta(max_length=MAX_STATEMENT)]


class Logged(Object):
    """Where a statement is in the log, and when it was taken by the intake's clock: with the
    statement that makes the entry, whose proof can be asked for once a checkpoint covers it."""

    leaf: Count
    received_s: Seconds


def cut(frames: Iterable[bytes]) -> tuple[bytes, ...]:
    """Join *frames* and cut them into chunks, which always fall the same way."""
    return tuple(_pieces(b"".join(frames)))


def chunk_digest(chunk: bytes) -> bytes:
    """The name of a chunk of answers: its SHA-256."""
    return hashlib.sha256(chunk).digest()


def bundle_path(bundle_hash: bytes, *rest: str) -> str:
    """The path of a bundle's resources, such as ``/v1/bundles/<hash>/manifest``."""
    return "/".join(("/v1/bundles", bundle_hash.hex(), *rest))


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), MAX_CHUNK):
        yield data[start : start + MAX_CHUNK]
