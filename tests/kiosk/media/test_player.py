"""The real player, into ALSA's null device and into files and pipes: what a device would get."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from array import array
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from exam_packages.recordings import Sound, sound
from kiosk.media.player import FRAME, RATE, softer
from kiosk.media.speaker import End, Ended, Speaker
from kiosk.media.tone import NOTE_S, trial, wav

pytestmark = pytest.mark.skipif(
    shutil.which("sox") is None or shutil.which("aplay") is None, reason="no player here"
)


def play(speaker: Speaker, data: bytes, from_ms: int = 0) -> tuple[Ended, list[int]]:
    at: list[int] = []
    ended = asyncio.run(speaker.play(data, sound("a", data), from_ms, at.append))
    return ended, at


def recorded(path: Path) -> array[int]:
    data = path.read_bytes()
    samples = array("h")
    samples.frombytes(data[: len(data) - len(data) % FRAME])
    return samples


def made(tmp_path: Path, kind: str, seconds: float = 2) -> bytes:
    path = tmp_path / f"a.{kind}"
    synth = ["synth", str(seconds), "sine", "440", "gain", "-6"]
    subprocess.run(["sox", "-n", "-r", "22050", "-c", "1", path, *synth], check=True)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_every_format_comes_out_of_the_device_whole(tmp_path: Path, kind: str) -> None:
    data, out = made(tmp_path, kind), tmp_path / "out.raw"
    speaker = Speaker(f"file:{out},raw")
    speaker.volume = 100
    ended, at = play(speaker, data)
    assert ended.how is End.OVER and 1_900 <= ended.at_ms <= 2_120
    assert at == sorted(at) and len(at) > 4
    left = recorded(out)[RATE : 3 * RATE : 2]  # the second in the middle
    assert 12_000 < max(left) < 20_000  # half of full scale: -6 dB
    crossings = sum(a < 0 <= b for a, b in pairwise(left))
    assert 435 < crossings < 445  # 440 Hz


def test_it_goes_on_where_it_is_told_to(tmp_path: Path) -> None:
    out = tmp_path / "out.raw"
    from_ms = int(2 * NOTE_S * 1000)  # the third note alone
    ended, _at = play(Speaker(f"file:{out},raw"), trial(), from_ms)
    assert ended == Ended(End.OVER, 1_500)
    third = recorded(out)[: int(RATE * NOTE_S) * 2 : 2]
    crossings = sum(a < 0 <= b for a, b in pairwise(third))
    assert 380 < crossings < 400  # 784 Hz for half a second


def test_a_sound_is_stopped_where_it_is_and_set_softer(tmp_path: Path) -> None:
    """The device is a pipe that takes no more than this test reads: so it is in the middle."""
    pipe = tmp_path / "device"
    os.mkfifo(pipe)
    tone = wav(array("h", ([12_000] * 25 + [-12_000] * 25) * (441 * 60)))

    async def run() -> tuple[Ended, bytes]:
        speaker = Speaker(f"file:{pipe},raw")
        speaker.volume = 100
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(reader, True)
        heard: list[int] = []
        task = asyncio.create_task(speaker.play(tone, sound("a", tone), 0, heard.append))
        got = b""
        while not heard or heard[-1] < 5_000:
            got += await asyncio.to_thread(os.read, reader, 65_536)
        speaker.louder(-5)
        while heard[-1] < 12_000:
            got += await asyncio.to_thread(os.read, reader, 65_536)
        speaker.stop()
        draining = asyncio.create_task(_drain(reader))
        ended = await task
        await draining
        os.close(reader)
        assert not speaker.sounds
        return ended, got

    ended, got = asyncio.run(run())
    assert ended.how is End.STOPPED and 12_000 <= ended.at_ms < 15_000
    samples = array("h")
    samples.frombytes(got[: len(got) // FRAME * FRAME])
    assert max(samples[: RATE * 2]) > 10_000
    assert max(samples[-RATE:]) < 4_000  # a quarter: the square of a half


async def _sounding(pipe: Path, tone: bytes) -> tuple[Speaker, int, asyncio.Task[Ended]]:
    """A speaker in the middle of *tone*, the other end of its device, and who listens."""
    speaker = Speaker(f"file:{pipe},raw")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    began = asyncio.Event()
    task = asyncio.create_task(speaker.play(tone, sound("a", tone), 0, lambda _at: began.set()))
    while not began.is_set():
        await asyncio.to_thread(os.read, reader, 65_536)
    return speaker, reader, task


async def _drain(reader: int) -> None:
    while await asyncio.to_thread(os.read, reader, 65_536):
        pass


def test_a_device_that_is_not_there_and_a_damaged_recording_fail(tmp_path: Path) -> None:
    assert play(Speaker("no-such-device"), trial(), 300)[0] == Ended(End.FAILED, 300)
    broken = Sound("audio/flac", 1000, 1, 22_050)  # FLAC by name, a WAV by its bytes
    ended = asyncio.run(Speaker("null").play(trial(), broken, 0, lambda _at: None))
    assert ended.how is End.FAILED


def test_closed_it_waits_for_a_player_whose_listener_was_cancelled_twice(tmp_path: Path) -> None:
    """As a screen that ends cancels its work, and is ended while that falls silent."""
    pipe = tmp_path / "device"
    os.mkfifo(pipe)
    tone = wav(array("h", bytes(2 * 22_050 * 60)))

    async def run() -> None:
        speaker, reader, task = await _sounding(pipe, tone)
        process = speaker._process
        assert process is not None
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        draining = asyncio.create_task(_drain(reader))
        await speaker.close()
        assert task.cancelled()
        assert process.returncode is not None
        await draining
        os.close(reader)

    asyncio.run(run())


def test_the_player_has_no_network_and_nothing_of_it_lives_on(tmp_path: Path) -> None:
    """A screen that is killed leaves silence: the player's input has ended."""
    pipe = tmp_path / "device"
    os.mkfifo(pipe)
    tone = wav(array("h", bytes(2 * 22_050 * 60)))

    async def start(look: Callable[[int], Awaitable[None]]) -> None:
        speaker, reader, task = await _sounding(pipe, tone)
        process = speaker._process
        assert process is not None
        await look(process.pid)
        drained = asyncio.create_task(_drain(reader))
        assert (await task).how is not End.OVER
        await drained
        os.close(reader)

    async def killed(pid: int) -> None:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert len(children) == 2
        ours = Path("/proc/self/ns/net").readlink()
        spaces = {Path(f"/proc/{each}/ns/net").readlink() for each in children}
        if _may_leave_the_network():
            assert ours not in spaces
        os.kill(pid, signal.SIGTERM)

    asyncio.run(start(killed))


def _may_leave_the_network() -> bool:
    done = subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True, check=False)
    return done.returncode == 0


def test_full_volume_changes_no_sample() -> None:
    samples = array("h", [0, 1, -1, 32_767, -32_768]).tobytes()
    assert softer(samples, 100) == samples
    half = array("h")
    half.frombytes(softer(samples, 50))
    assert half.tolist() == [0, 0, -1, 8_191, -8_192]
