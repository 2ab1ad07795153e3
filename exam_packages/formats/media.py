"""Pictures and recordings: known by their own first bytes, never by a name or a declared
type."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

from exam_packages.formats import svg
from exam_packages.formats.errors import FormatError
from exam_packages.recordings import RecordingError, Sound, sound

MAX_SIZE = 8 * 1024 * 1024
MAX_SIDE = 8_000
MAX_PIXELS = 24_000_000
"""Bounds the memory a station needs to show a picture, not only the file's size."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture says about itself; width and height in pixels."""

    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture as a station shows it. ``change`` says how that is not what was handed in;
    the ``facts`` of a drawing have the size it is meant to be seen in."""

    facts: Facts
    data: bytes
    change: str = ""


def picture(name: str, data: bytes) -> Taken:
    """Take in a picture; a GIF or SVG becomes a PNG. Raises :class:`FormatError`."""
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return _from_gif(name, data)
    if svg.is_svg(data):
        made = svg.drawn(name, data)
        facts(name, made.data)
        return Taken(
            Facts("image/png", made.width, made.height),
            made.data,
            f"the SVG drawing {name} was drawn as a PNG picture.",
        )
    return Taken(facts(name, data), data)


def recording(name: str, data: bytes) -> Sound:
    """Recognise a recording of sound within bounds. Raises :class:`FormatError`."""
    try:
        return sound(name, data)
    except RecordingError as problem:
        raise FormatError(problem.template, **problem.fields) from None


def media_type(name: str, data: bytes) -> str:
    """The media type of a picture or a recording, by its bytes. Raises :class:`FormatError`."""
    known = data[:12].startswith((b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff"))
    if known and data[:3] != b"\xff\xd8\xff" and data[8:12] != b"WEBP":
        return recording(name, data).media_type
    return facts(name, data).media_type


def facts(name: str, data: bytes) -> Facts:
    """Recognise a PNG, JPEG or WebP picture within bounds. Raises :class:`FormatError`."""
    try:
        found = _png(data) or _jpeg(data) or _webp(data)
    except (struct.error, IndexError):
        found = None
    if found is None:
        raise FormatError(
            "The picture {file} is not a PNG, JPEG or WebP picture; save it as one.", file=name
        )
    _check_size(name, found, len(data))
    return found


def _check_size(name: str, found: Facts, size: int) -> None:
    if size > MAX_SIZE:
        raise FormatError(
            "The picture {file} has {size} bytes; at most {limit} are allowed. Make it smaller.",
            file=name,
            size=size,
            limit=MAX_SIZE,
        )
    if not (0 < found.width <= MAX_SIDE and 0 < found.height <= MAX_SIDE) or (
        found.width * found.height > MAX_PIXELS
    ):
        raise FormatError(
            "The picture {file} is {width} by {height} pixels, which is too large or nothing;"
            " at most {side} on a side and {pixels} in all are allowed.",
            file=name,
            width=found.width,
            height=found.height,
            side=MAX_SIDE,
            pixels=MAX_PIXELS,
        )


def _from_gif(name: str, data: bytes) -> Taken:
    width, height = struct.unpack_from("<HH", data.ljust(10, b"\0"), 6)
    _check_size(name, Facts("image/gif", width, height), len(data))
    from PIL import Image  # only here: whoever shows papers needs no decoder

    try:
        with Image.open(io.BytesIO(data), formats=["GIF"]) as opened:
            moving = bool(getattr(opened, "is_animated", False))
            made = io.BytesIO()
            opened.convert("RGBA").save(made, "PNG")
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError) as problem:
        raise FormatError(
            "The picture {file} is damaged ({why}); save it anew as PNG.",
            file=name,
            why=type(problem).__name__,
        ) from None
    change = f"the GIF {name} was made a PNG"
    change += ", of its first picture; it does not move." if moving else "."
    return Taken(facts(name, made.getvalue()), made.getvalue(), change)


def _png(data: bytes) -> Facts | None:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        return None
    return Facts("image/png", *struct.unpack_from(">II", data, 16))


def _jpeg(data: bytes) -> Facts | None:
    if data[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame header
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Facts("image/jpeg", width, height)
        elif marker in (0xD9, 0xDA):  # the end, or pixels before any frame header
            return None
        else:
            at += 2 + max(2, struct.unpack_from(">H", data, at + 2)[0])
    return None


def _webp(data: bytes) -> Facts | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return Facts("image/webp", width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return Facts("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        return Facts("image/webp", width, height) if len(data) >= 30 else None
    return None
