"""What the client says of time: warnings, and what its end has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_packages.content.paper import item_blob
from kiosk.course import order
from kiosk.screens import standing
from kiosk.screens.base import Pane
from kiosk.screens.step import scope_words
from kiosk.view import Stage

if TYPE_CHECKING:
    from kiosk.client import Client

LAST_MS = 3_000
"""In the last moments typed text does not wait for a pause."""


class Timekeeper:
    """Watches the clocks for one candidate after another."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._before: dict[str, int] = {}

    def forget(self) -> None:
        """Another candidate may come."""
        self._before = {}

    def look(self) -> bool:
        """Warn of what has come near; whether these are the last moments of something."""
        view = self._client.view
        left = view.left_ms()
        if left is None or view.stage is not Stage.EXAM:
            return False
        scope, first = view.soonest()
        for of_what, ms in {"": left, scope: first}.items():
            self._warn(of_what, ms)
        return first <= LAST_MS

    def _warn(self, scope: str, left: int) -> None:
        before = self._before.get(scope)
        self._before[scope] = left
        exam = self._client.exam
        if before is None or exam is None:
            return
        for seconds in sorted(exam.paper.policy.warnings_s):
            if left <= seconds * 1000 < before:
                template = standing.of_scope(scope) if scope else "{time} left."
                self._client.announce(template, time=standing.spell(seconds))
                return

    async def close(self) -> None:
        """Say which time is over, and let go of what came too late for it."""
        client, view = self._client, self._client.view
        course = client.exam
        if course is None or view.stage not in (Stage.EXAM, Stage.BREAK):
            return
        if view.spent:
            limit = course.ways.limit(view.spent.pop())
            view.spent.clear()
            while isinstance(client.screen, Pane):  # a tool over a question that is gone
                await client.pop_screen()
            if limit is not None:
                client.announce(
                    "The time for {scope} is over; it is closed.", scope=scope_words(limit)
                )
        items = set(order(course))

        def closed(name: str) -> bool:  # of an item, or of its text
            item = name.removeprefix(item_blob(""))
            return item in items and course.ways.closed(item)

        late = client.drafts.drop(closed)
        if late:
            numbers = [n for n, item in enumerate(order(course), 1) if item in late]
            client.announce(
                "What was typed last in question {number} came after its time.",
                number=", ".join(map(str, numbers)),
            )
