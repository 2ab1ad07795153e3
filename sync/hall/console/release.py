"""The page from which the exam is released: by code, or with the body's release file."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exam_packages.sealing.release import MAX_RELEASE
from sync.hall import seats
from sync.hall.console.forms import why_in
from sync.hall.console.site import Site, operator
from sync.web.pages import read_form, read_upload
from sync.web.sessions import Session


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request, session: Session) -> Response:
        with site.hall.store.reading() as connection:
            sittings = seats.open_sittings(connection)
        waiting = {
            each.title: site.releasing.waiting(each.id)
            for each in sittings
            if site.releasing.waiting(each.id)
        }
        board = await site.board()
        return site.render("release.html", session, board=board, waiting=waiting)

    async def type_code(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        words = await site.releasing.type_code(
            operator(session), form.get("code", ""), why_in(form)
        )
        return site.done(request, session, words)

    async def take_file(request: Request) -> Response:
        session = site.changing(request)
        form, data = await read_upload(request, "release", MAX_RELEASE)
        words = await site.releasing.take(operator(session), data, why_in(form))
        return site.done(request, session, words)

    return [
        Route("/release", site.page(show), methods=["GET"]),
        Route("/act/release", site.guarded(type_code), methods=["POST"]),
        Route("/act/release-file", site.guarded(take_file), methods=["POST"]),
    ]
