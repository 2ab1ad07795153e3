"""The log over HTTPS, as C2SP's tlog-tiles lays it down: for anyone, without a key.

=====================================  ======================================================
``GET /log/checkpoint``                the newest signed head
``GET /log/tile/<L>/<N>[.p/<W>]``      a tile of hashes; never changes
``GET /log/tile/entries/<N>[.p/<W>]``  a bundle of entries; never changes
``GET /log/proof/<entry>``             a tlog-proof of one entry under the newest head
``GET /log/growth/<size>``             proof that the newest head continues the log of <size>
``GET /log/unsigned/<size>``           the same for the log as it stands, its head unsigned
``POST /log/checkpoint``               a newly signed head; its signature is its permission
=====================================  ======================================================

Only the first three are tlog-tiles; the others save a reader the tiles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exam_packages.sealing.log import LogError
from exam_packages.sealing.log_proof import MAX_PROOF
from exam_packages.sealing.tiles import parse_place
from sync.intake.answers import answered
from sync.intake.log import Log
from sync.intake.service import Unknown
from sync.web.wire import Endpoint, read_bytes

T = TypeVar("T")

_SHORT = {"Cache-Control": "max-age=5"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def log_application(log: Log, executor: Executor) -> Starlette:
    """The application behind the public listener: the log and nothing else."""
    return Starlette(routes=log_routes(log, executor))


def log_routes(log: Log, executor: Executor) -> list[Route]:
    """The routes of the log; everything that blocks runs in *executor*."""

    async def work(function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(executor, function, *arguments)

    async def checkpoint(request: Request) -> Response:
        return PlainTextResponse(await work(log.checkpoint), headers=_SHORT)

    async def take_checkpoint(request: Request) -> Response:
        data = await read_bytes(request, MAX_PROOF)
        await work(log.take_checkpoint, data.decode("utf-8", "replace"))
        return Response(status_code=204)

    async def tile(request: Request) -> Response:
        try:
            place = parse_place(f"tile/{request.path_params['rest']}")
        except LogError as problem:
            raise Unknown(problem.template, **problem.fields) from None
        data = await work(log.tile, place)
        return Response(data, media_type="application/octet-stream", headers=_FOR_EVER)

    def numbered(function: Callable[[int], str]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            text = await work(function, request.path_params["number"])
            return PlainTextResponse(text, headers=_SHORT)

        return endpoint

    routes = [
        Route("/log/checkpoint", answered(checkpoint), methods=["GET"]),
        Route("/log/checkpoint", answered(take_checkpoint), methods=["POST"]),
        Route("/log/tile/{rest:path}", answered(tile), methods=["GET"]),
    ]
    for name, function in (
        ("proof", log.proof),
        ("growth", log.growth),
        ("unsigned", log.unsigned),
    ):
        path = f"/log/{name}/{{number:int}}"
        routes.append(Route(path, answered(numbered(function)), methods=["GET"]))
    return routes
