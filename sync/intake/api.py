"""Intake over HTTPS: routes that hold no rules (see :mod:`sync.intake.messages`).

======================================================  =====================================
``PUT /v1/bundles/<bundle hash>/manifest``              an ``Offer`` → ``Missing`` chunks
``PUT /v1/bundles/<bundle hash>/chunks/<sha256>``       a chunk → 204
``POST /v1/bundles/<bundle hash>/commit``               → the signed receipt
``GET /v1/bundles/<bundle hash>/receipt``               → the signed receipt
``GET /v1/bundles/<bundle hash>/evidence``              → ``Missing`` evidence
``PUT /v1/bundles/<bundle hash>/evidence/<digest>``     a piece of evidence → 204
``POST /v1/erasures``                                   a ``Statement`` → 204
``GET /v1/roots/<version>``                             the signed root of trust
``GET /log/checkpoint``, ``GET /log/proof/<leaf>``      text, as C2SP lays down
======================================================  =====================================

Hashes are lower-case hexadecimal. 404: not known here; 409: something is missing first;
422: refused for good; 503 and 507: later, after ``Retry-After`` seconds.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exam_packages.errors import ExamError
from exam_packages.sealing.trust import TrustStore
from sync.holder.store import StoreError, StoreFull
from sync.intake.accept import Unacceptable
from sync.intake.messages import MAX_CHUNK, MAX_OFFER, MAX_PIECE, MAX_STATEMENT
from sync.intake.service import Incomplete, Intake, NoRoom, Unknown
from sync.messages import CONTENT_TYPE
from sync.web.wire import Endpoint, HttpError, guarded, read_bytes, refuse, reply

T = TypeVar("T")

EVIDENCE_AT_ONCE = 8
"""Pieces of evidence taken at the same time; answers never wait behind them."""

_STATUS: dict[type[ExamError], int] = {
    Unknown: 404,
    Incomplete: 409,
    Unacceptable: 422,
    NoRoom: 507,
    StoreFull: 507,
    StoreError: 503,
}
MAX_VERSION = 1 << 31
"""The highest version that a root of trust may have."""
_RETRY_S = (5, 30)
"""Seconds to stay away when there is no room, drawn at random so that halls spread out."""


def application(intake: Intake, executor: Executor, roots: TrustStore) -> Starlette:
    """The web application; everything that blocks runs in *executor*."""
    api = _Api(intake, executor, roots)
    bundle = "/v1/bundles/{bundle}"
    return Starlette(
        routes=[
            Route(bundle + "/manifest", _answered(api.offer), methods=["PUT"]),
            Route(bundle + "/chunks/{digest}", _answered(api.stage), methods=["PUT"]),
            Route(bundle + "/commit", _answered(api.commit), methods=["POST"]),
            Route(bundle + "/receipt", _answered(api.receipt), methods=["GET"]),
            Route(bundle + "/evidence", _answered(api.missing_evidence), methods=["GET"]),
            Route(bundle + "/evidence/{digest}", _answered(api.keep_evidence), methods=["PUT"]),
            Route("/v1/erasures", _answered(api.keep_erasure), methods=["POST"]),
            Route("/v1/roots/{version:int}", _answered(api.root), methods=["GET"]),
            Route("/log/checkpoint", _answered(api.checkpoint), methods=["GET"]),
            Route("/log/proof/{leaf:int}", _answered(api.proof), methods=["GET"]),
        ]
    )


class _Api:
    def __init__(self, intake: Intake, executor: Executor, roots: TrustStore) -> None:
        self._intake = intake
        self._roots = roots
        self._executor = executor
        self._evidence = asyncio.Semaphore(EVIDENCE_AT_ONCE)

    async def offer(self, request: Request) -> Response:
        data = await read_bytes(request, MAX_OFFER)
        return reply(await self._run(self._intake.offer, _hash(request, "bundle"), data))

    async def stage(self, request: Request) -> Response:
        bundle, digest = _hash(request, "bundle"), _hash(request, "digest")
        await self._run(self._intake.stage, bundle, digest, await read_bytes(request, MAX_CHUNK))
        return Response(status_code=204)

    async def commit(self, request: Request) -> Response:
        return _bytes(await self._run(self._intake.commit, _hash(request, "bundle")))

    async def receipt(self, request: Request) -> Response:
        return _bytes(await self._run(self._intake.receipt, _hash(request, "bundle")))

    async def missing_evidence(self, request: Request) -> Response:
        return reply(await self._run(self._intake.missing_evidence, _hash(request, "bundle")))

    async def keep_evidence(self, request: Request) -> Response:
        bundle, digest = _hash(request, "bundle"), _hash(request, "digest")
        if self._evidence.locked():
            raise HttpError(503, "The intake is busy with other evidence; send this again later.")
        async with self._evidence:
            data = await read_bytes(request, MAX_PIECE)
            await self._run(self._intake.keep_evidence, bundle, digest, data)
        return Response(status_code=204)

    async def keep_erasure(self, request: Request) -> Response:
        data = await read_bytes(request, 2 * MAX_STATEMENT + 64)
        await self._run(self._intake.keep_erasure, data)
        return Response(status_code=204)

    async def root(self, request: Request) -> Response:
        version = min(request.path_params["version"], MAX_VERSION)
        data = await self._run(self._roots.after, version - 1)
        if not data:
            raise HttpError(404, "This intake has no root of trust of that version.")
        return _bytes(data)

    async def checkpoint(self, request: Request) -> Response:
        return PlainTextResponse(await self._run(self._intake.checkpoint))

    async def proof(self, request: Request) -> Response:
        return PlainTextResponse(await self._run(self._intake.proof, request.path_params["leaf"]))

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, work, *arguments)


def _answered(endpoint: Endpoint) -> Endpoint:
    """*endpoint*, with intake's errors under their statuses."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except tuple(_STATUS) as problem:
            status = next(code for kind, code in _STATUS.items() if isinstance(problem, kind))
            return _spread(refuse(problem, status))
        except HttpError as problem:
            return _spread(refuse(problem))

    return guarded(answer)


def _spread(response: Response) -> Response:
    if response.status_code in (503, 507):
        response.headers["Retry-After"] = str(random.randint(*_RETRY_S))  # noqa: S311 - jitter
    return response


def _bytes(data: bytes) -> Response:
    return Response(data, media_type=CONTENT_TYPE)


def _hash(request: Request, name: str) -> bytes:
    text: str = request.path_params[name]
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 32 or value.hex() != text:
        raise HttpError(404, "The address names no hash.")
    return value
