"""The application behind the desk's address."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from scoring.review import attempt_pages, case_pages, judge_pages
from scoring.review.site import Site
from sync.web.pages import Hardened, static_files
from sync.web.speech import switch

ADDRESS = "127.0.0.1"
"""Nobody at another machine can reach it."""


def review_app(site: Site) -> Starlette:
    """The application of one desk. It answers to its loopback address alone, so that no other
    site can have a browser speak to it under a name of its own."""
    routes = [
        route for pages in (attempt_pages, judge_pages, case_pages) for route in pages.routes(site)
    ]
    routes.append(switch(site.guarded, "/"))
    own = StaticFiles(directory=Path(__file__).parent / "static")
    return Starlette(
        routes=[*routes, Mount("/static/review", own), static_files()],
        middleware=[
            Middleware(Hardened),
            Middleware(TrustedHostMiddleware, allowed_hosts=[ADDRESS]),
        ],
    )
