"""Orders that a chief leaves at a seat: which are obeyed, and in which order."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import pytest
from crash_model import CENTRE
from halls_model import CLOCK, URLS, site

from exam_packages.attempt.commands import Pause, Resume
from exam_packages.errors import ExamError
from exam_packages.sealing.mandate import term_of
from exam_packages.sealing.suite import SigningKey
from sync.halls import Halls
from sync.seat_orders import OrdersError, give, take

BLIND_ID = b"b" * 16


def test_orders_of_one_second_are_all_obeyed_in_turn(tmp_path: Path) -> None:
    known = Halls(URLS, CENTRE, site().body.trust(), tmp_path / "halls")
    now_ns = CLOCK.wall_ns() // 1_000_000_000 * 1_000_000_000
    for place, order in enumerate((Pause(), Resume(), Pause())):
        give(
            tmp_path, known, site().chief, site().record, BLIND_ID, 1, order,
            reason="r", comment="", time_ns=now_ns + place * 50_000_000,
        )  # fmt: skip
    found = list(take(tmp_path, known))
    commands = [each.command for each in found if not isinstance(each, ExamError)]
    assert [type(each.order) for each in commands] == [Pause, Resume, Pause]
    places = [(each.authority, each.number) for each in commands]
    assert places == sorted(set(places))
    assert {term_of(authority) for authority, _ in places} == {1} == {known.term}
    assert not list(take(tmp_path, known))  # each once
    assert known.commanding() is None


def test_without_the_key_nothing_is_believed(tmp_path: Path) -> None:
    known = Halls(URLS, CENTRE, site().body.trust(), tmp_path / "halls")
    stranger = SigningKey.generate(pair=False)
    with pytest.raises(OrdersError, match="another key"):
        give(
            tmp_path, known, stranger, site().record, BLIND_ID, 1, Pause(),
            reason="r", comment="", time_ns=CLOCK.wall_ns(),
        )  # fmt: skip
    give(
        tmp_path, known, site().chief, site().record, BLIND_ID, 1, Pause(),
        reason="r", comment="", time_ns=CLOCK.wall_ns(),
    )  # fmt: skip
    (path,) = tmp_path.glob("*.order")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    (tmp_path / f"{7:020}.order").symlink_to("/etc/hostname")
    (tmp_path / "readme").write_text("no order")
    found = list(take(tmp_path, known))
    assert len(found) == 2
    assert all(isinstance(each, ExamError) for each in found)
