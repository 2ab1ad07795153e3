"""What a terminal sends, sorted: keys, mouse and pastes go on, all the rest goes nowhere.

A terminal mixes what a person types with reports of its own, and a report that is cut,
belongs to another protocol or answers what nobody asked must not be typed into an answer
(Textual's own reader types what it does not know, #6573). So the stream is first cut into
the sequences of ECMA-48: what is no sequence is text, a sequence is passed on whole or
left out whole. Nothing here grows with what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kiosk.graphics.detect import REPLY

MAX_SEQUENCE: Final = 32
"""Characters of a sequence that can still be a key or the mouse; Textual looks no further."""
MAX_PASTE: Final = 120_000
"""Characters kept of a paste: more than any answer takes."""
MOST_PAUSES: Final = 10
"""Pauses after which a paste that was not ended is taken as it is."""
MOST_TYPED: Final = 64
"""Characters without a pause that can still be typing; more are a paste without brackets."""

_ESC = "\x1b"
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
_CARRY = len(_PASTED) - 1
_STRINGS = "]PX^_"
"""Openers of strings (OSC, DCS, SOS, PM, APC): replies of a terminal, never keys."""
_RUN = re.compile("[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]" + f"{{{MOST_TYPED + 1},}}")
_C1 = re.compile("[\x80-\x9f]")

_MOUSE = re.compile(r"\x1b\[<\d{1,3};[1-9]\d{0,3};[1-9]\d{0,3}[Mm]")
_MOVED = re.compile(r"\x1b\[<3[2-5];")
_KITTY = re.compile(r"\x1b\[[\d:;]*u")
_REFUSED = re.compile(
    r"\x1b\[(?:"
    r"<.*|M.*|\d+;\d+;\d+M"  # the mouse in any form but the one above
    r"|\d+;\d+R"  # a cursor's place, which Textual takes for the origin of the mouse
    r"|48;.*t|\?(?!2026;[1-4]\$y).*"  # sizes and modes; the kernel tells the size
    r")\Z",
    re.DOTALL,
)


@dataclass(frozen=True)
class Pasted:
    """Text that came at once; at most :data:`MAX_PASTE` characters of it."""

    text: str


class Escape:
    """The Esc key: an escape that nothing followed."""


@dataclass(frozen=True)
class Reply:
    """An answer of the terminal to a question of :mod:`kiosk.graphics.detect`, perhaps."""

    text: str


Token = str | Pasted | Escape | Reply


class Keyboard:
    """Sorts the characters of a terminal, chunk by chunk.

    :meth:`feed` takes what came; :meth:`pause` says that nothing came for a while. A
    sequence that was not finished by then is given up: terminals send theirs whole.
    """

    def __init__(self) -> None:
        self._open = ""
        """A sequence that has begun. Of one too long for a key only the beginning stays."""
        self._paste: list[str] | None = None
        self._pasted = 0
        self._pauses = 0
        self._tail = ""
        self._flood = False

    def feed(self, text: str) -> list[Token]:
        """Sort *text*: runs of text, sequences that may be keys, pastes."""
        found: list[Token] = []
        for token in self._sort(text):
            moved = isinstance(token, str) and _MOVED.match(token)
            if moved and found and isinstance(last := found[-1], str) and _MOVED.match(last):
                found[-1] = token  # where the mouse was on its way matters to nobody
            else:
                found.append(token)
        return found

    def pause(self) -> list[Token]:
        """Nothing came for a while."""
        self._flood = False
        if self._paste is not None:  # its end may be lost: keys must not be swallowed for ever
            self._pauses += 1
            return [self._end_paste(self._tail)] if self._pauses >= MOST_PAUSES else []
        alone = self._open == _ESC
        self._open = ""
        return [Escape()] if alone else []

    def _sort(self, text: str) -> Iterator[Token]:
        at = 0
        while at < len(text):
            if self._paste is not None:
                self._pauses = 0
                whole = self._tail + text[at:]
                end = whole.find(_PASTED)
                if end < 0:
                    self._keep(whole[:-_CARRY])
                    self._tail = whole[-_CARRY:]
                    return
                at = len(text) - (len(whole) - end - len(_PASTED))
                yield self._end_paste(whole[:end])
            elif self._open:
                character = text[at]
                at += 1
                yield from self._follow(character)
            elif text[at] == _ESC:
                self._open = _ESC
                self._flood = False
                at += 1
            else:
                end = text.find(_ESC, at)
                end = len(text) if end < 0 else end
                yield from self._typed(text[at:end])
                self._flood = self._flood and end == len(text)
                at = end

    def _typed(self, run: str) -> Iterator[Token]:
        """Text outside any sequence."""
        run = _C1.sub("", run)
        if self._flood:
            yield Pasted(run)
            return
        at = 0
        for flood in _RUN.finditer(run):
            if flood.start() > at:
                yield run[at : flood.start()]
            yield Pasted(flood.group())
            at = flood.end()
            self._flood = at == len(run)
        if at < len(run):
            yield run[at:]

    def _follow(self, character: str) -> Iterator[Token]:
        """One more character of the sequence that is open."""
        before = self._open
        if character == _ESC and not self._in_string:
            self._open = _ESC
            if before == _ESC:
                yield Escape()
            return
        if len(before) <= MAX_SEQUENCE:
            self._open += character
        elif self._in_string:
            self._open = before[:2] + before[3:] + character  # its end may be two characters
        if not self._in_string and (character < " " or character > "~") and before != "\x1b[M":
            self._open = ""  # no part of a sequence: somebody's key
            yield from self._typed(character)
        elif self._complete(character):
            whole, self._open = self._open, ""
            if whole == _PASTE:
                self._paste = []
            elif REPLY.fullmatch(whole):
                yield Reply(whole)
            elif _may_be_key(whole):
                yield whole

    @property
    def _in_string(self) -> bool:
        return len(self._open) > 1 and self._open[1] in _STRINGS

    def _complete(self, last: str) -> bool:
        open_ = self._open
        match open_[1]:
            case "[" if open_[2:3] == "M":
                return len(open_) == 6  # three characters follow, whichever they are
            case "[" if open_[2:3] == "[":
                return len(open_) == 4  # a function key of the Linux console
            case "[":
                return len(open_) > 2 and "@" <= last <= "~"
            case "O":
                return len(open_) > 2 and not (last.isdigit() or last == ";")
            case kind if kind in _STRINGS:
                return last in "\x07\x18\x1a\x9c" or open_.endswith("\x1b\\")
            case _:
                return last >= "0"

    def _keep(self, text: str) -> None:
        text = text[: MAX_PASTE - self._pasted]
        self._pasted += len(text)
        if self._paste is not None and text:
            self._paste.append(text)

    def _end_paste(self, rest: str) -> Pasted:
        self._keep(rest)
        text = "".join(self._paste or ())
        self._paste, self._pasted, self._tail = None, 0, ""
        return Pasted(text)


def _may_be_key(sequence: str) -> bool:
    """Whether a whole sequence can be a key, or the mouse in the form that was asked for."""
    if len(sequence) > MAX_SEQUENCE or sequence[1] in _STRINGS or sequence == _PASTED:
        return False
    if _MOUSE.fullmatch(sequence):
        return True
    if _KITTY.fullmatch(sequence):
        code, _, rest = sequence[2:-1].partition(";")
        text = rest.partition(";")[2]
        numbers = [*code.split(":"), *text.split(":")]
        return all(_is_character(int(each)) for each in numbers if each)
    return _REFUSED.match(sequence) is None


def _is_character(code: int) -> bool:
    return code < 0x80 or (code <= 0x10FFFF and not 0xD800 <= code < 0xE000)
