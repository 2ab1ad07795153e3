"""The worst hour: the room is evacuated, or the power fails.

**Evacuation.** One person orders it, for all at once: each station hides its questions and
stops the clock, the screen says *leave*, and what ran since the alarm is given back. From then
on the console is locked to the roll-call. When everybody on it is called, present or missing,
two people end it: those present run on, those missing stay paused.

**Power cut.** When everything was off and is on again, two people let all interrupted exams go
on in one act. The outage is not charged by itself (it lies between the last durable record and
going on); minutes to settle down may be given to all in the same act.
"""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from exam_packages.attempt.commands import AddTime, Evacuate, Order, Resume, Return
from exam_packages.clock import SECOND
from sync.hall import acting, authority, permits, seats, second
from sync.hall.acting import Why
from sync.hall.roles import Operator
from sync.hall.service import HallService
from sync.holder.store import rows
from sync.web.wire import HttpError

MAX_AGO_S = 3600
"""Seconds before the order at which the alarm may have gone off."""
MAX_SETTLE = 30
"""Minutes to settle down after a power cut."""


@dataclass(frozen=True)
class Called:
    """One line of the roll-call. ``present`` is ``None`` until somebody looked."""

    seat: int
    candidate: str
    name: str
    station: str
    present: bool | None
    operator: str
    told: bool
    """Whether the station has journaled that the room is left."""


@dataclass(frozen=True)
class RollCall:
    """An evacuation that is going on."""

    alarm_ns: int
    operator: str
    lines: tuple[Called, ...]
    waiting: tuple[str, ...]

    @property
    def uncalled(self) -> int:
        return sum(line.present is None for line in self.lines)

    @property
    def missing(self) -> int:
        return sum(line.present is False for line in self.lines)

    @property
    def present(self) -> int:
        return sum(line.present is True for line in self.lines)


def roll_call(connection: apsw.Connection, now_ns: int) -> RollCall | None:
    """The roll-call of the evacuation that is going on, or ``None``."""
    found = connection.execute(
        "SELECT id, alarm_ns, operator FROM evacuations WHERE ended_ns IS NULL"
    ).fetchone()
    if found is None:
        return None
    lines = rows(
        connection.execute(
            "SELECT line, candidate, name, coalesce(machine, '–'), present, operator,"
            " NOT EXISTS (SELECT 1 FROM commands WHERE commands.blind_id = roll_call.blind_id"
            "   AND act = 'evacuate' AND journaled = 0)"
            " FROM roll_call JOIN seats USING (blind_id) LEFT JOIN stations ON key_id = station"
            " WHERE evacuation = ? ORDER BY present IS NOT NULL, present, line",
            (found[0],),
        )
    )
    waiting = second.waiting_for_all(connection, now_ns)
    called = tuple(
        Called(
            seat,
            candidate,
            name,
            station,
            None if present is None else bool(present),
            who,
            bool(told),
        )
        for seat, candidate, name, station, present, who, told in lines
    )
    return RollCall(found[1], found[2], called, waiting)


async def evacuate(hall: HallService, operator: Operator, why: Why, ago_s: int) -> tuple[str, ...]:
    """Everybody leaves the room: the alarm went off *ago_s* seconds ago."""
    if not 0 <= ago_s <= MAX_AGO_S:
        raise HttpError(
            400, "The alarm went off at most {limit} minutes ago.", limit=MAX_AGO_S // 60
        )

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        sitting = acting.begin(connection, operator, "evacuate", why)
        if acting.evacuation(connection) is not None:
            raise HttpError(409, "The room is being evacuated already.")
        now_ns = hall.clock.wall_ns()
        alarm_ns = now_ns - ago_s * SECOND
        connection.execute(
            "INSERT INTO evacuations (sitting, alarm_ns, operator) VALUES (?, ?, ?)",
            (sitting.id, alarm_ns, operator.name),
        )
        number = connection.last_insert_rowid()
        in_room = [seat for seat in acting.chosen(connection, None) if seat.station is not None]
        connection.executemany(
            "INSERT INTO roll_call (evacuation, blind_id) VALUES (?, ?)",
            [(number, seat.blind_id) for seat in in_room],
        )
        order = Evacuate(alarm_ns)
        found = acting.touched(connection, None, lambda _, seat: order)
        alone = {
            seat.blind_id for seat, _ in found if acting.paused_alone(connection, seat.blind_id)
        }
        # A seat that was paused by itself stays so afterwards: its deed stays its last word.
        touched = [seat for seat, _ in found if seat.blind_id not in alone]
        acting.keep(connection, operator, "evacuate", why, touched, now_ns, everyone=True)
        return acting.give(connection, operator, "evacuate", why, found, now_ns)

    return await hall.store.awrite(work)


def order_again(time_ns: int, connection: apsw.Connection) -> None:
    """Order once more that the room is left, to each station that may not have it: the hall
    that ordered it was lost before the station said so. A station that has it changes nothing.
    """
    found = connection.execute(
        "SELECT id, alarm_ns, operator, coalesce((SELECT reason FROM commands WHERE"
        "  act = 'evacuate' AND issued_ns >= alarm_ns LIMIT 1), 'hall.alarm') FROM evacuations"
        " WHERE ended_ns IS NULL"
    ).fetchone()
    if found is None:
        return
    number, alarm_ns, operator, reason = found
    unsure = rows(
        connection.execute(
            "SELECT blind_id FROM roll_call WHERE evacuation = ?1 AND NOT EXISTS"
            " (SELECT 1 FROM commands WHERE commands.blind_id = roll_call.blind_id"
            "  AND act = 'evacuate' AND issued_ns >= ?2 AND journaled < 2)",
            (number, alarm_ns),
        )
    )
    for (blind_id,) in unsure:
        seat = seats.seat(connection, blind_id)
        if seat is None or not acting.is_open(connection, seat):
            continue
        authority.give(
            connection,
            blind_id,
            "evacuate",
            Evacuate(alarm_ns),
            operator=operator,
            time_ns=time_ns,
            reason=reason,
            comment="",
        )


