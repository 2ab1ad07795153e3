"""The candidate's client: follows the agent, shows the screen that belongs now.

It owns nothing. One task listens to the agent, one saves drafts (:mod:`kiosk.saving`), one
follows the view and is the only one that changes screens; so a candidate can be in one place
only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import WorkerFailed

from exam_packages.attempt.acts import (
    Act,
    Begin,
    Call,
    ComeBack,
    HandIn,
    Practise,
    TakeBreak,
)
from exam_packages.attempt.state import Attempt, Phase
from exam_packages.clock import SECOND, Clock, SystemClock
from exam_packages.content.paper import Paper
from exam_packages.content.values import Response
from exam_packages.errors import ExamError
from exam_packages.language import SOURCE, say, whole
from kiosk import ending, faults
from kiosk.course import ExamCourse, PracticeCourse
from kiosk.drafts import Drafts
from kiosk.ipc.channel import ChannelError
from kiosk.ipc.client import Agent, AgentClient, Reply
from kiosk.ipc.messages import (
    PAPER,
    PRACTICE,
    Answer,
    Confirm,
    Do,
    Fault,
    Focus,
    FromScreen,
    KeysSeen,
    Leave,
    Named,
    Refused,
    SignIn,
)
from kiosk.library import Library
from kiosk.lockdown.signals import in_terminal
from kiosk.media.sounds import Sounds
from kiosk.media.speaker import DEVICE
from kiosk.presentation import Presentation
from kiosk.saving import Saver
from kiosk.screens import standing
from kiosk.screens.base import Dialog, KioskScreen
from kiosk.screens.before import BeforeScreen
from kiosk.screens.correction import News
from kiosk.screens.exam import ExamScreen
from kiosk.screens.finished import FinishedScreen
from kiosk.screens.help import HelpDialog
from kiosk.screens.interlude import InterludeScreen
from kiosk.screens.message import MessageDialog
from kiosk.screens.rest import BreakScreen
from kiosk.screens.sign_in import ConfirmScreen, SignInScreen
from kiosk.screens.survey import SurveyScreen
from kiosk.session.letters import OTHER_LETTERS, USUAL, Letters
from kiosk.terminal import KioskDriver, PicturesShown
from kiosk.themes import THEMES
from kiosk.timekeeping import Timekeeper
from kiosk.view import Stage, View
from kiosk.widgets.bars import Key, KeyBar, Notice, StatusBar, TitleBar

RETRY_S = 0.3
"""Seconds between attempts to reach the agent."""
NOTICE_NS = 12 * SECOND


class Client(App[None], inherit_bindings=False):
    """The application."""

    CSS_PATH = Path(__file__).parent / "themes" / "kiosk.tcss"
    TITLE = "Exam Kiosk"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f11", "read_aloud", show=False, priority=True),
        Binding("f12", "silence", show=False, priority=True),
        Binding("ctrl+up", "pace(1)", show=False, priority=True),
        Binding("ctrl+down", "pace(-1)", show=False, priority=True),
    ]
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
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
        self.animation_level = "none"  # nothing on an exam's screen moves by itself
        self.clock: Clock = clock or SystemClock()
        self.view = View(self.clock)
        self.drafts = Drafts()
        self.library = Library(self._read)
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
        self._agent: Agent | None = None
        self._changed = asyncio.Event()
        self.saver = Saver(self)
        self._screens: dict[Stage | None, KioskScreen] = {}
        self._frame: Any = None
        self._leaving = False
        self._news = News()
        self.time = Timekeeper(self)
        for theme in THEMES:
            self.register_theme(theme)
        self.presentation = Presentation(self, language)

    # Life.

    def get_driver_class(self) -> type[Driver]:
        """Our own reader of the terminal, whatever the environment says."""
        return KioskDriver

    def on_mount(self) -> None:
        if not self.is_headless:
            ending.guard(self._end_in_order, self._restore_terminal)
        self._furnish()
        for work in (self._listen, self.saver.run, self._follow):
            self.run_worker(work(), group=work.__name__, exit_on_error=True)
        self.set_interval(1.0, self._tick)
        self.wake()

    def _furnish(self) -> None:
        """Make the screens, in the language in use."""
        self.presentation.redrawn()
        interlude = InterludeScreen()
        before = BeforeScreen()
        exam = ExamScreen(practice=False)
        self._screens = {
            Stage.STARTING: interlude,
            Stage.LOST: interlude,
            Stage.PAUSED: interlude,
            Stage.EVACUATED: interlude,
            Stage.CLOSING: interlude,
            Stage.SIGN_IN: SignInScreen(),
            Stage.CONFIRM: ConfirmScreen(),
            Stage.WAITING: before,
            Stage.READY: before,
            Stage.EXAM: exam,
            Stage.BREAK: BreakScreen(),
            Stage.FINISHED: FinishedScreen(),
            Stage.SURVEY: SurveyScreen(),
            None: ExamScreen(practice=True),
        }
        for screen in dict.fromkeys(self._screens.values()):
            self.install_screen(screen, f"stage-{id(screen)}")

    async def _refurnish(self) -> None:
        """Make the screens anew: their words are in another language now."""
        old = list(dict.fromkeys(self._screens.values()))
        self._furnish()
        await self._bring(self.stage_screen)
        for screen in old:
            self.uninstall_screen(screen)
            if screen.is_running:
                await screen.remove()

    async def _shutdown(self) -> None:
        """End our tasks before Textual takes the screens apart under them."""
        self.workers.cancel_all()
        self.sounds.speaker.stop()
        await self.presentation.reader.close()
        await super()._shutdown()

    def _restore_terminal(self) -> None:
        if isinstance(self._driver, KioskDriver):
            self._driver.restore_now()

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
                    await self._refurnish()
                wanted = self.stage_screen
                if wanted not in self.screen_stack:
                    await self._bring(wanted)
                self.sounds.follow(self.in_front())
                self._show_messages()
                self._news.look(self)
                await self.time.close()
                for screen in self.screen_stack:
                    if isinstance(screen, KioskScreen | Dialog):
                        screen.tell()
                self.call_after_refresh(self.presentation.reader.look)

    def _wanted(self) -> Stage | None:
        stage = self.view.stage
        return None if stage is Stage.READY and self.practising else stage

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

    async def _bring(self, wanted: KioskScreen) -> None:
        while len(self.screen_stack) > 1 and isinstance(self.screen, Dialog):
            await self.pop_screen()
        if isinstance(self.screen, KioskScreen):
            await self.switch_screen(wanted)
        else:
            await self.push_screen(wanted)

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

    async def _listen(self) -> None:
        while True:
            try:
                agent = await self.connect()
            except ChannelError:
                await asyncio.sleep(RETRY_S)
                continue
            self._agent = agent
            self.view.meet()
            try:
                async for message in agent:
                    if isinstance(message, Refused):  # to no request of ours: the agent's word
                        self.announce(message.template, **dict(message.fields))
                    self.view.receive(message)
                    self._settle_person()
                    self.wake()
                    self.saver.wake()
            finally:
                self._agent = None
                self.view.lose()
                self.wake()
                await agent.close()
            await asyncio.sleep(RETRY_S)

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

    async def _read(self, part: int, name: str) -> bytes:
        if self._agent is None:
            raise ChannelError("The connection between screen and agent has ended.")
        return await self._agent.read(part, name)

    def say_to_agent(self, message: FromScreen) -> None:
        """Tell the agent something that needs no answer."""
        if self._agent is not None:
            self._agent.tell(message)

    async def ask(self, make: Callable[[int], FromScreen]) -> Reply | None:
        """Ask the agent; its answer, or ``None`` when the connection ended."""
        if self._agent is None:
            return None
        try:
            return await self._agent.request(make)
        except ChannelError:
            return None

    async def do(self, act: Act) -> Reply | None:
        """Have the agent do an act; its answer, or ``None`` when the connection ended."""
        return await self.ask(lambda request: Do(request, act))

    async def act(self, act: Act) -> bool:
        """Do an act of the candidate; whether it was done. A refusal is announced."""
        reply = await self.do(act)
        if isinstance(reply, Refused):
            self.announce(reply.template, **dict(reply.fields))
            return False
        self.wake()
        return reply is not None

    # What the screens ask for.

    async def sign_in(self, code: str) -> str:
        """Look the code up; the sentence why not, or nothing."""
        reply = await self.ask(lambda number: SignIn(number, code))
        if isinstance(reply, Refused):
            return say(reply.template, **dict(reply.fields))
        if isinstance(reply, Named):
            self.view.receive(reply)
            self.wake()
        return ""

    async def confirm(self, yes: bool) -> str:
        """Say whether the name is the candidate's; the sentence why not, or nothing."""
        reply = await self.ask(lambda number: Confirm(number, yes))
        if isinstance(reply, Refused):
            return say(reply.template, **dict(reply.fields))
        return ""

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
        await self.ask(lambda number: Answer(number, responses) if responses else Leave(number))

    # What the bars say.

    @property
    def stage_screen(self) -> KioskScreen:
        """The screen of the stage the view is at."""
        return self._screens[self._wanted()]

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
        practising = self.practising and self._wanted() is None
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
            self.say_to_agent(Focus(isinstance(event, events.AppFocus)))

    def _tell_combination(self, key: str) -> None:
        """Where no key-watch runs, what the terminal passes on is all that is seen."""
        category = in_terminal(key)
        if category is not None:
            self.say_to_agent(KeysSeen(category))

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

    # Pictures in pixels.

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        self._frame = renderable
        super()._display(screen, renderable)

    def _end_update(self) -> None:
        """Lay the pictures over the frame, within the frame."""
        frame, self._frame = self._frame, None
        if frame is not None and isinstance(self._driver, KioskDriver):
            self._driver.painter.frame(frame, id(self.screen))
        super()._end_update()

    def on_pictures_shown(self, message: PicturesShown) -> None:
        """The terminal shows pixels: what was laid out for cells is laid out again."""
        self.library.drop_pictures()
        for screen in self.screen_stack:
            if isinstance(screen, ExamScreen):
                screen.pictures_again()

    # The size of the letters.

    async def enlarge(self, percent: int) -> None:
        """Come back in a terminal with letters of another size, when that can be had."""
        if self.letters.want(percent):
            self._leaving = True
            if self.view.stage is Stage.EXAM:
                await self.saver.flush()
            self.exit(return_code=OTHER_LETTERS)

    # Ways out that are closed, and a fault that tells nothing.

    async def action_quit(self) -> None:
        """A candidate does not quit; an exam is handed in."""

    def action_help_quit(self) -> None:
        """No such help."""

    def action_suspend_process(self) -> None:
        """There is no shell beneath."""

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Questions are not copied to files."""

    def action_show_help_panel(self) -> None:
        """Our own help stands behind F5."""

    def action_command_palette(self) -> None:
        """No commands beside ours."""

    def action_change_theme(self) -> None:
        """Themes are chosen behind F5."""

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Nothing here opens anything."""

    def copy_to_clipboard(self, text: str) -> None:
        """Keep copied text inside the exam: the terminal's clipboard is not told."""
        self._clipboard = text

    def _handle_exception(self, error: Exception) -> None:
        """End with one sentence, and tell the agent where it was. Textual would print local
        variables: questions, answers."""
        self._return_code = faults.STATUS
        first = self._exception is None
        if first:
            self._exception = error
            self._exception_event.set()
            self._exit_renderables.append(faults.sentence())
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        if first:
            self.say_to_agent(Fault(faults.trace(error)))
        self._close_messages_no_wait()
