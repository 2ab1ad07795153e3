"""What the console's pages share: the hall, who is signed in, templates, error answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from exam_packages.clock import SECOND
from exam_packages.content.signals import raised
from exam_packages.errors import ExamError
from exam_packages.language import _, in_use, languages, ngettext, say, speaking, whole
from sync.hall.board import Board, board
from sync.hall.explained import clock_words
from sync.hall.reasons import REASONS, reason_words
from sync.hall.releasing import Releasing
from sync.hall.roles import OBSERVER, Operator, may
from sync.hall.service import HallService
from sync.web.pages import render, templates
from sync.web.sessions import Session, Sessions
from sync.web.speech import asked_language
from sync.web.wire import Endpoint, HttpError

_log = logging.getLogger(__name__)

Page = Callable[[Request, Session], Awaitable[Response]]

_FRESH_NS = SECOND // 4
"""How old the board may be that several browsers are shown."""


class Site:
    """One console."""

    def __init__(self, hall: HallService) -> None:
        self.hall = hall
        self.releasing = Releasing(hall)
        self.sessions = Sessions(hall.clock)
        self.templates = templates(Path(__file__).parent)
        self.templates.filters["reason"] = lambda code: _(reason_words(code))
        self.templates.globals.update(_=_, say=say, whole=whole, ngettext=ngettext)
        self.templates.globals.update(moment=clock_words, signal=lambda code: _(raised(code)))
        self._board: Board | None = None
        self._board_ns = 0
        self._reading = asyncio.Lock()

    async def board(self) -> Board:
        """The board, read at most four times a second however many look at it."""
        async with self._reading:
            now = self.hall.clock.boottime_ns()
            if self._board is None or now - self._board_ns > _FRESH_NS:
                self._board = await asyncio.to_thread(board, self.hall)
                self._board_ns = now
            return self._board

    def stale(self) -> None:
        """Something changed: the next look reads anew."""
        self._board = None

    def render(
        self, name: str, session: Session | None, /, *, status: int = 200, **values: object
    ) -> Response:
        """A page or fragment, for whoever is signed in."""
        return render(
            self.templates,
            name,
            status=status,
            session=session,
            may_act=session is not None and session.role != OBSERVER,
            may=lambda act: session is not None and may(session.role, act),
            skip=_("Skip to the content"),
            lang=in_use().replace("_", "-"),
            languages=languages(),
            centre=self.hall.home.centre,
            hall=self.hall.home.id,
            reasons=REASONS,
            **values,
        )

    def done(self, request: Request, session: Session, words: str) -> Response:
        """The answer to an act that was done: its sentence, or JSON for scripts."""
        self.stale()
        if wants_json(request):
            return JSONResponse({"done": words})
        response = self.render("result.html", session, words=whole(words), ok=True)
        response.headers["HX-Trigger"] = "acted"  # the page's log reads itself anew
        return response

    def signed_in(self, request: Request) -> Session | None:
        """Who asks; nobody once their role or password was changed since they signed in."""
        session = self.sessions.find(request)
        return session if session is not None and self._stands(session) else None

    def changing(self, request: Request, *, beside: bool = False) -> Session:
        """Who wants to change something. Raises :class:`HttpError` as
        :meth:`Sessions.changing` does, and where this hall does not command: what is changed
        at a standby would be undone by the hall that it follows. *beside*: also there."""
        session = self.sessions.changing(request)
        if not beside:
            self.hall.command.check()
        if not self._stands(session):
            raise HttpError(401, "You are not signed in any more; sign in again.")
        return session

    def _stands(self, session: Session) -> bool:
        with self.hall.store.reading() as connection:
            found = connection.execute(
                "SELECT role, password FROM operators WHERE name = ?", (session.name,)
            ).fetchone()
        return found == (session.role, session.stored)

    def page(self, show: Page) -> Endpoint:
        """A page for people who are signed in; others are sent to sign in."""

        async def endpoint(request: Request) -> Response:
            session = self.signed_in(request)
            if session is None:
                if wants_json(request):
                    return JSONResponse({"error": "You are not signed in."}, 401)
                return RedirectResponse("/sign-in", 303)
            return await show(request, session)

        return self.guarded(endpoint)

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """*endpoint*, with every error a person may read shown as its sentence."""

        async def guard(request: Request) -> Response:
            with speaking(asked_language(request)):
                return await attempt(request)

        async def attempt(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ExamError as problem:
                status = problem.status if isinstance(problem, HttpError) else 409
                return self._sentence(request, str(problem), status)
            except Exception:
                _log.exception("%s %s failed", request.method, request.url.path)
                return self._sentence(
                    request, "The hall met an error of its own; its log says more.", 500
                )

        return guard

    def _sentence(self, request: Request, words: str, status: int) -> Response:
        if wants_json(request):
            return JSONResponse({"error": words}, status)
        words = whole(words)
        name = "result.html" if request.headers.get("HX-Request") else "sentence.html"
        return self.render(name, self.sessions.find(request), status=status, words=words, ok=False)


def operator(session: Session) -> Operator:
    """Who acts."""
    return Operator(session.name, session.role)


def wants_json(request: Request) -> bool:
    """Whether a script asks."""
    return "application/json" in request.headers.get("accept", "")
