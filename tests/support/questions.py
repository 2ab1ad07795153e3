"""Questions in a few words, for tests of drawing: one choice of five, of which a is right."""

from __future__ import annotations

from typing import Any

from exam_packages.assessment import Question, Shuffle
from exam_packages.content.items import Choice, Item, SimpleChoice
from exam_packages.rules.declarations import OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.expressions import Apply, BaseValue, Correct, Variable
from exam_packages.rules.key import Branch, Condition, ItemKey, SetOutcome


def choices(names: str) -> tuple[SimpleChoice, ...]:
    return tuple(SimpleChoice(name, (), 1) for name in names)


def question(name: str, *, shuffle: bool = False, stay: str = "", **more: Any) -> Question:
    interaction = Choice("R", (), choices("abcde"), 0, 1)
    item = Item(name, name.upper(), "", (), (interaction,), more.get("exhibits", ()), ())
    declared = ResponseDeclaration("R", "identifier", "single", ("a",), None, None)
    rule = Condition(
        (
            Branch(
                Apply("match", (), (Variable("R"), Correct("R"))),
                (SetOutcome("SCORE", BaseValue("float", more.get("worth", "1"))),),
            ),
        ),
        (),
    )
    outcome = OutcomeDeclaration("SCORE", "float", "single", ())
    key = ItemKey(name, (declared,), (outcome,), (rule,), "1", False)
    shuffles = (Shuffle("R", frozenset(stay)),) if shuffle else ()
    return Question(item, key, shuffles, more.get("media", frozenset()), "c", "l")
