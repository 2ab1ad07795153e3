"""Intake over HTTPS: routes that hold no rules (see :mod:`sync.intake.messages`).

======================================================  =====================================
``PUT /v1/bundles/<bundle hash>/manifest``              an ``Offer`` → ``Missing`` chunks
``PUT /v1/bundles/<bundle hash>/chunks/<sha256>``       a chunk → 204
``POST /v1/bundles/<bundle hash>/commit``               → the signed receipt
``GET /v1/bundles/<bundle hash>/receipt``               → the signed receipt
``GET /v1/bundles/<bundle hash>/evidence``              → ``Missing`` evidence
``PUT /v1/bundles/<bundle hash>/evidence/<digest>``     a piece of evidence → 204
``PUT /v1/bundles/<bundle hash>/anchors``               a file of anchors → 204
``POST /v1/erasures``                                   a ``Statement`` → 204
``POST /v1/records``                                    a ``RecordOfSitting`` → 204
``POST /v1/surveys``                                    a ``SheafOfSurveys`` → 204
``POST /v1/reports``                                    a ``ReportOfQuestion`` → 204
``GET /v1/corrections/<package hash>``                  → ``Corrections`` of it
``POST /v1/heads``                                      a ``RootOfHeads`` → ``Logged``
``GET /v1/roots/<version>``                             the signed root of trust
``/log/…``                                              see :mod:`sync.intake.log_api`
======================================================  =====================================

Hashes are lower-case hexadecimal. 404: not known here; 409: something is missing first;
422: refused for good; 429, 503 and 507: later, after ``Retry-After`` seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exam_packages.sealing.sitting_record import MAX_SEALED
from exam_packages.sealing.survey import MAX_SHEAF
from exam_packages.sealing.trust import TrustStore
from sync.intake.answers import answered
from sync.intake.log import Log
from sync.intake.log_api import log_routes
from sync.intake.messages import (
    MAX_ANCHORS,
    MAX_CHUNK,
    MAX_OFFER,
    MAX_PIECE,
    MAX_REPORT_OF_QUESTION,
    MAX_STATEMENT,
)
from sync.intake.service import Intake
from sync.messages import CONTENT_TYPE
from sync.web.wire import HttpError, read_bytes, reply

T = TypeVar("T")

EVIDENCE_AT_ONCE = 8
"""Pieces of evidence taken at the same time; answers never wait behind them."""

MAX_VERSION = 1 << 31
"""The highest version that a root of trust may have."""


def application(intake: Intake, log: Log, executor: Executor, roots: TrustStore) -> Starlette:
    """The web application; everything that blocks runs in *executor*."""
    api = _Api(intake, log, executor, roots)
    bundle = "/v1/bundles/{bundle}"
    return Starlette(
        routes=[
            Route(bundle + "/manifest", answered(api.offer), methods=["PUT"]),
            Route(bundle + "/chunks/{digest}", answered(api.stage), methods=["PUT"]),
            Route(bundle + "/commit", answered(api.commit), methods=["POST"]),
            Route(bundle + "/receipt", answered(api.receipt), methods=["GET"]),
            Route(bundle + "/evidence", answered(api.missing_evidence), methods=["GET"]),
            Route(bundle + "/evidence/{digest}", answered(api.keep_evidence), methods=["PUT"]),
            Route(bundle + "/anchors", answered(api.keep_anchors), methods=["PUT"]),
            Route("/v1/erasures", answered(api.keep_erasure), methods=["POST"]),
            Route("/v1/records", answered(api.keep_record), methods=["POST"]),
            Route("/v1/surveys", answered(api.keep_surveys), methods=["POST"]),
            Route("/v1/reports", answered(api.keep_report), methods=["POST"]),
            Route("/v1/corrections/{package}", answered(api.corrections), methods=["GET"]),
            Route("/v1/heads", answered(api.heads), methods=["POST"]),
            Route("/v1/roots/{version:int}", answered(api.root), methods=["GET"]),
            *log_routes(log, executor),
        ]
    )


class _Api:
    def __init__(self, intake: Intake, log: Log, executor: Executor, roots: TrustStore) -> None:
        self._intake = intake
        self._log = log
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

    async def keep_anchors(self, request: Request) -> Response:
        data = await read_bytes(request, MAX_ANCHORS)
        await self._run(self._intake.keep_anchors, _hash(request, "bundle"), data)
        return Response(status_code=204)

    async def keep_erasure(self, request: Request) -> Response:
        data = await read_bytes(request, 2 * MAX_STATEMENT + 64)
        await self._run(self._intake.keep_erasure, data)
        return Response(status_code=204)

    async def keep_record(self, request: Request) -> Response:
        data = await read_bytes(request, MAX_SEALED + MAX_STATEMENT + 64)
        await self._run(self._intake.keep_record, data)
        return Response(status_code=204)

    async def keep_surveys(self, request: Request) -> Response:
        data = await read_bytes(request, MAX_SHEAF + MAX_STATEMENT + 64)
        await self._run(self._intake.keep_surveys, data)
        return Response(status_code=204)

    async def keep_report(self, request: Request) -> Response:
        data = await read_bytes(request, MAX_REPORT_OF_QUESTION)
        await self._run(self._intake.keep_report, data)
        return Response(status_code=204)

    async def corrections(self, request: Request) -> Response:
        return reply(await self._run(self._intake.corrections, _hash(request, "package")))

    async def heads(self, request: Request) -> Response:
        data = await read_bytes(request, 2 * MAX_STATEMENT + 64)
        return reply(await self._run(self._log.take_heads, data))

    async def root(self, request: Request) -> Response:
        version = min(request.path_params["version"], MAX_VERSION)
        data = await self._run(self._roots.after, version - 1)
        if not data:
            raise HttpError(404, "This intake has no root of trust of that version.")
        return _bytes(data)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, work, *arguments)


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
