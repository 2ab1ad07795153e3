"""Before the exam: who, what, how long, what is recorded; practice; and the beginning."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from exam_packages.attempt.acts import Accept
from exam_packages.attempt.events import NO_CAMERA, VIDEO_FILE
from exam_packages.content.paper import LINEAR, Paper
from exam_packages.language import _, ngettext, say
from kiosk.proctoring.notice import notice
from kiosk.screens import sound_check, standing
from kiosk.screens.accept import YES, AcceptDialog
from kiosk.screens.base import KioskScreen, show_words, words
from kiosk.view import Stage
from kiosk.widgets.bars import Key
from kiosk.widgets.blocks import block_lines
from kiosk.widgets.button import PushButton
from kiosk.widgets.lines import Lines
from kiosk.widgets.text import pad, plain, wrap


class Rules(Lines):
    """What the candidate should know before the clock starts."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: tuple[tuple[str, str], ...] = ()
        self.paper: Paper | None = None

    def show(self, rows: tuple[tuple[str, str], ...], paper: Paper | None) -> None:
        if (rows, paper) != (self.rows, self.paper):
            self.rows, self.paper = rows, paper
            self.rebuild()

    def build(self, width: int) -> list[Content]:
        column = max((cell_len(name) for name, _words in self.rows), default=0) + 2
        lines: list[Content] = []
        for name, said in self.rows:
            lines += wrap(plain(said), width, pad(Content.styled(name, "bold $mark"), column))
        if self.paper is not None and self.paper.instructions:
            lines += [Content(""), *block_lines(self.paper.instructions, width)]
        return lines


