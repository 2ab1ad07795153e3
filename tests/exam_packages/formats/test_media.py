"""Pictures are known by their bytes, and bounded."""

from __future__ import annotations

import struct

import cv2
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.formats.errors import FormatError
from exam_packages.formats.media import MAX_SIDE, MAX_SIZE, Facts, facts


@pytest.mark.parametrize(
    ("extension", "media_type"),
    [(".png", "image/png"), (".jpg", "image/jpeg"), (".webp", "image/webp")],
)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (31, 17), (640, 480)])
def test_real_pictures_are_recognised(
    extension: str, media_type: str, width: int, height: int
) -> None:
    done, data = cv2.imencode(extension, numpy.full((height, width, 3), 127, numpy.uint8))
    assert done
    assert facts("a.bin", data.tobytes()) == Facts(media_type, width, height)


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)


def webp(kind: bytes, rest: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + kind + bytes(4) + rest


def test_each_kind_of_webp_is_measured() -> None:
    lossless = b"\x2f" + struct.pack("<I", 99 | 49 << 14)
    assert facts("a", webp(b"VP8L", lossless)) == Facts("image/webp", 100, 50)
    extended = bytes(4) + (99).to_bytes(3, "little") + (49).to_bytes(3, "little")
    assert facts("a", webp(b"VP8X", extended)) == Facts("image/webp", 100, 50)


@pytest.mark.parametrize(
    "data",
    [
        png(MAX_SIDE + 1, 1),
        png(0, 5),
        png(8000, 8000),
        b"GIF89a" + bytes(20),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00",
        png(3, 3)[:15],
        png(3, 3) + bytes(MAX_SIZE),
        b"",
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        facts("a.png", data)


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8L", b""]),
    st.binary(max_size=80),
)
def test_any_bytes_are_measured_or_refused(start: bytes, rest: bytes) -> None:
    try:
        found = facts("a", start + rest)
    except FormatError:
        return
    assert 0 < found.width <= MAX_SIDE and 0 < found.height <= MAX_SIDE
