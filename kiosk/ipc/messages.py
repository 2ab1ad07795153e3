"""The messages between screen and agent.

The screen asks (:data:`FromScreen`); the agent answers and tells (:data:`FromAgent`).
A screen may die and come back at any moment: after :class:`Hello` the agent says all
that a screen must know, replays the attempt if there is one, and goes on.
"""

from __future__ import annotations

from typing import TypeAlias

from exam_packages.attempt.acts import Act
from exam_packages.attempt.events import Entry
from exam_packages.canon import Object
from exam_packages.content.survey import Survey
from exam_packages.content.values import Response

VERSION = 1

PRACTICE, PAPER = 1, 2
"""Parts of a package."""

MAX_READ = 1024 * 1024
"""Bytes of a blob served by one :class:`Read`."""


# From the screen.


class Hello(Object, tag=1):
    version: int


class SignIn(Object, tag=2):
    """The sign-in code the candidate typed."""

    request: int
    code: str


class Confirm(Object, tag=3):
    """Whether the name shown is the candidate's own."""

    request: int
    yes: bool


class Do(Object, tag=4):
    """An act of the candidate. Answered by :class:`Saved` once its events are on disk."""

    request: int
    act: Act


class Read(Object, tag=5):
    """Ask for bytes of a blob of an open part."""

    request: int
    part: int
    name: str
    offset: int
    length: int


class Leave(Object, tag=6):
    """The finished candidate leaves: the station is ready for the next one."""

    request: int


class Answer(Object, tag=50):
    """The finished candidate leaves, as by :class:`Leave`, and has answered the survey: for
    each question that was answered, under its identifier, the members of its response."""

    request: int
    responses: tuple[Response, ...]


class Fault(Object, tag=7):
    """The screen ends by a fault of its own: its kind, and where in the program it was.

    It tells places of the program, never a value: those could be answers.
    """

    trace: str


SILENT, SOUNDS, UNHEARD = 0, 1, 2
"""What is known of the sound: the device does not work; it works; it works, and the candidate
hears nothing."""


class SoundTried(Object, tag=25):
    """The sound of this station was tried: see :data:`SILENT` and its fellows."""

    found: int


class Look(Object, tag=30):
    """What is before the camera now, in at most so many pixels: to hold up a letter before
    anybody is signed in. Answered by :class:`Seen`."""

    request: int
    width: int
    height: int


class Focus(Object, tag=40):
    """The terminal lost the keyboard to another window, or has it again."""

    on: bool


class KeysSeen(Object, tag=48):
    """The terminal passed on a combination of this
    :class:`kiosk.lockdown.signals.Category`: which kind it was, and nothing of which keys."""

    category: int


FromScreen: TypeAlias = (
    Hello
    | SignIn
    | Confirm
    | Do
    | Read
    | Leave
    | Answer
    | Fault
    | SoundTried
    | Look
    | Focus
    | KeysSeen
)


# From the agent.


class Welcome(Object, tag=1):
    """Who this station is, and which exam waits here (empty when none does)."""

    version: int
    station: str
    centre: str
    exam: str


class Named(Object, tag=2):
    """The roster's line for the code that was typed; the candidate confirms it."""

    request: int
    candidate: str
    name: str


class SignedIn(Object, tag=3):
    """An attempt is open for this person. Sent again to a screen that comes back."""

    candidate: str
    name: str


class PartOpen(Object, tag=4):
    """A part of the package can be read from now on."""

    part: int


class Happened(Object, tag=5):
    """Entries that are on disk, in order. ``replay`` says they are history."""

    entries: tuple[Entry, ...]
    replay: bool


class Saved(Object, tag=6):
    """The act of this request is on disk, all its entries told before this."""

    request: int


class Refused(Object, tag=7):
    """The request was not done. ``template`` is the message id, ``fields`` fill it."""

    request: int
    template: str
    fields: tuple[tuple[str, str | int], ...]


class Data(Object, tag=8):
    """The answer to :class:`Read`; ``total`` is the whole blob's size in bytes."""

    request: int
    total: int
    data: bytes


class Status(Object, tag=9):
    """What stands on the screen's last line; told every second and on each change.

    ``saved`` and ``safe`` are sequences: on this disk, and on another machine's.
    ``safe_age_ms`` is the time since the hall last acknowledged (-1: never); ``hall``
    whether it answers now. ``left_ms`` is the time left (-1: not begun) and ``running``
    whether it runs. ``trouble`` is one sentence, or empty.
    """

    saved: int
    safe: int
    safe_age_ms: int
    hall: bool
    camera: int
    left_ms: int
    running: bool
    released: bool
    trouble: str


class Finished(Object, tag=10):
    """The attempt is closed and its manifest signed.

    ``code`` is the hand-in code; ``hall`` says that the hall countersigned, ``body`` that
    the body's receipt has arrived.
    """

    how: int
    code: str
    hall: bool
    body: bool


class Surveyed(Object, tag=50):
    """The survey that the candidate whose attempt is finished may answer; told with
    :class:`Finished`, where there is one."""

    survey: Survey


class ScopeClock(Object):
    """Time left of what has its own: a scope of :mod:`exam_packages.content.moving`, or a
    break."""

    scope: str
    left_ms: int
    running: bool


class Clocks(Object, tag=20):
    """The clocks beside the exam's, while there are any; told with each :class:`Status`."""

    clocks: tuple[ScopeClock, ...]


class CommonStart(Object, tag=56):
    """When all begin, by the hall's clock, in so many milliseconds (less than 0: so long ago);
    told with each :class:`Status` until this candidate has begun. ``together``: all end
    together."""

    in_ms: int
    together: bool


class Vacant(Object, tag=11):
    """No attempt is open here: show the sign-in."""


class Seen(Object, tag=30):
    """The answer to :class:`Look`: a picture, mirrored (three bytes a pixel: red, green,
    blue), and the text of the code in it, or nothing. ``strange``: what is in the code is no
    short text. Nobody keeps any of it."""

    request: int
    width: int
    height: int
    pixels: bytes
    text: str
    strange: bool


class SafeNear(Object, tag=58):
    """How far a neighbour station keeps the record (a sequence), and which; told with each
    :class:`Status` while there is one."""

    safe: int
    station: str


FromAgent: TypeAlias = (
    Welcome
    | Named
    | SignedIn
    | PartOpen
    | Happened
    | Saved
    | Refused
    | Data
    | Status
    | Finished
    | Vacant
    | Clocks
    | CommonStart
    | Seen
    | Surveyed
    | SafeNear
)
