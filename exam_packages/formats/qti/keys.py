"""An item's answer key: its declarations and rules, and the highest score they can give."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import msgspec

from exam_packages.assessment import ChoiceWhen, Question
from exam_packages.content.items import Choice, ExtendedText, InlineChoice, Item
from exam_packages.formats.qti.processing import RESPONSE
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import (
    NUMERIC,
    OutcomeDeclaration,
    ResponseDeclaration,
    TemplateDeclaration,
)
from exam_packages.rules.expressions import BaseValue, Correct
from exam_packages.rules.key import SCORE, ItemKey, LookUp, Rule, SetOutcome
from exam_packages.rules.numbers import exact, written
from exam_packages.rules.processing import RULES, mistake, score
from exam_packages.rules.right import falls_short, right
from exam_packages.rules.templates import Templates, draw_templates
from exam_packages.rules.values import RulesError
from exam_packages.templates import TemplateError, substitute

TRIALS = 3
"""How often an item's template is drawn when it is read, so that mistakes show early."""


@dataclass
class Parts:
    """An item's declarations and rules while its file is read.

    ``most`` is the declared highest score, or empty; ``external`` says that a person
    gives the score; ``template`` names the standard template that ``rules`` stand for.
    """

    responses: list[ResponseDeclaration] = field(default_factory=list)
    outcomes: list[OutcomeDeclaration] = field(default_factory=list)
    templates: list[TemplateDeclaration] = field(default_factory=list)
    most: str = ""
    external: bool = False
    rules: tuple[Rule, ...] = ()
    template: str = ""


def take_outcome(
    node: Node, outcome: OutcomeDeclaration, most: str, external: bool, parts: Parts
) -> None:
    """Add an outcome declaration, as read from *node*. Raises ``FormatError``."""
    if outcome.identifier == "MAXSCORE" and outcome.default:
        parts.most = parts.most or outcome.default[0]
    if outcome.identifier == SCORE:
        if outcome.cardinality != "single" or outcome.base_type not in NUMERIC:
            raise node.error("the outcome SCORE must be a single float or integer.")
        parts.most, parts.external = most or parts.most, external
    elif external:
        raise node.error("only the outcome SCORE can be given by a person.")
    parts.outcomes.append(outcome)


def make_key(
    root: Node,
    item: Item,
    parts: Parts,
    conditions: tuple[ChoiceWhen, ...] = (),
    templates: Templates | None = None,
) -> ItemKey:
    """The key of *item*, as written: values that *templates* draw are not in it.

    Raises ``FormatError`` when the item cannot be scored by it, drawn or not.
    """
    if not item.interactions:
        raise root.error(
            "the item asks nothing: it has no interaction. Put its text into a stimulus or a"
            " rubric."
        )
    _check_names(root, item, parts)
    if parts.external and parts.rules:
        root.change("a person scores the item, so its response processing was left out.")
        parts.rules = ()
    if not parts.external and not parts.rules:
        if not all(isinstance(each, ExtendedText) for each in item.interactions):
            raise root.error(
                "nothing scores the item; add response processing (for one correct response the"
                " template match_correct), or external-scored=“human” to the outcome SCORE."
            )
        root.change("nothing scores these texts, so a person will.")
        parts.external = True
    draft = ItemKey(
        item.identifier,
        tuple(parts.responses),
        tuple(parts.outcomes),
        parts.rules,
        "1",
        parts.external,
    )
    drawn = _drawn(root, item, draft, conditions, templates)
    _check_correct(root, drawn[0][1])
    if not parts.external:
        for number, (each, key) in enumerate(drawn):
            blank = _try(root, each, key)
            if blank and not number:
                root.change("an answer that is left out scores {score}.", score=str(blank))
    most = parts.most or _most(root, *drawn[0], parts)
    if exact(most) <= 0:
        raise root.error("the item can give no points; its maximum must be above 0.")
    whole = msgspec.structs.replace(draft, max_score=most)
    trial, theirs = drawn[0]
    if found := falls_short(trial, msgspec.structs.replace(theirs, max_score=most)):
        root.change(
            "the correct answer earns {got} of {most} points, so no blueprint lets a form have"
            " the item; give the correct answer all points.",
            got="no" if found.score is None else written(found.score),
            most=most,
        )
    return whole


def check_templates(node: Node, question: Question) -> None:
    """Raise ``FormatError`` where the template variables of *question* cannot be drawn."""
    _drawn(node, question.item, question.key, question.conditions, question.templates)


@dataclass
class _Trial:
    """Numbers for a trial of template processing; a form is drawn from others."""

    state: int

    def below(self, limit: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 20) % limit


