"""What a standby costs the hall in command: ticks with rows noted for it, and without.

One hall in this process on its real database (synced), many attempts, each tick a new record.
The bare engine is the same hall with the triggers that note changes dropped. Besides, how many
rows a second the standby takes over.

    python tests/benchmarks/standby.py [stations] [rounds]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import apsw
from halls_model import Hall, Wire

from sync.hall import stream
from sync.hall.service import HallService
from sync.holder.store import rows


def drop(connection: apsw.Connection) -> None:
    for (name,) in rows(
        connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'follow_%'"
        )
    ):
        connection.execute(f"DROP TRIGGER {name}")


def touch(connection: apsw.Connection, blind_id: bytes, now_ns: int) -> None:
    """The rows of the hall's own tables that a tick with new frames changes."""
    connection.execute(
        "INSERT INTO journals (blind_id, state) VALUES (?1, ?2)"
        " ON CONFLICT (blind_id) DO UPDATE SET state = ?2",
        (blind_id, now_ns.to_bytes(120, "big")),
    )
    connection.execute(
        "INSERT INTO frames (blind_id, sequence, header, frame) VALUES (?, ?, 0, ?)",
        (blind_id, now_ns, bytes(300)),
    )
    connection.execute("UPDATE seats SET heard_ns = ? WHERE blind_id = ?", (now_ns, blind_id))


async def ticks(service: HallService, stations: int, rounds: int) -> float:
    """Seconds for *rounds* ticks of every station, all of a round at once."""
    with service.store.reading() as connection:
        seats = [blind_id for (blind_id,) in connection.execute("SELECT blind_id FROM seats")]
    chosen = [seats[n % len(seats)] for n in range(stations)]
    begun = time.perf_counter()
    number = time.time_ns()
    for _ in range(rounds):
        jobs = []
        for blind_id in chosen:
            number += 1
            jobs.append(
                service.store.awrite(
                    lambda connection, blind_id=blind_id, number=number: touch(
                        connection, blind_id, number
                    )
                )
            )
        await asyncio.gather(*jobs)
    return time.perf_counter() - begun


def main() -> None:
    stations, rounds = ([int(each) for each in sys.argv[1:]] + [300, 30])[:2] or (300, 30)
    with tempfile.TemporaryDirectory() as name:
        hall = Hall(0, Path(name) / "hall", Wire())
        service = hall.service
        assert service is not None

        def more(connection: apsw.Connection) -> None:
            connection.executemany(
                "INSERT INTO seats (blind_id, sitting, line, candidate, name, code, extra_s)"
                " VALUES (?, 1, ?, ?, 'N', ?, 0)",
                [
                    (bytes([7]) * 8 + n.to_bytes(8, "big"), n, f"B-{n}", b"%d" % n)
                    for n in range(100, 100 + stations)
                ],
            )

        service.store.write(more)
        results = {"noted": 0.0, "bare": 0.0}
        asyncio.run(ticks(service, stations, 2))
        for turn in range(6):  # in alternating order: what comes later has the longer file
            for kind in ("noted", "bare") if turn % 2 else ("bare", "noted"):
                service.store.write(drop if kind == "bare" else stream.watch)
                results[kind] += asyncio.run(ticks(service, stations, rounds))
        service.store.write(stream.watch)
        count = 6 * rounds * stations
        for words, seconds in results.items():
            print(f"{words:>6}: {count / seconds:9.0f} writes/s")
        print(f"ratio: {results['bare'] / results['noted']:.2f} of the bare engine")
        begun = time.perf_counter()
        with service.store.reading() as connection:
            after, found = 0, 0
            more_rows = True
            while more_rows:
                page, more_rows = stream.changes(connection, after)
                after, found = (page[-1].number, found + len(page)) if page else (after, found)
        print(f"rows given to a follower: {found / (time.perf_counter() - begun):9.0f} /s")
        hall.stop()


if __name__ == "__main__":
    main()
