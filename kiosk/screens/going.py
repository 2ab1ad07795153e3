"""Going from question to question, and on to the end: what is saved and asked before.

Where a step cannot be taken back it is asked about first; the agent has the last word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.course import Course, answered_in, one_way, order
from kiosk.screens.navigator import NavigatorDialog
from kiosk.screens.review import HAND_IN, HandInDialog, ReviewDialog
from kiosk.screens.step import GO, SUBMIT, StepDialog, SubmitDialog, step_to

if TYPE_CHECKING:
    from kiosk.screens.exam import ExamScreen

_GROUP: Final = "go"


class Going:
    """Of the candidate at *screen*."""

    def __init__(self, screen: ExamScreen) -> None:
        self._screen = screen

    @property
    def under_way(self) -> bool:
        """Whether another question was asked for, and the agent has not let it be yet."""
        return any(
            worker.group == _GROUP and not worker.is_finished for worker in self._screen.workers
        )

    def back(self) -> None:
        """To the question before."""
        course = self._screen.course
        if course is not None and not one_way(course):
            self._step(-1)

    def forth(self) -> None:
        """To the next question, or to submitting this one, or to the review after the last."""
        course = self._screen.course
        if course is not None and course.place is not None and submits(course, course.place):
            self._submit(course, course.place)
        else:
            self._step(1)

    def questions(self) -> None:
        """To a question that is chosen from the list."""
        course = self._screen.course
        if course is not None and not one_way(course):
            self._screen.app.push_screen(NavigatorDialog(course), self._to)

    def review(self) -> None:
        """To what is still open, and to handing in from there; of the practice, to its end."""
        course = self._screen.course
        if course is None:
            return
        if self._screen.practice:
            self._screen.client.end_practice()
        else:
            self._screen.app.push_screen(ReviewDialog(course), self._reviewed)

    def _step(self, step: int) -> None:
        course = self._screen.course
        if course is None or course.place is None:
            return
        items = order(course)
        here = items.index(course.place)
        beyond = items[here + 1 :] if step > 0 else items[:here][::-1]
        there = next((item for item in beyond if course.ways.leads(item)), None)
        if there is not None:
            self._to(there)
        elif step > 0:
            self.review()

    def _to(self, item: str | None) -> None:
        course = self._screen.course
        if item and course is not None and item != course.place:
            self._screen.run_worker(self._walk(course, item), group=_GROUP, exclusive=True)

    async def _walk(self, course: Course, there: str, *, asked: bool = False) -> None:
        """Go to *there*, after asking where that cannot be taken back."""
        screen = self._screen
        if not screen.practice:
            await screen.client.saver.flush()
        possible = course.ways.leads(there)  # else the agent says why not
        step = step_to(course, there) if possible and not asked else None
        if step is None:
            await course.go(there)
            return

        def answered(result: str | None) -> None:
            if result == GO:
                walk = self._walk(course, there, asked=True)
                screen.run_worker(walk, group=_GROUP, exclusive=True)
            else:
                self._to(result)

        screen.app.push_screen(StepDialog(course, step), answered)

    def _submit(self, course: Course, item: str) -> None:
        async def submit() -> None:
            if await course.submit(item):
                self._step(1)

        def answered(result: str | None) -> None:
            if result == SUBMIT:
                self._screen.run_worker(submit(), group=_GROUP, exclusive=True)
            elif result == GO:
                self._step(1)

        self._screen.app.push_screen(SubmitDialog(course), answered)

    def _reviewed(self, result: str | None) -> None:
        course = self._screen.course
        if result == HAND_IN and course is not None:
            self._screen.app.push_screen(HandInDialog(course), self._handed_in)
        else:
            self._to(result)

    def _handed_in(self, result: str | None) -> None:
        if result == "yes":
            screen = self._screen
            screen.run_worker(screen.client.hand_in(), group="hand-in", exclusive=True)


def submits(course: Course, item: str) -> bool:
    """Whether going on from *item* means to submit it."""
    ways = course.ways
    linear = one_way(course)
    return not linear and ways.can_submit(item) and answered_in(course, item)
