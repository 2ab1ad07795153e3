"""Pick one thing, then another: pairs of one set, and choices put into gaps or on areas.

What would be dragged elsewhere is picked here, by Space, its letter or the mouse, and then
placed. Either end may be picked first; the cursor goes on to where the other one can be.
"""

from __future__ import annotations

from textual.content import Content

from exam_packages.content.items import SimpleChoice
from exam_packages.content.values import Response
from exam_packages.language import _, ngettext
from kiosk.widgets import pairs
from kiosk.widgets.answer import only
from kiosk.widgets.areas import letter, number_of
from kiosk.widgets.blocks import paragraph
from kiosk.widgets.lines import Row
from kiosk.widgets.pairs import Pair, Pairs
from kiosk.widgets.places import PlaceRows

CHOICE = "choice "


class PairingRows(PlaceRows):
    """Choices with letters, paired with each other or with numbered ``places``."""

    def __init__(self) -> None:
        super().__init__()
        self.choices: tuple[SimpleChoice, ...] = ()
        self.places: dict[str, int] | None = None
        """What choices are put into, and how often each may be used; without them choices are
        paired with each other."""
        self.most = 0
        self.pairs: Pairs = frozenset()
        self.held: str | None = None
        self.full = ""

    def begin(
        self,
        choices: tuple[SimpleChoice, ...],
        places: dict[str, int] | None,
        most: int,
        response: Response | None,
    ) -> None:
        """Show what is offered and what was given."""
        self.choices = choices
        self.places = places
        self.most = most
        self.pairs = pairs.read(response.members if response is not None else ())
        self.held = None
        self.full = ""
        self.rebuild()

    # Drawing.

    @property
    def letters(self) -> dict[str, str]:
        return {choice.identifier: letter(n) for n, choice in enumerate(self.choices)}

    @property
    def numbers(self) -> dict[str, int]:
        return {place: number for number, place in enumerate(self.places or (), 1)}

    def used(self, identifier: str) -> list[Pair]:
        """The pairs that a choice is in, as they stand in the answer."""
        return sorted(pair for pair in self.pairs if identifier in self._ends(pair))

    def _ends(self, pair: Pair) -> Pair | tuple[str]:
        return pair if self.places is None else (pair[0],)

    def choice_rows(self, width: int) -> list[Row]:
        """The choices, with what each was put into."""
        letters, numbers = self.letters, self.numbers
        rows = []
        for choice in self.choices:
            used = self.used(choice.identifier)
            held = self.held == CHOICE + choice.identifier
            mark = "↕" if held else "●" if used else "○"
            where = [
                str(numbers[second]) if self.places is not None else letters[_other(pair, choice)]
                for pair in used
                for second in pair[1:]
            ]
            style = "bold $attention" if held else "$mark" if used else ""
            first = Content.assemble(
                (f"  {letters[choice.identifier]} ", "bold"), (f"{mark} ", style)
            )
            lines = paragraph(
                choice.body, width - 8, first, pictures=self.pictures, style=style, most=6
            )
            if where:
                lines[-1] += Content.styled(" → " + ", ".join(where), "bold $mark")
            rows.append(Row(CHOICE + choice.identifier, tuple(lines)))
        return rows

    def hints(self) -> list[str]:
        """What the keys do now."""
        if self.full:
            return [self.full]
        if self.held is not None and self.places is not None:
            if _is_choice(self.held):
                return [_("Now the gap: its number, or go there and press Space")]
            return [_("Now the choice: its letter, or go there and press Space")]
        if self.held is not None:
            return [_("Now the other one: its letter, or go there and press Space")]
        hints = [_("Space or the letter picks up"), _("Delete takes back")]
        if self.places is not None:
            hints.insert(0, _("in a gap, a letter puts that choice there"))
        if self.most:
            hints.append(ngettext("at most {n} in all", "at most {n} in all", self.most))
        return hints

    # Choosing.

    def choose(self, key: str) -> None:
        self.full = ""
        if self.held is None:
            self.held = key
            self.cursor = self._next(of_places=_is_choice(key)) or key
        elif self.held == key:
            self.held = None
        elif self.places is not None and _is_choice(self.held) == _is_choice(key):
            self.held = key
        else:
            return self._pair(self.held, key)
        self.rebuild()
        self.call_after_refresh(self.show_cursor)
        return None

    def _next(self, *, of_places: bool) -> str | None:
        """Where to go for the other end: the first one that is free."""
        taken = {end for pair in self.pairs for end in pair}
        if self.places is None:
            rest = [CHOICE + each.identifier for each in self.choices]
            free = [key for key in rest if key != self.held and key[len(CHOICE) :] not in taken]
            return next(iter(free or [key for key in rest if key != self.held]), None)
        if of_places:
            return next((place for place in self.places if place not in taken), None)
        free = [each.identifier for each in self.choices if each.identifier not in taken]
        return CHOICE + free[0] if free else None

    def _pair(self, one: str, other: str) -> None:
        """Pair what is held with what was chosen, and go on."""
        first, second = (one, other) if _is_choice(one) else (other, one)
        pair = self._ordered(first.removeprefix(CHOICE), second.removeprefix(CHOICE))
        self.held = None
        if pair not in self.pairs:
            there = pairs.add(self.pairs, pair, pairs.limits(self.choices), self.places, self.most)
            if isinstance(there, int):
                self.full = only(there)
                self.rebuild()
                return
            self.pairs = there
        self.cursor = self._next(of_places=self.places is not None and one is second) or other
        self._changed()

    def _ordered(self, first: str, second: str) -> Pair:
        """Two of one set stand in a pair as they stand in the list."""
        if self.places is not None:
            return first, second
        order = [choice.identifier for choice in self.choices]
        return (first, second) if order.index(first) < order.index(second) else (second, first)

    def drop(self, key: str) -> None:
        self.full = ""
        if self.held is not None:
            self.held = None
            self.rebuild()
            return
        end = key.removeprefix(CHOICE)
        side = 1 if self.places is not None and not _is_choice(key) else 0
        kept = frozenset(
            pair
            for pair in self.pairs
            if (end not in pair if self.places is None else pair[side] != end)
        )
        if kept != self.pairs:
            self.pairs = kept
            self._changed()

    def letter(self, character: str) -> bool:
        """A letter is a choice, a digit a place: with one held, or under the cursor, the two
        are paired; else the choice is picked up."""
        if character.isascii() and character.isdigit() and self.places is not None:
            place = {str(number): key for key, number in self.numbers.items()}.get(character)
            if place is None:
                return False
            here = self.held or self.cursor or ""
            if _is_choice(here):
                self.full = ""
                self._pair(here, place)
            else:
                self.held = None
                self._go(place)
                self.rebuild()
            return True
        number = number_of(character)
        if not 0 <= number < len(self.choices):
            return False
        key = CHOICE + self.choices[number].identifier
        on_place = self.places is not None and self.cursor in self.places
        if self.held is None and on_place and self.cursor is not None:
            self.full = ""
            self._pair(self.cursor, key)
        else:
            self.cursor = key
            self.choose(key)
        return True

    def on_blur(self) -> None:
        if self.held is not None:
            self.held = None
            self.rebuild()
        super().on_blur()

    def _changed(self) -> None:
        self.rebuild()
        self.tell(*pairs.written(self.pairs))
        self.call_after_refresh(self.show_cursor)


def _is_choice(key: str) -> bool:
    return key.startswith(CHOICE)


def _other(pair: Pair, choice: SimpleChoice) -> str:
    return pair[1] if pair[0] == choice.identifier else pair[0]
