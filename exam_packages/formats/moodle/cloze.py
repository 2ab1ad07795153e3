"""Cloze texts (Moodle's embedded answers): gaps in braces, each with a grammar of its own.

``{2:SHORTANSWER:=Paris~%50%paris#nearly}`` is a gap with weight 2. A backslash before
``}``, ``~``, ``#`` or ``=`` takes its meaning away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import unescape

from exam_packages.assessment import Shuffle
from exam_packages.content.items import Choice, InlineChoice, TextEntry
from exam_packages.formats import building
from exam_packages.formats.building import Span
from exam_packages.formats.errors import FormatError
from exam_packages.formats.html import Html, mark
from exam_packages.formats.moodle.marks import share
from exam_packages.formats.moodle.questions import short_answers
from exam_packages.formats.parts import Part
from exam_packages.rules.numbers import number

MAX_GAPS = 200
MAX_ANSWERS = 256

_KINDS = {
    "SHORTANSWER": "typed", "SA": "typed", "MW": "typed",
    "SHORTANSWER_C": "exact", "SAC": "exact", "MWC": "exact",
    "NUMERICAL": "number", "NM": "number",
    "MULTICHOICE": "menu", "MC": "menu", "MULTICHOICE_S": "menu", "MCS": "menu",
    "MULTICHOICE_V": "one", "MCV": "one", "MULTICHOICE_H": "one", "MCH": "one",
    "MULTICHOICE_VS": "one", "MCVS": "one", "MULTICHOICE_HS": "one", "MCHS": "one",
    "MULTIRESPONSE": "many", "MR": "many", "MULTIRESPONSE_H": "many", "MRH": "many",
    "MULTIRESPONSE_S": "many", "MRS": "many", "MULTIRESPONSE_HS": "many", "MRHS": "many",
}  # fmt: skip
_HEAD = re.compile(r"\{([0-9]{0,4}):([A-Z_]{2,16}):")
_TAGS = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a gap: its text in HTML and its share of the gap's points."""

    text: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap, with its weight among the others; ``kind`` as in the table above."""

    kind: str
    weight: int
    shuffle: bool
    answers: tuple[Answer, ...]
    feedback: bool


def split(text: str) -> tuple[str, list[Gap]]:
    """*text* with a mark where each gap stood, and the gaps. Raises ``FormatError``."""
    shown: list[str] = []
    gaps: list[Gap] = []
    at = 0
    for head in _HEAD.finditer(text):
        if head.start() < at or head[2] not in _KINDS:
            continue
        end = _end(text, head.end())
        shown += [text[at : head.start()], mark(len(gaps))]
        gaps.append(_gap(head[1], head[2], text[head.end() : end]))
        at = end + 1
        if len(gaps) > MAX_GAPS:
            raise FormatError("The text has more than {limit} gaps; split it.", limit=MAX_GAPS)
    return "".join([*shown, text[at:]]), gaps


def _end(text: str, start: int) -> int:
    """Where the gap that began before *start* ends."""
    at = start
    while (at := text.find("}", at)) >= 0:
        if text[at - 1] != "\\":
            return at
        at += 1
    raise FormatError("A gap in the text has no closing “}}”; close it.")


def _gap(weight: str, name: str, text: str) -> Gap:
    answers, feedback = [], False
    pieces = _pieces(text, "~")
    if len(pieces) > MAX_ANSWERS:
        raise FormatError("A gap has more than {limit} answers.", limit=MAX_ANSWERS)
    for piece in pieces:
        answer, *told = _pieces(piece, "#")
        feedback |= any(each.strip() for each in told)
        worth = Fraction(0)
        answer = answer.strip()
        if answer.startswith("="):
            worth, answer = Fraction(1), answer[1:]
        elif answer.startswith("%"):
            percent, closed, answer = answer[1:].partition("%")
            if not closed:
                raise FormatError("A weight in a gap is not closed; write it like “%50%”.")
            worth = share(percent.strip())
        answer = re.sub(r"\\([}~#=\\/\"])", r"\1", answer.strip())
        answers.append(Answer(answer, worth))
    kind = _KINDS[name]
    if kind == "many":
        # Each right answer of several is marked as the whole, and is worth its part of it.
        right = sum(1 for each in answers if each.share == 1)
        answers = [
            Answer(each.text, each.share / right if each.share == 1 else each.share)
            for each in answers
        ]
    points = int(weight) if weight else 1
    return Gap(kind, points, name.endswith("S") and kind != "typed", tuple(answers), feedback)


def _pieces(text: str, sign: str) -> list[str]:
    """*text* between unescaped *sign*\\ s; ``#`` after ``&`` begins an entity, not feedback."""
    found, kept = [], ""
    for piece in text.split(sign):
        kept += piece
        if piece.endswith("\\") or (sign == "#" and piece.endswith(("&", "&amp;"))):
            kept += sign
        else:
            found.append(kept)
            kept = ""
    return [*found, kept] if kept else found


def parts(gaps: Sequence[Gap], points: Fraction, html: Html) -> tuple[list[Part], list[Shuffle]]:
    """The interactions of *gaps*, which share *points* by weight. Raises ``FormatError``."""
    total = sum(gap.weight for gap in gaps)
    if not total:
        raise FormatError("The gaps have no weight, so they give no points; give them some.")
    found: list[Part] = []
    shuffles = []
    for name, gap in zip(building.response_names(len(gaps)), gaps, strict=True):
        if not gap.weight:
            raise FormatError("A gap has the weight 0, so it asks for nothing; leave it out.")
        found.append(_part(name, gap, points * gap.weight / total, html))
        if gap.shuffle:
            shuffles.append(Shuffle(name, frozenset()))
    return found, shuffles


def _part(name: str, gap: Gap, points: Fraction, html: Html) -> Part:
    match gap.kind:
        case "typed" | "exact":
            answers = [(_plain(each.text), each.share) for each in gap.answers]
            return short_answers(name, answers, points, case_sensitive=gap.kind == "exact")
        case "number":
            return building.numeric(
                TextEntry(name, 0, "", "", True),
                [
                    _span(_plain(each.text), each.share * points)
                    for each in gap.answers
                    if each.text.strip() != "*" or each.share
                ],
            )
    found = building.choices([html.inlines(each.text) for each in gap.answers])
    worths = [each.share * points for each in gap.answers]
    if gap.kind == "many":
        return building.several_of(Choice(name, (), found, 0, 0), worths, Fraction(0), points)
    if gap.kind == "one":
        return building.one_of(Choice(name, (), found, 0, 1), worths)
    return building.one_of(InlineChoice(name, found), worths)


def _plain(text: str) -> str:
    return unescape(_TAGS.sub("", text)).strip()


def _span(text: str, points: Fraction) -> Span:
    middle, _, tolerance = text.partition(":")
    value, around = decimal(middle), decimal(tolerance or "0")
    if value is None or around is None or around < 0:
        raise FormatError(
            "“{text}” in a gap is no number with a tolerance; write it like 3.14:0.01.",
            text=text[:60],
        )
    return Span(value - around, value + around, points, value)


def decimal(text: str) -> Fraction | None:
    """A number as Moodle keeps it; its comma is a decimal comma."""
    text = text.strip()
    return number(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
