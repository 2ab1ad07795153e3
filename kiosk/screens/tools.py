"""The tools that the form allows and this question has a use for, behind F6 and one letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from exam_packages.content import paper as rules
from exam_packages.content.items import Item
from exam_packages.language import _
from kiosk.course import Course, allowed
from kiosk.screens.base import Pane, words
from kiosk.widgets.bars import Key
from kiosk.widgets.lines import Row, Rows

REPORT, CALL, BREAK = "report", "call", "break"
"""Tools that are always there, beside those of :data:`exam_packages.content.paper.TOOLS`."""


@dataclass(frozen=True)
class Tool:
    """A tool, the letter that opens it, and what it is in words."""

    name: str
    letter: str
    label: str


def tools_for(
    course: Course, item: Item, *, exhibit: bool, terms: bool, calling: bool, practice: bool
) -> tuple[Tool, ...]:
    """What can be used at *item* now. *exhibit*: it has one; *terms*: words of it are
    explained; *calling*: the invigilator is called already."""
    noted = item.identifier in course.workings.notes
    calculator = (
        _("Calculator") if not allowed(course, rules.SCIENTIFIC) else _("Scientific calculator")
    )
    found = (
        (rules.NOTES, "N", _("Note on this question") + (" ✎" if noted else "")),
        (rules.SCRATCHPAD, "S", _("Scratchpad") + (" ✎" if course.workings.scratchpad else "")),
        (rules.CALCULATOR, "C", calculator),
        (rules.HIGHLIGHT, "H", _("Highlight words of the text")),
        (rules.GLOSSARY, "G", _("What a word means")),
        (rules.SEARCH, "F", _("Find in the exhibit")),
        (REPORT, "R", _("Report a fault in this question")),
        (BREAK, "B", _("Take a break")),
        (CALL, "I", _("No longer call the invigilator") if calling else _("Call the invigilator")),
    )
    usable = {
        rules.NOTES: allowed(course, rules.NOTES),
        rules.SCRATCHPAD: allowed(course, rules.SCRATCHPAD),
        rules.CALCULATOR: allowed(course, rules.CALCULATOR) or allowed(course, rules.SCIENTIFIC),
        rules.HIGHLIGHT: allowed(course, rules.HIGHLIGHT),
        rules.GLOSSARY: terms,
        rules.SEARCH: exhibit and allowed(course, rules.SEARCH),
        REPORT: not practice,
        BREAK: not practice and bool(course.ways.breaks_left()),
        CALL: True,
    }
    return tuple(Tool(*each) for each in found if usable[each[0]])


class ToolRows(Rows):
    """The tools, one a line."""

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        super().__init__()
        self.tools = tools

    def rows(self, width: int) -> list[Row]:
        return [
            Row(
                tool.name, (Content.assemble("  ", (tool.letter, "bold $mark"), f"  {tool.label}"),)
            )
            for tool in self.tools
        ]

    def choose(self, key: str) -> None:
        if isinstance(self.screen, ToolsPane):
            self.screen.dismiss(key)


class ToolsPane(Pane):
    """Opened with F6; its result is the name of a tool."""

    BINDINGS: ClassVar[list[BindingType]] = [("f6", "leave", "")]

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        super().__init__()
        self.tools = tools

    def body(self) -> ComposeResult:
        yield words(_("Tools"), classes="heading")
        yield ToolRows(self.tools)

    def keys(self) -> tuple[Key, ...]:
        return (Key("escape", _("Back to the question"), "leave"),)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(ToolRows).focus()

    def on_key(self, event: events.Key) -> None:
        """A letter opens its tool, also one that came before the list had the focus."""
        for tool in self.tools:
            if event.character and tool.letter == event.character.upper():
                event.stop()
                self.dismiss(tool.name)
