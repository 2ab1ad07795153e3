"""The listener for browsers: every page of the console."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sync.hall.console import (
    acts,
    board,
    cases,
    correct,
    faults,
    gallery,
    halls,
    log,
    outcomes,
    papers,
    plan,
    readiness,
    release,
    replacing,
    roll_call,
    seat,
    sign_in,
    sittings,
    speech,
)
from sync.hall.console.site import Site
from sync.hall.service import HallService
from sync.web.pages import Hardened, static_files

PAGES = (
    sign_in, speech, board, plan, gallery, seat, roll_call, cases, faults, log, release, correct,
    outcomes, readiness, papers, sittings, replacing, halls, acts,
)  # fmt: skip


def console_app(hall: HallService) -> Starlette:
    """The application behind the browsers' listener."""
    site = Site(hall)
    routes = [route for page in PAGES for route in page.routes(site)]
    return Starlette(routes=[*routes, static_files()], middleware=[Middleware(Hardened)])
