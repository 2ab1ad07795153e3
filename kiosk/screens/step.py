"""Before a step that cannot be taken back: what closes, what begins, and what is unanswered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll

from exam_packages.content.moving import ANY_NUMBER, Limit
from exam_packages.language import _, ngettext, say
from kiosk.course import Course, answered_in, order
from kiosk.screens import standing
from kiosk.screens.base import Dialog, words
from kiosk.screens.navigator import QuestionDialog, QuestionRows
from kiosk.widgets.button import PushButton
from kiosk.widgets.text import fit

MAX_TITLE = 60
"""Cells of a section's title in a sentence."""
GO, SUBMIT = "=go", "=submit"
"""Results that no item identifier can be."""


@dataclass(frozen=True)
class Step:
    """A step that cannot be taken back, in sentences. ``open_questions`` are those that close by
    it and have no answer or a flag; ``required`` those that must be answered first."""

    sentences: tuple[str, ...]
    open_questions: tuple[str, ...]
    required: tuple[str, ...]


def step_to(course: Course, there: str) -> Step | None:
    """What cannot be taken back on the way to the item *there*; ``None``: nothing."""
    sentences = [
        say("{scope} is closed for good when you go on.", scope=_capital(scope_words(limit)))
        for limit in course.ways.leaving(there)
    ]
    lost = course.ways.lost(there)
    if not sentences and set(lost) - {course.place}:
        sentences.append(_("When you go on, the questions before cannot be opened again."))
    elif not sentences and set(lost) and course.ways.must_answer(str(course.place)):
        sentences.append(_("When you go on, this question cannot be opened again."))
    rest = course.ways.break_to(there)
    if rest is not None:
        clock = (
            _("The exam’s clock stands still meanwhile.")
            if rest.stopped
            else _("The exam’s clock goes on meanwhile.")
        )
        sentences.append(
            say("A break of {time} begins.", time=standing.spell(rest.length_s)) + " " + clock
        )
    else:
        sentences += [
            say(
                "{scope} has {time} of its own; its clock starts when you go on.",
                scope=_capital(scope_words(limit)),
                time=standing.spell(seconds),
            )
            for limit, seconds in course.ways.entering(there)
        ]
    if not sentences:
        return None
    wanting = [item for item in lost if not answered_in(course, item) or course.flagged(item)]
    return Step(tuple(sentences), tuple(wanting), tuple(course.ways.required(there)))


def scope_words(limit: Limit) -> str:
    """A scope as it is called in a sentence."""
    if limit.title:
        return say("the section “{title}”", title=fit(limit.title, MAX_TITLE))
    return {
        "part": _("this part"),
        "section": _("this section"),
        "item": _("this question"),
    }[limit.scope.partition("/")[0]]


def _capital(words_: str) -> str:
    return words_[:1].upper() + words_[1:]


class StepDialog(QuestionDialog):
    """Its result is :data:`GO`, or an item to go to, or nothing."""

    def __init__(self, course: Course, step: Step) -> None:
        super().__init__(course)
        self.step = step

    def body(self) -> ComposeResult:
        yield words(_("Go on?"), classes="heading")
        for sentence in self.step.sentences:
            yield words(sentence)
        items = self.step.open_questions
        unanswered = [item for item in items if not answered_in(self.course, item)]
        if self.step.required:
            numbers = [order(self.course).index(item) + 1 for item in self.step.required]
            yield words(
                say(
                    "These questions must be answered first: {numbers}.",
                    numbers=", ".join(map(str, numbers)),
                ),
                classes="problem",
            )
        elif unanswered:
            said = ngettext(
                "{n} question that closes has no answer.",
                "{n} questions that close have no answer.",
                len(unanswered),
            )
            yield words(said, classes="problem")
        with VerticalScroll(can_focus=False):
            if items:
                yield words(_("Open a question with Enter:"), classes="quiet")
                yield QuestionRows(self.course, frozenset(items))
        with Horizontal(classes="buttons"):
            yield PushButton(_("No, stay here"), id="back")
            if not self.step.required:
                yield PushButton(_("Yes, go on"), id="go")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#back").focus()

    def on_question_rows_chosen(self, event: QuestionRows.Chosen) -> None:
        event.stop()
        self.dismiss(event.item)

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        self.dismiss(GO if event.button.id == "go" else "")


class SubmitDialog(QuestionDialog):
    """Submit this question? Its result is :data:`SUBMIT`, :data:`GO` (without), or nothing."""

    def body(self) -> ComposeResult:
        control, times = (
            self.course.ways.control(self.place),
            self.course.ways.submitted(self.place),
        )
        yield words(_("Submit this answer?"), classes="heading")
        left = control.attempts - times - 1
        if control.attempts == ANY_NUMBER:
            yield words(_("It can be changed and submitted again as long as there is time."))
        elif left > 0:
            said = ngettext(
                "It can be changed and submitted {n} more time.",
                "It can be changed and submitted {n} more times.",
                left,
            )
            yield words(said)
        elif control.review:
            yield words(_("After this it can be looked at, and not changed any more."))
        else:
            yield words(_("After this the question cannot be opened again."))
        with Horizontal(classes="buttons"):
            yield PushButton(_("No, go back"), id="back")
            yield PushButton(_("Go on without"), id="go")
            yield PushButton(_("Submit and go on"), id="submit")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(
            "#submit" if self.course.ways.control(self.place).review else "#back"
        ).focus()

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        self.dismiss({"go": GO, "submit": SUBMIT}.get(event.button.id or "", ""))


class BreakDialog(Dialog):
    """Take a break that was asked for? Its result is ``yes`` or nothing."""

    def __init__(self, length_s: int, left: int, identity: bool) -> None:
        super().__init__()
        self.length_s, self.left, self.identity = length_s, left, identity

    def body(self) -> ComposeResult:
        yield words(_("Take a break?"), classes="heading")
        for sentence in self._sentences():
            yield words(sentence)
        with Horizontal(classes="buttons"):
            yield PushButton(_("No, go back"), id="no")
            yield PushButton(_("Yes, take a break"), id="yes")

    def _sentences(self) -> Sequence[str]:
        sentences = [
            say(
                "The questions are hidden for up to {time}. The exam’s clock goes on.",
                time=standing.spell(self.length_s),
            ),
            ngettext("You can take {n} break.", "You can take {n} breaks.", self.left),
        ]
        if self.identity:
            sentences.append(_("An invigilator checks who you are when you come back."))
        return sentences

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#no").focus()

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        self.dismiss("yes" if event.button.id == "yes" else "")
