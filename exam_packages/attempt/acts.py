"""What a candidate does. An act asks; only the session decides whether it happened."""

from __future__ import annotations

from typing import TypeAlias

from exam_packages.attempt.preferences import Preferences
from exam_packages.attempt.workings import Working
from exam_packages.canon import Object
from exam_packages.content.values import Response


class Practise(Object, tag=1):
    """Open the practice questions (outside the clock)."""


class Begin(Object, tag=2):
    """Start the exam: from here on time runs."""


class Move(Object, tag=3):
    """Go to an item."""

    item: str


class Respond(Object, tag=4):
    """Give (or change, or empty) the answers to one item: the whole item at once."""

    item: str
    responses: tuple[Response, ...]


class Flag(Object, tag=5):
    """Mark an item to come back to, or take the mark off."""

    item: str
    on: bool


class HandIn(Object, tag=6):
    """Finish: nothing can be changed afterwards."""


class Work(Object, tag=7):
    """Leave something beside the answers: a note, a strike-out, a highlight, a report."""

    what: Working


class Call(Object, tag=8):
    """Call the invigilator, or take that back."""

    on: bool


class Prefer(Object, tag=12):
    """Choose how the screen is read."""

    preferences: Preferences


class Submit(Object, tag=30):
    """Submit one item, where answers are taken one by one."""

    item: str


class TakeBreak(Object, tag=31):
    """Go on a break, on the exam's time."""


class ComeBack(Object, tag=32):
    """Be back from a break."""


class Play(Object, tag=35):
    """Play the recording of a media interaction, or let one that broke off go on."""

    item: str
    response: str


class Hear(Object, tag=36):
    """How far the recording of a media interaction has been heard: see
    :class:`exam_packages.attempt.events.Heard`."""

    item: str
    response: str
    at_ms: int
    how: int


class Enlarge(Object, tag=37):
    """Choose the size of the letters, one of
    :data:`exam_packages.attempt.preferences.TEXT_SIZES`."""

    percent: int


class Accept(Object, tag=40):
    """Accept the rules of the exam, which stand on the screen."""


Act: TypeAlias = (
    Practise
    | Begin
    | Move
    | Respond
    | Flag
    | HandIn
    | Work
    | Call
    | Prefer
    | Submit
    | TakeBreak
    | ComeBack
    | Play
    | Hear
    | Enlarge
    | Accept
)
