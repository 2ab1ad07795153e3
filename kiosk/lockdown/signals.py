"""What keys, devices and windows can show: its vocabulary, and the rules that make incidents.

1.  A key is known here by what it *does*: a modifier, a function key, Tab. Every key that
    types is :attr:`Key.TYPED`, and which one it was is not in any value of this module: so no
    text can be put together again from anything that is built on it.
2.  A combination becomes a :class:`Category` when its last key goes down, once: a key that
    is held, and so repeats, says nothing new.
3.  The first of its kind is told at once. More of them within a window are counted and told
    as one when the window ends; while they go on, the window doubles up to
    :data:`LONGEST_WINDOW_NS`. A stuck key or a loose plug cannot flood a record.
4.  A key-watch counts as watching only while its own generated key came back
    (:class:`Canary`). One that says nothing of itself is not believed.

Nothing here blocks or judges: an incident is for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final, NamedTuple

from exam_packages.clock import SECOND

# --- Keys ----------------------------------------------------------------------------------


class Key(Enum):
    """What a key does. Both keys of a pair are one: left and right Alt, say."""

    CONTROL = "control"
    ALT = "alt"
    SHIFT = "shift"
    SUPER = "super"
    TAB = "tab"
    ESCAPE = "escape"
    PRINT = "print"
    SYSTEM_REQUEST = "system request"
    DELETE = "delete"
    BACKSPACE = "backspace"
    FUNCTION = "function"
    POWER = "power"
    CONSOLE = "console"
    UNMAPPED = "unmapped"
    TYPED = "typed"


class Category(IntEnum):
    """What a combination of keys would do where nothing stops it. The numbers are frozen."""

    LEAVE_SCREEN = 1
    SWITCH_CONSOLE = 2
    PRINT = 3
    SYSTEM_REQUEST = 4
    RESTART = 5
    TERMINAL = 6
    POWER = 7


class Source(IntEnum):
    """What the keys are seen by. The numbers are frozen."""

    NONE = 0
    KERNEL = 1
    X_SERVER = 2
    TERMINAL = 3


class Watched(IntEnum):
    """How far the keys of a station are watched. The numbers are frozen."""

    NOT = 0
    UNVERIFIED = 1
    VERIFIED = 2


KERNEL_KEYS: Final[Mapping[int, Key]] = {
    **dict.fromkeys((29, 97), Key.CONTROL),
    **dict.fromkeys((56, 100), Key.ALT),
    **dict.fromkeys((42, 54), Key.SHIFT),
    **dict.fromkeys((125, 126), Key.SUPER),
    **dict.fromkeys((*range(59, 69), 87, 88), Key.FUNCTION),
    **dict.fromkeys((116, 142, 205), Key.POWER),
    15: Key.TAB,
    1: Key.ESCAPE,
    99: Key.PRINT,
    111: Key.DELETE,
    83: Key.DELETE,
    14: Key.BACKSPACE,
}
"""Key codes of Linux (``input-event-codes.h``). The key Print is SysRq with Alt (rule below)."""

X_KEYS: Final[Mapping[int, Key]] = {
    **dict.fromkeys((0xFFE3, 0xFFE4), Key.CONTROL),
    **dict.fromkeys((0xFFE9, 0xFFEA, 0xFE03, 0xFF7E, 0xFFE7, 0xFFE8), Key.ALT),
    **dict.fromkeys((0xFFE1, 0xFFE2), Key.SHIFT),
    **dict.fromkeys((0xFFEB, 0xFFEC), Key.SUPER),
    **dict.fromkeys((0xFF09, 0xFE20), Key.TAB),
    **dict.fromkeys(range(0xFFBE, 0xFFCA), Key.FUNCTION),
    **dict.fromkeys(range(0x1008FE01, 0x1008FE0D), Key.CONSOLE),
    **dict.fromkeys((0x1008FF2A, 0x1008FF21, 0x1008FF2F), Key.POWER),
    **dict.fromkeys((0xFFFF, 0xFF9F), Key.DELETE),
    0xFF1B: Key.ESCAPE,
    0xFF61: Key.PRINT,
    0xFF15: Key.SYSTEM_REQUEST,
    0xFF08: Key.BACKSPACE,
    0xFED5: Key.BACKSPACE,
    0: Key.UNMAPPED,
}
"""Key symbols of X (``keysymdef.h``, ``XF86keysym.h``); 0 is a key that has none."""


class Held(NamedTuple):
    """The keys that are down now."""

    keys: frozenset[Key] = frozenset()


def pressed(held: Held, key: Key) -> tuple[Held, Category | None]:
    """*key* went down, or repeats: what is held now, and what that amounts to, if anything."""
    if key in held.keys:
        return held, None
    return Held(held.keys | {key}), _category(held.keys, key)


def released(held: Held, key: Key) -> Held:
    """*key* went up."""
    return Held(held.keys - {key})


def _category(held: frozenset[Key], key: Key) -> Category | None:
    control, alt, shift = (each in held for each in (Key.CONTROL, Key.ALT, Key.SHIFT))
    match key:
        case Key.SUPER:
            return Category.LEAVE_SCREEN
        case Key.TAB if alt:
            return Category.LEAVE_SCREEN
        case Key.ESCAPE if alt or control:
            return Category.LEAVE_SCREEN
        case Key.CONSOLE:
            return Category.SWITCH_CONSOLE
        case Key.FUNCTION if alt:
            return Category.SWITCH_CONSOLE if control else Category.LEAVE_SCREEN
        case Key.PRINT:
            return Category.SYSTEM_REQUEST if alt else Category.PRINT
        case Key.SYSTEM_REQUEST:
            return Category.SYSTEM_REQUEST
        case Key.DELETE | Key.BACKSPACE if control and alt:
            return Category.RESTART
        case Key.POWER:
            return Category.POWER
        case Key.TYPED if control and shift:
            return Category.TERMINAL
    return None


_IN_TERMINAL: Final[Mapping[str, Key]] = {
    "tab": Key.TAB,
    "print_screen": Key.PRINT,
    "delete": Key.DELETE,
    "backspace": Key.BACKSPACE,
    **{
        f"{side}_{name}": Key.SUPER
        for side in ("left", "right")
        for name in ("super", "meta", "hyper")
    },
    **{f"f{number}": Key.FUNCTION for number in range(1, 13)},
}
_MODIFIERS: Final[Mapping[str, Key]] = {
    "ctrl": Key.CONTROL,
    "alt": Key.ALT,
    "shift": Key.SHIFT,
    "super": Key.SUPER,
    "meta": Key.SUPER,
}


def in_terminal(name: str) -> Category | None:
    """The category of a key as a terminal reports it, like ``alt+tab``.

    A terminal passes on what its own system left: often none of these. Ctrl+Shift with a
    letter is not told apart from editing here, nor Alt+Esc from Esc pressed twice: neither is
    reported.
    """
    *before, last = name.split("+")
    held = frozenset(_MODIFIERS[each] for each in before if each in _MODIFIERS)
    if Key.SUPER in held:
        return Category.LEAVE_SCREEN
    key = _IN_TERMINAL.get(last)
    return None if key is None else _category(held, key)


# --- What is told --------------------------------------------------------------------------


class Signal(NamedTuple):
    """Something seen: the code of its kind, and words that hold nothing anybody typed."""

    code: str
    words: str


KEYS: Final[Mapping[Category, Signal]] = {
    Category.LEAVE_SCREEN: Signal("keys-leave", "A key combination that leaves the exam’s screen"),
    Category.SWITCH_CONSOLE: Signal(
        "keys-console", "A key combination that switches to another console"
    ),
    Category.PRINT: Signal("keys-print", "The key that prints or copies the screen"),
    Category.SYSTEM_REQUEST: Signal("keys-system-request", "The system request key (SysRq)"),
    Category.RESTART: Signal(
        "keys-restart", "A key combination that restarts the computer or its session"
    ),
    Category.TERMINAL: Signal(
        "keys-terminal", "A key combination that terminal programs take for themselves"
    ),
    Category.POWER: Signal("keys-power", "A key that switches the computer off or to sleep"),
}

SEEN_BY: Final[Mapping[Source, str]] = {
    Source.NONE: "nobody",
    Source.KERNEL: "the key-watch",
    Source.X_SERVER: "the key-watch, through the X server",
    Source.TERMINAL: "the exam’s terminal",
}

WATCHED_WORDS: Final[Mapping[Watched, str]] = {
    Watched.NOT: "Keys not watched",
    Watched.UNVERIFIED: "Keys not verified",
    Watched.VERIFIED: "Keys watched",
}


def of_keys(category: Category, source: Source) -> Signal:
    """What is told of a combination."""
    code, words = KEYS[category]
    return Signal(code, f"{words} was pressed (seen by {SEEN_BY[source]}).")


IDLE_S: Final = 600
"""Without a key for so long, that is told: reading a case takes minutes."""


def of_idle(before_s: int, now_s: int) -> Signal | None:
    """What is told when the time without a key went from *before_s* to *now_s* seconds."""
    if before_s < IDLE_S <= now_s:
        return Signal("keys-idle", f"No key was pressed for {IDLE_S // 60} minutes.")
    if before_s >= IDLE_S > now_s:
        return Signal("keys-active", "Keys are pressed again.")
    return None


def of_focus(on: bool) -> Signal:
    """What is told when the exam's window lost the keyboard, or has it back."""
    if on:
        return Signal("focus-back", "The exam has the keyboard again.")
    return Signal("focus-lost", "Another window took the keyboard from the exam.")


