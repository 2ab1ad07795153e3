"""The board: all seats, those that need someone first; hands; acts on everyone at once."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from sync.hall import undoing
from sync.hall.acts import MAX_MINUTES
from sync.hall.console.live import BOARD, VIEWS, Rendered, changes
from sync.hall.console.site import Site, operator, wants_json
from sync.hall.console.words import FOR_ALL, TEMPLATES
from sync.hall.emergencies import MAX_SETTLE
from sync.hall.roles import check_may
from sync.web.sessions import Session
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of this page, and of the stream that keeps every page current."""
    rendered = Rendered(site)

    async def home(request: Request) -> Response:
        return RedirectResponse("/board", 303)

    async def show(request: Request, session: Session) -> Response:
        if wants_json(request):
            site.stale()  # a script asks for what is true now
            return JSONResponse((await site.board()).as_json())
        current = await site.board()
        if current.evacuated:
            return RedirectResponse("/roll-call", 303)
        return site.render(
            "board.html",
            session,
            board=current,
            rows=rendered.rows(BOARD, current.rows),
            acts=FOR_ALL,
            messages=TEMPLATES,
            large=site.hall.home.large_credit_minutes,
            most=MAX_MINUTES,
        )

    async def touches(request: Request, session: Session) -> Response:
        act = request.path_params["act"]
        if act not in FOR_ALL:
            raise HttpError(404, "There is no such act.")
        with site.hall.store.reading() as connection:
            whom = undoing.preview(connection, act, site.hall.in_contact())
        return site.render(
            "touches.html",
            session,
            act=act,
            all=FOR_ALL[act],
            whom=whom,
            messages=TEMPLATES,
            large=site.hall.home.large_credit_minutes,
            most=MAX_MINUTES,
            settle=MAX_SETTLE,
        )

    async def events(request: Request, session: Session) -> Response:
        view = VIEWS.get(request.query_params.get("view", "board"))
        if view is None:
            raise HttpError(404, "There is no such view.")
        if view.shows_pictures:
            check_may(operator(session), "see-pictures")
        seat = request.query_params.get("seat", "")
        number = int(seat) if seat.isdecimal() and len(seat) < 6 else None
        stream = changes(site, rendered, request, view, number)
        return StreamingResponse(stream, media_type="text/event-stream")

    return [
        Route("/", home),
        Route("/board", site.page(show), methods=["GET"]),
        Route("/board/events", site.page(events), methods=["GET"]),
        Route("/touches/{act}", site.page(touches), methods=["GET"]),
    ]
