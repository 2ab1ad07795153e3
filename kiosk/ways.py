"""What the screen says of moving, before anybody moves: closed, lost, entered, on the way.

The same map as the agent's (:mod:`exam_packages.attempt.moving`), asked about the attempt as
the screen knows it. The agent decides; nothing here does.
"""

from __future__ import annotations

from collections.abc import Callable

from exam_packages.attempt import events as ev
from exam_packages.attempt.moving import Map
from exam_packages.attempt.state import Attempt
from exam_packages.content.moving import Break, Control, Limit
from exam_packages.content.paper import Paper


class Ways:
    """The ways through *paper* for the attempt that *attempt* gives."""

    def __init__(self, paper: Paper, attempt: Callable[[], Attempt]) -> None:
        self._map = Map(paper)
        self._attempt = attempt

    def closed(self, item: str) -> bool:
        """Whether *item* cannot be changed any more: it was closed, or lies behind."""
        attempt, here = self._attempt(), self._attempt().place
        if self._map.closed(attempt, item):
            return True
        if here is None or item == here:
            return False
        place, at = self._map.places[item], self._map.places[here]
        return place.index < at.index and not self._map.way(here, item)

    def leads(self, item: str) -> bool:
        """Whether the candidate may go to *item*."""
        attempt = self._attempt()
        return attempt.place is not None and self._map.leads(attempt, attempt.place, item)

    def lost(self, there: str | None) -> list[str]:
        """What can be changed now and not after going *there* (``None``: after handing in)."""
        return self._map.lost(self._attempt(), there)

    def required(self, there: str | None) -> list[str]:
        """What must be answered before that."""
        return self._map.required(self._attempt(), there)

    def must_answer(self, item: str) -> bool:
        """Whether *item* may not be left out."""
        return not self._map.places[item].control.skipping

    def leaving(self, there: str) -> list[Limit]:
        """The parts and sections that close on the way to *there*, the outermost first."""
        left = self._map.left(self._attempt(), there)
        return [each for each, how in left if how == ev.LEFT and not _of_item(each)][::-1]

    def entering(self, there: str) -> list[tuple[Limit, int]]:
        """The parts and sections that begin there, with the seconds that each has."""
        begins = {each.scope: each.allowed_s for each in self._map.entered(self._attempt(), there)}
        return [
            (limit, begins[limit.scope])
            for limit in self._map.places[there].limits
            if begins.get(limit.scope) and not _of_item(limit)
        ]

    def break_to(self, there: str) -> Break | None:
        """The break that comes on the way to *there*."""
        attempt = self._attempt()
        return self._map.next_break(attempt, attempt.place, there) if attempt.place else None

    def control(self, item: str) -> Control:
        """The session control of *item*."""
        return self._map.places[item].control

    def submitted(self, item: str) -> int:
        """How often *item* was submitted."""
        return self._attempt().progress.submitted.get(item, 0)

    def can_submit(self, item: str) -> bool:
        """Whether *item* is submitted by itself, and can be now."""
        return self.control(item).individual and self._map.answerable(self._attempt(), item)

    def own_time(self, scope: str) -> int:
        """The seconds that *scope* has (or had, or will have) of its own; 0: none."""
        attempt = self._attempt()
        before = attempt.progress.scopes.get(scope)
        if before is not None:
            return before.allowed_s
        for limit in self._map.paper.moving.limits:
            if limit.scope == scope:
                found = self._map.entered(attempt, limit.items[0])
                return next((each.allowed_s for each in found if each.scope == scope), 0)
        return 0

    def limit(self, scope: str) -> Limit | None:
        """The limit of *scope*."""
        return next((e for e in self._map.paper.moving.limits if e.scope == scope), None)

    def breaks_left(self) -> int:
        """How many breaks can still be taken by asking."""
        progress = self._attempt().progress
        return max(0, self._map.paper.moving.leave.times + progress.granted - progress.asked)


def _of_item(limit: Limit) -> bool:
    return limit.scope.startswith("item/")
