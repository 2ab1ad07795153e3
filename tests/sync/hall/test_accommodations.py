"""What the roster grants reaches the station with the admission, in front of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from running_hall import Hall

from exam_packages.attempt.commands import Accommodate, Admit
from exam_packages.attempt.preferences import Accommodation


def test_the_admission_brings_what_the_roster_grants(
    site: Any, station: Callable[..., Any]
) -> None:
    lines = ["c-1,Ada,code-0001,15,fr,contrast-dark,yes", "c-2,Bo,code-0002,,,,"]
    hall = Hall(site.hall("granting", lines=lines, more=",language,theme,read_aloud"))
    hall.start()
    try:
        first, second = station("g1", at=hall), station("g2", at=hall)
        first.begin("CODE-0001")
        second.begin("code-0002")
        first.tick()
        second.tick()
        with hall.desk("invigilator") as desk:
            desk.act("admit", all="1", reason="routine.identity")
            assert "Nobody" in desk.act("admit", all="1", reason="routine.identity")
        granted, admitted = (command for command, _ in first.tick().commands)
        assert granted.order == Accommodate(Accommodation("fr", "contrast-dark", True))
        assert granted.operator == "invigilator"
        assert admitted.order == Admit(900)
        assert [command.order for command, _ in second.tick().commands] == [Admit(0)]
        assert first.tick().commands == ()
    finally:
        hall.stop()
