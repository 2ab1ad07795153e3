"""Pictures made small, or covered in part: in memory alone, and bounded before any work.

Regions are covered with one colour. A blur or a mosaic keeps enough of a face to match it
with a known one; nothing brings back what lay under a plain surface.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from exam_packages.errors import ExamError

THUMBNAIL: Final = (320, 240)
"""Pixels that a small picture has at most."""
WHOLE: Final = 1000
"""Regions count in thousandths of the picture's width and height."""
MAX_REGIONS: Final = 50
_MAX_PIXELS: Final = 50_000_000
_FORMATS: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class ImageError(ExamError):
    """What is no picture that can be shown, or no region of one."""


@dataclass(frozen=True)
class Region:
    """A rectangle, in thousandths: ``x`` and ``y`` of its upper left corner."""

    x: int
    y: int
    width: int
    height: int


def media_type(data: bytes) -> str:
    """The media type of a picture that can be shown. Raises :class:`ImageError`."""
    with _opened(data) as image:
        return _FORMATS[image.format or ""]


def thumbnail(data: bytes) -> bytes:
    """A small JPEG of the picture. Raises :class:`ImageError`."""
    with _opened(data) as image:
        image.draft("RGB", THUMBNAIL)
        small = _loaded(image)
        small.thumbnail(THUMBNAIL)
        return _jpeg(small, 80)


def covered(data: bytes, regions: tuple[Region, ...]) -> bytes:
    """A JPEG of the picture with *regions* covered, and nothing of the file beside its pixels.

    Raises :class:`ImageError`.
    """
    with _opened(data) as image:
        pixels = _loaded(image)
    pencil = ImageDraw.Draw(pixels)
    width, height = pixels.size
    for region in regions:
        left, top = region.x * width // WHOLE, region.y * height // WHOLE
        right = -(-(region.x + region.width) * width // WHOLE)
        bottom = -(-(region.y + region.height) * height // WHOLE)
        pencil.rectangle((left, top, right - 1, bottom - 1), fill=(96, 96, 96))
    return _jpeg(pixels, 92)


def read_regions(text: str) -> tuple[Region, ...]:
    """Regions as a person or a page writes them: ``x y width height`` in thousandths, one a
    line (or separated by semicolons). Raises :class:`ImageError`."""
    lines = [line.split() for line in text[:4000].replace(";", "\n").splitlines() if line.strip()]
    if len(lines) > MAX_REGIONS:
        raise ImageError("At most {limit} regions of a picture are covered.", limit=MAX_REGIONS)
    found = []
    for line in lines:
        try:
            x, y, width, height = (int(each) for each in line)
        except ValueError:
            x = y = width = height = -1
        if not (0 <= x < WHOLE and 0 <= y < WHOLE and 0 < width <= WHOLE and 0 < height <= WHOLE):
            raise ImageError(
                "“{line}” is no region: give left, top, width and height in thousandths of the "
                "picture, like 400 100 200 300.",
                line=" ".join(line)[:60],
            )
        found.append(Region(x, y, min(width, WHOLE - x), min(height, WHOLE - y)))
    return tuple(found)


def written_regions(regions: tuple[Region, ...]) -> str:
    """Regions as :func:`read_regions` reads them."""
    return "\n".join(f"{each.x} {each.y} {each.width} {each.height}" for each in regions)


def _opened(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large pictures are refused below, not warned of
            image = Image.open(io.BytesIO(data), formats=tuple(_FORMATS))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _none() from None
    if image.width * image.height > _MAX_PIXELS:
        image.close()
        raise ImageError(
            "The picture has more than the {limit} pixels that are shown.", limit=_MAX_PIXELS
        )
    return image


def _loaded(image: Image.Image) -> Image.Image:
    try:
        return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, IndexError):
        raise _none() from None


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _none() -> ImageError:
    return ImageError("What the station sealed as a picture is none that can be shown.")
