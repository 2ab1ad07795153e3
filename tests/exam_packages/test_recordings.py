"""Recordings are known by their bytes: what they are, how long, and whether they are whole.

The files are made by the encoders that authors use; the damaged ones by hand."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.recordings import (
    FLAC,
    MAX_LENGTH_MS,
    MAX_SIZE,
    MP3,
    OGG,
    WAV,
    RecordingError,
    sound,
)
from kiosk.media.tone import silence, trial

SOX = shutil.which("sox")
KINDS = {"wav": WAV, "flac": FLAC, "ogg": OGG, "mp3": MP3}
needs_sox = pytest.mark.skipif(SOX is None, reason="SoX is not here")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Three seconds of a tone in two channels, in every format."""
    folder: Path = tmp_path_factory.mktemp("recordings")
    for kind in KINDS:
        synth = ["synth", "3", "sine", "440", "gain", "-10"]
        subprocess.run(
            [str(SOX), "-n", "-r", "32000", "-c", "2", folder / f"a.{kind}", *synth], check=True
        )
    return {kind: (folder / f"a.{kind}").read_bytes() for kind in KINDS}


@needs_sox
@pytest.mark.parametrize("kind", KINDS)
def test_a_recording_of_an_encoder_tells_what_it_is(kind: str, made: dict[str, bytes]) -> None:
    found = sound("a", made[kind])
    assert (found.media_type, found.channels, found.rate) == (KINDS[kind], 2, 32_000)
    assert 3_000 <= found.length_ms < 3_120  # MP3 fills its last frame, and begins with one


@needs_sox
@pytest.mark.parametrize("kind", ["wav", "ogg", "mp3"])
def test_one_that_was_cut_is_refused(kind: str, made: dict[str, bytes]) -> None:
    cut = made[kind][: len(made[kind]) * 2 // 3 + 1]
    if kind == "mp3":  # a stream of frames has no end that could miss: what is there counts
        assert sound("a", cut).length_ms < 2_500
        cut = made[kind][:1000] + b"\x11" * 1500 + made[kind][2500:]
    with pytest.raises(RecordingError, match="damaged"):
        sound("a", cut)


@needs_sox
def test_tags_around_an_mp3_are_no_damage(made: dict[str, bytes]) -> None:
    tag = b"ID3\x04\0\0\0\0\x01\x02" + bytes(130)
    tagged = tag + made["mp3"] + b"TAG" + bytes(125)
    assert sound("a", tagged).length_ms == sound("a", made["mp3"]).length_ms


def test_a_film_is_refused_with_what_to_do() -> None:
    for film in (b"\0\0\0\x20ftypisom" + bytes(99), b"\x1a\x45\xdf\xa3" + bytes(99)):
        with pytest.raises(RecordingError, match=r"film.*save its sound as Ogg"):
            sound("intro.mp4", film)


def test_what_is_too_large_or_too_long_is_refused() -> None:
    with pytest.raises(RecordingError, match=f"at most {MAX_SIZE} are allowed"):
        sound("a", trial() + bytes(MAX_SIZE))
    head = bytearray(trial()[:44])
    for rate, seconds in ((4_000, MAX_LENGTH_MS // 1000 + 1), (4_000, 0)):
        data = bytes(rate * seconds)
        head[20:36] = struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8)
        head[40:44] = struct.pack("<I", len(data))
        with pytest.raises(RecordingError, match="seconds long"):
            sound("a", bytes(head) + data)


def test_what_stations_do_not_play_is_refused() -> None:
    opus = bytes.fromhex("4f676753000200000000000000000100000000000000000001") + b"\x13"
    for data in (b"", b"RIFF", opus + b"OpusHead" + bytes(11), b"MThd" + bytes(40), b"\xff" * 50):
        with pytest.raises(RecordingError, match="none of WAV"):
            sound("a", data)


def test_the_sounds_made_here_are_recordings() -> None:
    assert (sound("a", trial()).length_ms, sound("a", silence()).length_ms) == (1_500, 100)


@needs_sox
@given(st.data())
def test_no_bytes_break_the_reader(made: dict[str, bytes], data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    broken = bytearray(made[kind][: data.draw(st.integers(0, 2_000))])
    for _ in range(data.draw(st.integers(0, 4))):
        if broken:
            at = data.draw(st.integers(0, min(len(broken), 64) - 1))
            broken[at] = data.draw(st.integers(0, 255))
    try:
        found = sound("a", bytes(broken))
    except RecordingError:
        return
    assert 0 < found.length_ms <= MAX_LENGTH_MS and found.channels and found.rate
