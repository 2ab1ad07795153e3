"""One candidate's way, from signing in to the hand-in code, by keys."""

from __future__ import annotations

import asyncio
from typing import Any

from exam_packages.attempt.acts import Accept, Practise
from exam_packages.attempt.commands import Admit
from exam_packages.attempt.state import rules_digest
from kiosk.view import Stage


def test_a_whole_exam_by_keys(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            assert "Type the sign-in code" in s.text()
            await s.press(*"wrong", "enter")
            await s.until(lambda: "No candidate of this sitting" in s.text())
            await s.press(*["backspace"] * 5, *"kl7q-2m", "enter")
            await s.stage(Stage.CONFIRM)
            assert "Ada Whitmore" in s.text()
            await s.press("enter")
            await s.stage(Stage.WAITING)
            assert "an invigilator will admit you" in s.text()
            s.agent.order(Admit(300))
            await s.stage(Stage.READY)
            await s.until(lambda: "Practise first" in s.text())
            assert "not been released" in s.text()
            await s.press("enter")
            await s.at("try")
            assert any(isinstance(act, Practise) for act in s.agent.acts)
            assert "Practice: no clock" in s.text()
            await s.press("a")
            await s.press("f10")
            await s.until(lambda: "Practise again" in s.text())
            s.agent.release()
            await s.until(lambda: "Begin the exam" in s.text())
            assert "50 minutes" in s.text()
            await s.press("right", "enter")
            await s.until(lambda: "Do you accept the rules" in s.text())
            await s.press("enter")
            await s.at("choice")
            assert Accept() in s.agent.acts
            assert s.agent.ledger.attempt.accepted == rules_digest(s.agent.form.paper)
            await s.press("b")
            await s.until(lambda: "Saved here" in s.text())
            assert s.responses("choice") == {"R": ("b",)}
            await s.press("f10")
            await s.until(lambda: "Review before handing in" in s.text())
            assert "6 are not answered yet" in s.text()
            await s.press("right", "enter")
            await s.until(lambda: "Hand in now?" in s.text(), "second question")
            await s.press("right", "enter")
            await s.stage(Stage.FINISHED)
            assert "7K2M-QX9R-04TB-W8ZD-H3NC-5VYE" in s.text()
            await s.press("enter")
            await s.until(lambda: "Finish and clear" in s.text())
            await s.press("right", "enter")
            await s.stage(Stage.SIGN_IN)
            assert "Ada" not in s.text()

    asyncio.run(walk())
