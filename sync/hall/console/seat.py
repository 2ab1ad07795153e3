"""One seat: all that is known of it, its time explained, and what can be done."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from exam_packages.attempt.granting import tool_words
from exam_packages.attempt.preferences import TEXT_SIZES
from exam_packages.content.paper import TOOLS
from exam_packages.content.signals import WHAT
from exam_packages.language import languages
from sync.hall import acting, camera_acts, cases, explained
from sync.hall.acts import MAX_MINUTES, MAX_WINDOW
from sync.hall.board import BoardRow
from sync.hall.console.live import SEAT_SEEN, Rendered
from sync.hall.console.log import history
from sync.hall.console.site import Site
from sync.hall.console.words import TEMPLATES, THEMES
from sync.hall.roles import may
from sync.web.sessions import Session
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of this page."""
    rendered = Rendered(site)

    async def show(request: Request, session: Session) -> Response:
        row = await _row(site, request)
        board = await site.board()
        if board.evacuated:
            return RedirectResponse("/roll-call", 303)
        parts = rendered.rows(SEAT_SEEN, (row,))
        return site.render(
            "seat.html",
            session,
            row=row,
            part=parts[f"seat-{row.seat}"],
            seen=parts[f"glimpse-{row.seat}"] if may(session.role, "see-pictures") else None,
            signals=WHAT,
            idle=board.idle,
            log=history(site, row.candidate),
            messages=TEMPLATES,
            themes=THEMES,
            sizes=TEXT_SIZES,
            tools={tool: tool_words(tool) for tool in TOOLS},
            spoken=languages(),
            large=site.hall.home.large_credit_minutes,
            most=MAX_MINUTES,
            window=MAX_WINDOW,
            facts=_facts(site, row),
        )

    async def facts(request: Request, session: Session) -> Response:
        row = await _row(site, request)
        log = history(site, row.candidate)
        return site.render("facts.html", session, row=row, log=log, facts=_facts(site, row))

    return [
        Route("/seat/{seat:int}", site.page(show), methods=["GET"]),
        Route("/seat/{seat:int}/log", site.page(facts), methods=["GET"]),
    ]


def _facts(site: Site, row: BoardRow) -> dict[str, object]:
    """What the page tells besides the row."""
    now_ns = site.hall.clock.wall_ns()
    with site.hall.store.reading() as connection:
        (seat,) = acting.chosen_of_last(connection, row.candidate)
        return {
            "spared": camera_acts.spared(connection, seat.blind_id),
            "lines": explained.explained(connection, seat.blind_id),
            "stood_s": explained.stood_ns(connection, seat.blind_id, now_ns) // 1_000_000_000,
            "cases": [
                case for case in cases.of_last(connection) if case.candidate == row.candidate
            ],
            "moment": explained.clock_words,
        }


async def _row(site: Site, request: Request) -> BoardRow:
    number = request.path_params["seat"]
    row = next((row for row in (await site.board()).rows if row.seat == number), None)
    if row is None:
        raise HttpError(404, "There is no such seat on the roster.")
    return row
