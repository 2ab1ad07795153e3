"""One attempt before a panel: verified first, then opened with the integrity role's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock
from exam_packages.errors import ExamError
from exam_packages.pictures import Pictures, Taken
from exam_packages.sealing.bundle import BundleFile
from exam_packages.sealing.review import ReviewError
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import INTEGRITY
from exam_packages.verify.findings import Finding, Record, Report, Standing, Subject
from exam_packages.verify.record import cut
from exam_packages.verify.timeline import Timeline, timeline
from exam_packages.verify.verify import verify
from scoring.review.happenings import Happening, happenings
from scoring.review.judging import ReviewFile
from scoring.review.keeping import Keeping, keeping


@dataclass(frozen=True)
class Attempt:
    """What a panel has of one attempt. ``number`` is its place among those at the desk.

    ``pictures`` is None, and ``unopened`` says why, where the record does not open at all.
    """

    number: int
    path: Path
    report: Report
    subject: Subject
    record: Record
    line: Timeline | None
    happenings: tuple[Happening, ...]
    pictures: Pictures | None
    unopened: str = ""
    shots: tuple[Taken, ...] = ()
    """The pictures that the record names, in its order."""

    @property
    def incidents(self) -> tuple[Happening, ...]:
        """What the station noticed, and what the candidate reported: to be judged."""
        return tuple(each for each in self.happenings if each.kind == "incident")

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """What is not proven, of this record and of what lies beside it."""
        findings = [each for subject in self.report.subjects for each in subject.findings]
        return tuple(
            each
            for each in (*findings, *self.report.relations)
            if each.standing is Standing.NOT_PROVEN
        )

    def review(self) -> ReviewFile:
        """The file of judgements about it. Raises :class:`ReviewError` where nothing proves
        which attempt this is."""
        if not self.subject.bundle_hash:
            raise ReviewError(
                "No station signed this record as handed in, so no judgement can name it; get the "
                "bundle from the intake again."
            )
        return ReviewFile.beside(self.path, self.subject.bundle_hash, self.record.blind_id)

    def keeping(self, body: Body) -> Keeping:
        """How long its pictures are kept, as it stands now."""
        return keeping(
            body, self.record.evidence_keys, self.record.blind_id, self.subject.bundle_hash
        )

    def near(self, at_ns: int, count: int = 6) -> tuple[tuple[int, Taken], ...]:
        """The pictures taken nearest to a moment, in the order of the record, with places."""
        times = self.record.times
        if times is None:
            return ()
        placed = [
            (abs(times.at_ns.get(shot.entry, 0) - at_ns), place, shot)
            for place, shot in enumerate(self.shots, 1)
        ]
        nearest = sorted(placed, key=lambda each: each[:2])[:count]
        return tuple((place, shot) for _, place, shot in sorted(nearest, key=lambda each: each[1]))


def open_attempt(
    number: int,
    body: Body,
    integrity: SealingKey,
    path: Path,
    beside: Sequence[Path],
    clock: Clock,
) -> Attempt:
    """Verify the bundle at *path* with what lies *beside* it, and open it.

    Damage is told and never refused. Raises an :class:`~exam_packages.errors.ExamError` when
    *path* holds no record at all, :class:`OSError` when it cannot be read.
    """
    report = verify(
        [path, *beside],
        body.trust(),
        now_s=clock.wall_ns() // SECOND,
        integrity_key=integrity,
    )
    subject = next(each for each in report.subjects if each.path == str(path))
    record = subject.record
    if record is None:
        raise ReviewError(
            "There is no record of an attempt in {path}: {why}",
            path=str(path),
            why=subject.findings[-1].words if subject.findings else "it is empty.",
        )
    pictures: Pictures | None = None
    shots: tuple[Taken, ...] = ()
    unopened = ""
    happened = happenings(record, None, ())
    try:
        bundle = BundleFile.open(path)
        reached = record.times.to_entry if record.times is not None else 0
        frames = list(cut(bundle.answers.journal))[:reached]
        pictures = Pictures(body, bundle, frames, integrity)
        shots = pictures.taken
        happened = happenings(record, pictures.records, frames)
    except ExamError as problem:
        pictures, shots, unopened = None, (), str(problem)
    return Attempt(
        number, path, report, subject, record, timeline(record), happened, pictures, unopened, shots
    )


def integrity_key(body: Body) -> SealingKey:
    """The integrity role's private key. Raises an :class:`~exam_packages.errors.ExamError` when
    it is not here, or is not the one that the root of trust names."""
    key = body.opening_key(INTEGRITY)
    if key.public != body.trust().opening(INTEGRITY):
        raise ReviewError(
            "The key in {path} is not the one that the root of trust names for “integrity”; put "
            "the right key file there.",
            path=str(body.opening_path(INTEGRITY)),
        )
    return key
