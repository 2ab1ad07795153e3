"""How fast parallel forms are drawn: `python tests/benchmarks/forms.py`.

Ten forms of 120 questions from a bank of 5,000, of 24 kinds, with 300 groups of enemies,
bounds on time and mean facility, uneven exposure, and forms that may share five items.
Beside it the least that could be called drawing: the same tickets (one SHA-256 for each item
and use, for each form), and the first of each kind by them, without any constraint. The
ratio is the price of keeping the constraints, of balancing, and of writing the forms.
"""

from __future__ import annotations

import random
import time
from fractions import Fraction

from exam_packages.assessment import Question
from exam_packages.blueprint import Blueprint, Exposure, Layout, Range
from exam_packages.content.items import Choice, Item, SimpleChoice
from exam_packages.content.text import Paragraph, Slot, Text
from exam_packages.formats.report import Bank, Reading
from exam_packages.forms import History, draw_from_bank, overview
from exam_packages.forms.choose import choose
from exam_packages.forms.lots import Lots
from exam_packages.forms.plan import make_plan
from exam_packages.rules.declarations import OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.expressions import Apply, BaseValue, Correct, Variable
from exam_packages.rules.key import Branch, Condition, ItemKey, SetOutcome

ITEMS, FORMS, KINDS, PER_KIND = 5_000, 10, 24, 5
SOURCE = random.Random(4)  # noqa: S311  # the same bank in each run


def question(number: int, kind: int) -> Question:
    name = f"item-{number:04}"
    choices = tuple(
        SimpleChoice(letter, (Text(f"Answer {letter} of {name}", 0),), 1) for letter in "abcd"
    )
    body = (Paragraph((Text(f"The question of {name}, in a sentence or two.", 0),)), Slot("R"))
    key = ItemKey(
        name,
        (ResponseDeclaration("R", "identifier", "single", ("a",), None, None),),
        (OutcomeDeclaration("SCORE", "float", "single", ()),),
        (
            Condition(
                (
                    Branch(
                        Apply("match", (), (Variable("R"), Correct("R"))),
                        (SetOutcome("SCORE", BaseValue("float", "1")),),
                    ),
                ),
                (),
            ),
        ),
        "1",
        False,
    )
    item = Item(name, name, "en", body, (Choice("R", (), choices, 0, 1),), (), ())
    return Question(item, key, (), frozenset(), f"competence-{kind // 3}", f"level-{kind % 3}")


def main() -> None:
    questions = [question(number, SOURCE.randrange(KINDS)) for number in range(ITEMS)]
    names = [each.item.identifier for each in questions]
    bank = Bank(
        "benchmark", tuple(Reading("", each.item.identifier, "", each) for each in questions)
    )
    statistics = {
        name: {
            "facility": Fraction(SOURCE.randint(200, 950), 1000),
            "time_s": Fraction(SOURCE.randint(20, 180)),
        }
        for name in names
    }
    blueprint = Blueprint(
        "1",
        "benchmark",
        "",
        "72",
        {(f"competence-{kind // 3}", f"level-{kind % 3}"): PER_KIND for kind in range(KINDS)},
        enemies=tuple(frozenset(SOURCE.sample(names, SOURCE.randint(2, 4))) for _ in range(300)),
        exposure=Exposure(most=6),
        overlap=5,
        form={
            "facility": Range(Fraction(64, 100), Fraction(65, 100)),
            "time_s": Range(Fraction(11_900), Fraction(12_100)),
        },
        layout=Layout("Benchmark", "en", 210, False, (), ()),
    )
    history = History(20, {name: SOURCE.randint(0, 6) for name in names})

    start = time.perf_counter()
    drawn = draw_from_bank(
        bank, blueprint, b"seed", forms=FORMS, statistics=statistics, history=history
    )
    whole = time.perf_counter() - start

    plan = make_plan(questions, blueprint, FORMS, statistics, history)
    start = time.perf_counter()
    choose(plan.problem, plan.names, plan.exposures, plan.measures, Lots(b"seed", "select"))
    chosen = time.perf_counter() - start

    lots = Lots(b"seed", "select")
    start = time.perf_counter()
    for form in range(FORMS):
        for cell, need in zip(plan.problem.cells, plan.problem.needs, strict=True):
            tickets = [
                max(
                    lots.number(f"form/{form}/{plan.names[item]}", draw)
                    for draw in range(plan.exposures[item] + 1)
                )
                for item in cell
            ]
            sorted(zip(tickets, cell, strict=True))[:need]
    bare = time.perf_counter() - start

    print(overview(drawn.forms, statistics))
    print(f"drawn, checked and written     {whole:>8.2f} s")
    print(f"of that, the choice of items   {chosen:>8.2f} s")
    print(f"tickets alone                  {bare:>8.2f} s")
    print(f"ratio of the choice            {chosen / bare:>8.1f}")


if __name__ == "__main__":
    main()
