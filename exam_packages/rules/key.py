"""The answer key: all that scores an attempt, and never leaves the body.

The reader makes an :class:`ItemKey` beside each item and nothing ever joins the two;
drawing a form collects the keys of its items in one :class:`AnswerKey`, bound to the
form by the form's id.
"""

from __future__ import annotations

from functools import cached_property
from typing import TypeAlias

from exam_packages import canon
from exam_packages.canon import CanonError, Object
from exam_packages.rules.declarations import (
    OutcomeDeclaration,
    ResponseDeclaration,
    TemplateDeclaration,
)
from exam_packages.rules.expressions import Expression

SCORE = "SCORE"
"""QTI's name for the outcome that is an item's score."""


class SetOutcome(Object, tag=1):
    """qti-set-outcome-value."""

    identifier: str
    expression: Expression


class Branch(Object):
    """An if or else-if (qti-response-if, qti-outcome-if, qti-template-if …): the rules that
    run when it is true."""

    condition: Expression
    rules: tuple[Rule, ...]


class Condition(Object, tag=2):
    """qti-response-condition, qti-outcome-condition or qti-template-condition: the first
    branch that is true, or the otherwise rules."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Rule, ...]


class Exit(Object, tag=3):
    """qti-exit-response, qti-exit-test or qti-exit-template: no further rule runs."""


class LookUp(Object, tag=4):
    """qti-lookup-outcome-value: the outcome from its lookup table."""

    identifier: str
    expression: Expression


class SetTemplate(Object, tag=5):
    """qti-set-template-value. This and the next three: template processing only."""

    identifier: str
    expression: Expression


class SetCorrect(Object, tag=6):
    """qti-set-correct-response."""

    identifier: str
    expression: Expression


class SetDefault(Object, tag=7):
    """qti-set-default-value, of a response or an outcome."""

    identifier: str
    expression: Expression


class Constrain(Object, tag=8):
    """qti-template-constraint: everything is drawn anew until this is true."""

    expression: Expression


Rule: TypeAlias = (
    SetOutcome | Condition | Exit | LookUp | SetTemplate | SetCorrect | SetDefault | Constrain
)


class ItemKey(Object, dict=True):
    """What scores one item.

    ``max_score`` is an exact number as text; ``external`` says that a person gives the
    score (QTI external-scored) and that there is nothing to process. ``templates`` are the
    item's template variables with the values drawn for this form.
    """

    item: str
    responses: tuple[ResponseDeclaration, ...]
    outcomes: tuple[OutcomeDeclaration, ...]
    processing: tuple[Rule, ...]
    max_score: str
    external: bool
    templates: tuple[TemplateDeclaration, ...] = ()


class SectionKey(Object):
    """A section of the form, for its part of the score."""

    identifier: str
    title: str


class Entry(Object):
    """An item of the form with its place, weight and what it tests.

    ``section`` is the section of the form that the item counts for. For outcome processing
    there are also the sections (``within``) inside it that the item stands in, its
    ``categories``, and all its ``weights`` by name.
    """

    section: str
    weight: str
    competence: str
    level: str
    key: ItemKey
    within: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    weights: tuple[tuple[str, str], ...] = ()


class TestProcessing(Object):
    """qti-outcome-processing of a test, with its outcomes.

    Where there is none, the total is the sum of the weighted scores.
    """

    __test__ = False

    outcomes: tuple[OutcomeDeclaration, ...]
    rules: tuple[Rule, ...]


class AnswerKey(Object, dict=True):
    """The keys of every item of the form with this id, and the cut score in its points."""

    form: str
    title: str
    cut_score: str
    sections: tuple[SectionKey, ...]
    entries: tuple[Entry, ...]
    processing: TestProcessing | None = None

    def entry(self, item: str) -> Entry | None:
        """The entry of the item with this identifier."""
        return self._by_item.get(item)

    @cached_property
    def _by_item(self) -> dict[str, Entry]:
        return {entry.key.item: entry for entry in self.entries}


def read_answer_key(data: bytes) -> AnswerKey:
    """Read what :func:`exam_packages.canon.pack` wrote. Raises ``CanonError``."""
    key: AnswerKey = canon.unpack(data, AnswerKey)
    if canon.pack(key) != data:
        raise CanonError("The answer key lacks fields that are always written.")
    return key
