"""What happened: the bodies of journal records.

Each event is an array ``[code, field…]``. A published code is frozen: a new field or
meaning takes a new code. Each event names the compartment it is sealed in, and so who
can ever read it: the scorer's compartment holds responses and nothing else.
"""

from __future__ import annotations

from typing import TypeAlias

from exam_packages.attempt.preferences import Preferences
from exam_packages.canon import Object, pack, unpack
from exam_packages.clock import Stamp
from exam_packages.content.values import Response
from exam_packages.sealing.journal_format import Compartment

MAX_EVENT = 256 * 1024

START, RESTART, MOVE, REOPEN = 1, 2, 3, 4
"""Why an epoch opened: a new attempt, the agent restarted, another station took over, two
people reopened a hand-in. The epoch of a reopened attempt begins with :class:`Reopened`."""

HANDED_IN, TIME_OVER, STOPPED = 1, 2, 3
"""How an attempt closed: by the candidate, by the clock, by an invigilator."""

DEVICE, VIDEO_FILE, NO_CAMERA = 1, 2, 0
VIRTUAL, OTHER_DEVICE = 3, 4
"""What kind of source the pictures come from: a camera, a video file, none, a device whose
pictures a program makes, another camera than the one enrolled for the station."""


# Responses: opened by the scoring role alone.


class Responded(Object, tag=1):
    """The answers to one item, whole, as they now stand."""

    item: str
    responses: tuple[Response, ...]


class Concluded(Object, tag=2):
    """The last record of the responses: how many were recorded, and a digest of how they
    stand (see :func:`exam_packages.attempt.state.responses_digest`), so that the scoring
    desk can prove its replay."""

    recorded: int
    digest: bytes


# Events: opened by the integrity role.


class Opened(Object, tag=10):
    """An epoch began. ``held`` keeps the clock stopped until a person resumes it."""

    epoch: int
    cause: int
    held: bool


class Practised(Object, tag=11):
    """The candidate opened the practice questions."""


class Began(Object, tag=12):
    """The exam started; ``allowed_s`` is the time granted at that moment."""

    allowed_s: int


class Moved(Object, tag=13):
    item: str


class Flagged(Object, tag=14):
    item: str
    on: bool


class Commanded(Object, tag=15):
    """The hall ordered something; the signed command is kept whole."""

    command: bytes


class Beat(Object, tag=16):
    """Still here: bounds what an outage can hide while nothing else happens."""


class Noticed(Object, tag=17):
    """An incident the station noticed: a reason code and plain words. People judge it."""

    code: str
    words: str


class CameraFound(Object, tag=18):
    """Where pictures come from: one of the source kinds above, in plain words too."""

    source: int
    words: str


class Closed(Object, tag=19):
    """The attempt ended; nothing but its conclusion follows, unless it is reopened."""

    how: int


class Reopened(Object, tag=20):
    """An epoch began in which a closed attempt goes on, with the time that was left. The
    clock stands until a person resumes it. One that was stopped before it had begun may
    begin."""

    epoch: int


class StruckOut(Object, tag=21):
    """The candidate struck a choice of an item out, or took that back. It has the name that the
    response would give it, see :func:`exam_packages.content.striking.strikable`."""

    item: str
    response: str
    choice: str
    on: bool


class Noted(Object, tag=22):
    """The candidate's note on an item, whole, as it now stands."""

    item: str
    text: str


class Jotted(Object, tag=23):
    """The candidate's scratchpad, whole, as it now stands."""

    text: str


class Highlighted(Object, tag=24):
    """What is highlighted in a text, whole: runs of words, from the first to the last.

    ``blob`` names the text (``item/<id>``: the item's body; ``exhibit/<id>``); its words
    are numbered as in :func:`exam_packages.content.words.words`.
    """

    blob: str
    runs: tuple[tuple[int, int], ...]


class Reported(Object, tag=25):
    """The candidate says that something is wrong with an item: in these words, or none."""

    item: str
    words: str


class Called(Object, tag=26):
    """The candidate called the invigilator, or took that back."""

    on: bool


class Preferred(Object, tag=29):
    """The candidate chose how the screen is read."""

    preferences: Preferences


STEPPED_OUT, LEFT, SPENT = 1, 2, 3
"""How a scope was left: for now, for good, or because its time was over."""


class Entered(Object, tag=50):
    """The candidate entered a part, section or item with time of its own, or came back to it:
    its clock runs from here. ``allowed_s`` is what it has in all (0: no end), ``least_s`` what
    must pass in it."""

    scope: str
    allowed_s: int
    least_s: int


class Left(Object, tag=51):
    """A scope was left, in one of the ways above: its clock stands; but for the first it is
    closed."""

    scope: str
    how: int


