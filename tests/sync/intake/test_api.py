"""Being told to come back later: the real application over real HTTP, on a disk we set."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import uvicorn
from centre import CLOCK, Centre
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from exam_packages.sealing.trust import TrustStore
from sync.intake import api
from sync.intake.client import IntakeClient, IntakeUnavailable
from sync.intake.home import IntakeHome
from sync.intake.log import Log
from sync.intake.service import Intake
from sync.intake.sqlite_storage import SqliteStorage


@pytest.fixture
def disk() -> dict[str, int]:
    return {"free": 1 << 40}


@contextlib.contextmanager
def served(app: Starlette) -> Iterator[IntakeClient]:
    """*app* in a thread of this process, without TLS."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        with httpx.Client(base_url=url, timeout=20, trust_env=False) as http:
            yield IntakeClient(http)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def client(
    home: IntakeHome, storage: SqliteStorage, disk: dict[str, int]
) -> Iterator[IntakeClient]:
    intake = Intake(storage, home.trust, home.key(), CLOCK, lambda: disk["free"])
    log = Log(storage, home.trust, CLOCK, lambda: disk["free"])
    with (
        ThreadPoolExecutor(4) as executor,
        served(api.application(intake, log, executor, TrustStore(home.trust_directory))) as client,
    ):
        yield client


def test_a_full_disk_puts_answers_off_and_then_takes_them(
    client: IntakeClient, disk: dict[str, int], centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts))
    disk["free"] = 0
    with pytest.raises(IntakeUnavailable, match="must wait at the hall") as later:
        client.hand_over(**handed.parts())
    assert 5 <= later.value.retry_after_s <= 30
    disk["free"] = 1 << 40
    assert client.hand_over(**handed.parts())


def test_evidence_is_put_off_while_other_evidence_is_taken(
    home: IntakeHome,
    intake: Intake,
    log: Log,
    centre: Centre,
    attempts: Iterator[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api, "EVIDENCE_AT_ONCE", 0)
    handed = centre.hand_in(next(attempts), pictures=1)
    with (
        ThreadPoolExecutor(4) as executor,
        served(api.application(intake, log, executor, TrustStore(home.trust_directory))) as client,
    ):
        assert client.hand_over(**handed.parts())
        with pytest.raises(IntakeUnavailable, match="busy with other evidence") as later:
            client.put_evidence(handed.bundle_hash, *handed.evidence[0])
    assert 5 <= later.value.retry_after_s <= 30


def test_a_damaged_reply_is_no_receipt(centre: Centre, attempts: Iterator[Path]) -> None:
    """A reply that is no message of ours is a reason to try again, not to crash."""

    async def strange(request: object) -> PlainTextResponse:
        return PlainTextResponse("<html>A proxy speaks.</html>", 502)

    app = Starlette(routes=[Route("/{rest:path}", strange, methods=["PUT", "GET", "POST"])])
    with served(app) as client, pytest.raises(IntakeUnavailable, match="answered 502"):
        client.hand_over(**centre.hand_in(next(attempts)).parts())
