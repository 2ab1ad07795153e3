"""Releasing the exam by its code, or the codes of two people."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.hall.console.site import Site
from sync.web.sessions import Session


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request, session: Session) -> Response:
        return site.render("release.html", session, board=await site.board())

    return [Route("/release", site.page(show), methods=["GET"])]
