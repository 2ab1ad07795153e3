"""From what a foreign bank says of a question to the item and its key, in QTI's rules.

Every reader describes its question as parts (:mod:`exam_packages.formats.parts`): interactions
with the points that answers to them are worth. :func:`question` joins them and writes the
rules that give those points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from exam_packages import canon
from exam_packages.assessment import Question, Shuffle
from exam_packages.content.items import (
    Choice,
    ExtendedText,
    InlineChoice,
    Interaction,
    Item,
    Match,
    Order,
    SimpleChoice,
    TextEntry,
)
from exam_packages.content.text import Block, Gap, Inline, Slot, walk
from exam_packages.content.values import MAX_MEMBERS, Response
from exam_packages.formats.errors import FormatError
from exam_packages.formats.parts import (
    ZERO,
    Mapped,
    Marked,
    Part,
    Tried,
    Worth,
    constant,
    decimal,
    declaration,
    scale_of,
    scoring,
)
from exam_packages.formats.qti.processing import RESPONSE
from exam_packages.rules.declarations import OutcomeDeclaration
from exam_packages.rules.expressions import Apply, Correct, Expression
from exam_packages.rules.expressions import Variable as Value
from exam_packages.rules.key import SCORE, ItemKey
from exam_packages.rules.numbers import written
from exam_packages.rules.processing import RULES, score
from exam_packages.rules.values import BaseType, Cardinality, normal

ESSAY_LINES = 15
"""Lines that an essay has where nobody said how many; as in Moodle."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class About:
    """What is the same for every kind of question."""

    identifier: str
    title: str = ""
    language: str = ""
    points: Fraction = Fraction(1)
    competence: str = ""
    level: str = ""
    exhibits: tuple[str, ...] = ()


def response_names(count: int) -> list[str]:
    """QTI's usual names of an item's responses."""
    return [RESPONSE] if count == 1 else [f"{RESPONSE}_{number + 1}" for number in range(count)]


