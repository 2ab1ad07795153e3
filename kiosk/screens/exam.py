"""The questions themselves: one at a time, its exhibit beside it, keys for everything."""

from __future__ import annotations

import gc
from typing import ClassVar

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size, Spacing
from textual.reactive import var
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from exam_packages.attempt.events import StruckOut
from exam_packages.attempt.granting import tools_words
from exam_packages.clock import SECOND
from exam_packages.content import text as rich
from exam_packages.content.items import Exhibit, Item, Media
from exam_packages.content.paper import STRIKE_OUT, exhibit_blob, item_blob
from exam_packages.errors import ExamError
from exam_packages.language import _
from kiosk.course import Course, allowed
from kiosk.glossary import with_terms
from kiosk.screens import standing, workbench
from kiosk.screens.around import keys_at, place_line
from kiosk.screens.base import Dialog, KioskScreen
from kiosk.screens.correction import CorrectionNote
from kiosk.screens.enlarge import PictureDialog
from kiosk.screens.exhibit import ExhibitSheet
from kiosk.screens.going import Going, submits
from kiosk.screens.highlight import Marked, dressed
from kiosk.screens.loading import (
    load_pictures,
    load_recordings,
    pictures_in,
    read_ahead,
    read_question,
)
from kiosk.widgets.bars import Key
from kiosk.widgets.question import Question, recordings_in
from kiosk.widgets.recording import Deck, RecordingRows, Told
from kiosk.widgets.striking import STRIKE, StrikingRows
from kiosk.widgets.text import Pictures, plain

BESIDE_WIDTH = 110
"""From this width on an exhibit stands beside its question; below, in front of it."""
PANE_LINES = 7
"""Lines at the bottom that a tool may cover."""
SETTLED_S = 0.1
"""Seconds after which a question that nobody leaves is painted, and read."""


class _Desk(Vertical):
    """Where the question stands, with or without an exhibit beside it."""

    virtual_size = var(Size(0, 0))
    """No second layout because it is wider or narrower than before: see :class:`Question`."""


class _More(Static):
    """Says that there is more below."""

    virtual_size = var(Size(0, 0))


