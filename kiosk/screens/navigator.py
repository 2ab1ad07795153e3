"""All questions at a glance: answered, flagged, unseen, in shapes and words."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from exam_packages.content.paper import Section
from exam_packages.language import _, say
from kiosk.course import Course, answered_in, order
from kiosk.screens import standing
from kiosk.screens.base import USUAL_WIDTH, Dialog, show_words, words
from kiosk.widgets.bars import Key
from kiosk.widgets.lines import Row, Rows
from kiosk.widgets.text import fit, pad, plain


class QuestionRows(Rows):
    """The questions, by section."""

    class Chosen(Message):
        """The candidate wants to see an item."""

        def __init__(self, item: str) -> None:
            super().__init__()
            self.item = item

    def __init__(self, course: Course, only: frozenset[str] | None = None) -> None:
        super().__init__()
        self.course = course
        self.only = only
        self.cursor = course.place

    def rows(self, width: int) -> list[Row]:
        rows = []
        number = 0
        for section in self.course.paper.sections():
            inside = []
            for reference in section.items:
                number += 1
                if self.only is None or reference.identifier in self.only:
                    line = self._line(number, reference.identifier, reference.title, width)
                    inside.append(Row(reference.identifier, (line,)))
            if inside and section.title:
                own = self._limit(section)
                title = (plain(section.title, "bold") + Content.styled(own, "$quiet"),)
                rows.append(Row(f" {section.identifier}", title, active=False))
            rows += inside
        return rows

    def _limit(self, section: Section) -> str:
        """The time that *section* has of its own, or that it is closed."""
        items = [reference.identifier for reference in section.items]
        said = ""
        if all(map(self.course.ways.closed, items)):
            said += " · ✕ " + _("closed")
        elif seconds := self.course.ways.own_time(f"section/{section.identifier}"):
            said += " · " + say("{time} of its own", time=standing.spell(seconds))
        return said

    def _line(self, number: int, item: str, title: str, width: int) -> Content:
        course = self.course
        if answered_in(course, item):
            state = Content.styled("● " + _("answered"), "$good")
        elif course.visited(item):
            state = Content.styled("○ " + _("not answered"), "$attention")
        else:
            state = Content.styled("· " + _("not seen yet"), "$quiet")
        flag = Content("")
        if course.ways.closed(item):
            flag = Content.styled("✕ " + _("closed"), "$quiet")
        elif course.flagged(item):
            flag = Content.styled("⚑ " + _("flagged"), "bold $attention")
        here = Content.styled("  ← " + _("here"), "$mark")
        line = Content(f"  {number:>3}  ") + pad(state, 17)
        line += pad(flag, 11)
        line += Content.styled("✎ ", "$mark") if item in course.workings.notes else Content("  ")
        room = max(4, width - line.cell_length - (here.cell_length if item == course.place else 0))
        line += Content(fit(title, room))
        return line + here if item == course.place else line

    def choose(self, key: str) -> None:
        self.post_message(self.Chosen(key))

    def letter(self, character: str) -> bool:
        screen = self.screen
        if isinstance(screen, NavigatorDialog) and character.isdecimal() and character.isascii():
            screen.digit(character)
            return True
        return False


class QuestionDialog(Dialog):
    """A dialog about the question in front: it goes when time brings another one."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self.course = course
        self.place = course.place or ""

    def on_mount(self) -> None:
        super().on_mount()
        if self.query(VerticalScroll):
            # As high as its list needs, and what stands around it, two lines and a gap each.
            frame = self.query_one("#dialog")
            listed = sum(len(rows.rows(USUAL_WIDTH)) for rows in self.query(QuestionRows))
            frame.styles.max_height = listed + 3 * len(frame.children) + 2

    def tell(self) -> None:
        super().tell()
        if self.is_mounted and self.course.place != self.place:
            self.dismiss("")


class NavigatorDialog(QuestionDialog):
    """Opened with F2; its result is the item to go to."""

    BINDINGS = [("f2", "leave", "")]  # noqa: RUF012 - Textual's own way

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self._digits = ""

    def body(self) -> ComposeResult:
        yield words(_("All questions"), classes="heading")
        yield words("", id="hint", classes="quiet")
        with VerticalScroll(can_focus=False):
            yield QuestionRows(self.course)

    def keys(self) -> tuple[Key, ...]:
        return (Key("escape", _("Back to the question"), "leave"),)

    def on_mount(self) -> None:
        super().on_mount()
        self._hint()
        self.query_one(QuestionRows).focus()

    def digit(self, character: str) -> None:
        """A number is being typed: the cursor goes there as it grows."""
        items = [each.identifier for each in self.course.paper.references()]
        for digits in (self._digits + character, character):
            if 0 < int(digits) <= len(items):
                self._digits = digits
                rows = self.query_one(QuestionRows)
                rows.cursor = items[int(digits) - 1]
                rows.refresh()
                rows.show_cursor()
                break
        else:
            self._digits = ""
        self._hint()

    def _hint(self) -> None:
        hint = _("↑ ↓ or a number, then Enter opens it")
        if any(map(self.course.ways.closed, order(self.course))):
            hint += " · ✕ " + _("closed: cannot be changed")
        if self.course.workings.notes:
            hint += " · ✎ " + _("has a note")
        if self.course.workings.scratchpad:
            hint += " · ✎ " + _("scratchpad in use")
        if self._digits:
            hint = say("Question {number}: Enter opens it", number=self._digits)
        show_words(self, "#hint", hint)

    def on_question_rows_chosen(self, event: QuestionRows.Chosen) -> None:
        event.stop()
        self.dismiss(event.item)
