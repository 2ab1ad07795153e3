"""The power goes after every single byte that a station writes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_machine import Crashes
from crash_model import ROOM, ROOT
from cut_disk import CutDisk, State

from exam_packages.sealing.journal import read_frames

WHOLE = (1.0, 0)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        yield Path(name)


@pytest.mark.parametrize(
    "every", [97, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "every"]
)
def test_after_any_byte_all_that_was_saved_is_there(elsewhere: Path, every: int) -> None:
    """Of what is not durable nothing, all, or every second thing lasts."""
    crashes = Crashes()
    station = crashes.stations[0]
    left = CutDisk(elsewhere / "disk")
    left.root.mkdir()
    calls = looked = 0
    seen: dict[str, tuple[State, bytes]] = {}

    def look() -> None:
        nonlocal calls, looked
        calls += 1
        if calls % every:
            return
        for pattern in ("0", "1", "01"):
            turn = iter(pattern * 10_000)
            state = crashes.disk.left(station.root, lambda turn=turn: next(turn) == "1")
            if seen.get(pattern) == (state, station.saved):
                continue
            seen[pattern] = state, station.saved
            moved = {
                name.replace(str(station.root), str(left.root / "seat")): data
                for name, data in state.items()
            }
            left.put_back(left.root / "seat", moved)
            recovered = read_frames(left.root / "seat" / "attempt")
            crashes._learn(recovered)
            head = recovered.heads[-1] if recovered.heads else ROOT
            assert crashes.tree.extends(head, station.saved)
            looked += 1

    crashes.the_attempt_begins()
    crashes.disk.probe = look
    crashes.answers(0, [300, 900], None, 0, None, WHOLE)
    crashes.answers(0, [400], "sync", 0, None, WHOLE)
    crashes.answers(0, [200], "write", 700, None, WHOLE)
    crashes.answers(0, [1200] * 4, None, 0, None, WHOLE)
    crashes.it_ends(0, False, WHOLE)
    crashes.it_goes_on(0, WHOLE, None, False, (0, 1))
    crashes.answers(0, [10], None, 0, None, WHOLE)
    assert station.writer is not None
    crashes.disk.probe = None
    crashes.teardown()
    assert looked > 100
