"""The roll-call of an evacuation: who is present, who is missing; all else is locked."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from exam_packages.clock import SECOND
from sync.hall.console.site import Site, wants_json
from sync.hall.emergencies import RollCall, roll_call
from sync.hall.explained import clock_words
from sync.web.sessions import Session


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    def current() -> RollCall | None:
        with site.hall.store.reading() as connection:
            return roll_call(connection, site.hall.clock.wall_ns())

    async def show(request: Request, session: Session) -> Response:
        roll = current()
        if wants_json(request):
            return JSONResponse({"roll_call": None if roll is None else _plain(roll)})
        if roll is None:
            return RedirectResponse("/board", 303)
        return page("roll_call.html", session, roll)

    async def part(request: Request, session: Session) -> Response:
        roll = current()
        if roll is None:
            return Response(headers={"HX-Redirect": "/board"})
        return page("roll.html", session, roll)

    def page(name: str, session: Session, roll: RollCall) -> Response:
        since = (site.hall.clock.wall_ns() - roll.alarm_ns) // SECOND // 60
        alarm = clock_words(roll.alarm_ns)
        return site.render(name, session, roll=roll, alarm=alarm, since=since)

    return [
        Route("/roll-call", site.page(show), methods=["GET"]),
        Route("/roll-call/part", site.page(part), methods=["GET"]),
    ]


def _plain(roll: RollCall) -> dict[str, object]:
    return {
        "alarm_ns": roll.alarm_ns,
        "operator": roll.operator,
        "lines": [
            {"candidate": line.candidate, "present": line.present, "told": line.told}
            for line in roll.lines
        ],
    }
