"""The promise: whoever has a receipt can rely on it, whatever happens to the process."""

from __future__ import annotations

import gc
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from centre import Centre, HandedIn
from intake_process import Running, running

from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.tiles import ENTRIES, Place, split_entries
from sync.intake.client import IntakeUnavailable
from sync.intake.home import IntakeHome

ROUNDS = 3
BUNDLES = 24


def test_kill_9_loses_nothing_that_was_acknowledged(
    home: IntakeHome, centre: Centre, attempts: Iterator[Path]
) -> None:
    bundles = [centre.hand_in(next(attempts), pictures=1) for _ in range(BUNDLES)]
    receipts: dict[bytes, bytes] = {}
    evidence: set[bytes] = set()
    kills = random.Random(7)  # noqa: S311 - no secret

    def hand_over(server: Running, handed: HandedIn, last: int | None) -> None:
        try:
            with server.client() as client:
                receipts[handed.bundle_hash] = client.hand_over(**handed.parts())
                for digest, data in handed.evidence:
                    client.put_evidence(handed.bundle_hash, digest, data)
                    evidence.add(digest)
        except IntakeUnavailable:
            assert last is not None, "the intake failed without having been killed"
        if last is not None and len(receipts) >= last:
            server.process.kill()

    for number in range(ROUNDS + 1):
        waiting = [each for each in bundles if each.bundle_hash not in receipts]
        killed = number < ROUNDS
        last = len(receipts) + kills.randint(2, 6) if killed else None
        with running(home, centre) as server, ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(hand_over, server, each, last) for each in waiting]:
                done.result()
            if killed:
                assert server.process.wait(10) == -signal.SIGKILL
            else:
                assert server.process.poll() is None
        with home.storage() as storage:
            for bundle_hash, receipt in receipts.items():
                assert storage.receipt(bundle_hash) == receipt
            missing = {each for one in storage.bundles() for each in storage.missing(one)}
            assert not missing & evidence

    gc.collect()
    assert len(receipts) == BUNDLES
    with home.storage() as storage:
        assert storage.size() == BUNDLES
        entries = split_entries(storage.tile(Place(ENTRIES, 0, BUNDLES)), BUNDLES)
        for bundle_hash, data in receipts.items():
            receipt = read_receipt(data, centre.trust)
            assert entries[receipt.leaf] == bundle_entry(bundle_hash)
        for handed in bundles:
            for digest, data in handed.evidence:
                if digest in evidence:
                    assert storage.evidence(digest) == data
