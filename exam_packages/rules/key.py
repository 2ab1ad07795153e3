"""The answer key: all that scores an attempt, and never leaves the body.

The reader makes an :class:`ItemKey` beside each item and nothing ever joins the two;
drawing a form collects the keys of its items in one :class:`AnswerKey`, bound to the
form by the form's id.
"""

from __future__ import annotations

from typing import TypeAlias

from exam_packages import canon
from exam_packages.canon import Object
from exam_packages.rules.declarations import OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.expressions import Expression

SCORE = "SCORE"
"""QTI's name for the outcome that is an item's score."""


class SetOutcome(Object, tag=1):
    """qti-set-outcome-value."""

    identifier: str
    expression: Expression


class Branch(Object):
    """qti-response-if or qti-response-else-if: the rules that run when it is true."""

    condition: Expression
    rules: tuple[Rule, ...]


class Condition(Object, tag=2):
    """qti-response-condition: the first branch that is true, or the otherwise rules."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Rule, ...]


class Exit(Object, tag=3):
    """qti-exit-response: no further rule runs."""


Rule: TypeAlias = SetOutcome | Condition | Exit


class ItemKey(Object):
    """What scores one item.

    ``max_score`` is an exact number as text; ``external`` says that a person gives the
    score (QTI external-scored) and that there is nothing to process.
    """

    item: str
    responses: tuple[ResponseDeclaration, ...]
    outcomes: tuple[OutcomeDeclaration, ...]
    processing: tuple[Rule, ...]
    max_score: str
    external: bool


class SectionKey(Object):
    """A section of the form, for its part of the score."""

    identifier: str
    title: str


class Entry(Object):
    """An item of the form with its place, weight and what it tests."""

    section: str
    weight: str
    competence: str
    level: str
    key: ItemKey


class AnswerKey(Object):
    """The keys of every item of the form with this id, and the cut score in its points."""

    form: str
    title: str
    cut_score: str
    sections: tuple[SectionKey, ...]
    entries: tuple[Entry, ...]

    def entry(self, item: str) -> Entry | None:
        """The entry of the item with this identifier."""
        return next((each for each in self.entries if each.key.item == item), None)


def read_answer_key(data: bytes) -> AnswerKey:
    """Read what :func:`exam_packages.canon.pack` wrote. Raises ``CanonError``."""
    key: AnswerKey = canon.unpack(data, AnswerKey)
    return key
