"""Feedback surveys at the hall: kept sealed, counted without saying which, handed on together.

A station sends one for each attempt that was handed in at it, also for a candidate who left
the survey out. So that no other gets in, the hall counts them for each station, against what
was handed in there; beside that count it keeps of a survey its random number, its bytes and
the sitting, and no more: not which station sent it, nor when. The table is in the order of
the random numbers. Counts are deleted when the sitting's surveys go to the body, and each
survey when the body has it.

They go when the sitting is closed and one is here for each attempt, or :data:`GRACE_S` after
it was closed; what comes later is not taken, for it would stand alone.

A standby follows none of this: its note of changes would keep their order. The surveys of a
hall that is lost are lost.
"""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Final

import apsw

from exam_packages.clock import SECOND
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.survey import (
    SHEAF_SIZE,
    Sheaf,
    SurveyError,
    read_survey,
    sign_sheaf,
)
from sync.holder.store import Store, rows
from sync.messages import GivenSurvey
from sync.web.wire import HttpError

if TYPE_CHECKING:
    from sync.hall.service import HallService, Link

__all__ = ["SCHEMA", "Surveys", "due", "end", "next_sheaf", "sent"]

GRACE_S: Final = 15 * 60
"""Seconds after the end of a sitting in which a survey is still taken."""
_FLOOR: Final = 512 * 1024 * 1024
"""Free bytes below which surveys are refused: they are given up before answers are."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS surveys (
    number BLOB PRIMARY KEY,                  -- random: their order says nothing
    sitting INTEGER NOT NULL,
    survey BLOB NOT NULL                      -- sealed
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS survey_counts (    -- how many each station has sent
    sitting INTEGER NOT NULL,
    station BLOB NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (sitting, station)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS survey_ends (      -- sittings of which none is taken any more
    sitting INTEGER PRIMARY KEY
) STRICT;
"""


class Surveys:
    """What stations ask of this hall about surveys."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall

    async def keep(self, link: Link, given: GivenSurvey) -> None:
        """Keep one, durably. Sending it again changes nothing.

        Raises :class:`HttpError`: 422 for what is no survey, 410 for one that is not taken, now
        or later, 507 while there is no room.
        """
        self._hall.command.check()
        try:
            survey = read_survey(given.survey)
        except SurveyError as problem:
            raise HttpError(422, problem.template, **problem.fields) from None
        if survey.package_hash != given.package_hash:
            raise HttpError(422, "The survey belongs to another package than it is sent for.")
        if shutil.disk_usage(self._hall.home.directory).free < _FLOOR:
            raise HttpError(507, "The hall’s disk is almost full; surveys are not kept for now.")
        work = partial(_keep, survey.number, link.key_id, given)
        await self._hall.store.awrite(work)
        self._hall.for_the_body()


def _keep(number: bytes, station: bytes, given: GivenSurvey, connection: apsw.Connection) -> None:
    if connection.execute("SELECT 1 FROM surveys WHERE number = ?", (number,)).get is not None:
        return
    sitting = connection.execute(
        "SELECT sittings.id FROM sittings WHERE package_hash = ?1 AND slot = ?2"
        " AND id NOT IN (SELECT sitting FROM survey_ends)"
        " AND (SELECT count(*) FROM hand_ins JOIN seats USING (blind_id)"
        "      WHERE seats.sitting = sittings.id AND station = ?3 AND reopened_ns IS NULL)"
        "   > coalesce((SELECT count FROM survey_counts"
        "      WHERE sitting = sittings.id AND station = ?3), 0)"
        " ORDER BY id LIMIT 1",
        (given.package_hash, given.slot, station),
    ).get
    if sitting is None:
        raise HttpError(
            410,
            "This survey is not taken: the surveys of its sitting are on their way to the body, "
            "or one came from this station for every exam that was handed in there.",
        )
    connection.execute("INSERT INTO surveys VALUES (?, ?, ?)", (number, sitting, given.survey))
    connection.execute(
        "INSERT INTO survey_counts VALUES (?, ?, 1)"
        " ON CONFLICT (sitting, station) DO UPDATE SET count = count + 1",
        (sitting, station),
    )


def due(connection: apsw.Connection, now_ns: int) -> list[int]:
    """The sittings whose surveys go to the body now."""
    found = rows(
        connection.execute(
            "SELECT id FROM sittings WHERE closed_ns IS NOT NULL"
            " AND EXISTS (SELECT 1 FROM surveys WHERE sitting = sittings.id)"
            " AND (closed_ns <= ?1 OR id IN (SELECT sitting FROM survey_ends)"
            "  OR (SELECT count(*) FROM surveys WHERE sitting = sittings.id)"
            "   >= (SELECT count(*) FROM hand_ins JOIN seats USING (blind_id)"
            "       WHERE seats.sitting = sittings.id AND reopened_ns IS NULL))"
            " ORDER BY id",
            (now_ns - GRACE_S * SECOND,),
        )
    )
    return [sitting for (sitting,) in found]


def end(connection: apsw.Connection, sitting: int) -> None:
    """Take no more surveys of *sitting*, and forget who sent how many."""
    connection.execute("INSERT OR IGNORE INTO survey_ends VALUES (?)", (sitting,))
    connection.execute("DELETE FROM survey_counts WHERE sitting = ?", (sitting,))


def next_sheaf(
    connection: apsw.Connection,
    sitting: int,
    key: SigningKey,
    centre: str,
    after: bytes = b"",
) -> tuple[bytes, tuple[bytes, ...]] | None:
    """The next sheaf of an ended sitting, behind the number *after*, and its numbers."""
    place = connection.execute(
        "SELECT package_hash, slot FROM sittings WHERE id = ?", (sitting,)
    ).fetchone()
    found = rows(
        connection.execute(
            "SELECT number, survey FROM surveys WHERE sitting = ? AND number > ?"
            " ORDER BY number LIMIT ?",
            (sitting, after, SHEAF_SIZE),
        )
    )
    if place is None or not found:
        return None
    package_hash, slot = place
    surveys = tuple(survey for _, survey in found)
    sheaf = sign_sheaf(Sheaf(key.key_id, centre, package_hash, slot, surveys), key)
    return sheaf, tuple(number for number, _ in found)


def sent(store: Store, numbers: tuple[bytes, ...]) -> None:
    """The body has these: the hall needs them no more."""
    store.write(
        lambda connection: connection.executemany(
            "DELETE FROM surveys WHERE number = ?", [(number,) for number in numbers]
        )
    )
