"""The marks that our Markdown adds: boxes before choices, and gaps in braces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from exam_packages.formats.errors import FormatError
from exam_packages.formats.html import mark
from exam_packages.rules.numbers import number

MAX_GAPS = 200
MAX_GAP = 4_000
"""Characters in one gap."""
RIGHT, WRONG = "x", " "

_BOX = re.compile(
    r"\[( |x|X|([+-]?[0-9]{1,6}(?:\.[0-9]{1,6})?)(?:/([1-9][0-9]{0,5}))?)\](?:[ \t]+|$)"
)
_ESSAY = re.compile(r"\{essay(?:[ \t]+([0-9]{1,3}))?\}")
_STARTS = ("{=", "{#", "{[")


@dataclass(frozen=True, slots=True)
class Boxed:
    """What stands after a box: right, wrong, or worth so many points."""

    worth: str | Fraction
    text: str

    def points(self, share: Fraction) -> Fraction:
        if isinstance(self.worth, Fraction):
            return self.worth
        return share if self.worth == RIGHT else Fraction(0)


def boxed(text: str) -> Boxed | None:
    """*text* after its box, or ``None`` when it does not begin with one."""
    found = _BOX.match(text)
    if found is None:
        return None
    rest = text[found.end() :].strip()
    if found[2] is None:
        return Boxed(found[1].lower(), rest)
    worth = number(found[2])
    return None if worth is None else Boxed(worth / int(found[3] or 1), rest)


def essay_lines(text: str) -> int | None:
    """The lines of an essay's field, when *text* asks for one and for nothing else."""
    found = _ESSAY.fullmatch(text.strip())
    return int(found[1] or 15) if found else None


def _gap(state: StateInline, silent: bool) -> bool:
    """Markdown-it's rule for a gap: its text is kept in ``env``, a mark stands for it."""
    if not state.src.startswith(_STARTS, state.pos):
        return False
    end = _end(state.src, state.pos)
    if end < 0:
        return False
    gaps: list[str] = state.env.setdefault("gaps", [])
    if len(gaps) >= MAX_GAPS:
        raise FormatError("The text has more than {limit} gaps; split it.", limit=MAX_GAPS)
    if not silent:
        state.push("gap", "", 0).content = mark(len(gaps))
        gaps.append(state.src[state.pos + 1 : end])
    state.pos = end + 1
    return True


def _render_gap(self: object, tokens: Sequence[Token], at: int, *_: object) -> str:
    return tokens[at].content


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


PLAIN = _parser()
"""Reads Markdown in which braces are text."""
WITH_GAPS = _parser()
"""Reads Markdown with gaps; what stands in their braces is in ``env["gaps"]`` afterwards."""
WITH_GAPS.inline.ruler.before("escape", "gap", _gap)
WITH_GAPS.add_render_rule("gap", _render_gap)


def _end(text: str, start: int) -> int:
    at = start
    limit = start + MAX_GAP
    while (at := text.find("}", at + 1, limit)) >= 0:
        if text[at - 1] != "\\":
            return at
    return -1


def alternatives(text: str) -> list[Boxed]:
    """The answers in a gap, between bars; one without a box is right."""
    found = []
    for piece in _split(text):
        answer = boxed(piece.strip()) or Boxed(RIGHT, piece.strip())
        plain = re.sub(r"\\([|}\\\[])", r"\1", answer.text)
        if not plain:
            raise FormatError("A gap has an empty answer; write one, or leave the bar out.")
        found.append(Boxed(answer.worth, plain))
    return found


def _split(text: str) -> list[str]:
    found, kept = [], ""
    for piece in text.split("|"):
        kept += piece
        if piece.endswith("\\") and not piece.endswith("\\\\"):
            kept += "|"
        else:
            found.append(kept)
            kept = ""
    return [*found, kept] if kept else found
