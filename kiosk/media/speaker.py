"""The screen's end of the player: one sound at a time, never waited for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from exam_packages.language import mark
from exam_packages.recordings import FLAC, MP3, OGG, WAV, Sound
from kiosk.media.player import DECODER, LOUDEST, OUTPUT

KINDS: Final = {WAV: "wav", FLAC: "flac", OGG: "ogg", MP3: "mp3"}
"""SoX's names of the formats."""
DEVICE: Final = "default"
VOLUME, VOLUME_STEP = 70, 10
_KEPT: Final = ("LANG", "PATH")

NO_PLAYER: Final = mark(
    "This station cannot play recordings: the programs “sox” and “aplay” are not both here. Call "
    "the invigilator."
)
NO_SOUND: Final = mark(
    "The sound of this station does not work; call the invigilator. No play is lost by it."
)


class End(Enum):
    """How a sound ended."""

    OVER = "over"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Ended:
    """How a sound ended, and where in the recording."""

    how: End
    at_ms: int


class Speaker:
    """Plays on the ALSA device *device*, at a volume that holds from sound to sound."""

    def __init__(self, device: str = DEVICE) -> None:
        self.device = device
        self.volume = VOLUME
        self._process: Process | None = None
        self._stopping = False
        self._one = asyncio.Lock()
        self._ending: asyncio.Future[None] | None = None

    @property
    def sounds(self) -> bool:
        """Whether something is being played."""
        return self._process is not None

    @property
    def able(self) -> bool:
        """Whether the programs are here; whether the device works shows when it is used."""
        return bool(shutil.which(DECODER) and shutil.which(OUTPUT))

    async def play(
        self, data: bytes, sound: Sound, from_ms: int, told: Callable[[int], None]
    ) -> Ended:
        """Play a recording from *from_ms* on to its end, or until :meth:`stop`. *told* hears
        where it is. One that still sounds is stopped first."""
        self.stop()
        async with self._one:
            self._stopping = False
            file = os.memfd_create("recording", 0)
            try:
                with open(file, "wb", closefd=False) as memory:
                    memory.write(data)
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-m", "kiosk.media.player", str(file)),
                    *(KINDS[sound.media_type], str(from_ms), str(self.volume), self.device),
                    stdin=PIPE,
                    stdout=PIPE,
                    stderr=DEVNULL,
                    pass_fds=(file,),
                    env=_environment(),
                )
            except OSError:
                return Ended(End.FAILED, from_ms)
            finally:
                os.close(file)
            self._process = process
            try:
                if self._stopping:
                    self.stop()
                return await self._listen(process, from_ms, told)
            finally:
                self._process = None
                # Whoever listens may be cancelled twice; the player is waited for all the same.
                self._ending = asyncio.ensure_future(_end(process))
                await asyncio.shield(self._ending)

    async def _listen(self, process: Process, at_ms: int, told: Callable[[int], None]) -> Ended:
        if process.stdout is None:
            return Ended(End.FAILED, at_ms)
        async for line in process.stdout:
            word, _space, number = line.decode("ascii", "replace").strip().partition(" ")
            if not number.isdecimal():
                continue
            at_ms = max(at_ms, int(number))
            if word in {each.value for each in End}:
                return Ended(End(word), at_ms)
            told(at_ms)
        return Ended(End.FAILED, at_ms)  # the player itself was killed

    def stop(self) -> None:
        """Fall silent now; :meth:`play` then says where that was."""
        self._stopping = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def close(self) -> None:
        """Fall silent, and wait for the player's end: nothing of it outlives the screen."""
        self.stop()
        async with self._one:
            if self._ending is not None:
                await self._ending

    def louder(self, steps: int) -> None:
        """Change the volume, also of what sounds now."""
        self.volume = min(max(self.volume + steps * VOLUME_STEP, VOLUME_STEP), LOUDEST)
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(f"volume {self.volume}\n".encode())


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        # It ends by itself once its input has; killed, it could leave its children behind.
        with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(process.wait(), 2)
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


def _environment() -> dict[str, str]:
    """What a sound server of this user is found by; the screen itself is started without."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    runtime = Path(f"/run/user/{os.getuid()}")
    with contextlib.suppress(OSError):
        if runtime.is_dir() and runtime.stat().st_uid == os.getuid():
            kept["XDG_RUNTIME_DIR"] = str(runtime)
    return kept
