"""The readiness sheet of each open sitting."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.hall import readiness, seats
from sync.hall.console.forms import number_in, when
from sync.hall.console.site import Site, operator, wants_json
from sync.hall.readiness import Point
from sync.hall.service import HallService
from sync.web.pages import read_form
from sync.web.sessions import Session


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request, session: Session) -> Response:
        found = await asyncio.to_thread(_sheets, site.hall)
        if wants_json(request):
            return JSONResponse(
                [
                    {
                        "sitting": sitting.id,
                        "title": sitting.title,
                        "red": len(readiness.red(points)),
                        "points": [_as_json(each) for each in points],
                    }
                    for sitting, points in found
                ]
            )
        return site.render("readiness.html", session, found=found, red=readiness.red, when=when)

    async def waive(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        with site.hall.store.reading() as connection:
            number = seats.one_sitting(connection, number_in(form, "sitting")).id
        words = await readiness.waive(
            site.hall, operator(session), number, form.get("point", ""), form.get("why", "")
        )
        return site.done(request, session, words)

    return [
        Route("/readiness", site.page(show), methods=["GET"]),
        Route("/act/waive", site.guarded(waive), methods=["POST"]),
    ]


def _sheets(hall: HallService) -> list[tuple[seats.Sitting, tuple[Point, ...]]]:
    with hall.store.reading() as connection:
        sittings = seats.open_sittings(connection)
    return [(each, readiness.sheet(hall, each.id)) for each in sittings]


def _as_json(point: Point) -> dict[str, object]:
    waiver = point.waiver
    return {
        "name": point.name,
        "title": point.title,
        "state": point.state.value,
        "found": point.found,
        "do": point.do,
        "waived_by": waiver.operator if waiver else "",
        "waived_why": waiver.why if waiver else "",
    }
