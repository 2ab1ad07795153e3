"""Which combinations count, how many are told, and that nothing typed is in any of it."""

from __future__ import annotations

import string
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.clock import SECOND
from kiosk.ipc.keywatch import FromKeyWatch
from kiosk.lockdown.signals import (
    CANARY_AGAIN_NS,
    CANARY_NS,
    CANARY_PATIENCE_NS,
    IDLE_S,
    KERNEL_KEYS,
    LONGEST_WINDOW_NS,
    MAX_KINDS,
    X_KEYS,
    Canary,
    Category,
    Held,
    Key,
    Merger,
    Signal,
    Source,
    Watched,
    in_terminal,
    of_idle,
    of_keys,
    pressed,
    released,
)


def _combination(*keys: Key) -> list[Category]:
    held, found = Held(), []
    for key in keys:
        held, category = pressed(held, key)
        found += [category] if category is not None else []
    return found


@pytest.mark.parametrize(
    ("keys", "category"),
    [
        ((Key.ALT, Key.TAB), Category.LEAVE_SCREEN),
        ((Key.ALT, Key.SHIFT, Key.TAB), Category.LEAVE_SCREEN),
        ((Key.SUPER,), Category.LEAVE_SCREEN),
        ((Key.CONTROL, Key.ESCAPE), Category.LEAVE_SCREEN),
        ((Key.ALT, Key.FUNCTION), Category.LEAVE_SCREEN),
        ((Key.CONTROL, Key.ALT, Key.FUNCTION), Category.SWITCH_CONSOLE),
        ((Key.ALT, Key.CONTROL, Key.FUNCTION), Category.SWITCH_CONSOLE),
        ((Key.CONSOLE,), Category.SWITCH_CONSOLE),
        ((Key.PRINT,), Category.PRINT),
        ((Key.ALT, Key.PRINT), Category.SYSTEM_REQUEST),
        ((Key.SYSTEM_REQUEST,), Category.SYSTEM_REQUEST),
        ((Key.CONTROL, Key.ALT, Key.DELETE), Category.RESTART),
        ((Key.CONTROL, Key.ALT, Key.BACKSPACE), Category.RESTART),
        ((Key.CONTROL, Key.SHIFT, Key.TYPED), Category.TERMINAL),
        ((Key.POWER,), Category.POWER),
    ],
)
def test_a_combination_has_its_category(keys: tuple[Key, ...], category: Category) -> None:
    assert _combination(*keys) == [category]


@pytest.mark.parametrize(
    "keys",
    [
        (Key.SHIFT, Key.TAB),
        (Key.CONTROL, Key.TYPED),
        (Key.ALT, Key.TYPED),  # AltGr types on most of the world's keyboards
        (Key.ALT, Key.CONTROL, Key.TYPED),
        (Key.SHIFT, Key.TYPED),
        (Key.FUNCTION,),
        (Key.ESCAPE,),
        (Key.DELETE,),
        (Key.CONTROL, Key.BACKSPACE),
    ],
)
def test_what_candidates_need_is_no_signal(keys: tuple[Key, ...]) -> None:
    assert _combination(*keys) == []


def test_a_held_key_says_it_once_and_a_second_press_says_it_again() -> None:
    assert _combination(Key.ALT, *[Key.TAB] * 500) == [Category.LEAVE_SCREEN]
    held, _ = pressed(Held(frozenset({Key.ALT})), Key.TAB)
    held = released(held, Key.TAB)
    assert pressed(held, Key.TAB)[1] is Category.LEAVE_SCREEN


def test_what_a_terminal_passes_on() -> None:
    assert in_terminal("alt+tab") is Category.LEAVE_SCREEN
    assert in_terminal("left_super") is Category.LEAVE_SCREEN
    assert in_terminal("super+d") is Category.LEAVE_SCREEN
    assert in_terminal("print_screen") is Category.PRINT
    assert in_terminal("alt+print_screen") is Category.SYSTEM_REQUEST
    assert in_terminal("ctrl+alt+f3") is Category.SWITCH_CONSOLE
    assert in_terminal("alt+escape") is None  # Esc, pressed twice
    assert in_terminal("+") is None


@given(st.text(max_size=3))
def test_no_key_that_types_is_a_signal_of_the_terminal(typed: str) -> None:
    assert in_terminal(typed) is None
    assert in_terminal(f"shift+{typed}") is None


# --- Privacy: what is told does not depend on what is typed. -------------------------------


def _told(codes: list[tuple[int, bool]], table: Mapping[int, Key]) -> list[object]:
    """Everything that comes of keys with these codes."""
    held, merger, told = Held(), Merger(), []
    for at, (code, down) in enumerate(codes):
        key = table.get(code, Key.TYPED)
        if not down:
            held = released(held, key)
            continue
        held, category = pressed(held, key)
        if category is not None:
            told += merger.see(of_keys(category, Source.KERNEL), at * SECOND)
    return [*told, *merger.rest()]


