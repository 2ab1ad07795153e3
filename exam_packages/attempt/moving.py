"""Where a candidate may be: what is closed, what leads where, what is crossed on the way.

Pure questions about a paper and an attempt; the agent decides by them, the screen shows by
them what it will decide. In words:

1.  In a linear part each question is taken in turn and never again. In a nonlinear part, and
    between adjoining nonlinear parts, every question stays open.
2.  A part or section with a limit is entered once: who leaves it closes it. So does the end of
    its time. An item with a limit is closed by the end of its time; in a nonlinear part one
    may come back to it before, and its clock stands meanwhile.
3.  Beyond a break that comes by itself, all that lies before it is closed.
4.  An item that was submitted as often as it may be is closed; it can be looked at again where
    its session control says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Attempt
from exam_packages.content.moving import USUAL, Break, Control, Limit
from exam_packages.content.paper import LINEAR, Paper


@dataclass(frozen=True)
class Place:
    """An item's place in the form: its number from 0, its part's, and what binds it there."""

    index: int
    part: int
    linear: bool
    limits: tuple[Limit, ...]
    control: Control


class Map:
    """A paper, looked up by item."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.order = [each.identifier for each in paper.references()]
        limits: dict[str, tuple[Limit, ...]] = {}
        controls: dict[str, Control] = {}
        for limit in paper.moving.limits:
            for item in limit.items:
                limits[item] = (*limits.get(item, ()), limit)
        for control in paper.moving.controls:
            controls |= dict.fromkeys(control.items, control)
        parts = [
            (reference.identifier, number, part.navigation == LINEAR)
            for number, part in enumerate(paper.parts)
            for section in part.sections
            for reference in section.items
        ]
        self.places = {
            item: Place(index, part, linear, limits.get(item, ()), controls.get(item, USUAL))
            for index, (item, part, linear) in enumerate(parts)
        }
        self.linear = [part.navigation == LINEAR for part in paper.parts]

    def __contains__(self, item: str) -> bool:
        return item in self.places

    def closed(self, attempt: Attempt, item: str) -> bool:
        """Whether nothing of *item* can be changed any more."""
        return self._shut(attempt, item) or self.used_up(attempt, item)

    def _shut(self, attempt: Attempt, item: str) -> bool:
        place, progress = self.places[item], attempt.progress
        if any(progress.closed(limit.scope) for limit in place.limits):
            return True
        return any(
            place.index <= self.places[each].index for each in progress.breaks if each in self
        )

    def used_up(self, attempt: Attempt, item: str) -> bool:
        """Whether *item* was submitted as often as it may be."""
        control = self.places[item].control
        times = attempt.progress.submitted.get(item, 0)
        return control.individual and bool(control.attempts) and times >= control.attempts

    def visible(self, attempt: Attempt, item: str) -> bool:
        """Whether *item* may be looked at (where a way leads there)."""
        if self._shut(attempt, item):
            return False
        return not self.used_up(attempt, item) or self.places[item].control.review

    def leads(self, attempt: Attempt, here: str, there: str) -> bool:
        """Whether the candidate may go from *here* to *there*."""
        return self.way(here, there) and self.visible(attempt, there)

    def way(self, here: str, there: str) -> bool:
        """Whether the navigation of the parts has a way from *here* to *there*."""
        origin, aim = self.places[here], self.places[there]
        if origin.linear:
            return aim.index == origin.index + 1
        low, high = sorted((origin.part, aim.part))
        if aim.linear:
            first = min(each.index for each in self.places.values() if each.part == aim.part)
            return aim.index == first and aim.part > origin.part and not any(self.linear[low:high])
        return not any(self.linear[low:high])

    def answerable(self, attempt: Attempt, item: str) -> bool:
        """Whether *item* can be answered now, from where the candidate is."""
        here = attempt.place
        if here is None or self.closed(attempt, item):
            return False
        aim = self.places[item]
        inside = attempt.progress.inside
        if item == here:
            return True
        if aim.linear or not self.way(here, item):
            return False
        return all(limit.scope in inside for limit in aim.limits)

    def next_break(self, attempt: Attempt, here: str, there: str) -> Break | None:
        """The first break between *here* and *there* that has not been."""
        low, high = self.places[here].index, self.places[there].index
        for each in self.paper.moving.breaks:
            at = self.places[each.after].index if each.after in self else -1
            if low <= at < high and each.after not in attempt.progress.breaks:
                return each
        return None

    def onward(self, attempt: Attempt) -> str | None:
        """Where the candidate goes whose question was closed: the next open one, in the same run
        of nonlinear parts before one beyond; ``None`` when nothing is open."""
        here = attempt.place
        if here is None:
            return None
        at = self.places[here].index
        open_ = [item for item in self.order if not self.closed(attempt, item)]
        near = [item for item in open_ if not self.places[here].linear and self.way(here, item)]
        near = [item for item in near if not self.places[item].linear]
        after = [item for item in open_ if self.places[item].index > at]
        beyond = [item for item in near if self.places[item].index > at]
        for choice in (beyond, near, after):
            if choice:
                return choice[0]
        return None

    def left(self, attempt: Attempt, there: str | None) -> Iterator[tuple[Limit, int]]:
        """The scopes that are left on the way to *there* (``None``: to the end), and how, the
        innermost first."""
        inside = attempt.progress.inside
        stays = self.places[there].limits if there is not None else ()
        here = attempt.place
        for limit in reversed(self.places[here].limits if here is not None else ()):
            if limit.scope in inside and limit not in stays:
                item = limit.scope.startswith("item/")
                again = item and there is not None and not self.places[limit.items[0]].linear
                yield limit, ev.STEPPED_OUT if again else ev.LEFT

    def entered(self, attempt: Attempt, there: str) -> Iterator[ev.Entered]:
        """The scopes that begin with *there*, the outermost first. An allowance is to its
        limit as the whole time allowed is to the test's, rounded up."""
        scopes, allowed, usual = (
            attempt.progress.scopes,
            attempt.allowed_s,
            self.paper.time_limit_s,
        )
        for limit in self.places[there].limits:
            before = scopes.get(limit.scope)
            if before is not None:
                if before.how == ev.STEPPED_OUT:
                    yield ev.Entered(limit.scope, before.allowed_s, before.least_s)
                continue
            most = limit.most_s
            if most and usual:
                most = max(1, -(-most * max(0, allowed) // usual))
            yield ev.Entered(limit.scope, most, limit.least_s)

    def lost(self, attempt: Attempt, there: str | None) -> list[str]:
        """The items that can be changed now, or could be later, and not any more after going
        *there* (``None``: after handing in)."""
        here = attempt.place
        if here is None:
            return []
        at = self.places[here]
        open_ = [
            item
            for item in self.order
            if not self.closed(attempt, item)
            and (not self.places[item].linear or self.places[item].index >= at.index)
        ]
        if there is None:
            return open_
        left = self.left(attempt, there)
        gone = {item for limit, how in left if how == ev.LEFT for item in limit.items}
        pause = self.next_break(attempt, here, there)
        edge = self.places[pause.after].index if pause is not None else -1

        def goes(item: str) -> bool:
            place = self.places[item]
            if item in gone or place.index <= edge:
                return True
            if item == there or not (item == here or self.way(here, item)):
                return False
            return not self.way(there, item)

        return [item for item in open_ if goes(item)]

    def required(self, attempt: Attempt, there: str | None) -> list[str]:
        """The items that must be answered before going *there*."""
        if all(control.skipping for control in self.paper.moving.controls):
            return []
        return [
            item
            for item in self.lost(attempt, there)
            if not self.places[item].control.skipping and not attempt.answered(item)
        ]


@lru_cache(maxsize=4)
def map_of(paper: Paper) -> Map:
    """The map of *paper*; the last few are kept."""
    return Map(paper)
