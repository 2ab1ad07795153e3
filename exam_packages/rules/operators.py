"""The operators of QTI expressions, by name without ``qti-``.

A row says how many operands an operator takes, which attributes it knows, and what it
does with values. NULL operands give NULL unless QTI says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from exam_packages.rules import arithmetic, chance, comparisons, containers, totals
from exam_packages.rules.operands import Operator

OPERATORS: Mapping[str, Operator] = (
    dict(comparisons.OPERATORS)
    | dict(containers.OPERATORS)
    | dict(arithmetic.OPERATORS)
    | dict(chance.OPERATORS)
    | dict(totals.OPERATORS)
)
CHANCE = frozenset(chance.OPERATORS)
"""Those that draw: template processing only."""
TOTALS = frozenset(totals.OPERATORS)
"""Those about the items of a test: outcome processing only."""
