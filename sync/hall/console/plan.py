"""The plan of the room: each seat where it stands, in words."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exam_packages.language import ngettext
from sync.hall import seating
from sync.hall.board import BoardRow
from sync.hall.console.forms import number_in, why_in
from sync.hall.console.live import PLAN, Rendered
from sync.hall.console.site import Site, operator
from sync.web.pages import read_form, read_upload
from sync.web.sessions import Session
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of this page."""
    rendered = Rendered(site)

    async def show(request: Request, session: Session) -> Response:
        board = await site.board()
        placed = {row.place: row for row in board.rows if row.place != (0, 0)}
        return site.render(
            "plan.html",
            session,
            board=board,
            lines=_lines(placed),
            unplaced=[row for row in board.rows if row.place == (0, 0)],
            parts=rendered.rows(PLAN, board.rows),
        )

    async def arrange(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        columns = number_in(form, "columns")
        if columns is None:
            raise HttpError(400, "Say how many places a row has.")
        placed = await seating.arrange(
            site.hall, operator(session), why_in(form, "routine.start"), columns=columns
        )
        return site.done(request, session, _placed(placed))

    async def upload(request: Request) -> Response:
        session = site.changing(request)
        form, data = await read_upload(request, "plan", seating.MAX_PLAN)
        placed = await seating.arrange(
            site.hall, operator(session), why_in(form, "routine.start"), data=data
        )
        return site.done(request, session, _placed(placed))

    return [
        Route("/plan", site.page(show), methods=["GET"]),
        Route("/act/seating", site.guarded(arrange), methods=["POST"]),
        Route("/act/seating-file", site.guarded(upload), methods=["POST"]),
    ]


def _lines(placed: dict[seating.Place, BoardRow]) -> list[tuple[int, list[BoardRow | None]]]:
    """The rows of the room that have somebody, the front first, with the places between."""
    if not placed:
        return []
    rows = sorted({row for row, _ in placed})
    width = max(column for _, column in placed)
    return [(row, [placed.get((row, column)) for column in range(1, width + 1)]) for row in rows]


def _placed(count: int) -> str:
    return ngettext("{n} candidate has a place.", "{n} candidates have a place.", count)