# --- Merging -------------------------------------------------------------------------------

FIRST_WINDOW_NS: Final = 30 * SECOND
LONGEST_WINDOW_NS: Final = 600 * SECOND
MAX_KINDS: Final = 64
"""Different words that are merged apart from each other; more share one line for each code."""


@dataclass
class _Window:
    until_ns: int
    length_ns: int
    count: int = 0


@dataclass
class Merger:
    """Rule 3 above: what to tell of many signals. Its state is all here; time comes in."""

    _windows: dict[Signal, _Window] = field(default_factory=dict)

    def see(self, signal: Signal, now_ns: int, count: int = 1) -> list[Signal]:
        """*signal* came, so many times: what is to be told now, oldest first."""
        told = self.due(now_ns)
        if signal not in self._windows and len(self._windows) >= MAX_KINDS:
            signal = Signal(signal.code, "More of the same kind.")
        window = self._windows.get(signal)
        if window is not None:
            window.count += count
            return told
        self._windows[signal] = _Window(now_ns + FIRST_WINDOW_NS, FIRST_WINDOW_NS, count - 1)
        return [*told, signal]

    def due(self, now_ns: int) -> list[Signal]:
        """What is to be told because windows ended."""
        told = []
        for signal, window in list(self._windows.items()):
            if now_ns < window.until_ns:
                continue
            if not window.count:
                del self._windows[signal]
                continue
            told.append(_again(signal, window))
            window.length_ns = min(LONGEST_WINDOW_NS, window.length_ns * 2)
            window.until_ns, window.count = now_ns + window.length_ns, 0
        return told

    def rest(self) -> list[Signal]:
        """What was counted and not yet told: before a record closes. Forgets everything."""
        told = [_again(signal, each) for signal, each in self._windows.items() if each.count]
        self._windows.clear()
        return told


