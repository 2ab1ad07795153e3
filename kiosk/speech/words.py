"""What is read aloud: from what stands on the screen to words, signs and all.

What the form's author wrote is read in the exam's language, our own words in the language of
the interface. A widget that knows better than its lines how it reads has a method
``spoken()``, which gives those words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from exam_packages.content import text as rich
from exam_packages.language import _, in_use, ngettext, say
from kiosk.screens import standing
from kiosk.screens.before import Rules
from kiosk.screens.calculator import Keypad
from kiosk.screens.exam import ExamScreen
from kiosk.screens.navigator import QuestionRows
from kiosk.speech.voice import Piece
from kiosk.widgets.bars import Bar, Notice
from kiosk.widgets.blocks import block_lines
from kiosk.widgets.button import PushButton
from kiosk.widgets.hottext import HottextRows
from kiosk.widgets.lines import Lines, Row, Rows
from kiosk.widgets.match import MatchRows
from kiosk.widgets.order import OrderRows
from kiosk.widgets.question import Question
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.striking import StrikingRows
from kiosk.widgets.text import Gaps, Pictures, harmless, inline

if TYPE_CHECKING:
    from kiosk.client import Client

_DRAWN = re.compile("[\u2500-\u259f]+|[·→←]")
"""Lines, blocks and shades: a table's rules, a picture's cells. And dots and arrows between
words, which a voice would name."""
_COLUMNS = re.compile(" {2,}")
_BLANK = re.compile("_{3,}")
_POINT = "•"
_READ = "#body Static, #body Lines, #body PushButton, #body Input, #body TextArea"


def _signs() -> dict[str, str]:
    return {
        "●": _("chosen"),
        "☑": _("chosen"),
        "○": _("not chosen"),
        "☐": _("not chosen"),
        "↕": _("picked up"),
        "▾": _("closed list"),
        "▴": _("open list"),
        "⚑": _("flagged"),
        "✕": _("struck out"),
    }


def here(screen: Screen[object], content: str) -> list[Piece]:
    """What has the focus on *screen*; *content* is the exam's language."""
    widget = screen.focused
    if widget is None or not widget.is_mounted:
        return []
    return _joined(_widget(widget, _language(widget, content)))


def whole(screen: Screen[object], content: str) -> list[Piece]:
    """All there is to read on *screen*, from its head to its buttons."""
    pieces: list[Piece] = []
    if isinstance(screen, ExamScreen) and screen.course is not None:
        pieces += _place(screen)
        shown: Iterable[Widget] = [
            *screen.query("#correction Static").results(Widget),
            *screen.query_one(Question).standing,
        ]
        if screen.query_one("#exhibit").display:
            shown = [*shown, *screen.query("#exhibit-sheet").results(Widget)]
    else:
        shown = screen.query(_READ).results(Widget)
    for widget in shown:
        if _visible(widget, screen):
            pieces += _all_of(widget, _language(widget, content))
    return _joined(pieces)


def typed(before: str, after: str) -> str | None:
    """What to echo when a typed text changed: what was added, or that something went."""
    if after.startswith(before):
        return after[len(before) :]
    if len(after) < len(before):
        return _("deleted")
    return None


def text_of(widget: Widget | None) -> str | None:
    """The text that is being typed, where *widget* takes typing."""
    if isinstance(widget, Input):
        return widget.value
    return widget.text if isinstance(widget, TextArea) else None


def own(text: str) -> Piece:
    """Our own words."""
    return Piece(in_use(), text)


