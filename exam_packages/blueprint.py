"""The blueprint: how many questions of each kind a form must have, and the cut score.

It lies beside the test as ``blueprint.toml``::

    version = "1"                        # of the scheme
    test = "food-safety-inspector-1"     # the test it is for
    practice = "food-safety-practice"    # the test that candidates try first; may be left out
    cut_score = 21                       # points a candidate needs, weights applied

    [counts.temperature]                 # a competence, and its cognitive levels
    recall = 2
    apply = 2

:func:`exam_packages.forms.check` holds a form against it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from exam_packages.errors import ExamError
from exam_packages.rules.numbers import number, written

MAX_SIZE = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class BlueprintError(ExamError):
    """A blueprint that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """``counts`` maps (competence, cognitive level) to a number of questions."""

    version: str
    test: str
    practice: str
    cut_score: str
    counts: Mapping[tuple[str, str], int]


def read_blueprint(data: bytes, file: str = "blueprint.toml") -> Blueprint:
    """Read a blueprint from TOML. Raises :class:`BlueprintError`."""
    if len(data) > MAX_SIZE:
        raise BlueprintError(
            "{file} is larger than {limit} bytes; a blueprint is short.", file=file, limit=MAX_SIZE
        )
    try:
        table = tomllib.loads(data.decode("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        raise BlueprintError(
            "{file} is not TOML: {why}. Correct it there.", file=file, why=str(problem)[:200]
        ) from None
    unknown = sorted(set(table) - {"version", "test", "practice", "cut_score", "counts"})
    if unknown:
        raise BlueprintError(
            "{file} has “{key}”, which a blueprint does not know; correct or remove it.",
            file=file,
            key=unknown[0],
        )
    return Blueprint(
        version=_text(table, "version", file, "1"),
        test=_text(table, "test", file, None),
        practice=_text(table, "practice", file, ""),
        cut_score=_cut_score(table.get("cut_score"), file),
        counts=_counts(table.get("counts", {}), file),
    )


def _text(table: dict[str, object], key: str, file: str, default: str | None) -> str:
    value = table.get(key, default)
    if isinstance(value, str) and (_NAME.fullmatch(value) or value == default):
        return value
    raise BlueprintError(
        "{file} needs “{key}” as a name in quotes, of letters, digits, dots and dashes.",
        file=file,
        key=key,
    )


def _cut_score(value: object, file: str) -> str:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        exact = number(str(value))
        if exact is not None and exact >= 0:
            return written(Fraction(exact))
    raise BlueprintError(
        "{file} needs “cut_score” as a number of points from 0 on, for instance cut_score = 21.",
        file=file,
    )


def _counts(table: object, file: str) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for competence, levels in table.items() if isinstance(table, dict) else ():
        for level, count in levels.items() if isinstance(levels, dict) else ():
            if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 10_000:
                raise BlueprintError(
                    "{file} needs a whole number for “{level}” under “counts.{competence}”.",
                    file=file,
                    level=level,
                    competence=competence,
                )
            counts[competence, level] = count
        if not isinstance(levels, dict):
            break
    else:
        if isinstance(table, dict):
            return counts
    raise BlueprintError(
        "{file} needs its counts as tables, one for each competence: [counts.<competence>].",
        file=file,
    )
