"""The calculator's pane: a line to type in, what was computed before, keys for the mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from exam_packages.language import _, say
from kiosk.calculator import MAX_INPUT, Calculator, shown
from kiosk.course import Computed
from kiosk.functions import CalculatorError
from kiosk.screens.base import Pane, show_words, words
from kiosk.widgets.bars import Key
from kiosk.widgets.lines import Lines
from kiosk.widgets.text import fit, pad
from kiosk.widgets.text_entry import Field

MAX_TAPE = 50
SHOWN_TAPE = 3
COMPUTE, DELETE = "=", "←"
_CELL = 6
_BASIC = ("7 8 9 ÷ (", "4 5 6 × )", "1 2 3 - √", "0 . % + ans", "← =")
_MORE = ("sin cos tan ln log abs", "asin acos atan exp ^ !")
_LAST = "← = π e"


class Keypad(Lines):
    """Keys for the mouse; a keyboard has its own."""

    class Pressed(Message):
        """The key *text* was clicked."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, scientific: bool) -> None:
        super().__init__()
        rows = (*_BASIC[:-1], *_MORE, _LAST) if scientific else _BASIC
        self.rows = [row.split() for row in rows]

    def build(self, width: int) -> list[Content]:
        lines = []
        for row in self.rows:
            line = Content("")
            for key in row:
                line += pad(Content.assemble(("[", "$quiet"), key, ("]", "$quiet")), _CELL + 1)
            lines.append(line)
        return lines

    def on_click(self, event: events.Click) -> None:
        event.stop()
        column, line = event.x // (_CELL + 1), event.y
        if 0 <= line < len(self.rows) and 0 <= column < len(self.rows[line]):
            self.post_message(self.Pressed(self.rows[line][column]))


class TapeLines(Lines):
    """The last results."""

    def __init__(self, tape: Computed) -> None:
        super().__init__()
        self.tape = tape

    def build(self, width: int) -> list[Content]:
        lines = []
        for typed, value in self.tape[-SHOWN_TAPE:]:
            result = result_of(value)
            left = fit(typed, max(8, width - result.cell_length - 2))
            lines.append(pad(Content.styled(left, "$quiet"), width - result.cell_length) + result)
        return [Content("")] * (SHOWN_TAPE - len(lines)) + lines


def result_of(value: Fraction) -> Content:
    """A result with its sign: ``=``, or ``≈`` where there are more digits than shown."""
    text, exact = shown(value)
    return Content.styled(f"{'=' if exact else '≈'} {text}", "bold")


class CalculatorPane(Pane):
    """Computes what is typed with Enter. *put* takes a result into an answer, where the
    question has a place for a number; *place* is that place in words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3", "unit", show=False, priority=True),
        Binding("f4", "put", show=False, priority=True),
        Binding("f6", "leave", show=False, priority=True),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
    ]

    def __init__(
        self,
        rules: Calculator,
        tape: Computed,
        put: Callable[[str], None] | None = None,
        place: str = "",
    ) -> None:
        super().__init__()
        self.rules = rules
        self.tape = tape
        self._put = put
        self._place = place
        self._at = len(tape)

    def body(self) -> ComposeResult:
        yield words("", id="unit", classes="heading")
        yield TapeLines(self.tape)
        yield Field(id="sum", most=MAX_INPUT)
        yield words("", id="wrong", classes="problem")
        yield Keypad(self.rules.scientific)

    def keys(self) -> tuple[Key, ...]:
        keys = [Key("enter", _("Compute"), "compute")]
        if self.rules.scientific:
            unit = _("Radians") if self.rules.degrees else _("Degrees")
            keys.append(Key("f3", unit, "unit"))
        if self._put is not None:
            keys.append(Key("f4", say(_("Put into: {place}"), place=self._place), "put"))
        keys.append(Key("escape", _("Go back"), "leave"))
        return tuple(keys)

    def on_mount(self) -> None:
        super().on_mount()
        self._tell_unit()
        self._say("")
        self.query_one("#sum", Field).focus()

    @property
    def answer(self) -> Fraction | None:
        """The last result."""
        return self.tape[-1][1] if self.tape else None

    def action_compute(self) -> None:
        field = self.query_one("#sum", Field)
        typed = field.value.strip()
        if not typed:
            return
        whole = f"ans {typed}" if typed[0] in "*/×÷^%!" and self.tape else typed
        try:
            value = self.rules.compute(whole, self.answer)
        except CalculatorError as problem:
            self.told = say(problem.template, **problem.fields)
            self._say(self.told)
            return
        self.tape.append((whole, value))
        del self.tape[:-MAX_TAPE]
        self._at = len(self.tape)
        self.told = f"{whole} {result_of(value).plain}"
        field.value = ""
        self._say("")
        self.query_one(TapeLines).rebuild()

    def action_put(self) -> None:
        """What was typed is computed first: the last result goes into the answer."""
        if self._put is None:
            return
        if self.query_one("#sum", Field).value.strip():
            self.action_compute()
            if self.query_one("#sum", Field).value.strip():
                return  # it has no result
        if self.answer is not None:
            self._put(shown(self.answer)[0])
            self.dismiss("")

    def action_unit(self) -> None:
        """Change between degrees and radians."""
        if self.rules.scientific:
            self.rules = replace(self.rules, degrees=not self.rules.degrees)
            self._tell_unit()
            self.tell()

    def action_recall(self, step: int) -> None:
        """Bring back what was typed before, or after that."""
        self._at = min(max(self._at + step, 0), len(self.tape))
        field = self.query_one("#sum", Field)
        field.value = self.tape[self._at][0] if self._at < len(self.tape) else ""
        field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_compute()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._say("")

    @on(Keypad.Pressed)
    def _pressed(self, event: Keypad.Pressed) -> None:
        event.stop()
        field = self.query_one("#sum", Field)
        field.focus()
        if event.text == COMPUTE:
            self.action_compute()
        elif event.text == DELETE:
            field.action_delete_left()
        else:
            spaced = event.text.isalpha() and event.text.isascii()
            field.insert_text_at_cursor(f"{event.text} " if spaced else event.text)

    def _tell_unit(self) -> None:
        heading = _("Calculator")
        if self.rules.scientific:
            heading += " · " + (_("degrees") if self.rules.degrees else _("radians"))
        show_words(self, "#unit", heading)

    def _say(self, sentence: str) -> None:
        show_words(self, "#wrong", sentence)
