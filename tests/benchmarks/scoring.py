"""How fast attempts are scored: `python tests/benchmarks/scoring.py`.

Scores a full attempt at the sample exam again and again, and beside it the cheapest
thing that could be called scoring: comparing each answer with the correct one in a
dictionary. The ratio is the price of QTI's rules, bounds checks and exact numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from exam_packages import forms
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_test
from exam_packages.rules.processing import score_form, total
from exam_packages.samples import FOOD_SAFETY

SECONDS = 2.0


def rate(work: Callable[[], object]) -> float:
    """Runs of *work* in a second: the best of five slices, so a busy machine disturbs less."""
    best = 0.0
    for _ in range(5):
        runs, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < SECONDS / 5:
            work()
            runs += 1
        best = max(best, runs / spent)
    return best


def main() -> None:
    form = forms.draw(read_test(FOOD_SAFETY), b"benchmark")
    answers = {
        entry.key.item: tuple(
            Response(each.identifier, each.correct) for each in entry.key.responses
        )
        for entry in form.key.entries
    }
    count = sum(map(len, answers.values()))
    correct = {
        (item, response.identifier): response.members
        for item, responses in answers.items()
        for response in responses
    }
    given = dict(correct)

    ours = rate(lambda: total(form.key, score_form(form.items, form.key, answers))) * count
    bare = rate(lambda: sum(given[name] == value for name, value in correct.items())) * count
    print(f"responses in an attempt        {count:>12}")
    print(f"scored by the rules            {ours:>12,.0f} responses/s")
    print(f"compared in a dictionary       {bare:>12,.0f} responses/s")
    print(f"ratio                          {bare / ours:>12.1f}")


if __name__ == "__main__":
    main()
