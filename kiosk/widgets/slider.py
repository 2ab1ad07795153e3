"""A number picked on a scale: by arrows, by typing it, or with the mouse.

Nothing is picked until the candidate does something: where a scale begins is no answer.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from textual import events
from textual.content import Content

from exam_packages.content.items import Slider
from exam_packages.content.values import Response
from exam_packages.language import _, say
from kiosk.widgets.answer import AnswerRows
from kiosk.widgets.lines import Row

SCALE = "scale"
MOST_TYPED = 38
"""Characters of a number that is typed: more than any a slider can have."""
COARSE = 10
"""Parts of the scale that a coarse step divides it in."""
_EXACT = Context(prec=60)


class SliderRows(AnswerRows):
    """A slider interaction. It lies across whatever the item says: ↑ and → give more."""

    def __init__(self) -> None:
        super().__init__()
        self.interaction = Slider("", (), "0", "1", "1", False, False, False)
        self.value: Fraction | None = None
        self.typed = ""
        self._left = 0
        self._length = 1

    def load(self, interaction: Slider, response: Response | None, title: str) -> None:
        self.start(interaction, title, interaction.prompt)
        self.interaction = interaction
        self.lower, self.step = Fraction(interaction.lower), Fraction(interaction.step)
        self.steps = (Fraction(interaction.upper) - self.lower) // self.step
        members = response.members if response is not None else ()
        self.value = Fraction(members[0]) if members else None
        self.typed = ""
        self.rebuild()

    @property
    def place(self) -> int | None:
        """Which step of the scale the value is."""
        return None if self.value is None else int((self.value - self.lower) // self.step)

    def at(self, step: int) -> Fraction:
        """The value of a step of the scale."""
        return self.lower + min(max(step, 0), self.steps) * self.step

    # Drawing.

    def rows(self, width: int) -> list[Row]:
        bounds = [written(self.lower), written(self.at(self.steps))]
        if self.interaction.reverse:
            bounds.reverse()
        self._left = 2 + len(bounds[0]) + 1
        self._length = max(8, width - self._left - len(bounds[1]) - 2)
        line = Content.assemble("  ", (bounds[0], "bold"), " ", self._track())
        lines = [line + Content.styled(" " + bounds[1], "bold")]
        if self.interaction.step_label:
            lines += self._labels(width)
        value = self._value()
        rows = [*self.head(width), Row(SCALE, tuple(lines))]
        return [
            *rows,
            Row("=", (Content(""), value), active=False),
            self.hint(width, *self._hints()),
        ]

    def _column(self, step: int) -> int:
        """In which cell of the track a step lies."""
        column = step * (self._length - 1) // max(1, self.steps)
        return self._length - 1 - column if self.interaction.reverse else column

    def _track(self) -> Content:
        cells = ["─"] * self._length
        if self.steps < self._length // 2:
            for step in range(self.steps + 1):
                cells[self._column(step)] = "┼"
        cells[0], cells[-1] = "├", "┤"
        track = Content("".join(cells))
        if self.place is None:
            return track
        column = self._column(self.place)
        knob = Content.styled("●", "bold $mark")
        return track[:column] + knob + track[column + 1 :]

    def _labels(self, width: int) -> list[Content]:
        """The number at every step, or at as many as there is room for."""
        widest = max(len(written(self.at(step))) for step in (0, 1, self.steps - 1, self.steps))
        every = max(1, -(-(self.steps + 1) * (widest + 1) // self._length))
        cells = [" "] * width
        for step in range(0, self.steps + 1, every):
            words = written(self.at(step))
            start = self._left + self._column(step) - len(words) // 2
            start = max(0, min(start, width - len(words)))
            cells[start : start + len(words)] = words
        return [Content.styled("".join(cells[:width]), "$quiet")]

    def _value(self) -> Content:
        if self.value is None:
            shown = Content.styled(_("Nothing picked yet"), "$quiet")
        else:
            shown = Content.styled(written(self.value), "bold $mark")
        line = Content.assemble("  ", (_("Your value:") + " ", "bold"), shown)
        if self.typed:
            line += Content.styled("   " + _("Typed:") + f" {self.typed}▏", "bold $attention")
            if self._read() is None:
                line += Content.styled(" " + _("(not on the scale)"), "$attention")
        return line

    def _hints(self) -> list[str]:
        words = _("from {lower} to {upper} in steps of {step}")
        numbers = [written(each) for each in (self.lower, self.at(self.steps), self.step)]
        bounds = say(words, lower=numbers[0], upper=numbers[1], step=numbers[2])
        return [_("← → or type the number"), bounds, _("Delete takes it back")]

    # Picking.

    def _pick(self, step: int) -> None:
        self.typed = ""
        self.value = self.at(step)
        self._changed()

    def _changed(self) -> None:
        self.rebuild()
        self.tell(*([written(self.value)] if self.value is not None else ()), typed=True)

    def choose(self, key: str) -> None:
        if self.value is None:
            self._pick(0)
        elif self.typed:
            self.typed = ""
            self.rebuild()

    def drop(self, key: str) -> None:
        self.typed = ""
        if self.value is not None:
            self.value = None
            self._changed()
        else:
            self.rebuild()

    def adjust(self, key: str, step: int) -> bool:
        self._pick(0 if self.place is None else self.place + step)
        return True

    def move(self, step: int) -> bool:
        """↑ gives more; Home and End go to the ends of the scale."""
        if abs(step) > 1:
            self._pick(0 if step < 0 else self.steps)
            return True
        return self.adjust(SCALE, -step)

    def _press(self, event: events.Key) -> bool:
        coarse = max(1, self.steps // COARSE)
        match event.key:
            case "home":
                self._pick(0)
            case "end":
                self._pick(self.steps)
            case "left" | "right" if self.interaction.reverse:
                return self.adjust(SCALE, 1 if event.key == "left" else -1)
            case "shift+left" | "shift+down":
                return self.adjust(SCALE, coarse if self._backward(event.key) else -coarse)
            case "shift+right" | "shift+up":
                return self.adjust(SCALE, -coarse if self._backward(event.key) else coarse)
            case "backspace" if self.typed:
                self._type(self.typed[:-1])
            case _:
                return super()._press(event)
        return True

    def _backward(self, key: str) -> bool:
        return self.interaction.reverse and key in ("shift+left", "shift+right")

    def letter(self, character: str) -> bool:
        if character not in "0123456789.-":
            return False
        self._type((self.typed + character)[:MOST_TYPED])
        return True

    def _type(self, typed: str) -> None:
        """What is typed counts as soon as it is a number of the scale."""
        self.typed = typed
        value = self._read()
        if value is not None and value != self.value:
            self.value = value
            self._changed()
        else:
            self.rebuild()

    def _read(self) -> Fraction | None:
        try:
            value = Fraction(Decimal(self.typed))
        except (ArithmeticError, ValueError):
            return None
        steps, rest = divmod(value - self.lower, self.step)
        return value if not rest and 0 <= steps <= self.steps else None

    def click_row(self, row: Row, x: int, y: int) -> None:
        column = min(max(x - self._left, 0), self._length - 1)
        if self.interaction.reverse:
            column = self._length - 1 - column
        self._pick(round(Fraction(column * self.steps, max(1, self._length - 1))))

    def on_blur(self) -> None:
        if self.typed:
            self.typed = ""
            self.rebuild()
        super().on_blur()


def written(value: Fraction) -> str:
    """An exact decimal number as it is written: no exponent, no zeros at its end."""
    number = _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
