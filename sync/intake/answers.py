"""How intake answers when something is wrong: each error under its HTTP status."""

from __future__ import annotations

import random

from starlette.requests import Request
from starlette.responses import Response

from exam_packages.errors import ExamError
from exam_packages.sealing.log import LogError
from sync.holder.store import StoreError, StoreFull
from sync.intake.accept import Unacceptable
from sync.intake.log import TooSoon
from sync.intake.service import Incomplete, NoRoom, Unknown
from sync.web.wire import Endpoint, HttpError, guarded, refuse

_STATUS: dict[type[ExamError], int] = {
    Unknown: 404,
    Incomplete: 409,
    Unacceptable: 422,
    TooSoon: 429,
    LogError: 500,
    NoRoom: 507,
    StoreFull: 507,
    StoreError: 503,
}
_RETRY_S = (5, 30)
"""Seconds to stay away when there is no room, drawn at random so that halls spread out."""


def answered(endpoint: Endpoint) -> Endpoint:
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
    if response.status_code in (429, 503, 507):
        response.headers["Retry-After"] = str(random.randint(*_RETRY_S))  # noqa: S311 - jitter
    return response