def _again(signal: Signal, window: _Window) -> Signal:
    times = "once more" if window.count == 1 else f"{window.count} times more"
    within = window.length_ns // SECOND
    return Signal(signal.code, f"{signal.words} That was seen {times} within {within} s.")


# --- The proof that a watch sees anything --------------------------------------------------

CANARY_NS: Final = 30 * SECOND
"""Between two generated keys, while they come back."""
CANARY_AGAIN_NS: Final = SECOND
"""One that did not come back yet is generated again after this: a listener may just begin."""
CANARY_PATIENCE_NS: Final = 3 * SECOND
"""Within this one of them must come back."""


@dataclass
class Canary:
    """One keyboard's proof: a generated key went out, and came back, or did not."""

    asked_ns: int = -CANARY_NS
    """Since when one is waited for, or was."""
    sung_ns: int = -CANARY_NS
    """When the last was generated."""
    waiting: bool = False
    watched: Watched | None = None
    """``None`` until the first came back, or did not: a keyboard just plugged in."""

    def due(self, now_ns: int) -> bool:
        """Whether it is time for the next."""
        proved = self.watched is Watched.VERIFIED and not self.waiting
        return now_ns - self.sung_ns >= (CANARY_NS if proved else CANARY_AGAIN_NS)

    def ask(self, now_ns: int) -> None:
        """A key is about to be generated."""
        if not self.waiting:
            self.asked_ns, self.waiting = now_ns, True
        self.sung_ns = now_ns

    def heard(self) -> None:
        """The generated key came back."""
        if self.waiting:
            self.waiting, self.watched = False, Watched.VERIFIED

    def look(self, now_ns: int) -> None:
        """Time passed: a key that did not come back proves the contrary."""
        if self.waiting and now_ns - self.asked_ns >= CANARY_PATIENCE_NS:
            self.waiting, self.watched = False, Watched.UNVERIFIED
