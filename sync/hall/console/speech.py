"""The route on which an invigilator chooses the language of the pages."""

from __future__ import annotations

from starlette.routing import Route

from sync.hall.console.site import Site
from sync.web.speech import switch


def routes(site: Site) -> list[Route]:
    return [switch(site.guarded, "/board")]
