"""The hall dies under every station, and all come back in the same moment."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from running_hall import CLOCK, Hall, Site, Station, found_site, status
from storm import connect

from exam_packages import canon
from exam_packages.attempt.events import START, Beat, compartment, encode_event
from exam_packages.clock import stamp
from exam_packages.sealing.journal import JournalWriter, first_context
from sync.messages import STATION_ROUTES, Tick, Tock

EACH = 3
"""Records of each exam before the hall dies, beside its header, and after."""


@dataclass
class Seat:
    """One exam: its frames, and the head after each number of them."""

    blind_id: bytes
    frames: tuple[bytes, ...]
    heads: list[bytes]

    def tick(self, after: int, upto: int) -> bytes:
        frames = self.frames[after:upto]
        said = status(phase="running")
        return canon.pack(Tick(self.blind_id, 1, upto, self.heads[upto], frames, 0, 0, said))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return found_site(tmp_path)


@pytest.fixture
def count(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def hall(site: Site, count: int) -> Iterator[Hall]:
    running = Hall(site.hall("storm", count))
    running.start()
    yield running
    running.stop()


def begin(station: Station, number: int, directory: Path) -> Seat:
    """Sign in, and write the whole of a short exam."""
    client = station.client
    seat = client.sign_in(f"code-{number:04}")
    context = first_context(
        seat.blind_id, station.key.key_id, station.welcome.package_hash, CLOCK.boot()
    )
    trust = station.home.trust()
    assert client.restore_key is not None
    roles = {role: trust.opening(role) for role in ("scoring", "integrity", "registrar")}
    writer = JournalWriter.begin(
        directory / str(number),
        context,
        client.permit(context, START).permit,
        station=station.key,
        openings=roles,
        evidence=station.home.sealing_key().public,
        hall=[client.restore_key.sealing],
        neighbour=None,
        stamp=stamp(CLOCK),
        sync=lambda _: None,  # the station's disk is not what is tried here
    )
    for _ in range(2 * EACH):
        writer.append(stamp(CLOCK), encode_event(Beat()), compartment(Beat()))
    writer.commit()
    frames = writer.frames(0, 1 << 30)
    heads = [writer.head_at(place) or b"" for place in range(len(frames) + 1)]
    writer.close()
    return Seat(seat.blind_id, frames, heads)


async def all_at_once(station: Station, port: int, ticks: Sequence[bytes]) -> list[Tock]:
    """Every tick over a connection of its own, all opened in the same moment; one that is
    asked to come later does."""
    tls = station.home.client_tls()

    async def send(tick: bytes) -> Tock:
        connection = await connect(port, tls)
        try:
            while (answer := await connection.post(STATION_ROUTES["tick"], tick)).status != 200:
                assert answer.status in (429, 503), answer.status
                await asyncio.sleep(int(answer.headers[b"retry-after"]))
        finally:
            connection.close()
        found: Tock = canon.unpack(bytes(answer.body), Tock)
        return found

    return list(await asyncio.gather(*(send(tick) for tick in ticks)))


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)], indirect=True)
def test_nothing_is_missing_when_all_come_back_at_once(
    hall: Hall, site: Site, count: int, tmp_path: Path
) -> None:
    station = Station(site.station("s1"), hall, tmp_path / "s1")
    with ThreadPoolExecutor(8) as pool:  # one station may guess ten codes at a time
        journals = tmp_path / "journals"
        seats = list(pool.map(lambda number: begin(station, number, journals), range(count)))
    middle, end = EACH + 1, 2 * EACH + 1
    first = [seat.tick(0, middle) for seat in seats]
    told = asyncio.run(all_at_once(station, hall.ports["stations"], first))
    assert all(each.acknowledgement for each in told)
    hall.kill()
    hall.start()
    station.reconnect()
    rest = [seat.tick(middle, end) for seat in seats]
    told = asyncio.run(all_at_once(station, hall.ports["stations"], rest))
    assert [each.need_after for each in told] == [-1] * count
    station.close()
    database = sqlite3.connect(hall.home.directory / "hall.sqlite")
    held: dict[bytes, list[bytes]] = {}
    for blind_id, frame in database.execute("SELECT blind_id, frame FROM frames ORDER BY sequence"):
        held.setdefault(blind_id, []).append(frame)
    database.close()
    assert held == {seat.blind_id: list(seat.frames) for seat in seats}
