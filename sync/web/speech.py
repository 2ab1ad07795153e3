"""The reader's language: kept in a cookie, beside what the browser asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from exam_packages.language import SOURCE, languages
from sync.web.pages import read_form
from sync.web.sessions import check_origin
from sync.web.wire import Endpoint, HttpError

LANGUAGE_COOKIE: Final = "exam-kiosk-language"
_YEAR_S = 365 * 24 * 3600


def asked_language(request: Request) -> str:
    """The language that the reader chose, or else the first the browser asks for that we
    speak. Scripts are spoken to in English."""
    spoken = languages()
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if "application/json" in request.headers.get("accept", ""):
        return SOURCE
    if chosen in spoken:
        return chosen
    for wish in request.headers.get("accept-language", "")[:200].split(","):
        name = wish.partition(";")[0].strip().casefold()
        for language in spoken:
            tag = language.replace("_", "-").casefold()
            if name and (tag == name or tag.partition("-")[0] == name.partition("-")[0]):
                return language
    return SOURCE


def switch(guarded: Callable[[Endpoint], Endpoint], back: str) -> Route:
    """The route of the switch, which needs nobody to be signed in; it leads to *back*."""

    async def choose(request: Request) -> Response:
        check_origin(request)
        form = await read_form(request)
        language = form.get("language", "")
        if language not in languages():
            raise HttpError(400, "This language is not among those spoken here.")
        response = RedirectResponse(back, 303)
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=_YEAR_S,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    return Route("/language", guarded(choose), methods=["POST"])
