"""The store keeps its word in any order and any number of repetitions."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from exam_packages.sealing.log import leaf_hash
from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.tiles import ENTRIES, Place, join_entries
from sync.intake import bundle_store
from sync.intake.sqlite_storage import SqliteStorage
from sync.intake.storage import Accepted, Standing

HASHES = [hashlib.sha256(bytes([number])).digest() for number in range(5)]
PIECES = {hashlib.sha256(data).digest(): data for data in (b"one", b"two", b"three")}
STATIONS = [bytes([number]) * 16 for number in range(2)]

hashes = st.sampled_from(HASHES)
pieces = st.sampled_from(sorted(PIECES))


def accepted(bundle_hash: bytes) -> Accepted:
    return Accepted(
        bundle_hash=bundle_hash,
        sitting=f"sitting-{bundle_hash[0] % 2}",
        centre="Lisbon",
        station="seat-1",
        blind_id=bundle_hash[:16],
        package_hash=bytes(32),
        head=bundle_hash,
        frames=1,
        offer=b"offer",
        answers=b"answers of " + bundle_hash,
        evidence=tuple((digest, len(data)) for digest, data in sorted(PIECES.items())),
    )


class StorageMachine(RuleBasedStateMachine):
    """The store beside a model of dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.offers: dict[bytes, tuple[bytes, bytes]] = {}
        self.chunks: dict[bytes, dict[bytes, bytes]] = {}
        self.receipts: dict[bytes, bytes] = {}
        self.held: set[tuple[bytes, bytes]] = set()
        self.refused: set[tuple[bytes, str]] = set()
        self.store = self.open()

    def open(self) -> SqliteStorage:
        home = Path(self.directory.name)
        return SqliteStorage(home / "intake.sqlite", home / "evidence")

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = self.open()

    @rule(bundle=hashes, station=st.sampled_from(STATIONS), data=st.binary(max_size=4))
    def offer(self, bundle: bytes, station: bytes, data: bytes) -> None:
        self.store.offer(bundle, station, data)
        known, _ = self.offers.get(bundle, (station, b""))
        self.offers[bundle] = (known, data)

    @rule(bundle=hashes, digest=pieces)
    def stage(self, bundle: bytes, digest: bytes) -> None:
        self.store.stage(bundle, digest, PIECES[digest])
        if bundle in self.offers:
            self.chunks.setdefault(bundle, {})[digest] = PIECES[digest]

    @rule(bundle=hashes)
    def accept(self, bundle: bytes) -> None:
        new = bundle not in self.receipts
        seen: list[bytes] = []
        receipt = self.store.accept(
            accepted(bundle),
            1,
            lambda standing: seen.extend(each.bundle_hash for each in standing),
            lambda number: b"receipt %d" % number,
        )
        if new:
            assert receipt == b"receipt %d" % len(self.receipts)
            self.receipts[bundle] = receipt
            self.drop(bundle)
        assert receipt == self.receipts[bundle]
        assert not seen

    @rule(bundle=hashes)
    def fork(self, bundle: bytes) -> None:
        """A comparison that fails leaves everything as it was."""

        def contradict(standing: list[Standing]) -> None:
            raise ValueError("contradicts")

        try:
            receipt = self.store.accept(accepted(bundle), 1, contradict, lambda number: b"never")
        except ValueError:
            assert bundle not in self.receipts
        else:
            assert receipt == self.receipts[bundle]

    @rule(bundle=hashes, reason=st.sampled_from(["cut", "forged"]))
    def refuse(self, bundle: bytes, reason: str) -> None:
        self.store.refuse(bundle, reason, 1, b"offer", b"answers")
        self.refused.add((bundle, reason))
        self.drop(bundle)

    @precondition(lambda self: self.receipts)
    @rule(bundle=hashes, digest=pieces)
    def keep_evidence(self, bundle: bytes, digest: bytes) -> None:
        if bundle in self.receipts:
            self.store.keep_evidence(bundle, digest, PIECES[digest])
            self.held.add((bundle, digest))
            assert self.store.evidence(digest) == PIECES[digest]

    def drop(self, bundle: bytes) -> None:
        self.offers.pop(bundle, None)
        self.chunks.pop(bundle, None)

    @invariant()
    def agrees(self) -> None:
        store = self.store
        for bundle in HASHES:
            assert store.receipt(bundle) == self.receipts.get(bundle)
            assert store.offered(bundle) == self.offers.get(bundle, (b"", None))[1]
            assert store.staged(bundle) == self.chunks.get(bundle, {})
            stored = accepted(bundle) if bundle in self.receipts else None
            assert store.bundle(bundle) == stored
            if stored is not None:
                missing = {each for each in PIECES if (bundle, each) not in self.held}
                assert set(store.missing(bundle)) == missing
        for station in STATIONS:
            count = sum(station == whose for whose, _ in self.offers.values())
            assert store.offers(station) == count
        assert set(store.bundles()) == set(self.receipts)
        entries = [bundle_entry(bundle) for bundle in self.receipts]
        assert store.size() == len(entries)
        if entries:
            assert store.tile(Place(ENTRIES, 0, len(entries))) == join_entries(entries)
            hashes = b"".join(leaf_hash(entry) for entry in entries)
            assert store.tile(Place(0, 0, len(entries))) == hashes
        assert {(each.bundle_hash, each.reason) for each in store.refused()} == self.refused

    def teardown(self) -> None:
        self.store.close()
        self.directory.cleanup()


StorageMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestStorage = StorageMachine.TestCase


def test_refused_bundles_give_way_to_newer_ones(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(bundle_store, "MAX_REFUSED", 3)
    monkeypatch.setattr(bundle_store, "MAX_REFUSED_BYTES", 1000)
    with SqliteStorage(tmp_path / "intake.sqlite", tmp_path / "evidence") as store:
        for number in range(5):
            store.refuse(HASHES[number], "cut", number, b"", b"x" * 100)
        assert [each.seen_s for each in store.refused()] == [2, 3, 4]
        store.refuse(HASHES[0], "forged", 5, b"", b"x" * 950)
        assert [each.seen_s for each in store.refused()] == [5]
