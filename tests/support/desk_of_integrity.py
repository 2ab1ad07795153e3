"""A body with one sitting whose pictures can be destroyed, and attempts really sat there."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from centre import CLOCK, PACKAGE, Centre, HandedIn, now_s

from exam_packages import evidence
from exam_packages.body import Body
from exam_packages.holds import hold
from exam_packages.pictures import open_pictures
from exam_packages.retention import destroy
from exam_packages.sealing.bundle import BundleFile, write_bundle
from exam_packages.sealing.retention import Deletion, Hold, Policy, Sitting
from exam_packages.sealing.suite import SealingPublic

SLOT = "2026-11-23/A"
PICTURES = 2
"""Of each attempt."""


@dataclass(frozen=True)
class Desk:
    """The integrity desk of a body, after a sitting; its time is over."""

    directory: Path
    centre: Centre
    attempts: tuple[HandedIn, ...]

    @classmethod
    def after(cls, directory: Path, attempts: int = 3) -> Desk:
        """Found a body, make a sitting's evidence key, and have so many attempts sat."""
        centre = Centre.found(directory)
        key = evidence_key(centre.body, PACKAGE)
        centre = replace(centre, evidence=key)
        handed = tuple(
            centre.hand_in(directory / f"attempt-{number}", pictures=PICTURES)
            for number in range(attempts)
        )
        desk = cls(directory, centre, handed)
        desk.write()
        return desk

    def copied(self, directory: Path) -> Desk:
        """The same, elsewhere, to be changed."""
        shutil.copytree(self.directory, directory)
        body = Body(directory / "body")
        return Desk(directory, replace(self.centre, body=body), self.attempts)

    @property
    def body(self) -> Body:
        return self.centre.body

    @property
    def key(self) -> bytes:
        """The id of the sitting's own evidence key."""
        return self.centre.evidence.key_id

    @property
    def answers(self) -> list[Path]:
        return sorted((self.directory / "answers").glob("*.answers"))

    def bundle(self, number: int) -> Path:
        return self.directory / f"{number}.bundle"

    def write(self) -> None:
        """The answers as intake exports them, and the bundles with their pictures."""
        (self.directory / "answers").mkdir()
        for number, each in enumerate(self.attempts):
            path = self.directory / "answers" / f"{each.blind_id.hex()}.answers"
            path.write_bytes(each.part())
            write_bundle(
                self.bundle(number),
                each.manifest,
                each.countersignature,
                each.enrolments,
                each.frames,
                each.evidence,
            )

    def hold(self, *numbers: int, cause: str = "appeal") -> list[Hold]:
        return [
            hold(
                self.body,
                CLOCK,
                cause,
                key=self.key,
                attempt=self.attempts[number].blind_id,
                reason="file 17",
                by="Ana",
            )
            for number in numbers
        ]

    def destroy(self, key: bytes = b"", answers: Sequence[Path] | None = None) -> Deletion:
        paths = self.answers if answers is None else answers
        return destroy(self.body, key or self.key, paths, CLOCK)

    def destroy_blindly(self) -> Deletion:
        """Destroy without saying what."""
        return destroy(self.body, self.key, None, CLOCK)

    def pictures(self, number: int) -> int:
        """How many pictures of an attempt open. Raises an ``ExamError`` when none does."""
        return len(list(open_pictures(self.body, BundleFile.open(self.bundle(number)))))


def evidence_key(body: Body, package: bytes, *, days: int = 0, slot: str = SLOT) -> SealingPublic:
    """The evidence key of a sitting at Lisbon whose window ended an hour ago."""
    policy = Policy(now_s() - 3600, days)
    return evidence.of_sitting(body, Sitting(package, "Lisbon", slot), policy)