async def call(
    hall: HallService, operator: Operator, candidate: str, why: Why, *, present: bool
) -> None:
    """Mark a candidate as present or missing at the place of assembly."""

    def work(connection: apsw.Connection) -> None:
        acting.begin(connection, operator, "roll-call", why)
        number = acting.evacuation(connection)
        if number is None:
            raise HttpError(409, "The room is not evacuated.")
        (seat,) = acting.chosen(connection, candidate)
        now_ns = hall.clock.wall_ns()
        connection.execute(
            "UPDATE roll_call SET present = ?, operator = ?, time_ns = ?"
            " WHERE evacuation = ? AND blind_id = ?",
            (present, operator.name, now_ns, number, seat.blind_id),
        )
        if connection.changes() == 0:
            raise HttpError(
                404, "{candidate} was not in the room when it was left.", candidate=candidate
            )
        words = "roll-call: present" if present else "roll-call: missing"
        acting.note(connection, now_ns, operator, words, candidate, why)

    await hall.store.awrite(work)


async def end_evacuation(hall: HallService, operator: Operator, why: Why) -> tuple[str, ...] | None:
    """Let the exams of those present run on; ``None`` when it was proposed.

    Refused until everybody on the roll was called. Those missing, and those who had been
    paused by themselves before, stay paused.
    """

    def work(connection: apsw.Connection) -> tuple[str, ...] | None:
        acting.begin(connection, operator, "end-evacuation", why)
        number = acting.evacuation(connection)
        if number is None:
            raise HttpError(409, "The room is not evacuated.")
        roll = dict(
            rows(
                connection.execute(
                    "SELECT blind_id, present FROM roll_call WHERE evacuation = ?", (number,)
                )
            )
        )
        uncalled = sum(present is None for present in roll.values())
        if uncalled:
            raise HttpError(
                409, "{count} on the roll were not called yet; call everybody.", count=uncalled
            )
        now_ns = hall.clock.wall_ns()
        first = second.agree_all(connection, "end-evacuation", "", operator.name, now_ns)
        if first is None:
            acting.note(connection, now_ns, operator, "propose end-evacuation", "", why)
            return None
        connection.execute(
            "UPDATE evacuations SET ended_ns = ?, ended_by = ? WHERE id = ?",
            (now_ns, f"{first}, {operator.name}", number),
        )
        found = acting.touched(connection, None, lambda _, seat: Return())
        acting.give(connection, operator, "end-evacuation", why, found, now_ns)
        back: list[tuple[seats.SeatRow, Order]] = [
            (seat, Resume())
            for seat, _ in found
            if roll.get(seat.blind_id) and not acting.paused_alone(connection, seat.blind_id)
        ]
        away = [seat for seat, _ in found if roll.get(seat.blind_id) == 0]
        # As paused by itself: what lets all run on leaves those missing alone.
        acting.keep(connection, operator, "pause", why, away, now_ns, everyone=False)
        touched = [seat for seat, _ in back]
        acting.keep(connection, operator, "end-evacuation", why, touched, now_ns, everyone=True)
        return acting.give(connection, operator, "resume", why, back, now_ns)

    return await hall.store.awrite(work)


def interrupted(connection: apsw.Connection, in_contact: frozenset[bytes]) -> list[seats.SeatRow]:
    """The open exams whose stations are off, or wait to go on."""
    return [
        seat
        for seat in acting.chosen(connection, None)
        if acting.is_open(connection, seat)
        and (seat.restart == permits.ASKED or seat.station not in in_contact)
    ]


async def power_cut(
    hall: HallService, operator: Operator, why: Why, minutes: int
) -> tuple[str, ...] | None:
    """Let all interrupted exams go on, with *minutes* to settle down; ``None`` when proposed.

    Stations that are still off go on as soon as they are on.
    """
    if not 0 <= minutes <= MAX_SETTLE:
        raise HttpError(400, "The time to settle down is 0 to {limit} minutes.", limit=MAX_SETTLE)
    in_contact = hall.in_contact()

    def work(connection: apsw.Connection) -> tuple[str, ...] | None:
        acting.begin(connection, operator, "power-cut", why)
        found = interrupted(connection, in_contact)
        if not found:
            return ()
        now_ns = hall.clock.wall_ns()
        first = second.agree_all(connection, "power-cut", str(minutes), operator.name, now_ns)
        if first is None:
            acting.note(connection, now_ns, operator, "propose power-cut", "", why)
            return None
        for seat in found:
            permits.allow_restart(connection, seat.blind_id)
        on = [seat for seat in found if not acting.paused_alone(connection, seat.blind_id)]
        resumed: list[tuple[seats.SeatRow, Order]] = [(seat, Resume()) for seat in on]
        acting.keep(connection, operator, "power-cut", why, on, now_ns, everyone=True)
        if minutes:
            given: list[tuple[seats.SeatRow, Order]] = [
                (seat, AddTime(minutes * 60)) for seat in found
            ]
            words = f"add-time {minutes:+d} min"
            acting.keep(
                connection,
                operator,
                "add-time",
                why,
                found,
                now_ns,
                everyone=True,
                seconds=minutes * 60,
            )
            acting.give(connection, operator, "add-time", why, given, now_ns, words=words)
        acting.give(connection, operator, "resume", why, resumed, now_ns, words="power-cut")
        return tuple(seat.candidate for seat in found)

    return await hall.store.awrite(work)
