"""A bare Textual app with the kinds of widgets an exam needs, for ``client.py`` beside it.

It reads items from a JSON file and does nothing else: no agent, nothing saved, no bars but
one line, pictures by their words. One stock widget of each kind, loaded anew for each item.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option


class Bare(App[None]):
    """Items with F8 and F9."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #title, #keys { height: 1; }
    #question { width: 1fr; height: 1fr; }
    #exhibit { width: 1fr; max-width: 50%; height: 1fr; }
    OptionList { height: auto; max-height: 100%; }
    TextArea { height: 12; }
    """
    BINDINGS: ClassVar[list[Any]] = [("f8", "go(-1)"), ("f9", "go(1)")]

    def __init__(self, items: list[dict[str, Any]]) -> None:
        super().__init__()
        self.items = items
        self.number = 0

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        with Horizontal():
            with VerticalScroll(id="question", can_focus=False):
                yield Static(id="stem", markup=False)
                yield OptionList(markup=False)
                yield Input()
                yield TextArea()
            with VerticalScroll(id="exhibit"):
                yield Static(id="words", markup=False)
        yield Static(" F8  Back   F9  Next", id="keys", markup=False)

    def on_mount(self) -> None:
        self.action_go(0)

    def action_go(self, step: int) -> None:
        self.number = min(max(self.number + step, 0), len(self.items) - 1)
        item = self.items[self.number]
        with self.batch_update():
            title = f"Question {self.number + 1} of {len(self.items)}"
            self.query_one("#title", Static).update(Content(title))
            self.query_one("#stem", Static).update(Content(item["stem"]))
            self.query_one("#words", Static).update(Content(item["exhibit"]))
            self.query_one("#exhibit").display = bool(item["exhibit"]) and self.size.width >= 110
            options = self.query_one(OptionList)
            options.clear_options()
            options.add_options([Option(each) for each in item["options"]])
            for kind in (OptionList, Input, TextArea):
                self.query_one(kind).display = kind.__name__ == item["widget"]
        self.query_one(item["widget"]).focus()


if __name__ == "__main__":
    Bare(json.loads(Path(sys.argv[1]).read_text())).run()
