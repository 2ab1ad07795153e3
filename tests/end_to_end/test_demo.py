"""The demo as a person starts it: real processes, a real pseudo-terminal, a clean end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exam_packages.body import Body
from provisioning.demo.candidate import Sitter
from provisioning.demo.processes import exam_kiosk
from provisioning.demo.script import write_script
from provisioning.demo.terminal import Terminal

PATIENCE_S = 180


def _still_running(directory: Path) -> list[str]:
    """Command lines of processes that name *directory*."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        if str(directory) in line and path.parent.name != str(os.getpid()):
            found.append(line)
    return found


def _must_all_end(directory: Path) -> None:
    deadline = time.monotonic() + 20
    while _still_running(directory):
        assert time.monotonic() < deadline, _still_running(directory)
        time.sleep(0.1)


def _demo(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [exam_kiosk(), "demo", "--dir", str(directory), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_two_candidates_survive_kills_and_a_lost_hall(tmp_path: Path) -> None:
    done = _demo(tmp_path / "site", "--auto", "--candidates", "2", "--kill-at", "3", "--hall-down")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    held = [line for line in lines if line.startswith("  ✓ ")]
    assert lines[-1] == f"All {len(held)} stages held."
    for words in (
        "Screens killed with SIGKILL came back with every answer",
        "Agents killed with SIGKILL came back with every answer",
        "24 answers, without the hall",
        " entries",  # of the log: two exams, and the hall's roots of heads
        "48 answers",
        "They open with their own key, and tell nothing of whose",  # what two said of the exam
    ):
        assert any(words in line for line in held), (words, done.stdout)
    assert (tmp_path / "site" / "results").is_dir()
    _must_all_end(tmp_path)


def test_a_stage_that_fails_is_said_and_ends_the_demo(tmp_path: Path) -> None:
    """As on a disk that cannot take a record: files end at 500 kB, which is too little for what
    is noted of covered lines."""
    environment = {name: each for name, each in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        ["prlimit", "--fsize=500000", exam_kiosk(), "demo", "--auto", "--dir", tmp_path / "site"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env=environment,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "  ✗ A practice exam is opened with every opening key"
    assert done.stderr.startswith("exam-kiosk: `exam-kiosk body rehearse ")
    assert "Traceback" not in done.stderr
    _must_all_end(tmp_path)


@pytest.mark.slow
def test_a_kill_after_the_last_answer_is_refused(tmp_path: Path) -> None:
    done = _demo(tmp_path / "site", "--auto", "--kill-at", "24")
    assert done.returncode == 1
    assert "1 to 23" in done.stderr
    _must_all_end(tmp_path)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGINT, signal.SIGHUP)),
    ],
)
def test_ending_the_demo_ends_all_its_processes(tmp_path: Path, number: int) -> None:
    command = [exam_kiosk(), "demo", "--auto", "--dir", str(tmp_path / "site")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # Whoever runs the tests in the background may have it ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Stations are running" in line:
                break
        assert len(_still_running(tmp_path)) >= 4
        process.send_signal(number)
        process.stdout.read()
    assert process.returncode not in (0, -signal.SIGKILL)
    _must_all_end(tmp_path)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal([exam_kiosk(), "demo", "--dir", str(tmp_path / "site")])
    found.start()
    yield found
    found.stop()


def test_a_person_sits_the_exam_in_one_terminal(terminal: Terminal, tmp_path: Path) -> None:
    text = terminal.wait("Press Enter to open")
    found = re.search(r"You are (.+?)\. Your sign-in code is\s+(\w+)", text)
    assert found is not None
    body = Body(tmp_path / "site" / "body")
    form = next((body.directory / "forms").iterdir()).name
    sitter = Sitter(found[1], found[2], terminal, write_script(body, form, "C-0001", 0))
    terminal.press("enter")
    sitter.sign_in()
    sitter.wait_admitted()
    sitter.practise()
    sitter.wait_released()
    sitter.begin()
    for turn in sitter.turns:
        sitter.answer(turn)
        sitter.move_on(turn)
    code = sitter.hand_in()
    sitter.wait_received()
    sitter.leave()
    sitter.survey("a", "The room was cold")
    terminal.wait(f"hand-in code {code}")
    # One after the other: the report scrolls them away.
    for stage in ("The bundle arrives", "The receipt fits"):
        terminal.wait(f"✓ {stage}")
    terminal.wait("what the processes said")
    results = tmp_path / "site" / "results" / form
    assert {"report.html", "results.json"} <= {path.name for path in results.iterdir()}
    _must_all_end(tmp_path)


def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    done = _demo(tmp_path / "site")
    assert done.returncode == 1
    assert "--auto" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "site").exists()


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    done = _demo(tmp_path, "--auto")
    assert done.returncode == 1 and "--dir" in done.stderr
    assert (tmp_path / "precious").read_text() == "mine"


def test_options_of_the_script_need_the_script(tmp_path: Path) -> None:
    done = _demo(tmp_path / "site", "--candidates", "3")
    assert done.returncode == 2 and "--auto" in done.stderr
