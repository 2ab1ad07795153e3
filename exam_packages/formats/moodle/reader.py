"""Moodle XML into questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from exam_packages.assessment import Question, Shuffle
from exam_packages.content.items import Choice, TextEntry
from exam_packages.content.text import Block, Inline
from exam_packages.formats import building
from exam_packages.formats.building import About, Span
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Gathering, Notes
from exam_packages.formats.html import Html, mark, unmarked
from exam_packages.formats.markup import as_html
from exam_packages.formats.moodle import cloze
from exam_packages.formats.moodle.marks import share
from exam_packages.formats.moodle.questions import (
    competence_of,
    matching,
    short_answers,
    truth_choices,
)
from exam_packages.formats.moodle.selections import gap_text
from exam_packages.formats.parts import Part
from exam_packages.formats.qti.processing import RESPONSE
from exam_packages.formats.report import Bank
from exam_packages.formats.xml import Node
from exam_packages.formats.xml_stream import child, children, elements, words

FORMATS = {"moodle_auto_format": "moodle", "plain_text": "plain", "markdown": "markdown"}
PLUGIN_FILE = "@@PLUGINFILE@@/"

REFUSED = {
    "calculated": "Its numbers are drawn anew for each candidate from a data set; write it with"
    " fixed numbers, as a numerical question.",
    "calculatedmulti": "Its numbers are drawn anew for each candidate from a data set; write it"
    " with fixed numbers, as a multiple-choice question.",
    "calculatedsimple": "Its numbers are drawn anew for each candidate from a data set; write it"
    " with fixed numbers, as a numerical question.",
    "ddimageortext": "Things are dragged onto a picture; ask for the same with a matching one.",
    "ddmarker": "Markers are dragged onto a picture; ask for the same with a matching one.",
    "random": "It only stands for a question that is drawn; draw forms from the bank instead.",
    "randomsamatch": "It is put together from other questions; write it as a matching question.",
}
"""Why some of Moodle's own kinds of question cannot be taken in, and what to do."""


def read_moodle(files: Mapping[str, bytes]) -> Bank:
    """The bank in Moodle XML *files*; a file that is damaged is read up to there."""
    gathering = Gathering("Moodle XML")
    for file, data in files.items():
        try:
            _take(file, data, gathering)
        except FormatError as problem:
            gathering.refuse(file, "", "", problem)
    return gathering.bank()


def _take(file: str, data: bytes, gathering: Gathering) -> None:
    category = ""
    number = 0
    for node in elements(data, file, "quiz", "question"):
        if node.get("type") == "category":
            category = words(node, "category", "text")
            continue
        number += 1
        title = words(node, "name", "text")
        name = words(node, "idnumber") or title or f"question-{number}"
        gathering.item(file, name, title, _Maker(node, gathering, category).make)


