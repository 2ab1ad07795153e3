"""Canvas's and Common Cartridge's quizzes and question banks into questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from exam_packages.assessment import Question, Shuffle
from exam_packages.content.items import Choice, InlineChoice, TextEntry
from exam_packages.content.text import Block, Inline
from exam_packages.formats import building
from exam_packages.formats.building import About
from exam_packages.formats.canvas import items
from exam_packages.formats.canvas.items import Asked
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Gathering, Notes, slug
from exam_packages.formats.html import Html, TakePicture, mark, unmarked
from exam_packages.formats.markup import as_html
from exam_packages.formats.moodle.questions import MAX_EXPECTED, matching
from exam_packages.formats.parts import Part, Worth
from exam_packages.formats.qti.processing import RESPONSE
from exam_packages.formats.report import Bank
from exam_packages.formats.tex import DrawFormula
from exam_packages.formats.xml import Node, parse
from exam_packages.formats.xml_stream import child, children, words
from exam_packages.rules.numbers import number

BASE = "$IMS-CC-FILEBASE$/"
ZERO = Fraction(0)

REFUSED = {
    "text_only_question": "The text asks nothing; put it into the questions that need it, or make"
    " it an exhibit.",
    "file_upload_question": "The answer is a file that is handed in, which a station cannot take;"
    " ask for a text.",
    "calculated_question": "Its numbers are drawn anew for each candidate from a formula; write it"
    " with fixed numbers, as a numerical question.",
    "cc_pattern_match": "Its answers are compared with patterns; write out the answers that are"
    " right.",
}
"""Why some kinds of question cannot be taken in, and what to do."""


def is_bank(data: bytes) -> bool:
    """Whether a file looks like QTI 1.2."""
    return b"<questestinterop" in data[:4096]


def read_canvas(files: Mapping[str, bytes]) -> Bank:
    """The bank in the files of an export. Raises ``FormatError`` when there is none in it."""
    gathering = Gathering("Canvas QTI 1.2")
    # A course export holds each quiz twice; Canvas's own copy lacks nothing, so it is first.
    found = sorted(
        (name for name in files if name.endswith((".xml", ".qti")) and is_bank(files[name])),
        key=lambda name: ("non_cc_assessments/" not in name, name),
    )
    if not found:
        raise FormatError("There is no quiz and no question bank in the package; export one.")
    seen: set[str] = set()
    for name in found:
        try:
            root = parse(files[name], name)
        except FormatError as problem:
            gathering.refuse(name, "", "", problem)
            continue
        for holder in root.mixed():
            key = holder.get("ident") or name
            if holder.name in ("assessment", "objectbank") and key not in seen:
                seen.add(key)
                _Holder(name, files, gathering).take(holder, _title(holder))
        for item in children(root, "item"):
            _Holder(name, files, gathering).item(item, "")
    return gathering.bank()


def _title(holder: Node) -> str:
    title = holder.get("title") or ""
    about = child(holder, "qtimetadata")
    for field in children(about, "qtimetadatafield") if about else []:
        if words(field, "fieldlabel") == "bank_title":
            title = words(field, "fieldentry")
    return title


class _Holder:
    """Takes the items of one quiz or question bank."""

    def __init__(self, file: str, files: Mapping[str, bytes], gathering: Gathering) -> None:
        self._file = file
        self._files = files
        self._gathering = gathering

    def take(self, node: Node, title: str) -> None:
        for each in node.mixed():
            if each.name == "section":
                self.take(each, title)
            elif each.name == "item":
                self.item(each, title)

    def item(self, node: Node, holder: str) -> None:
        title = node.get("title") or ""
        name = node.get("ident") or title
        # A question bank is named for what it tests; a quiz is not.
        competence = slug(holder) if node.name == "item" and self._in_bank(node) else ""
        maker = _Maker(node, self._picture, self._gathering.pictures.formula, competence)
        self._gathering.item(self._file, name, title, maker.make)

    def _in_bank(self, node: Node) -> bool:
        return b"<objectbank" in self._files[self._file][:8192]

    def _picture(self, source: str) -> tuple[str, int, int]:
        pictures = self._gathering.pictures
        name = source.partition("?")[0]
        if name.startswith(BASE):
            name = name.removeprefix(BASE)
            for place in (f"web_resources/{name}", name):
                if place in self._files:
                    return pictures.take(place, self._files[place])
        elif name in self._files:
            return pictures.take(name, self._files[name])
        return pictures.address(source)


class _Maker:
    """Makes the question of one item."""

    def __init__(
        self, node: Node, picture: TakePicture, formula: DrawFormula, competence: str
    ) -> None:
        self._node = node
        self._picture = picture
        self._formula = formula
        self._competence = competence
        self._kinds: dict[str, Callable[[], Part]] = {
            "multiple_choice_question": self._one,
            "true_false_question": self._one,
            "multiple_answers_question": self._several,
            "cc_multiple_response": self._all,
            "short_answer_question": self._short,
            "numerical_question": self._number,
            "essay_question": lambda: building.essay(RESPONSE),
        }
        self._gaps = {
            "fill_in_multiple_blanks_question": self._blank,
            "multiple_dropdowns_question": self._menu,
        }

    def make(self, identifier: str, notes: Notes) -> Question:
        self._html = Html(notes, self._picture, self._formula)
        about = items.metadata(self._node)
        kind = about.get("question_type") or items.PROFILES.get(about.get("cc_profile", ""), "")
        if not kind and (kind := items.kind_of(self._node)):
            notes.add(
                "The bank does not say what kind of question this is; by its shape it was taken"
                " for “{kind}”.",
                kind=kind.removeprefix("cc_"),
            )
        points = number(about.get("points_possible") or about.get("cc_weighting") or "1")
        if points is None:
            raise FormatError("points_possible is no number; correct it.")
        self._points = points
        if children(self._node, "itemfeedback"):
            notes.add("Feedback was left out: a station tells nobody whether an answer is right.")
        html = "\n".join(as_html(unmarked(text), form) for text, form in items.stem(self._node))
        shuffles: list[Shuffle] = []
        if kind in self._gaps:
            body, parts = self._gapped(html, self._gaps[kind])
        elif kind == "matching_question":
            part, shuffles = self._matching()
            body, parts = self._after(html, part), [part]
        elif kind in self._kinds:
            part = self._kinds[kind]()
            body, parts = self._after(html, part), [part]
        else:
            raise FormatError(
                "A question of the kind “{kind}” is not taken in. {why}",
                kind=kind[:60] or "unknown",
                why=REFUSED.get(kind, "Write it as one of another kind."),
            )
        return building.question(
            About(identifier, points=points, competence=self._competence),
            body,
            parts,
            shuffles,
            frozenset(self._html.media),
        )

    def _after(self, html: str, part: Part) -> tuple[Block, ...]:
        return self._html.blocks(html) + self._html.blocks(mark(0), [building.place(part)])

    def _asked(self) -> Asked:
        found = items.asked(self._node)
        if len(found) != 1:
            raise FormatError(
                "The question has {count} responses where one is expected; make it anew.",
                count=len(found),
            )
        return found[0]

    def _line(self, text: str, form: str) -> tuple[Inline, ...]:
        return self._html.inlines(as_html(unmarked(text), form))

    def _choice(self, most: int) -> tuple[Choice, list[str]]:
        answers = self._asked().answers
        found = building.choices(
            building.read_each(answers, lambda each: self._line(each.text, each.form))
        )
        return Choice(RESPONSE, (), found, 0, most), [each.identifier for each in answers]

    def _one(self) -> Part:
        interaction, names = self._choice(1)
        worth: dict[str, Fraction] = {}
        for each in items.given(self._node):
            worth.setdefault(each.answer, each.percent / 100 * self._points)
        return building.one_of(interaction, [worth.get(name, ZERO) for name in names])

    def _right(self) -> set[str]:
        return {each.answer for each in items.given(self._node) if not each.negated}

    def _several(self) -> Part:
        """As Canvas scores it: each right one adds its share, each wrong one takes it away."""
        interaction, names = self._choice(0)
        right = self._right().intersection(names)
        share = self._points / max(1, len(right))
        points = [share if name in right else -share for name in names]
        return building.several_of(interaction, points, ZERO, self._points)

    def _all(self) -> Part:
        interaction, names = self._choice(0)
        right = self._right()
        chosen = tuple(
            choice.identifier
            for choice, name in zip(interaction.choices, names, strict=True)
            if name in right
        )
        if not chosen:
            raise FormatError("No choice earns a point; mark the right ones.")
        return building.all_or_nothing(interaction, "identifier", "multiple", chosen, self._points)

    def _short(self) -> Part:
        answers = [each for each in items.given(self._node) if not each.negated]
        return self._typed(
            RESPONSE, [(each.answer, each.percent / 100 * self._points) for each in answers]
        )

    def _typed(self, name: str, answers: list[tuple[str, Fraction]]) -> Part:
        longest = max((len(text) for text, _ in answers), default=0)
        entry = TextEntry(name, min(longest, MAX_EXPECTED), "", "", False)
        return building.typed(entry, [Worth(text, each, False) for text, each in answers])

    def _number(self) -> Part:
        entry = TextEntry(RESPONSE, 0, "", "", True)
        return building.numeric(entry, items.spans(self._node, self._points))

    def _matching(self) -> tuple[Part, list[Shuffle]]:
        right = {each.response: each.answer for each in items.given(self._node)}
        rows: list[tuple[tuple[Inline, ...], tuple[Inline, ...]]] = []
        offered: dict[str, tuple[Inline, ...]] = {}
        for each in items.asked(self._node):
            offered |= {one.identifier: self._line(one.text, one.form) for one in each.answers}
            target = offered.get(right.get(each.identifier, ""), ())
            rows.append((self._line(each.text, each.form), target))
        used = {target for _, target in rows}
        rows += [((), body) for body in offered.values() if body not in used]
        return matching(RESPONSE, rows, self._points)

    def _gapped(
        self, html: str, gap: Callable[[str, Asked, Fraction], Part]
    ) -> tuple[tuple[Block, ...], list[Part]]:
        """A text with ``[names]``: one response for each, all worth the same."""
        found = {
            each.identifier.removeprefix("response_"): each for each in items.asked(self._node)
        }
        order: list[str] = []

        def replaced(match: re.Match[str]) -> str:
            if match[1] not in found or match[1] in order:
                return match[0]
            order.append(match[1])
            return mark(len(order) - 1)

        html = re.sub(r"\[([^\[\]\n]{1,200})\]", replaced, html)
        if not order or len(order) != len(found):
            raise FormatError(
                "The gaps in the text and their answers are not the same; give each [name] its"
                " answers."
            )
        share = self._points / len(order)
        names = building.response_names(len(order))
        parts = [gap(name, found[key], share) for name, key in zip(names, order, strict=True)]
        return self._html.blocks(html, [building.place(part) for part in parts]), parts

    def _blank(self, name: str, asked: Asked, points: Fraction) -> Part:
        """Every answer that Canvas lists for a blank is right."""
        return self._typed(name, [(each.text, points) for each in asked.answers])

    def _menu(self, name: str, asked: Asked, points: Fraction) -> Part:
        right = {
            each.answer for each in items.given(self._node) if each.response == asked.identifier
        }
        found = building.choices(
            building.read_each(asked.answers, lambda each: self._line(each.text, each.form))
        )
        worths = [points if each.identifier in right else ZERO for each in asked.answers]
        return building.one_of(InlineChoice(name, found), worths)
