"""The voice: real espeak-ng where it is, programs of the same names on the path elsewhere."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.speech.voice import (
    MAX_PIECE,
    MAX_WAITING,
    NO_SOUND,
    NO_SPEECH,
    Piece,
    Voice,
    cut,
    voice_of,
)

Install = Callable[[str, str], None]
REAL = shutil.which("espeak-ng")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a shell script on the path, in front of everything else that is needed."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in ("sh", "cat", "sleep", "env"):
        found = shutil.which(tool)
        assert found is not None
        (programs / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("SAID", str(tmp_path / "said"))

    def write(name: str, script: str) -> None:
        path = programs / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)

    return write


ESPEAK = 'read -r text; echo "$6 $8 $text" >> "$SAID"; echo sound\n'
"""Writes down voice, pace and text, and gives something to play."""


def speak(*pieces: Piece, pace: int = 160) -> list[str]:
    """Say *pieces* to the end; what failed."""
    failed: list[str] = []

    async def run() -> None:
        voice = Voice(failed.append)
        voice.say(pieces, pace)
        while not voice.silent:
            await asyncio.sleep(0.005)
        await voice.close()

    asyncio.run(asyncio.wait_for(run(), 30))
    return failed


def test_pieces_are_said_in_turn_each_in_its_language(install: Install, tmp_path: Path) -> None:
    install("espeak-ng", ESPEAK)
    install("aplay", "cat > /dev/null")
    assert speak(Piece("fr", "Bonjour."), Piece("zh_CN", "你好。"), pace=200) == []
    assert (tmp_path / "said").read_text().splitlines() == [
        "fr 200 Bonjour.",
        "cmn-latn-pinyin 200 你好。",
    ]


def test_where_the_programs_are_missing_one_sentence_says_so(install: Install) -> None:
    install("aplay", "cat > /dev/null")
    assert speak(Piece("en", "One."), Piece("en", "Two.")) == [NO_SPEECH]


def test_where_the_sound_does_not_work_one_sentence_says_so(install: Install) -> None:
    install("espeak-ng", ESPEAK)
    install("aplay", "cat > /dev/null; exit 1")
    assert speak(Piece("en", "One. " * 200)) == [NO_SOUND]


def test_being_told_to_stop_kills_what_speaks_and_is_no_failure(
    install: Install, tmp_path: Path
) -> None:
    install("espeak-ng", ESPEAK + "exec sleep 600\n")
    install("aplay", 'echo "$$" > "$SAID.pid"; exec cat > /dev/null')
    failed: list[str] = []

    async def run() -> None:
        voice = Voice(failed.append)
        voice.say([Piece("en", "A long story.")], 160)
        while not (tmp_path / "said.pid").exists():
            await asyncio.sleep(0.005)
        voice.stop()
        while not voice.silent:
            await asyncio.sleep(0.005)
        voice.say([Piece("en", "Another.")], 160)  # and it can speak again
        said = tmp_path / "said"
        while not said.exists() or "Another" not in said.read_text():
            await asyncio.sleep(0.005)
        await voice.close()

    asyncio.run(asyncio.wait_for(run(), 30))
    assert failed == []
    player = int((tmp_path / "said.pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(player, 0)


def test_what_waits_is_bounded_and_nobody_waits_for_it(install: Install) -> None:
    async def run() -> None:
        voice = Voice(lambda _: None)
        voice.say([Piece("en", "Sentence. " * 100_000)], 160)
        assert len(voice._waiting) == MAX_WAITING
        await voice.close()
        assert not voice._waiting

    asyncio.run(asyncio.wait_for(run(), 30))


def test_a_text_is_cut_between_sentences_and_nothing_is_lost() -> None:
    text = "First sentence here. " * 30 + "x" * 600 + " 你好。" * 200
    pieces = cut(text)
    assert max(map(len, pieces)) <= MAX_PIECE
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert pieces[0].endswith("here.")
    assert cut("") == cut("  \n ") == []
    assert cut("[[f@U]] is no sound") == ["[ [f@U]] is no sound"]


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("fr_CA", "fr"),
        ("zh_CN", "cmn-latn-pinyin"),
        ("", "en"),
        ("-f/etc/passwd", "en"),
        ("../../x", "en"),
    ],
)
def test_a_language_has_a_voice(language: str, voice: str) -> None:
    assert voice_of(language) == voice


@pytest.mark.skipif(REAL is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Two hours left."), ("fr", "Il reste deux heures."), ("zh_CN", "还剩两个小时。")],
)
def test_the_real_voice_makes_sound(
    install: Install, tmp_path: Path, language: str, text: str
) -> None:
    install("espeak-ng", f'exec {REAL} "$@"\n')
    install("aplay", 'exec cat > "$SAID.wav"')
    assert speak(Piece(language, text)) == []
    sound = bytearray((tmp_path / "said.wav").read_bytes())
    assert sound[:4] == b"RIFF"
    # The header of a stream does not know its length; the samples are what counts.
    seconds = (len(sound) - 44) / 2 / 22050
    assert 0.7 < seconds < 8


@pytest.mark.skipif(REAL is None, reason="espeak-ng is not installed")
def test_chinese_is_spoken_as_chinese() -> None:
    done = subprocess.run(
        [str(REAL), "-q", "-x", "-b", "1", "-v", voice_of("zh_CN"), "--stdin"],
        input="你好".encode(),
        capture_output=True,
        check=True,
    )
    assert b"(en)" not in done.stdout  # not spelled out in English


def test_a_voice_that_is_closed_while_it_starts_leaves_no_process(
    install: Install, tmp_path: Path
) -> None:
    install("espeak-ng", 'echo "$$" >> "$SAID.pid"; exec sleep 600\n')
    install("aplay", "exec cat > /dev/null")

    async def run() -> None:
        for turns in range(12):
            voice = Voice(lambda _: None)
            voice.say([Piece("en", "Hello.")], 160)
            for _ in range(turns):
                await asyncio.sleep(0)
            await voice.close()
            assert not voice._running

    asyncio.run(asyncio.wait_for(run(), 30))
    pids = (tmp_path / "said.pid").read_text().split() if (tmp_path / "said.pid").exists() else []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