class BeforeScreen(KioskScreen):
    """Waiting to be admitted, then ready to begin."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7", "try_sound", show=False)]

    def body(self) -> ComposeResult:
        with VerticalScroll(id="before", can_focus=False):
            yield words("", id="state", classes="heading")
            yield words("", id="next")
            yield words("", id="start")
            yield Rules(id="rules")
        with Horizontal(classes="buttons", id="acts"):
            yield PushButton("", id="practise")
            yield PushButton(_("Begin the exam: the clock starts"), id="begin")

    def pane(self) -> Widget:
        return self.query_one("#before")

    def keys(self) -> tuple[Key, ...]:
        keys = super().keys()
        if self.client.sounds.needed:
            keys = (*keys, sound_check.key())
        if self.is_mounted and self.pane().max_scroll_y > 0:
            keys = (*keys, Key("pagedown", _("More below"), "scroll_page(1)"))
        return keys

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._focus()

    def tell(self) -> None:
        super().tell()
        if not self.is_mounted:
            return
        client = self.client
        ready = client.view.stage is Stage.READY
        released = ready and client.exam is not None
        state, after = self._words(ready, released)
        show_words(self, "#state", state)
        show_words(self, "#next", after)
        show_words(self, "#start", standing.common_start(client.view))
        paper = client.exam.paper if client.exam is not None else None
        self.query_one("#rules", Rules).show(self._rules(paper), paper)
        practise, begin = self.query_one("#practise", PushButton), self.query_one("#begin")
        attempt = client.view.attempt
        again = attempt is not None and attempt.practising
        practise.set_label(_("Practise again") if again else _("Practise first"))
        shown = (practise.display, begin.display)
        practise.display = ready and client.practice is not None
        begin.display = released
        self.query_one("#acts").display = practise.display or begin.display
        if shown != (practise.display, begin.display):
            self.call_after_refresh(self._focus)

    def action_try_sound(self) -> None:
        self.app.push_screen(sound_check.SoundDialog())

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        client = self.client
        if event.button.id == "practise":
            self.run_worker(client.practise(), exclusive=True)
        elif client.view.attempt is not None and client.view.attempt.accepted:
            self.run_worker(client.begin(), exclusive=True)
        else:
            self.app.push_screen(AcceptDialog(), self._accepted)

    def _accepted(self, result: str | None) -> None:
        if result == YES:
            self.run_worker(self._accept_and_begin(), exclusive=True)

    async def _accept_and_begin(self) -> None:
        if await self.client.act(Accept()):
            await self.client.begin()

    def _focus(self) -> None:
        """On practice when there is some: Enter must not start the clock by accident."""
        if isinstance(self.focused, PushButton) and self.focused.display:
            return
        for button in self.query(PushButton):
            if button.display:
                button.focus()
                return

    def _words(self, ready: bool, released: bool) -> tuple[str, str]:
        if not ready:
            return (
                _("You are signed in"),
                _("Please wait: an invigilator will admit you. Nothing is needed from you now."),
            )
        if not released:
            return (
                _("You are admitted"),
                _("The exam has not been released yet. It will open here by itself."),
            )
        return (
            _("Everything is ready"),
            _("Read this calmly. The clock starts only when you choose “Begin the exam”."),
        )

    def _rules(self, paper: Paper | None) -> tuple[tuple[str, str], ...]:
        view = self.client.view
        rows: list[tuple[str, str]] = []
        if view.person is not None:
            rows.append(
                (_("Candidate"), f"{view.person.name} ({view.person.candidate})"),
            )
        rows += sound_check.rows(self.client.sounds)
        if paper is not None:
            rows.append((_("Exam"), paper.title))
            rows.append((_("Questions"), _questions(paper)))
            rows.append((_("Time"), self._time(paper)))
            rows.append((_("Moving"), _moving(paper)))
        rows.append(
            (
                _("Saving"),
                _(
                    "Every answer is saved as you give it. If this station fails, you go on "
                    "with all saved answers."
                ),
            )
        )
        rows += self._camera(paper)
        rows.append(
            (
                _("Recorded"),
                _(
                    "Your answers, when you gave them, and which questions you opened: all of it "
                    "sealed. The invigilators see how many questions you have answered, never "
                    "an answer."
                ),
            )
        )
        rows.append((_("Help"), _("Raise your hand at any time. F5 shows all keys.")))
        return tuple(rows)

    def _time(self, paper: Paper) -> str:
        attempt = self.client.view.attempt
        extra = attempt.extra_s if attempt is not None else 0
        said = standing.spell(max(0, paper.time_limit_s + extra))
        if extra > 0:
            said += say(" (with {extra} granted to you)", extra=standing.spell(extra))
        return said

    def _camera(self, paper: Paper | None) -> tuple[tuple[str, str], ...]:
        status, attempt = self.client.view.status, self.client.view.attempt
        source = status.camera if status is not None else NO_CAMERA
        if paper is None:  # its rules are not known yet
            return ((_("Camera"), _in_general(source)),)
        return notice(paper.policy, source, attempt.spared if attempt is not None else frozenset())


def _in_general(source: int) -> str:
    if source == NO_CAMERA:
        return _("No camera is in use: no pictures of you are taken by this station.")
    if source == VIDEO_FILE:
        return _("No camera: pictures come from a recorded video, as a test.")
    return _(
        "The camera is on: a picture is taken from time to time and sealed. Only the "
        "certification body can open it."
    )


def _questions(paper: Paper) -> str:
    count = ngettext("{n} question", "{n} questions", len(paper.references()))
    sections = [section.title for section in paper.sections() if section.title]
    if len(sections) > 1:
        count += ": " + ", ".join(sections)
    return count


def _moving(paper: Paper) -> str:
    return " ".join((_navigation(paper), *_bounds(paper)))


def _bounds(paper: Paper) -> list[str]:
    """What else binds: times of their own, breaks."""
    said = []
    if any(limit.most_s for limit in paper.moving.limits):
        said.append(_("Some parts have times of their own; what you leave is closed."))
    if paper.moving.breaks:
        breaks = len(paper.moving.breaks)
        said.append(ngettext("There is {n} break.", "There are {n} breaks.", breaks))
    return said


def _navigation(paper: Paper) -> str:
    linear = [part.navigation == LINEAR for part in paper.parts]
    if all(linear):
        return _("Questions come one after the other; there is no way back.")
    if any(linear):
        return _("In some parts questions come one after the other, without a way back.")
    return _("Go back and forth, flag questions and change answers as you like.")
