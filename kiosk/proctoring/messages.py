"""What the agent and its camera process say to each other, over a socket pair."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from exam_packages.canon import Object

MAX_JPEG = 2 * 1024 * 1024
"""Bytes of one picture."""


class Shoot(Object, tag=1):
    """Take a picture now."""


ToCamera: TypeAlias = Shoot


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


FromCamera: TypeAlias = Found | Lost | Picture
