"""A menu inside a line of text: one line that opens in place to its choices."""

from __future__ import annotations

from textual.content import Content

from exam_packages.content.items import InlineChoice
from exam_packages.content.values import Response
from exam_packages.language import _
from kiosk.widgets.lines import Row
from kiosk.widgets.striking import StrikingRows
from kiosk.widgets.text import inline, wrap

FIELD = "field"


class InlineChoiceRows(StrikingRows):
    """An inline choice: closed, it shows what is chosen; open, all there is to choose."""

    def __init__(self) -> None:
        super().__init__()
        self.interaction = InlineChoice("", ())
        self.chosen = ""
        self.open = False

    def load(
        self,
        interaction: InlineChoice,
        response: Response | None,
        title: str,
        struck: set[str] | None = None,
    ) -> None:
        self.start(interaction, title, ())
        self.begin_striking(struck)
        self.interaction = interaction
        self.chosen = response.members[0] if response is not None and response.members else ""
        self.open = False
        self.cursor = FIELD
        self.rebuild()

    def rows(self, width: int) -> list[Row]:
        rows = [self._field(width)]
        if not self.open:
            return rows
        for choice in self.interaction.choices:
            chosen = choice.identifier == self.chosen
            first = Content.styled("      ● " if chosen else "      ○ ", "bold $mark")
            body = inline(choice.body)
            if self.is_struck(choice.identifier):
                first = Content.styled("      ✕ ", "$quiet")
                body = body.stylize("strike $quiet")
            key = f"choice {choice.identifier}"
            rows.append(Row(key, tuple(wrap(body, width, first))))
        hints = [_("Space chooses"), _("Delete takes it back"), *self.striking_hints()]
        if refused := self.refused_strike():
            hints = [refused]
        return [*rows, self.hint(width, *hints)]

    def _field(self, width: int) -> Row:
        mark = "▴" if self.open else "▾"
        first = Content.assemble((f"  {self.title} ", "bold $mark"), (f"{mark} ", "$mark"))
        chosen = next((c for c in self.interaction.choices if c.identifier == self.chosen), None)
        if chosen is None:
            words = _("choose one:") if self.open else _("choose (Space opens the list)")
            body = Content.styled(words, "$quiet")
        else:
            body = inline(chosen.body).stylize("bold $mark")
        return Row(FIELD, tuple(wrap(body, width, first)))

    def is_answer(self, name: str) -> bool:
        return name == self.chosen

    def under_cursor(self) -> str | None:
        key = self.cursor or FIELD
        return None if key == FIELD else key.removeprefix("choice ")

    def unfold(self) -> None:
        if not self.open:
            self.choose(FIELD)

    def choose(self, key: str) -> None:
        self._answer_kept = False
        if key == FIELD:
            self.open = not self.open
            if self.open and self.chosen:
                self.cursor = f"choice {self.chosen}"
        else:
            self.chose(key.removeprefix("choice "))
            self._change(key.removeprefix("choice "))
        self.rebuild()
        self.call_after_refresh(self.show_whole)

    def drop(self, key: str) -> None:
        if self.chosen:
            self._change("")
            self.rebuild()

    def on_blur(self) -> None:
        if self.open:
            self.open = False
            self.cursor = FIELD
            self.rebuild()
        super().on_blur()

    def _change(self, chosen: str) -> None:
        self.open = False
        self.cursor = FIELD
        if chosen != self.chosen:
            self.chosen = chosen
            self.tell(*([chosen] if chosen else []))
