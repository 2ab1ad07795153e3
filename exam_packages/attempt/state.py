"""The attempt as it stands: a fold over its events.

The agent, the screen, a restored station and the body all run this same fold, so none
of them can hold a different truth than the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from exam_packages.attempt import events as ev
from exam_packages.attempt import liveness
from exam_packages.attempt.commands import (
    Accommodate,
    AddTime,
    Admit,
    AllowBreaks,
    AskLive,
    Attend,
    Command,
    Correct,
    EnlargeText,
    Evacuate,
    GrantTools,
    LetBack,
    Pause,
    Replace,
    Resume,
    Return,
    Say,
    Spare,
    Stop,
    journaled_command,
)
from exam_packages.attempt.plays import Plays, played
from exam_packages.attempt.preferences import Preferences, accommodate
from exam_packages.attempt.progress import Progress, advance, allow, lengthen, let_back
from exam_packages.attempt.workings import Workings, add
from exam_packages.canon import Value, encode, pack
from exam_packages.content.paper import Paper
from exam_packages.content.values import Response, answered
from exam_packages.sealing.correction import Correction, believed_correction
from exam_packages.sealing.labels import digest, label

Responses = Mapping[str, tuple[Response, ...]]


class Phase(Enum):
    """Where an attempt is in its life."""

    WAITING = "waiting"  # signed in, not yet admitted
    ADMITTED = "admitted"  # may practise; may begin once the paper is released
    RUNNING = "running"
    PAUSED = "paused"  # begun, clock stopped, questions hidden
    CLOSED = "closed"


@dataclass(frozen=True)
class Attempt:
    """One candidate's run through a form, so far."""

    phase: Phase = Phase.WAITING
    epoch: int = 0
    practising: bool = False
    place: str | None = None
    responses: Responses = field(default_factory=lambda: MappingProxyType({}))
    recorded: int = 0
    flags: frozenset[str] = frozenset()
    workings: Workings = field(default_factory=Workings)
    plays: Plays = field(default_factory=lambda: MappingProxyType({}))
    calling: bool = False
    progress: Progress = field(default_factory=Progress)
    visited: frozenset[str] = frozenset()
    extra_s: int = 0
    allowed_s: int = 0
    messages: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    authority: int = 0
    command: int = 0
    closed: int = 0
    accepted: bytes = b""
    """The digest of the rules that the candidate accepted."""
    preferences: Preferences | None = None
    text_percent: int | None = None
    """The size of the letters; ``None``: nobody chose one."""
    evacuated: bool = False
    """Whether everybody was told to leave the room: nothing noticed now says anything."""
    replaced: frozenset[str] = frozenset()
    """The devices that are being replaced."""
    snapshots: int = 0
    spared: frozenset[str] = frozenset()
    """Detectors that are left out for this candidate."""
    tools: frozenset[str] = frozenset()
    """Tools granted to this candidate."""
    asked_live: int = 0
    """How often the candidate was asked for a sign of life."""
    sequence: int = -1

    @property
    def working(self) -> bool:
        """Whether questions are in front of the candidate."""
        return self.phase is Phase.RUNNING and self.progress.rest is None

    def answered(self, item: str) -> bool:
        """Whether anything stands as answer to *item*."""
        return answered(self.responses.get(item, ()))


def fold(entries: Iterable[ev.Entry], attempt: Attempt | None = None) -> Attempt:
    """The attempt after *entries*, from the beginning or from *attempt* on."""
    attempt = Attempt() if attempt is None else attempt
    for entry in entries:
        attempt = step(attempt, entry)
    return attempt


def step(attempt: Attempt, entry: ev.Entry) -> Attempt:
    """The attempt after one more entry."""
    return replace(_apply(attempt, entry.event), sequence=entry.sequence)


def responses_digest(responses: Responses) -> bytes:
    """The digest of responses as they stand, in the order of item identifiers."""
    standing: list[Value] = [
        [item, [[each.identifier, list(each.members)] for each in responses[item]]]
        for item in sorted(responses)
    ]
    return digest(label("attempt", "responses"), encode(standing))


def rules_digest(paper: Paper) -> bytes:
    """The digest of all that a paper says before it begins: instructions, time, policy."""
    return digest(label("attempt", "rules"), pack(paper))


