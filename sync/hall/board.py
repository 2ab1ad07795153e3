"""The board: every seat in one line, worst first, in words.

A pure view of what the database holds and what stations last said of themselves. Time
left is the station's own countdown, extrapolated by this machine's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum

import apsw

from exam_packages.attempt.events import REOPEN
from exam_packages.clock import SECOND
from exam_packages.language import mark
from sync.hall import acting, arrived_corrections, claims, seats, second, undoing
from sync.hall.glimpses import Glimpses, Shown
from sync.hall.other_halls import Relation, relation
from sync.hall.service import HallService, Link
from sync.hall.standings import NOTHING, Standing, standings
from sync.hall.undoing import Deed
from sync.holder.store import rows
from sync.messages import Status

LINK_LOST_NS = 8 * SECOND
"""Without a word for this long, a station with an open exam counts as not answering."""
_OVERDUE = mark("The time to replace the {device} is over")
_DISK_LOW_MB = 500
_UNVERIFIED = 1
WATCHED = {
    0: mark("Keys not watched"),
    _UNVERIFIED: mark("Keys not verified"),
    2: mark("Keys watched"),
}
"""How far a station's keys are watched: words for what it says of itself."""
_MINUTE_MS = 60_000
_GRACE_MS = 60_000
"""Who comes back from a break within this is not late."""
_CLOCK_OFF_NS = 2 * SECOND


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
class BoardRow:
    """One seat. Durations in milliseconds, -1 where there is none.

    ``keys`` says how the station keeps its keys, in words. ``unsent`` says that the station
    has records the hall does not hold yet; ``body`` that the body's receipt came; ``orders``
    how many orders are not carried out yet; ``watch`` how far the keys of the keyboard are
    watched, in words.
    """

    seat: int
    candidate: str
    name: str
    station: str
    keys: str
    concern: Concern
    state: str
    state_why: str
    """Why it is paused, in words, where people paused it."""
    answered: int
    items: int
    left_ms: int
    running: bool
    link_ms: int
    held: int
    unsent: bool
    handed_in: bool
    body: bool
    orders: int
    admitted: bool
    waits_restart: bool
    break_ms: int
    """Time left of the break that goes on; less than 0: it is over for so long, and nobody is
    back. 0 where none goes on."""
    hand_ms: int
    """How long the candidate's hand is raised."""
    reports: tuple[int, ...]
    """The numbers of questions the candidate says are faulty."""
    extra_s: int
    """Time granted beyond the paper's limit with the roster."""
    changed_s: int
    """Time that people gave since, less what they took back."""
    result: str
    """What becomes of the result by the cases that people opened: hold, void, or nothing."""
    replacing: tuple[str, ...]
    """The devices that are being replaced."""
    place: tuple[int, int]
    """Row and column in the room, from 1; zeros where no plan says."""
    watch: str
    seen: Shown | None
    """The newest small picture, where the exam allows them."""
    seen_incidents: tuple[Shown, ...]
    """Those of incidents, the newest first."""
    incidents: tuple[str, ...]

    @property
    def late_ms(self) -> int:
        """How late the candidate is back from a break; 0 within the first minute."""
        return -self.break_ms if -self.break_ms >= _GRACE_MS else 0


@dataclass(frozen=True)
class SittingShown:
    """One of the sittings on the board."""

    number: int
    title: str
    exam: str
    slot: str
    codes: int
    released: bool


@dataclass(frozen=True)
class Board:
    """What the whole hall looks like now.

    Where several sittings are open, ``title``, ``exam`` and ``slot`` name them all, and
    ``released`` says that all are.
    """

    title: str
    exam: str
    slot: str
    codes: int
    released: bool
    closed: bool
    erased: tuple[str, ...]
    """Once the sitting is closed: the stations that deleted what they kept of it."""
    rows: tuple[BoardRow, ...]
    idle: tuple[str, ...]
    """Stations that answer and have no exam open."""
    alarms: tuple[str, ...]
    """What concerns the hall and not one seat."""
    halls: Relation
    """Who commands, and the other halls."""
    claimed: tuple[tuple[str, str], ...] = ()
    """Exams that stations have and this hall does not know: candidate and station."""
    sittings: tuple[SittingShown, ...] = ()
    evacuated: bool = False
    waiting: tuple[str, ...] = ()
    """What waits for a second person and concerns the whole hall."""
    corrections: int = 0
    """How many corrections of the body wait to be handed on."""
    deeds: tuple[Deed, ...] = ()
    """What was done to all and can still be undone."""

    @property
    def hands(self) -> tuple[BoardRow, ...]:
        """The raised hands, the one that waits longest first."""
        raised = [row for row in self.rows if row.hand_ms >= 0]
        return tuple(sorted(raised, key=lambda row: -row.hand_ms))

    def as_json(self) -> dict[str, object]:
        """The same for scripts; concerns by name."""
        plain = asdict(self)
        for row, shown in zip(plain["rows"], self.rows, strict=True):
            row["concern"] = shown.concern.name.lower()
        return plain


