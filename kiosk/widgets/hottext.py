"""Words of a text chosen where they stand: [☐ each] has its mark before it."""

from __future__ import annotations

from exam_packages.content.items import Hottext
from exam_packages.content.values import Response
from exam_packages.language import _, ngettext
from kiosk.widgets.answer import only
from kiosk.widgets.blocks import block_lines
from kiosk.widgets.lines import Row
from kiosk.widgets.places import PlaceRows
from kiosk.widgets.striking import StrikingRows
from kiosk.widgets.text import STRUCK


class HottextRows(StrikingRows, PlaceRows):
    """A hottext interaction."""

    def __init__(self) -> None:
        super().__init__()
        self.interaction = Hottext("", (), (), (), 0, 1)
        self.chosen: tuple[str, ...] = ()
        self.full = ""

    def load(
        self,
        interaction: Hottext,
        response: Response | None,
        title: str,
        struck: set[str] | None = None,
    ) -> None:
        self.start(interaction, title, interaction.prompt)
        self.begin_striking(struck)
        self.interaction = interaction
        self.chosen = response.members if response is not None else ()
        self.full = ""
        self.rebuild()

    def rows(self, width: int) -> list[Row]:
        single = self.interaction.max_choices == 1
        empty, full = ("○", "●") if single else ("☐", "☑")
        marks = dict.fromkeys(self.interaction.words, (empty, ""))
        marks |= {word: ("✕", STRUCK) for word in marks if self.is_struck(word)}
        marks |= dict.fromkeys(self.chosen, (full, "chosen"))
        body = block_lines(self.interaction.body, width, gaps=marks, pictures=self.pictures)
        return [*self.head(width), self.text_row(body), self.hint(width, *self._hints())]

    def _hints(self) -> list[str]:
        if said := self.full or self.refused_strike():
            return [said]
        most = self.interaction.max_choices
        hints = [_("Arrows go from words to words"), _("Space chooses, or takes back")]
        if most > 1:
            hints.append(ngettext("choose up to {n}", "choose up to {n}", most))
        return [*hints, *self.striking_hints()]

    def is_answer(self, name: str) -> bool:
        return name in self.chosen

    def aim(self, x: int, y: int) -> bool:
        key = self.place_at(x, y)
        if key is not None:
            self.cursor = key
        return key is not None

    def choose(self, key: str) -> None:
        self.full = ""
        most = self.interaction.max_choices
        if key in self.chosen:
            self._change({*self.chosen} - {key})
        elif most == 1:
            self._change({key})
        elif most and len(self.chosen) >= most:
            self.full = only(most)
            self.rebuild()
        else:
            self._change({*self.chosen, key})

    def drop(self, key: str) -> None:
        self.full = ""
        self._answer_kept = False
        if key in self.chosen:
            self._change({*self.chosen} - {key})

    def _change(self, chosen: set[str]) -> None:
        self.chose(*chosen)
        self.chosen = tuple(sorted(chosen))
        self.rebuild()
        self.tell(*self.chosen)
