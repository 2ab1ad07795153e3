"""A listener whose paths are found at once: the same answers, and the same refusals."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from exam_packages import canon
from sync.messages import Refusal
from sync.web.wire import Direct, HttpError


def ask(app: Direct, method: str, path: str) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": [],
        "query_string": b"", "root_path": "", "scheme": "https", "server": ("h", 1),
        "http_version": "1.1", "state": {},
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


async def right(request: Request) -> Response:
    return PlainTextResponse("right")


async def refused(request: Request) -> Response:
    raise HttpError(418, "Not for {who}.", who="you")


async def broken(request: Request) -> Response:
    raise ZeroDivisionError("a secret")


async def other(request: Request) -> Response:
    return PlainTextResponse(request.url.path)


APP = Direct({"/right": right, "/refused": refused, "/broken": broken}, {"/other": other})


def test_every_path_gets_its_own_answer() -> None:
    assert ask(APP, "POST", "/right") == (200, b"right")
    assert ask(APP, "PUT", "/other/one/two") == (200, b"/other/one/two")
    for strange in ("/other", "/other/one", "/other/one/two/three", "", "/"):
        assert ask(APP, "PUT", strange)[0] == 404
    assert ask(APP, "POST", "/nothing")[0] == 404
    assert ask(APP, "GET", "/right")[0] == 404
    assert ask(APP, "POST", "/right/")[0] == 404


def test_errors_are_refusals_and_say_no_more_than_they_may() -> None:
    status, body = ask(APP, "POST", "/refused")
    said: Refusal = canon.unpack(body, Refusal)
    assert (status, said.template, said.fields) == (418, "Not for {who}.", (("who", "you"),))
    status, body = ask(APP, "POST", "/broken")
    assert status == 500 and b"secret" not in body
