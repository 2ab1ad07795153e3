"""Item text on the screen: harmless characters first, then lines of styled content.

Everything an author wrote, a roster names or an invigilator types passes through
:func:`harmless` and becomes :class:`textual.content.Content` (never markup), so that
none of it can be taken for a command by Textual or by the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions

from exam_packages.content import text as rich
from exam_packages.content.items import InlineChoice, TextEntry
from kiosk import linebreaks
from kiosk.widgets.picture import Cells

linebreaks.install()  # for every word that is ever shown

MAX_MARKS = 4
"""Combining marks kept on one character: enough for any language, not for a tower."""

# Marks that reorder or hide text: bidirectional controls, zero-width characters, soft
# hyphens, variation selectors, interlinear annotations, tags. The zero-width joiners
# are among them: a terminal draws them as it likes, and a candidate cannot see them.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# Control bytes can drive a terminal; surrogates cannot even be written to it.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\r\u0085\u2028\u2029\x0b\x0c]")
_PLAIN = re.compile(r"[\n\x20-\x7e]*")


_WIDE = re.compile("[\u2e80-\uffef]")
SHORT_WORD, LEAST_COMPANY = 12, 30
"""Cells of a word that is lost on a line of its own, and of a line where that matters."""


def harmless(text: str, *, lines: bool = False) -> str:
    """*text* without a character that could drive the terminal or deceive the eye.

    A control character becomes U+FFFD, so that nobody overlooks it; a hidden mark is
    left out. With *lines*, new lines stay; else they become spaces.
    """
    if not _PLAIN.fullmatch(text):
        text = _LINE_ENDS.sub("\n", text)
        text = text.replace("\t", "    ")
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
        text = _HIDDEN.sub("", text)
        text = _without_towers(text)
    return text if lines else text.replace("\n", " ")


def _without_towers(text: str) -> str:
    if text.isascii():
        return text
    kept = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def plain(text: str, style: str = "") -> Content:
    """One line of harmless text."""
    return Content.styled(harmless(text), style) if style else Content(harmless(text))


Gaps = Mapping[str, tuple[str, str]]
"""What stands in each gap: its label, and its answer so far (empty when none); of hot words
their mark (``☑``), and whether they are chosen (any words, or none)."""

Pictures = Callable[[str], Cells | str | None]
"""A picture by its media name at a width: cells, a sentence why not, or not yet."""

HIGHLIGHTED, SELECTED = 1 << 7, 1 << 8
"""Styles of text that only a screen gives: no paper has them."""
NUMBERED = 9
"""Above these bits a style has the number of its word, and one: only where the mouse looks for
words, never where they are painted."""
SELECTED_STYLE = "bold underline $ground on $mark"

_SUBSCRIPT = dict(
    zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
_SUPERSCRIPT = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyz",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ",
        strict=True,
    )
)

PLACE = "place"
"""The meta key under which a run of text says which blank or hot words it is."""
STRUCK = "struck"
"""How hot words stand that are struck out, beside their mark."""
WORD = "word"
"""The meta key under which a word says its number."""


def inline(inlines: Sequence[rich.Inline], gaps: Gaps | None = None) -> Content:
    """A run of inlines as content; pictures by their alternative text."""
    parts = [_inline(each, gaps or {}) for each in inlines]
    return Content("").join(parts) if parts else Content("")


def _inline(each: rich.Inline, gaps: Gaps) -> Content:
    match each:
        case rich.Text(text=text, style=style):
            return _text(text, style)
        case rich.Break():
            return Content("\n")
        case rich.Picture(alt=alt):
            return plain(f"[{alt}]", "italic")
        case rich.Gap(response=response):
            return _gap(*gaps.get(response, ("", "")))
        case rich.Blank(identifier=identifier):
            return _place(_gap(*gaps.get(identifier, ("", ""))), identifier)
        case rich.HotWords(identifier=identifier, inlines=inner):
            mark, chosen = gaps.get(identifier, ("○", ""))
            words = Content.assemble("[", mark, " ") + inline(inner, gaps) + Content("]")
            looks = "strike $quiet" if chosen == STRUCK else "bold $mark" if chosen else "underline"
            return _place(words.stylize(looks), identifier)
        case rich.Formula(text=text):
            return plain(text)
        case rich.Ruby(inlines=inner, reading=reading):
            return inline(inner, gaps) + plain(f"({reading})", "$quiet")
        case rich.Term(inlines=inner):
            return inline(inner, gaps).stylize("underline") + Content("*")
        case rich.When(inlines=inner):
            return inline(inner, gaps)
        case rich.Printed(identifier=identifier):
            return plain(f"{{{identifier}}}")


def _place(content: Content, identifier: str) -> Content:
    """*content*, which can be found again in lines as the place *identifier*."""
    return content.stylize(Style.from_meta({PLACE: identifier}))


def _text(text: str, style: int) -> Content:
    text = harmless(text)
    if style & rich.SUBSCRIPT:
        text = _shifted(text, _SUBSCRIPT, "_")
    if style & rich.SUPERSCRIPT:
        text = _shifted(text, _SUPERSCRIPT, "^")
    words = [
        word
        for bit, word in (
            (rich.BOLD, "bold"),
            (rich.ITALIC, "italic"),
            (rich.UNDERLINE, "underline"),
            (rich.CODE, "$mark"),
            (rich.STRIKE, "strike"),
            (HIGHLIGHTED, "$ground on $attention"),
            (SELECTED, SELECTED_STYLE),
        )
        if style & bit
    ]
    content = Content.styled(text, " ".join(words)) if words else Content(text)
    number = style >> NUMBERED
    return content.stylize(Style.from_meta({WORD: number - 1})) if number else content


def _shifted(text: str, characters: Mapping[str, str], sign: str) -> str:
    """*text* set lower or higher: never as if it stood on the line, which ``10ⁿ`` does not."""
    if all(character in characters for character in text):
        return "".join(characters[character] for character in text)
    return f"{sign}({text})" if text.strip() else text


def _gap(name: str, answer: str) -> Content:
    shown = plain(answer) if answer else Content("________")
    label = f"({name}) " if name else ""
    return Content.assemble((label, "bold $mark"), shown.stylize("bold underline $mark"))


def wrap(content: Content, width: int, first: Content | str = "", rest: str = "") -> list[Content]:
    """*content* in lines of at most *width* cells, *first* before the first of them.

    The further lines are set in by *rest*, or by as much as *first* is wide. A space that must not
    break does not, and no short word stands alone on the last line where there is room for two.
    """
    head = Content(first) if isinstance(first, str) else first
    if rest:
        lines = _lines(head + content, width - cell_len(rest))
        return [line if number == 0 else Content(rest) + line for number, line in enumerate(lines)]
    indent = Content(" " * head.cell_length)
    lines = _lines(content, width - head.cell_length)
    return [(head if number == 0 else indent) + line for number, line in enumerate(lines)]


def _lines(content: Content, width: int) -> list[Content]:
    if not content.plain:
        return [Content("")]
    return _in_company(content, content.wrap(max(4, width)), width)


def _in_company(whole: Content, lines: list[Content], width: int) -> list[Content]:
    """*lines* of *whole*, the last of them with a word more where it was a short one alone."""
    if len(lines) < 2 or width < LEAST_COMPANY:
        return lines
    before, last = lines[-2].plain.rstrip(), lines[-1].plain.rstrip()
    kept, _space, taken = before.rpartition(" ")
    together = f"{taken} {last}"
    if " " in last or not 0 < cell_len(last) <= SHORT_WORD or _WIDE.search(taken):
        return lines
    if cell_len(together) > width // 2 or cell_len(kept) < width // 2:
        return lines
    text = whole.plain.rstrip()
    if not text.endswith(together):  # it was a new line of the author's, or one word cut in two
        return lines
    end = len(text) - len(together)
    return [*lines[:-2], lines[-2][: len(kept.rstrip())], whole[end : len(text)]]


class Flow(Content):
    """A paragraph of our own words, in lines as :func:`wrap` makes them."""

    def get_height(self, rules: RulesMap, width: int) -> int:
        return len(wrap(self, width))

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        whole = Content("\n").join(wrap(self, width))
        return whole.render_strips(width, height, style, options)


def pad(content: Content, width: int) -> Content:
    """*content* filled with spaces to *width* cells."""
    missing = width - content.cell_length
    return content.pad_right(missing) if missing > 0 else content


def fit(text: str, width: int) -> str:
    """*text* shortened with an ellipsis to at most *width* cells."""
    text = harmless(text)
    if cell_len(text) <= width:
        return text
    return Content(text).truncate(max(1, width), ellipsis=True).plain


def plain_answer(interaction: TextEntry | InlineChoice, members: Sequence[str]) -> str:
    """What stands in a gap: the typed words, or the words of the choice."""
    if not members:
        return ""
    if isinstance(interaction, TextEntry):
        return fit(members[0], 40)
    for choice in interaction.choices:
        if choice.identifier == members[0]:
            return fit(rich.plain_inlines(choice.body), 40)
    return ""
