"""The kinds of question that Moodle's XML and GIFT share, and how Moodle scores them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from exam_packages.assessment import Shuffle
from exam_packages.content import patterns
from exam_packages.content.items import Choice, Match, SimpleChoice, TextEntry
from exam_packages.content.text import Inline, Text
from exam_packages.formats import building
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import slug
from exam_packages.formats.parts import Part, Tried, Worth
from exam_packages.rules.expressions import Apply, Expression, Variable
from exam_packages.rules.operators import OPERATORS
from exam_packages.rules.values import normal

MAX_EXPECTED = 60
"""Characters that a gap is drawn wide at most."""
_ROOTS = frozenset(["top", "$course$", "$system$", "$module$", "$cat$"])


def competence_of(category: str) -> str:
    """The competence that a category path stands for: its last part, as an identifier."""
    parts = [part.strip() for part in category.replace("//", "\x00").split("/") if part.strip()]
    while parts and parts[-1].casefold() in _ROOTS:
        parts.pop()
    name = parts[-1].replace("\x00", "/") if parts else ""
    return "" if name.casefold().startswith("default for") else slug(name)


def truth_choices(response: str, truth: bool, points: Fraction) -> Part:
    """True or false, in that order."""
    found = building.choices([(Text("True", 0),), (Text("False", 0),)])
    right = [points, Fraction(0)] if truth else [Fraction(0), points]
    return building.one_of(Choice(response, (), found, 0, 1), right)


def matching(
    response: str, rows: Sequence[tuple[tuple[Inline, ...], tuple[Inline, ...]]], points: Fraction
) -> tuple[Part, list[Shuffle]]:
    """Rows to be matched; a row without a left side only offers its right side.

    Every row is worth the same, and right sides that read alike are one.
    """
    targets = list(dict.fromkeys(right for _, right in rows if right))
    sources = [(left, right) for left, right in rows if left]
    if not sources or any(not right for _, right in sources):
        raise FormatError("A matching question needs rows that have two sides; complete them.")
    left = building.choices([left for left, _ in sources], "S")
    right = tuple(
        SimpleChoice(choice.identifier, choice.body, 0) for choice in building.choices(targets, "T")
    )
    interaction = Match(response, (), left, right, 0, 0)
    true = [
        (source.identifier, f"T{targets.index(target) + 1}")
        for source, (_, target) in zip(left, sources, strict=True)
    ]
    fixed = frozenset(choice.identifier for choice in left)
    return building.pairs(interaction, true, points), [Shuffle(response, fixed)]


def short_answers(
    response: str,
    answers: Sequence[tuple[str, Fraction]],
    points: Fraction,
    *,
    case_sensitive: bool,
) -> Part:
    """Typed answers with their shares of *points*; the first that fits counts.

    ``*`` in an answer stands for any characters, as in Moodle, and ``\\*`` for itself. A
    ``*`` alone takes every other answer.
    """
    default, kept = Fraction(0), []
    for text, share in answers:
        if text.strip() == "*":
            default = share
            break  # no answer after it is ever tried
        kept.append((normal(text), share * points))
    longest = max((len(text) for text, _ in kept), default=0)
    entry = TextEntry(response, min(longest, MAX_EXPECTED), "", "", False)
    if not any("*" in text.replace("\\*", "") for text, _ in kept):
        worths = [Worth(text.replace("\\*", "*"), each, case_sensitive) for text, each in kept]
        return building.typed(entry, worths, default * points)
    if "pattern-match" not in OPERATORS:
        raise FormatError(
            "An answer has “*” for any characters, which is not supported; write out the answers"
            " that are right."
        )
    best = max(kept, key=lambda each: each[1])
    if best[1] <= 0:
        raise FormatError("No answer earns a point; give the right one.")
    tests = tuple((_like(response, text, case_sensitive), share) for text, share in kept)
    right = best[0].replace("\\*", "\0").replace("*", "").replace("\0", "*")
    return Tried(entry, "string", "single", (right,), tests, default * points)


def _like(response: str, text: str, case_sensitive: bool) -> Expression:
    """An answer with ``*`` in it as a pattern, in XML Schema's way of writing them."""
    pattern = ""
    for piece in re.findall(r"\\\*|.", text, re.DOTALL):
        if piece == "*":
            pattern += ".*"
        elif piece == "\\*":
            pattern += r"\*"
        elif not case_sensitive and piece.lower() != piece.upper():
            pattern += f"[{piece.lower()}{piece.upper()}]"
        else:
            pattern += "\\" + piece if piece in "\\.[](){}+?|^$-" else piece
    patterns.compiled(pattern)
    return Apply("pattern-match", (("pattern", pattern),), (Variable(response),))
