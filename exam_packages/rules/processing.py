"""Response processing: from an item's responses to its score; from scores to a result.

A candidate's answer never makes scoring fail. What a rule cannot read (a number that
is none) or cannot follow is handed to a person, with the reason, and scored by nobody
else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from exam_packages.content.items import Item, problem
from exam_packages.content.values import Response, answered
from exam_packages.rules.expressions import Environment, evaluate
from exam_packages.rules.key import (
    SCORE,
    AnswerKey,
    Condition,
    Exit,
    ItemKey,
    Rule,
    SetOutcome,
)
from exam_packages.rules.numbers import exact
from exam_packages.rules.values import RulesError, Value

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
    """

    item: str
    score: Fraction | None
    max_score: Fraction
    answered: bool
    person: str = ""


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

    ``pending`` are the items a person still has to score, worth ``pending_max``.
    """

    form: str
    score: Fraction
    max_score: Fraction
    cut_score: Fraction
    sections: tuple[SectionResult, ...]
    pending: tuple[str, ...]
    pending_max: Fraction

    @property
    def reaches_cut(self) -> bool | None:
        """Whether the cut score is reached; ``None`` while pending items could decide it."""
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
        here = _environment(key, responses)
    except RulesError:
        return person(UNREADABLE)
    try:
        outcome = process(key, here)
    except RulesError:
        return person(RULES)
    return ItemResult(item.identifier, outcome, most, given)


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
    """Outcome processing: the sum of weighted item scores, by section and in all.

    Raises :class:`RulesError` when *results* are not those of the key's items.
    """
    if set(results) != {entry.key.item for entry in key.entries}:
        raise RulesError("The results and the key are not of the same form.")
    sums = {section.identifier: [Fraction(0), Fraction(0)] for section in key.sections}
    pending, pending_max = [], Fraction(0)
    for entry in key.entries:
        result, weight = results[entry.key.item], exact(entry.weight)
        points = sums[entry.section]
        points[1] += weight * result.max_score
        if result.score is None:
            pending.append(result.item)
            pending_max += weight * result.max_score
        else:
            points[0] += weight * result.score
    sections = tuple(
        SectionResult(each.identifier, each.title, *sums[each.identifier]) for each in key.sections
    )
    return FormResult(
        key.form,
        sum((each.score for each in sections), Fraction(0)),
        sum((each.max_score for each in sections), Fraction(0)),
        exact(key.cut_score),
        sections,
        tuple(pending),
        pending_max,
    )


def process(key: ItemKey, here: Environment) -> Fraction:
    """Run the rules of *key* and give its SCORE; NULL counts as 0.

    Raises :class:`RulesError` where a rule cannot be followed.
    """
    _run(key.processing, here)
    value = here.value(SCORE)
    if value is None:
        return Fraction(0)
    number = value.members[0]
    if not isinstance(number, Fraction):
        raise RulesError("The outcome SCORE is not a number.")
    return number


def _environment(key: ItemKey, responses: tuple[Response, ...]) -> Environment:
    given = {response.identifier: response.members for response in responses}
    here = Environment(
        {each.identifier: each for each in key.responses},
        {each.identifier: each for each in key.outcomes},
    )
    for declared in key.responses:
        here.values[declared.identifier] = declared.bind(given.get(declared.identifier, ()))
    for outcome in key.outcomes:
        here.values[outcome.identifier] = outcome.default_value()
    return here


def _run(rules: tuple[Rule, ...], here: Environment) -> bool:
    """Run *rules*; true when an exit stopped them."""
    for rule in rules:
        match rule:
            case SetOutcome(identifier=name, expression=expression):
                here.values[name] = _assigned(here, name, evaluate(expression, here))
            case Exit():
                return True
            case Condition(branches=branches, otherwise=otherwise):
                chosen = otherwise
                for branch in branches:
                    if _true(evaluate(branch.condition, here)):
                        chosen = branch.rules
                        break
                if _run(chosen, here):
                    return True
    return False


def _true(value: Value | None) -> bool:
    if value is None:
        return False  # QTI: a condition that is NULL does not hold
    if value.base_type != "boolean" or value.cardinality != "single":
        raise RulesError("A condition is neither true nor false.")
    return value.members[0] is True


def _assigned(here: Environment, name: str, value: Value | None) -> Value | None:
    if name not in here.outcomes:
        raise RulesError("There is no outcome “{name}”.", name=name)
    declared = here.outcomes[name]
    if value is None:
        return None
    fits = value.base_type == declared.base_type or (
        value.base_type == "integer" and declared.base_type == "float"
    )
    if not fits or value.cardinality != declared.cardinality:
        raise RulesError(
            "The outcome “{name}” is {kind}, and a rule gives it {given}.",
            name=name,
            kind=f"{declared.cardinality} {declared.base_type}",
            given=f"{value.cardinality} {value.base_type}",
        )
    return Value(declared.base_type, value.cardinality, value.members)


def _unfit(item: Item, responses: tuple[Response, ...]) -> bool:
    names = [response.identifier for response in responses]
    if len(set(names)) != len(names):
        return True
    for response in responses:
        interaction = item.interaction(response.identifier)
        if interaction is None or problem(interaction, response) is not None:
            return True
    return False
