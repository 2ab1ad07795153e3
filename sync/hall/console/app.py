"""The listener for browsers: every page of the console."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sync.hall.console import (
    acts,
    board,
    correct,
    outcomes,
    papers,
    readiness,
    release,
    replacing,
    seat,
    sign_in,
    sittings,
)
from sync.hall.console.site import Site
from sync.hall.service import HallService
from sync.web.pages import Hardened, static_files


def console_app(hall: HallService) -> Starlette:
    """The application behind the browsers' listener."""
    site = Site(hall)
    pages = (
        sign_in,
        board,
        seat,
        release,
        correct,
        outcomes,
        readiness,
        papers,
        sittings,
        replacing,
        acts,
    )
    routes = [route for page in pages for route in page.routes(site)]
    return Starlette(routes=[*routes, static_files()], middleware=[Middleware(Hardened)])
