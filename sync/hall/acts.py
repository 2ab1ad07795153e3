"""What operators do to running exams: each act with its rules, in one transaction.

Who may do what stands in :mod:`sync.hall.roles`. An order is put in line for a station, which
journals it before it obeys; the board shows how many wait. What is grave takes two people, and
stands in :mod:`sync.hall.grave`; so do large credits of time, here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import apsw

from exam_packages.attempt.commands import (
    DEVICES,
    Accommodate,
    AddTime,
    Admit,
    AllowBreaks,
    Attend,
    EnlargeText,
    GrantTools,
    LetBack,
    Order,
    Pause,
    Replace,
    Resume,
    Say,
)
from exam_packages.attempt.preferences import NOTHING, TEXT_SIZES, Accommodation
from exam_packages.clock import SECOND
from exam_packages.content.paper import TOOLS
from sync.hall import acting, authority, corrections, granted_tools, permits, room, seats, second
from sync.hall.acting import Decide, Why
from sync.hall.grave import close, move, reopen, stop
from sync.hall.roles import CHIEF, INVIGILATOR, OBSERVER, ROLES, TECHNICIAN, Operator
from sync.hall.service import HallService
from sync.web.wire import HttpError

__all__ = [
    "CHIEF",
    "INVIGILATOR",
    "OBSERVER",
    "ROLES",
    "TECHNICIAN",
    "Operator",
    "Why",
    "accommodate",
    "add_time",
    "admit",
    "allow_break",
    "allow_restart",
    "attend",
    "close",
    "grant_tools",
    "let_back",
    "move",
    "pause",
    "reopen",
    "replace",
    "resume",
    "say",
    "share_of_left",
    "stop",
]

MAX_MINUTES = 240
"""Minutes given or taken back by one act."""
MAX_TEXT = 500
"""Characters of one message to a candidate."""
MAX_WINDOW = 120
"""Minutes for which a device may be awaited."""

Seats = Sequence[tuple[seats.SeatRow, Order]]


def admitting(connection: apsw.Connection, seat: seats.SeatRow) -> Order | None:
    """The order that admits a seat, unless it was admitted."""
    admitted = authority.was_given(connection, seat.blind_id, "admit")
    return None if admitted else Admit(seat.extra_s)


def prepare(
    connection: apsw.Connection, seat: seats.SeatRow, operator: Operator, why: Why, now_ns: int
) -> None:
    """Order what comes before an admission, so that the first page is as it should be: the
    body's corrections, what the roster grants of how the screen is read, and of tools."""
    for data in corrections.kept(connection, seat.sitting):
        corrections.give(
            connection,
            seat.blind_id,
            data,
            operator=operator.name,
            time_ns=now_ns,
            reason=why.reason,
            comment=why.comment,
        )
    granted, percent = seats.accommodation(connection, seat.blind_id)
    orders: list[Order] = [] if granted == NOTHING else [Accommodate(granted)]
    orders += [EnlargeText(percent)] if percent else []
    tools = granted_tools.of_roster(connection, seat.blind_id)
    orders += [GrantTools(tools)] if tools else []
    for order in orders:
        authority.give(
            connection,
            seat.blind_id,
            "grant-tools" if isinstance(order, GrantTools) else "accommodate",
            order,
            operator=operator.name,
            time_ns=now_ns,
            reason=why.reason,
            comment=why.comment,
        )


def pausing_all(connection: apsw.Connection, seat: seats.SeatRow) -> Order | None:
    """The order of a pause for all: a seat that stands already is left alone."""
    act = acting.clock(connection, seat.blind_id)[0]
    return None if act in ("pause", "evacuate") else Pause()


def resuming_all(connection: apsw.Connection, seat: seats.SeatRow) -> Order | None:
    """The order that lets all run on: a seat that was paused by itself is left alone."""
    return None if acting.paused_alone(connection, seat.blind_id) else Resume()


