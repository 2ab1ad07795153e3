"""What the hall orders: each command is signed, numbered, and journaled as received.

A command names one attempt and its epoch, so it can neither be replayed to another
station nor to an attempt that has moved on; its number within its authority makes
a repeated delivery harmless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

from msgspec import Meta

from exam_packages.attempt.preferences import Accommodation
from exam_packages.canon import Object, Text, pack, unpack
from exam_packages.sealing.correction import believed_correction
from exam_packages.sealing.signed import read_signed, sign, verify

if TYPE_CHECKING:
    from exam_packages.sealing.suite import SigningKey, VerifyKey

KIND = "exam-kiosk/command/v1"
MAX_COMMAND = 24 * 1024
"""Bytes, with the hall's signature, and in a :class:`Correct` the body's."""


class Admit(Object, tag=1):
    """Let the candidate in; ``extra_s`` is granted beyond the paper's time limit."""

    extra_s: int


class Pause(Object, tag=2):
    """Stop the clock and hide the questions."""


class Resume(Object, tag=3):
    """Let the clock run on."""


class AddTime(Object, tag=4):
    """Grant more time (seconds; negative takes back what was granted by mistake)."""

    seconds: int


class Say(Object, tag=5):
    """Show a message to the candidate."""

    text: str


class Stop(Object, tag=6):
    """Stop and hand in: close the attempt with everything answered so far."""


class Accommodate(Object, tag=7):
    """Grant how the screen is read: its language, its colours, reading aloud."""

    granted: Accommodation


class AllowBreaks(Object, tag=20):
    """Allow so many more breaks that the candidate may take by asking."""

    times: int


class LetBack(Object, tag=21):
    """The candidate's identity was checked after a break: the questions may be seen again."""


class EnlargeText(Object, tag=25):
    """Grant letters of this size, in percent of the station's own."""

    percent: int


class Correct(Object, tag=27):
    """Hand on a correction of the body's, signed by its packager
    (:mod:`exam_packages.sealing.correction`)."""

    correction: bytes


class Attend(Object, tag=30):
    """Answer a raised hand: it goes down, and the candidate reads what follows."""

    text: str


class Evacuate(Object, tag=31):
    """Everybody leaves the room: hide the questions and stop the clock. What ran since the
    alarm, at ``alarm_ns`` of the wall clock, is given back."""

    alarm_ns: int


class Return(Object, tag=32):
    """The evacuation is over. The clock still stands, until a person resumes it."""


class Replace(Object, tag=33):
    """A device is being replaced, or no longer: meanwhile people watch instead."""

    device: str
    on: bool


CAMERA, KEYBOARD, POINTER = "camera", "keyboard", "pointer"
DEVICES = (CAMERA, KEYBOARD, POINTER)
"""What can be replaced while an exam goes on."""


class Spare(Object, tag=50):
    """Leave these detectors out for this candidate from now on, and use all others of the exam:
    a face covering or an assistant beside them would raise signals that mean nothing."""

    detectors: Annotated[tuple[Text, ...], Meta(max_length=32)]


class AskLive(Object, tag=51):
    """Ask the candidate to do something simple before the camera: the number of a prompt of
    :mod:`exam_packages.attempt.liveness`. Pictures are taken while they do; people judge."""

    prompt: int


class GrantTools(Object, tag=52):
    """Grant these tools to this candidate, and from now on no others beside the form's own: those
    of :data:`exam_packages.content.paper.TOOLS` that the form lets be granted
    (:mod:`exam_packages.attempt.granting`)."""

    tools: Annotated[tuple[Text, ...], Meta(max_length=16)]


Order: TypeAlias = (
    Admit
    | Pause
    | Resume
    | AddTime
    | Say
    | Stop
    | Accommodate
    | AllowBreaks
    | LetBack
    | EnlargeText
    | Correct
    | Attend
    | Evacuate
    | Return
    | Replace
    | Spare
    | AskLive
    | GrantTools
)


class Command(Object):
    """One order to one attempt.

    ``authority`` rises when command moves to another machine; ``number`` counts within
    it; ``operator`` is who ordered it, ``reason`` a code of the reason list.
    """

    blind_id: bytes
    epoch: int
    authority: int
    number: int
    operator: str
    issued_ns: int
    reason: str
    comment: str
    order: Order


def sign_command(command: Command, key: SigningKey) -> bytes:
    """The signed object that travels and is journaled."""
    return sign(KIND, pack(command), [key])


def read_command(data: bytes, commander: VerifyKey) -> Command:
    """Verify and decode. Raises an :class:`~exam_packages.errors.ExamError` when *commander* did
    not sign it."""
    return unpack(verify(data, KIND, [commander]), Command)


def journaled_command(data: bytes) -> Command:
    """Decode a command whose signature was checked before it was journaled."""
    command: Command = unpack(read_signed(data, KIND, max_size=MAX_COMMAND).body, Command)
    if isinstance(command.order, Correct):
        believed_correction(command.order.correction)
    return command
