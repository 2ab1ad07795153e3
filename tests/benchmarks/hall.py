"""How many ticks per second the hall answers, beside a bare uvicorn handler in one run.

Both listen over TLS with client certificates in a process of their own; the same client
sends the same bodies over as many connections. A tick carries new frames of a journal
that was written before: the hall checks the chain, stores, syncs, signs, and answers.
The bare handler reads the body and answers as many bytes.

Run: ``python tests/benchmarks/hall.py [stations] [ticks per station]``
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httptools

from exam_packages import canon
from exam_packages.attempt.events import START
from exam_packages.body import Body
from exam_packages.clock import SystemClock, stamp
from exam_packages.sealing.journal import Compartment, JournalWriter, first_context
from exam_packages.sealing.trust_root import OPENING_ROLES
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_hall, new_station
from provisioning.station_home import StationHome
from sync.hall import seats
from sync.hall.home import HallHome
from sync.hall.roster import Line
from sync.hall.schema import open_store
from sync.link import HolderClient
from sync.messages import Status, Tick
from sync.outbox import Outbox

CLOCK = SystemClock()
FRAMES_PER_TICK = 2
_HALL = "from sync.hall.cli import hall; hall()"
_BARE = """
import json, sys
from sync.machine import HallMachine
from pathlib import Path
from sync.web.server import Listener, bind, run, tls_context
home = HallMachine.load(Path(sys.argv[1]))
async def app(scope, receive, send):
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    headers = [(b"content-length", b"300")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(300)})
tls = tls_context(home.tls_cert, home.tls_key, home.tls_ca)
listener = Listener(app, bind("127.0.0.1", 0), tls)
run([listener], lambda: print(json.dumps({"stations": listener.port}), flush=True))
"""


def main(stations: int, ticks: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        body = Body(directory / "body")
        digest = found_body(body.directory, "Bench", CLOCK).digest
        hall = _enrolled(body, digest, directory / "hall", HallHome)
        station = _enrolled(body, digest, directory / "station", StationHome)
        package_hash = secrets.token_bytes(32)
        _open_sitting(hall, package_hash, stations)
        with _process(_HALL, "serve", str(hall.directory)) as port:
            bodies = _prepare(directory, station, hall, port, package_hash, stations, ticks)
            real = asyncio.run(_measure(station, port, "/v1/tick", bodies))
        with _process(_BARE, str(hall.directory)) as port:
            bare = asyncio.run(_measure(station, port, "/v1/tick", bodies))
    print(f"{stations} stations, {ticks} ticks each, {FRAMES_PER_TICK} frames per tick")
    for what, (rate, p50, p99) in (("hall", real), ("bare uvicorn", bare)):
        print(f"{what:>12}: {rate:8.0f} ticks/s   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms")
    print(f"{'ratio':>12}: {bare[0] / real[0]:8.2f}")


def _enrolled(body: Body, digest: bytes, directory: Path, kind):  # type: ignore[no-untyped-def]
    if kind is HallHome:
        request = new_hall(directory, "hall", "C1", "127.0.0.1", "", station_port=0, console_port=0)
    else:
        request = new_station(directory, "s1", "C1", "https://127.0.0.1:1", camera="none")
    install(kind.load(directory), enrol(body, request, CLOCK)[1], CLOCK, pinned=digest)
    return kind.load(directory)


def _open_sitting(hall: HallHome, package_hash: bytes, count: int) -> None:
    store = open_store(hall.directory)
    lines = [Line(n, f"c-{n}", f"Candidate {n}", f"code-{n:05}", 0) for n in range(count)]
    store.write(
        lambda connection: seats.add_sitting(
            connection,
            title="Bench",
            exam="Bench",
            slot="slot",
            package_hash=package_hash,
            release_id=bytes(16),
            codes=1,
            not_before_s=0,
            lines=lines,
            time_ns=CLOCK.wall_ns(),
        )
    )
    store.close()


class _process:
    """A server process; its port inside the ``with``."""

    def __init__(self, code: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> int:
        assert self._process.stdout is not None
        port: int = json.loads(self._process.stdout.readline())["stations"]
        return port

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.wait()


def _prepare(
    directory: Path,
    station: StationHome,
    hall: HallHome,
    port: int,
    package_hash: bytes,
    stations: int,
    ticks: int,
) -> list[list[bytes]]:
    """Sign in and write every journal; the bodies of each connection's ticks."""
    client = HolderClient(
        f"https://127.0.0.1:{port}",
        station.client_tls(),
        enrolment=station.enrolment_bytes,
        centre="C1",
        trust=station.trust(),
    )
    client.greet(now_s=CLOCK.wall_ns() // 1_000_000_000)
    key, trust = station.signing_key(), station.trust()
    openings = {role: trust.opening(role) for role in OPENING_ROLES}
    said = Status("running", 3, 24, 1_000_000, True, 0, (), 9000, CLOCK.wall_ns(), False, (), 0)
    all_bodies = []
    for number in range(stations):
        seat = client.sign_in(f"code-{number:05}")
        context = first_context(seat.blind_id, key.key_id, package_hash, CLOCK.boot())
        writer = JournalWriter.begin(
            directory / f"j{number}",
            context,
            client.permit(context, START).permit,
            station=key,
            openings=openings,
            evidence=hall.sealing_key().public,
            hall=[hall.sealing_key().public],
            neighbour=None,
            stamp=stamp(CLOCK),
        )
        for _ in range(ticks * FRAMES_PER_TICK - 1):
            writer.append(stamp(CLOCK), os.urandom(120), Compartment.EVENTS)
        writer.commit()
        frames = writer.frames(0, 1 << 30)
        heads = [writer.head_at(place) or b"" for place in range(len(frames) + 1)]
        writer.close()
        Outbox(seat.blind_id).put(1, frames)  # a look that they follow one another
        all_bodies.append(
            [
                canon.pack(
                    Tick(
                        seat.blind_id,
                        1,
                        end,
                        heads[end],
                        frames[end - FRAMES_PER_TICK : end],
                        0,
                        0,
                        said,
                    )
                )
                for end in range(FRAMES_PER_TICK, len(frames) + 1, FRAMES_PER_TICK)
            ]
        )
    client.close()
    return all_bodies


class _Reply(asyncio.Protocol):
    """The least HTTP client: one request at a time on one connection."""

    def __init__(self) -> None:
        self.done: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        assert self.done is not None
        self.done.set_result(self._parser.get_status_code())

    async def post(self, path: str, body: bytes) -> int:
        self._parser = httptools.HttpResponseParser(self)
        self.done = asyncio.get_running_loop().create_future()
        head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)  # type: ignore[attr-defined]
        return await self.done


async def _measure(
    station: StationHome, port: int, path: str, bodies: list[list[bytes]]
) -> tuple[float, float, float]:
    """Ticks per second, and the median and 99th percentile of one tick in milliseconds."""
    tls: ssl.SSLContext = station.client_tls()
    loop = asyncio.get_running_loop()
    times: list[float] = []

    async def run(connection: _Reply, mine: list[bytes]) -> None:
        for data in mine:
            began = time.perf_counter()
            status = await connection.post(path, data)
            times.append(time.perf_counter() - began)
            if status != 200:
                raise SystemExit(f"the server answered {status}")

    make: Callable[[], _Reply] = _Reply
    connections = []
    for _ in bodies:
        _, protocol = await loop.create_connection(
            make, "127.0.0.1", port, ssl=tls, server_hostname="127.0.0.1"
        )
        connections.append(protocol)
    began = time.perf_counter()
    await asyncio.gather(*(run(c, mine) for c, mine in zip(connections, bodies, strict=True)))
    took = time.perf_counter() - began
    cuts = statistics.quantiles(times, n=100)
    return len(times) / took, cuts[49] * 1000, cuts[98] * 1000


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:3]]
    main(*(given + [100, 30][len(given) :]))
