"""What the roster grants reaches the station with the admission, in front of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from running_hall import Hall

from exam_packages.attempt.commands import Accommodate, Admit, EnlargeText, GrantTools
from exam_packages.attempt.preferences import Accommodation
from sync.hall.desk import DeskError


def test_the_admission_brings_what_the_roster_grants(
    site: Any, station: Callable[..., Any]
) -> None:
    lines = [
        "c-1,Ada,code-0001,15,fr,contrast-dark,yes,150,glossary calculator",
        "c-2,Bo,code-0002,,,,,,",
    ]
    more = ",language,theme,read_aloud,text_size,tools"
    hall = Hall(site.hall("granting", lines=lines, more=more))
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
        granted, larger, tools, admitted = (command for command, _ in first.tick().commands)
        assert granted.order == Accommodate(Accommodation("fr", "contrast-dark", True))
        assert granted.operator == "invigilator"
        assert larger.order == EnlargeText(150)
        assert tools.order == GrantTools(("calculator", "glossary"))
        assert admitted.order == Admit(900)
        assert [command.order for command, _ in second.tick().commands] == [Admit(0)]
        assert first.tick().commands == ()
        with hall.desk("invigilator") as desk:
            fields = {"candidate": "c-2", "reason": "candidate.accommodation"}
            desk.act("accommodate", text_size="200", **fields)
            with pytest.raises(DeskError, match="cannot be shown in that way"):
                desk.act("accommodate", text_size="175", **fields)
        assert [command.order for command, _ in second.tick().commands] == [EnlargeText(200)]
        with hall.desk("invigilator") as desk:
            assert "Granting Calculator to c-2" in desk.act(
                "grant-tools", **{"tool-calculator": "1"}, **fields
            )
            assert "Taking back the tools of c-2" in desk.act("grant-tools", **fields)
        assert [command.order for command, _ in second.tick().commands] == [
            GrantTools(("calculator",)),
            GrantTools(()),
        ]
    finally:
        hall.stop()
