"""A test as its authors wrote it: what every reader gives, and what a form is drawn from.

Items and answer keys stand side by side here and only here, at the body, before a form
is drawn. Nothing of this is ever encoded or sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from exam_packages.blueprint import Blueprint
from exam_packages.content.items import Exhibit, Item
from exam_packages.content.text import Block
from exam_packages.rules.key import ItemKey, TestProcessing
from exam_packages.rules.templates import Templates


@dataclass(frozen=True, slots=True)
class Shuffle:
    """The choices of one interaction may change places, except the *fixed* ones.

    ``fixed`` are the identifiers of choices that keep their place.
    """

    response: str
    fixed: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChoiceWhen:
    """A choice that is there (or, without ``show``, is not) when the template variable
    *variable* has the choice's identifier as its value."""

    response: str
    choice: str
    variable: str
    show: bool


@dataclass(frozen=True, slots=True)
class Question:
    """An item as written, with its key and with what drawing must know.

    ``media`` are the names of the pictures that the item shows; ``competence`` and
    ``level`` classify it for the blueprint (empty when the author did not say).
    ``conditions`` are the choices that depend on template variables, ``templates`` how those
    are drawn: whoever draws a form draws them too, and puts the values into the item
    (:func:`exam_packages.templates.substitute`).
    """

    item: Item
    key: ItemKey
    shuffles: tuple[Shuffle, ...]
    media: frozenset[str]
    competence: str
    level: str
    conditions: tuple[ChoiceWhen, ...] = ()
    templates: Templates | None = None


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """QTI time-limits in seconds; 0 is none."""

    min_s: int = 0
    max_s: int = 0


@dataclass(frozen=True, slots=True)
class SessionControl:
    """QTI item session control, as far as a station has a choice: how often an item may be
    submitted (0: any number), whether it may be left without an answer, looked at after its
    last submission, and whether only complete answers are taken."""

    attempts: int = 1
    skipping: bool = True
    review: bool = True
    valid: bool = False


@dataclass(frozen=True, slots=True)
class QuestionReference:
    """A question's place in a section (QTI assessment-item-ref).

    ``weight`` is the one that the test's total uses; ``weights`` are all, by name.
    """

    question: Question
    weight: str
    fixed: bool
    required: bool
    categories: tuple[str, ...] = ()
    weights: tuple[tuple[str, str], ...] = ()
    limits: TimeLimits = TimeLimits()
    control: SessionControl = SessionControl()


@dataclass(frozen=True, slots=True)
class SectionPlan:
    """A section as written: which of its members are selected, and in which order.

    ``select`` is how many members are drawn (``None``: all). A member section is drawn
    as one; its questions stay together.
    """

    identifier: str
    title: str
    rubric: tuple[Block, ...]
    members: tuple[Member, ...]
    select: int | None
    shuffle: bool
    fixed: bool
    required: bool
    limits: TimeLimits = TimeLimits()

    def references(self) -> Iterator[QuestionReference]:
        """Every question that could be drawn, in the order written."""
        for member in self.members:
            if isinstance(member, SectionPlan):
                yield from member.references()
            else:
                yield member


Member: TypeAlias = QuestionReference | SectionPlan


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A test part; ``navigation`` as in :mod:`exam_packages.content.paper`. ``individual``
    says that its items are submitted one by one."""

    identifier: str
    navigation: int
    sections: tuple[SectionPlan, ...]
    limits: TimeLimits = TimeLimits()
    individual: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """A whole test. ``practice`` is the one that candidates may try first, ``survey`` the one
    that they may be asked about the exam afterwards.

    ``media`` maps media names to the bytes of pictures; ``time_limit_s`` is 0 where
    the author set none, and so is ``least_s``, before which nobody may hand in.
    ``processing`` is the outcome processing where it is more than the sum of the items' scores
    by weight.
    """

    __test__: ClassVar[bool] = False

    identifier: str
    title: str
    language: str
    time_limit_s: int
    instructions: tuple[Block, ...]
    parts: tuple[PartPlan, ...]
    exhibits: dict[str, Exhibit]
    media: dict[str, bytes]
    exhibit_media: dict[str, frozenset[str]]
    blueprint: Blueprint | None
    practice: Test | None
    processing: TestProcessing | None = None
    least_s: int = 0
    survey: Test | None = None

    def references(self) -> Iterator[QuestionReference]:
        """Every question that could be drawn, in the order written."""
        for part in self.parts:
            for section in part.sections:
                yield from section.references()

    def unkept(self) -> Iterator[str]:
        """What of this test a station of this version cannot keep to, by name; none is good."""
        if self.processing is not None:
            yield "outcome processing of its own"
