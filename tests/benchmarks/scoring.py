"""How fast attempts are scored: `python tests/benchmarks/scoring.py`.

1. An attempt of 120 items (the sample exam's, five times over) is scored again and again;
   the goal is less than 5 ms. Beside it stands the cheapest thing that could be called
   scoring, comparing each answer with the correct one in a dictionary: the ratio is the
   price of QTI's rules, bounds checks and exact numbers.
2. Beside a peer, in one run: the same items, their rules alone, with us and with
   ``@citolab/qti-components`` (see ``tools/peer``), which runs in Node on a DOM without a
   browser. The goal is five times the peer per item. Without node there is only ours.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from exam_packages import forms
from exam_packages.content.items import Item
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_test
from exam_packages.rules.key import AnswerKey
from exam_packages.rules.processing import score_form, total
from exam_packages.samples import FOOD_SAFETY

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "peer"))

import compare
import items as corpora

SECONDS = 2.0
PEER_SECONDS = 0.3
ITEMS = 120


def rate(work: Callable[[], object], seconds: float = SECONDS) -> float:
    """Runs of *work* in a second: the best of five slices, so a busy machine disturbs less."""
    best = 0.0
    for _ in range(5):
        runs, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds / 5:
            work()
            runs += 1
        best = max(best, runs / spent)
    return best


def attempt() -> tuple[dict[str, Item], AnswerKey, dict[str, tuple[Response, ...]]]:
    """Items, key and correct answers of an exam of :data:`ITEMS` items."""
    form = forms.draw(read_test(FOOD_SAFETY), b"benchmark")
    found: dict[str, Item] = {}
    answers, entries = {}, []
    for at in range(ITEMS):
        entry = form.key.entries[at % len(form.key.entries)]
        name = f"{entry.key.item}.{at}"
        found[name] = msgspec.structs.replace(form.items[entry.key.item], identifier=name)
        key = msgspec.structs.replace(entry.key, item=name)
        entries.append(msgspec.structs.replace(entry, key=key))
        answers[name] = tuple(Response(each.identifier, each.correct) for each in key.responses)
    return found, msgspec.structs.replace(form.key, entries=tuple(entries)), answers


def bare(answers: dict[str, tuple[Response, ...]]) -> Callable[[], int]:
    correct = {
        (item, response.identifier): response.members
        for item, responses in answers.items()
        for response in responses
    }
    given = dict(correct)
    return lambda: sum(given[name] == value for name, value in correct.items())


def beside_the_peer() -> None:
    found = [each for each in corpora.corpus(FOOD_SAFETY) if corpora.Scorer.of(each).key.processing]
    print(f"\nthe sample's items with rules  {len(found):>12}")
    ours = {}
    for item in found:
        scorer = corpora.Scorer.of(item)

        def once(scorer: corpora.Scorer = scorer, item: corpora.CorpusItem = item) -> None:
            for case in item.cases:
                scorer.outcomes(case.answers)

        ours[item.name] = rate(once, PEER_SECONDS) * len(item.cases)
    print(f"our rules, median              {statistics.median(ours.values()):>12,.0f} items/s")
    try:
        scratch = compare.prepare(compare.SCRATCH)
        theirs = compare.run_peer(scratch, found, PEER_SECONDS)
    except compare.NoPeerError as problem:
        print(f"no peer here: {problem}")
        return
    rates = {each["id"]: each["rate"] for each in theirs if "rate" in each}
    ratios = sorted(ours[name] / rates[name] for name in rates)
    print(f"the peer's, median             {statistics.median(rates.values()):>12,.0f} items/s")
    print(
        f"ours to the peer's, per item   {statistics.median(ratios):>12.1f}"
        f"   (from {ratios[0]:.1f} to {ratios[-1]:.1f}; goal: 5)"
    )


def main() -> None:
    found, key, answers = attempt()
    ours = rate(lambda: total(key, score_form(found, key, answers)))
    count = sum(map(len, answers.values()))
    least = rate(bare(answers))
    print(f"items in an attempt            {ITEMS:>12}")
    print(f"an attempt is scored in        {1000 / ours:>12.2f} ms (goal: 5)")
    print(f"scored by the rules            {ours * count:>12,.0f} responses/s")
    print(f"compared in a dictionary       {least * count:>12,.0f} responses/s")
    print(f"ratio                          {least / ours:>12.1f}")
    beside_the_peer()


if __name__ == "__main__":
    main()
