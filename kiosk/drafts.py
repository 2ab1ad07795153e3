"""Answers and workings on their way to the disk: what the candidate sees before it is saved.

A choice is due at once, typed text within a second after the last key (and at the
latest some seconds after the first, should the keys never stop). A draft stays until
the agent said ``Saved`` for exactly it; a screen never calls more than that saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from exam_packages.attempt.acts import Respond, Work
from exam_packages.attempt.workings import Working, place_of
from exam_packages.clock import SECOND
from exam_packages.content.values import Response

Responses = tuple[Response, ...]
Kept: TypeAlias = Respond | Work
"""What a draft can be of. Of two for one place the later one counts."""

PAUSE_NS = 7 * SECOND // 10
"""Typed text is due this long after the last key."""
LONGEST_NS = 5 * SECOND
"""Typed text is due this long after the first unsaved key, even if keys go on."""
RETRY_NS = 2 * SECOND
"""A refused answer is offered again after this long: space on a disk may come back."""


@dataclass
class _Draft:
    act: Kept
    first_ns: int
    due_ns: int
    was_refused: bool = False


class Drafts:
    """What is not saved yet, by its place: an item's answers, its note, the scratchpad…"""

    def __init__(self) -> None:
        self._drafts: dict[tuple[str, ...], _Draft] = {}

    def __len__(self) -> int:
        return len(self._drafts)

    def put(self, act: Kept, *, typed: bool, now_ns: int) -> None:
        """The candidate did so. ``typed``: more keys may follow soon."""
        place = _place(act)
        before = self._drafts.get(place)
        first = before.first_ns if before is not None else now_ns
        due = min(now_ns + PAUSE_NS, first + LONGEST_NS) if typed else now_ns
        self._drafts[place] = _Draft(act, first, due)

    @property
    def answers(self) -> int:
        """How many of the drafts are answers: what a hand-in waits for."""
        return sum(isinstance(draft.act, Respond) for draft in self._drafts.values())

    def responses(self, item: str) -> Responses | None:
        """What stands unsaved as answers to *item*."""
        draft = self._drafts.get(("answers", item))
        return draft.act.responses if draft and isinstance(draft.act, Respond) else None

    def workings(self) -> list[Working]:
        """What stands unsaved beside the answers."""
        acts = [draft.act for draft in self._drafts.values()]
        return [act.what for act in acts if isinstance(act, Work)]

    def settle(self) -> None:
        """All of it is due now."""
        for draft in self._drafts.values():
            draft.due_ns = 0

    def due(self, now_ns: int) -> Kept | None:
        """The draft that is due longest, if one is."""
        first = min(self._drafts.values(), key=lambda draft: draft.due_ns, default=None)
        return first.act if first is not None and first.due_ns <= now_ns else None

    def next_ns(self) -> int | None:
        """When the next draft is due."""
        return min((draft.due_ns for draft in self._drafts.values()), default=None)

    def saved(self, act: Kept, now_ns: int) -> None:
        """The agent saved *act*; what was typed meanwhile stays a draft."""
        place = _place(act)
        draft = self._drafts.get(place)
        if draft is None:
            return
        if draft.act == act:
            del self._drafts[place]
        else:
            draft.first_ns = now_ns

    def refused(self, act: Kept, now_ns: int) -> bool:
        """The agent could not save: try again later. Whether the candidate should hear of it:
        each time of an answer, once of what stands beside the answers. Not of what was let go
        of meanwhile: that was said then."""
        draft = self._drafts.get(_place(act))
        if draft is None:
            return False
        told = draft.was_refused and isinstance(act, Work)
        draft.due_ns, draft.was_refused = now_ns + RETRY_NS, True
        return not told

    def drop(self, closed: Callable[[str], bool]) -> set[str]:
        """Let go of what can never be saved, because its item is closed; the items whose
        answers were among it."""
        gone = [place for place in self._drafts if len(place) > 1 and closed(place[1])]
        for place in gone:
            del self._drafts[place]
        return {place[1] for place in gone if place[0] == "answers"}

    def clear(self) -> None:
        """Nothing of this can be saved any more."""
        self._drafts.clear()


def _place(act: Kept) -> tuple[str, ...]:
    return ("answers", act.item) if isinstance(act, Respond) else place_of(act.what)
