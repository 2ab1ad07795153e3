"""Response processing: from an item's responses to its score; from scores to a result.

A candidate's answer never makes scoring fail. What a rule cannot read (a number that
is none) or cannot follow is handed to a person, with the reason, and scored by nobody
else. A key is made ready once, when it first scores, and kept with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from exam_packages.content.items import Item, problem
from exam_packages.content.values import Response, answered
from exam_packages.rules.declarations import OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.expressions import Environment
from exam_packages.rules.key import SCORE, AnswerKey, Entry, ItemKey
from exam_packages.rules.numbers import added, exact, fits
from exam_packages.rules.operands import ItemState, one_number
from exam_packages.rules.running import Program, program
from exam_packages.rules.values import BaseType, RulesError, Value, same, single

EXTERNAL = "external"
"""The item is marked by people."""
UNREADABLE = "unreadable"
"""The answer is not of the type that the rules need, for instance words for a number."""
UNFIT = "unfit"
"""The response is not one that the item could have produced."""
RULES = "rules"
"""The item's own rules cannot be followed."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The score of one item.

    ``score`` is ``None`` when a person must decide; ``person`` then says why (one of
    the constants above) and is empty otherwise. Weights are not applied here.

    ``variables`` are the item's responses and outcomes after its rules ran (none when they
    did not), for outcome processing and for reports.
    """

    item: str
    score: Fraction | None
    max_score: Fraction
    answered: bool
    person: str = ""
    variables: Mapping[str, Value | None] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class SectionResult:
    """The weighted points of a section; ``score`` counts what is scored so far."""

    identifier: str
    title: str
    score: Fraction
    max_score: Fraction


@dataclass(frozen=True, slots=True)
class FormResult:
    """The weighted points of an attempt.

    ``pending`` are the items a person still has to score, worth ``pending_max``. A test
    with outcome processing of its own has ``outcomes``, and its SCORE is the score; the
    sections are sums all the same.
    """

    form: str
    score: Fraction
    max_score: Fraction
    cut_score: Fraction
    sections: tuple[SectionResult, ...]
    pending: tuple[str, ...]
    pending_max: Fraction
    outcomes: Mapping[str, Value | None] = field(default_factory=dict)

    @property
    def reaches_cut(self) -> bool | None:
        """Whether the cut score is reached; ``None`` while pending items could decide it."""
        if self.outcomes and self.pending:
            return None  # rules of a test may do anything with a score that is still to come
        if self.score >= self.cut_score:
            return True
        return None if self.score + self.pending_max >= self.cut_score else False


def score(item: Item, key: ItemKey, responses: tuple[Response, ...]) -> ItemResult:
    """Score one item. *responses* holds at most one response for each interaction.

    Raises :class:`RulesError` only when *key* is not the key of *item*.
    """
    if item.identifier != key.item:
        raise RulesError(
            "The key of the item “{key}” cannot score the item “{item}”.",
            key=key.item,
            item=item.identifier,
        )
    most, given = exact(key.max_score), answered(responses)

    def person(reason: str) -> ItemResult:
        return ItemResult(item.identifier, None, most, given, reason)

    if _unfit(item, responses):
        return person(UNFIT)
    if key.external and given:
        return person(EXTERNAL)
    if key.external:
        # Nothing was written, so there is nothing for a person to mark.
        return ItemResult(item.identifier, Fraction(0), most, given)
    try:
        ready = _ready(key)
    except RulesError:
        return person(RULES)
    try:
        here = ready.environment(responses)
    except RulesError:
        return person(UNREADABLE)
    try:
        outcome = _run(ready, here)
    except RulesError:
        return person(RULES)
    return ItemResult(item.identifier, outcome, most, given, "", here.values)


def score_form(
    items: Mapping[str, Item], key: AnswerKey, answers: Mapping[str, tuple[Response, ...]]
) -> dict[str, ItemResult]:
    """Score every item of a form by its identifier; an item not in *answers* is blank.

    Raises :class:`RulesError` when *items* or *answers* and *key* are not of one form.
    """
    known = {entry.key.item for entry in key.entries}
    if set(items) != known or not known.issuperset(answers):
        raise RulesError("The answers and the key are not of the same form.")
    return {
        entry.key.item: score(items[entry.key.item], entry.key, answers.get(entry.key.item, ()))
        for entry in key.entries
    }


def total(key: AnswerKey, results: Mapping[str, ItemResult]) -> FormResult:
    """Outcome processing: the sum of weighted item scores, by section and in all, or what
    the test's own rules make of them.

    Raises :class:`RulesError` when *results* are not those of the key's items, or the
    test's own rules cannot be followed.
    """
    if set(results) != {entry.key.item for entry in key.entries}:
        raise RulesError("The results and the key are not of the same form.")
    scores: dict[str, list[Fraction]] = {each.identifier: [] for each in key.sections}
    most: dict[str, list[Fraction]] = {each.identifier: [] for each in key.sections}
    pending: list[str] = []
    open_points: list[Fraction] = []
    for entry in key.entries:
        result = results[entry.key.item]
        limit, got = result.max_score, result.score
        if entry.weight != "1":
            weight = exact(entry.weight)
            limit, got = weight * limit, None if got is None else weight * got
        most[entry.section].append(limit)
        if got is None:
            pending.append(result.item)
            open_points.append(limit)
        else:
            scores[entry.section].append(got)
    sections = tuple(
        SectionResult(
            each.identifier,
            each.title,
            added(scores[each.identifier]),
            added(most[each.identifier]),
        )
        for each in key.sections
    )
    points = [added(each.score for each in sections), added(each.max_score for each in sections)]
    outcomes = process_test(key, results)
    if SCORE in outcomes:
        points[0] = one_number(outcomes[SCORE]) or Fraction(0)
        declared = next(each for each in _outcomes(key) if each.identifier == SCORE)
        points[1] = exact(declared.maximum) if declared.maximum else points[1]
    return FormResult(
        key.form,
        points[0],
        points[1],
        exact(key.cut_score),
        sections,
        tuple(pending),
        added(open_points),
        outcomes,
    )


def mistake(key: ItemKey, responses: tuple[Response, ...]) -> RulesError | None:
    """What keeps the rules of *key* from being followed on *responses*, told to its author."""
    try:
        ready = _ready(key)
        _run(ready, ready.environment(responses))
    except RulesError as problem:
        return problem
    return None


def process(key: ItemKey, here: Environment) -> Fraction:
    """Run the rules of *key* and give its SCORE; NULL counts as 0.

    Raises :class:`RulesError` where a rule cannot be followed.
    """
    return _run(_ready(key), here)


def process_test(key: AnswerKey, results: Mapping[str, ItemResult]) -> dict[str, Value | None]:
    """The outcomes of the test after its outcome processing; none without.

    An item that waits for a person has no SCORE (it is NULL). Raises :class:`RulesError`
    where a rule cannot be followed.
    """
    if key.processing is None:
        return {}
    here = Environment(
        {},
        {each.identifier: each for each in key.processing.outcomes},
        {each.identifier: each.default_value() for each in key.processing.outcomes},
        items=[_state(entry, results[entry.key.item]) for entry in key.entries],
    )
    if "_program" not in vars(key):
        vars(key)["_program"] = program(key.processing.rules)
    vars(key)["_program"](here)
    return here.values


def _outcomes(key: AnswerKey) -> tuple[OutcomeDeclaration, ...]:
    return key.processing.outcomes if key.processing else ()


def _state(entry: Entry, result: ItemResult) -> ItemState:
    key = entry.key
    values = {each.identifier: each.default_value() for each in key.outcomes}
    values |= {each.identifier: None for each in key.responses}
    values |= result.variables
    values[SCORE] = None if result.score is None else single(_kind(key, result), result.score)
    return ItemState(
        key.item,
        frozenset((entry.section, *entry.within)),
        frozenset(entry.categories),
        {name: exact(value) for name, value in entry.weights},
        values,
        {each.identifier: _bound(each.minimum) for each in key.outcomes},
        {each.identifier: _bound(each.maximum) for each in key.outcomes},
        _correct(key, values),
        _responded(key, result),
    )


def _kind(key: ItemKey, result: ItemResult) -> BaseType:
    """The type of the item's score: as declared, but people may give parts of points."""
    declared = {each.identifier: each.base_type for each in key.outcomes}
    whole = result.score is not None and result.score.denominator == 1
    return "integer" if whole and declared.get(SCORE) == "integer" else "float"


