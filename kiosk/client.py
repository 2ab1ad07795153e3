"""The candidate's client: follows the agent, shows the screen that belongs now.

It owns nothing. One task listens to the agent, one saves drafts (:mod:`kiosk.saving`), one
follows the view and is the only one that changes screens; so a candidate can be in one place
only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import ScreenStackError
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.filter import LineFilter
from textual.screen import Screen

from exam_packages.attempt.acts import Act, Begin, Call, ComeBack, HandIn, Practise, TakeBreak
from exam_packages.attempt.state import Attempt, Phase
from exam_packages.clock import SECOND, Clock, SystemClock
from exam_packages.content.paper import Paper
from exam_packages.content.values import Response
from exam_packages.errors import ExamError
from exam_packages.language import SOURCE, say, whole
from kiosk import ending
from kiosk.closed_app import ClosedApp
from kiosk.conversation import Conversation
from kiosk.course import ExamCourse, PracticeCourse
from kiosk.drafts import Drafts
from kiosk.ipc.channel import ChannelError
from kiosk.ipc.client import Agent, AgentClient
from kiosk.ipc.messages import (
    PAPER,
    PRACTICE,
    Answer,
    Fault,
    Focus,
    FromAgent,
    KeysSeen,
    Leave,
    Refused,
)
from kiosk.library import Library
from kiosk.lockdown.signals import in_terminal
from kiosk.media.sounds import Sounds
from kiosk.media.speaker import DEVICE
from kiosk.presentation import Presentation
from kiosk.saving import Saver
from kiosk.screens import standing
from kiosk.screens.base import Dialog, KioskScreen
from kiosk.screens.correction import News
from kiosk.screens.exam import ExamScreen
from kiosk.screens.help import HelpDialog
from kiosk.screens.message import MessageDialog
from kiosk.session.letters import OTHER_LETTERS, USUAL, Letters
from kiosk.stages import Stages
from kiosk.terminal import PicturesShown
from kiosk.themes import THEMES
from kiosk.timekeeping import Timekeeper
from kiosk.view import Stage, View
from kiosk.widgets.bars import Key, KeyBar, Notice, StatusBar, TitleBar

NOTICE_NS = 12 * SECOND


class Client(ClosedApp):
    """The application."""

    CSS_PATH = Path(__file__).parent / "themes" / "kiosk.tcss"
    TITLE = "Exam Kiosk"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f11", "read_aloud", show=False, priority=True),
        Binding("f12", "silence", show=False, priority=True),
        Binding("ctrl+up", "pace(1)", show=False, priority=True),
        Binding("ctrl+down", "pace(-1)", show=False, priority=True),
    ]
    NOTIFICATION_TIMEOUT = 5

    def __init__(
        self,
        socket: Path,
        *,
        clock: Clock | None = None,
        once: bool = False,
        language: str = SOURCE,
        sound: str = "",
        letters: Path | None = None,
    ) -> None:
        super().__init__()
        self.clock: Clock = clock or SystemClock()
        self.view = View(self.clock)
        self.drafts = Drafts()
        self.agent = Conversation(self)
        self.library = Library(self.agent.read)
        self.sounds = Sounds(self, sound or DEVICE)
        self.letters = Letters(letters)
        self.exam: ExamCourse | None = None
        self.practice: PracticeCourse | None = None
        self.practising = False
        self.time_hidden = False
        self.notice = ""
        """What is said for a while; what is wrong at the station goes before it."""
        self._notice_until = 0
        self.touched_ns = 0
        """When a key or the mouse last did something."""
        self._socket = socket
        self._once = once
        self._changed = asyncio.Event()
        self.saver = Saver(self)
        self.stages = Stages(self)
        self._leaving = False
        self._news = News()
        self.time = Timekeeper(self)
        for theme in THEMES:
            self.register_theme(theme)
        self.presentation = Presentation(self, language)

    # Life.

    def on_mount(self) -> None:
        if not self.is_headless:
            ending.guard(self._end_in_order, self.restore_terminal)
        self.stages.furnish()
        for work in (self.agent.listen, self.saver.run, self._follow):
            self.run_worker(work(), group=work.__name__, exit_on_error=True)
        self.set_interval(1.0, self._tick)
        self.wake()

    async def _shutdown(self) -> None:
        """End our tasks before Textual takes the screens apart under them."""
        self.workers.cancel_all()
        await self.sounds.speaker.close()
        await self.presentation.reader.close()
        await super()._shutdown()

    def _end_in_order(self) -> None:
        async def end() -> None:
            if self.view.stage is Stage.EXAM:
                await self.saver.flush()
            self.exit()

        self.run_worker(end(), group="end", exclusive=True)

    def wake(self) -> None:
        """Something changed: look at it soon."""
        self._changed.set()

    # Following the view.

    async def _follow(self) -> None:
        with contextlib.suppress(ScreenStackError):  # the last screen went: the app is ending
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._prepare()
                await self.presentation.follow()
                if self._leaving:
                    return
                if self.presentation.redrawn():
                    await self.stages.refurnish()
                wanted = self.stage_screen
                if wanted not in self.screen_stack:
                    await self.stages.bring(wanted)
                self.sounds.follow(self.in_front())
                self._show_messages()
                self._news.look(self)
                await self.time.close()
                for screen in self.screen_stack:
                    if isinstance(screen, KioskScreen | Dialog):
                        screen.tell()
                self.call_after_refresh(self.presentation.reader.look)

    def in_front(self) -> tuple[int, str] | None:
        """The question in front of the candidate: which part, and which item of it."""
        screen = self.stage_screen
        course = screen.course if isinstance(screen, ExamScreen) else None
        if course is None or course.place is None or not self.view.connected:
            return None
        return course.part, course.place

    async def _prepare(self) -> None:
        """Read the papers that are open."""
        if not self.view.connected:
            return
        with contextlib.suppress(ChannelError):  # lost again: prepared again when it is back
            try:
                if self.view.released and self.exam is None:
                    self.exam = self._exam(await self.library.paper(PAPER))
                if self.view.practice_open and self.practice is None:
                    self.practice = PracticeCourse(await self.library.paper(PRACTICE), self.wake)
                for course in (self.practice, self.exam):
                    if course is not None and self.view.stage is Stage.READY:
                        self.sounds.look(course)
            except ChannelError:
                raise
            except ExamError as problem:
                self.announce(problem.template, **problem.fields)

    def _exam(self, paper: Paper) -> ExamCourse:
        def attempt() -> Attempt:
            return self.view.attempt or Attempt()

        wake = self.saver.wake
        return ExamCourse(paper, attempt, self.drafts, self.clock, wake, self.saver.flush, self.act)

    def _show_messages(self) -> None:
        if self.view.unread and not any(isinstance(s, MessageDialog) for s in self.screen_stack):
            self.push_screen(MessageDialog())

    def open_help(self) -> None:
        if not isinstance(self.screen, Dialog):
            self.push_screen(HelpDialog())

    def _tick(self) -> None:
        now = self.clock.boottime_ns()
        if self.notice and now >= self._notice_until:
            self.notice = ""
        if self.time.look():
            self.drafts.settle()
            self.saver.wake()
        self.wake()

    def announce(self, template: str, **fields: str | int) -> None:
        """Say something on the notice line, for a while."""
        self.notice = say(template, **fields)
        self._notice_until = self.clock.boottime_ns() + NOTICE_NS
        self.wake()

    # Talking with the agent.

    async def connect(self) -> Agent:
        """The agent, once it answers. Raises :class:`ChannelError` while it does not."""
        return await AgentClient.connect(self._socket)

    def hear(self, message: FromAgent) -> None:
        """The agent says something that answers no request."""
        if isinstance(message, Refused):
            self.announce(message.template, **dict(message.fields))
        self.view.receive(message)
        self._settle_person()
        self.wake()
        self.saver.wake()

    def _settle_person(self) -> None:
        """Forget the last candidate's things once nobody is signed in, or all is closed."""
        stage = self.view.stage
        if stage in (Stage.CLOSING, Stage.FINISHED, Stage.SURVEY):
            self.drafts.clear()
        if stage is Stage.SIGN_IN and (self.exam or self.practice or self.practising):
            if self._once:
                self.exit()
            self.drafts.clear()
            self.library.clear()
            self.exam = self.practice = None
            self.practising = self.time_hidden = False
            self._news.forget()
            self.time.forget()
            self.presentation.forget()
            self.sounds.forget()
            if self.letters.want(USUAL):
                self.exit(return_code=OTHER_LETTERS)

    async def act(self, act: Act) -> bool:
        """Do an act of the candidate; whether it was done. A refusal is announced."""
        reply = await self.agent.do(act)
        if isinstance(reply, Refused):
            self.announce(reply.template, **dict(reply.fields))
            return False
        self.wake()
        return reply is not None

    # What the screens ask for.

    async def practise(self) -> None:
        """Open the practice questions."""
        if self.practice is None:
            return
        if await self.act(Practise()):
            granted = self.view.attempt.tools if self.view.attempt is not None else ()
            self.practice = PracticeCourse(self.practice.paper, self.wake, granted)
            self.practising = True
            self.wake()

    def end_practice(self) -> None:
        self.practising = False
        self.wake()

    async def begin(self) -> None:
        """Start the clock."""
        self.practising = False
        await self.act(Begin())

    async def hand_in(self) -> None:
        """Save what is typed, then finish."""
        await self.saver.flush()
        if self.drafts.answers:
            self.announce("Not everything is saved yet; handing in waits until it is.")
            return
        await self.act(HandIn())

    async def take_break(self) -> None:
        """Go on a break that was asked for, with everything saved."""
        await self.saver.flush()
        await self.act(TakeBreak())

    async def come_back(self) -> None:
        """Be back from a break."""
        await self.act(ComeBack())

    @property
    def calling(self) -> bool:
        """Whether the candidate has called the invigilator."""
        return self.view.attempt is not None and self.view.attempt.calling

    @property
    def may_call(self) -> bool:
        """Whether there is an attempt in which that can be recorded."""
        attempt = self.view.attempt
        return self.view.connected and attempt is not None and attempt.phase is not Phase.CLOSED

    def call(self) -> None:
        """Call the invigilator, or take that back."""
        self.run_worker(self.act(Call(not self.calling)), group="call")

    async def finish(self) -> None:
        """The hand-in code is written down: on to the survey where there is one, else out."""
        if self.view.survey is None:
            await self.leave()
        else:
            self.view.surveying = True
            self.wake()

    async def leave(self, responses: tuple[Response, ...] = ()) -> None:
        """The candidate is done and goes; *responses* are what was said to the survey."""
        await self.agent.ask(
            lambda number: Answer(number, responses) if responses else Leave(number)
        )

    # What the bars say.

    @property
    def stage_screen(self) -> KioskScreen:
        """The screen of the stage the view is at."""
        return self.stages.screen(self.stages.wanted)

    def tell_bars(
        self,
        screen: Screen[Any],
        title: list[tuple[Content, Content]],
        keys: tuple[Key, ...],
    ) -> None:
        """Fill the lines that are always there."""
        screen.query_one("#title", TitleBar).tell(*title)
        screen.query_one("#status", StatusBar).tell(*self.status_parts())
        screen.query_one("#keys", KeyBar).tell(*keys)
        screen.query_one("#notice", Notice).say(self.notice_words)

    def status_parts(self) -> list[Content]:
        """What the last line says."""
        practising = self.stages.wanted is None
        return standing.status_parts(self.view, len(self.drafts), practising)

    @property
    def notice_words(self) -> str:
        """What the line beneath the title says."""
        trouble = self.view.trouble if self.view.stage is not Stage.LOST else ""
        return whole(trouble) if trouble else self.notice

    # Reading aloud.

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and plain signs for the console."""
        filters = super().get_line_filters()
        signs = self.presentation.signs
        return [*filters, signs] if signs.enabled else filters

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:  # it comes back from below
            self._tell_combination(event.key)
        if isinstance(event, events.InputEvent):
            self.touched_ns = self.clock.boottime_ns()
        listened = isinstance(event, events.InputEvent) and self.presentation.now.aloud
        if listened:
            self.presentation.reader.touch()
        await super().on_event(event)
        if listened:
            self.call_after_refresh(self.presentation.reader.look)
        if isinstance(event, events.AppBlur | events.AppFocus):
            self.agent.tell(Focus(isinstance(event, events.AppFocus)))

    def _tell_combination(self, key: str) -> None:
        """Where no key-watch runs, what the terminal passes on is all that is seen."""
        category = in_terminal(key)
        if category is not None:
            self.agent.tell(KeysSeen(category))

    @property
    def arriving(self) -> bool:
        """Whether the question that was asked for does not stand yet."""
        return isinstance(self.screen, ExamScreen) and self.screen.arriving

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What steers the voice is another key's business while there is none."""
        return action not in ("silence", "pace") or self.presentation.now.aloud

    async def action_read_aloud(self) -> None:
        """Begin to read aloud, or read all that stands here again."""
        if self.presentation.now.aloud:
            self.presentation.reader.again()
        else:
            await self.presentation.choose(aloud=True)

    def action_silence(self) -> None:
        """Be silent until the next thing is read."""
        self.presentation.reader.voice.stop()

    async def action_pace(self, faster: int) -> None:
        """Read faster or slower."""
        await self.presentation.choose(faster=faster)

    def on_pictures_shown(self, message: PicturesShown) -> None:
        """The terminal shows pixels: what was laid out for cells is laid out again."""
        self.library.drop_pictures()
        for screen in self.screen_stack:
            if isinstance(screen, ExamScreen):
                screen.pictures_again()

    # A fault, and the size of the letters.

    def tell_fault(self, trace: str) -> None:
        """The agent keeps it sealed with the record."""
        self.agent.tell(Fault(trace))

    async def enlarge(self, percent: int) -> None:
        """Come back in a terminal with letters of another size, when that can be had."""
        if self.letters.want(percent):
            self._leaving = True
            if self.view.stage is Stage.EXAM:
                await self.saver.flush()
            self.exit(return_code=OTHER_LETTERS)
