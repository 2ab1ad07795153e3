"""A voice: espeak-ng makes the sound, aplay plays it; both end when they are told to.

Text goes through a pipe and never stands in a list of processes. It is spoken in pieces of
a few sentences, so that a screen that was killed does not talk on, and so that the first
word comes at once. At most :data:`MAX_WAITING` pieces wait; whoever speaks never waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from exam_packages.language import mark

SYNTHESISER: Final = "espeak-ng"
PLAYER: Final = ("aplay", "-q", "-")
MAX_WAITING: Final = 200
MAX_PIECE: Final = 240
"""Characters that are spoken by one process."""

NO_SPEECH: Final = mark(
    "This station cannot read aloud: the programs “espeak-ng” and “aplay” are not both here."
)
NO_SOUND: Final = mark("This station cannot read aloud: its sound does not work.")

_VOICES: Final = {"zh": "cmn-latn-pinyin"}
"""espeak-ng's name for a language, where it is another than ours. Its plain ``cmn`` (1.51)
reads the tones of Chinese characters out as English numbers."""


@dataclass(frozen=True)
class Piece:
    """Something to say, and the language it is in (such as ``en``, ``fr-CA``, ``zh_CN``)."""

    language: str
    text: str


def voice_of(language: str) -> str:
    """The voice for a language: English for what is no name of one."""
    base = re.split("[-_.]", language, maxsplit=1)[0].lower()
    return _VOICES.get(base, base) if re.fullmatch("[a-z]{2,3}", base) else "en"


def cut(text: str) -> list[str]:
    """*text* in pieces of a few sentences each, none longer than :data:`MAX_PIECE`."""
    text = " ".join(text.replace("[[", "[ [").split())  # [[…]] would be read as phonemes
    pieces = []
    while len(text) > MAX_PIECE:
        head = text[:MAX_PIECE]
        ends = [match.end() for match in re.finditer(r"[.!?;:]\s|[。！？；：]", head)]
        ends = ends or [match.end() for match in re.finditer(r",\s|，", head)]
        at = ends[-1] if ends else head.rfind(" ") + 1 or MAX_PIECE
        pieces.append(text[:at].strip())
        text = text[at:].strip()
    return [piece for piece in (*pieces, text) if piece]


class Voice:
    """Speaks pieces one after the other. *failed* hears why it cannot, in one sentence."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._waiting: deque[tuple[str, str, int]] = deque(maxlen=MAX_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._running: list[Process] = []

    @property
    def silent(self) -> bool:
        """Whether nothing is being said, and nothing waits."""
        return self._task is None or self._task.done()

    def say(self, pieces: Iterable[Piece], pace: int) -> None:
        """Say *pieces* now; what was being said is broken off. *pace*: words per minute."""
        self.stop()
        self.add(pieces, pace)

    def add(self, pieces: Iterable[Piece], pace: int) -> None:
        """Say *pieces* after what is being said. What does not fit is left out."""
        for piece in pieces:
            for text in cut(piece.text):
                if len(self._waiting) < MAX_WAITING:
                    self._waiting.append((voice_of(piece.language), text, pace))
        if self._waiting and self.silent:
            self._task = asyncio.create_task(self._speak(), name="voice")

    def stop(self) -> None:
        """Be silent now."""
        self._waiting.clear()
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def close(self) -> None:
        """Be silent, and wait until the processes are gone."""
        self.stop()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _speak(self) -> None:
        while self._waiting:
            voice, text, pace = self._waiting.popleft()
            problem = await self._one(voice, text, pace)
            if problem:
                self._waiting.clear()
                self._failed(problem)

    async def _one(self, voice: str, text: str, pace: int) -> str:
        """Say one piece; the sentence why not, or nothing."""
        if not (shutil.which(SYNTHESISER) and shutil.which(PLAYER[0])):
            return NO_SPEECH
        out, into = os.pipe()
        try:
            try:
                maker = await asyncio.create_subprocess_exec(
                    *(SYNTHESISER, "--stdin", "--stdout", "-b", "1", "-v", voice, "-s", str(pace)),
                    stdin=PIPE,
                    stdout=into,
                    stderr=DEVNULL,
                )
                self._running.append(maker)
                player = await asyncio.create_subprocess_exec(
                    *PLAYER, stdin=out, stdout=DEVNULL, stderr=DEVNULL
                )
                self._running.append(player)
            except OSError:
                return NO_SPEECH
            finally:
                os.close(out)
                os.close(into)
            if maker.stdin is not None:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    maker.stdin.write(text.encode("utf-8", "replace"))
                    maker.stdin.close()
            await player.wait()
        finally:  # also when the task was cancelled between the two
            await self._end()
        # Killed is no failure: somebody wished it silent.
        return NO_SOUND if (player.returncode or 0) > 0 else ""

    async def _end(self) -> None:
        running, self._running = self._running, []
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            if process.stdin is not None:
                process.stdin.close()  # who still reads it would keep asyncio waiting
        for process in running:
            await process.wait()
