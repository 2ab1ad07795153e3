"""Opening the pictures of an attempt, for whoever must look at them: an appeals panel.

It takes the integrity role's key and the sitting's evidence key, or the one that the attempt
was preserved under; both lie at the integrity desk (:mod:`exam_packages.evidence`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exam_packages import evidence, preserving
from exam_packages.attempt.events import SnapshotTaken, decode_event
from exam_packages.body import Body
from exam_packages.holds import register
from exam_packages.sealing.bundle import BundleFile
from exam_packages.sealing.journal import (
    Compartment,
    Frame,
    Header,
    epoch_header,
    open_frames,
    open_snapshot,
)
from exam_packages.sealing.retention import RetentionError
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import INTEGRITY

__all__ = ["Picture", "open_pictures"]


@dataclass(frozen=True)
class Picture:
    """One picture: taken in an *epoch* of the record, as its *number*; at which entry."""

    epoch: int
    number: int
    entry: int
    data: bytes


def open_pictures(body: Body, bundle: BundleFile) -> Iterator[Picture]:
    """Every picture in *bundle*, in the order of the record. The bundle is verified before.

    Raises an :class:`~exam_packages.errors.ExamError`: also, by name, when the pictures were
    destroyed.
    """
    frames = bundle.frames()
    sealed = dict(bundle.evidence())
    integrity = body.opening_key(INTEGRITY)
    headers = [
        epoch_header(frame)
        for frame in frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    ]
    records = {
        header.context.epoch: header.keys(integrity, (Compartment.EVENTS, Compartment.EVIDENCE))
        for header in headers
    }
    parts = _parts(body, headers, integrity)
    by_epoch = {header.context.epoch: header for header in headers}
    for opened in open_frames(frames, records):
        if opened.compartment is not Compartment.EVIDENCE or opened.body is None:
            continue
        taken = decode_event(opened.body)
        if isinstance(taken, SnapshotTaken) and taken.digest in sealed:
            header = by_epoch[opened.epoch]
            key = header.pictures_key(records[opened.epoch], parts[header.digest])
            data = open_snapshot(header, key, taken.number, sealed[taken.digest])
            yield Picture(opened.epoch, taken.number, opened.sequence, data)


def _parts(body: Body, headers: list[Header], integrity: SealingKey) -> Mapping[bytes, bytes]:
    """What the evidence keys here open of each epoch, by its header's hash."""
    wanted = {header.parsed.body.pictures.key_id for header in headers}
    parts: dict[bytes, bytes] = {}
    for key in evidence.keys(body):
        if key.key_id in wanted:
            private = key.open(integrity)
            parts |= {
                header.digest: header.pictures_part(private)
                for header in headers
                if header.parsed.body.pictures.key_id == key.key_id
            }
        elif key.origin in wanted:
            private = key.open(integrity)
            for attempt in preserving.preserved(body, key):
                parts |= attempt.parts(private)
    for header in headers:
        if header.digest not in parts:
            raise _gone(body, header.parsed.body.pictures.key_id)
    return parts


def _gone(body: Body, key_id: bytes) -> RetentionError:
    done = register(body).deletions().get(key_id)
    if done is None:
        return RetentionError(
            "The evidence key {key}, which these pictures are sealed to, is not in {directory}; "
            "open them where it lies.",
            key=key_id.hex(),
            directory=str(body.evidence),
        )
    return RetentionError(
        "These pictures do not open any more: their evidence key {key} was destroyed, which entry "
        "{number} of the register certifies.",
        key=key_id.hex(),
        number=done.number,
    )
