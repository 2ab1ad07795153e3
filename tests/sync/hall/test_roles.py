"""Who may do what at the console: the whole table, tried at a real hall."""

from __future__ import annotations

import pytest

from sync.hall.console.acts import ACTS
from sync.hall.desk import Desk, DeskError
from sync.hall.roles import CHIEF, INVIGILATOR, MAY, OBSERVER, ROLES, TECHNICIAN, may

from .conftest import PASSWORD, Hall, run_cli

EVERYTHING = {
    "candidate": "c-1", "reason": "routine.start", "minutes": "1", "text": "x", "device": "camera",
    "station": "s1", "statement": "x", "case": "1", "reply": "x", "verdict": "x", "result": "hold",
    "question": "1", "remark": "x", "deed": "1", "ago": "0",
}  # fmt: skip
CHIEF_ALONE = {"settle", "close", "take-in"}
MACHINES = {
    "say", "attend", "allow-restart", "move", "replace", "report", "evacuate", "roll-call",
    "export",
}  # fmt: skip


def test_the_table_is_the_one_that_is_written_down() -> None:
    for act in MAY:
        allowed = {role for role in ROLES if may(role, act)}
        if act in CHIEF_ALONE:
            assert allowed == {CHIEF}, act
        elif act in MACHINES:
            assert allowed == {CHIEF, INVIGILATOR, TECHNICIAN}, act
        else:
            assert allowed == {CHIEF, INVIGILATOR}, act
    assert not may(CHIEF, "dance")


def test_every_act_there_is_stands_in_the_table() -> None:
    called = {"present", "missing"}  # the two answers of a roll-call
    assert {act for act in ACTS if act not in called} <= set(MAY)


@pytest.mark.parametrize("role", [OBSERVER, TECHNICIAN, INVIGILATOR])
def test_who_may_not_is_refused_whatever_they_ask(hall: Hall, role: str) -> None:
    """Before anything else is looked at: a refusal tells nothing about the hall."""
    name = f"a {role}"
    password = hall.home.directory / "password"
    run_cli("operator", hall.home.directory, name, "--role", role, "--password-file", password)
    with Desk(hall.home, hall.ports["console"]) as desk:
        desk.sign_in(name, PASSWORD)
        for act in ACTS:
            named = "roll-call" if act in ("present", "missing") else act
            if may(role, named):
                continue
            with pytest.raises(DeskError, match=r"observer|Only the chief"):
                desk.act(act, **EVERYTHING)


def test_a_technician_is_refused_papers_notes_and_sittings_in_true_words(hall: Hall) -> None:
    password = hall.home.directory / "password"
    run_cli(
        "operator", hall.home.directory, "Tec", "--role", TECHNICIAN, "--password-file", password
    )
    with Desk(hall.home, hall.ports["console"]) as desk:
        desk.sign_in("Tec", PASSWORD)
        for ask in (
            lambda: desk.act("sign-report", sitting="1"),
            lambda: desk.act("note", sitting="1", words="x"),
            lambda: desk.act("keep-station", station="s1"),
            lambda: desk.act("confirm-exam", words="x"),
            lambda: desk.download("/papers/1/report.pdf"),
        ):
            with pytest.raises(DeskError, match="chief invigilator or an invigilator"):
                ask()
