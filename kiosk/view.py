"""What the screen knows: what the agent told, and what follows from it. No Textual.

:class:`View` takes in the agent's messages and runs the same fold as the agent;
:attr:`View.stage` says which screen belongs in front of the candidate. Nothing here is
the truth: the agent's journal is, and a new screen builds the same view from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from exam_packages.attempt import events as ev
from exam_packages.attempt.progress import BREAK, Rest
from exam_packages.attempt.state import Attempt, Phase, fold
from exam_packages.clock import SECOND, Clock
from exam_packages.content.survey import Survey
from kiosk.ipc.messages import (
    PAPER,
    PRACTICE,
    Clocks,
    CommonStart,
    Finished,
    FromAgent,
    Happened,
    Named,
    PartOpen,
    SafeNear,
    ScopeClock,
    SignedIn,
    Status,
    Surveyed,
    Vacant,
    Welcome,
)

FRESH_NS = 120 * SECOND
"""A message in a replay is shown again when it is younger than this: perhaps the screen
that should have shown it died first."""


class Stage(Enum):
    """Which screen belongs in front of the candidate."""

    STARTING = "starting"  # the agent was never reached
    LOST = "lost"  # the agent is gone for a moment, or restores an attempt
    SIGN_IN = "sign-in"
    CONFIRM = "confirm"
    WAITING = "waiting"  # signed in, not admitted
    READY = "ready"  # admitted; the paper may or may not be released
    EXAM = "exam"
    PAUSED = "paused"
    BREAK = "break"
    EVACUATED = "evacuated"  # everybody was told to leave the room
    CLOSING = "closing"  # closed, the hand-in code is being made
    FINISHED = "finished"
    SURVEY = "survey"  # the code is written down; a few questions, to answer or to skip


@dataclass
class View:
    """The screen's knowledge."""

    clock: Clock
    connected: bool = False
    settled: bool = False
    """Whether the agent has told all there is since the connection was made."""
    welcome: Welcome | None = None
    vacant: bool = False
    """Whether the agent said that nobody's attempt is here."""
    named: Named | None = None
    person: SignedIn | None = None
    parts: set[int] = field(default_factory=set)
    attempt: Attempt | None = None
    status: Status | None = None
    near: SafeNear | None = None
    finished: Finished | None = None
    survey: Survey | None = None
    """What may be asked once the exam is handed in."""
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What was said to the survey so far, by its questions; kept until nobody is here."""
    surveying: bool = False
    """Whether the candidate has written the code down and the survey stands here."""
    clocks: dict[str, ScopeClock] = field(default_factory=dict)
    """The clocks beside the exam's, by scope."""
    spent: list[str] = field(default_factory=list)
    """Scopes whose time was over just now; whoever says so takes them out."""
    start: CommonStart | None = None
    camera_words: str = ""
    messages_read: int = 0
    _told_ns: int = 0
    _clocks_ns: int = 0
    _start_ns: int = 0
    _fresh: int = 0

    def receive(self, message: FromAgent) -> None:
        """Take in one message."""
        match message:
            case Welcome():
                self.welcome = message
            case Vacant():
                self._forget()
                self.vacant = self.settled = True
                self.messages_read = 0
                self.said = {}
            case Named():
                self.named = message
            case SignedIn():
                self.named = None
                self.vacant = False
                self.person = message
                if self.attempt is None:
                    self.attempt = Attempt()
            case PartOpen(part=part):
                self.parts.add(part)
            case Happened(entries=entries, replay=replay):
                self._happened(entries, replay)
            case Status():
                self.status = message
                self._told_ns = self.clock.boottime_ns()
                self._settle()
            case SafeNear():
                self.near = message
            case Clocks(clocks=clocks):
                self.clocks = {clock.scope: clock for clock in clocks}
                self._clocks_ns = self.clock.boottime_ns()
            case CommonStart():
                self.start = message
                self._start_ns = self.clock.boottime_ns()
            case Finished():
                self.finished = message
                self._settle()
            case Surveyed(survey=survey) if survey != self.survey:
                self.survey = survey
            case _:
                pass  # answers to requests reach those who asked

    def meet(self) -> None:
        """A new connection: the agent will tell everything again."""
        self._forget()
        self.status = None
        self.connected = True

    def lose(self) -> None:
        """The connection ended."""
        self.connected = False
        self.settled = False

    def _forget(self) -> None:
        self.named = None
        self.person = None
        self.parts = set()
        self.attempt = None
        self.finished = self.survey = None
        self.surveying = False
        self.clocks = {}
        self.spent = []
        self.start = None
        self.camera_words = ""
        self.near = None
        self.vacant = False
        self._fresh = 0
        self.settled = False

    def _settle(self) -> None:
        if not self.settled:
            self.settled = True
            told = len(self.attempt.messages) if self.attempt is not None else 0
            self.messages_read = max(self.messages_read, told - self._fresh)

    def _happened(self, entries: tuple[ev.Entry, ...], replay: bool) -> None:
        for entry in entries:
            if self.attempt is not None and entry.sequence <= self.attempt.sequence:
                continue  # told twice
            before = len(self.attempt.messages) if self.attempt is not None else 0
            self.attempt = fold([entry], self.attempt)
            match entry.event:
                case ev.CameraFound(words=words):
                    self.camera_words = words
                case ev.Left(scope=scope, how=ev.SPENT) if not replay:
                    self.spent.append(scope)
            if len(self.attempt.messages) > before and replay:
                same = entry.stamp.boot == self.clock.boot()
                age = self.clock.boottime_ns() - entry.stamp.boottime_ns
                self._fresh = self._fresh + 1 if same and age < FRESH_NS else 0

    # What follows.

    @property
    def stage(self) -> Stage:
        """The screen that belongs in front of the candidate now."""
        if self.welcome is None:
            return Stage.STARTING
        if not self.connected or not self.settled:
            return Stage.LOST
        if self.finished is not None:
            asked = self.surveying and self.survey is not None
            return Stage.SURVEY if asked else Stage.FINISHED
        if self.person is None or self.attempt is None:
            if not self.vacant:
                return Stage.LOST
            return Stage.CONFIRM if self.named is not None else Stage.SIGN_IN
        if self.attempt.phase is Phase.RUNNING and self.rest is not None:
            return Stage.BREAK
        if self.attempt.evacuated and self.attempt.phase is not Phase.CLOSED:
            return Stage.EVACUATED
        return _STAGE[self.attempt.phase]

    @property
    def rest(self) -> Rest | None:
        """The break that goes on."""
        return self.attempt.progress.rest if self.attempt is not None else None

    @property
    def trouble(self) -> str:
        """One sentence that a person in front of this station should read, or nothing."""
        return self.status.trouble if self.status is not None and self.connected else ""

    @property
    def released(self) -> bool:
        return PAPER in self.parts

    @property
    def practice_open(self) -> bool:
        return PRACTICE in self.parts

    @property
    def unread(self) -> tuple[str, ...]:
        """Messages of the invigilators that the candidate has not acknowledged."""
        if self.attempt is None:
            return ()
        return self.attempt.messages[self.messages_read :]

    def left_ms(self) -> int | None:
        """Time left now, from what the agent last said; ``None`` before the exam began."""
        status = self.status
        begun = self.attempt is not None and self.attempt.phase in (Phase.RUNNING, Phase.PAUSED)
        if not begun or status is None or status.left_ms < 0:
            return None
        passed = 0
        if status.running and self.connected:
            passed = (self.clock.boottime_ns() - self._told_ns) // 1_000_000
        return max(0, status.left_ms - passed)

    def begins_in_ms(self) -> int | None:
        """Time until all begin, less than 0 afterwards; ``None`` without a common start."""
        if self.start is None:
            return None
        return self.start.in_ms - (self.clock.boottime_ns() - self._start_ns) // 1_000_000

    def soonest(self) -> tuple[str, int]:
        """What ends first of the exam (empty) and the scopes the candidate is in, and when (ms)."""
        whole = self.left_ms() or 0
        inside = self.attempt.progress.inside if self.attempt is not None else {}
        each = {scope: self._clock_left_ms(scope) for scope in inside if scope in self.clocks}
        scope = min(each, key=lambda name: each[name], default="")
        return (scope, each[scope]) if scope and each[scope] < whole else ("", whole)

    def break_left_ms(self) -> int | None:
        """Time left of the break that goes on."""
        return self._clock_left_ms(BREAK) if self.rest and BREAK in self.clocks else None

    def _clock_left_ms(self, scope: str) -> int:
        clock = self.clocks[scope]
        passed = 0
        if clock.running and self.connected:
            passed = (self.clock.boottime_ns() - self._clocks_ns) // 1_000_000
        return max(0, clock.left_ms - passed)

    def safe_age_ms(self) -> int | None:
        """Time since the hall last acknowledged; ``None`` when it never did."""
        status = self.status
        if status is None or status.safe_age_ms < 0:
            return None
        return status.safe_age_ms + (self.clock.boottime_ns() - self._told_ns) // 1_000_000


_STAGE = {
    Phase.WAITING: Stage.WAITING,
    Phase.ADMITTED: Stage.READY,
    Phase.RUNNING: Stage.EXAM,
    Phase.PAUSED: Stage.PAUSED,
    Phase.CLOSED: Stage.CLOSING,
}
