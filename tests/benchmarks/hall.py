"""What a full room costs its hall: an open loop of ticks and pictures, beside what is beneath it.

Each station has a connection of its own over TLS with a client certificate. It sends a tick each
second, by the clock and not when the last was answered, with new frames of a journal written
before, and a sealed picture of 30 KB each 15 seconds. The same load goes to (a) the hall, (b) a
bare handler on the same server that reads the body and answers as many bytes, storing nothing.
(c) is the ceiling of verifying and syncing: the same ticks through the same chain verifier into
SQLite, acknowledgements signed, in groups as large as the hall's, with no HTTP around it.

Then the server is killed and started again, and all stations come back in the same moment, each
with a whole handshake and its last tick: the time until the last is served.

Times of an answer run from the moment the tick was due. The hall's share of a processor is
counted by the kernel, for all its threads, so it holds also where other programs run; the
latency is the machine's as much as the hall's. The generator's own share and lag are printed:
where it lags, the latency is its own.

Run: ``python tests/benchmarks/hall.py [stations] [seconds] [seconds between pictures; 0: none]``
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from storm import Connection, connect

from exam_packages import canon
from exam_packages.attempt.events import START
from exam_packages.body import Body
from exam_packages.clock import SystemClock, stamp
from exam_packages.sealing.journal import Compartment, JournalWriter, first_context
from exam_packages.sealing.journal_format import Acknowledgement, sign_acknowledgement
from exam_packages.sealing.journal_keys import blob_digest
from exam_packages.sealing.trust_root import OPENING_ROLES
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_hall, new_station
from provisioning.station_home import StationHome
from sync.hall import seats
from sync.hall.home import HallHome
from sync.hall.roster import Line
from sync.hall.schema import open_store
from sync.holder.journals import SCHEMA, held_state, hold
from sync.holder.store import Store
from sync.link import HolderClient
from sync.messages import STATION_ROUTES, Status, Tick

CLOCK = SystemClock()
T = TypeVar("T")
FRAMES_PER_TICK = 1
PICTURE_BYTES = 30_000
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
    size = 0 if scope["method"] == "PUT" else 300
    headers = [(b"content-length", b"%d" % size)]
    status = 200 if size else 204
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(size)})
tls = tls_context(home.tls_cert, home.tls_key, home.tls_ca)
listener = Listener(app, bind("127.0.0.1", 0), tls)
run([listener], lambda: print(json.dumps({"stations": listener.port}), flush=True))
"""


@dataclass(frozen=True)
class Seat:
    """One exam: the bodies of its ticks, one after the other, and its pictures."""

    blind_id: bytes
    ticks: list[bytes]
    pictures: list[bytes]


@dataclass(frozen=True)
class Load:
    """What a run of the open loop showed. Seconds; shares are of one processor."""

    answers: list[float]
    lags: list[float]
    server: float
    generator: float
    took: float
    later: list[bool]
    """For each picture, whether it was put off."""

    def per_tick_us(self, ticks: int) -> float:
        return self.server * self.took / ticks * 1e6


