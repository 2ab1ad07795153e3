"""What the pages of the desk share: the attempts, who sits there, one session, error answers.

The desk serves one machine: it listens on a loopback address, speaks plain HTTP, and lets in
whoever brings the link that the command printed, once. docs/review.md says why that is enough.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from exam_packages.body import Body
from exam_packages.clock import Clock
from exam_packages.errors import ExamError
from exam_packages.language import _, in_use, languages, say, speaking, whole
from exam_packages.sealing.trust import Trust
from exam_packages.verify import words
from exam_packages.verify.findings import Standing
from exam_packages.verify.record import moment
from exam_packages.verify.words import length
from scoring.review.attempt import Attempt
from scoring.review.casefile import Treatment, shown
from scoring.review.happenings import KINDS
from scoring.review.reasons import REASONS, RULING_WORDS, reason_words
from scoring.review.reviewers import Seated
from sync.web import pages
from sync.web.pages import render, templates
from sync.web.sessions import Session, Sessions
from sync.web.speech import asked_language
from sync.web.wire import Endpoint, HttpError

_log = logging.getLogger(__name__)
_MAX_FORM = 2 * 1024 * 1024
_MAX_FIELDS = 50_000
_MOST_SHOWN = 20_000
"""Happenings that a page lists: a browser must still be able to show it."""
_MOST_JUDGED = 500
"""Incidents that a page has forms for."""

Page = Callable[[Request, Attempt], Awaitable[Response]]
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Desk:
    """What lies on the desk: the body's directory, attempts, and the reviewers who sit there.

    ``out`` is where case files are written; None: nowhere.
    """

    body: Body
    attempts: tuple[Attempt, ...]
    reviewers: tuple[Seated, ...]
    out: Path | None
    clock: Clock
    treatments: dict[tuple[int, int], Treatment] = field(default_factory=dict)
    """What the case file shows of each picture (attempt, place), as chosen so far."""

    @property
    def trust(self) -> Trust:
        return self.body.trust()

    def attempt(self, number: int) -> Attempt:
        """Raises :class:`HttpError` when there is none of this number."""
        if not 1 <= number <= len(self.attempts):
            raise HttpError(404, "There is no attempt {number} at this desk.", number=number)
        return self.attempts[number - 1]

    def reviewer(self, name: str) -> Seated:
        """Raises :class:`HttpError` when nobody of this name sits here with their key."""
        for each in self.reviewers:
            if each.name == name:
                return each
        raise HttpError(
            403,
            "No reviewer “{name}” sits at this desk with a key; start the command with --reviewer.",
            name=name[:60],
        )


class Site:
    """The pages of one desk. ``link`` is the secret of its address, good for one browser."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.link = secrets.token_urlsafe(32)
        self._used = False
        self.sessions = Sessions(desk.clock)
        self.templates = templates(Path(__file__).parent)
        self.templates.finalize = shown
        self.templates.globals.update(_=_, say=say, whole=whole)
        self.templates.filters |= {
            "lasting": length,
            "moment": moment,
            "clock": words.clock,
            "reason": lambda code: _(reason_words(code)),
            "ruling": lambda word: _(RULING_WORDS[word]),
        }

    def enter(self, link: str) -> Response:
        """Let in the browser that brings the link. Raises :class:`HttpError` from then on."""
        if self._used or not hmac.compare_digest(link.encode(), self.link.encode()):
            raise HttpError(
                403,
                "This address was used already, or is not the one that was printed; end the "
                "command and start it again for a new one.",
            )
        self._used = True
        response = RedirectResponse("/", 303)
        self.sessions.open(response, "panel", "reviewer", "")
        return response

    def render(
        self, name: str, session: Session | None, /, *, status: int = 200, **values: object
    ) -> Response:
        """A page or fragment."""
        return render(
            self.templates,
            name,
            status=status,
            session=session,
            skip=_("Skip to the content"),
            lang=in_use().replace("_", "-"),
            languages=languages(),
            desk=self.desk,
            words=words,
            kinds=KINDS,
            reasons=REASONS,
            rulings=RULING_WORDS,
            Standing=Standing,
            most=_MOST_SHOWN,
            most_judged=_MOST_JUDGED,
            **values,
        )

    def page(self, show: Page) -> Endpoint:
        """A page about one attempt, for the browser that was let in."""

        async def endpoint(request: Request) -> Response:
            self.known(request)
            return await show(request, self.desk.attempt(int(request.path_params["number"])))

        return self.guarded(endpoint)

    def act(self, do: Page) -> Endpoint:
        """Like :meth:`page`, for what changes something: it must come from our own page."""

        async def endpoint(request: Request) -> Response:
            self.sessions.changing(request)
            return await do(request, self.desk.attempt(int(request.path_params["number"])))

        return self.guarded(endpoint)

    def known(self, request: Request) -> Session:
        """Raises :class:`HttpError` for a browser that was not let in."""
        session = self.sessions.find(request)
        if session is None:
            raise HttpError(
                401, "This desk is open in the browser that was let in first, and in no other."
            )
        return session

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """*endpoint*, with every error a person may read shown as its sentence."""

        async def guard(request: Request) -> Response:
            with speaking(asked_language(request)):
                return await attempted(request)

        async def attempted(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ExamError as problem:
                status = problem.status if isinstance(problem, HttpError) else 409
                return self._sentence(request, problem, status)
            except Exception:
                _log.exception("%s %s failed", request.method, request.url.path)
                why = HttpError(500, "The desk met an error of its own; its output says more.")
                return self._sentence(request, why, 500)

        return guard

    def _sentence(self, request: Request, problem: ExamError, status: int) -> Response:
        name = "result.html" if request.headers.get("HX-Request") else "sentence.html"
        session = self.sessions.find(request)
        return self.render(name, session, status=status, words_said=str(problem), ok=False)


async def read_fields(request: Request) -> Fields:
    """The form of a page with everything of an attempt on it. Raises :class:`HttpError`."""
    return await pages.read_fields(request, max_size=_MAX_FORM, max_fields=_MAX_FIELDS)


def one(fields: Fields, name: str) -> str:
    """The last value of a field, with the line ends of one machine; empty without one."""
    values = [value for field, value in fields if field == name]
    return values[-1].replace("\r\n", "\n") if values else ""


def many(fields: Fields, name: str) -> tuple[str, ...]:
    """Every value of a field."""
    return tuple(value for field, value in fields if field == name)


def whole_number(text: str) -> int:
    """A number that a form or an address brought. Raises :class:`HttpError`."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise HttpError(400, "“{text}” is not a whole number.", text=text[:40])
    return int(text)


in_thread = asyncio.to_thread
"""What opens keys or pictures runs beside the loop."""
