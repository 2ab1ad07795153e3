"""What a sitting's camera does: the part of a form's rules that stations obey and candidates
are told, in words made from this very object (:mod:`kiosk.proctoring.notice`)."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from exam_packages.canon import Object, Text

JPEG, WEBP, AVIF = 1, 2, 3
"""How pictures are compressed."""

START, RETURN, FOCUS_LOST, SIGNAL = "start", "return", "focus-lost", "signal"
MOMENTS: Final = (START, RETURN, FOCUS_LOST, SIGNAL)
"""Moments at which a picture is taken besides those that come with time: the beginning, the
return from a pause or break, the exam's window losing the keyboard, a signal of a detector
(it is the picture that shows it)."""

COVERED, DARK, OVER_EXPOSED, BLURRED = "covered", "dark", "over-exposed", "blurred"
FROZEN, LOOPED, CHANGED = "frozen", "looped", "scene-changed"
NO_FACE, SEVERAL_FACES = "no-face", "several-faces"
DETECTORS: Final = (
    COVERED,
    DARK,
    OVER_EXPOSED,
    BLURRED,
    FROZEN,
    LOOPED,
    CHANGED,
    NO_FACE,
    SEVERAL_FACES,
)
"""What a station may notice in the pictures by itself. Each is a signal for people."""

OTHERS_FLAGGED, OTHERS_REFUSED = 0, 1
"""What becomes of a source that is not the enrolled camera: a virtual device, another camera,
a video file. Flagged: it is used, and every picture says so. Refused: it counts as none."""

LEAST_LIVE_S, MOST_LIVE_S = 5, 600
"""Bounds of the seconds between two small pictures for the room, where there are some."""
MAX_GLIMPSE: Final = 16 * 1024
"""Bytes of a small picture for the board."""


class Proctoring(Object):
    """What the camera of a station does beyond taking a picture now and then.

    ``jitter`` is by how many percent the time between two pictures varies at random; ``width``
    bounds a picture (its height is three quarters of it), ``quality`` is the encoder's;
    ``moments`` and ``detectors`` are those in use, ``others`` what becomes of other sources;
    ``most_mb`` is the most disk that one attempt's pictures may take at its station.
    ``live_s``, unless it is 0, are the seconds between two small pictures that the invigilators
    in the room see and nobody keeps.
    """

    jitter: Annotated[int, Meta(ge=0, le=90)]
    width: Annotated[int, Meta(ge=160, le=1920)]
    format: Annotated[int, Meta(ge=1, le=3)]
    quality: Annotated[int, Meta(ge=1, le=100)]
    moments: Annotated[tuple[Text, ...], Meta(max_length=16)]
    detectors: Annotated[tuple[Text, ...], Meta(max_length=32)]
    others: Annotated[int, Meta(ge=0, le=1)]
    most_mb: Annotated[int, Meta(ge=1, le=100_000)]
    live_s: Annotated[int, Meta(ge=0, le=MOST_LIVE_S)] = 0


STANDARD_PROCTORING: Final = Proctoring(
    jitter=50,
    width=640,
    format=JPEG,
    quality=60,
    moments=MOMENTS,
    detectors=DETECTORS,
    others=OTHERS_FLAGGED,
    most_mb=500,
)
"""What is done where nothing else is said."""
