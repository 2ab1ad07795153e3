"""Where a correction of the certification body is handed in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exam_packages.sealing.correction import MAX_CORRECTION
from sync.hall import arrived_corrections
from sync.hall.console.forms import why_in
from sync.hall.console.site import Site, operator
from sync.hall.correcting import correct
from sync.web.pages import read_form, read_upload


def routes(site: Site) -> list[Route]:
    """The route of this act."""

    async def take(request: Request) -> Response:
        session = site.changing(request)
        form, data = await read_upload(request, "correction", MAX_CORRECTION)
        words = await correct(site.hall, operator(session), data, why_in(form))
        return site.done(request, session, words)

    async def hand_on(request: Request) -> Response:
        """One that the relay brought."""
        session = site.changing(request)
        form = await read_form(request)
        with site.hall.store.reading() as connection:
            data = arrived_corrections.data_of(connection, form.get("correction", ""))
        words = await correct(site.hall, operator(session), data, why_in(form))
        return site.done(request, session, words)

    return [
        Route("/act/correct", site.guarded(take), methods=["POST"]),
        Route("/act/correct-arrived", site.guarded(hand_on), methods=["POST"]),
    ]
