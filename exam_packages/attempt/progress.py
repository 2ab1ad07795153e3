"""How far a candidate has come: what was entered and left, submitted, and any break.

Part of the fold of :mod:`exam_packages.attempt.state`. The events say what the form allows, so
that whoever reads a record needs no paper to account for its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

from exam_packages.attempt import events as ev

BREAK = "break"
"""The name of a break's clock, beside the scopes of limits."""

Step: TypeAlias = (
    ev.Entered | ev.Left | ev.Submitted | ev.BreakBegan | ev.BreakOver | ev.Returned | ev.BreakEnded
)


@dataclass(frozen=True)
class Inside:
    """A scope that was entered. ``how`` is 0 while the candidate is in it, else how it was left."""

    allowed_s: int
    least_s: int
    how: int = 0

    @property
    def closed(self) -> bool:
        return self.how in (ev.LEFT, ev.SPENT)


@dataclass(frozen=True)
class Rest:
    """A break that goes on. ``over``: the exam's clock runs again although it had stood;
    ``returned``: the candidate is back; ``checked``: an invigilator has seen who it is."""

    after: str
    allowed_s: int
    stopped: bool
    identity: bool
    over: bool = False
    returned: bool = False
    checked: bool = False

    @property
    def charged(self) -> bool:
        """Whether the exam's clock runs."""
        return not self.stopped or self.over

    @property
    def open(self) -> bool:
        """Whether coming back needs nobody (any more)."""
        return not self.identity or self.checked


@dataclass(frozen=True)
class Progress:
    """All of an attempt, as it stands. ``scopes`` are those that were ever entered,
    ``breaks`` what :class:`~exam_packages.attempt.events.BreakBegan` named, ``asked`` how many
    breaks were asked for, ``granted`` how many more an invigilator allowed."""

    scopes: Mapping[str, Inside] = field(default_factory=lambda: MappingProxyType({}))
    submitted: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    rest: Rest | None = None
    breaks: frozenset[str] = frozenset()
    asked: int = 0
    granted: int = 0

    @property
    def inside(self) -> Mapping[str, Inside]:
        """The scopes the candidate is in: those whose clocks run with the exam's."""
        return {name: each for name, each in self.scopes.items() if not each.how}

    def closed(self, scope: str) -> bool:
        """Whether *scope* was left for good."""
        return scope in self.scopes and self.scopes[scope].closed


def advance(progress: Progress, event: Step) -> Progress:
    """The progress after one more step."""
    rest = progress.rest
    match event:
        case ev.Entered(scope=scope, allowed_s=allowed_s, least_s=least_s):
            return _scope(progress, scope, Inside(allowed_s, least_s))
        case ev.Left(scope=scope, how=how):
            before = progress.scopes.get(scope, Inside(0, 0))
            return _scope(progress, scope, replace(before, how=how))
        case ev.Submitted(item=item):
            times = progress.submitted.get(item, 0) + 1
            submitted = MappingProxyType({**progress.submitted, item: times})
            return replace(progress, submitted=submitted)
        case ev.BreakBegan(after=after, allowed_s=allowed_s, stopped=stopped, identity=identity):
            began = Rest(after, allowed_s, stopped, identity)
            if not after:
                return replace(progress, rest=began, asked=progress.asked + 1)
            return replace(progress, rest=began, breaks=progress.breaks | {after})
        case ev.BreakOver():
            return replace(progress, rest=rest and replace(rest, over=True))
        case ev.Returned():
            return replace(progress, rest=rest and replace(rest, returned=True))
        case ev.BreakEnded():
            return replace(progress, rest=None)


def allow(progress: Progress, times: int) -> Progress:
    """The progress after so many more breaks were allowed."""
    return replace(progress, granted=max(0, progress.granted + times))


def let_back(progress: Progress) -> Progress:
    """The progress after an invigilator has seen who came back."""
    rest = progress.rest
    return replace(progress, rest=rest and replace(rest, checked=True))


def lengthen(progress: Progress, seconds: int) -> Progress:
    """The progress after *seconds* were granted: each scope that the candidate is in has them
    too. One without an end keeps none."""
    scopes = {
        name: replace(each, allowed_s=max(1, each.allowed_s + seconds))
        if each.allowed_s and not each.how
        else each
        for name, each in progress.scopes.items()
    }
    return replace(progress, scopes=MappingProxyType(scopes))


def _scope(progress: Progress, name: str, now: Inside) -> Progress:
    return replace(progress, scopes=MappingProxyType({**progress.scopes, name: now}))
