"""What an intake may answer a hall with, and what the hall makes of it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import httpx
import pytest

from exam_packages import canon
from sync.intake.client import IntakeClient, IntakeRefused
from sync.messages import Refusal


class Strange(http.server.ThreadingHTTPServer):
    """A real server that refuses everything with *answer*."""

    answer = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Strange

    def do_GET(self) -> None:
        self.send_response(422)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def strange() -> Iterator[Strange]:
    with Strange() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("Wait for {a}.", "Wait for x."),
        ("{a:>5000000}", "The body's intake answered 422."),
        ("{a.__class__}", "The body's intake answered 422."),
        ("{missing}", "The body's intake answered 422."),
        ("{", "The body's intake answered 422."),
    ],
)
def test_a_refusal_is_told_and_a_trap_in_it_is_not_sprung(
    strange: Strange, template: str, words: str
) -> None:
    strange.answer = canon.pack(Refusal(template, (("a", "x"),)))
    url = f"http://127.0.0.1:{strange.server_address[1]}"
    with (
        httpx.Client(base_url=url, trust_env=False) as client,
        pytest.raises(IntakeRefused) as refused,
    ):
        IntakeClient(client).missing_evidence(bytes(32))
    assert str(refused.value) == words
