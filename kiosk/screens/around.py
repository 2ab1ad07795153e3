"""The lines around a question: where the candidate is in the exam, and the keys that do
something there."""

from __future__ import annotations

from textual.content import Content

from exam_packages.language import _, say
from kiosk.course import Course, answered_in, one_way, order, section_of
from kiosk.widgets.bars import Key
from kiosk.widgets.text import plain


def place_line(course: Course, place: str) -> tuple[Content, Content]:
    """Which question *place* is and what is the matter with it; how many are answered."""
    items = order(course)
    number = items.index(place) + 1 if place in items else 0
    section = section_of(course, place)
    where = Content.styled(say("Question {number} of {all}", number=number, all=len(items)), "bold")
    if section is not None and section.title:
        where += Content(" · ") + plain(section.title)
    if course.flagged(place):
        where += Content.styled("  ⚑ " + _("flagged"), "bold $attention")
    if course.ways.closed(place):
        where += Content.styled("  ✕ " + _("closed"), "bold $attention")
    elif course.ways.submitted(place):
        where += Content.styled("  ✓ " + _("submitted"), "$good")
    if place in course.workings.notes:
        where += Content.styled("  ✎ " + _("note"), "$mark")
    answered = sum(answered_in(course, item) for item in items)
    count = Content(say("{answered} of {all} answered", answered=answered, all=len(items)))
    return where, count


def keys_at(
    course: Course, place: str, *, submit: bool, exhibit: str, picture: bool, practice: bool
) -> list[Key]:
    """The keys at the question *place*. *submit*: going on means to submit it; *exhibit* is
    what its key shows, if it has one; *picture*: there are some to enlarge."""
    linear = one_way(course)
    keys = []
    if not linear:
        keys.append(Key("f2", _("Questions"), "questions"))
    keys.append(Key("f3", _("Unflag") if course.flagged(place) else _("Flag"), "flag"))
    if exhibit:
        keys.append(Key("f4", exhibit, "exhibit"))
    keys.append(Key("f5", _("Help"), "help"))
    keys.append(Key("f6", _("Tools"), "tools"))
    if picture:
        keys.append(Key("f7", _("Picture"), "enlarge", spare=True))
    if not linear:
        keys.append(Key("f8", _("Back"), "back"))
    keys.append(Key("f9", _("Submit") if submit else _("Next"), "forth"))
    keys.append(Key("f10", _("End") if practice else _("Hand in"), "review"))
    return keys
