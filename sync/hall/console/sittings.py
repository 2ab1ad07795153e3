"""The open sittings: their rules and countdown, which stations hold which, and closing one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import apsw
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exam_packages.clock import SECOND
from exam_packages.language import _, say
from sync.hall import moves, outcomes, room, seats
from sync.hall.console.forms import number_in, when
from sync.hall.console.site import Site, operator, wants_json
from sync.hall.roles import Operator, check_may
from sync.hall.room import NONE, RoomRules
from sync.hall.schema import audit
from sync.hall.service import HallService
from sync.holder.store import rows
from sync.web.pages import read_form
from sync.web.sessions import Session
from sync.web.wire import HttpError


@dataclass(frozen=True)
class Shown:
    """One sitting for the page."""

    sitting: seats.Sitting
    rules: RoomRules
    words: str
    confirmed: tuple[str, ...]
    begins_in_s: int
    expected: int
    open_lines: int
    points: tuple[str, ...]
    """The rules of the room, in sentences."""


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request, session: Session) -> Response:
        found, stations = await asyncio.to_thread(_look, site.hall)
        if wants_json(request):
            return JSONResponse(
                {
                    "sittings": [
                        {
                            "sitting": each.sitting.id,
                            "title": each.sitting.title,
                            "exam": each.words,
                            "confirmed": list(each.confirmed),
                            "begins_in_s": each.begins_in_s,
                            "expected": each.expected,
                            "open_lines": each.open_lines,
                            "rules": list(each.points),
                        }
                        for each in found
                    ],
                    "stations": stations,
                }
            )
        return site.render("sittings.html", session, found=found, stations=stations, when=when)

    async def confirm(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        with site.hall.store.reading() as connection:
            number = seats.one_sitting(connection, number_in(form, "sitting")).id
        words = await site.releasing.confirm(operator(session), number, form.get("words", ""))
        return site.done(request, session, words)

    async def bind(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        station = form.get("station", "").strip()
        words = await keep(site.hall, operator(session), station, number_in(form, "sitting"))
        return site.done(request, session, words)

    return [
        Route("/sittings", site.page(show), methods=["GET"]),
        Route("/act/confirm-exam", site.guarded(confirm), methods=["POST"]),
        Route("/act/keep-station", site.guarded(bind), methods=["POST"]),
    ]


async def keep(hall: HallService, who: Operator, station: str, sitting: int | None) -> str:
    """Keep a station for one sitting, or (None) for whichever its next code is of."""
    check_may(who, "keep-station")
    now_ns = hall.clock.wall_ns()

    def work(connection: apsw.Connection) -> str:
        target = moves.station_named(connection, station)
        if seats.has_open_exam(connection, target):
            raise HttpError(
                409, "An exam is open at the station “{station}”.", station=station[:80]
            )
        if sitting is None:
            connection.execute("DELETE FROM places WHERE station = ?", (target,))
            audit(connection, now_ns, who.name, f"station {station} free for any sitting")
            return say(
                "{station} takes whichever exam its next sign-in code is of.", station=station
            )
        title = seats.one_sitting(connection, sitting).title
        seats.bind(connection, target, sitting, fixed=True)
        audit(connection, now_ns, who.name, f"station {station} kept for {title}")
        return say(
            "{station} is kept for {title}; it gets ready in some seconds.",
            station=station,
            title=title,
        )

    return await hall.store.awrite(work)


def rules_in_words(rules: RoomRules) -> tuple[str, ...]:
    """The rules of the room, a sentence each."""
    points = []
    if rules.start_s:
        points.append(say("All begin together at {time}.", time=when(rules.start_s)))
    if rules.latest_s != NONE:
        points.append(
            say("The latest admission is at {time}.", time=when(rules.start_s + rules.latest_s))
        )
    if rules.earliest_s != NONE:
        points.append(
            say("Nobody leaves before {time}.", time=when(rules.start_s + rules.earliest_s))
        )
    if rules.common_end:
        points.append(
            say(
                "All end together at {time}, each with their own extra time.",
                time=when(rules.start_s + rules.length_s),
            )
        )
    elif rules.start_s:
        points.append(_("Who comes late has all their time."))
    if rules.confirm:
        points.append(_("Two people confirm exam, form and language before the release."))
    return tuple(points)


def _look(hall: HallService) -> tuple[list[Shown], list[dict[str, object]]]:
    now_s = hall.clock.wall_ns() // SECOND
    in_contact = hall.in_contact()
    with hall.store.reading() as connection:
        sittings = seats.open_sittings(connection)
        shown = []
        for each in sittings:
            rules = room.rules_of(connection, each.id)
            words = room.exam_in_words(each.exam, rules)
            lines = outcomes.lines(connection, each.id)
            shown.append(
                Shown(
                    each,
                    rules,
                    words,
                    tuple(
                        said.operator
                        for said in room.confirmations(connection, each.id)
                        if said.words == words
                    ),
                    room.begins_in_s(rules, now_s),
                    len(lines),
                    sum(line.closed is None for line in lines),
                    rules_in_words(rules),
                )
            )
        stations = []
        kept: dict[bytes, int] = dict(rows(connection.execute("SELECT station, fixed FROM places")))
        for key_id, machine in rows(
            connection.execute("SELECT key_id, machine FROM stations ORDER BY machine")
        ):
            holds = seats.sitting_at(connection, key_id)
            stations.append(
                {
                    "station": machine,
                    "sitting": holds.id if holds else 0,
                    "title": holds.title if holds else "",
                    "kept": bool(kept.get(key_id)),
                    "answers": key_id in in_contact,
                }
            )
    return shown, stations
