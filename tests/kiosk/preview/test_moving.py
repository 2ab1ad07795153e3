"""A preview of a form with limits and breaks: nobody waits for a clock that stands, or for an
invigilator who is not there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from small_exam import choice_item, paper

from exam_packages import canon
from exam_packages.attempt.acts import Act, Begin, ComeBack, Move
from exam_packages.content.moving import Break, Control, Leave, Limit, Moving
from kiosk.ipc import messages as ipc
from kiosk.preview.agent import PreviewAgent
from kiosk.preview.pictures import Shot, shoot

ITEMS = tuple(choice_item(name) for name in ("one", "two", "three"))
BOUNDS = Moving(
    30,
    (Limit("item/one", "", ("one",), 5, 60),),
    (Control(("two",), False, 1, False, True, False),),
    (Break("one", 60, stopped=True, identity=True),),
    Leave(1, 60, True),
)
PARTS = {
    ipc.PAPER: {
        "paper": canon.pack(paper(ITEMS, moving=BOUNDS)),
        **{f"item/{item.identifier}": canon.pack(item) for item in ITEMS},
    }
}


def test_a_preview_goes_through_a_break_alone() -> None:
    async def walk() -> None:
        agent = PreviewAgent(PARTS)

        async def do(act: Act) -> None:
            assert isinstance(await agent.request(lambda number: ipc.Do(number, act)), ipc.Saved)

        await do(Begin())
        await do(Move("two"))
        assert agent._ledger.attempt.progress.rest is not None
        await do(ComeBack())
        assert agent._ledger.attempt.place == "two"

    asyncio.run(walk())


def test_pictures_are_taken_of_every_question(tmp_path: Path) -> None:
    shots: list[Shot] = []
    asyncio.run(shoot(PARTS, shots.append, (80, 24)))
    assert [shot.name for shot in shots] == ["000-instructions", "001-one", "002-two", "003-three"]
