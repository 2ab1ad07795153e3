"""How many bundles the intake accepts, beside the same bytes merely made durable.

Prints both rates and their ratio, in one run on one disk::

    python tests/benchmarks/intake.py [BUNDLES]

*Bare* writes each bundle's bytes to SQLite (WAL, synchronous FULL), 16 callers at once
under group commit, nothing checked. *Intake* verifies every signature and hash, stores,
logs and signs the receipt; *HTTPS* is the same through the real process and its requests,
over one connection per caller, with the callers on the same cores.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from centre import CLOCK, Centre, HandedIn, choice
from intake_process import running

from exam_packages import canon
from sync.holder.store import Store
from sync.intake.client import IntakeClient
from sync.intake.home import IntakeHome
from sync.intake.messages import Offer, chunk_digest, cut
from sync.intake.service import Intake

CALLERS = 16
ITEMS = 60


def rate(work: Callable[[HandedIn], object], bundles: Sequence[HandedIn]) -> float:
    """Bundles per second through *work*, called by all callers at once."""
    with ThreadPoolExecutor(CALLERS) as pool:
        start = time.perf_counter()
        for _ in pool.map(work, bundles):
            pass
        return len(bundles) / (time.perf_counter() - start)


def bare(directory: Path, bundles: Sequence[HandedIn]) -> float:
    store = Store(directory / "bare.sqlite", "CREATE TABLE bundle (hash BLOB, data BLOB)")

    def work(handed: HandedIn) -> None:
        row = (handed.bundle_hash, handed.part())
        store.write(lambda db: db.execute("INSERT INTO bundle VALUES (?, ?)", row).fetchall())

    try:
        return rate(work, bundles)
    finally:
        store.close()


def accepted(home: IntakeHome, bundles: Sequence[HandedIn]) -> float:
    with home.storage() as storage:
        intake = Intake(storage, home.trust, home.key(), CLOCK, lambda: 1 << 40)

        def work(handed: HandedIn) -> None:
            chunks = {chunk_digest(chunk): chunk for chunk in cut(handed.frames)}
            made = Offer(handed.manifest, handed.countersignature, handed.enrolments, tuple(chunks))
            intake.offer(handed.bundle_hash, canon.pack(made))
            for digest, chunk in chunks.items():
                intake.stage(handed.bundle_hash, digest, chunk)
            intake.commit(handed.bundle_hash)

        return rate(work, bundles)


def served(home: IntakeHome, centre: Centre, bundles: Sequence[HandedIn]) -> float:
    with running(home, centre) as server:
        clients: queue.SimpleQueue[IntakeClient] = queue.SimpleQueue()

        def work(handed: HandedIn) -> None:
            client = clients.get()
            client.hand_over(**handed.parts())
            clients.put(client)

        with contextlib.ExitStack() as stack:
            for _ in range(CALLERS):
                clients.put(stack.enter_context(server.client()))
            return rate(work, bundles)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        centre = Centre.found(directory)
        answers = [(f"q{at}", choice("a")) for at in range(ITEMS)]
        bundles = [centre.hand_in(directory / f"a{at}", answers) for at in range(count)]
        size = sum(len(handed.part()) for handed in bundles) // count
        homes = [
            IntakeHome.create(directory / place, centre.body, "127.0.0.1", 0, ())
            for place in ("direct", "served")
        ]
        print(f"{count} bundles of {size / 1024:.0f} KiB ({len(bundles[0].frames)} frames)")
        plain = bare(directory, bundles)
        print(f"bare    {plain:7.0f} bundles/s")
        for what, figure in (
            ("intake", accepted(homes[0], bundles)),
            ("HTTPS", served(homes[1], centre, bundles)),
        ):
            print(f"{what:7} {figure:7.0f} bundles/s   {figure / plain:.2f} of bare")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
