"""After the hand-in code: the feedback survey, on one page, to answer or to skip.

Nothing of the exam depends on it. It stands under no name, it is skipped by one key, and by
itself when nobody touches it for a while, so that it never keeps a station from the next
candidate. What is said stays in this program until it is sent, and is gone with it.
"""

from __future__ import annotations

from typing import Any, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.geometry import Offset, Region, Spacing
from textual.widgets import Static

from exam_packages.clock import SECOND
from exam_packages.content.survey import MAX_WORDS, Survey
from exam_packages.content.values import Response
from exam_packages.language import _, ngettext
from kiosk.screens.base import KioskScreen, show_words, words
from kiosk.widgets.bars import Key
from kiosk.widgets.button import PushButton
from kiosk.widgets.extended_text import ExtendedTextArea
from kiosk.widgets.question import Question
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.text import plain

IDLE_S: Final = 300
"""Seconds without a key or the mouse after which the survey is skipped."""
WARN_S: Final = 60
"""Seconds before that from which on it says so."""

_EMPTY = (Content(""), Content(""))


class SurveyQuestion(Question):
    """A question among others on one page, which scrolls as a whole."""

    def scroll_to_region(self, region: Region, **how: Any) -> Offset:
        """Bring a row into view: the page scrolls, not the question."""
        page = self.parent
        if not isinstance(page, VerticalScroll):
            return super().scroll_to_region(region, **how)
        how.setdefault("spacing", Spacing.unpack(1))
        return page.scroll_to_region(region.translate(self.virtual_region.offset), **how)


class SurveyScreen(KioskScreen):
    """The questions one below the other, then two buttons."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Survey | None = None
        self.stands = False
        """Whether all the questions stand on the page."""
        self._since_ns: int | None = None

    def body(self) -> ComposeResult:
        with VerticalScroll(id="survey"):  # first in the focus: nothing is answered unread
            yield words("", id="heading", classes="heading")
            yield words(
                _(
                    "Your exam is handed in, and nothing here changes it. Answer what you like, "
                    "or skip it all."
                )
            )
            yield words(
                _(
                    "What you say is kept apart from your name and your answers. Where very few "
                    "take part, or by what you write yourself, somebody may still recognise you."
                )
            )
            yield Sheet(id="introduction")
        with Horizontal(id="acts"):
            yield PushButton(_("Send"), id="send")
            yield PushButton(_("Skip"), id="skip")
            yield words("", id="left", classes="quiet")

    def title_lines(self) -> list[tuple[Content, Content]]:
        """No name stands over these questions."""
        return [super().title_lines()[0], _EMPTY]

    def keys(self) -> tuple[Key, ...]:
        return (Key("tab", _("Next"), "app.focus_next"), *super().keys())

    def pane(self) -> VerticalScroll:
        return self.query_one("#survey", VerticalScroll)

    def on_screen_resume(self) -> None:
        self._since_ns = self.client.clock.boottime_ns()
        if self.client.view.survey is not self._shown:
            self._stand(False)
        super().on_screen_resume()
        self.run_worker(self._show(), group="show", exclusive=True)

    async def _show(self) -> None:
        survey = self.client.view.survey
        if survey is None or survey is self._shown:
            return
        self._shown = survey
        self.query_one("#heading", Static).update(plain(survey.title))
        self.query_one("#introduction", Sheet).load(survey.introduction)
        self.query_one("#introduction").display = bool(survey.introduction)
        page = self.pane()
        await page.remove_children(SurveyQuestion)
        for item in survey.questions:
            question = SurveyQuestion()
            await page.mount(question)
            said = self.client.view.said.get(item.identifier, ())
            await question.show(item, [Response(item.interactions[0].response, said)])
            for area in question.query(ExtendedTextArea):
                area.bound(MAX_WORDS)
        page.scroll_home(animate=False)
        self._stand(True)

    def _stand(self, whole: bool) -> None:
        """Show the page when it is *whole*: a key that comes before belongs to none of it."""
        self.stands = whole
        for part in ("#survey", "#acts"):
            self.query_one(part).display = whole
        self.set_focus(self.pane() if whole else None, scroll_visible=False)

    def tell(self) -> None:
        super().tell()
        since_ns = self._since_ns
        if not self.is_mounted or since_ns is None or self.client.stage_screen is not self:
            return
        touched_ns = max(since_ns, self.client.touched_ns)
        idle_s = (self.client.clock.boottime_ns() - touched_ns) // SECOND
        left = IDLE_S - idle_s
        if left <= 0:
            self._leave(())
        said = ngettext(
            "Closes by itself in {n} second", "Closes by itself in {n} seconds", max(0, left)
        )
        show_words(self, "#left", said if left <= WARN_S else "")

    @on(Question.Changed)
    def _changed(self, event: Question.Changed) -> None:
        event.stop()
        members = tuple(each for response in event.responses for each in response.members)
        self.client.view.said[event.item] = members

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        event.stop()
        survey = self.client.view.survey
        if event.button.id != "send" or survey is None:
            self._leave(())
            return
        said = self.client.view.said  # told in the order asked, not in that of answering
        given = [(each.identifier, said.get(each.identifier, ())) for each in survey.questions]
        self._leave(tuple(Response(name, members) for name, members in given if members))

    def _leave(self, responses: tuple[Response, ...]) -> None:
        self.client.run_worker(self.client.leave(responses), group="leave", exclusive=True)