async def admit(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Let in one candidate, or (``None``) everyone who signed in and waits."""

    def order(connection: apsw.Connection, seat: seats.SeatRow) -> Order | None:
        if authority.was_given(connection, seat.blind_id, "admit"):
            return None
        now_ns = hall.clock.wall_ns()
        admitted = room.admit(
            connection,
            seat,
            now_ns // SECOND,
            chief=operator.role == CHIEF,
            named=candidate is not None,
            comment=why.comment,
        )
        prepare(connection, seat, operator, why, now_ns)
        return admitted

    return await _order(hall, operator, "admit", candidate, why, order)


async def pause(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Stop the clock and hide the questions."""
    decide: Decide = pausing_all if candidate is None else lambda _, seat: Pause()
    return await _order(hall, operator, "pause", candidate, why, decide)


async def resume(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Let the clock run on; with ``None`` for all who were not paused by themselves."""
    decide: Decide = resuming_all if candidate is None else lambda _, seat: Resume()
    return await _order(hall, operator, "resume", candidate, why, decide)


async def add_time(
    hall: HallService, operator: Operator, candidate: str | None, why: Why, minutes: int
) -> tuple[str, ...] | None:
    """Give *minutes* more, or take back what was given by mistake.

    More than the hall's bound (``large_credit_minutes``) takes two people: ``None`` says that
    it was proposed.
    """
    if not minutes or abs(minutes) > MAX_MINUTES:
        raise HttpError(
            400, "The time to add must be 1 to {limit} minutes, or as many less.", limit=MAX_MINUTES
        )
    large = abs(minutes) > hall.home.large_credit_minutes
    given = AddTime(minutes * 60)

    def work(connection: apsw.Connection) -> tuple[str, ...] | None:
        acting.begin(connection, operator, "add-time", why)
        found = acting.touched(connection, candidate, lambda _, seat: given)
        now_ns = hall.clock.wall_ns()
        words = f"add-time {minutes:+d} min"
        if large and found:
            target = f"{minutes:+d}"
            if candidate is None:
                first = second.agree_all(connection, "add-time", target, operator.name, now_ns)
            else:
                blind_id = found[0][0].blind_id
                first = second.agree(
                    connection, blind_id, "add-time", target, operator.name, now_ns
                )
            if first is None:
                acting.note(connection, now_ns, operator, f"propose {words}", candidate or "", why)
                return None
        return _done(
            connection,
            operator,
            "add-time",
            why,
            found,
            now_ns,
            everyone=candidate is None,
            seconds=minutes * 60,
            words=words,
        )

    return await hall.store.awrite(work)


def share_of_left(hall: HallService, candidate: str, percent: int) -> int:
    """The minutes, begun ones counted, that are *percent* of the time a candidate has left: an
    accommodation that is granted while the exam runs counts for what is still to come."""
    if not 1 <= percent <= 100:
        raise HttpError(400, "The share of the time left is 1 to 100 percent.")
    with hall.store.reading() as connection:
        (seat,) = acting.chosen(connection, candidate)
    link = hall.links.get(seat.station) if seat.station is not None else None
    status = link.status if link is not None and link.blind_id == seat.blind_id else None
    if status is None or status.left_ms < 0:
        raise HttpError(
            409,
            "The time that {candidate} has left is not known now; give minutes.",
            candidate=candidate,
        )
    return max(1, -(-status.left_ms * percent // 6_000_000))


async def say(
    hall: HallService, operator: Operator, candidate: str | None, why: Why, text: str
) -> tuple[str, ...]:
    """Show a message to the candidate."""
    said = Say(plain(text))
    return await _order(hall, operator, "say", candidate, why, lambda _, seat: said)


async def attend(
    hall: HallService, operator: Operator, candidate: str, why: Why, text: str
) -> tuple[str, ...]:
    """Answer a raised hand: it goes down, and the candidate reads *text*."""
    answer = Attend(plain(text))
    return await _order(hall, operator, "attend", candidate, why, lambda _, seat: answer)


def _always(order: Order) -> Decide:
    return lambda _, seat: order


async def accommodate(
    hall: HallService,
    operator: Operator,
    candidate: str,
    why: Why,
    granted: Accommodation,
    percent: int = 0,
) -> tuple[str, ...]:
    """Change how the candidate's screen is read: its language, its colours, reading aloud, and
    how large its letters are (0: as they are)."""
    if not granted.sound or percent not in (0, *TEXT_SIZES):
        raise HttpError(400, "The screen cannot be shown in that way.")
    orders: list[Order] = [] if granted == NOTHING and percent else [Accommodate(granted)]
    orders += [EnlargeText(percent)] if percent else []
    given: tuple[str, ...] = ()
    for order in orders:
        given = await _order(hall, operator, "accommodate", candidate, why, _always(order))
    return given


async def grant_tools(
    hall: HallService, operator: Operator, candidate: str, why: Why, tools: Iterable[str]
) -> tuple[str, ...]:
    """Grant *tools* to a candidate, and none beside them but the exam's own."""
    wanted = {*tools}
    if not wanted <= {*TOOLS}:
        raise HttpError(400, "There is no such tool; there are {there}.", there=", ".join(TOOLS))
    order = GrantTools(granted_tools.ordered(wanted))
    return await _order(hall, operator, "grant-tools", candidate, why, _always(order))


async def replace(
    hall: HallService,
    operator: Operator,
    candidate: str,
    why: Why,
    device: str,
    minutes: int,
) -> tuple[str, ...]:
    """Open a window of *minutes* in which a *device* is replaced, or (0) close it.

    The exam goes on, watched by people; when the window is over the board says so.
    """
    if device not in DEVICES:
        raise HttpError(400, "Say which device: camera, keyboard or pointer.")
    if not 0 <= minutes <= MAX_WINDOW:
        raise HttpError(400, "A device may be awaited for 1 to {limit} minutes.", limit=MAX_WINDOW)
    order = Replace(device, minutes > 0)

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        acting.begin(connection, operator, "replace", why)
        found = acting.touched(connection, candidate, lambda _, seat: order)
        now_ns = hall.clock.wall_ns()
        for seat, _given in found:
            connection.execute(
                "DELETE FROM replacements WHERE blind_id = ? AND device = ?",
                (seat.blind_id, device),
            )
            if minutes:
                connection.execute(
                    "INSERT INTO replacements VALUES (?, ?, ?, ?, ?)",
                    (
                        seat.blind_id,
                        device,
                        now_ns,
                        now_ns + minutes * 60 * SECOND,
                        operator.name,
                    ),
                )
        words = f"replace {device}" if minutes else f"replaced {device}"
        return acting.give(connection, operator, "replace", why, found, now_ns, words=words)

    return await hall.store.awrite(work)


async def let_back(
    hall: HallService, operator: Operator, candidate: str, why: Why
) -> tuple[str, ...]:
    """Let a candidate go on after a break, whose identity the operator has just checked."""
    return await _order(hall, operator, "let-back", candidate, why, lambda _, seat: LetBack())


async def allow_break(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Allow one more break by asking; it is on the exam's time unless it is paused."""
    return await _order(hall, operator, "allow-break", candidate, why, lambda _, s: AllowBreaks(1))


async def allow_restart(
    hall: HallService, operator: Operator, candidate: str | None, why: Why
) -> tuple[str, ...]:
    """Let an interrupted exam go on at its station; with ``None`` all that wait."""

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        acting.begin(connection, operator, "allow-restart", why)
        allowed = [
            seat
            for seat in acting.chosen(connection, candidate)
            if candidate is not None or seat.restart == permits.ASKED
        ]
        now_ns = hall.clock.wall_ns()
        for seat in allowed:
            permits.allow_restart(connection, seat.blind_id)
            acting.note(connection, now_ns, operator, "allow-restart", seat.candidate, why)
        return tuple(seat.candidate for seat in allowed)

    return await hall.store.awrite(work)


def plain(text: str) -> str:
    """What a candidate may be shown. Raises :class:`HttpError`."""
    text = " ".join(text.split())
    if not 1 <= len(text) <= MAX_TEXT or not text.isprintable():
        raise HttpError(
            400, "A message must be plain text of 1 to {limit} characters.", limit=MAX_TEXT
        )
    return text


async def _order(
    hall: HallService,
    operator: Operator,
    act: str,
    candidate: str | None,
    why: Why,
    decide: Decide,
) -> tuple[str, ...]:
    """Put an order in line for one seat or all open ones; the candidates it was given to."""

    def work(connection: apsw.Connection) -> tuple[str, ...]:
        acting.begin(connection, operator, act, why)
        found = acting.touched(connection, candidate, decide)
        now_ns = hall.clock.wall_ns()
        return _done(connection, operator, act, why, found, now_ns, everyone=candidate is None)

    return await hall.store.awrite(work)


def _done(
    connection: apsw.Connection,
    operator: Operator,
    act: str,
    why: Why,
    found: Seats,
    now_ns: int,
    *,
    everyone: bool,
    seconds: int = 0,
    words: str = "",
) -> tuple[str, ...]:
    touched = [seat for seat, _order in found]
    acting.keep(connection, operator, act, why, touched, now_ns, everyone=everyone, seconds=seconds)
    return acting.give(connection, operator, act, why, found, now_ns, words=words)
