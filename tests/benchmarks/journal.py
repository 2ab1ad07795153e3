"""How fast the journal is, beside the disk itself in the same run.

    python tests/benchmarks/journal.py [--records N] [--directory DIR]

*Commit* is one sealed answer of 300 bytes, written and made durable. Beside it, in turn
with it, the same number of bytes is appended to a plain file and made durable, and written
over a preallocated one. Sealing, reading, verifying and opening are timed alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from exam_packages.clock import Stamp
from exam_packages.sealing import chain
from exam_packages.sealing.journal import (
    Compartment,
    JournalWriter,
    epoch_header,
    first_context,
    open_frames,
    read_frames,
    read_half,
    restore,
    sign_permit,
)
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, SCORING

BODY = b"a" * 250  # with its length, a bucket of 256; the frame has about 390 bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, help="records to replay")
    parser.add_argument("--commits", type=int, default=2_000, help="records committed singly")
    parser.add_argument("--directory", type=Path, help="where to write: the disk to measure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.directory) as directory:
        measure(Path(directory), arguments.commits, arguments.records)


def measure(directory: Path, commits: int, records: int) -> None:
    station, hall, role = SigningKey(bytes(32)), SealingKey(bytes(32)), SealingKey.generate()
    boot, blind_id, package_hash = bytes(16), bytes(16), bytes(32)
    context = first_context(blind_id, station.key_id, package_hash, boot)
    attempt = directory / "attempt"
    writer = JournalWriter.begin(
        attempt,
        context,
        sign_permit(context, 1, 1, station),
        station=station,
        openings=dict.fromkeys((SCORING, INTEGRITY, REGISTRAR), role.public),
        evidence=role.public,
        hall=[hall.public],
        neighbour=None,
        stamp=Stamp(boot, 1, 1, 0),
    )

    def append() -> None:
        number = writer.sequence
        stamp = Stamp(boot, number * 10**9, 1_700_000_000 * 10**9 + number, 1)
        writer.append(stamp, BODY, Compartment.RESPONSES)

    def commit() -> None:
        append()
        writer.commit()

    commit()
    size = len(writer.frames(1)[0])
    plain = bare_append(directory / "plain", size)
    over = bare_overwrite(directory / "preallocated", size, commits + 1)
    ways: dict[str, Callable[[], None]] = {
        "journal commit": commit,
        "bare append + fdatasync": plain,
        "bare overwrite + fdatasync": over,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(commits):
        for name, way in ways.items():
            times[name].append(timed(way))
    print(f"{size} bytes per frame, {commits} commits each, in turn")
    for name, took in times.items():
        p50, p99 = quantiles(took)
        print(f"  {name:28} p50 {p50 * 1e6:7.0f} µs   p99 {p99 * 1e6:7.0f} µs")
    ours = quantiles(times["journal commit"])
    for name in list(ways)[1:]:
        bare = quantiles(times[name])
        print(
            f"  ratio to {name:19} p50 {ours[0] / bare[0]:7.2f}      p99 {ours[1] / bare[1]:7.2f}"
        )

    left = max(0, records - writer.sequence)
    took = timed(lambda: [append() for _ in range(left)])
    if left:
        print(f"sealing      {took / left * 1e6:7.1f} µs per record")
    writer.commit()
    writer.close()

    recovered = read_frames(attempt)
    count = len(recovered.frames)
    header = epoch_header(recovered.frames[0])
    halves = header.half_for(hall), read_half(attempt, header)
    keys = {1: restore(header, *halves)}
    start = chain.start(blind_id, package_hash)
    known = {station.key_id: station.public}.get
    steps: dict[str, Callable[[], object]] = {
        "read": lambda: read_frames(attempt),
        "verify chain": lambda: chain.extend(start, recovered.frames, known, [station.public]),
        "open": lambda: [None for _ in open_frames(recovered.frames, keys)],
    }
    total = 0.0
    for name, step in steps.items():
        took = timed(step)
        total += took
        print(f"{name:12} {took * 1e3:7.0f} ms for {count} records, {count / took:9,.0f}/s")
    print(f"restore      {total * 1e3:7.0f} ms: all three")


def bare_append(path: Path, size: int) -> Callable[[], None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    data = os.urandom(size)

    def write() -> None:
        os.write(descriptor, data)
        os.fdatasync(descriptor)

    return write


def bare_overwrite(path: Path, size: int, count: int) -> Callable[[], None]:
    path.write_bytes(bytes(size * count))
    descriptor = os.open(path, os.O_WRONLY)
    os.fsync(descriptor)
    data = os.urandom(size)

    def write() -> None:
        os.write(descriptor, data)
        os.fdatasync(descriptor)

    return write


def timed(way: Callable[[], object]) -> float:
    before = time.perf_counter()
    way()
    return time.perf_counter() - before


def quantiles(took: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(took, n=100)
    return cuts[49], cuts[98]


if __name__ == "__main__":
    main()
