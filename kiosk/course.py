"""A way through questions: the exam's own, through the agent, or the practice's, here.

What a screen of questions needs to know and may ask is the same for both. Practice
answers never leave this process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from fractions import Fraction
from functools import reduce
from typing import Protocol

from msgspec.structs import replace

from exam_packages.attempt.acts import Act, Flag, Hear, Move, Play, Respond, Submit, Work
from exam_packages.attempt.events import Heard, Played
from exam_packages.attempt.granting import usable
from exam_packages.attempt.plays import NONE, Plays, played
from exam_packages.attempt.plays import Play as Playing
from exam_packages.attempt.state import Attempt
from exam_packages.attempt.workings import Working, Workings, add
from exam_packages.clock import Clock
from exam_packages.content.items import Media
from exam_packages.content.moving import UNBOUND
from exam_packages.content.paper import LINEAR, Paper, Section
from exam_packages.content.values import Response, answered
from kiosk import playing
from kiosk.drafts import Drafts
from kiosk.ipc.messages import PAPER, PRACTICE
from kiosk.ways import Ways

Responses = tuple[Response, ...]


Computed = list[tuple[str, Fraction]]
"""What was computed with the calculator: as it was typed, and its value. Kept by nobody."""


class Course(Protocol):
    """Where the candidate is in a paper, and what was answered."""

    paper: Paper
    part: int
    computed: Computed
    ways: Ways

    @property
    def place(self) -> str | None:
        """The item in front of the candidate."""

    @property
    def tools(self) -> frozenset[str]:
        """What the candidate may use: the form's own tools, and those granted."""

    def responses(self, item: str) -> Responses: ...

    def flagged(self, item: str) -> bool: ...

    def visited(self, item: str) -> bool: ...

    def answer(self, item: str, responses: Responses, *, typed: bool) -> None:
        """The candidate answered."""

    @property
    def workings(self) -> Workings:
        """What was left beside the answers, saved or about to be."""

    def work(self, what: Working, *, typed: bool = False) -> None:
        """The candidate leaves something beside the answers."""

    def playing(self, item: str, response: str) -> Playing:
        """The newest play of the recording of a media interaction."""

    async def play(self, item: str, interaction: Media) -> bool:
        """Whether the recording may sound now: a play begins, or one goes on."""

    async def heard(self, item: str, response: str, at_ms: int, how: int) -> None:
        """How far the recording has come: see :class:`exam_packages.attempt.events.Heard`."""

    async def go(self, item: str) -> None:
        """The candidate wants to see *item*."""

    async def submit(self, item: str) -> bool:
        """The candidate submits *item*; whether it was taken."""

    async def flag(self, item: str, on: bool) -> None:
        """The candidate marks *item*, or takes the mark off."""


def answered_in(course: Course, item: str) -> bool:
    """Whether anything stands as answer to *item*, saved or about to be."""
    return answered(course.responses(item))


def allowed(course: Course, tool: str) -> bool:
    """Whether the candidate may use *tool* (:data:`exam_packages.content.paper.TOOLS`)."""
    return tool in course.tools


def order(course: Course) -> list[str]:
    """The items as they are sat."""
    return [reference.identifier for reference in course.paper.references()]


def section_of(course: Course, item: str | None) -> Section | None:
    """The section that *item* lies in."""
    for section in course.paper.sections():
        if any(reference.identifier == item for reference in section.items):
            return section
    return None


def one_way(course: Course) -> bool:
    """Whether the part the candidate is in is taken in order, without a way back."""
    for part in course.paper.parts:
        for section in part.sections:
            if any(reference.identifier == course.place for reference in section.items):
                return part.navigation == LINEAR
    return False


