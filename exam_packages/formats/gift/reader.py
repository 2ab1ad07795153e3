"""GIFT's entries into questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape

from exam_packages.assessment import Question, Shuffle
from exam_packages.content.items import (
    Choice,
    InlineChoice,
    TextEntry,
)
from exam_packages.content.text import Inline
from exam_packages.content.text import Text as Run
from exam_packages.formats import building
from exam_packages.formats.building import About, Span
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Gathering, Notes, decoded
from exam_packages.formats.gift.grammar import Answer, Broken, Category, Entry, Text, parse
from exam_packages.formats.html import Html, mark
from exam_packages.formats.markup import as_html
from exam_packages.formats.moodle.marks import share
from exam_packages.formats.moodle.questions import (
    competence_of,
    matching,
    short_answers,
    truth_choices,
)
from exam_packages.formats.parts import Part
from exam_packages.formats.qti.inlines import tidy
from exam_packages.formats.qti.processing import RESPONSE
from exam_packages.formats.report import Bank
from exam_packages.rules.numbers import number

ONE = Fraction(1)


def read_gift(files: Mapping[str, bytes]) -> Bank:
    """The bank in GIFT *files*. Raises ``FormatError`` only when the whole of it is refused."""
    gathering = Gathering("GIFT")
    for file, data in files.items():
        for entry in parse(decoded(data, file)):
            match entry:
                case Broken(line=line, problem=problem):
                    gathering.refuse(file, f"line-{line}", "", problem)
                case Entry():
                    name = entry.identifier or entry.title or f"line-{entry.line}"
                    title = entry.title or entry.stem.text
                    gathering.item(file, name, title, _Maker(entry, gathering).make)
                case Category():
                    pass  # every entry carries its own
    return gathering.bank()


class _Maker:
    """Makes the question of one entry."""

    def __init__(self, entry: Entry, gathering: Gathering) -> None:
        self._entry = entry
        self._gathering = gathering

    def make(self, identifier: str, notes: Notes) -> Question:
        entry = self._entry
        self._notes = notes
        pictures = self._gathering.pictures
        self._html = Html(notes, pictures.address, pictures.formula)
        if entry.kind == "description":
            raise FormatError(
                "The text asks nothing; put it into the questions that need it, or make it an"
                " exhibit."
            )
        if entry.general or entry.feedback or any(each.feedback for each in entry.answers):
            notes.add("Feedback was left out: a station tells nobody whether an answer is right.")
        part, shuffles = self._part()
        place = building.place(part)
        stem, tail = entry.stem, entry.tail
        html = as_html(stem.text, stem.form)
        if tail:
            # Whatever stands after the braces goes on in the same line.
            body = self._html.blocks(f"{html} {mark(0)}{_after(tail, stem.form)}", [place])
        else:
            body = (*self._html.blocks(html), *self._html.blocks(mark(0), [place]))
        return building.question(
            About(identifier, competence=competence_of(entry.category)),
            body,
            [part],
            shuffles,
            frozenset(self._html.media),
        )

    def _part(self) -> tuple[Part, list[Shuffle]]:
        entry = self._entry
        match entry.kind:
            case "essay":
                return building.essay(RESPONSE), []
            case "truth":
                return truth_choices(RESPONSE, entry.truth, ONE), []
            case "choice":
                return self._choice()
            case "short":
                answers = [
                    (each.text.text, _share(each, ONE)) for each in entry.answers if each.right
                ]
                return short_answers(RESPONSE, answers, ONE, case_sensitive=False), []
            case "number":
                return self._number(), []
            case _:
                return self._match()

    def _choice(self) -> tuple[Part, list[Shuffle]]:
        entry = self._entry
        # As in Moodle: without one that is all right, several may be chosen.
        answers = [each for each in entry.answers if not _is_nothing(each)]
        if len(answers) < len(entry.answers):
            self._notes.add("An empty choice was left out; the right one begins with “=” alone.")
        single = any(answer.right for answer in answers)
        points = [_share(each, ONE if each.right else Fraction(0)) for each in answers]
        texts = building.read_each(answers, lambda each: self._line(each.text))
        shuffle = [Shuffle(RESPONSE, frozenset())]
        inline = entry.tail and single and all(_only_text(each) for each in texts)
        if inline:
            menu = building.choices(texts)
            return building.one_of(InlineChoice(RESPONSE, menu), points), shuffle
        found = building.choices(texts)
        if single:
            return building.one_of(Choice(RESPONSE, (), found, 0, 1), points), shuffle
        many = Choice(RESPONSE, (), found, 0, 0)
        return building.several_of(many, points, Fraction(0), ONE), shuffle

    def _match(self) -> tuple[Part, list[Shuffle]]:
        left = building.read_each(self._entry.answers, lambda each: self._line(each.text))
        right = [tidy([Run(each.pair, 0)] if each.pair else []) for each in self._entry.answers]
        return matching(RESPONSE, list(zip(left, right, strict=True)), ONE)

    def _number(self) -> Part:
        spans = []
        for answer in self._entry.answers:
            text = answer.text.text.strip()
            if not answer.right or text == "*":
                if answer.right:
                    raise FormatError("“*” takes any number for right; say which ones are.")
                continue
            spans.append(span(text, _share(answer, ONE)))
        entry = TextEntry(RESPONSE, 0, "", "", True)
        return building.numeric(entry, spans)

    def _line(self, text: Text) -> tuple[Inline, ...]:
        return self._html.inlines(as_html(text.text, text.form))


def span(text: str, points: Fraction) -> Span:
    """A number as GIFT writes it: ``3``, ``3:0.5`` or ``2.5..3.5``."""
    low, dots, high = text.partition("..")
    if dots:
        ends = number(low), number(high)
        if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
            raise _no_number(text)
        return Span(ends[0], ends[1], points, (ends[0] + ends[1]) / 2)
    middle, _, tolerance = text.partition(":")
    value, around = number(middle), number(tolerance or "0")
    if value is None or around is None or around < 0:
        raise _no_number(text)
    return Span(value - around, value + around, points, value)


def _no_number(text: str) -> FormatError:
    return FormatError(
        "“{text}” is no number, tolerance or range; write it like 3.14:0.01 or 3.13..3.15.",
        text=text[:60],
    )


def _share(answer: Answer, otherwise: Fraction) -> Fraction:
    return share(answer.weight) if answer.weight else otherwise


def _is_nothing(answer: Answer) -> bool:
    """A “~” before the “=” of the right answer, as many write it: a wrong choice of nothing."""
    return not (answer.right or answer.weight or answer.text.text or answer.feedback)


def _only_text(inlines: Sequence[object]) -> bool:
    return all(isinstance(each, Run) for each in inlines)


def _after(tail: str, form: str) -> str:
    if form == "html":
        return tail
    if form == "markdown":
        return escape(tail)
    return as_html(tail, form) if not tail[:1].isspace() else " " + as_html(tail, form)
