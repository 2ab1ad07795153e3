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


class Accept(Object, tag=40):
    """Accept the rules of the exam, which stand on the screen."""


Act: TypeAlias = Practise | Begin | Move | Respond | Flag | HandIn | Work | Call | Prefer | Accept
