"""How much a seat needs a person: its state, in words, and what stands out about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from exam_packages.attempt.events import REOPEN
from exam_packages.clock import SECOND
from exam_packages.language import mark
from sync.hall import permits, seats
from sync.hall.standings import Standing
from sync.messages import Status

_OVERDUE: Final = mark("The time to replace the {device} is over")
_DISK_LOW_MB: Final = 500
_UNVERIFIED: Final = 1
WATCHED: Final = {
    0: mark("Keys not watched"),
    _UNVERIFIED: mark("Keys not verified"),
    2: mark("Keys watched"),
}
"""How far a station's keys are watched: words for what it says of itself."""
_CLOCK_OFF_NS: Final = 2 * SECOND


class Concern(IntEnum):
    """How much a line needs a person, most first."""

    ALARM = 0
    LOST = 1
    WAITS = 2
    NOTICE = 3
    RUNNING = 4
    READY = 5
    DONE = 6
    EXPECTED = 7


@dataclass(frozen=True)
class Known:
    """What the database tells of one seat besides its own line."""

    held: int
    handed_in: bool
    body: bool
    trouble: str
    orders: int
    admitted: bool
    alarms: tuple[str, ...]
    proposals: tuple[str, ...]
    floor: Standing


def state_of(
    seat: seats.SeatRow,
    known: Known,
    status: Status | None,
    *,
    lost: bool,
    late: bool,
    incidents: bool,
    evacuated: bool,
) -> tuple[Concern, str]:
    """How much a seat needs a person, and its state in words.

    *lost*: its station does not answer; *late*: nobody came back from a break; *incidents*:
    there is something to read of it; *evacuated*: the room is.
    """
    concern, state = _state(seat, known, status, lost, incidents)
    if late and concern > Concern.LOST:
        concern, state = Concern.WAITS, mark("Break over: not back")
    if evacuated and not known.handed_in and seat.permitted:
        return min(concern, Concern.WAITS), mark("Room evacuated")
    if calls(known, status) or known.floor.overdue:
        concern = min(concern, Concern.WAITS)
    return concern, state


def _state(
    seat: seats.SeatRow, known: Known, status: Status | None, lost: bool, incidents: bool
) -> tuple[Concern, str]:
    if known.handed_in:
        concern = Concern.ALARM if known.alarms else Concern.DONE
        return concern, mark("Handed in")
    if seat.taking:
        reopened = seat.taking == REOPEN
        return Concern.WAITS, (
            mark("Reopened: its station takes it up")
            if reopened
            else mark("Moving: its station takes it up")
        )
    if seat.restart == permits.ASKED:
        return Concern.WAITS, mark("Interrupted: may it go on?")
    if lost:
        return Concern.LOST, mark("Station does not answer")
    concern, state = _by_phase(seat, known, status)
    if known.alarms:
        concern = Concern.ALARM
    elif incidents and concern > Concern.NOTICE:
        concern = Concern.NOTICE
    return concern, state


def _by_phase(seat: seats.SeatRow, known: Known, status: Status | None) -> tuple[Concern, str]:
    if seat.station is None:
        return Concern.EXPECTED, mark("Expected")
    if not seat.permitted:
        return Concern.READY, mark("Signing in")
    match status.phase if status else "":
        case "waiting" if not known.admitted:
            return Concern.WAITS, mark("Waits to be admitted")
        case "waiting" | "admitted":
            return Concern.READY, mark("Admitted, not begun")
        case "running":
            return Concern.RUNNING, mark("Working")
        case "paused":
            return Concern.NOTICE, mark("Paused")
        case "break":
            return Concern.RUNNING, mark("On a break")
        case "returning":
            return Concern.WAITS, mark("Back from a break: check identity")
        case "closed":
            return Concern.RUNNING, mark("Handing in")
        case _:
            return Concern.NOTICE, mark("No word from the station yet")


def calls(known: Known, status: Status | None) -> bool:
    """Whether the candidate's hand is raised."""
    return status is not None and status.calling and not known.handed_in


def incidents_of(
    known: Known, status: Status | None, wall_ns: int, age_ns: int, *, evacuated: bool
) -> list[str]:
    """What a person should read of a seat. Its station said *status* *age_ns* ago."""
    found = [*known.alarms, *known.proposals]
    if known.trouble and not known.body:
        found.append(known.trouble)
    if status is not None and not known.handed_in and not evacuated:
        found += _notices(status, wall_ns, age_ns)
    return [*found, *(_OVERDUE.format(device=device) for device in known.floor.overdue)]


def _notices(status: Status, wall_ns: int, age_ns: int) -> list[str]:
    notices = list(status.incidents[-3:])
    if status.calling:
        notices.append("The candidate calls the invigilator")
    if status.reports:
        numbers = ", ".join(str(number) for number in status.reports)
        notices.append(f"The candidate reported a fault of question {numbers}")
    if status.watch == _UNVERIFIED:
        notices.append(WATCHED[_UNVERIFIED])
    if 0 <= status.disk_free_mb < _DISK_LOW_MB:
        notices.append(f"Only {status.disk_free_mb} MB free on the station’s disk")
    if abs(wall_ns - age_ns - status.wall_ns) > _CLOCK_OFF_NS:
        notices.append("The station’s clock differs by more than two seconds")
    return notices
