"""A station failed: two people let its exam go on at a spare."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.hall import replacing
from sync.hall.console.forms import candidate_in, why_in
from sync.hall.console.site import Site, operator, wants_json
from sync.web.pages import read_form
from sync.web.sessions import Session


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request, session: Session) -> Response:
        with site.hall.store.reading() as connection:
            found = replacing.replacements(connection, site.hall)
        if wants_json(request):
            return JSONResponse([[each.candidate, each.silent, each.proposed] for each in found])
        idle = (await site.board()).idle
        return site.render("replacing.html", session, found=found, idle=idle)

    async def act(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        words = await replacing.replace(
            site.hall, operator(session), candidate_in(form), why_in(form)
        )
        return site.done(request, session, words)

    return [
        Route("/replace", site.page(show), methods=["GET"]),
        Route("/act/replace-station", site.guarded(act), methods=["POST"]),
    ]
