"""Our Markdown into questions and exhibits."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from markdown_it.token import Token

from exam_packages.assessment import Question, Shuffle
from exam_packages.content.items import (
    Choice,
    Exhibit,
    InlineChoice,
    Match,
    SimpleChoice,
    TextEntry,
)
from exam_packages.content.text import Block, Inline
from exam_packages.formats import building
from exam_packages.formats.building import About, Span
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Gathering, Notes, decoded
from exam_packages.formats.html import Html, mark, unmarked
from exam_packages.formats.markdown.document import Entry, entries
from exam_packages.formats.markdown.syntax import (
    PLAIN,
    RIGHT,
    WITH_GAPS,
    WRONG,
    Boxed,
    alternatives,
    boxed,
    essay_lines,
)
from exam_packages.formats.parts import Part, Worth
from exam_packages.formats.report import Bank
from exam_packages.rules.numbers import number

ONE = Fraction(1)
NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,58}[A-Za-z0-9_])?")

Making = Callable[[str, Fraction], tuple[Part, Shuffle | None]]
"""Makes a part from the name of its response and its share of the points."""


def read_markdown(files: Mapping[str, bytes]) -> Bank:
    """The bank in Markdown files, with the pictures beside them."""
    gathering = Gathering("Markdown")
    found = [
        (file, entry)
        for file in sorted(files)
        if file.lower().endswith(".md")
        for entry in entries(unmarked(decoded(files[file], file)))
    ]
    # Exhibits first: a question may stand before the one it shows.
    for file, entry in found:
        if "exhibit" in entry.fields:
            Maker(file, files, gathering).take_exhibit(entry)
    for file, entry in found:
        if "exhibit" not in entry.fields:
            Maker(file, files, gathering).take(entry)
    return gathering.bank()


class Maker:
    """Takes in the entries of one file."""

    def __init__(self, file: str, files: Mapping[str, bytes], gathering: Gathering) -> None:
        self._file = file
        self._files = files
        self._gathering = gathering

    def take(self, entry: Entry) -> None:
        name = entry.fields.get("id", "")
        title = entry.fields.get("title", "")
        if entry.problem is None and not NAME.fullmatch(name):
            problem: FormatError | None = FormatError(
                "A question needs an id of letters, digits, dots, dashes and underscores, at"
                " most 60."
            )
        elif entry.problem is None and self._gathering.has(name):
            problem = FormatError("The id “{name}” is there twice; change one.", name=name)
        else:
            problem = entry.problem
        if problem is not None:
            self._gathering.refuse(self._file, name or f"line-{entry.line}", title, problem)
            return
        self._gathering.item(
            self._file, name, title, lambda identifier, notes: self.make(entry, notes)
        )

    def take_exhibit(self, entry: Entry) -> None:
        gathering = self._gathering
        name, title = entry.fields["exhibit"], entry.fields.get("title", "")
        html = Html(Notes(), self._picture, self._gathering.pictures.formula)
        try:
            if entry.problem:
                raise entry.problem
            if not NAME.fullmatch(name) or name in gathering.exhibits:
                raise FormatError(
                    "An exhibit needs a name of its own, of letters, digits, dots and dashes."
                )
            blocks = html.blocks(PLAIN.render(entry.text))
        except FormatError as problem:
            gathering.refuse(self._file, name or f"line-{entry.line}", title, problem)
            return
        gathering.exhibits[name] = Exhibit(name, title, blocks, ())
        gathering.exhibit_media[name] = frozenset(html.media)

    def make(self, entry: Entry, notes: Notes) -> Question:
        """The question of *entry*. Raises ``FormatError``."""
        about = self._about(entry.fields)
        page = _Page(Html(notes, self._picture, self._gathering.pictures.formula), entry.fields)
        html, makings = page.read(entry.text)
        order = [int(each) for each in re.findall("\ue000([0-9]+)\ue001", html)]
        parts: list[Part] = []
        shuffles = []
        places: dict[int, Block | Inline] = {}
        for name, index in zip(building.response_names(len(order)), order, strict=True):
            part, shuffle = makings[index](name, about.points / len(order))
            parts.append(part)
            places[index] = building.place(part)
            shuffles += [shuffle] if shuffle else []
        body = page.html.blocks(html, [places[index] for index in range(len(makings))])
        return building.question(about, body, parts, shuffles, frozenset(page.html.media))

    def _about(self, fields: Mapping[str, str]) -> About:
        points = number(fields.get("points", "1"))
        if points is None or points <= 0:
            raise FormatError("points must be a number above 0.")
        for field in ("competence", "level"):
            if fields.get(field) and not NAME.fullmatch(fields[field]):
                raise FormatError(
                    "{field} must be a name of letters, digits, dots and dashes.", field=field
                )
        exhibits = tuple(fields.get("exhibits", "").replace(",", " ").split())
        for name in exhibits:
            if name not in self._gathering.exhibits:
                raise FormatError("There is no exhibit “{name}”; write it.", name=name[:60])
        return About(
            fields["id"],
            fields.get("title", ""),
            fields.get("language", ""),
            points,
            fields.get("competence", ""),
            fields.get("level", ""),
            exhibits,
        )

    def _picture(self, source: str) -> tuple[str, int, int]:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._file), source))
        if path not in self._files:
            return self._gathering.pictures.address(source)
        return self._gathering.pictures.keep(path, self._files[path])


class _Page:
    """Reads the text of one question: its HTML with marks, and what stands at each."""

    def __init__(self, html: Html, fields: Mapping[str, str]) -> None:
        self.html = html
        self._choose = fields.get("choose", "")
        if fields.get("shuffle", "no") not in ("yes", "no"):
            raise FormatError("shuffle must be yes or no.")
        self._shuffle = fields.get("shuffle") == "yes"
        self._makings: list[Making] = []

    def read(self, text: str) -> tuple[str, list[Making]]:
        found: dict[str, list[str]] = {}
        tokens = WITH_GAPS.parse(text, found)
        self._makings = [self._gap(each) for each in found.get("gaps", [])]
        shown = []
        for group in _groups(tokens):
            making = self._interaction(group)
            if making is None:
                shown.append(WITH_GAPS.renderer.render(group, WITH_GAPS.options, {}))
                continue
            if any(child.type == "gap" for token in group for child in token.children or ()):
                raise FormatError("A gap stands in a choice; put it into the text.")
            shown.append(mark(len(self._makings)))
            self._makings.append(making)
        html = "".join(shown)
        if len(re.findall("\ue000", html)) != len(self._makings):
            raise FormatError("A gap stands where it cannot be shown; put it into the text.")
        return html, self._makings

    def _line(self, text: str) -> tuple[Inline, ...]:
        return self.html.inlines(str(PLAIN.renderInline(text)))

    def _choices(self, found: Sequence[Boxed]) -> tuple[SimpleChoice, ...]:
        return building.choices(building.read_each(found, lambda each: self._line(each.text)))

    def _shuffled(self, name: str, fixed: frozenset[str] = frozenset()) -> Shuffle | None:
        return Shuffle(name, fixed) if self._shuffle else None

    def _interaction(self, group: list[Token]) -> Making | None:
        match group[0].type:
            case "bullet_list_open" | "ordered_list_open":
                entries = [boxed(each) for each in _entries(group)]
                if not any(entries):
                    return None
                found = [each for each in entries if each]
                if len(found) != len(entries):
                    raise FormatError("Some choices of a list have a box and others none.")
                return self._order(found) if group[0].type[0] == "o" else self._choice(found)
            case "table_open":
                rows = _rows(group)
                if len(rows) > 1 and any(boxed(cell) for row in rows[1:] for cell in row[1:]):
                    return self._match(rows)
            case "paragraph_open":
                lines = essay_lines(group[1].content)
                if lines is not None:
                    return lambda name, share: (building.essay(name, lines), None)
        return None

    def _choice(self, found: list[Boxed]) -> Making:
        def make(name: str, share: Fraction) -> tuple[Part, Shuffle | None]:
            choices = self._choices(found)
            points = [each.points(share) for each in found]
            graded = any(isinstance(each.worth, Fraction) for each in found)
            right = sum(1 for each in points if each > 0)
            most = self._most(right, len(choices))
            interaction = Choice(name, (), choices, 0, most)
            if most == 1:
                part = building.one_of(interaction, points)
            elif graded:
                part = building.several_of(interaction, points, Fraction(0), share)
            else:
                chosen = tuple(
                    choice.identifier
                    for choice, each in zip(choices, points, strict=True)
                    if each > 0
                )
                part = building.all_or_nothing(interaction, "identifier", "multiple", chosen, share)
            return part, self._shuffled(name)

        return make

    def _most(self, right: int, count: int) -> int:
        if not right:
            raise FormatError("No choice is marked as right; mark it with [x].")
        if not self._choose:
            return 1 if right == 1 else 0
        if self._choose in ("one", "any"):
            return 1 if self._choose == "one" else 0
        if self._choose.isascii() and self._choose.isdecimal() and 0 < int(self._choose) <= count:
            return int(self._choose)
        raise FormatError("choose must be one, any, or a number up to that of the choices.")

    def _order(self, found: list[Boxed]) -> Making:
        if any(each.worth != WRONG for each in found):
            raise FormatError(
                "The numbered list is an order, written as it is right; leave its boxes empty."
            )

        def make(name: str, share: Fraction) -> tuple[Part, Shuffle | None]:
            choices = self._choices(found)
            return building.ordering(name, choices, share), self._shuffled(name)

        return make

    def _match(self, rows: list[list[str]]) -> Making:
        head, *rest = rows
        boxes = [[boxed(cell) for cell in row[1:]] for row in rest]
        worths = [[each.worth if each else None for each in row] for row in boxes]
        if any(each not in (RIGHT, WRONG) for row in worths for each in row):
            raise FormatError("A table to match needs a box, [x] or [ ], in every cell.")

        def make(name: str, share: Fraction) -> tuple[Part, Shuffle | None]:
            left = building.read_each(rest, lambda row: self._line(row[0]))
            right = building.read_each(head[1:], self._line)
            once = 1 if all(row.count(RIGHT) <= 1 for row in worths) else 0
            sources, targets = (
                tuple(SimpleChoice(each.identifier, each.body, most) for each in found)
                for found, most in (
                    (building.choices(left, "S"), once),
                    (building.choices(right, "T"), 0),
                )
            )
            true = [
                (source.identifier, target.identifier)
                for source, row in zip(sources, worths, strict=True)
                for target, worth in zip(targets, row, strict=True)
                if worth == RIGHT
            ]
            fixed = frozenset(each.identifier for each in sources)
            part = building.pairs(Match(name, (), sources, targets, 0, 0), true, share)
            return part, self._shuffled(name, fixed)

        return make

    def _gap(self, text: str) -> Making:
        if text[0] == "[":
            menu = alternatives(text)

            def choose(name: str, share: Fraction) -> tuple[Part, Shuffle | None]:
                choices = self._choices(menu)
                points = [each.points(share) for each in menu]
                part = building.one_of(InlineChoice(name, choices), points)
                return part, self._shuffled(name)

            return choose
        exact = text.startswith("==")
        found = alternatives(text.lstrip("=#"))

        def write(name: str, share: Fraction) -> tuple[Part, Shuffle | None]:
            if text[0] == "#":
                spans = [_span(each.text, each.points(share)) for each in found]
                return building.numeric(TextEntry(name, 0, "", "", True), spans), None
            longest = min(60, max(len(each.text) for each in found))
            worths = [Worth(each.text, each.points(share), exact) for each in found]
            return building.typed(TextEntry(name, longest, "", "", False), worths), None

        return write


def _span(text: str, points: Fraction) -> Span:
    low, dots, high = text.partition("..")
    if dots:
        ends = number(low), number(high)
        if ends[0] is not None and ends[1] is not None and ends[0] <= ends[1]:
            return Span(ends[0], ends[1], points, (ends[0] + ends[1]) / 2)
    else:
        middle, _, around = text.replace("+-", "±").partition("±")
        value, width = number(middle), number(around or "0")
        if value is not None and width is not None and width >= 0:
            return Span(value - width, value + width, points, value)
    raise FormatError("“{text}” is no number; write it like 5, 5 ± 0.1 or 4..6.", text=text[:60])


def _groups(tokens: list[Token]) -> list[list[Token]]:
    """The blocks of a text, each with all its tokens."""
    found: list[list[Token]] = []
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            found.append([])
        found[-1].append(token)
    return found


def _entries(group: list[Token]) -> list[str]:
    """The source of each entry of a list; of one with more than a line, only its first."""
    found: list[str] = []
    for index, token in enumerate(group):
        if token.type == "list_item_open" and token.level == 1:
            inside = group[index + 2] if group[index + 1].type == "paragraph_open" else None
            found.append(inside.content if inside else "")
        elif (
            (token.level == 2 and token.nesting >= 0)
            and (found and boxed(found[-1]))
            and group[index - 1].type != "list_item_open"
        ):
            raise FormatError("A choice has more than one paragraph; make it one.")
    return found


def _rows(group: list[Token]) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in group:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(token.content)
    return rows
