"""What the agent and its camera process say to each other, over a socket pair."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from exam_packages.canon import Object

MAX_JPEG = 2 * 1024 * 1024
"""Bytes of one picture."""
MAX_SIDE = 160
"""Pixels of the longer side of a picture to aim by."""
MAX_SEEN = 64
"""Characters of a code that was held up; no sign-in code is longer."""


class Shoot(Object, tag=1):
    """Take a picture now."""


class Look(Object, tag=30):
    """Say what is before the camera now, in a picture of at most this many pixels."""

    width: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    height: Annotated[int, Meta(ge=1, le=MAX_SIDE)]


ToCamera: TypeAlias = Shoot | Look


class Found(Object, tag=1):
    """A source is open and gave a picture to prove it.

    ``source`` is one of the kinds in :mod:`exam_packages.attempt.events`.
    """

    source: Annotated[int, Meta(ge=0, le=2)]
    words: Annotated[str, Meta(max_length=200)]


class Lost(Object, tag=2):
    """There is no source, or it stopped giving pictures; the camera process ends."""

    words: Annotated[str, Meta(max_length=200)]


class Picture(Object, tag=3):
    """One picture, as JPEG."""

    jpeg: Annotated[bytes, Meta(max_length=MAX_JPEG)]


class Seen(Object, tag=30):
    """A small picture, mirrored (``width`` times ``height`` pixels, three bytes each: red,
    green, blue), and the text of the QR code in it, if there is one. ``strange``: there is
    one that holds something else than a short text."""

    width: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    height: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    pixels: Annotated[bytes, Meta(max_length=3 * MAX_SIDE * MAX_SIDE)]
    text: Annotated[str, Meta(max_length=MAX_SEEN)]
    strange: bool


FromCamera: TypeAlias = Found | Lost | Picture | Seen