class ExamCourse:
    """The exam itself: what stands is the fold's, what is typed is a draft on its way."""

    part = PAPER

    def __init__(
        self,
        paper: Paper,
        attempt: Callable[[], Attempt],
        drafts: Drafts,
        clock: Clock,
        wake: Callable[[], None],
        flush: Callable[[], Awaitable[None]],
        do: Callable[[Act], Awaitable[bool]],
    ) -> None:
        self.paper = paper
        self.computed: Computed = []
        self.ways = Ways(paper, attempt)
        self._attempt = attempt
        self._drafts = drafts
        self._clock = clock
        self._wake = wake
        self._flush = flush
        self._do = do

    @property
    def place(self) -> str | None:
        return self._attempt().place

    @property
    def tools(self) -> frozenset[str]:
        return usable(self.paper.policy.tools, self._attempt().tools)

    def responses(self, item: str) -> Responses:
        draft = self._drafts.responses(item)
        return draft if draft is not None else self._attempt().responses.get(item, ())

    def flagged(self, item: str) -> bool:
        return item in self._attempt().flags

    def visited(self, item: str) -> bool:
        return item in self._attempt().visited

    def answer(self, item: str, responses: Responses, *, typed: bool) -> None:
        act = Respond(item, responses)
        self._drafts.put(act, typed=typed, now_ns=self._clock.boottime_ns())
        self._wake()

    @property
    def workings(self) -> Workings:
        return reduce(add, self._drafts.workings(), self._attempt().workings)

    def work(self, what: Working, *, typed: bool = False) -> None:
        self._drafts.put(Work(what), typed=typed, now_ns=self._clock.boottime_ns())
        self._wake()

    def playing(self, item: str, response: str) -> Playing:
        return self._attempt().plays.get((item, response), NONE)

    async def play(self, item: str, interaction: Media) -> bool:
        return await self._do(Play(item, interaction.response))

    async def heard(self, item: str, response: str, at_ms: int, how: int) -> None:
        await self._do(Hear(item, response, at_ms, how))

    async def go(self, item: str) -> None:
        await self._flush()
        await self._do(Move(item))

    async def submit(self, item: str) -> bool:
        await self._flush()
        return await self._do(Submit(item))

    async def flag(self, item: str, on: bool) -> None:
        await self._do(Flag(item, on))


class PracticeCourse:
    """Practice questions: nothing of them is sent, kept or scored."""

    part = PRACTICE

    def __init__(self, paper: Paper, wake: Callable[[], None], granted: Iterable[str] = ()) -> None:
        self.paper = paper
        self.tools = usable(paper.policy.tools, granted)
        self.computed: Computed = []
        self.ways = Ways(replace(paper, moving=UNBOUND), lambda: Attempt(place=self._place))
        references = paper.references()
        self._place = references[0].identifier if references else None
        self._responses: dict[str, Responses] = {}
        self._flags: set[str] = set()
        self._visited = {self._place} if self._place else set()
        self._workings = Workings()
        self._plays: Plays = {}
        self._wake = wake

    @property
    def place(self) -> str | None:
        return self._place

    def responses(self, item: str) -> Responses:
        return self._responses.get(item, ())

    def flagged(self, item: str) -> bool:
        return item in self._flags

    def visited(self, item: str) -> bool:
        return item in self._visited

    def answer(self, item: str, responses: Responses, *, typed: bool) -> None:
        self._responses[item] = responses
        self._wake()

    @property
    def workings(self) -> Workings:
        return self._workings

    def work(self, what: Working, *, typed: bool = False) -> None:
        self._workings = add(self._workings, what)
        self._wake()

    def playing(self, item: str, response: str) -> Playing:
        return self._plays.get((item, response), NONE)

    async def play(self, item: str, interaction: Media) -> bool:
        begun = playing.begin(self._plays, item, interaction)
        self._keep(begun or ())
        if begun is not None:
            others = [r for r in self.responses(item) if r.identifier != interaction.response]
            counted = playing.counted(self._plays, item, interaction)
            self.answer(item, (*others, counted), typed=False)
        return begun is not None

    async def heard(self, item: str, response: str, at_ms: int, how: int) -> None:
        self._keep(playing.heard(self._plays, item, response, at_ms, how))

    def _keep(self, events: Iterable[object]) -> None:
        for event in events:
            if isinstance(event, Played | Heard):
                self._plays = played(self._plays, event)
        self._wake()

    async def go(self, item: str) -> None:
        self._place = item
        self._visited.add(item)
        self._wake()

    async def submit(self, item: str) -> bool:
        return True

    async def flag(self, item: str, on: bool) -> None:
        (self._flags.add if on else self._flags.discard)(item)
        self._wake()