class Submitted(Object, tag=52):
    """The candidate submitted an item whose answers are taken one by one."""

    item: str


class BreakBegan(Object, tag=53):
    """A break began: the one ``after`` an item, or (empty) one that was asked for.

    The fields are those of :class:`exam_packages.content.moving.Break`."""

    after: str
    allowed_s: int
    stopped: bool
    identity: bool


class BreakOver(Object, tag=54):
    """A break in which the exam's clock stood is over: from here on it runs."""


class Returned(Object, tag=55):
    """The candidate is back from a break, and waits to be let in."""


class BreakEnded(Object, tag=56):
    """The candidate goes on after a break."""


GOES_ON, STOPPED_AT, HEARD_ALL = 0, 1, 2
"""How far a recording was heard: so far; to where the candidate, a pause or the way to another
question stopped it; to its end."""


class Played(Object, tag=60):
    """A recording of the item begins to sound, for the ``number``-th time, at ``from_ms`` of
    it. Written before the first sound. The same number again: that play goes on."""

    item: str
    response: str
    number: int
    from_ms: int


class Heard(Object, tag=61):
    """How far a play has come: ``at_ms`` of the recording, and ``how`` (see above)."""

    item: str
    response: str
    number: int
    at_ms: int
    how: int


class Enlarged(Object, tag=62):
    """The candidate chose the size of the letters, in percent of the station's own."""

    percent: int


class Accepted(Object, tag=65):
    """The candidate accepted the rules: those of the paper with this digest
    (:func:`exam_packages.attempt.state.rules_digest`)."""

    rules: bytes


class GivenBack(Object, tag=70):
    """Seconds that ran while nobody could work are given back: with an evacuation, those
    between the alarm and the order."""

    seconds: int


class CameraTold(Object, tag=80):
    """What driver and kernel say of the source found: see
    :class:`provisioning.devices.camera.Identity`; ``enrolled`` says that it is the camera
    enrolled for the station."""

    driver: str
    bus: str
    ids: str
    serial: str
    enrolled: bool


class Signalled(Object, tag=82):
    """A detector raised a signal or took it back: its code, plain words, and the numbers of the
    pictures that show it. People judge it."""

    code: str
    on: bool
    words: str
    pictures: tuple[int, ...]


class PicturesMissed(Object, tag=83):
    """So many pictures were not kept, and why: answers go first."""

    count: int
    words: str


class Mandated(Object, tag=88):
    """With no hall left, a chief's key took command at the seat: their signed mandate
    (:mod:`exam_packages.sealing.mandate`). Commands of its term are signed with that key."""

    mandate: bytes


# Evidence: opened by the integrity role.


class SnapshotTaken(Object, tag=30):
    """A picture lies sealed beside the journal under this digest."""

    number: int
    digest: bytes
    size: int
    source: int


class PictureTold(Object, tag=81):
    """Of the picture of this number: why it was taken (``time``, ``liveness`` or a moment of
    :mod:`exam_packages.content.proctoring`), and the signals that stood then."""

    number: int
    reason: str
    signals: tuple[str, ...]


# Identity: one record, opened by the registrar alone.


class Identified(Object, tag=40):
    """Who sits this attempt, as the roster and the candidate both said."""

    candidate: str
    name: str


Event: TypeAlias = (
    Responded
    | Concluded
    | Opened
    | Practised
    | Began
    | Moved
    | Flagged
    | Commanded
    | Beat
    | Noticed
    | CameraFound
    | Closed
    | Reopened
    | StruckOut
    | Noted
    | Jotted
    | Highlighted
    | Reported
    | Called
    | Preferred
    | Entered
    | Left
    | Submitted
    | BreakBegan
    | BreakOver
    | Returned
    | BreakEnded
    | Played
    | Heard
    | Enlarged
    | Accepted
    | GivenBack
    | SnapshotTaken
    | Identified
    | CameraTold
    | PictureTold
    | Signalled
    | PicturesMissed
    | Mandated
)


class Entry(Object):
    """One journaled event with its place and time."""

    sequence: int
    stamp: Stamp
    event: Event


def compartment(event: Event) -> Compartment:
    """Where an event is sealed."""
    match event:
        case Responded() | Concluded():
            return Compartment.RESPONSES
        case SnapshotTaken() | PictureTold():
            return Compartment.EVIDENCE
        case Identified():
            return Compartment.IDENTITY
        case _:
            return Compartment.EVENTS


def encode_event(event: Event) -> bytes:
    return pack(event)


def decode_event(data: bytes) -> Event:
    """Raises :class:`~exam_packages.canon.CanonError` for a code this version does not know."""
    event: Event = unpack(data, Event, max_size=MAX_EVENT)
    return event