def _drawn(
    root: Node,
    item: Item,
    key: ItemKey,
    conditions: tuple[ChoiceWhen, ...],
    templates: Templates | None,
) -> list[tuple[Item, ItemKey]]:
    """The item and its key as they are scored: drawn a few times where a template draws."""
    if templates is None:
        return [(item, key)]
    found = []
    for trial in range(TRIALS):
        try:
            drawn = draw_templates(templates, key, _Trial(trial))
            found.append((substitute(item, drawn.values, conditions), drawn.key))
        except (RulesError, TemplateError) as problem:
            raise root.error("its values cannot be drawn: {why}", why=str(problem)) from None
    return found


def _check_names(root: Node, item: Item, parts: Parts) -> None:
    if SCORE not in [each.identifier for each in parts.outcomes]:
        if not parts.template:
            raise root.error("the outcome SCORE is not declared; declare it.")
        root.change("the outcome SCORE is not declared; a single float was taken.")
        parts.outcomes.append(OutcomeDeclaration(SCORE, "float", "single", ()))
    names = [each.identifier for each in parts.templates]
    names += [each.identifier for each in parts.responses]
    names += [each.identifier for each in parts.outcomes]
    if len(set(names)) != len(names):
        raise root.error("two variables have the same identifier; rename one.")
    for response in parts.responses:
        if item.interaction(response.identifier) is None:
            root.change(
                "the response “{name}” is declared and nothing asks for it: it has no value.",
                name=response.identifier,
            )


def _check_correct(root: Node, key: ItemKey) -> None:
    """Whether there is every correct response that the rules compare with."""
    wanted = _compared(key.processing)
    for response in key.responses:
        if response.identifier in wanted and not response.correct:
            raise root.error(
                "the response “{name}” has no correct response, and the response processing"
                " compares with it; declare one.",
                name=response.identifier,
            )


def _compared(what: object) -> set[str]:
    match what:
        case Correct(identifier=name):
            return {name}
        case tuple():
            return set().union(*map(_compared, what))
        case msgspec.Struct():
            return _compared(tuple(getattr(what, name) for name in what.__struct_fields__))
    return set()


def _most(root: Node, item: Item, key: ItemKey, parts: Parts) -> str:
    """The best score, where it is not declared."""
    if parts.template == "match_correct":
        return "1"
    declared = next((each for each in key.responses if each.identifier == RESPONSE), None)
    mapping = declared.mapping if declared else None
    if parts.template == "map_response" and declared and mapping:
        values = [exact(entry.value) for entry in mapping.entries]
        interaction = item.interaction(RESPONSE)
        if declared.cardinality == "single":
            return written(mapping.bounded(max(values)))
        if isinstance(interaction, Choice | InlineChoice):
            best = sorted((value for value in values if value > 0), reverse=True)
            limit = interaction.max_choices if isinstance(interaction, Choice) else 1
            return written(mapping.bounded(sum(best[: limit or None], Fraction(0))))
    if parts.rules and (found := _score_of_correct(item, key)):
        root.change(
            "the highest score is not declared, so that of the correct response was taken:"
            " {score}.",
            score=found,
        )
        return found
    if found := _greatest_given(parts.rules):
        root.change(
            "the highest score is not declared, so the greatest that its rules give was taken:"
            " {score}.",
            score=found,
        )
        return found
    raise root.error("the highest score is not clear; give the outcome SCORE a normal-maximum.")


def _greatest_given(rules: object) -> str:
    """The greatest SCORE of rules that only ever give it constants; else nothing."""
    given: list[Fraction] = []

    def constant(what: object) -> bool:
        match what:
            case SetOutcome(identifier=name, expression=BaseValue(text=text)) if name == SCORE:
                given.append(exact(text.strip()))
                return True
            case SetOutcome(identifier=name) | LookUp(identifier=name) if name == SCORE:
                return False
            case tuple():
                return all(map(constant, what))
            case msgspec.Struct():
                return constant(tuple(getattr(what, name) for name in what.__struct_fields__))
        return True

    return written(max(given)) if constant(rules) and given and max(given) > 0 else ""


def _score_of_correct(item: Item, key: ItemKey) -> str:
    asked = [each for each in key.responses if item.interaction(each.identifier)]
    if not all(each.right() for each in asked):
        return ""
    result = score(item, key, right(item, key))
    return written(result.score) if result.score is not None and result.score > 0 else ""


def _try(root: Node, item: Item, key: ItemKey) -> Fraction:
    """Run the rules on the correct and on a blank answer: mistakes show here, not later. The
    score of the blank one."""
    blank = Fraction(0)
    for responses in (right(item, key), ()):
        result = score(item, key, responses)
        if result.score is None and result.person == RULES:
            raise root.error(
                "the response processing cannot be followed: {why}",
                why=str(mistake(key, responses)),
            )
        if result.score is None:
            raise root.error("the correct response is not one that the item can take.")
        blank = result.score
    return blank
