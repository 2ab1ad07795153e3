"""Small pictures of who sits where, for those who watch the room: never kept, never stored."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sync.hall import seats
from sync.hall.console.live import GALLERY, Rendered
from sync.hall.console.site import Site, operator
from sync.hall.roles import check_may
from sync.web.sessions import Session
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of the page, and of each picture."""
    rendered = Rendered(site)

    async def show(request: Request, session: Session) -> Response:
        check_may(operator(session), "see-pictures")
        board = await site.board()
        if board.evacuated:
            return RedirectResponse("/roll-call", 303)
        parts = rendered.rows(GALLERY, board.rows)
        return site.render("gallery.html", session, board=board, parts=parts)

    async def picture(request: Request, session: Session) -> Response:
        check_may(operator(session), "see-pictures")
        line, number = request.path_params["seat"], request.path_params["number"]
        with site.hall.store.reading() as connection:
            blind_ids = [
                seat.blind_id
                for each in seats.open_sittings(connection)
                for seat in seats.seats(connection, each.id)
                if seat.line == line
            ]
        data = site.hall.glimpses.data(blind_ids[0], number) if blind_ids else None
        if data is None:
            raise HttpError(404, "This picture is not kept any more.")
        return Response(data, media_type="image/jpeg")

    return [
        Route("/gallery", site.page(show), methods=["GET"]),
        Route("/gallery/{seat:int}/{number:int}", site.page(picture), methods=["GET"]),
    ]
