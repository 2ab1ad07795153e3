"""The rules of the room: pure, and as a hall obeys them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.attempt.commands import Admit, Stop
from exam_packages.clock import SECOND
from sync.hall.desk import DeskError
from sync.hall.room import (
    NO_RULES,
    Confirmation,
    RoomError,
    RoomRules,
    admission,
    begins_in_s,
    common_start,
    departure,
    exam_in_words,
    late_by_s,
    less_s,
    over,
    read_rules,
    release,
)
from sync.messages import MAX_START_MS, CommonStart

from .conftest import CLOCK, Hall, Site, Station, run_cli

GOOD = b"""
start = 2026-11-23T09:00:00Z
length_minutes = 120
end = "common"
latest_admission_minutes = 30
earliest_departure_minutes = 60
confirm = true
language = "English"
"""
START = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp())


def test_rules_are_read_and_what_is_wrong_is_said() -> None:
    rules = read_rules(GOOD, form="f1")
    assert rules == RoomRules("f1", "English", START, 7200, True, 1800, 3600, True)
    assert read_rules(b"", form="") == NO_RULES
    for wrong, words in (
        (b"start = 2026-11-23T09:00:00", "offset from UTC"),
        (b"end = 'never'", "“common” or “full-time”"),
        (b"end = 'common'", "needs the start"),
        (b"latest_admission_minutes = 30", "count from the start"),
        (b"latest_admission_minutes = true", "no usable value"),
        (b"colour = 1", "“colour”, which is none of"),
        (b"length_minutes = 100000", "0 to 1440"),
        (b"\xff", "cannot be read"),
        (b"#" * 20_000, "larger than"),
    ):
        with pytest.raises(RoomError, match=re.escape(words)):
            read_rules(wrong, form="")


@given(st.integers(0, 1 << 33), st.integers(0, 1 << 63), st.booleans())
def test_a_common_start_is_told_within_its_bounds(start_s: int, now_ns: int, end: bool) -> None:
    rules = RoomRules(start_s=start_s, length_s=60, common_end=end)
    told = common_start(rules, now_ns)
    for each in told:
        assert canon.unpack(canon.pack(each), CommonStart) == each
        assert each.in_ms == start_s * 1000 - now_ns // 1_000_000
        assert each.together == end
    assert bool(told) == bool(start_s and abs(start_s * 1000 - now_ns // 10**6) <= MAX_START_MS)


@given(
    st.integers(-7200, 14_400),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "missed the bus"]),
    st.integers(0, 3600),
)
def test_the_rules_agree_with_each_other(
    passed_s: int, chief: bool, named: bool, comment: str, extra_s: int
) -> None:
    rules = read_rules(GOOD, form="f1")
    now_s = START + passed_s
    refused = admission(rules, now_s, chief=chief, named=named, comment=comment)
    assert (refused is None) == (passed_s <= 1800 or (chief and named and bool(comment)))
    assert (departure(rules, now_s) is None) == (passed_s >= 3600)
    assert begins_in_s(rules, now_s) == max(0, -passed_s)
    # Whoever is admitted late has exactly what is left until the common end, and no less.
    begun_s = max(now_s, START)
    if passed_s <= 7200:
        assert begun_s + rules.length_s - less_s(rules, now_s) == START + rules.length_s
    assert over(rules, extra_s, now_s) == (passed_s >= 7200 + extra_s)
    assert late_by_s(NO_RULES, now_s) == less_s(NO_RULES, now_s) == 0
    assert not over(NO_RULES, 0, now_s) and departure(NO_RULES, now_s) is None


def test_two_people_confirm_the_same_words() -> None:
    rules = read_rules(GOOD, form="f1")
    words = exam_in_words("Food safety", rules)
    assert words == "Food safety, form f1, in English"
    said = (Confirmation("Ana", words), Confirmation("ANA", words), Confirmation("Rui", "Other"))
    refused = release(rules, "Food safety", said)
    assert refused is not None and "1 of 2" in str(refused)
    assert release(rules, "Food safety", (*said, Confirmation("Rui", words))) is None
    assert release(NO_RULES, "Food safety", ()) is None


def ruled(site: Site, name: str, rules: str, tmp_path: Path) -> Hall:
    """A hall whose sitting has *rules*."""
    home = site.hall(name, 3)
    with_rules = tmp_path / "rules.toml"
    with_rules.write_text(rules)
    other = site.another(f"Exam of {name}", "2026-11-23/R")
    running = Hall(home)
    running.start()
    password = home.directory / "password"
    base = (
        "act", home.directory, "--operator", "chief", "--password-file", password,
        "--port", running.ports["console"],
    )  # fmt: skip
    run_cli(*base, "absent")
    run_cli(*base, "close")
    roster = home.directory / "roster.csv"
    run_cli(
        "sitting", home.directory, "--package", other.package, "--grant", other.grant,
        "--roster", roster, "--title", "Ruled", "--rules", with_rules,
    )  # fmt: skip
    running.codes = other.codes  # type: ignore[attr-defined]
    return running


def at(seconds: int) -> str:
    moment = datetime.fromtimestamp(CLOCK.wall_ns() // SECOND + seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_a_hall_confirms_before_it_releases_and_all_begin_together(
    site: Site, station: Callable[..., Station], tmp_path: Path
) -> None:
    rules = f'start = {at(3600)}\nconfirm = true\nlanguage = "English"\n'
    hall = ruled(site, "hall-confirm", rules, tmp_path)
    codes = hall.codes  # type: ignore[attr-defined]
    try:
        with hall.desk() as chief, hall.desk("invigilator") as other:
            with pytest.raises(DeskError, match="0 of 2"):
                chief.act("release", code=codes[0], reason="routine.start")
            (shown,) = chief.look("/sittings")["sittings"]
            with pytest.raises(DeskError, match="do not release"):
                chief.act("confirm-exam", words="Food safety, form f2, in English")
            assert "second person" in chief.act("confirm-exam", words=shown["exam"])
            assert chief.act("confirm-exam", words=shown["exam"]).endswith("own name.")
            assert other.act("confirm-exam", words=shown["exam"]) == "Confirmed."
            other.act("release", code=codes[0], reason="routine.start")
            told = chief.act("release", code=codes[1], reason="routine.start")
            assert "when all begin together" in told
            assert shown["begins_in_s"] > 3000
        answer = station("s1", hall).tick()
        assert answer.releases == ()  # not before the common start
        assert answer.start is not None
        assert 3_000_000 < answer.start.in_ms <= 3_600_000
        assert not answer.start.together
    finally:
        hall.stop()


def test_who_comes_late_has_what_is_left_and_all_end_together(
    site: Site, station: Callable[..., Station], tmp_path: Path
) -> None:
    rules = (
        f'start = {at(-2000)}\nend = "common"\nlength_minutes = 20\n'
        "latest_admission_minutes = 5\nearliest_departure_minutes = 60\n"
    )
    hall = ruled(site, "hall-common", rules, tmp_path)
    try:
        late = station("s1", hall).begin("code-0000")
        told = late.tick().start
        assert told is not None
        assert told.together
        assert told.in_ms <= -2_000_000
        with hall.desk() as chief, hall.desk("invigilator") as other:
            with pytest.raises(DeskError, match="The latest admission was at"):
                other.act("admit", candidate="c-0", reason="routine.identity", comment="a bus")
            with pytest.raises(DeskError, match="The latest admission was at"):
                chief.act("admit", candidate="c-0", reason="routine.identity")
            chief.act("admit", candidate="c-0", reason="routine.identity", comment="a bus")
        # The common end is past: the rule stops the exam, once, and says by which rule.
        given = [command for command, _ in late.tick().commands]
        assert [command.order for command in given] == [Admit(-1200), Stop()]
        assert [command.operator for command in given] == ["chief", "rules of the room"]
        late.tick()
        assert late.tick().commands == ()
    finally:
        hall.stop()