def choice_name(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"C{index + 1}"


def read_each(
    sources: Sequence[T], read: Callable[[T], tuple[Inline, ...]]
) -> list[tuple[Inline, ...]]:
    """What *read* makes of each choice; none is read of too many. Raises ``FormatError``."""
    if not 0 < len(sources) <= MAX_MEMBERS:
        raise FormatError(
            "The question has {count} choices; 1 to {most} are possible.",
            count=len(sources),
            most=MAX_MEMBERS,
        )
    return [read(source) for source in sources]


def choices(bodies: Sequence[tuple[Inline, ...]], prefix: str = "") -> tuple[SimpleChoice, ...]:
    """Choices by letter, or by *prefix* and number. Raises ``FormatError``."""
    bodies = read_each(bodies, lambda body: body)
    if not prefix and not all(bodies):
        raise FormatError("A choice is empty; write what it says.")
    return tuple(
        SimpleChoice(f"{prefix}{index + 1}" if prefix else choice_name(index), body, 1)
        for index, body in enumerate(bodies)
    )


def place(part: Part) -> Block | Inline:
    """What stands in the text for *part*."""
    interaction = part.interaction
    if isinstance(interaction, TextEntry | InlineChoice):
        return Gap(interaction.response)
    return Slot(interaction.response)


def one_of(interaction: Choice | InlineChoice, points: Sequence[Fraction]) -> Part:
    """One choice, each worth its *points*: the best are the correct ones."""
    names = [choice.identifier for choice in interaction.choices]
    best = max(points, default=ZERO)
    if best <= 0:
        raise FormatError("No choice earns a point; mark the right one.")
    right = names[list(points).index(best)]
    if sum(1 for each in points if each) == 1:
        return all_or_nothing(interaction, "identifier", "single", (right,), best)
    worths = tuple(Worth(name, each) for name, each in zip(names, points, strict=True) if each)
    return Mapped(interaction, "identifier", "single", (right,), worths)


def several_of(
    interaction: Choice, points: Sequence[Fraction], lower: Fraction | None, upper: Fraction
) -> Part:
    """Any number of choices, whose points are added within bounds."""
    names = [choice.identifier for choice in interaction.choices]
    pairs = list(zip(names, points, strict=True))
    right = tuple(name for name, each in pairs if each > 0)
    if not right:
        raise FormatError("No choice earns a point; mark the right ones.")
    worths = tuple(Worth(name, each) for name, each in pairs if each)
    return Mapped(interaction, "identifier", "multiple", right, worths, lower, upper)


def all_or_nothing(
    interaction: Interaction,
    base_type: BaseType,
    cardinality: Cardinality,
    correct: tuple[str, ...],
    points: Fraction,
) -> Tried:
    """All of the correct answer, and nothing else, earns the points (QTI match-correct)."""
    name = interaction.response
    test = Apply("match", (), (Value(name), Correct(name)))
    return Tried(interaction, base_type, cardinality, correct, ((test, points),))


def typed(interaction: TextEntry, answers: Sequence[Worth], default: Fraction = ZERO) -> Part:
    """A typed answer: of equal texts the first one counts."""
    kept: dict[str, Worth] = {}
    for answer in answers:
        text = normal(answer.member)
        key = text if answer.case_sensitive else text.casefold()
        if text and key not in kept:
            kept[key] = Worth(text, answer.points, answer.case_sensitive)
    best = max(kept.values(), key=lambda each: each.points, default=None)
    if best is None or best.points <= 0:
        raise FormatError("No answer earns a point; give the right one.")
    return Mapped(
        interaction, "string", "single", (best.member,), tuple(kept.values()), default=default
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from *low* to *high*, ends included unless they are *open*."""

    low: Fraction
    high: Fraction
    points: Fraction
    middle: Fraction
    open_low: bool = False
    open_high: bool = False


def numeric(interaction: TextEntry, spans: Sequence[Span]) -> Part:
    """A number: the first span that it lies in counts."""
    best = max(spans, key=lambda each: each.points, default=None)
    if best is None or best.points <= 0:
        raise FormatError("No answer earns a point; give the right number.")
    tests = tuple((_within(interaction.response, span), span.points) for span in spans)
    return Tried(interaction, "float", "single", (decimal(best.middle),), tests)


def _within(name: str, span: Span) -> Expression:
    low, high = span.middle - span.low, span.high - span.middle
    if low == high == 0:
        return Apply("equal", (("tolerance-mode", "exact"),), (constant(span.middle), Value(name)))
    return Apply(
        "and",
        (),
        (
            Apply("gt" if span.open_low else "gte", (), (Value(name), constant(span.low))),
            Apply("lt" if span.open_high else "lte", (), (Value(name), constant(span.high))),
        ),
    )


def pairs(interaction: Match, right: Sequence[tuple[str, str]], points: Fraction) -> Part:
    """Pairs of a source and a target, each worth its equal share of the points."""
    correct = tuple(sorted(f"{source} {target}" for source, target in right))
    if not correct:
        raise FormatError("No pair earns a point; say which belong together.")
    share = points / len(correct)
    worths = tuple(Worth(pair, share) for pair in correct)
    return Mapped(interaction, "directedPair", "multiple", correct, worths, None, points)


def ordering(name: str, found: tuple[SimpleChoice, ...], points: Fraction) -> Part:
    """The choices in the order written, all or nothing."""
    right = tuple(choice.identifier for choice in found)
    return all_or_nothing(Order(name, (), found, 0, 0), "identifier", "ordered", right, points)


def essay(name: str, lines: int = ESSAY_LINES) -> Part:
    """A longer text, which a person marks, in a field of so many *lines*."""
    return Marked(ExtendedText(name, (), lines, "", 0, 0, 1, "", False))


def question(
    about: About,
    body: tuple[Block, ...],
    parts: Sequence[Part],
    shuffles: Sequence[Shuffle] = (),
    media: frozenset[str] = frozenset(),
) -> Question:
    """The question of *parts*, which stand in *body*. Raises ``FormatError``."""
    if not parts:
        raise FormatError(
            "The text asks nothing; put it into the questions that need it, or make it an exhibit."
        )
    places = [each.response for each in walk(body) if isinstance(each, Gap | Slot)]
    if sorted(places) != sorted(part.interaction.response for part in parts):
        raise FormatError(
            "The place for the answer stands in a part of the text that is not shown, or twice;"
            " put it into the text."
        )
    if about.points <= 0:
        raise FormatError("The question gives no points; give it some.")
    external = any(isinstance(part, Marked) for part in parts)
    if external and not all(isinstance(part, Marked) for part in parts):
        raise FormatError(
            "A person marks one part of the question and rules score another; make two questions."
        )
    scale = 1 if external else scale_of(parts)
    item = Item(
        about.identifier,
        about.title,
        about.language,
        body,
        tuple(part.interaction for part in parts),
        about.exhibits,
        (),
    )
    outcomes, rules = ([], []) if external else scoring(parts, scale)
    most = written(about.points)
    total = OutcomeDeclaration(SCORE, "float", "single", ("0",), "", most)
    key = ItemKey(
        about.identifier,
        tuple(declaration(part, scale) for part in parts),
        (total, *outcomes),
        tuple(rules),
        most,
        external,
    )
    _check(item, key)
    return Question(item, key, tuple(shuffles), media, about.competence, about.level)


def _check(item: Item, key: ItemKey) -> None:
    """Whether the item can be packed, and its rules can be followed."""
    try:
        canon.pack(item)
        canon.pack(key)
    except canon.CanonError as problem:
        raise FormatError("The item cannot be packed: {why}", why=str(problem)) from None
    if key.external:
        return
    right = tuple(Response(each.identifier, each.correct) for each in key.responses)
    for responses in ((), right):
        result = score(item, key, responses)
        if result.score is None and result.person == RULES:
            raise FormatError("The scoring of the question cannot be followed; check its answers.")
        if result.score is None:
            raise FormatError("The right answer is not one that the question can take; check it.")
