"""The feedback survey at this station: offered when an exam is handed in, sealed, sent on.

When a finished candidate leaves, one sealed survey is put on this disk, also when nothing was
said: whether somebody took part shows nowhere. What lies here names the sitting and no
attempt, under a random name and without a time; the link hands it to the hall in command, in
no order, and deletes it. Whatever goes wrong here costs a survey and nothing of the exam.
"""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exam_packages import canon
from exam_packages.content.reading import read_survey
from exam_packages.content.survey import SURVEY_BLOB, SURVEY_KEY_BLOB, Given, Survey, unfit
from exam_packages.content.values import Response
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.suite import SealingPublic
from exam_packages.sealing.survey import MAX_SEALED, seal_survey, survey_digest
from sync.messages import GivenSurvey

if TYPE_CHECKING:
    from exam_packages.sealing.package import Part
    from kiosk.agent.station import Station

__all__ = ["Asked", "Spool", "Surveys", "asked"]

LOG = logging.getLogger(__name__)

MAX_WAITING: Final = 256
"""Surveys that wait here for the hall at most; a further one is given up."""
_MAX_FILE: Final = MAX_SEALED + 1024


@dataclass(frozen=True)
class Asked:
    """The survey of an open paper, and what is said to it is sealed to."""

    survey: Survey
    digest: bytes
    key: SealingPublic

    def seal(self, package_hash: bytes, responses: tuple[Response, ...]) -> bytes:
        """What was said, as it travels."""
        given = canon.pack(Given(self.digest, responses))
        return seal_survey(given, package_hash, self.key)


def asked(part: Part) -> Asked | None:
    """The survey in the paper *part*; ``None`` when it has none. Raises an ``ExamError``."""
    if SURVEY_BLOB not in part.names():
        return None
    blob = part.read(SURVEY_BLOB)
    return Asked(read_survey(blob), survey_digest(blob), SealingPublic(part.read(SURVEY_KEY_BLOB)))


class Surveys:
    """Seals what a finished candidate leaves behind."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def keep(self, station: Station, responses: tuple[Response, ...]) -> None:
        """Put what was said on this disk, sealed. Nothing that goes wrong keeps anybody here."""
        asked, package = station.asked, station.package
        if asked is None or package is None:
            return
        if why := unfit(asked.survey, responses):
            LOG.error("A survey is taken as left out: %s", why)
            responses = ()
        try:
            sealed = asked.seal(package.package_hash, responses)
            self._spool.put(GivenSurvey(package.package_hash, package.slot, sealed))
        except (ExamError, OSError) as problem:
            LOG.error("A survey is lost: %s", problem)


class Spool:
    """Sealed surveys on this disk, until a hall has them. Safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, given: GivenSurvey) -> None:
        """Keep one; where too many wait, none. Raises :class:`OSError` when the disk does not
        take it."""
        make_directory(self._directory, 0o700)
        if len(self._names()) >= MAX_WAITING:
            LOG.error("A survey is given up: %d wait here for the hall.", MAX_WAITING)
            return
        path = self._directory / secrets.token_hex(16)
        write_durably(path, canon.pack(given), 0o600)
        os.utime(path, (0, 0))

    def one(self) -> tuple[Path, GivenSurvey] | None:
        """Any of those that wait. A file that is none of ours is deleted."""
        names = self._names()
        if not names:
            return None
        path = self._directory / secrets.choice(names)  # any: their order would say something
        try:
            with path.open("rb") as file:
                given: GivenSurvey = canon.unpack(file.read(_MAX_FILE), GivenSurvey)
        except (OSError, ExamError):
            self.drop(path)
            return None
        return path, given

    def drop(self, path: Path) -> None:
        """The hall has it, or will never take it."""
        path.unlink(missing_ok=True)

    def _names(self) -> list[str]:
        try:
            return [each.name for each in os.scandir(self._directory) if each.name[0] != "."]
        except OSError:
            return []
