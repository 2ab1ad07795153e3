"""Answers on their way to the disk: what the candidate sees before it is saved.

A choice is due at once, typed text within a second after the last key (and at the
latest some seconds after the first, should the keys never stop). A draft stays until
the agent said ``Saved`` for exactly it; a screen never calls more than that saved.
"""

from __future__ import annotations

from dataclasses import dataclass

from exam_packages.clock import SECOND
from exam_packages.content.values import Response

Responses = tuple[Response, ...]

PAUSE_NS = 7 * SECOND // 10
"""Typed text is due this long after the last key."""
LONGEST_NS = 5 * SECOND
"""Typed text is due this long after the first unsaved key, even if keys go on."""
RETRY_NS = 2 * SECOND
"""A refused answer is offered again after this long: space on a disk may come back."""


@dataclass
class _Draft:
    responses: Responses
    first_ns: int
    due_ns: int


class Drafts:
    """The answers that are not saved yet, by item."""

    def __init__(self) -> None:
        self._drafts: dict[str, _Draft] = {}

    def __len__(self) -> int:
        return len(self._drafts)

    def put(self, item: str, responses: Responses, *, typed: bool, now_ns: int) -> None:
        """The candidate answered *item* so."""
        before = self._drafts.get(item)
        first = before.first_ns if before is not None else now_ns
        due = min(now_ns + PAUSE_NS, first + LONGEST_NS) if typed else now_ns
        self._drafts[item] = _Draft(responses, first, due)

    def get(self, item: str) -> Responses | None:
        """What stands unsaved for *item*."""
        draft = self._drafts.get(item)
        return draft.responses if draft is not None else None

    def settle(self) -> None:
        """All of it is due now."""
        for draft in self._drafts.values():
            draft.due_ns = 0

    def due(self, now_ns: int) -> tuple[str, Responses] | None:
        """The draft that is due longest, if one is."""
        due = [(draft.due_ns, item) for item, draft in self._drafts.items()]
        if not due or min(due)[0] > now_ns:
            return None
        item = min(due)[1]
        return item, self._drafts[item].responses

    def next_ns(self) -> int | None:
        """When the next draft is due."""
        return min((draft.due_ns for draft in self._drafts.values()), default=None)

    def saved(self, item: str, responses: Responses, now_ns: int) -> None:
        """The agent saved *responses*; what was typed meanwhile stays a draft."""
        draft = self._drafts.get(item)
        if draft is None:
            return
        if draft.responses == responses:
            del self._drafts[item]
        else:
            draft.first_ns = now_ns

    def refused(self, item: str, now_ns: int) -> None:
        """The agent could not save: try again later."""
        if item in self._drafts:
            self._drafts[item].due_ns = now_ns + RETRY_NS

    def clear(self) -> None:
        """Nothing of this can be saved any more."""
        self._drafts.clear()
