"""The rules of the room: when people come, go and begin, and who says that it is the right exam.

Pure rules over a :class:`RoomRules`, which is a sitting's own, read from a TOML file of the
certification body when the sitting is opened::

    start = 2026-11-23T09:00:00Z        # the common start; without it each begins once released
    length_minutes = 120                # what the paper gives everybody
    end = "common"                      # or "full-time": who comes late has all their time
    latest_admission_minutes = 30       # after the start
    earliest_departure_minutes = 60     # after the start
    confirm = true                      # two people confirm exam, form and language in words
    language = "English"                # of the paper, in words

Every rule answers None, or a :class:`Refused` in words that say what to do. Acts obey them
(:mod:`sync.hall.acts`, :mod:`sync.hall.releasing`); the console shows them. What is kept of
them in the database is at the end.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime

import apsw

from exam_packages.attempt.commands import Admit
from exam_packages.errors import ExamError
from sync.hall.seats import SeatRow
from sync.messages import MAX_START_MS, CommonStart
from sync.web.wire import HttpError

__all__ = [
    "NO_RULES",
    "Confirmation",
    "RoomError",
    "RoomRules",
    "admission",
    "begins_in_s",
    "common_start",
    "departure",
    "exam_in_words",
    "late_by_s",
    "over",
    "read_rules",
    "release",
]

SCHEMA = """
CREATE TABLE IF NOT EXISTS room_rules (
    sitting INTEGER PRIMARY KEY REFERENCES sittings,
    form TEXT NOT NULL,
    language TEXT NOT NULL,
    start_s INTEGER NOT NULL,
    length_s INTEGER NOT NULL,
    common_end INTEGER NOT NULL,
    latest_s INTEGER NOT NULL,
    earliest_s INTEGER NOT NULL,
    confirm INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS confirmations (    -- who said that it is the right exam
    sitting INTEGER NOT NULL REFERENCES sittings,
    operator TEXT NOT NULL,
    words TEXT NOT NULL,                      -- what was confirmed
    time_ns INTEGER NOT NULL,
    PRIMARY KEY (sitting, operator)
) STRICT, WITHOUT ROWID;
"""

MAX_RULES = 16 * 1024
_LONGEST_S = 24 * 3600
NONE = -1
"""No such limit."""


class RoomError(ExamError):
    """Rules that cannot be read."""


@dataclass(frozen=True)
class RoomRules:
    """The rules of one sitting. Times are Unix seconds, durations seconds.

    ``start_s`` is 0 without a common start; ``latest_s`` and ``earliest_s`` count from the
    start, ``NONE`` without such a rule. ``common_end``: all end together, at the start plus
    ``length_s`` plus each one's own extra time.
    """

    form: str = ""
    language: str = ""
    start_s: int = 0
    length_s: int = 0
    common_end: bool = False
    latest_s: int = NONE
    earliest_s: int = NONE
    confirm: bool = False


NO_RULES = RoomRules()
"""A sitting without a file of rules."""


@dataclass(frozen=True)
class Confirmation:
    """Someone said that this is the exam to be sat here, in these words."""

    operator: str
    words: str


def read_rules(data: bytes, *, form: str) -> RoomRules:
    """Read a file of rules. Raises :class:`RoomError` with what is wrong."""
    if len(data) > MAX_RULES:
        raise RoomError("The rules of the room are larger than {limit} bytes.", limit=MAX_RULES)
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise RoomError("The rules of the room cannot be read: {why}.", why=str(problem)) from None
    known = {
        "start": datetime, "length_minutes": int, "end": str, "latest_admission_minutes": int,
        "earliest_departure_minutes": int, "confirm": bool, "language": str,
    }  # fmt: skip
    for name, value in table.items():
        if name not in known:
            raise RoomError(
                "The rules of the room have “{name}”, which is none of: {known}.",
                name=name[:60],
                known=", ".join(known),
            )
        if type(value) is not known[name]:
            raise RoomError("In the rules of the room, “{name}” has no usable value.", name=name)
    start = table.get("start")
    if start is not None and start.tzinfo is None:
        raise RoomError("The start needs its offset from UTC, such as 2026-11-23T09:00:00+01:00.")
    end = table.get("end", "full-time")
    if end not in ("common", "full-time"):
        raise RoomError("The end of an exam is “common” or “full-time”.")
    rules = RoomRules(
        form=form,
        language=str(table.get("language", ""))[:60],
        start_s=int(start.timestamp()) if start is not None else 0,
        length_s=_minutes(table, "length_minutes", 0),
        common_end=end == "common",
        latest_s=_minutes(table, "latest_admission_minutes", NONE),
        earliest_s=_minutes(table, "earliest_departure_minutes", NONE),
        confirm=bool(table.get("confirm", False)),
    )
    if rules.common_end and not (rules.start_s and rules.length_s):
        raise RoomError("A common end needs the start and the length in minutes.")
    if not rules.start_s and (rules.latest_s != NONE or rules.earliest_s != NONE):
        raise RoomError("The latest admission and the earliest departure count from the start.")
    return rules


# --- The rules ---------------------------------------------------------------------


def begins_in_s(rules: RoomRules, now_s: int) -> int:
    """Seconds until the common start; 0 once it has come, or without one."""
    return max(0, rules.start_s - now_s)


def common_start(rules: RoomRules, now_ns: int) -> tuple[CommonStart, ...]:
    """What stations show of the common start; empty without one, or when it is days away."""
    in_ms = rules.start_s * 1000 - now_ns // 1_000_000
    if not rules.start_s or abs(in_ms) > MAX_START_MS:
        return ()
    return (CommonStart(in_ms, rules.common_end),)


def late_by_s(rules: RoomRules, now_s: int) -> int:
    """Seconds by which who is admitted now comes late; 0 without a common start."""
    return max(0, now_s - rules.start_s) if rules.start_s else 0


def admission(
    rules: RoomRules, now_s: int, *, chief: bool, named: bool, comment: str
) -> HttpError | None:
    """Whether somebody may still be admitted: after the latest admission only the chief admits,
    one person by name, and says why."""
    if rules.latest_s == NONE or late_by_s(rules, now_s) <= rules.latest_s:
        return None
    if chief and named and comment.strip():
        return None
    return HttpError(
        409,
        "The latest admission was at {time}. Turn the candidate away with an outcome, or let the "
        "chief invigilator admit this one candidate and say why in the comment.",
        time=clock(rules.start_s + rules.latest_s),
    )


def less_s(rules: RoomRules, now_s: int) -> int:
    """Seconds that who is admitted now has less than the paper gives: with a common end, what
    they are late by."""
    return min(late_by_s(rules, now_s), rules.length_s) if rules.common_end else 0


def departure(rules: RoomRules, now_s: int) -> HttpError | None:
    """Whether somebody may leave the room for good. Handing in is never barred."""
    if rules.earliest_s == NONE or now_s >= rules.start_s + rules.earliest_s:
        return None
    return HttpError(
        409,
        "Nobody leaves the room before {time}. Who has handed in waits quietly; who is ill may go, "
        "and the line is closed as ill.",
        time=clock(rules.start_s + rules.earliest_s),
    )


def over(rules: RoomRules, extra_s: int, now_s: int) -> bool:
    """Whether the common end has come for somebody with *extra_s* more than the others."""
    return rules.common_end and now_s >= rules.start_s + rules.length_s + extra_s


def exam_in_words(exam: str, rules: RoomRules) -> str:
    """What two people confirm before the release."""
    words = [exam]
    if rules.form:
        words.append(f"form {rules.form}")
    if rules.language:
        words.append(f"in {rules.language}")
    return ", ".join(words)


def release(
    rules: RoomRules, exam: str, confirmations: tuple[Confirmation, ...]
) -> HttpError | None:
    """Whether two different people have confirmed this exam, form and language in words."""
    if not rules.confirm:
        return None
    words = exam_in_words(exam, rules)
    said = {each.operator.casefold() for each in confirmations if each.words == words}
    if len(said) >= 2:
        return None
    return HttpError(
        409,
        "Two people must first confirm, each under their own name, that the exam to be sat here is "
        "“{words}” ({count} of 2 have). Look at the papers on the door and at the roster, and "
        "confirm on the page Release.",
        words=words,
        count=len(said),
    )


def clock(seconds: int) -> str:
    """A moment of the day, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M} UTC"


