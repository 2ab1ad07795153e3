"""The listener of a station that keeps records of others: no rules, bounded bodies."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sync.near.keeping import Keeping
from sync.near.messages import (
    KEEP_ROUTE,
    MAX_KEEP,
    MEET_ROUTE,
    RECEIVED_ROUTE,
    Keep,
    Meet,
    Met,
    Received,
)
from sync.web.server import peer_certificate
from sync.web.wire import Direct, receive, reply

__all__ = ["near_app"]

_MEETING = 2 * 1024 * 1024
_MANIFEST = 4 * 1024 * 1024


def near_app(keeping: Keeping, enrolment: bytes) -> Direct:
    """The application behind the listener; *enrolment* is this station's own."""

    async def meet(request: Request) -> Response:
        keeping.meet(peer_certificate(request), await receive(request, Meet, _MEETING))
        return reply(Met(enrolment))

    async def keep(request: Request) -> Response:
        sender = keeping.sender(peer_certificate(request))  # before a byte of the body is read
        return reply(await keeping.keep(sender, await receive(request, Keep, MAX_KEEP)))

    async def received(request: Request) -> Response:
        sender = keeping.sender(peer_certificate(request))
        await keeping.received(sender, await receive(request, Received, _MANIFEST))
        return Response(status_code=204)

    return Direct({MEET_ROUTE: meet, KEEP_ROUTE: keep, RECEIVED_ROUTE: received})
