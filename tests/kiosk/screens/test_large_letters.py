"""What is left of a small display in large letters: 60 by 20, and no button is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from exam_packages.attempt import events as ev
from exam_packages.attempt.commands import Admit, EnlargeText, Pause, Resume
from kiosk.client import Client
from kiosk.session.letters import OTHER_LETTERS, Letters
from kiosk.view import Stage

SMALL = (60, 20)


def keys_of(s: Any) -> str:
    return next(line for line in s.text().splitlines()[::-1] if " F" in line or "Esc" in line)


def test_every_screen_keeps_its_buttons_and_keys(sit: Any) -> None:
    async def walk() -> None:
        async with sit(size=SMALL) as s:
            assert "[ Sign in ]" in s.text() and "F5" in keys_of(s)
            await s.press(*"KL7Q-2M", "enter")
            await s.stage(Stage.CONFIRM)
            assert "Yes, this is me" in s.text() and "No, this is somebody else" in s.text()
            await s.press("enter")
            await s.stage(Stage.WAITING)
            s.agent.order(Admit(0))
            s.agent.release()
            await s.until(lambda: "Practise first" in s.text(), "practice")
            await s.until(lambda: "Begin the exam: the clock starts" in s.text(), "the beginning")
            await s.client.begin()
            await s.stage(Stage.EXAM)
            for item in s.agent.form.items:
                await s.client.exam.go(item)
                await s.at(item)
                keys = keys_of(s)
                assert all(f"F{number} " in keys + " " for number in (2, 3, 5, 6, 8, 9, 10)), keys
                assert "Hand in" in keys
            for key, words in (("f2", "All questions"), ("f5", "Help and"), ("f6", "Tools")):
                await s.press(key)
                await s.until(lambda words=words: words in s.text(), words)
                await s.press("escape")
            await s.press("f10")
            await s.until(lambda: "[ Hand in … ]" in s.text(), "the review")
            assert "Back to the questions" in s.text()
            await s.press("escape")
            s.agent.order(Pause())
            await s.stage(Stage.PAUSED)
            assert "It goes on by itself as soon as the invigilator" in s.words()
            s.agent.order(Resume())
            await s.stage(Stage.EXAM)
            await s.client.hand_in()
            await s.stage(Stage.FINISHED)
            await s.until(lambda: "7K2M-QX9R-04TB-W8ZD-H3NC-5VYE" in s.text(), "the code")
            assert "I have written it down: finish" in s.text(), s.text()

    asyncio.run(walk())


async def until_ended(client: Client) -> None:
    async with asyncio.timeout(10):
        while client.return_code != OTHER_LETTERS:
            await asyncio.sleep(0.01)


def letters(tmp_path: Path, percent: int) -> Path:
    file = tmp_path / "letters"
    file.write_text(f"{percent}\n")
    return file


def test_larger_letters_are_a_choice_that_is_recorded(sit: Any, tmp_path: Path) -> None:
    file = letters(tmp_path, 100)

    async def walk() -> None:
        async with sit(size=(120, 36), letters=file) as s:
            await s.begin()
            await s.press("f5")
            await s.until(lambda: "Size of the letters:" in s.text(), "the choice")
            await s.client.presentation.enlarge(150)
            await until_ended(s.client)
            assert file.read_text() == "150\n"
            assert s.agent.ledger.attempt.text_percent == 150
            assert [e.event for e in s.agent.entries if isinstance(e.event, ev.Enlarged)] == [
                ev.Enlarged(150)
            ]

    asyncio.run(walk())


def test_the_invigilator_can_grant_them_in_the_middle_of_an_answer(
    sit: Any, tmp_path: Path
) -> None:
    file = letters(tmp_path, 100)

    async def walk() -> None:
        async with sit(size=(120, 36), letters=file) as s:
            await s.begin()
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press(*"half a word")
            s.agent.order(EnlargeText(200))
            await until_ended(s.client)
            assert file.read_text() == "200\n"
            assert s.responses("essay") == {"R": ("half a word",)}  # nothing typed was lost

    asyncio.run(walk())


def test_letters_too_large_for_the_display_step_back(sit: Any, tmp_path: Path) -> None:
    file = letters(tmp_path, 200)

    async def walk() -> None:
        async with sit(size=(58, 16), letters=file, agent=False) as s:
            await until_ended(s.client)
            assert file.read_text() == "150\n"

    asyncio.run(walk())


def test_letters_chosen_before_there_was_a_record_are_told_to_it(sit: Any, tmp_path: Path) -> None:
    async def walk() -> None:
        async with sit(size=SMALL, letters=letters(tmp_path, 150)) as s:
            await s.sign_in()
            await s.until(lambda: s.agent.ledger.attempt.text_percent == 150, "recorded")

    asyncio.run(walk())


@pytest.mark.parametrize("text", ["", "120\n", "-1", "9" * 50, "\xff"])
def test_a_file_that_says_nonsense_means_the_usual_letters(tmp_path: Path, text: str) -> None:

    file = tmp_path / "letters"
    file.write_text(text, encoding="utf-8")
    assert Letters(file).percent == 100


def test_without_a_session_the_letters_are_the_terminal_s_own(sit: Any) -> None:
    async def walk() -> None:
        async with sit(size=(120, 36)) as s:
            await s.begin()
            s.agent.order(EnlargeText(150))
            await s.until(lambda: s.agent.ledger.attempt.text_percent == 150, "recorded")
            await s.until(lambda: "letters are this terminal’s own" in s.client.notice, "said")
            await s.press("f5")
            assert "Size of the letters" not in s.text()

    asyncio.run(walk())
