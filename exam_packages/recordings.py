"""Recordings of sound: which kinds there are, how long one is, and whether it is whole.

Known by their own bytes, never by a name or a declared type. Nothing is decoded: lengths
come from the headers and frames that each format has, so that an author hears of a damaged
or endless file at import, and a station knows the length of what it is about to play.

Sources: RIFF/WAVE (Microsoft, 1991); FLAC (RFC 9639); Ogg (RFC 3533), Vorbis I; MPEG audio
(ISO 11172-3, 13818-3). Opus is refused: the player that stations have (SoX of Debian) does
not read it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from exam_packages.errors import ExamError

MAX_SIZE: Final = 32 * 1024 * 1024
"""Bytes of a recording: a station holds one whole in its memory."""
MAX_LENGTH_MS: Final = 60 * 60 * 1000
"""An hour: longer is cut into several by its author."""
MAX_CHANNELS: Final = 8
RATES: Final = range(4_000, 192_001)
"""Samples per second."""

WAV, FLAC, OGG, MP3 = "audio/wav", "audio/flac", "audio/ogg", "audio/mpeg"


class RecordingError(ExamError):
    """Bytes that are no recording a station plays."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What a recording says about itself."""

    media_type: str
    length_ms: int
    channels: int
    rate: int


def sound(name: str, data: bytes) -> Sound:
    """The facts of a recording within bounds. Raises :class:`RecordingError`."""
    if data[4:8] == b"ftyp" or data[:4] == b"\x1a\x45\xdf\xa3":
        raise RecordingError(
            "The recording {file} is a film (or sound in a film's file, MP4 or WebM). Stations "
            "show questions in characters and play no films; save its sound as Ogg, MP3, FLAC or "
            "WAV, and what must be seen as pictures.",
            file=name,
        )
    if len(data) > MAX_SIZE:
        raise RecordingError(
            "The recording {file} has {size} bytes; at most {limit} are allowed. Save it as Ogg "
            "or MP3, or cut it.",
            file=name,
            size=len(data),
            limit=MAX_SIZE,
        )
    try:
        found = _wav(data) or _flac(data) or _ogg(data) or _mp3(data)
    except (struct.error, IndexError):
        found = None
    if found is None:
        raise RecordingError(
            "The recording {file} is none of WAV (plain or floating point), FLAC, Ogg Vorbis and "
            "MP3, or it is damaged; save it anew as one of them.",
            file=name,
        )
    if not 0 < found.length_ms <= MAX_LENGTH_MS:
        raise RecordingError(
            "The recording {file} is {seconds} seconds long; more than nothing and at most "
            "{limit} are allowed.",
            file=name,
            seconds=found.length_ms // 1000,
            limit=MAX_LENGTH_MS // 1000,
        )
    return found


def _facts(kind: str, samples: int, rate: int, channels: int) -> Sound | None:
    if rate not in RATES or not 1 <= channels <= MAX_CHANNELS:
        return None
    # A recording that is there at all is never told as nothing.
    return Sound(kind, -(-samples * 1000 // rate), channels, rate)


def _wav(data: bytes) -> Sound | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return None
    at, form = 12, None
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if kind == b"fmt ":
            form = struct.unpack_from("<HHIIHH", data, at)
            if form[0] == 0xFFFE:  # the true format is the beginning of a GUID
                form = (struct.unpack_from("<H", data, at + 24)[0], *form[1:])
        elif kind == b"data" and form is not None:
            code, channels, rate, _bytes, block, bits = form
            plain = (code == 1 and bits in (8, 16, 24, 32)) or (code == 3 and bits in (32, 64))
            if not plain or block != channels * bits // 8 or not block or at + size > len(data):
                return None
            return _facts(WAV, size // block, rate, channels)
        at += size + size % 2
    return None


def _flac(data: bytes) -> Sound | None:
    if data[:4] != b"fLaC" or data[4] & 0x7F or data[5:8] != b"\0\0\x22":
        return None
    packed = int.from_bytes(data[18:26], "big")
    return _facts(FLAC, packed & (1 << 36) - 1, packed >> 44, (packed >> 41 & 7) + 1)


def _ogg(data: bytes) -> Sound | None:
    """Every page is walked, so that a file that was cut is found out."""
    if data[:4] != b"OggS":
        return None
    first = data[27 + data[26] :][:19]
    if first[:7] == b"\x01vorbis":
        channels, rate = first[11], int.from_bytes(first[12:16], "little")
    else:
        return None
    serial = data[14:18]
    at, last, ended = 0, 0, False
    while at < len(data):
        if data[at : at + 4] != b"OggS" or data[at + 14 : at + 18] != serial or ended:
            return None  # another stream beside the first, or after it
        ended = bool(data[at + 5] & 4)
        position = int.from_bytes(data[at + 6 : at + 14], "little", signed=True)
        last = max(last, position)
        table = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(table) + sum(table)
    return _facts(OGG, last, rate, channels) if at == len(data) else None


_RATES = ((11_025, 12_000, 8_000), (), (22_050, 24_000, 16_000), (44_100, 48_000, 32_000))
"""By the version's bits: MPEG 2.5, reserved, 2, 1."""
_KBITS = (
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
)
"""Layer III of MPEG 2 and 2.5, and of MPEG 1."""
_TAGS = (b"TAG", b"APE", b"LYR", b"ID3")


def _mp3(data: bytes) -> Sound | None:
    """Every frame is walked: a variable rate has no other honest length."""
    at = 0
    if data[:3] == b"ID3":
        size = 0
        for each in data[6:10]:
            size = size << 7 | each & 0x7F
        at = 10 + size
    samples, first = 0, (0, 0)
    while at + 4 <= len(data):
        head = int.from_bytes(data[at : at + 4], "big")
        version, kbits, rate = head >> 19 & 3, head >> 12 & 15, head >> 10 & 3
        if head >> 21 != 0x7FF or head >> 17 & 3 != 1 or version == 1 or rate == 3:
            break
        if not 0 < kbits < 15:
            break
        newest = version == 3
        hertz = _RATES[version][rate]
        size = (144 if newest else 72) * _KBITS[newest][kbits] * 1000 // hertz + (head >> 9 & 1)
        first = first if samples else (hertz, 1 if head >> 6 & 3 == 3 else 2)
        samples += 1152 if newest else 576
        at += size
    rest = data[at : at + 3]
    if not samples or (rest and rest not in _TAGS and data[at:].strip(b"\0")):
        return None
    return _facts(MP3, samples, *first)
