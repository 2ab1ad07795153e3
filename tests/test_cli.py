"""The command itself: an overview that loads nothing, and errors in one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.cli import COMMANDS, cli
from provisioning.homes import new_station

EXAM_KIOSK = Path(sys.executable).with_name("exam-kiosk")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(EXAM_KIOSK), *arguments], capture_output=True, text=True, check=False
    )


def test_the_overview_names_every_command() -> None:
    done = _run("--help")
    assert done.returncode == 0
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert {*COMMANDS, "agent", "screen"} <= listed


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_of_the_table_is_there(name: str) -> None:
    done = _run(name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: exam-kiosk {name}")


def test_both_rooms_give_the_hall_its_commands() -> None:
    import click

    context = click.Context(cli)
    hall = cli.get_command(context, "hall")
    assert isinstance(hall, click.CommandCollection)
    assert {"init", "install", "serve", "sitting", "act"} <= set(hall.list_commands(context))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("station", "check", "/nonexistent"), 1, "exam-kiosk station init"),
        (("station", "install", "/nonexistent", "/x", "--trust", "00"), 1, "no station"),
        (("body", "enrol", "/nonexistent", "/nonexistent", "--out", "/tmp"), 1, "No such file"),
        (("agent", "/nonexistent"), 1, "no station"),
        (("screen", "/nonexistent"), 1, "no station"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, ...], status: int, words: str) -> None:
    done = _run(*arguments)
    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    if status == 1:
        assert done.stderr.startswith("exam-kiosk: ")
        assert len(done.stderr.splitlines()) == 1


def test_a_screen_without_a_terminal_says_so(tmp_path: Path) -> None:
    new_station(tmp_path / "s", "seat-1", "Riverside", "https://127.0.0.1:1", camera="none")
    done = _run("screen", str(tmp_path / "s"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "exam-kiosk: The candidate's screen needs a terminal, and there is none here.\n"
    )
