"""Windows of any size, terminals that read nothing, and environments that mean harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exam_stations import ESSAY
from sitting import eventually

SIZES = [(1, 1), (0, 0), (500, 200), (200, 500), (1, 500), (24, 79), (2, 2)]


@pytest.mark.slow
def test_any_size_and_back(station: Any) -> None:
    s = station()
    s.go(ESSAY)
    s.terminal.type("Kept")
    s.terminal.until("Kept")
    for lines, columns in SIZES:
        s.terminal.resize(lines, columns)
        s.terminal.quiet()
    s.terminal.resize(19, 80)
    s.terminal.until("This window is too small for the exam: 80×19.")
    for lines, columns in [*SIZES[:4] * 10, (60, 120)]:
        s.terminal.resize(lines, columns)
    s.at(ESSAY)
    s.terminal.quiet()
    s.terminal.type(" and goes on")  # the focus is where it was
    s.terminal.until("Kept and goes on")
    s.alive()


@pytest.mark.slow
def test_a_terminal_that_stops_reading_stops_nothing(station: Any) -> None:
    """What was typed is saved, the clock goes on, the end comes; then the screen is right."""
    s = station()
    s.go(ESSAY)
    s.terminal.deafen()
    for _ in range(60):
        s.terminal.send(b"\x1b[15~\x1b[15~")  # help, there and back: more than a terminal holds
    s.terminal.quiet()
    s.terminal.send(b"Typed into the dark")
    s.terminal.quiet()
    s.terminal.silence(2)  # the pause after which typed text is saved
    assert s.answer(ESSAY) == "Typed into the dark"
    s.hall.both("stop", candidate=s.seat.candidate)
    eventually(lambda: manifests(s), "the agent closed and signed, whatever the screen does")
    s.terminal.hear()
    s.terminal.until(lambda text: "stopped" in text and "Describe" not in text)


def manifests(s: Any) -> list[Path]:
    return list(s.seat.station.attempts.glob("*/manifest"))


def test_the_screen_s_process_is_given_nothing_of_the_environment(
    station: Any, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    (tmp_path / "sitecustomize.py").write_text(f"open({str(trap)!r}, 'a').write('ran')")
    (tmp_path / "textual.py").write_text(f"open({str(trap)!r}, 'a').write('ran')")
    hostile = {
        "PYTHONSTARTUP": str(tmp_path / "sitecustomize.py"),
        "PYTHONINSPECT": "1",
        "PYTHONFAULTHANDLER": "1",
        "LD_LIBRARY_PATH": str(tmp_path),
        "TEXTUAL_PRESS": "f5",
        "TEXTUAL_DRIVER": "os:nothing",
        "TEXTUAL_ALLOW_SIGNALS": "1",
        "COLUMNS": "7",
        "LC_ALL": "C.UTF-8",
    }
    s = station(**hostile)
    s.terminal.send(b"\x03")
    s.alive()
    given = Path(f"/proc/{s.terminal.pid}/environ").read_bytes().split(b"\0")
    names = {each.partition(b"=")[0].decode() for each in given if each}
    assert names <= {"TERM", "COLORTERM", "LANG", "LANGUAGE", "MALLOC_ARENA_MAX"} | {
        name for name in names if name.startswith("LC_")
    }
    arguments = Path(f"/proc/{s.terminal.pid}/cmdline").read_bytes().split(b"\0")
    assert arguments[1] == b"-I"
    assert not trap.exists()
    assert Path(f"/proc/{s.terminal.pid}/fd/0").readlink().is_relative_to("/dev/pts")
