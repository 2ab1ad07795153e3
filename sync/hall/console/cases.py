"""Cases: what was stated about candidates, their reply, and what becomes of the result."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.hall import cases
from sync.hall.console.site import Site
from sync.hall.explained import clock_words
from sync.web.sessions import Session


def routes(site: Site) -> list[Route]:
    """The routes of the list, and of one case as it can be printed and signed."""

    async def show(request: Request, session: Session) -> Response:
        with site.hall.store.reading() as connection:
            found = cases.of_last(connection)
        return site.render("cases.html", session, cases=found, moment=clock_words)

    async def one(request: Request, session: Session) -> Response:
        with site.hall.store.reading() as connection:
            case = cases.one(connection, request.path_params["case"])
        return site.render("case.html", session, case=case, moment=clock_words)

    return [
        Route("/cases", site.page(show), methods=["GET"]),
        Route("/case/{case:int}", site.page(one), methods=["GET"]),
    ]
