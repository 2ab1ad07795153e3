"""The reader's language: kept in a cookie, beside what the browser asks for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from exam_packages.language import languages
from sync.hall.console.site import LANGUAGE_COOKIE, Site
from sync.web.pages import read_form
from sync.web.sessions import check_origin
from sync.web.wire import HttpError

_YEAR_S = 365 * 24 * 3600


def routes(site: Site) -> list[Route]:
    """The route of the switch, which needs nobody to be signed in."""

    async def choose(request: Request) -> Response:
        check_origin(request)
        form = await read_form(request)
        language = form.get("language", "")
        if language not in languages():
            raise HttpError(400, "This language is not among those spoken here.")
        response = RedirectResponse("/board", 303)
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=_YEAR_S,
            secure=True,
            httponly=True,
            samesite="strict",
        )
        return response

    return [Route("/language", site.guarded(choose), methods=["POST"])]
