"""What the other threads tell the session thread: everything goes through its one queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias

from exam_packages.sealing.trust import Trust
from kiosk.agent.door import Screen
from kiosk.ipc.messages import FromScreen
from kiosk.lockdown.signals import Signal, Source, Watched
from kiosk.proctoring.messages import Seen
from provisioning.devices.camera import NOT_ONE, Identity
from sync.link import Answer
from sync.messages import Welcome


@dataclass(frozen=True)
class Heard:
    """A screen said something."""

    screen: Screen
    message: FromScreen


@dataclass(frozen=True)
class Gone:
    """A screen's connection ended."""

    screen: Screen


@dataclass(frozen=True)
class Greeted:
    """The hall answered our greeting."""

    welcome: Welcome


@dataclass(frozen=True)
class Ticked:
    """The hall answered a tick about the attempt *blind_id* (empty: about none).

    ``held`` is the last sequence the hall acknowledged.
    """

    blind_id: bytes
    answer: Answer
    held: int


@dataclass(frozen=True)
class LinkLost:
    """The hall does not answer, or not as it should."""

    words: str


@dataclass(frozen=True)
class Forked:
    """The hall keeps another record of the attempt than this station."""

    blind_id: bytes
    words: str


@dataclass(frozen=True)
class Behind:
    """The hall has more of the attempt than this station."""

    blind_id: bytes
    words: str


@dataclass(frozen=True)
class Departed:
    """The attempt was moved away from this station."""

    blind_id: bytes
    words: str


@dataclass(frozen=True)
class NotTaken:
    """The hall does not take the hand-in of an attempt yet, and says why."""

    blind_id: bytes
    words: str


@dataclass(frozen=True)
class Countersigned:
    """The hall countersigned the manifest of an attempt."""

    blind_id: bytes
    countersignature: bytes


@dataclass(frozen=True)
class Believes:
    """A newer root of trust was taken, and is on this disk."""

    trust: Trust


@dataclass(frozen=True)
class NotBelieved:
    """The hall handed over a root of trust that does not follow the one that is here."""

    words: str


@dataclass(frozen=True)
class CameraChanged:
    """The source of pictures is another now, or gone; ``held``: another program has it."""

    source: int
    words: str
    identity: Identity = NOT_ONE
    enrolled: bool = False
    held: bool = False


@dataclass(frozen=True)
class PictureTaken:
    """The camera took a picture (compressed): why, and which signals stood then."""

    source: int
    data: bytes
    reason: str
    signals: tuple[str, ...]


@dataclass(frozen=True)
class SignalChanged:
    """A detector raised a signal or took it back; with the picture that shows it, or none."""

    source: int
    code: str
    on: bool
    data: bytes


@dataclass(frozen=True)
class PicturesDropped:
    """So many pictures came faster than they could be kept, or not at all."""

    count: int


@dataclass(frozen=True)
class Sighted:
    """What is before the camera: to aim a letter by, and kept by nobody."""

    seen: Seen


@dataclass(frozen=True)
class Glimpsed:
    """A small picture for the board, and the signals that stood; empty where there is none."""

    data: bytes
    signals: tuple[str, ...]


@dataclass(frozen=True)
class KeysWatched:
    """What watches the keys of so many keyboards now, and how far that is proved."""

    source: Source
    watched: Watched
    keyboards: int


@dataclass(frozen=True)
class Signalled:
    """Keys or devices showed something, so many times."""

    signal: Signal
    count: int = 1


@dataclass(frozen=True)
class Standing:
    """What is odd about the station's devices as they are now; empty for nothing."""

    signals: tuple[Signal, ...]


@dataclass(frozen=True)
class ErrandDone:
    """Work that was done elsewhere is back; ``finish`` says what to do with it here."""

    finish: Callable[[], None]


@dataclass(frozen=True)
class Quit:
    """The agent is asked to end."""


Message: TypeAlias = (
    Heard
    | Gone
    | Greeted
    | Ticked
    | LinkLost
    | Forked
    | Behind
    | Departed
    | NotTaken
    | Countersigned
    | Believes
    | NotBelieved
    | CameraChanged
    | PictureTaken
    | Sighted
    | Glimpsed
    | SignalChanged
    | PicturesDropped
    | KeysWatched
    | Signalled
    | Standing
    | ErrandDone
    | Quit
)

Inbox: TypeAlias = "SimpleQueue[Message]"
