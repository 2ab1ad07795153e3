"""A body whose integrity desk reviews an exam: with real pictures, incidents and reviewers.

Everything is the project's own: the exam is that of :mod:`appeal`, sat under the body's own
evidence key, with pictures that really are pictures.
"""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appeal import SECRET_ANSWER, SECRET_NAME, Station, _exam
from centre import CLOCK, PACKAGE, Centre, openings
from desk_of_integrity import evidence_key
from PIL import Image, ImageDraw

from exam_packages import evidence, retention
from exam_packages.attempt import events as ev
from exam_packages.body import Body
from exam_packages.passphrases import Passphrases
from exam_packages.sealing.bundle import answers_part, manifest_hash, write_bundle
from exam_packages.sealing.journal import JournalWriter, SealedBlob, read_frames, sign_permit
from exam_packages.sealing.retention import Deletion
from scoring.review.attempt import Attempt, integrity_key, open_attempt
from scoring.review.reviewers import Seated, appoint, seat

__all__ = ["SECRET_ANSWER", "SECRET_NAME", "Reviewed", "drawn", "review_desk"]


def drawn(number: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """A picture that can be told from the others: a JPEG with a face of a kind, and a camera's
    own words in its file."""
    image = Image.new("RGB", size, (40 + 30 * number % 160, 90, 120))
    pencil = ImageDraw.Draw(image)
    width, height = size
    pencil.ellipse((width * 0.4, height * 0.2, width * 0.6, height * 0.6), fill=(240, 200, 170))
    pencil.rectangle((width * 0.3, height * 0.62, width * 0.7, height), fill=(60, 40, 90))
    pencil.text((10, 10), f"picture {number}", fill=(255, 255, 255))
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "SERIAL-OF-THE-CAMERA"
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


@dataclass
class Filmed(Station):
    """The appeal's station, with real pictures, under the body's own evidence key."""

    def picture(self, number: int) -> None:
        blob: SealedBlob = self.writer.seal_snapshot(number, drawn(number))
        self.blobs.append(blob)
        self.add(ev.SnapshotTaken(number, blob.digest, len(blob.data), ev.DEVICE))

    def _begin(self, context: Any) -> None:
        permit = sign_permit(context, 1, self.hall_ns() // 1_000_000_000, self.hall)
        self.writer = JournalWriter.begin(
            self.directory,
            context,
            permit,
            station=self.signing,
            openings=openings(self.centre.trust),
            evidence=self.centre.evidence,
            hall=[self.centre.hall.sealing_key().public],
            neighbour=None,
            stamp=self.stamp(),
        )


@dataclass(frozen=True)
class Reviewed:
    """The desk: the body's directory, one bundle, and two reviewers' keys."""

    directory: Path
    centre: Centre
    bundle: Path
    bundle_hash: bytes

    @property
    def body(self) -> Body:
        return self.centre.body

    @property
    def keys(self) -> tuple[Path, ...]:
        return tuple(self.directory / f"{name}.key" for name in ("rosa", "sven"))

    def seated(self) -> tuple[Seated, ...]:
        return seat(self.body, self.keys, Passphrases())

    def open(self, *beside: Path, bundle: Path | None = None) -> Attempt:
        path = bundle or self.bundle
        return open_attempt(1, self.body, integrity_key(self.body), path, beside, CLOCK)

    def destroy(self) -> Deletion:
        """Destroy the evidence key, as root holders do when its time is over."""
        answers = self.directory / "answers"
        (key,) = evidence.keys(self.body)
        return retention.destroy(self.body, key.key_id, sorted(answers.iterdir()), CLOCK)


def review_desk(directory: Path, *, days: int = 0) -> Reviewed:
    """Found the body, have the exam sat and handed in, appoint two reviewers."""
    centre = Centre.found(directory)
    centre = replace(centre, evidence=evidence_key(centre.body, PACKAGE, days=days))
    station = Filmed(centre, directory / "attempt", PACKAGE)
    with closing(station.writer):
        _exam(station)
        station.writer.close()
    manifest = station.manifest()
    frames = read_frames(station.directory).frames
    enrolments = (centre.station.enrolment_bytes, centre.hall.enrolment_bytes)
    parts = (manifest, station.countersignature(manifest), enrolments, frames)
    bundle = directory / "exam.bundle"
    write_bundle(bundle, *parts, [(blob.digest, blob.data) for blob in station.blobs])
    (directory / "answers").mkdir()
    (directory / "answers" / "exam.answers").write_bytes(answers_part(*parts))
    desk = Reviewed(directory, centre, bundle, manifest_hash(manifest))
    for key in desk.keys:
        appoint(centre.body, key.stem.capitalize(), key, None, CLOCK)
    return desk
