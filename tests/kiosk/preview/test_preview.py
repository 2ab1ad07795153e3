"""A paper looked at: on the candidate's own screen, whole, and without its key."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import stat
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from exam_packages import canon, forms
from exam_packages.body import Body
from exam_packages.clock import SystemClock
from exam_packages.content.paper import LINEAR, PAPER_BLOB
from exam_packages.content.reading import read_paper
from exam_packages.formats.qti.reader import read_test
from exam_packages.packaging import import_exam
from exam_packages.preview import of_form, of_source
from exam_packages.samples import FOOD_SAFETY
from kiosk.ipc.messages import PAPER, PRACTICE
from kiosk.preview.client import Preview
from kiosk.preview.pictures import Shot, shoot
from kiosk.screens.exam import ExamScreen
from kiosk.view import Stage
from provisioning.authority import found_body

EXAM_KIOSK = Path(sys.executable).with_name("exam-kiosk")
BANNER = "Preview: nothing is kept or scored"

Parts = dict[int, dict[str, bytes]]


@pytest.fixture(scope="module")
def parts() -> Parts:
    found: Parts = {}
    for part, name, data in of_source(FOOD_SAFETY):
        found.setdefault(part, {})[name] = data
    return found


def items(parts: Parts) -> list[str]:
    return [each.identifier for each in read_paper(parts[PAPER][PAPER_BLOB]).references()]


def pictures(parts: Parts, size: tuple[int, int] = (120, 36)) -> dict[str, Shot]:
    taken: dict[str, Shot] = {}

    def take(shot: Shot) -> None:
        taken[shot.name] = shot

    asyncio.run(shoot(parts, take, size))
    return taken


def preview(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(EXAM_KIOSK), "package", "preview", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


# Pictures.


def test_every_question_has_its_pictures(parts: Parts) -> None:
    taken = pictures(parts)
    for number, item in enumerate(items(parts), start=1):
        shot = taken[f"{number:03}-{item}"]
        assert f"Question {number} of 24" in shot.text
        assert BANNER in shot.text and "45:00 left" in shot.text
        assert shot.svg.startswith("<svg") and "Question" in shot.svg
    assert "core of cooked poultry" in taken["000-instructions"].text
    assert "Was it clear what the questions asked?" in taken["survey"].text
    assert "What should be different" in taken[max(n for n in taken if n[:6] == "survey")].text
    long = next(name for name in taken if name.endswith("fridge-order-2"))
    assert "goes on below" in taken[long.removesuffix("-2")].text
    assert "goes on below" not in taken[long].text


def test_pictures_are_the_same_again_and_narrow_ones_have_their_exhibits(parts: Parts) -> None:
    few = {part: dict(blobs) for part, blobs in parts.items()}
    paper = read_paper(few[PAPER][PAPER_BLOB])
    shown = [each.identifier for each in paper.references()]
    wanted = {"probe-offset", "limits-breached"}
    sections = tuple(
        msgspec.structs.replace(
            section, items=tuple(each for each in section.items if each.identifier in wanted)
        )
        for section in paper.sections()
    )
    part = msgspec.structs.replace(paper.parts[0], sections=sections)
    few[PAPER][PAPER_BLOB] = canon.pack(msgspec.structs.replace(paper, parts=(part,)))
    for name in set(shown) - wanted:
        del few[PAPER][f"item/{name}"]
    taken = pictures(few, (80, 24))
    assert pictures(few, (80, 24)) == taken
    exhibit = [shot.text for name, shot in taken.items() if "limits-breached-exhibit" in name]
    assert len(exhibit) > 1
    assert "Harbour Kitchen" in exhibit[0] and "Note of the head chef" in exhibit[-1]


# In the terminal.


def sitting(parts: Parts, play: Callable[[Preview, object], object]) -> None:
    async def run() -> None:
        client = Preview(parts)
        async with client.run_test(size=(100, 30)) as pilot:
            await play(client, pilot)  # type: ignore[misc]

    asyncio.run(run())


async def until(pilot: object, true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await pilot.pause(0.01)  # type: ignore[attr-defined]


def test_it_is_gone_through_answered_and_handed_in_and_begins_anew(parts: Parts) -> None:
    async def play(client: Preview, pilot: object) -> None:
        await until(pilot, lambda: client.view.stage is Stage.READY and client.exam is not None)
        await client.begin()
        for item in items(parts):
            await until(pilot, lambda item=item: _shown(client) == item)
            await pilot.press("f9")  # type: ignore[attr-defined]
        await until(pilot, lambda: len(client.screen_stack) > 2)  # the review, as in the exam
        await pilot.press("escape")  # type: ignore[attr-defined]
        course = client.exam
        assert course is not None
        await course.go("freezing")
        await until(pilot, lambda: _shown(client) == "freezing")
        await pilot.press("b")  # type: ignore[attr-defined]
        await until(pilot, lambda: client.view.attempt and client.view.attempt.responses)
        assert client.view.left_ms() == 45 * 60_000
        await client.hand_in()
        await until(pilot, lambda: client.view.survey is not None)
        await client.finish()
        await until(pilot, lambda: client.view.stage is Stage.SURVEY)
        await client.leave()
        await until(pilot, lambda: client.view.stage is Stage.READY)
        assert client.view.attempt is not None and not client.view.attempt.responses
        await until(pilot, lambda: client.exam is not None)
        assert client.view.finished is None

    sitting(parts, play)


def test_a_linear_part_has_no_way_back(parts: Parts) -> None:
    paper = read_paper(parts[PAPER][PAPER_BLOB])
    part = msgspec.structs.replace(paper.parts[0], navigation=LINEAR)
    linear = {**parts, PAPER: dict(parts[PAPER])}
    linear[PAPER][PAPER_BLOB] = canon.pack(msgspec.structs.replace(paper, parts=(part,)))
    first, second = items(parts)[:2]

    async def play(client: Preview, pilot: object) -> None:
        await until(pilot, lambda: client.exam is not None)
        await client.begin()
        await until(pilot, lambda: _shown(client) == first)
        assert client.exam is not None
        await client.exam.go(second)
        await until(pilot, lambda: _shown(client) == second)
        await client.exam.go(first)
        assert "no way back" in client.notice

    sitting(linear, play)


def test_control_q_ends_it_and_practice_is_there(parts: Parts) -> None:
    async def play(client: Preview, pilot: object) -> None:
        await until(pilot, lambda: client.practice is not None)
        await client.practise()
        await until(pilot, lambda: client.stage_screen in client.screen_stack)
        assert client.practising
        await pilot.press("ctrl+q")  # type: ignore[attr-defined]
        await until(pilot, lambda: client._exit)

    sitting(parts, play)


def _shown(client: Preview) -> str | None:
    screen = client.stage_screen
    return screen.shown if isinstance(screen, ExamScreen) else None


# The command.


def test_a_kept_form_is_shown_without_its_key(tmp_path: Path) -> None:
    found_body(tmp_path / "body", "Board", SystemClock())
    body = Body(tmp_path / "body")
    form = import_exam(body, FOOD_SAFETY, b"seed")
    name = form.paper.form
    assert {(part, blob): data for part, blob, data in of_form(body, name) if part == PAPER} == {
        (PAPER, blob): data for blob, _, data in forms.blobs(form)
    }
    pictures = tmp_path / "pictures"
    done = preview(name, "--body", str(body.directory), "--text", "--svg", str(pictures))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(pictures.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in pictures.iterdir()} == {0o600}
    assert BANNER in done.stdout and "── practice-001-practice-" in done.stdout


def test_a_seed_shows_the_form_that_it_draws() -> None:
    drawn = forms.draw(read_test(FOOD_SAFETY), b"a seed")
    blobs = {name: data for part, name, data in of_source(FOOD_SAFETY, b"a seed") if part == PAPER}
    assert read_paper(blobs[PAPER_BLOB]) == drawn.paper
    assert {part for part, _, _ in of_source(FOOD_SAFETY)} == {PAPER, PRACTICE}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("/nonexistent", "--text"), "/nonexistent cannot be read"),
        (("nothing", "--body", "/nonexistent", "--text"), "There is no form “nothing”"),
        ((str(FOOD_SAFETY), "--text", "--size", "20x10"), "“20x10” is no size"),
        ((str(FOOD_SAFETY),), "needs a terminal"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    done = preview(*arguments)
    assert done.returncode and words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_it_runs_in_a_real_terminal() -> None:
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [str(EXAM_KIOSK), "package", "preview", str(FOOD_SAFETY)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    said, ended = b"", False
    while True:
        try:
            said += os.read(leader, 65536)
        except OSError:  # the other side is closed: the program has ended
            break
        if not ended and b"Ctrl+Q ends it" in said:
            os.write(leader, b"\x11")
            ended = True
    os.close(leader)
    assert process.wait(timeout=60) == 0
    assert "Everything is ready" in said.decode(errors="replace")