@dataclass(frozen=True)
class _Known:
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


def board(hall: HallService) -> Board:
    """The board now. Reads the database; call it off the event loop."""
    now_ns = hall.clock.boottime_ns()
    wall_ns = hall.clock.wall_ns()
    with hall.store.reading() as connection:
        shown = seats.shown_sittings(connection)
        is_open = seats.open_sitting(connection) is not None
        alarms = tuple(
            words
            for (words,) in connection.execute(
                "SELECT words FROM alarms WHERE blind_id IS NULL ORDER BY id DESC LIMIT 10"
            )
        )
        names = dict(rows(connection.execute("SELECT key_id, machine FROM stations")))
        halls = relation(hall, connection)
        if not shown:
            idle = _idle(hall.links, names, now_ns)
            return Board("", "", "", 0, False, False, (), (), idle, alarms, halls)
        known = {
            blind_id: about
            for each in shown
            for blind_id, about in _known(connection, each.id, wall_ns).items()
        }
        erased = () if is_open else _erased(connection, shown[0].id)
        found = [seat for each in shown for seat in seats.seats(connection, each.id)]
        claimed = claims.waiting(connection)
        corrections = len(arrived_corrections.waiting(connection))
        evacuated = acting.evacuation(connection) is not None
        waiting = second.waiting_for_all(connection, wall_ns)
        deeds = undoing.undoable(connection, wall_ns)
    lines = [
        _row(
            seat,
            names.get(seat.station, ""),
            hall.known.keys_of(seat.station or b""),
            known[seat.blind_id],
            _link_of(hall.links, seat),
            hall.glimpses,
            now_ns,
            wall_ns,
            evacuated,
        )
        for seat in found
    ]
    lines.sort(key=lambda row: (row.concern, -(row.late_ms // _MINUTE_MS), row.seat))
    return Board(
        title=_named(each.title for each in shown),
        exam=_named(each.exam for each in shown),
        slot=_named(each.slot for each in shown),
        codes=max(each.codes for each in shown),
        released=all(each.secret is not None for each in shown),
        closed=not is_open,
        erased=erased,
        rows=tuple(lines),
        idle=_idle(hall.links, names, now_ns),
        alarms=alarms,
        halls=halls,
        claimed=claimed,
        sittings=tuple(
            SittingShown(
                each.id, each.title, each.exam, each.slot, each.codes, each.secret is not None
            )
            for each in shown
        ),
        evacuated=evacuated,
        waiting=waiting,
        corrections=corrections,
        deeds=deeds,
    )


def _named(words: Iterable[str]) -> str:
    """Each once, in their order."""
    return " · ".join(dict.fromkeys(words))


def _row(
    seat: seats.SeatRow,
    station: str,
    keys: str,
    known: _Known,
    link: Link | None,
    glimpses: Glimpses,
    now_ns: int,
    wall_ns: int,
    evacuated: bool,
) -> BoardRow:
    status = link.status if link else None
    age_ns = now_ns - link.at_ns if link else -1
    lost = known.held > 0 and not known.handed_in and (link is None or age_ns > LINK_LOST_NS)
    incidents = [*known.alarms, *known.proposals]
    if known.trouble and not known.body:
        incidents.append(known.trouble)
    calling = status is not None and status.calling and not known.handed_in
    if status is not None and not known.handed_in and not evacuated:
        incidents += _notices(status, wall_ns, age_ns)
    incidents += [_OVERDUE.format(device=device) for device in known.floor.overdue]
    running = status is not None and status.running and not known.handed_in
    left_ms = -1
    if status is not None and status.left_ms >= 0 and not known.handed_in:
        passed_ms = age_ns // 1_000_000 if running else 0
        left_ms = max(0, status.left_ms - passed_ms)
    seen, seen_incidents = (
        (None, ()) if known.handed_in else glimpses.of(seat.blind_id, seat.station)
    )
    break_ms = 0
    if status is not None and status.phase == "break" and status.break_ms and not known.handed_in:
        break_ms = status.break_ms - age_ns // 1_000_000
    concern, state = _state(seat, known, status, lost, bool(incidents))
    if -break_ms >= _GRACE_MS and concern > Concern.LOST:
        concern, state = Concern.WAITS, mark("Break over: not back")
    if evacuated and not known.handed_in and seat.permitted:
        concern, state = min(concern, Concern.WAITS), mark("Room evacuated")
    elif calling or known.floor.overdue:
        concern = min(concern, Concern.WAITS)
    return BoardRow(
        seat=seat.line,
        candidate=seat.candidate,
        name=seat.name,
        station=station,
        keys=keys,
        concern=concern,
        state=state,
        state_why=known.floor.clock_why
        if state == "Paused" and known.floor.clock == "pause"
        else "",
        answered=status.answered if status else 0,
        items=status.items if status else 0,
        left_ms=left_ms,
        running=running and not lost,
        link_ms=age_ns // 1_000_000 if link else -1,
        held=known.held,
        unsent=bool(link and link.ahead),
        handed_in=known.handed_in,
        body=known.body,
        orders=known.orders,
        admitted=known.admitted,
        waits_restart=seat.restart == seats.ASKED,
        break_ms=break_ms,
        hand_ms=(now_ns - link.hand_ns) // 1_000_000 if link and link.hand_ns and calling else -1,
        reports=status.reports if status else (),
        extra_s=seat.extra_s,
        changed_s=known.floor.changed_s,
        result=known.floor.result,
        replacing=known.floor.replacing,
        place=known.floor.place,
        watch=WATCHED.get(status.watch, "") if status else "",
        seen=seen,
        seen_incidents=seen_incidents,
        incidents=tuple(incidents),
    )


def _state(
    seat: seats.SeatRow, known: _Known, status: Status | None, lost: bool, incidents: bool
) -> tuple[Concern, str]:
    """How much a seat needs a person, and its state in words."""
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
    if seat.restart == seats.ASKED:
        return Concern.WAITS, mark("Interrupted: may it go on?")
    if lost:
        return Concern.LOST, mark("Station does not answer")
    concern, state = _by_phase(seat, known, status)
    if known.alarms:
        concern = Concern.ALARM
    elif incidents and concern > Concern.NOTICE:
        concern = Concern.NOTICE
    return concern, state


def _by_phase(seat: seats.SeatRow, known: _Known, status: Status | None) -> tuple[Concern, str]:
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


def _erased(connection: apsw.Connection, sitting: int) -> tuple[str, ...]:
    return tuple(
        machine
        for (machine,) in connection.execute(
            "SELECT machine FROM erasures JOIN stations ON key_id = station WHERE sitting = ?"
            " ORDER BY machine",
            (sitting,),
        )
    )


def _known(connection: apsw.Connection, sitting: int, wall_ns: int) -> Mapping[bytes, _Known]:
    alarms: dict[bytes, list[str]] = {}
    for blind_id, words in connection.execute(
        "SELECT blind_id, words FROM alarms WHERE blind_id IS NOT NULL ORDER BY id"
    ):
        alarms.setdefault(blind_id, []).append(words)
    found = rows(
        connection.execute(
            "SELECT seats.blind_id,"
            " coalesce((SELECT max(sequence) FROM frames"
            "   WHERE frames.blind_id = seats.blind_id), 0),"
            " bundle_hash, receipt, coalesce(trouble, ''),"
            " (SELECT count(*) FROM commands"
            "   WHERE commands.blind_id = seats.blind_id AND journaled = 0),"
            " EXISTS (SELECT 1 FROM commands"
            "   WHERE commands.blind_id = seats.blind_id AND act = 'admit' AND journaled < 2)"
            " FROM seats LEFT JOIN hand_ins ON hand_ins.blind_id = seats.blind_id"
            " AND reopened_ns IS NULL"
            " WHERE sitting = ?",
            (sitting,),
        )
    )
    proposals = second.all_waiting(connection, wall_ns)
    floor = standings(connection, sitting, wall_ns)
    return {
        blind_id: _Known(
            held=held,
            handed_in=bundle is not None,
            body=receipt is not None,
            trouble=trouble,
            orders=orders,
            admitted=bool(admitted),
            alarms=tuple(alarms.get(blind_id, [])[-3:]),
            proposals=proposals.get(blind_id, ()),
            floor=floor.get(blind_id, NOTHING),
        )
        for blind_id, held, bundle, receipt, trouble, orders, admitted in found
    }


def _link_of(links: Mapping[bytes, Link], seat: seats.SeatRow) -> Link | None:
    """The seat's station, if what it last said was about this attempt."""
    link = links.get(seat.station) if seat.station is not None else None
    return link if link is not None and link.blind_id == seat.blind_id else None


def _idle(links: Mapping[bytes, Link], names: Mapping[bytes, str], now_ns: int) -> tuple[str, ...]:
    return tuple(
        sorted(
            names.get(key_id, "")
            for key_id, link in list(links.items())
            if link.status is not None and not link.blind_id and now_ns - link.at_ns <= LINK_LOST_NS
        )
    )
