"""Aiken: plain text, one question after the other, one right choice each.

::

    What does HACCP begin with?
    A. A hazard analysis
    B) A certificate
    ANSWER: A
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from exam_packages.assessment import Question
from exam_packages.content.items import Choice
from exam_packages.content.text import Slot
from exam_packages.formats import building
from exam_packages.formats.building import About
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Gathering, Notes, decoded
from exam_packages.formats.html import Html, unmarked
from exam_packages.formats.markup import as_html
from exam_packages.formats.qti.processing import RESPONSE
from exam_packages.formats.report import Bank

ONE = Fraction(1)
MAX_TEXT = 100_000

_CHOICE = re.compile(r"([A-Z])[.)] (.*)")
_ANSWER = re.compile(r"ANSWER:[ \t]*([A-Z])[ \t]*")


@dataclass(slots=True)
class Draft:
    """A question as its lines are read."""

    line: int
    stem: list[str] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    answer: str = ""


def parse(text: str) -> Iterator[Draft]:
    """The questions of a file; one without an answer ends where the next one's text begins."""
    draft = Draft(1)
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip(" \t\ufeff")
        if not line:
            continue
        if not (draft.stem or draft.choices):
            draft.line = number
        if found := _ANSWER.fullmatch(line):
            draft.answer = found[1]
            yield draft
            draft = Draft(number + 1)
        elif found := _CHOICE.match(line + " "):
            draft.choices.append((found[1], found[2].strip()))
        elif draft.choices:
            yield draft
            draft = Draft(number, [line])
        else:
            draft.stem.append(line)
    if draft.stem or draft.choices:
        yield draft


def read_aiken(files: Mapping[str, bytes]) -> Bank:
    """The bank in Aiken *files*."""
    gathering = Gathering("Aiken")
    for file, data in files.items():
        for draft in parse(unmarked(decoded(data, file))):
            title = " ".join(draft.stem)
            gathering.item(file, f"line-{draft.line}", title, _Maker(draft, gathering).make)
    return gathering.bank()


@dataclass(frozen=True, slots=True)
class _Maker:
    draft: Draft
    gathering: Gathering

    def make(self, identifier: str, notes: Notes) -> Question:
        draft = self.draft
        letters = [letter for letter, _ in draft.choices]
        if not draft.answer:
            raise FormatError("The question has no line “ANSWER: A”; add it after the choices.")
        if not draft.stem:
            raise FormatError("The choices follow no question; write it in the line before them.")
        if len(set(letters)) != len(letters) or draft.answer not in letters:
            raise FormatError(
                "The answer {answer} is no choice of the question, or two choices have one"
                " letter; correct the letters.",
                answer=draft.answer,
            )
        if sum(map(len, draft.stem)) > MAX_TEXT:
            raise FormatError("The question is longer than {limit} characters.", limit=MAX_TEXT)
        html = Html(notes, self.gathering.pictures.address, self.gathering.pictures.formula)
        body = html.blocks(as_html("\n".join(draft.stem), "plain"))
        found = building.choices(
            building.read_each(draft.choices, lambda each: html.inlines(as_html(each[1], "plain")))
        )
        points = [ONE if letter == draft.answer else Fraction(0) for letter in letters]
        part = building.one_of(Choice(RESPONSE, (), found, 0, 1), points)
        return building.question(About(identifier), (*body, Slot(RESPONSE)), [part])
