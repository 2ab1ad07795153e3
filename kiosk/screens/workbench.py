"""Which pane each tool opens over the question, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from exam_packages.attempt.events import Highlighted, Jotted, Noted
from exam_packages.attempt.workings import MAX_NOTE, MAX_SCRATCHPAD, Runs
from exam_packages.content import paper as rules
from exam_packages.language import _, say
from kiosk.calculator import Calculator
from kiosk.course import Course, allowed, order
from kiosk.glossary import Entry, entries
from kiosk.screens import tools
from kiosk.screens.base import Pane
from kiosk.screens.calculator import CalculatorPane
from kiosk.screens.exhibit import ExhibitSheet, SearchPane
from kiosk.screens.glossary import GlossaryPane
from kiosk.screens.highlight import HighlightPane, Texts
from kiosk.screens.notes import NotePane
from kiosk.screens.pointing import Pointing
from kiosk.screens.report import ReportPane
from kiosk.screens.step import BreakDialog
from kiosk.widgets.picture import Cells
from kiosk.widgets.question import Question
from kiosk.widgets.text_entry import TextEntryField

if TYPE_CHECKING:
    from kiosk.screens.exam import ExamScreen


def open_tools(screen: ExamScreen, course: Course) -> None:
    """Show what there is at the question on the screen."""
    item = screen.item
    if item is None or item.identifier != course.place:
        return  # the next question is still being read
    pane = tools.ToolsPane(
        tools.tools_for(
            course,
            item,
            exhibit=screen.has_exhibit,
            terms=bool(_entries(screen, course)),
            calling=screen.client.calling,
            practice=screen.practice,
        )
    )

    def chosen(name: str | None) -> None:
        if name:
            open_tool(screen, course, name)

    screen.app.push_screen(pane, chosen)


def open_tool(screen: ExamScreen, course: Course, name: str) -> None:
    """Open the tool *name*."""
    make = _PANES.get(name)
    if make is not None and course.place is not None:
        screen.app.push_screen(make(screen, course, course.place))
    elif name == tools.CALL:
        screen.client.call()
    elif name == tools.BREAK:
        leave = course.paper.moving.leave
        left = course.ways.breaks_left()

        def decided(result: str | None) -> None:
            if result == "yes":
                screen.client.run_worker(screen.client.take_break(), group="break")

        screen.app.push_screen(BreakDialog(leave.length_s, left, leave.identity), decided)


def _note(screen: ExamScreen, course: Course, place: str) -> Pane:
    def write(text: str) -> None:
        course.work(Noted(place, text), typed=True)

    title = say(_("Note on question {number}"), number=order(course).index(place) + 1)
    return NotePane(title, course.workings.notes.get(place, ""), MAX_NOTE, write)


def _scratchpad(screen: ExamScreen, course: Course, place: str) -> Pane:
    def write(text: str) -> None:
        course.work(Jotted(text), typed=True)

    return NotePane(_("Scratchpad"), course.workings.scratchpad, MAX_SCRATCHPAD, write)


def _report(screen: ExamScreen, course: Course, place: str) -> Pane:
    number = order(course).index(place) + 1
    return ReportPane(place, number, course.workings.reported.get(place))


def _calculator(screen: ExamScreen, course: Course, place: str) -> Pane:
    calculator = Calculator(scientific=allowed(course, rules.SCIENTIFIC))
    field = _number_field(screen)
    if field is None:
        return CalculatorPane(calculator, course.computed)
    return CalculatorPane(calculator, course.computed, field.put, field.title or _("Your answer"))


def _number_field(screen: ExamScreen) -> TextEntryField | None:
    """The place for a number that the cursor is in, or else the first there is."""
    fields = [
        field
        for field in screen.query_one(Question).standing
        if isinstance(field, TextEntryField) and field.interaction.numeric
    ]
    inside = [field for field in fields if field.has_focus_within]
    return next(iter(inside or fields), None)


def _entries(screen: ExamScreen, course: Course) -> tuple[Entry, ...]:
    """The terms of the question and of its exhibits that may be looked up."""
    if screen.item is None:
        return ()
    found = [*entries([screen.item], screen.item.catalogs, course.tools)]
    for exhibit in screen.exhibits:
        found += entries([exhibit], exhibit.catalogs, course.tools)
    return tuple(found)


def _glossary(screen: ExamScreen, course: Course, place: str) -> Pane:
    def picture(media: str) -> Cells | str | None:
        return screen.client.library.picture(course.part, media)

    return GlossaryPane(_entries(screen, course), picture)


def _search(screen: ExamScreen, course: Course, place: str) -> Pane:
    screen.bring(exhibit=True)
    return SearchPane(screen.query_one(ExhibitSheet))


def _highlight(screen: ExamScreen, course: Course, place: str) -> Pane:
    def runs(blob: str) -> Runs:
        return course.workings.highlights.get(blob, ())

    def change(blob: str, made: Runs) -> None:
        course.work(Highlighted(blob, made))

    def paint(blob: str, selected: tuple[int, int] | None, follow: bool) -> None:
        if blob and follow:
            screen.bring(exhibit=blob.startswith(rules.exhibit_blob("")))
        screen.paint(blob, selected, follow=follow)

    pointing = Pointing(screen)
    access = Texts(runs, change, paint, pointing.point, pointing.scroll)
    return HighlightPane(screen.texts(), access)


_PANES: dict[str, Callable[[ExamScreen, Course, str], Pane]] = {
    rules.NOTES: _note,
    rules.SCRATCHPAD: _scratchpad,
    rules.CALCULATOR: _calculator,
    rules.GLOSSARY: _glossary,
    rules.SEARCH: _search,
    rules.HIGHLIGHT: _highlight,
    tools.REPORT: _report,
}