class ExamScreen(KioskScreen):
    """Questions: of the exam, or of the practice."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "questions", show=False),
        Binding("f3", "flag", show=False),
        Binding("f4", "exhibit", show=False),
        Binding("f6", "tools", show=False, priority=True),  # the text area has a use for it
        Binding("f7", "enlarge", show=False, priority=True),  # and for this one
        Binding("f8", "back", show=False),
        Binding("f9", "forth", show=False),
        Binding("f10", "review", show=False),
    ]

    def __init__(self, *, practice: bool) -> None:
        super().__init__()
        self.practice = practice
        self.going = Going(self)
        self.item: Item | None = None
        self.exhibits: tuple[Exhibit, ...] = ()
        self._sat: Course | None = None
        self._shown: tuple[int, str] | None = None
        self._loading: tuple[int, str] | None = None
        self._exhibit_wanted: bool | None = None
        self.has_exhibit = False
        self._has_pictures = False
        self._more = ""
        self._painted = ""
        self._tidying: Timer | None = None
        self._tools: frozenset[str] = frozenset()
        """The tools with which the question was drawn."""

    def body(self) -> ComposeResult:
        with Horizontal(id="room"):
            with _Desk(id="desk"):
                yield CorrectionNote()
                yield Question(id="question")
                yield _More("", id="more", markup=False)
            with VerticalScroll(id="exhibit"):
                yield ExhibitSheet(id="exhibit-sheet")

    # What is shown.

    @property
    def shown(self) -> str | None:
        """The item that stands on the screen, once it does."""
        return self._shown[1] if self._shown is not None else None

    @property
    def arriving(self) -> bool:
        """Whether another item than the one that stands was asked for."""
        course = self.course
        return course is not None and (
            self.going.under_way or self._shown != (course.part, course.place)
        )

    @property
    def course(self) -> Course | None:
        return self.client.practice if self.practice else self.client.exam

    def title_lines(self) -> list[tuple[Content, Content]]:
        course = self.course
        if course is None or course.place is None:
            return super().title_lines()
        # The number of what stands below: the next question is still being read.
        shown = self._shown is not None and self._shown[0] == course.part and self._shown[1]
        if self.practice:
            right = Content.styled(_("Practice: no clock"), "bold $attention")
        else:
            right = standing.time_left(self.client.view, self.client.time_hidden)
        above = plain(course.paper.title, "bold"), right
        return [above, place_line(course, shown or course.place)]

    def keys(self) -> tuple[Key, ...]:
        course = self.course
        if course is None or course.place is None:
            return super().keys()
        exhibit = ""
        if self.has_exhibit:
            exhibit = _("Question") if self._covers() else _("Exhibit")
        keys = keys_at(
            course,
            course.place,
            submit=submits(course, course.place),
            exhibit=exhibit,
            picture=self._has_pictures,
            practice=self.practice,
        )
        if self.client.presentation.now.aloud:
            keys.append(Key("f11", _("Read again"), "app.read_aloud", spare=True))
        return tuple(keys)

    def tell(self) -> None:
        super().tell()
        course = self.course
        if course is None or course.place is None or not self.is_mounted:
            return
        self._correct(course.place)
        if course is not self._sat:  # another candidate's, or a new practice
            self._sat = course
            self._shown = self._loading = None
        elif self._shown is not None and course.tools != self._tools:
            self._granted(course.tools)
        self.query_one(Question).look_at_recordings()
        wanted = (course.part, course.place)
        if self._shown != wanted and self._loading != wanted:
            self._loading = wanted
            self.run_worker(self._load(course, course.place), group="load", exclusive=True)

    def _granted(self, tools: frozenset[str]) -> None:
        """Other tools were granted: say so, and draw the question again, with them."""
        more = tools - self._tools
        if more:
            self.client.announce("More tools are behind F6 now: {tools}.", tools=tools_words(more))
        else:
            self.client.announce("Tools that were granted to you were taken back.")
        self._tools = tools
        self._shown = self._loading = None

    def _correct(self, place: str) -> None:
        """Show what the body said about the question at *place*."""
        attempt = self.client.view.attempt
        known = attempt.corrections if attempt is not None and not self.practice else ()
        here = [each for each in known if each.item == place]
        now_s = self.client.clock.wall_ns() // SECOND
        self.query_one(CorrectionNote).show(here, now_s)

    def on_screen_suspend(self) -> None:
        """What stands here may have changed before it is shown again, but behind a dialog it
        stays as it is: where the cursor is, and how far it is scrolled."""
        if not isinstance(self.app.screen, Dialog):
            self._shown = self._loading = None

    async def _load(self, course: Course, item_id: str) -> None:
        library = self.client.library
        try:
            item, exhibits = await read_question(library, course.part, item_id)
            tools = self._tools = course.tools
            item = with_terms(item, item.catalogs, tools)
            exhibits = tuple(with_terms(each, each.catalogs, tools) for each in exhibits)
        except ExamError as problem:
            self._loading = None
            self.client.announce(problem.template, **problem.fields)
            return
        same_exhibits = self.item is not None and self.item.exhibits == item.exhibits
        if not same_exhibits:
            self._exhibit_wanted = None
        # What stood here before the screen was away may have been another candidate's.
        stands = same_exhibits and self._shown is not None and self._shown[0] == course.part
        self.item = item
        self.exhibits = exhibits
        self.has_exhibit = bool(exhibits)
        self._has_pictures = bool(pictures_in(item, exhibits))
        pictures = self._pictures(course.part)
        question = self.query_one(Question)
        struck = course.workings.struck_of(item_id) if allowed(course, STRIKE_OUT) else None
        shown = msgspec.structs.replace(item, body=self._body(course))
        besides = recordings_in(self.exhibits)
        deck = self._deck(course, item_id)
        await question.show(shown, course.responses(item_id), pictures, struck, deck, besides)
        if not stands:
            sheet = self.query_one(ExhibitSheet)
            sheet.load(self._exhibit_blocks(course), pictures=pictures)
        self._shown = (course.part, item_id)
        self._loading = None
        self._arrange()
        if self._covers():
            self.query_one("#exhibit").focus()
        else:
            question.focus_first()
        self.tell()
        self.paint_together()  # the number above and the question
        self._tidy_up_later()
        self.client.wake()
        self.client.sounds.begin(course, item)
        recordings = load_recordings(self.client, course.part, item, exhibits)
        self.run_worker(recordings, group="recordings")
        self._load_pictures(course.part, item)
        self.run_worker(read_ahead(library, course, item_id), group="prefetch", exclusive=True)

    def _tidy_up_later(self) -> None:
        """Collect garbage once the question stands and nobody presses on. A question leaves some
        thousands of objects behind; left to themselves they are collected for 65 ms in one of
        eight moves."""
        if self._tidying is not None:
            self._tidying.stop()
        self._tidying = self.set_timer(SETTLED_S, gc.collect)

    def _pictures(self, part: int) -> Pictures:
        return lambda media: self.client.library.picture(part, media)

    # Texts with the candidate's marks.

    def texts(self) -> tuple[Marked, ...]:
        """The texts that stand here and whose words can be highlighted."""
        if self.item is None:
            return ()
        body = Marked(item_blob(self.item.identifier), self.item.body)
        return (body, *(Marked(exhibit_blob(e.identifier), e.body) for e in self.exhibits))

    def paint(
        self, blob: str = "", selected: tuple[int, int] | None = None, *, follow: bool = True
    ) -> None:
        """Draw the texts again, with what is highlighted, and *selected* words of *blob*; *follow*
        brings those into sight."""
        course = self.course
        if course is None or self.item is None or self.shown != self.item.identifier:
            return  # another question is on its way
        question, sheet = self.query_one(Question), self.query_one(ExhibitSheet)
        touched = {blob, self._painted}
        self._painted = blob
        if item_blob(self.item.identifier) in touched:
            body = self._body(course, blob, selected)
            question.redraw(msgspec.structs.replace(self.item, body=body))
        if touched & {exhibit_blob(each.identifier) for each in self.exhibits}:
            sheet.load(self._exhibit_blocks(course, blob, selected), pictures=sheet.pictures)
        for each in (*question.stems(), sheet):
            line = each.selected_line() if follow else None
            if line is not None and isinstance(each.parent, Widget):
                region = Region(0, line, 1, 1).translate(each.virtual_region.offset)
                each.parent.scroll_to_region(
                    region, spacing=Spacing(1, 0, PANE_LINES, 0), animate=False, force=True
                )

    def _body(
        self, course: Course, blob: str = "", selected: tuple[int, int] | None = None
    ) -> tuple[rich.Block, ...]:
        if self.item is None:
            return ()
        own = item_blob(self.item.identifier)
        runs = course.workings.highlights.get(own, ())
        return dressed(self.item.body, runs, selected if blob == own else None)

    def _exhibit_blocks(
        self, course: Course, blob: str = "", selected: tuple[int, int] | None = None
    ) -> tuple[rich.Block, ...]:
        blocks: list[rich.Block] = []
        for exhibit in self.exhibits:
            own = exhibit_blob(exhibit.identifier)
            runs = course.workings.highlights.get(own, ())
            blocks.append(rich.Heading(2, (rich.Text(exhibit.title, 0),)))
            blocks += dressed(exhibit.body, runs, selected if blob == own else None)
        return tuple(blocks)

    def _deck(self, course: Course, item: str) -> Deck:
        def told(recording: rich.Recording, interaction: Media | None) -> Told:
            return self.client.sounds.told(course, item, recording, interaction)

        return told

    @on(RecordingRows.Wanted)
    def _play(self, event: RecordingRows.Wanted) -> None:
        event.stop()
        if self.course is not None and self.shown is not None:
            sounds = self.client.sounds
            sounds.toggle(self.course, self.shown, event.recording, event.interaction)

    @on(RecordingRows.Louder)
    def _louder(self, event: RecordingRows.Louder) -> None:
        event.stop()
        self.client.sounds.louder(event.steps)

    def pictures_again(self) -> None:
        """Read and lay out the pictures anew."""
        if self.course is not None and self.item is not None:
            self._load_pictures(self.course.part, self.item)

    def _load_pictures(self, part: int, item: Item) -> None:
        def came() -> None:
            self.query_one(Question).repaint_pictures()
            self.query_one(ExhibitSheet).rebuild()

        work = load_pictures(self.client, part, item, self.exhibits, came)
        self.run_worker(work, group="pictures")

    # Exhibits.

    @property
    def _beside(self) -> bool:
        return self.size.width >= BESIDE_WIDTH

    def _covers(self) -> bool:
        """Whether the exhibit stands in front of the question."""
        return self.has_exhibit and not self._beside and bool(self._exhibit_wanted)

    def _arrange(self) -> None:
        wanted = self._exhibit_wanted if self._exhibit_wanted is not None else self._beside
        self.set_class(not self._beside, "-narrow")
        self.query_one("#exhibit").display = self.has_exhibit and wanted
        self.query_one("#desk").display = not self._covers()
        self.call_after_refresh(self._tell_more)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        if self.is_mounted:
            self._arrange()

    def bring(self, *, exhibit: bool) -> None:
        """Have the exhibit in sight, or the question."""
        away = not self.query_one("#exhibit").display if exhibit else self._covers()
        if away:
            self.action_exhibit()

    def action_exhibit(self) -> None:
        if not self.has_exhibit:
            return
        self._exhibit_wanted = not self.query_one("#exhibit").display
        self._arrange()
        self.tell()
        if self._exhibit_wanted:
            self.query_one("#exhibit").focus()
        else:
            self.query_one(Question).focus_first()

    def action_enlarge(self) -> None:
        """Show the pictures of the question, and of its exhibit, one at a time."""
        if not self._has_pictures or self._shown is None:
            return
        pictures = self.query_one(Question).pictures_shown()
        blocks = self.query_one(ExhibitSheet).blocks if self.has_exhibit else ()
        known = {picture.media for picture, _marks in pictures}
        pictures += [
            (part, [])
            for part in rich.walk(blocks)
            if isinstance(part, rich.Picture) and part.media not in known
        ]
        self.app.push_screen(PictureDialog(self._shown[0], pictures))

    def pane(self) -> Widget:
        return self.query_one("#exhibit") if self._covers() else self.query_one(Question)

    def on_mount(self) -> None:
        super().on_mount()
        question = self.query_one(Question)
        for changing in ("scroll_y", "virtual_size"):
            self.watch(question, changing, self._tell_more, init=False)

    def _tell_more(self) -> None:
        """Say that the question goes on below: nobody should miss the end of one."""
        question = self.query_one(Question)
        below = question.max_scroll_y - round(question.scroll_y)
        words = _("▼ The question goes on below: Page Down, or scroll") if below > 0 else ""
        if words != self._more:  # a paint of its own, after each question, otherwise
            self._more = words
            self.query_one("#more", Static).update(Content(words), layout=False)

    # Acts.

    @on(Question.Changed)
    def _changed(self, event: Question.Changed) -> None:
        event.stop()
        if self.course is not None and self.course.ways.closed(event.item):
            self.client.announce("This question is closed; its answer stands as it was.")
            self._shown = self._loading = None  # and is shown as it was
            self.client.wake()
        elif self.course is not None:
            self.course.answer(event.item, event.responses, typed=event.typed)
            self.client.wake()

    @on(Question.Struck)
    def _struck(self, event: Question.Struck) -> None:
        event.stop()
        if self.course is not None:
            self.course.work(StruckOut(event.item, event.response, event.choice, event.on))

    def on_key(self, event: events.Key) -> None:
        """What nothing on the screen had a use for: a choice is struck out elsewhere."""
        choices = any(isinstance(each, StrikingRows) for each in self.query_one(Question).standing)
        course = self.course
        if event.character == STRIKE and not choices and course and allowed(course, STRIKE_OUT):
            event.stop()
            self.client.announce("In a question of this kind nothing can be struck out.")

    def action_tools(self) -> None:
        if self.course is not None:
            workbench.open_tools(self, self.course)

    def action_back(self) -> None:
        self.going.back()

    def action_forth(self) -> None:
        self.going.forth()

    def action_flag(self) -> None:
        course = self.course
        if course is not None and course.place is not None:
            flag = course.flag(course.place, not course.flagged(course.place))
            self.run_worker(flag, group="flag")

    def action_questions(self) -> None:
        self.going.questions()

    def action_review(self) -> None:
        self.going.review()
