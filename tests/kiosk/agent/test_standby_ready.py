"""Whether the readiness sheet of the hall in command sees the standby."""

from __future__ import annotations

from pathlib import Path

import small_exam
from sitting import CHIEF, PASSWORD, Site, eventually
from two_halls import Centre, both_running

from sync.hall.desk import Desk

ITEMS = (small_exam.choice_item("one"),)
PAPER = small_exam.paper(ITEMS, time_limit_s=600)


def test_the_sheet_sees_the_standby_while_it_follows(tmp_path: Path) -> None:
    centre = Centre.of(Site.found(tmp_path, PAPER, ITEMS, stations=1, candidates=1), tmp_path)

    def point() -> dict[str, str]:
        with Desk(centre.first.home, centre.first.home.console_port) as desk:
            desk.sign_in(CHIEF, PASSWORD)
            (sheet,) = desk.look("/readiness")
        found: dict[str, str] = next(each for each in sheet["points"] if each["name"] == "standby")
        return found

    centre.first.start()
    try:
        assert point()["state"] == "red"
    finally:
        centre.first.stop()
    with both_running(centre):
        centre.followed()
        eventually(lambda: point()["state"] == "good", "the sheet sees the standby")
        assert "“hall-2” answers" in point()["found"]
