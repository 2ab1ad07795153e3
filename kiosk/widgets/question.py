"""One question: its stem and the widgets that take its answers.

The widgets are pooled, one or more of each kind, and loaded anew for each question:
mounting new ones for each would cost time with every move and memory for every hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar, cast

from textual import events, on
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

from exam_packages.content import text as rich
from exam_packages.content.items import (
    Associate,
    Choice,
    ExtendedText,
    GapMatch,
    GraphicAssociate,
    GraphicGapMatch,
    GraphicOrder,
    Hotspot,
    Hottext,
    InlineChoice,
    Interaction,
    Item,
    Match,
    Media,
    Order,
    PositionObject,
    SelectPoint,
    Slider,
    TextEntry,
)
from exam_packages.content.values import Response
from exam_packages.language import _, say
from kiosk.widgets.answer import Answered, AnswerRows
from kiosk.widgets.associate import AssociateRows
from kiosk.widgets.canvas import Mark
from kiosk.widgets.choice import ChoiceRows
from kiosk.widgets.extended_text import ExtendedTextArea
from kiosk.widgets.gap_match import GapMatchRows
from kiosk.widgets.hottext import HottextRows
from kiosk.widgets.inline_choice import InlineChoiceRows
from kiosk.widgets.lines import Lines
from kiosk.widgets.match import MatchRows
from kiosk.widgets.order import OrderRows
from kiosk.widgets.points import PointRows
from kiosk.widgets.recording import Deck, RecordingRows
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.slider import SliderRows
from kiosk.widgets.striking import StrikingRows
from kiosk.widgets.text import Pictures, plain_answer
from kiosk.widgets.text_entry import TextEntryField

AnswerWidget: TypeAlias = AnswerRows | TextEntryField | ExtendedTextArea | Sheet

W = TypeVar("W", bound=Widget)


class Question(VerticalScroll, can_focus=False):
    """A question with its answers. Posts :class:`Question.Changed` when they change."""

    DEFAULT_CSS = """
    Question { padding: 1 0 0 2; scrollbar-gutter: stable; }
    Question > * { display: none; margin: 0 1 1 0; }
    """

    virtual_size = var(Size(0, 0))
    """No second layout for a new size: a scroll bar that comes or goes asks for its own."""

    class Changed(Message):
        """All the answers to the item, as they now stand."""

        def __init__(self, item: str, responses: tuple[Response, ...], *, typed: bool) -> None:
            super().__init__()
            self.item = item
            self.responses = responses
            self.typed = typed

    class Struck(Message):
        """A choice of the item was struck out, or that was taken back."""

        def __init__(self, item: str, response: str, choice: str, *, on: bool) -> None:
            super().__init__()
            self.item = item
            self.response = response
            self.choice = choice
            self.on = on

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.item: Item | None = None
        self._answers: dict[str, tuple[str, ...]] = {}
        self._struck: frozenset[tuple[str, str]] | None = None
        self._titles: dict[str, str] = {}
        self._pools: dict[type[Widget], list[Widget]] = {}
        self._taken: dict[type[Widget], int] = {}
        self._shown: list[Widget] = []
        self._stem: list[Sheet] = []
        self._pictures: Pictures | None = None
        self._deck: Deck | None = None
        self._height = 0

    async def show(
        self,
        item: Item,
        responses: Sequence[Response],
        pictures: Pictures | None = None,
        struck: frozenset[tuple[str, str]] | None = None,
        deck: Deck | None = None,
        besides: Sequence[rich.Recording] = (),
    ) -> None:
        """Show *item* with the answers given so far, and the choices that are struck out, as
        (response, choice); ``None``: none may be. *deck* says how its recordings stand;
        *besides* are those of its exhibits, which stand at the end."""
        self.item = item
        self._struck = struck
        self._answers = {each.identifier: each.members for each in responses}
        self._titles = _titles(item)
        self._pictures = pictures
        self._deck = deck
        given = {each.identifier: each for each in responses}
        self._taken.clear()
        wanted: list[Widget] = []
        self._stem = []
        with self.app.batch_update():
            for part in [*_parts(item), *besides]:
                if isinstance(part, rich.Recording):
                    player = await self._take(RecordingRows)
                    player.load(part, "", deck)
                    wanted.append(player)
                elif isinstance(part, tuple):
                    sheet = await self._take(Sheet)
                    sheet.load(part, gaps=self._gaps(), pictures=pictures)
                    self._stem.append(sheet)
                    wanted.append(sheet)
                else:
                    title = self._titles[part.response]
                    wanted.append(await self._load(part, given.get(part.response), title))
            self._arrange(wanted)
            self.scroll_home(animate=False, force=True, immediate=True)

    async def _take(self, kind: type[W]) -> W:
        """The next widget of a kind that this question does not use yet."""
        pool = self._pools.setdefault(kind, [])
        number = self._taken.get(kind, 0)
        self._taken[kind] = number + 1
        if number == len(pool):
            pool.append(kind())
            await self.mount(pool[number])
        widget = cast(W, pool[number])
        if isinstance(widget, AnswerRows):
            widget.pictures = self._pictures
        return widget

    async def _load(
        self, interaction: Interaction, response: Response | None, title: str
    ) -> AnswerWidget:
        widget: AnswerWidget
        match interaction:
            case Choice() | Hotspot():
                widget = await self._take(ChoiceRows)
                widget.load(interaction, response, title, self._struck_of(interaction))
            case Order() | GraphicOrder():
                widget = await self._take(OrderRows)
                widget.load(interaction, response, title)
            case Match():
                widget = await self._take(MatchRows)
                widget.load(interaction, response, title, self._struck_of(interaction))
            case Associate() | GraphicAssociate():
                widget = await self._take(AssociateRows)
                widget.load(interaction, response, title)
            case GapMatch() | GraphicGapMatch():
                widget = await self._take(GapMatchRows)
                widget.load(interaction, response, title)
            case Hottext():
                widget = await self._take(HottextRows)
                widget.load(interaction, response, title, self._struck_of(interaction))
            case Slider():
                widget = await self._take(SliderRows)
                widget.load(interaction, response, title)
            case SelectPoint() | PositionObject():
                widget = await self._take(PointRows)
                widget.load(interaction, response, title)
            case InlineChoice():
                widget = await self._take(InlineChoiceRows)
                widget.load(interaction, response, title, self._struck_of(interaction))
            case TextEntry():
                widget = await self._take(TextEntryField)
                widget.load(interaction, response, title)
            case ExtendedText():
                widget = await self._take(ExtendedTextArea)
                await widget.load(interaction, response, title)
            case Media():
                widget = await self._take(RecordingRows)
                widget.load(interaction, title, self._deck)
        return widget

    @property
    def standing(self) -> tuple[Widget, ...]:
        """The widgets that this question uses, from top to bottom."""
        return tuple(self._shown)

    def look_at_recordings(self) -> None:
        """See how the recordings now stand."""
        for widget in self._shown:
            if isinstance(widget, RecordingRows):
                widget.look()

    def repaint_pictures(self) -> None:
        """A picture arrived, or there is another room for one: lay them out again."""
        for widget in self._shown:
            if isinstance(widget, Lines):
                widget.reset()

    def on_resize(self, event: events.Resize) -> None:
        """A picture is as high as the screen allows, whatever its width."""
        if event.size.height != self._height:
            self._height = event.size.height
            self.call_after_refresh(self.repaint_pictures)

    def pictures_shown(self) -> list[tuple[rich.Picture, list[Mark]]]:
        """The pictures of the question in reading order, with what stands over them now."""
        found: dict[str, tuple[rich.Picture, list[Mark]]] = {}
        for widget in self._shown:
            parts: object = ()
            if isinstance(widget, AnswerRows):
                parts = widget.loaded
                if widget.picture is not None:
                    found[widget.picture.media] = (widget.picture, widget.marks())
            elif isinstance(widget, Sheet):
                parts = widget.blocks
            elif isinstance(widget, ExtendedTextArea):
                parts = widget.interaction
            for part in rich.walk(parts):
                if isinstance(part, rich.Picture):
                    found.setdefault(part.media, (part, []))
        return list(found.values())

    def focus_first(self) -> None:
        """Put the cursor on the first thing that takes an answer."""
        for widget in self._shown:
            if widget.focusable:
                widget.focus(scroll_visible=False)
                return
            for child in widget.query("*"):
                if child.focusable:
                    child.focus(scroll_visible=False)
                    return
        self.screen.set_focus(None)

    def _arrange(self, wanted: list[Widget]) -> None:
        """Show *wanted*, in this order; move only what stands in the wrong place."""
        for widget in self._shown:
            if widget not in wanted:
                widget.display = False
        children = list(self.children)
        places = [children.index(widget) for widget in wanted]
        if places != sorted(places):
            for before, widget in pairwise(wanted):
                self.move_child(widget, after=before)
        for widget in wanted:  # a class would have the styles of all in it worked out anew
            widget.display = True
        self._shown = wanted

    def _gaps(self) -> dict[str, tuple[str, str]]:
        gaps = {}
        if self.item is not None:
            for interaction in self.item.interactions:
                if isinstance(interaction, TextEntry | InlineChoice):
                    members = self._answers.get(interaction.response, ())
                    label = _gap_label(self._titles.get(interaction.response, ""))
                    gaps[interaction.response] = (label, plain_answer(interaction, members))
        return gaps

    def _struck_of(self, interaction: Interaction) -> set[str] | None:
        if self._struck is None:
            return None
        return {choice for response, choice in self._struck if response == interaction.response}

    def redraw(self, item: Item) -> None:
        """Show the body of *item*, the same one with other marks in its words."""
        self.item = item
        for sheet, blocks in zip(self._stem, stems_of(item), strict=True):
            sheet.load(blocks, gaps=self._gaps(), pictures=sheet.pictures)

    def stems(self) -> tuple[Sheet, ...]:
        """The sheets that the body stands on."""
        return tuple(self._stem)

    @on(StrikingRows.Struck)
    def _struck_out(self, event: StrikingRows.Struck) -> None:
        event.stop()
        response = event.interaction.response
        if self.item is not None and self.item.interaction(response) is event.interaction:
            self.post_message(
                self.Struck(self.item.identifier, response, event.choice, on=event.on)
            )

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        event.stop()
        if self.item is None:
            return
        if self.item.interaction(event.response.identifier) is not event.interaction:
            return  # a late word from a widget that has been loaded anew since
        self._answers[event.response.identifier] = event.response.members
        for sheet in self._stem:
            sheet.fill(self._gaps())
        responses = tuple(
            Response(each.response, self._answers.get(each.response, ()))
            for each in self.item.interactions
        )
        self.post_message(self.Changed(self.item.identifier, responses, typed=event.typed))


def _titles(item: Item) -> dict[str, str]:
    """What to call each interaction: gaps are numbered when there are several."""
    gaps = [each for each in item.interactions if isinstance(each, TextEntry | InlineChoice)]
    titles = {each.response: "" for each in item.interactions}
    for number, gap in enumerate(gaps, 1):
        titles[gap.response] = (
            _("Your answer") if len(gaps) == 1 else say("Gap {number}", number=number)
        )
    return titles


def _gap_label(title: str) -> str:
    return title.rpartition(" ")[2] if title and title[-1].isdigit() else ""


Part: TypeAlias = tuple[rich.Block, ...] | Interaction | rich.Recording


def stems_of(item: Item) -> list[tuple[rich.Block, ...]]:
    """The blocks of the body that stand on each of the sheets."""
    return [part for part in _parts(item) if isinstance(part, tuple)]


def _parts(item: Item) -> list[Part]:
    """Stem, interactions and recordings in reading order: the fields of gaps, and the recordings
    that stand inside a block, follow their text."""
    parts: list[Part] = []
    run: list[rich.Block] = []
    seen: set[str] = set()

    def flush() -> None:
        if run:
            parts.append(tuple(run))
            for name in _gap_names(run):
                add(name)
            run.clear()

    def add(name: str) -> None:
        interaction = item.interaction(name)
        if interaction is not None and name not in seen:
            seen.add(name)
            if not isinstance(interaction, Media):
                parts.extend(recordings_in(interaction))
            parts.append(interaction)

    for block in item.body:
        if isinstance(block, rich.Slot):
            flush()
            add(block.response)
        elif isinstance(block, rich.Recording):
            flush()
            parts.append(block)
        else:
            run.append(block)
            inside = recordings_in(block)
            if _slots(block) or inside:
                flush()
                parts.extend(inside)
                for name in _slots(block):
                    add(name)
    flush()
    for interaction in item.interactions:
        add(interaction.response)
    return parts


def recordings_in(thing: object) -> list[rich.Recording]:
    """The recordings that stand anywhere in *thing*."""
    return [part for part in rich.walk(thing) if isinstance(part, rich.Recording)]


def _slots(block: rich.Block) -> list[str]:
    """Interactions that stand inside another block, in a list or a quotation."""
    return [part.response for part in rich.walk(block) if isinstance(part, rich.Slot)]


def _gap_names(blocks: Iterable[rich.Block]) -> list[str]:
    return [part.response for part in rich.walk(tuple(blocks)) if isinstance(part, rich.Gap)]