# --- What is kept ------------------------------------------------------------------


def keep(connection: apsw.Connection, sitting: int, rules: RoomRules) -> None:
    """Keep the rules of a sitting."""
    connection.execute(
        "INSERT OR REPLACE INTO room_rules (sitting, form, language, start_s, length_s,"
        " common_end, latest_s, earliest_s, confirm) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            sitting,
            rules.form,
            rules.language,
            rules.start_s,
            rules.length_s,
            int(rules.common_end),
            rules.latest_s,
            rules.earliest_s,
            int(rules.confirm),
        ),
    )


def rules_of(connection: apsw.Connection, sitting: int) -> RoomRules:
    """The rules of a sitting; :data:`NO_RULES` when it was opened without."""
    row = connection.execute(
        "SELECT form, language, start_s, length_s, common_end, latest_s, earliest_s, confirm"
        " FROM room_rules WHERE sitting = ?",
        (sitting,),
    ).fetchone()
    if row is None:
        return NO_RULES
    form, language, start_s, length_s, common_end, latest_s, earliest_s, confirm = row
    return RoomRules(
        form, language, start_s, length_s, bool(common_end), latest_s, earliest_s, bool(confirm)
    )


def confirm(
    connection: apsw.Connection, sitting: int, operator: str, words: str, time_ns: int
) -> None:
    """Keep that *operator* confirmed the exam in these words."""
    connection.execute(
        "INSERT OR REPLACE INTO confirmations (sitting, operator, words, time_ns)"
        " VALUES (?, ?, ?, ?)",
        (sitting, operator, words, time_ns),
    )


def confirmations(connection: apsw.Connection, sitting: int) -> tuple[Confirmation, ...]:
    """Who has confirmed what."""
    return tuple(
        Confirmation(operator, words)
        for operator, words in connection.execute(
            "SELECT operator, words FROM confirmations WHERE sitting = ? ORDER BY time_ns",
            (sitting,),
        )
    )


def admit(
    connection: apsw.Connection,
    seat: SeatRow,
    now_s: int,
    *,
    chief: bool,
    named: bool,
    comment: str,
) -> Admit:
    """The order that admits a seat now. Raises :class:`HttpError` after the latest admission."""
    rules = rules_of(connection, seat.sitting)
    late = admission(rules, now_s, chief=chief, named=named, comment=comment)
    if late is not None:
        raise late
    return Admit(seat.extra_s - less_s(rules, now_s))


def _minutes(table: dict[str, object], name: str, default: int) -> int:
    value = table.get(name)
    if value is None:
        return default
    seconds = int(str(value)) * 60
    if not 0 <= seconds <= _LONGEST_S:
        raise RoomError("In the rules of the room, “{name}” is 0 to 1440 minutes.", name=name)
    return seconds
