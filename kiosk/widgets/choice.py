"""One choice or several: ○ ● or ☐ ☑ before each, a letter to press for each."""

from __future__ import annotations

from string import ascii_uppercase

from textual.content import Content

from exam_packages.content.items import Choice
from exam_packages.content.values import Response
from exam_packages.language import _, ngettext
from kiosk.widgets.answer import AnswerRows
from kiosk.widgets.lines import Row
from kiosk.widgets.text import inline, wrap


class ChoiceRows(AnswerRows):
    """A choice interaction."""

    def __init__(self) -> None:
        super().__init__()
        self.interaction = Choice("", (), (), 0, 1)
        self.chosen: tuple[str, ...] = ()
        self.too_many = False

    def load(self, interaction: Choice, response: Response | None, title: str) -> None:
        self.start(interaction, title, interaction.prompt)
        self.interaction = interaction
        self.chosen = response.members if response is not None else ()
        self.too_many = False
        self.cursor = self.chosen[0] if self.chosen else None
        self.rebuild()

    @property
    def single(self) -> bool:
        return self.interaction.max_choices == 1

    def rows(self, width: int) -> list[Row]:
        rows = self.head(width)
        for number, choice in enumerate(self.interaction.choices):
            chosen = choice.identifier in self.chosen
            mark = ("●" if chosen else "○") if self.single else ("☑" if chosen else "☐")
            letter = ascii_uppercase[number] if number < len(ascii_uppercase) else " "
            first = Content.assemble(
                (f"  {letter} ", "bold" if chosen else "$quiet"),
                (f"{mark} ", "bold $mark" if chosen else ""),
            )
            body = inline(choice.body)
            if chosen:
                body = body.stylize("bold $mark")
            rows.append(Row(choice.identifier, tuple(wrap(body, width, first))))
        if any(len(row.lines) > 1 for row in rows if row.active):
            rows = [
                Row(row.key, (*row.lines, Content("")), pointer=row.pointer) if row.active else row
                for row in rows
            ]
        return [*rows, self.hint(*self._hints())]

    def _hints(self) -> list[str]:
        most = self.interaction.max_choices
        if self.too_many:
            return [
                ngettext(
                    "Only {n} may be chosen: take one back first",
                    "Only {n} may be chosen: take one back first",
                    most,
                )
            ]
        hints = [_("Space or the letter chooses")]
        if self.single:
            hints.append(_("Delete takes it back"))
        elif most:
            hints.append(ngettext("choose up to {n}", "choose up to {n}", most))
        else:
            hints.append(_("choose all that apply"))
        return hints

    def choose(self, key: str) -> None:
        self.too_many = False
        if self.single:
            if key in self.chosen:
                return
            chosen = {key}
        elif key in self.chosen:
            chosen = {*self.chosen} - {key}
        elif self.interaction.max_choices and len(self.chosen) >= self.interaction.max_choices:
            self.too_many = True
            self.rebuild()
            return
        else:
            chosen = {*self.chosen, key}
        self._change(chosen)

    def drop(self, key: str) -> None:
        self.too_many = False
        if key in self.chosen:
            self._change({*self.chosen} - {key})

    def letter(self, character: str) -> bool:
        number = ascii_uppercase.find(character.upper())
        if not 0 <= number < len(self.interaction.choices):
            return False
        self.cursor = self.interaction.choices[number].identifier
        self.choose(self.cursor)
        self.show_cursor()
        return True

    def _change(self, chosen: set[str]) -> None:
        self.chosen = tuple(sorted(chosen))
        self.rebuild()
        self.tell(*self.chosen)
