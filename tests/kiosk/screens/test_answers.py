"""Whatever keys a candidate presses, an answer is one that its question can have: it is taken by
the agent's rules, comes back from the journal, can be scored, and stands again as given."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual import events
from textual.app import App, ComposeResult

from exam_packages import forms as drawing
from exam_packages.attempt import acts
from exam_packages.attempt import events as ev
from exam_packages.content.items import Interaction, Item, problem, unshown
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_test
from exam_packages.rules.processing import UNFIT, UNREADABLE, score
from exam_packages.samples import ALL_KINDS
from kiosk.themes import THEMES
from kiosk.widgets.answer import Answered, AnswerRows
from kiosk.widgets.picture import read_picture
from kiosk.widgets.question import Question

FORM = drawing.draw(read_test(ALL_KINDS), b"answers")
KEYS = {entry.key.item: entry.key for entry in FORM.key.entries}
ROWS = sorted(
    name
    for name, item in FORM.items.items()
    if name not in ("entry", "essay", "reasons")  # whose keys go to Textual's own fields
)
PRESSES = ["up", "down", "left", "right", "space", "space", "enter", "delete", "home", "end"]
PRESSES += ["shift+left", "shift+up", "backspace", *"abcdefgz123456789.-+n "]


class Desk(App[None]):
    """One question alone, and the answers it told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Answered] = []

    def compose(self) -> ComposeResult:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        yield Question()

    def on_question_changed(self, event: Question.Changed) -> None:
        event.stop()


async def opened(desk: Desk, item: Item, responses: tuple[Response, ...]) -> AnswerRows:
    question = desk.query_one(Question)
    await question.show(item, responses, lambda media: read_picture(FORM.media[media]))
    return next(each for each in question.standing[::-1] if isinstance(each, AnswerRows))


def shown(rows: AnswerRows) -> list[str]:
    return [line.plain for line in rows.build(76)]


def pressed(key: str) -> events.Key:
    if len(key) == 1:
        names = {".": "full_stop", "-": "minus", "+": "plus", " ": "space"}
        return events.Key(names.get(key, key), key)
    return events.Key(key, " " if key == "space" else None)


def journalled(item: Item, response: Response) -> tuple[Response, ...]:
    """Through the agent's act, the event and its frozen bytes."""
    act = acts.Respond(item.identifier, (response,))
    event = ev.decode_event(ev.encode_event(ev.Responded(act.item, act.responses)))
    assert isinstance(event, ev.Responded)
    return event.responses


@pytest.mark.parametrize("name", ROWS)
def test_any_keys_give_answers_that_can_be_kept_shown_and_scored(name: str) -> None:
    item = FORM.items[name]
    assert not unshown(item)

    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(PRESSES), min_size=10, max_size=40))
    def check(keys: list[str]) -> None:
        asyncio.run(walk(keys))

    async def walk(keys: list[str]) -> None:
        desk = Desk()
        async with desk.run_test(size=(80, 24)) as pilot:
            rows = await opened(desk, item, ())
            rows.focus()
            await pilot.pause()
            told: list[tuple[Interaction, tuple[str, ...]]] = []
            rows.post_message = lambda message: (
                told.append(  # type: ignore[method-assign]
                    (message.interaction, message.response.members)
                )
                or True
                if isinstance(message, Answered)
                else True
            )
            for key in keys:
                rows._press(pressed(key))
            del rows.post_message
            for interaction, members in told:
                response = Response(interaction.response, members)
                assert problem(interaction, response) is None
                (again,) = journalled(item, response)
                assert again == response
                result = score(item, KEYS[name], (again,))
                assert result.person not in (UNFIT, UNREADABLE)
            if told:
                interaction, members = told[-1]
                responses = (Response(interaction.response, members),)
                assert shown(await opened(desk, item, responses))

    check()
