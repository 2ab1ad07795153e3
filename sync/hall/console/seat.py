"""One seat: all that is known of it, and what can be done."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exam_packages.clock import SECOND
from sync.hall.board import BoardRow
from sync.hall.console.site import Site
from sync.holder.store import rows
from sync.web.sessions import Session
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of this page and of the log."""

    async def show(request: Request, session: Session) -> Response:
        row = await _row(site, request)
        idle = (await site.board()).idle
        return site.render("seat.html", session, row=row, idle=idle, log=_log(site, row.candidate))

    async def seat_log(request: Request, session: Session) -> Response:
        row = await _row(site, request)
        return site.render("log_table.html", session, log=_log(site, row.candidate))

    async def log(request: Request, session: Session) -> Response:
        return site.render("log.html", session, log=_log(site, None))

    return [
        Route("/seat/{seat:int}", site.page(show), methods=["GET"]),
        Route("/seat/{seat:int}/log", site.page(seat_log), methods=["GET"]),
        Route("/log", site.page(log), methods=["GET"]),
    ]


async def _row(site: Site, request: Request) -> BoardRow:
    number = request.path_params["seat"]
    row = next((row for row in (await site.board()).rows if row.seat == number), None)
    if row is None:
        raise HttpError(404, "There is no such seat on the roster.")
    return row


def _log(site: Site, candidate: str | None) -> list[tuple[str, str, str, str, str, str]]:
    """The last audit lines, of one candidate or the whole hall; times in UTC."""
    with site.hall.store.reading() as connection:
        found = rows(
            connection.execute(
                "SELECT time_ns, operator, act, seat, reason, comment FROM audit "
                "WHERE ?1 IS NULL OR seat = ?1 ORDER BY id DESC LIMIT 200",
                (candidate,),
            )
        )
    return [
        (f"{datetime.fromtimestamp(time_ns // SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC", *rest)
        for time_ns, *rest in found
    ]
