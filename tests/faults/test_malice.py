"""A station that does everything wrong at once, and harms nobody else."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from running_hall import Hall, Site, Station, found_site, status

from exam_packages.attempt.events import Beat
from exam_packages.sealing.journal import Compartment
from exam_packages.sealing.journal_format import make_frame
from sync.link import HolderRefused, LinkError
from sync.messages import MAX_TICK, Tick


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return found_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def hall(site: Site) -> Iterator[Hall]:
    running = Hall(site.hall("hall-malice"))
    running.start()
    yield running
    running.stop()


def test_it_harms_nobody_else(hall: Hall, site: Site, tmp_path: Path) -> None:
    honest = Station(site.station("s1"), hall, tmp_path / "s1").begin("code-0000")
    wicked = Station(site.station("s2"), hall, tmp_path / "s2").begin("code-0001")
    honest.tick()
    wicked.tick()
    assert honest.seat is not None
    assert wicked.seat is not None
    assert wicked.writer is not None
    mine, other = wicked.seat.blind_id, honest.seat.blind_id
    at = wicked.writer.synced_cursor
    ending = threading.Event()
    wrong: list[BaseException] = []

    def refused(tick: Tick, *statuses: int) -> None:
        with pytest.raises(HolderRefused) as problem:
            wicked.client.tick(tick)
        assert problem.value.status in statuses, problem.value

    def misbehave() -> None:
        frame = make_frame(at.sequence + 1, Compartment.EVENTS, bytes(80), bytes(144))
        try:
            while not ending.is_set():
                # Another's blind id, with frames and without.
                refused(Tick(other, 1, 9, bytes(32), (frame,), 0, 0, status()), 403)
                refused(Tick(other, 1, 0, bytes(32), (), 0, 0, status()), 403)
                # A bad chain of its own: no frame, a repeated place, a head of another history.
                refused(Tick(mine, 1, 3, bytes(32), (b"no frame",), 0, 0, status()), 422)
                forged = make_frame(1, Compartment.EVENTS, bytes(80), bytes(144))
                refused(Tick(mine, 1, 1, bytes(32), (forged,), 0, 0, status()), 422)
                refused(Tick(mine, 1, at.sequence, bytes(32), (), 0, 0, status()), 422)
                # A giant.
                with httpx.Client(
                    base_url=hall.station_url, verify=wicked.home.client_tls(), trust_env=False
                ) as http:
                    try:
                        answer = http.post("/v1/tick", content=bytes(MAX_TICK + 1))
                        assert answer.status_code == 413
                    except httpx.TransportError:
                        pass  # told, and cut off, before all of it was sent
        except BaseException as problem:
            wrong.append(problem)

    # Bodies that never come: a hundred connections that are held open.
    slow = []
    for _ in range(100):
        raw = socket.create_connection(("127.0.0.1", hall.ports["stations"]))
        tls = wicked.home.client_tls().wrap_socket(raw, server_hostname="127.0.0.1")
        tls.sendall(b"POST /v1/tick HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
        slow.append(tls)
    flood = [threading.Thread(target=misbehave) for _ in range(3)]
    for thread in flood:
        thread.start()
    try:
        for _ in range(40):
            honest.add(Beat())
            honest.tick()
        while not honest.outbox.complete:
            honest.tick()
        with hall.desk("observer") as desk:
            assert desk.board()["rows"]
        honest.client.hand_in(honest.manifest())
    except LinkError as problem:  # whatever the other one does
        pytest.fail(str(problem))
    finally:
        ending.set()
        for thread in flood:
            thread.join(30)
        for each in slow:
            each.close()
    assert not wrong
    # And its own true record is as it was, and goes on.
    wicked.add(Beat())
    while not wicked.outbox.complete:
        wicked.tick()
    assert honest.writer is not None
    for seat, station in ((other, honest), (mine, wicked)):
        database = sqlite3.connect(hall.home.directory / "hall.sqlite")
        held = [
            frame
            for (frame,) in database.execute(
                "SELECT frame FROM frames WHERE blind_id = ? ORDER BY sequence", (seat,)
            )
        ]
        refused_batches = database.execute(
            "SELECT count(*) FROM refused_frames WHERE blind_id = ?", (seat,)
        ).fetchone()
        database.close()
        assert station.writer is not None
        assert held == list(station.writer.frames(0))
        assert refused_batches[0] == (0 if station is honest else 16)  # kept, and bounded
    honest.close()
    wicked.close()