def _place(screen: ExamScreen) -> list[Piece]:
    """Which question this is, and the time left."""
    client: Client = screen.client
    _title, (where, count) = screen.title_lines()
    where_said = where.plain.translate(dict.fromkeys(map(ord, "⚑✕✓")))
    pieces = [own(where_said), own(count.plain)]
    left = client.view.left_ms()
    scope, first = client.view.soonest()
    if scope and not screen.practice and not client.time_hidden:
        pieces.append(own(say(standing.of_scope(scope), time=standing.spell(first // 1000))))
    if left is not None and not screen.practice and not client.time_hidden:
        pieces.append(own(say("{time} left", time=standing.spell(left // 1000))))
    return pieces


def _language(widget: Widget, content: str) -> str:
    """The language of what *widget* shows: an author's or our own."""
    inside = any(isinstance(each, Question) or each.id == "exhibit" for each in widget.ancestors)
    return content if inside or widget.id in ("exhibit", "rules") else in_use()


def _visible(widget: Widget, screen: Screen[object]) -> bool:
    shown = all(each.display for each in (widget, *widget.ancestors) if isinstance(each, Widget))
    return (
        shown
        and not isinstance(widget, Bar | Notice)
        and widget.id not in ("small", "more", "left")
    )


def _widget(widget: Widget, language: str) -> list[Piece]:
    """What has the focus: of rows, the one under the cursor."""
    spoken = getattr(widget, "spoken", None)
    if callable(spoken):
        return [own(spoken())]
    match widget:
        case MatchRows():
            return _match(widget, language)
        case HottextRows():
            return _hot_words(widget, language)
        case OrderRows():
            return [*_under_cursor(widget, language), own(widget._count())]
        case Rows():
            return _under_cursor(widget, language)
        case PushButton():
            return [own(widget.label), own(_("button"))]
        case Input():
            said = widget.value or _("empty")
            return [own(_label(widget)), own(_("text field")), Piece(language, said)]
        case TextArea():
            words = ngettext("{n} word", "{n} words", len(widget.text.split()))
            line = widget.document.get_line(widget.cursor_location[0])
            return [own(_("text field")), own(words), Piece(language, line)]
        case _ if widget.id == "exhibit":
            lines = [each for sheet in widget.query(Lines) for each in _lines(sheet, language)]
            return [own(_("Exhibit")), *lines]
        case _:
            return _all_of(widget, language)


def _under_cursor(widget: Rows, language: str) -> list[Piece]:
    rows = [row for row in widget._rows if row.key == widget.cursor and row.active]
    return [piece for row in rows for piece in _row(widget, row, language)]


def _all_of(widget: Widget, language: str) -> list[Piece]:
    """Everything a widget shows."""
    match widget:
        case Keypad():
            return []  # its keys are on the keyboard
        case Rows():
            rows = widget.rows(_width(widget))
            return [piece for row in rows for piece in _row(widget, row, language)]
        case Lines():
            return _lines(widget, language)
        case PushButton() | Input() | TextArea():
            return _widget(widget, language)
        case Static() if widget.id == "code":  # to be written down: letter by letter
            groups = str(widget.content).split("-")
            return [own(", ".join(" ".join(group) for group in groups))]
        case Static():
            return [Piece(language, str(widget.content))]
        case _:
            children = [each for each in widget.children if _visible(each, widget.screen)]
            return [piece for each in children for piece in _all_of(each, language)]


def _width(widget: Lines) -> int:
    """The width *widget* is laid out for; one that it could be, before it is."""
    return widget.content_size.width or 76


def _lines(widget: Lines, language: str) -> list[Piece]:
    """The paragraphs that *widget* shows, the rows of a table each by itself."""
    width = _width(widget)
    if isinstance(widget, Rules):
        said = [own(f"{name}: {words}") for name, words in widget.rows]
        instructions = widget.paper.instructions if widget.paper is not None else ()
        return [*said, *_blocks(instructions, width, language)]
    if isinstance(widget, Sheet):
        return _blocks(widget.blocks, width, language, gaps=widget.gaps, pictures=widget.pictures)
    return _paragraphs(widget.build(width), language)


def _blocks(
    blocks: Iterable[rich.Block],
    width: int,
    language: str,
    *,
    gaps: Gaps | None = None,
    pictures: Pictures | None = None,
) -> list[Piece]:
    pieces: list[Piece] = []
    for block in blocks:
        if isinstance(block, rich.Table):
            read = [
                [_plain(inline(cell.inlines, gaps or {}).plain) for cell in row]
                for row in block.rows
            ]
            rows = [", ".join(filter(None, row)) for row in read]
            pieces += [Piece(language, each) for each in (harmless(block.caption), *rows)]
        else:
            lines = block_lines((block,), width, gaps=gaps or {}, pictures=pictures)
            pieces += _paragraphs(lines, language)
    return pieces


def _paragraphs(lines: Iterable[Content], language: str) -> list[Piece]:
    """An empty line ends a paragraph, and so does a point of a list."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        text = _plain(line.plain)
        if not text or text.startswith(_POINT):
            paragraphs.append([])
        paragraphs[-1].append(text.removeprefix(_POINT).strip())
    return [Piece(language, " ".join(filter(None, each))) for each in paragraphs if any(each)]


def _row(widget: Rows, row: Row, language: str) -> list[Piece]:
    """A row: its words, then what its signs say."""
    text = " ".join(line.plain.strip() for line in row.lines)
    if not row.active and row.key == "?":
        language = in_use()  # a hint is ours
    if isinstance(widget, QuestionRows):
        text = text.replace("✎", f", {_('note')}, ")
    states = []
    for sign, word in _signs().items():
        if sign in text:
            text = text.replace(sign, " ")
            states.append(word)
    words = [Piece(language, _plain(_COLUMNS.sub(", ", text.strip())))]
    if isinstance(widget, QuestionRows) or not row.active:
        return words  # the words beside the signs say it already
    return [*words, *(own(word) for word in states)]


def _match(widget: MatchRows, language: str) -> list[Piece]:
    """The cell of a grid under the cursor: its row, its column, whether they are paired."""
    sources = [each for each in widget.interaction.sources if each.identifier == widget.cursor]
    if widget._grid is None or not sources:
        rows = [row for row in widget._rows if row.key == widget.cursor]
        return [piece for row in rows for piece in _row(widget, row, language)]
    source, target = sources[0], widget.interaction.targets[widget.column]
    words = f"{inline(source.body).plain}: {inline(target.body).plain}"
    return [Piece(language, words), own(_state(widget, widget.under_cursor() or ""))]


def _hot_words(widget: HottextRows, language: str) -> list[Piece]:
    """The words of a text under the cursor, and whether they are chosen."""
    return [
        piece
        for part in rich.walk(widget.interaction.body)
        if isinstance(part, rich.HotWords) and part.identifier == widget.cursor
        for piece in (
            Piece(language, harmless(rich.plain_inlines(part.inlines))),
            own(_state(widget, part.identifier)),
        )
    ]


def _state(widget: StrikingRows, name: str) -> str:
    if widget.is_struck(name):
        return _("struck out")
    return _("chosen") if widget.is_answer(name) else _("not chosen")


def _label(field: Input) -> str:
    """What stands before a field."""
    labels = [each for each in field.siblings if isinstance(each, Static)]
    return str(labels[0].content) if labels and labels[0].has_class("label") else ""


def _plain(text: str) -> str:
    """*text* as it is spoken: no drawn lines, and a gap by its name."""
    text = " ".join(_BLANK.sub(" " + _("empty") + " ", _DRAWN.sub(", ", text)).split())
    return re.sub(r"[, ]*,", ",", text).strip(", ")


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one language as one piece, each part ending like a sentence."""
    joined: list[Piece] = []
    for piece in pieces:
        text = piece.text.strip()
        if not text:
            continue
        if text[-1] not in ".!?:;。！？：；":
            text += "."
        if joined and joined[-1].language == piece.language:
            joined[-1] = Piece(piece.language, f"{joined[-1].text} {text}")
        else:
            joined.append(Piece(piece.language, text))
    return joined
