"""The listener for stations: client certificates, canonical bodies, no rules."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from exam_packages.canon import Object
from exam_packages.content.proctoring import MAX_GLIMPSE
from sync.hall import glimpses
from sync.hall.claims import Claims
from sync.hall.following import FOLLOW_ROUTE, FRAMES_ROUTE, MAX_FOLLOW, Follow, Following
from sync.hall.moving import Moving
from sync.hall.near import Neighbours
from sync.hall.pictures import MAX_EVIDENCE, Pictures
from sync.hall.service import HallService, Link
from sync.hall.surveys import Surveys
from sync.messages import (
    MAX_TICK,
    STATION_ROUTES,
    Claim,
    CopyRequest,
    Erased,
    GivenSurvey,
    Glimpse,
    Greeting,
    Halves,
    HandIn,
    PermitRequest,
    RootRequest,
    SignIn,
    Tick,
)
from sync.near.messages import (
    LATE_ROUTE,
    LEFT_ROUTE,
    MAX_KEEP,
    NEAR_ROUTE,
    OFFER_ROUTE,
    AskLeft,
    Late,
    Near,
    Offer,
)
from sync.web.server import peer_certificate
from sync.web.wire import Direct, Endpoint, HttpError, read_bytes, receive, reply

_SMALL = 64 * 1024
_MANIFEST = 4 * 1024 * 1024
_PICTURE = re.compile(rf"{STATION_ROUTES['evidence']}/([0-9a-f]{{32}})/([0-9a-f]{{64}})")

M = TypeVar("M", bound=Object)


def station_app(hall: HallService) -> Direct:
    """The application behind the stations' listener."""
    moving, pictures, following = Moving(hall), Pictures(hall), Following(hall)

    async def greet(request: Request) -> Response:
        greeting = await receive(request, Greeting, _SMALL)
        return reply(await hall.greet(peer_certificate(request), greeting))

    def asked(
        kind: type[M], max_size: int, answer: Callable[[Link, M], Awaitable[Object]]
    ) -> Endpoint:
        """An endpoint that takes one message from a known station and answers with one."""

        async def endpoint(request: Request) -> Response:
            link = hall.station(peer_certificate(request))
            return reply(await answer(link, await receive(request, kind, max_size)))

        return endpoint

    def told(kind: type[M], max_size: int, take: Callable[[Link, M], Awaitable[None]]) -> Endpoint:
        """An endpoint that takes one message from a known station, and answers nothing."""

        async def endpoint(request: Request) -> Response:
            link = hall.station(peer_certificate(request))
            await take(link, await receive(request, kind, max_size))
            return Response(status_code=204)

        return endpoint

    async def root(request: Request) -> Response:
        """For any machine of the body, known here or not: it proves nothing about the caller."""
        return reply(await hall.next_root(await receive(request, RootRequest, _SMALL)))

    async def glimpse(link: Link, glimpse: Glimpse) -> None:
        glimpses.take(hall, link, glimpse)

    async def evidence(request: Request) -> Response:
        link = hall.station(peer_certificate(request))
        named = _PICTURE.fullmatch(request.scope["path"])
        if named is None:
            raise HttpError(400, "The address of a picture is not valid.")
        blind_id, digest = (bytes.fromhex(name) for name in named.groups())
        await pictures.keep(link, blind_id, digest, await read_bytes(request, MAX_EVIDENCE))
        return Response(status_code=204)

    async def follow(request: Request) -> Response:
        asked = await receive(request, Follow, MAX_FOLLOW)
        return reply(await following.follow(peer_certificate(request), asked))

    async def frames(request: Request) -> Response:
        asked = await receive(request, CopyRequest, _SMALL)
        return reply(await following.frames(peer_certificate(request), asked))

    neighbours = Neighbours(hall)

    async def near(request: Request) -> Response:
        link = hall.station(peer_certificate(request))
        host = request.client.host if request.client is not None else ""
        return reply(await neighbours.near(link, await receive(request, Near, _SMALL), host))

    posts: dict[str, Endpoint] = {
        "greet": greet,
        "root": root,
        "sign_in": asked(SignIn, _SMALL, hall.sign_in),
        "permit": asked(PermitRequest, _SMALL, hall.permit),
        "tick": asked(Tick, MAX_TICK, hall.tick),
        "hand_in": asked(HandIn, _MANIFEST, hall.hand_in),
        "copy": asked(CopyRequest, _SMALL, moving.copy),
        "halves": told(Halves, _SMALL * 4, moving.halves),
        "claim": told(Claim, _SMALL, Claims(hall).claim),
        "glimpse": told(Glimpse, 2 * MAX_GLIMPSE, glimpse),
        "erased": told(Erased, _SMALL, moving.erased),
        "survey": told(GivenSurvey, _SMALL, Surveys(hall).keep),
    }
    paths = {STATION_ROUTES[name]: endpoint for name, endpoint in posts.items()}
    paths |= {
        FOLLOW_ROUTE: follow,
        FRAMES_ROUTE: frames,
        NEAR_ROUTE: near,
        OFFER_ROUTE: asked(Offer, MAX_KEEP, neighbours.offer),
        LEFT_ROUTE: asked(AskLeft, _SMALL, neighbours.left),
        LATE_ROUTE: told(Late, MAX_KEEP, neighbours.late),
    }
    return Direct(paths, {STATION_ROUTES["evidence"]: evidence})
