"""The log: who did what, in which role, when and why; for scripts in 1EdTech's words too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exam_packages.clock import SECOND
from sync.hall.console.site import Site, wants_json
from sync.hall.vocabulary import control
from sync.holder.store import rows
from sync.web.sessions import Session

_MOST = 200
_MOST_EXPORTED = 100_000


@dataclass(frozen=True)
class Done:
    """One line of the log."""

    time_ns: int
    operator: str
    role: str
    act: str
    seat: str
    reason: str
    comment: str

    @property
    def time(self) -> str:
        return f"{datetime.fromtimestamp(self.time_ns // SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC"


def routes(site: Site) -> list[Route]:
    """The route of this page."""

    async def show(request: Request, session: Session) -> Response:
        if wants_json(request):
            return JSONResponse({"log": _exported(history(site, None, _MOST_EXPORTED))})
        return site.render("log.html", session, log=history(site, None))

    return [Route("/log", site.page(show), methods=["GET"])]


def history(site: Site, candidate: str | None, most: int = _MOST) -> list[Done]:
    """The last lines of the log, of one candidate or the whole hall, newest first."""
    with site.hall.store.reading() as connection:
        found = rows(
            connection.execute(
                "SELECT time_ns, operator, role, act, seat, reason, comment FROM audit "
                "WHERE ?1 IS NULL OR seat = ?1 ORDER BY id DESC LIMIT ?2",
                (candidate, most),
            )
        )
    return [Done(*row) for row in found]


def _exported(log: list[Done]) -> list[dict[str, object]]:
    return [
        {
            "time_ns": done.time_ns,
            "operator": done.operator,
            "role": done.role,
            "act": done.act,
            "candidate": done.seat,
            "reason": done.reason,
            "comment": done.comment,
            "assessment_control": control(done.time_ns, done.act, done.reason, done.comment),
        }
        for done in log
    ]
