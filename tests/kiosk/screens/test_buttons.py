"""Keys between buttons, typed faster than the screen looks at them."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.app import App, ComposeResult

from kiosk.widgets.button import PushButton


class Two(App[str]):
    """Two buttons; ends with the name of the one that is pressed."""

    def get_css_variables(self) -> dict[str, str]:
        return {**super().get_css_variables(), "mark": "white", "ground": "black"}

    def compose(self) -> ComposeResult:
        yield PushButton("One", id="one")
        yield PushButton("Two", id="two")

    def on_push_button_pressed(self, event: PushButton.Pressed) -> None:
        self.exit(event.button.id)


@pytest.mark.parametrize(
    ("keys", "pressed"),
    [
        (["enter"], "one"),
        (["right", "enter"], "two"),
        (["down", "space"], "two"),
        (["right", "left", "enter"], "one"),
        (["left", "enter"], "two"),  # it goes round
        (["right", "up", "down", "space"], "two"),
    ],
)
def test_keys_typed_right_after_an_arrow_go_where_it_leads(keys: list[str], pressed: str) -> None:
    async def walk() -> str | None:
        app = Two()
        async with app.run_test() as pilot:
            app.query_one("#one").focus()
            await pilot.pause()
            for key in keys:  # all are there before the first is looked at
                app.post_message(events.Key(key, None))
            await pilot.pause()
        return app.return_value

    assert asyncio.run(walk()) == pressed