def _bound(text: str) -> Fraction | None:
    return exact(text) if text else None


def _correct(key: ItemKey, values: Mapping[str, Value | None]) -> bool | None:
    """Whether every response is the correct one; ``None`` when one has no correct value."""
    correct = True
    for declared in key.responses:
        wanted, given = declared.correct_value(), values[declared.identifier]
        if wanted is None:
            return None
        correct = correct and given is not None and same(given, wanted)
    return correct if key.responses else None


def _responded(key: ItemKey, result: ItemResult) -> bool:
    """Whether some response differs from what was given beforehand."""
    if not result.variables:
        return result.answered
    return any(result.variables[each.identifier] != each.default_value() for each in key.responses)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A key made ready to score with: declarations by name, values at the start, rules."""

    key: ItemKey
    responses: Mapping[str, ResponseDeclaration]
    outcomes: Mapping[str, OutcomeDeclaration]
    start: Mapping[str, Value | None]
    run: Program

    def environment(self, responses: tuple[Response, ...]) -> Environment:
        """Raises :class:`RulesError` for a response that its type cannot hold."""
        values = dict(self.start)
        for response in responses:
            declared = self.responses.get(response.identifier)
            if declared is not None:
                values[response.identifier] = declared.bind(response.members)
        return Environment(self.responses, self.outcomes, values)


def _ready(key: ItemKey) -> _Ready:
    """Raises :class:`RulesError` when the rules can never be followed."""
    found: _Ready | None = vars(key).get("_ready")
    if found is None:
        start = {each.identifier: each.default_value() for each in key.responses}
        start |= {each.identifier: each.default_value() for each in key.templates}
        start |= {each.identifier: each.default_value() for each in key.outcomes}
        found = _Ready(
            key,
            {each.identifier: each for each in key.responses},
            {each.identifier: each for each in key.outcomes},
            start,
            program(key.processing),
        )
        vars(key)["_ready"] = found
    return found


def _run(ready: _Ready, here: Environment) -> Fraction:
    ready.run(here)
    value = one_number(here.value(SCORE))
    if value is None:
        return Fraction(0)
    if not fits(value):
        raise RulesError("The outcome SCORE has too many digits.")
    return value


def _unfit(item: Item, responses: tuple[Response, ...]) -> bool:
    if len(responses) > 1 and len({each.identifier for each in responses}) != len(responses):
        return True
    for response in responses:
        interaction = item.interaction(response.identifier)
        if interaction is None or problem(interaction, response) is not None:
            return True
    return False
