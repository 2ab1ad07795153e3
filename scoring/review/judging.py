"""The file of judgements beside a bundle: appended to, never changed.

The whole file is written anew beside the old one and renamed over it, so that a power cut
leaves the review as it was before or after, never half a judgement.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exam_packages.clock import SECOND, Clock
from exam_packages.files import write_durably
from exam_packages.sealing.review import (
    MAX_REVIEW,
    RULINGS,
    Judged,
    Judgement,
    Review,
    ReviewError,
    read_review,
    sign_judgement,
)
from exam_packages.sealing.trust import Trust
from scoring.review.reasons import check_reason
from scoring.review.reviewers import Seated

SUFFIX: Final = ".review"


@dataclass(frozen=True)
class Said:
    """What a reviewer says, before it is signed. ``corrects`` is 0 for a judgement of its own."""

    entry: int
    ruling: str
    reason: str
    comment: str
    pictures: tuple[bytes, ...] = ()
    corrects: int = 0


@dataclass(frozen=True)
class ReviewFile:
    """The review of the bundle with this hash; it need not be there yet."""

    path: Path
    bundle_hash: bytes
    blind_id: bytes

    @classmethod
    def beside(cls, bundle: Path, bundle_hash: bytes, blind_id: bytes) -> ReviewFile:
        """The review of the bundle at *bundle*."""
        name = bundle.name.removesuffix(".bundle").removesuffix(".answers")
        return cls(bundle.with_name(name + SUFFIX), bundle_hash, blind_id)

    def read(self, trust: Trust) -> Review:
        """Every judgement, verified. Raises an :class:`~exam_packages.errors.ExamError`."""
        return self._believed(self._bytes(), trust)

    def append(self, said: Said, by: Seated, trust: Trust, clock: Clock) -> Judged:
        """Sign what *by* says, and append it; it is on disk after.

        Raises an :class:`~exam_packages.errors.ExamError` when it cannot be said, or what is
        there already is not whole; then the file is as it was.
        """
        if said.ruling not in RULINGS:
            raise ReviewError("Choose founded, unfounded, or that it cannot be said.")
        check_reason(said.reason, said.comment)
        with self._alone():
            before = self._bytes()
            number, previous = self._believed(before, trust).next
            judgement = Judgement(
                number=number,
                previous=previous,
                bundle_hash=self.bundle_hash,
                blind_id=self.blind_id,
                entry=said.entry,
                ruling=RULINGS[said.ruling],
                reason=said.reason,
                comment=said.comment.strip(),
                pictures=said.pictures,
                corrects=said.corrects,
                reviewer=by.appointment,
                time_s=clock.wall_ns() // SECOND,
            )
            after = before + sign_judgement(judgement, by.key)
            whole = read_review(after, trust)  # nothing is written that would not be believed
            write_durably(self.path, after, mode=0o600)
        return whole.judgements[-1]

    def _believed(self, data: bytes, trust: Trust) -> Review:
        review = read_review(data, trust)
        if review.judgements and review.judgements[0].judgement.bundle_hash != self.bundle_hash:
            raise ReviewError(
                "The review in {path} is about another bundle than the one beside it; move it "
                "away, and keep it.",
                path=str(self.path),
            )
        return review

    def _bytes(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                return file.read(MAX_REVIEW + 1)
        except FileNotFoundError:
            return b""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one who appends to a review in this directory."""
        lock = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