def _apply(attempt: Attempt, event: ev.Event) -> Attempt:
    match event:
        case ev.Responded(item=item, responses=responses):
            return replace(
                attempt,
                responses=MappingProxyType({**attempt.responses, item: responses}),
                recorded=attempt.recorded + 1,
            )
        case ev.Moved(item=item):
            return replace(attempt, place=item, visited=attempt.visited | {item})
        case ev.Flagged(item=item, on=on):
            return replace(attempt, flags=attempt.flags | {item} if on else attempt.flags - {item})
        case ev.StruckOut() | ev.Noted() | ev.Jotted() | ev.Highlighted() | ev.Reported():
            return replace(attempt, workings=add(attempt.workings, event))
        case (
            ev.Entered()
            | ev.Left()
            | ev.Submitted()
            | ev.BreakBegan()
            | ev.BreakOver()
            | ev.Returned()
            | ev.BreakEnded()
        ):
            return replace(attempt, progress=advance(attempt.progress, event))
        case ev.Played() | ev.Heard():
            return replace(attempt, plays=played(attempt.plays, event))
        case ev.Called(on=on):
            return replace(attempt, calling=on)
        case ev.Opened(epoch=epoch, held=held):
            paused = held and attempt.phase is Phase.RUNNING
            return replace(attempt, epoch=epoch, phase=Phase.PAUSED if paused else attempt.phase)
        case ev.Preferred(preferences=preferences):
            return replace(attempt, preferences=preferences)
        case ev.Enlarged(percent=percent):
            return replace(attempt, text_percent=percent)
        case ev.Accepted(rules=rules):
            return replace(attempt, accepted=rules)
        case ev.GivenBack(seconds=seconds):
            return replace(attempt, allowed_s=attempt.allowed_s + seconds)
        case ev.Practised():
            return replace(attempt, practising=True)
        case ev.Began(allowed_s=allowed_s):
            return replace(attempt, phase=Phase.RUNNING, practising=False, allowed_s=allowed_s)
        case ev.Commanded(command=data):
            return _obey(attempt, journaled_command(data))
        case ev.Closed(how=how):
            return replace(attempt, phase=Phase.CLOSED, closed=how)
        case ev.Reopened(epoch=epoch):
            phase = Phase.PAUSED if attempt.place is not None else Phase.ADMITTED
            return replace(attempt, epoch=epoch, phase=phase, closed=0)
        case ev.SnapshotTaken(number=number):
            return replace(attempt, snapshots=number)
        case ev.Beat() | ev.Noticed() | ev.CameraFound() | ev.Identified() | ev.Concluded():
            return attempt
        case ev.CameraTold() | ev.PictureTold() | ev.Signalled() | ev.PicturesMissed():
            return attempt
        case ev.Mandated():
            return attempt


def _obey(attempt: Attempt, command: Command) -> Attempt:
    attempt = replace(attempt, authority=command.authority, command=command.number)
    match command.order:
        case Admit(extra_s=extra_s):
            if attempt.phase is not Phase.WAITING:  # admitted once is admitted
                return attempt
            return replace(attempt, extra_s=attempt.extra_s + extra_s, phase=Phase.ADMITTED)
        case Pause():
            running = attempt.phase is Phase.RUNNING
            return replace(attempt, phase=Phase.PAUSED if running else attempt.phase)
        case Resume():
            paused = attempt.phase is Phase.PAUSED
            phase = Phase.RUNNING if paused else attempt.phase
            return replace(attempt, phase=phase, evacuated=False)
        case AddTime(seconds=seconds):
            begun = attempt.phase in (Phase.RUNNING, Phase.PAUSED)
            if begun:
                progress = lengthen(attempt.progress, seconds)
                return replace(attempt, allowed_s=attempt.allowed_s + seconds, progress=progress)
            return replace(attempt, extra_s=attempt.extra_s + seconds)
        case Say(text=text):
            return replace(attempt, messages=(*attempt.messages, text))
        case Correct(correction=data):
            correction = believed_correction(data)
            if correction in attempt.corrections:
                return attempt
            return replace(attempt, corrections=(*attempt.corrections, correction))
        case Accommodate(granted=granted):
            return replace(attempt, preferences=accommodate(attempt.preferences, granted))
        case AllowBreaks(times=times):
            return replace(attempt, progress=allow(attempt.progress, times))
        case LetBack():
            return replace(attempt, progress=let_back(attempt.progress))
        case EnlargeText(percent=percent):
            return replace(attempt, text_percent=percent)
        case Attend(text=text):
            return replace(attempt, calling=False, messages=(*attempt.messages, text))
        case Evacuate():
            running = attempt.phase is Phase.RUNNING
            phase = Phase.PAUSED if running else attempt.phase
            return replace(attempt, phase=phase, evacuated=True)
        case Return():
            return replace(attempt, evacuated=False)
        case Replace(device=device, on=on):
            devices = attempt.replaced | {device} if on else attempt.replaced - {device}
            return replace(attempt, replaced=devices)
        case Spare(detectors=detectors):
            return replace(attempt, spared=frozenset(detectors))
        case GrantTools(tools=tools):
            return replace(attempt, tools=frozenset(tools))
        case AskLive(prompt=prompt):
            told = (*attempt.messages, liveness.words(prompt))
            return replace(attempt, messages=told, asked_live=attempt.asked_live + 1)
        case Stop():
            return attempt