@pytest.mark.parametrize("table", [KERNEL_KEYS, X_KEYS], ids=["kernel", "x"])
@given(data=st.data())
def test_other_typed_keys_would_have_been_told_the_same(
    table: Mapping[int, Key], data: st.DataObject
) -> None:
    """Whatever is typed in between, with whatever held: exchange each typed key for another,
    and not a letter of what is told changes. So nothing told can hold what was typed."""
    typed = st.integers(1, 0x20000).filter(lambda code: code not in table)
    named = st.sampled_from(sorted(table))
    codes = data.draw(st.lists(st.tuples(st.one_of(named, typed), st.booleans()), max_size=60))
    other = [(code if code in table else data.draw(typed), down) for code, down in codes]
    assert _told(codes, table) == _told(other, table)


def test_no_letter_digit_or_sign_has_a_name_here() -> None:
    for character in string.printable.strip():
        assert ord(character) not in X_KEYS  # an X symbol of Latin-1 is its character's number
    letters_and_digits = {*range(2, 14), *range(16, 28), *range(30, 42), 43, *range(44, 54), 57}
    assert not letters_and_digits & set(KERNEL_KEYS)


def test_no_message_of_the_key_watch_has_room_for_text() -> None:
    for kind in FromKeyWatch.__args__:  # type: ignore[attr-defined]
        for each in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]
            assert isinstance(each.type, msgspec.inspect.IntType), each


# --- Merging. ------------------------------------------------------------------------------

ONE = Signal("keys-print", "Print.")


def test_the_first_is_told_at_once_and_the_others_as_one() -> None:
    merger = Merger()
    assert merger.see(ONE, 0) == [ONE]
    for second in range(1, 30):
        assert merger.see(ONE, second * SECOND) == []
    (again,) = merger.due(30 * SECOND)
    assert again == Signal(ONE.code, "Print. That was seen 29 times more within 30 s.")
    assert merger.due(89 * SECOND) == []
    assert merger.due(90 * SECOND) == []  # a quiet window of 60 s ends it
    assert merger.see(ONE, 91 * SECOND) == [ONE]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5), st.integers(1, 1000)), max_size=200)
)
def test_nothing_is_lost_and_a_flood_stays_small(steps: list[tuple[int, int, int]]) -> None:
    merger, now, seen, told = Merger(), 0, 0, []
    for wait, kind, count in steps:
        now += wait * SECOND
        told += merger.see(Signal("usb-new", f"Device {kind}."), now, count)
        seen += count
    told += merger.rest()
    counted = 0
    for signal in told:
        words = signal.words.split()
        counted += 1 if "once" in words or "times" not in words else int(words[-6])
    assert counted == seen
    assert len(told) <= 6 * (4 + now // (30 * SECOND))


def test_a_stuck_key_for_three_hours_is_a_page() -> None:
    merger, told = Merger(), []
    for tick in range(3 * 3600 * 10):
        told += merger.see(ONE, tick * SECOND // 10)
    assert len(told) <= 5 + 3 * 3600 * SECOND // LONGEST_WINDOW_NS
    assert "within 600 s" in told[-1].words


def test_devices_that_call_themselves_ever_differently_share_a_line() -> None:
    merger, told = Merger(), []
    for number in range(10_000):
        told += merger.see(Signal("usb-new", f"Device {number}."), 0)
    assert len(told) == MAX_KINDS + 1
    assert len(merger.rest()) == 1


# --- The proof. ----------------------------------------------------------------------------


def test_a_canary_that_does_not_come_back_ends_the_proof() -> None:
    canary = Canary()
    assert canary.due(0)
    canary.ask(0)
    assert canary.watched is None
    canary.heard()
    assert canary.watched is Watched.VERIFIED
    assert not canary.due(CANARY_NS - 1)
    assert canary.due(CANARY_NS)
    canary.ask(CANARY_NS)
    canary.look(CANARY_NS + CANARY_PATIENCE_NS - 1)
    assert canary.watched is Watched.VERIFIED
    assert canary.due(CANARY_NS + CANARY_AGAIN_NS)
    canary.ask(CANARY_NS + CANARY_AGAIN_NS)  # once more, within the same patience
    canary.look(CANARY_NS + CANARY_PATIENCE_NS)
    assert canary.watched is Watched.UNVERIFIED
    assert canary.due(CANARY_NS + CANARY_PATIENCE_NS)
    canary.heard()  # too late, and nobody asked
    assert canary.watched is Watched.UNVERIFIED


def test_idle_is_told_once_and_its_end() -> None:
    assert of_idle(0, IDLE_S - 1) is None
    idle = of_idle(IDLE_S - 5, IDLE_S)
    assert idle is not None
    assert idle.code == "keys-idle"
    assert of_idle(IDLE_S, IDLE_S + 5) is None
    back = of_idle(IDLE_S + 5, 0)
    assert back is not None
    assert back.code == "keys-active"
