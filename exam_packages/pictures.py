"""Opening the pictures of an attempt, for whoever must look at them: an appeals panel.

It takes the integrity role's key and the sitting's evidence key, or the one that the attempt
was preserved under; both lie at the integrity desk (:mod:`exam_packages.evidence`). The evidence
key is read from its file each time, so that pictures stop to open the moment it is destroyed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from exam_packages import evidence, preserving
from exam_packages.attempt.events import SnapshotTaken, decode_event
from exam_packages.body import Body
from exam_packages.canon import CanonError
from exam_packages.holds import register
from exam_packages.sealing.bundle import BundleError, BundleFile
from exam_packages.sealing.journal import (
    Compartment,
    EpochKeys,
    Frame,
    Header,
    epoch_header,
    open_frames,
    open_snapshot,
)
from exam_packages.sealing.retention import RetentionError
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import INTEGRITY

__all__ = ["Picture", "Pictures", "Taken", "open_pictures"]


@dataclass(frozen=True)
class Taken:
    """What the record says of one picture: taken in an *epoch* of it, as its *number*, at which
    entry; *digest* and *size* are of the sealed bytes, *source* as in the events."""

    epoch: int
    number: int
    entry: int
    digest: bytes
    size: int
    source: int


@dataclass(frozen=True)
class Picture:
    """One picture: taken in an *epoch* of the record, as its *number*; at which entry."""

    epoch: int
    number: int
    entry: int
    data: bytes


class Pictures:
    """The pictures of one attempt: *frames* are its record, as far as it is proven.

    Raises an :class:`~exam_packages.errors.ExamError` when *integrity* does not open the record.
    """

    def __init__(
        self, body: Body, bundle: BundleFile, frames: Sequence[bytes], integrity: SealingKey
    ) -> None:
        self._body, self._bundle, self._integrity = body, bundle, integrity
        headers = [
            epoch_header(frame)
            for frame in frames
            if Frame.parse(frame).compartment is Compartment.HEADER
        ]
        self._headers = {header.context.epoch: header for header in headers}
        self._records = {
            epoch: header.keys(integrity, (Compartment.EVENTS, Compartment.EVIDENCE))
            for epoch, header in self._headers.items()
        }
        self._frames = tuple(frames)

    @property
    def records(self) -> Mapping[int, EpochKeys]:
        """What opens the events and evidence records of each epoch."""
        return self._records

    @cached_property
    def taken(self) -> tuple[Taken, ...]:
        """Every picture that the record names, in its order."""
        found = []
        for opened in open_frames(self._frames, self._records):
            if opened.compartment is Compartment.EVIDENCE and opened.body is not None:
                try:
                    event = decode_event(opened.body)
                except CanonError:
                    continue  # of a later version: the verifier says so
                if isinstance(event, SnapshotTaken):
                    found.append(
                        Taken(
                            opened.epoch,
                            event.number,
                            opened.sequence,
                            event.digest,
                            event.size,
                            event.source,
                        )
                    )
        return tuple(found)

    def open(self, taken: Taken) -> bytes:
        """One picture. Raises an :class:`~exam_packages.errors.ExamError`: also, by name, when
        it was destroyed, or is not in this bundle."""
        header = self._headers[taken.epoch]
        part = self._part(header)
        sealed = self._bundle.picture(taken.digest)
        if sealed is None:
            raise BundleError(
                "Picture {number} is not in {path}; give the bundle with its pictures.",
                number=taken.number,
                path=self._bundle.path.name,
            )
        key = header.pictures_key(self._records[taken.epoch], part)
        return open_snapshot(header, key, taken.number, sealed)

    def check(self) -> None:
        """Raise unless every epoch's pictures open with what lies at this desk today."""
        for header in self._headers.values():
            self._part(header)

    def _part(self, header: Header) -> bytes:
        wanted = _key_of(header)
        for key in evidence.keys(self._body):
            if key.key_id == wanted:
                return header.pictures_part(key.open(self._integrity))
            if key.origin == wanted:
                private = key.open(self._integrity)
                for attempt in preserving.preserved(self._body, key):
                    if header.digest in (parts := attempt.parts(private)):
                        return parts[header.digest]
        raise _gone(self._body, wanted)


def open_pictures(body: Body, bundle: BundleFile) -> Iterator[Picture]:
    """Every picture in *bundle*, in the order of the record. The bundle is verified before.

    Raises an :class:`~exam_packages.errors.ExamError`: also, by name, when the pictures were
    destroyed.
    """
    pictures = Pictures(body, bundle, bundle.frames(), body.opening_key(INTEGRITY))
    pictures.check()
    here = {each.digest for each in bundle.manifest.evidence} if bundle.has_evidence else set()
    for each in pictures.taken:
        if each.digest in here:
            yield Picture(each.epoch, each.number, each.entry, pictures.open(each))


def _key_of(header: Header) -> bytes:
    return header.parsed.body.pictures.key_id


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
