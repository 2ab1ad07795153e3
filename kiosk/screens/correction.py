"""Corrections of the certification body, beside the question they are for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from exam_packages.language import say
from exam_packages.sealing.correction import Correction
from kiosk.course import order
from kiosk.widgets.text import harmless

if TYPE_CHECKING:
    from kiosk.client import Client


class CorrectionNote(VerticalScroll):
    """All that the body said about the question below; nothing where it said nothing."""

    def __init__(self) -> None:
        super().__init__(id="correction")
        self._said: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def show(self, corrections: Sequence[Correction], now_s: int) -> None:
        said = tuple(sentence(each, now_s) for each in corrections)
        self.display = bool(said)
        if said != self._said:
            self._said = said
            self.query_one(Static).update(Content("\n".join(said)))


def sentence(correction: Correction, now_s: int) -> str:
    """A correction as it stands on the screen, with the hour, and the day if it is another."""
    then = time.localtime(correction.time_s)
    today = time.strftime("%Y-%m-%d", then) == time.strftime("%Y-%m-%d", time.localtime(now_s))
    return say(
        "⚠ Corrected by the certification body at {time}: {text}",
        time=time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", then),
        text=harmless(correction.text),
    )


class News:
    """Says that a correction has come, once, to whoever sits before the screen then.

    What a screen finds in the record when it comes is no news: it stands beside its question.
    """

    def __init__(self) -> None:
        self._told: int | None = None

    def forget(self) -> None:
        """Another candidate may come."""
        self._told = None

    def look(self, client: Client) -> None:
        """Announce what is new since the last look."""
        attempt, exam = client.view.attempt, client.exam
        if attempt is None or exam is None:
            return
        before, self._told = self._told, len(attempt.corrections)
        if before is None or before == self._told:
            return
        items = order(exam)
        named = [
            str(items.index(each.item) + 1)
            for each in attempt.corrections[before:]
            if each.item in items
        ]
        if named:
            client.announce(
                "The certification body has corrected question {numbers}. It stands there.",
                numbers=", ".join(named),
            )
