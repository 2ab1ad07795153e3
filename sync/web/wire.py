"""Canonical msgpack over HTTP: bodies bounded and decoded, errors as sentences.

Every body between machines is one canonical object. Whatever goes wrong for a reason we
know is answered with a :class:`sync.messages.Refusal` and a 4xx or 5xx status, so that
the other side can say it in its own language.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exam_packages.canon import CanonError, Object, pack, unpack
from exam_packages.errors import ExamError
from sync.messages import CONTENT_TYPE, Refusal

__all__ = [
    "Busy",
    "Direct",
    "Endpoint",
    "HttpError",
    "guarded",
    "read_bytes",
    "receive",
    "refuse",
    "reply",
]

_log = logging.getLogger(__name__)

_BODY_TIMEOUT_S = 30.0
"""Seconds a caller may take to send its body: a slow one must not hold a place for ever."""

T = TypeVar("T", bound=Object)
Endpoint = Callable[[Request], Awaitable[Response]]


class HttpError(ExamError):
    """A request refused, with the HTTP status that says which kind of refusal it is."""

    retry_after_s = 0

    def __init__(self, status: int, template: str, /, **fields: str | int) -> None:
        super().__init__(template, **fields)
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.status, self.template, self.fields))


class Busy(HttpError):
    """Too much is asked at once: 429, with the seconds after which to ask again."""

    def __init__(self, retry_after_s: int, template: str, /, **fields: str | int) -> None:
        super().__init__(429, template, **fields)
        self.retry_after_s = retry_after_s


def _rebuild(status: int, template: str, fields: dict[str, str | int]) -> HttpError:
    return HttpError(status, template, **fields)


async def read_bytes(request: Request, max_size: int) -> bytes:
    """The whole body. Raises :class:`HttpError` 413, 408 or 400 for one that is longer than
    *max_size* bytes, comes too slowly or breaks off."""
    declared = request.headers.get("content-length")
    if declared is not None and (not declared.isdecimal() or int(declared) > max_size):
        raise _too_large(max_size)
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise HttpError(400, "The request broke off.")
                part: bytes = message.get("body", b"")
                more = message.get("more_body", False)
                size += len(part)
                if size > max_size:
                    raise _too_large(max_size)
                parts.append(part)
    except TimeoutError:
        raise HttpError(408, "The request did not arrive in time; send it again.") from None
    return b"".join(parts)


async def receive(request: Request, kind: type[T], max_size: int) -> T:
    """The body as a *kind*. Raises :class:`HttpError` when it is anything else."""
    data = await read_bytes(request, max_size)
    try:
        message: T = unpack(data, kind, max_size=max_size)
    except CanonError as problem:
        raise HttpError(400, problem.template, **problem.fields) from None
    return message


def reply(message: Object, status: int = 200) -> Response:
    """*message* as a response."""
    return Response(pack(message), status, media_type=CONTENT_TYPE)


def refuse(problem: ExamError, status: int = 409) -> Response:
    """An error as a :class:`~sync.messages.Refusal`; some bring their own status."""
    headers = {}
    status = getattr(problem, "http_status", status)
    if isinstance(problem, HttpError):
        status = problem.status
        if problem.retry_after_s:
            headers["Retry-After"] = str(problem.retry_after_s)
    body = Refusal(problem.template, tuple(sorted(problem.fields.items())))
    return Response(pack(body), status, headers=headers, media_type=CONTENT_TYPE)


def guarded(endpoint: Endpoint) -> Endpoint:
    """*endpoint*, with every error that a person may read turned into a refusal.

    Any other error is ours: it is logged here and answered with 500 and no detail.
    """

    async def guard(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ExamError as problem:
            return refuse(problem)
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            return refuse(HttpError(500, "The server met an error of its own; its log says more."))

    return guard


class Direct:
    """An application whose endpoints are found at once: its *posts* by their whole path, its
    *puts* by their path without the last two names.

    For listeners that machines call each second: a router that looks through its routes, with
    middleware around each, costs as much as all else there is to do for a tick.
    """

    def __init__(
        self, posts: Mapping[str, Endpoint], puts: Mapping[str, Endpoint] | None = None
    ) -> None:
        self._posts = {path: guarded(endpoint) for path, endpoint in posts.items()}
        self._puts = {path: guarded(endpoint) for path, endpoint in (puts or {}).items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        endpoint = None
        if method == "POST":
            endpoint = self._posts.get(path)
        elif method == "PUT":
            endpoint = self._puts.get(path.rsplit("/", 2)[0])
        if endpoint is None:
            response = refuse(HttpError(404, "This server has nothing at that address."))
        else:
            response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)


def _too_large(max_size: int) -> HttpError:
    return HttpError(413, "The request is larger than the {limit} bytes allowed.", limit=max_size)
