"""Questions that candidates hold to be faulty: a queue, and signed reports for the body."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.hall import arrived_corrections, faults
from sync.hall.console.site import Site
from sync.web.sessions import Session


def routes(site: Site) -> list[Route]:
    """The routes of this page, and of a report as a file."""

    async def show(request: Request, session: Session) -> Response:
        with site.hall.store.reading() as connection:
            queue = faults.queue(connection, site.hall.links)
            arrived = arrived_corrections.waiting(connection)
        return site.render("faults.html", session, queue=queue, arrived=arrived)

    async def file(request: Request, session: Session) -> Response:
        number = request.path_params["number"]
        with site.hall.store.reading() as connection:
            data = faults.signed_report(connection, number)
        name = f'attachment; filename="question-{number}.report"'
        return Response(
            data,
            media_type="application/octet-stream",
            headers={"Content-Disposition": name},
        )

    return [
        Route("/faults", site.page(show), methods=["GET"]),
        Route("/faults/{number:int}", site.page(file), methods=["GET"]),
    ]
