"""A failed station is replaced by a spare that the hall chooses, by one act each of two people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exam_packages.attempt.events import MOVE
from sync.hall.desk import DeskError
from sync.messages import TakeUp

from .conftest import Hall, Station


def test_two_people_replace_a_station_without_naming_another(
    hall: Hall, station: Callable[..., Station]
) -> None:
    failed, second, spare = station("s1"), station("s2"), station("s3")
    failed.announce()
    failed.tick()
    lost = {"candidate": "c-0", "reason": "technical.station"}
    with hall.desk() as chief, hall.desk("invigilator") as other:
        second.announce()
        second.tick()
        failed.begin("code-0000").tick()
        # Only the neighbour is left, which holds the other half of the key: it may do it too.
        assert chief.look("/replace") == [["c-0", False, ""]]
        spare.announce()
        spare.tick()
        assert "second person" in other.act("replace-station", **lost)
        assert chief.look("/replace") == [["c-0", False, "s3"]]
        # Whoever comes second takes the spare that was proposed, though another is free by now.
        later = station("s4")
        later.announce()
        later.tick()
        with pytest.raises(DeskError, match="Say which candidate"):
            chief.act("replace-station", reason="technical.station")
        assert "goes on at s3" in chief.act("replace-station", **lost)
        assert failed.seat is not None
        assert spare.tick().take_up == (TakeUp(failed.seat.blind_id, MOVE),)
        assert later.tick().take_up == ()


def test_without_a_spare_the_page_says_what_to_do(
    hall: Hall, station: Callable[..., Station]
) -> None:
    for name, code in (("s5", "code-0005"), ("s6", "code-0006")):
        seat = station(name)
        seat.announce()
        seat.tick()
        seat.begin(code).tick()
    with hall.desk() as chief:
        for name in chief.board()["idle"]:  # those of other tests in this hall
            station(name).begin(f"code-000{name[1]}")
        with pytest.raises(DeskError, match="No spare station is ready"):
            chief.act("replace-station", candidate="c-5", reason="technical.station")
