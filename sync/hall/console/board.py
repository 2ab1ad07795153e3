"""The board, and the stream that keeps it current: only what changed is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from sync.hall.board import Board, Concern
from sync.hall.console.site import Site, wants_json
from sync.web.sessions import Session

_PERIOD_S = 1.0


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def home(request: Request) -> Response:
        return RedirectResponse("/board", 303)

    async def show(request: Request, session: Session) -> Response:
        if wants_json(request):
            site.stale()  # a script asks for what is true now
            return JSONResponse((await site.board()).as_json())
        current = await site.board()
        return site.render("board.html", session, board=current)

    async def events(request: Request, session: Session) -> Response:
        return StreamingResponse(_changes(site, request), media_type="text/event-stream")

    return [
        Route("/", home),
        Route("/board", site.page(show), methods=["GET"]),
        Route("/board/events", site.page(events), methods=["GET"]),
    ]


async def _changes(site: Site, request: Request) -> AsyncIterator[str]:
    """Server-sent events: one per row that changed, ``rows`` when their order did, and
    ``news`` in words when something new needs a person."""
    order: list[int] = []
    shown: dict[str, str] = {}
    concerns: dict[int, Concern] = {}
    while not site.hall.ending and site.signed_in(request) is not None:
        current = await site.board()
        parts = site.parts(current)
        now = [row.seat for row in current.rows]
        if now != order:
            rows = site.templates.get_template("rows.html").render(board=current)
            yield _event("rows", rows)
        for name, part in parts.items():
            if shown.get(name) != part and (now == order or name == "summary"):
                yield _event(name, part)
        news = _news(concerns, current) if order else ""
        if news:
            yield _event("news", news)
        order, shown = now, parts
        concerns = {row.seat: row.concern for row in current.rows}
        yield ": still here\n\n"
        await asyncio.sleep(_PERIOD_S)


def _news(before: dict[int, Concern], current: Board) -> str:
    """What newly needs a person, in words for the page's live region."""
    new = [
        f"Seat {row.seat}: {row.state}."
        for row in current.rows
        if row.concern <= Concern.WAITS and row.concern < before.get(row.seat, Concern.EXPECTED)
    ]
    return " ".join(new[:3]) + (f" And {len(new) - 3} more." if len(new) > 3 else "")


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