class _Maker:
    """Makes the question of one element."""

    def __init__(self, node: Node, gathering: Gathering, category: str) -> None:
        self._node = node
        self._pictures = gathering.pictures
        self._category = category
        self._files: dict[str, Node] = {}
        self._kinds: dict[str, Callable[[], tuple[list[Part], list[Shuffle]]]] = {
            "multichoice": self._choice,
            "multichoiceset": self._choice,
            "truefalse": self._truth,
            "shortanswer": self._short,
            "numerical": self._number,
            "matching": self._match,
            "essay": self._essay,
            "ordering": self._order,
        }

    def make(self, identifier: str, notes: Notes) -> Question:
        node = self._node
        self._notes = notes
        self._html = Html(notes, self._picture, self._pictures.formula)
        kind = node.get("type") or ""
        self._note_what_is_left_out()
        self._points = self._number_of("defaultgrade", "1")
        if not self._points and kind != "description":
            raise FormatError("The question gives no points; give it some.")
        places: list[Block | Inline]
        if kind in ("cloze", "multianswer"):
            html, gaps = cloze.split(self._markup(child(node, "questiontext")))
            if any(gap.feedback for gap in gaps):
                self._note_feedback()
            self._points = self._number_of("defaultgrade", str(sum(each.weight for each in gaps)))
            parts, shuffles = cloze.parts(gaps, self._points, self._html) if gaps else ([], [])
            body = self._html.blocks(html, [building.place(part) for part in parts])
        elif kind in ("gapselect", "ddwtos"):
            if kind == "ddwtos":
                notes.add("Words that were dragged into gaps are chosen from menus.")
            html = self._markup(child(node, "questiontext"))
            html, parts, shuffles = gap_text(node, html, self._points, self._html)
            body = self._html.blocks(html, [building.place(part) for part in parts])
        elif kind in self._kinds:
            body = self._html.blocks(self._markup(child(node, "questiontext")))
            parts, shuffles = self._kinds[kind]()
            places = [building.place(part) for part in parts]
            body += self._html.blocks("".join(map(mark, range(len(places)))), places)
            body += self._units()
        else:
            raise self._refusal(kind)
        about = About(identifier, points=self._points, competence=competence_of(self._category))
        return building.question(about, body, parts, shuffles, frozenset(self._html.media))

    def _refusal(self, kind: str) -> FormatError:
        if kind == "description":
            return FormatError(
                "The text asks nothing; put it into the questions that need it, or make it an"
                " exhibit."
            )
        if kind in REFUSED:
            return FormatError(
                "A question of the kind “{kind}” is not taken in. {why}",
                kind=kind,
                why=REFUSED[kind],
            )
        return FormatError(
            "A question of the kind “{kind}” is not taken in; write it as one of another kind.",
            kind=kind[:40],
        )

    # what Moodle keeps beside a question

    def _note_what_is_left_out(self) -> None:
        node = self._node
        told = [each for each in node.mixed() if each.name.endswith("feedback")]
        told += [
            feedback for answer in children(node, "answer") for feedback in answer.mixed()
            if feedback.name == "feedback"
        ]  # fmt: skip
        if any(words(each, "text") for each in told):
            self._note_feedback()
        if any(words(each, "text") for each in children(node, "hint")):
            self._notes.add("Hints were left out: a candidate has one attempt.")

    def _note_feedback(self) -> None:
        self._notes.add("Feedback was left out: a station tells nobody whether an answer is right.")

    def _number_of(self, name: str, otherwise: str) -> Fraction:
        text = words(self._node, name) or otherwise
        value = cloze.decimal(text)
        if value is None or value < 0:
            raise FormatError(
                "<{name}> is “{text}”, which is no number from 0 on.", name=name, text=text[:40]
            )
        return value

    def _truth_of(self, name: str, otherwise: bool) -> bool:
        text = words(self._node, name).strip().lower()
        return otherwise if not text else text in ("1", "true")

    # texts

    def _markup(self, node: Node | None) -> str:
        """The HTML of a text; its files are the ones that the text can show from now on."""
        if node is None:
            return ""
        self._files = {each.get("name") or "": each for each in children(node, "file")}
        form = FORMATS.get(node.get("format") or "", "html")
        return as_html(unmarked(words(node, "text")), form)

    def _line(self, node: Node) -> tuple[Inline, ...]:
        return self._html.inlines(self._markup(node))

    def _picture(self, source: str) -> tuple[str, int, int]:
        name = source.removeprefix(PLUGIN_FILE)
        if name == source:
            return self._pictures.address(source)
        file = self._files.get(name.rpartition("/")[2].partition("?")[0])
        if file is None:
            raise FormatError(
                "The picture “{name}” is not in the file; export the bank with its files.",
                name=name[:120],
            )
        return self._pictures.encoded(name, file.all_text())

    # kinds of question

    def _shares(self) -> list[tuple[Node, Fraction]]:
        return [
            (each, share(each.get("fraction") or "0")) for each in children(self._node, "answer")
        ]

    def _choice(self) -> tuple[list[Part], list[Shuffle]]:
        answers = self._shares()
        found = building.choices(building.read_each(answers, lambda each: self._line(each[0])))
        points = [each * self._points for _, each in answers]
        shuffles = (
            [Shuffle(RESPONSE, frozenset())] if self._truth_of("shuffleanswers", True) else []
        )
        if self._node.get("type") == "multichoiceset":
            several = Choice(RESPONSE, (), found, 0, 0)
            right = tuple(
                each.identifier
                for each, (_, worth) in zip(found, answers, strict=True)
                if worth > 0
            )
            part: Part = building.all_or_nothing(
                several, "identifier", "multiple", right, self._points
            )
        elif self._truth_of("single", True):
            part = building.one_of(Choice(RESPONSE, (), found, 0, 1), points)
        else:
            several = Choice(RESPONSE, (), found, 0, 0)
            part = building.several_of(several, points, Fraction(0), self._points)
        return [part], shuffles

    def _truth(self) -> tuple[list[Part], list[Shuffle]]:
        right = [words(node, "text").strip().lower() for node, worth in self._shares() if worth > 0]
        if right not in (["true"], ["false"]):
            raise FormatError("Either true or false must be right; mark one of them.")
        return [truth_choices(RESPONSE, right == ["true"], self._points)], []

    def _short(self) -> tuple[list[Part], list[Shuffle]]:
        answers = [(words(node, "text"), each) for node, each in self._shares()]
        exact = self._truth_of("usecase", False)
        return [short_answers(RESPONSE, answers, self._points, case_sensitive=exact)], []

    def _number(self) -> tuple[list[Part], list[Shuffle]]:
        spans = []
        for node, worth in self._shares():
            text = words(node, "text").strip()
            if text == "*" and not worth:
                continue
            value, around = cloze.decimal(text), cloze.decimal(words(node, "tolerance") or "0")
            if value is None or around is None:
                raise FormatError(
                    "“{text}” is no number, or its tolerance is none; correct it.", text=text[:60]
                )
            around = abs(around)
            spans.append(Span(value - around, value + around, worth * self._points, value))
        return [building.numeric(TextEntry(RESPONSE, 0, "", "", True), spans)], []

    def _units(self) -> tuple[Block, ...]:
        """The unit that an answer is given in, which is shown and not asked for."""
        names = [words(each, "unit_name") for each in children(child(self._node, "units") or
                 self._node, "unit")]  # fmt: skip
        if self._node.get("type") != "numerical" or not any(names):
            return ()
        self._notes.add(
            "Units are not asked for: the answer is a number, in “{unit}”, which is shown.",
            unit=names[0][:60],
        )
        return self._html.blocks(as_html(names[0], "plain"))

    def _match(self) -> tuple[list[Part], list[Shuffle]]:
        rows = children(self._node, "subquestion")
        left = building.read_each(rows, self._line)
        right = building.read_each(
            rows,
            lambda each: self._html.inlines(as_html(words(child(each, "answer"), "text"), "plain")),
        )
        part, shuffles = matching(RESPONSE, list(zip(left, right, strict=True)), self._points)
        return [part], shuffles if self._truth_of("shuffleanswers", True) else []

    def _essay(self) -> tuple[list[Part], list[Shuffle]]:
        if words(self._node, "responseformat") == "noinline" or (
            words(self._node, "attachmentsrequired") or "0"
        ) not in ("0", ""):
            raise FormatError(
                "The answer is a file that is handed in, which a station cannot take; ask for a"
                " text."
            )
        if (words(self._node, "attachments") or "0") != "0":
            self._notes.add("Files cannot be attached to the answer; only the text is taken.")
        if words(self._node, "responsetemplate", "text"):
            self._notes.add("The text that the answer began with was left out.")
        lines = int(self._number_of("responsefieldlines", str(building.ESSAY_LINES)))
        return [building.essay(RESPONSE, min(lines, 1_000))], []

    def _order(self) -> tuple[list[Part], list[Shuffle]]:
        found = building.choices(building.read_each(children(self._node, "answer"), self._line))
        if (words(self._node, "gradingtype") or "-1") != "-1":
            self._notes.add("The order earns all the points or none: parts of it earn nothing.")
        part = building.ordering(RESPONSE, found, self._points)
        return [part], [Shuffle(RESPONSE, frozenset())]