def main(stations: int, seconds: int, picture_s: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        body = Body(directory / "body")
        digest = found_body(body.directory, "Bench", CLOCK).digest
        hall = _enrolled(body, digest, directory / "hall", HallHome)
        station = _enrolled(body, digest, directory / "station", StationHome)
        package_hash = secrets.token_bytes(32)
        _open_sitting(hall, package_hash, stations)
        with _process(_HALL, "serve", str(hall.directory)) as (port, pid):
            room = _prepare(
                directory, station, hall, port, package_hash, stations, seconds, picture_s
            )
            real = _run(_drive(station, port, pid, room, picture_s))
        with _process(_HALL, "serve", str(hall.directory)) as (port, pid):
            real_storm = _run(_storm(station, port, pid, room))
        with _process(_BARE, str(hall.directory)) as (port, pid):
            bare = _run(_drive(station, port, pid, room, picture_s))
        with _process(_BARE, str(hall.directory)) as (port, pid):
            bare_storm = _run(_storm(station, port, pid, room))
        ceiling_us, groups = _ceiling(directory, station, hall, package_hash, room, seconds)
    ticks = stations * seconds
    print(
        f"{stations} stations, {seconds} s: a tick a second with {FRAMES_PER_TICK} frame, "
        + (
            f"a picture of {PICTURE_BYTES // 1000} KB each {picture_s} s"
            if picture_s
            else "no picture"
        )
    )
    for what, load in (("hall", real), ("bare handler", bare)):
        cuts = statistics.quantiles(load.answers, n=1000)
        lag = statistics.quantiles(load.lags, n=1000)
        print(
            f"{what:>14}: p50 {cuts[499] * 1e3:7.2f} ms  p99 {cuts[989] * 1e3:7.2f} ms   "
            f"{load.server:5.1%} of a core, {load.per_tick_us(ticks):5.0f} us a tick   "
            f"(generator {load.generator:5.1%}, p99 late {lag[989] * 1e3:.2f} ms; "
            f"pictures put off: {sum(load.later)} of {len(load.later)})"
        )
    hall_us, bare_us = (each.per_tick_us(ticks) for each in (real, bare))
    print(f"{'ceiling':>14}: verify and sync {ceiling_us:5.0f} us a tick, {groups:.1f} in a group")
    print(
        f"{'':>14}  hall: {ceiling_us / hall_us:.2f} of the ceiling of verify-and-sync, "
        f"{(ceiling_us + bare_us) / hall_us:.2f} of that with the bare handler before it"
    )
    print(f"all {stations} come back at once, each with a whole handshake and a tick:")
    for what, storm in (("hall", real_storm), ("bare handler", bare_storm)):
        print(
            f"{what:>14}: the last served after {storm.took:5.2f} s, half after {storm.half:5.2f} s"
            f"   {storm.server * 1e3:4.2f} ms of a core each "
            f"(generator {storm.generator * 1e3:4.2f})"
        )


def _enrolled(body: Body, digest: bytes, directory: Path, kind: Any) -> Any:
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


@contextmanager
def _process(code: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """A server's process: its port and process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["stations"], process.pid
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _prepare(
    directory: Path,
    station: StationHome,
    hall: HallHome,
    port: int,
    package_hash: bytes,
    stations: int,
    seconds: int,
    picture_s: int,
) -> list[Seat]:
    """Sign in and write every journal: what each connection will send."""
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
    evidence, restore = hall.sealing_key().public, [hall.sealing_key().public]

    def prepare(number: int) -> Seat:
        seat = client.sign_in(f"code-{number:05}")
        context = first_context(seat.blind_id, key.key_id, package_hash, CLOCK.boot())
        writer = JournalWriter.begin(
            directory / f"j{number}",
            context,
            client.permit(context, START).permit,
            station=key,
            openings=openings,
            evidence=evidence,
            hall=restore,
            neighbour=None,
            stamp=stamp(CLOCK),
            sync=lambda _: None,  # the stations' disks are not what is measured
        )
        for _ in range(seconds * FRAMES_PER_TICK - 1):
            writer.append(stamp(CLOCK), os.urandom(120), Compartment.EVENTS)
        writer.commit()
        frames = writer.frames(0, 1 << 30)
        heads = [writer.head_at(place) or b"" for place in range(len(frames) + 1)]
        writer.close()
        ends = range(FRAMES_PER_TICK, len(frames) + 1, FRAMES_PER_TICK)
        ticks = [
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
            for end in ends
        ]
        pictures = [
            os.urandom(PICTURE_BYTES) for _ in range(seconds // picture_s if picture_s else 0)
        ]
        return Seat(seat.blind_id, ticks, pictures)

    with ThreadPoolExecutor(8) as pool:
        room = list(pool.map(prepare, range(stations)))
    client.close()
    return room


# --- The open loop -----------------------------------------------------------------


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def _drive(
    station: StationHome, port: int, pid: int, room: list[Seat], picture_s: int
) -> Load:
    tls = station.client_tls()
    connections: list[Connection] = []
    for at in range(0, len(room), 50):
        some = room[at : at + 50]
        connections += await asyncio.gather(*(connect(port, tls) for _ in some))
    answers: list[float] = []
    lags: list[float] = []
    later: list[bool] = []
    path = STATION_ROUTES["tick"]

    async def sit(number: int, connection: Connection, seat: Seat, begin: float) -> None:
        first = begin + number / len(room)  # ticks are spread over the second
        for turn, tick in enumerate(seat.ticks):
            due = first + turn
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
                lags.append(time.perf_counter() - due)
            answer = await connection.post(path, tick)
            answers.append(time.perf_counter() - due)
            if answer.status != 200:
                raise SystemExit(f"the server answered {answer.status}: {bytes(answer.body)!r}")
            round_, place = divmod(turn, picture_s) if picture_s else (0, -1)
            if place == number % (picture_s or 1) and round_ < len(seat.pictures):
                picture = seat.pictures[round_]
                where = f"{STATION_ROUTES['evidence']}/{seat.blind_id.hex()}"
                where += f"/{blob_digest(picture).hex()}"
                kept = await connection.post(where, picture, "PUT")
                later.append(kept.status == 429)  # as a station's, it would come again
                if kept.status not in (204, 429):
                    raise SystemExit(f"the server answered {kept.status} to a picture")

    before, mine = _processor_s(pid), time.process_time()
    begin = time.perf_counter() + 0.2
    await asyncio.gather(
        *(
            sit(number, connection, seat, begin)
            for number, (connection, seat) in enumerate(zip(connections, room, strict=True))
        )
    )
    took = time.perf_counter() - begin
    load = Load(
        answers,
        lags,
        (_processor_s(pid) - before) / took,
        (time.process_time() - mine) / took,
        took,
        later,
    )
    for connection in connections:
        connection.close()
    return load


@dataclass(frozen=True)
class Storm:
    """All at once: seconds until half and all were served; of a processor, for each."""

    took: float
    half: float
    server: float
    generator: float


async def _storm(station: StationHome, port: int, pid: int, room: list[Seat]) -> Storm:
    tls = station.client_tls()
    before, mine = _processor_s(pid), time.process_time()
    begin = time.perf_counter()

    async def come_back(seat: Seat) -> float:
        connection = await connect(port, tls)
        tick = seat.ticks[-1]
        while (answer := await connection.post(STATION_ROUTES["tick"], tick)).status != 200:
            if answer.status not in (429, 503):
                raise SystemExit(f"the server answered {answer.status}: {bytes(answer.body)!r}")
            await asyncio.sleep(int(answer.headers[b"retry-after"]))
        served = time.perf_counter() - begin
        connection.close()
        return served

    served = sorted(await asyncio.gather(*(come_back(seat) for seat in room)))
    return Storm(
        served[-1],
        served[len(served) // 2],
        (_processor_s(pid) - before) / len(room),
        (time.process_time() - mine) / len(room),
    )


def _processor_s(pid: int) -> float:
    """Seconds of processor that all threads of a process have used."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


# --- The ceiling -------------------------------------------------------------------


def _ceiling(
    directory: Path,
    station: StationHome,
    hall: HallHome,
    package_hash: bytes,
    room: list[Seat],
    seconds: int,
) -> tuple[float, float]:
    """Microseconds of processor for each tick that is decoded, verified, stored, synced and
    acknowledged, in groups as they come at so many ticks a second; and their mean size."""
    store = Store(directory / "ceiling.sqlite", SCHEMA)
    writer, key = station.signing_key().public, hall.signing_key()

    def work(tick: Tick, connection: apsw.Connection) -> bytes:
        state = held_state(connection, tick.blind_id, package_hash)
        held = hold(
            connection,
            state,
            tick.frames,
            sender=writer.key_id,
            sequence=tick.sequence,
            head=tick.head,
            stations=lambda _: writer,
            commanders=[key.public],
            time_ns=1,
        )
        assert held.refused is None and held.added, held
        word = Acknowledgement(
            tick.blind_id, 1, held.state.sequence, held.state.head, key.key_id, 1, 1
        )
        return sign_acknowledgement(word, key)

    size = max(1, len(room) // 100)  # a sync of some 10 ms gathers the ticks of 10 ms
    began, ticks, groups = time.process_time(), 0, 0
    for turn in range(seconds):
        for at in range(0, len(room), size):
            group = [
                store.submit(partial(work, canon.unpack(seat.ticks[turn], Tick)))
                for seat in room[at : at + size]
            ]
            for each in group:
                each.result()
            ticks, groups = ticks + len(group), groups + 1
    took = time.process_time() - began
    store.close()
    return took / ticks * 1e6, ticks / groups


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:4]]
    main(*(given + [300, 15, 15][len(given) :]))
