"""What the agent and its camera process say to each other, over a socket pair."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from exam_packages.canon import Object
from exam_packages.content.proctoring import MAX_GLIMPSE
from provisioning.devices.camera import Identity

MAX_PICTURE = 2 * 1024 * 1024
"""Bytes of one picture."""
MAX_SIDE = 160
"""Pixels of the longer side of a picture to aim by, and of one for the board."""
MAX_SEEN = 64
"""Characters of a code that was held up; no sign-in code is longer."""

Words = Annotated[str, Meta(max_length=200)]
Bytes = Annotated[bytes, Meta(max_length=MAX_PICTURE)]


class Shoot(Object, tag=1):
    """Take a picture now; ``reason`` comes back with it."""

    reason: Words


class Look(Object, tag=30):
    """Say what is before the camera now, in a picture of at most this many pixels."""

    width: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    height: Annotated[int, Meta(ge=1, le=MAX_SIDE)]


class Plan(Object, tag=2):
    """What holds from now on; the first message of all.

    ``width``, ``format`` and ``quality`` as in
    :class:`~exam_packages.content.proctoring.Proctoring`; ``detectors`` are those in use, with
    ``look_ms`` between two looks, and a look for faces in every ``faces_every``-th;
    ``strict`` refuses every source but the camera ``enrolled``; ``show`` asks for the picture
    in which a signal was raised. ``model`` is the path of a face model (empty: OpenCV's
    cascade), ``checksum`` its SHA-256.
    """

    width: int
    format: int
    quality: int
    detectors: tuple[str, ...]
    look_ms: Annotated[int, Meta(ge=50, le=60_000)]
    faces_every: Annotated[int, Meta(ge=1, le=1000)]
    strict: bool
    show: bool
    enrolled: Annotated[tuple[Identity, ...], Meta(max_length=1)]
    model: Words
    checksum: Words


class Glance(Object, tag=56):
    """Take a small picture for the invigilators' board."""


ToCamera: TypeAlias = Shoot | Plan | Look | Glance


class Found(Object, tag=1):
    """A source is open and gave a picture to prove it.

    ``source`` is one of the kinds in :mod:`exam_packages.attempt.events`; ``enrolled`` says
    that it is the camera that was enrolled for this station.
    """

    source: Annotated[int, Meta(ge=0, le=4)]
    words: Words
    identity: Identity
    enrolled: bool


class Lost(Object, tag=2):
    """There is no source, or it stopped giving pictures; the camera process ends."""

    words: Words


class Held(Object, tag=60):
    """There is no source, because another program holds the camera; the camera process ends."""

    words: Words


class Picture(Object, tag=3):
    """One picture, compressed, why it was taken, and the signals that stood."""

    data: Bytes
    reason: Words
    signals: tuple[str, ...]


class Seen(Object, tag=30):
    """A small picture, mirrored (``width`` times ``height`` pixels, three bytes each: red,
    green, blue), and the text of the QR code in it, if there is one. ``strange``: there is
    one that holds something else than a short text."""

    width: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    height: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    pixels: Annotated[bytes, Meta(max_length=3 * MAX_SIDE * MAX_SIDE)]
    text: Annotated[str, Meta(max_length=MAX_SEEN)]
    strange: bool


class Glimpse(Object, tag=57):
    """A small picture for the board (JPEG, at most ``MAX_SIDE`` pixels wide and high), and the
    signals that stood; empty when it could not be made small enough."""

    data: Annotated[bytes, Meta(max_length=MAX_GLIMPSE)]
    signals: tuple[str, ...]


class Signal(Object, tag=4):
    """A detector's signal was raised, or taken back; the picture that shows it, or none."""

    code: Words
    on: bool
    data: Bytes


class Alive(Object, tag=5):
    """Nothing to say, and not hanging."""


FromCamera: TypeAlias = Found | Lost | Held | Picture | Signal | Alive | Seen | Glimpse
