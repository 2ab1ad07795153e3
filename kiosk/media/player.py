"""The player: one recording, decoded by SoX and played by aplay, in a process without network.

The recording comes as an inherited file in memory, and nothing of it is ever written. SoX
turns it into plain samples; they pass through here, where they are made louder or softer and
counted; aplay gives them to the device. So the place that is told is that of what was heard,
to within :data:`BEHIND_MS`, and never ahead of it by more.

``python -I -m kiosk.media.player FILE KIND FROM_MS VOLUME DEVICE``: *FILE* is the number of
the open file, *KIND* SoX's name of the format. A line ``volume N`` on standard input changes the
volume; its end stops the player, so one whose screen was killed falls silent. It says on
standard output, a line each: ``at MS`` about four times a second, and last ``over MS``,
``stopped MS`` or ``failed MS``.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import select
import subprocess
import sys
import termios
from array import array
from typing import IO, Final

DECODER: Final = "sox"
OUTPUT: Final = "aplay"
RATE, CHANNELS = 44_100, 2
FRAME: Final = 2 * CHANNELS
CHUNK: Final = 8_192
"""Bytes: some 46 ms."""
BEHIND_MS: Final = 200
"""What the device may hold that is not heard yet."""
TOLD_BYTES: Final = RATE * FRAME // 4
MOST_MEMORY: Final = 512 * 1024 * 1024
LOUDEST: Final = 100

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_PR_SET_DUMPABLE = 4


def confine() -> None:
    """Leave the network, and leave no image of this memory behind.

    A kernel that gives ordinary users no namespaces refuses the first; then the service's own
    walls are all there is. Programs started from here have neither.
    """
    libc = ctypes.CDLL(None)
    libc.unshare(_NEW_USER | _NEW_NET)
    libc.prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def softer(samples: bytes, volume: int) -> bytes:
    """16-bit *samples* at *volume* of 100; its square, which ears take for an even scale."""
    if volume >= LOUDEST:
        return samples
    gain = volume * volume
    made = array("h", samples)
    return array("h", [each * gain // 10_000 for each in made]).tobytes()


class Player:
    """Pumps samples from *decoder* to *output*; *start_ms* is where in the recording they begin."""

    def __init__(
        self, decoder: subprocess.Popen[bytes], output: subprocess.Popen[bytes], start_ms: int
    ) -> None:
        self._decoder, self._output = decoder, output
        self._from, self._into = _pipe(decoder.stdout), _pipe(output.stdin)
        self._start_ms = start_ms
        self._sent = 0
        self._told = 0
        self._commands = b""
        self.volume = LOUDEST
        os.set_blocking(self._into.fileno(), False)
        with contextlib.suppress(OSError):  # little waits between here and the device
            fcntl.fcntl(self._into.fileno(), fcntl.F_SETPIPE_SZ, 2 * CHUNK)

    def run(self) -> str:
        """Play until the end, a stop or a failure; the last word to say."""
        waiting = b""
        while True:
            readers = [0] if waiting else [0, self._from.fileno()]
            writers = [self._into.fileno()] if waiting else []
            readable, writable, _none = select.select(readers, writers, [])
            if 0 in readable and not self._obey():
                return f"stopped {self._heard_ms()}"
            if writable:
                try:
                    count = os.write(self._into.fileno(), waiting)
                except BlockingIOError:
                    continue
                except OSError:
                    return f"failed {self._heard_ms()}"
                waiting = waiting[count:]
                self._sent += count
                self._tell()
            elif self._from.fileno() in readable:
                samples = self._read()
                if not samples:
                    return self._finish()
                waiting = softer(samples, self.volume)

    def _read(self) -> bytes:
        """Some whole frames; nothing at the end."""
        samples = os.read(self._from.fileno(), CHUNK)
        while len(samples) % FRAME:
            more = os.read(self._from.fileno(), FRAME - len(samples) % FRAME)
            if not more:
                return samples[: -(len(samples) % FRAME)]
            samples += more
        return samples

    def _obey(self) -> bool:
        """Take commands; false when there will be none any more."""
        data = os.read(0, 256)
        if not data:
            return False
        *lines, self._commands = (self._commands + data)[-512:].split(b"\n")
        for line in lines:
            if line.startswith(b"volume ") and line[7:].isdigit():
                self.volume = min(LOUDEST, int(line[7:]))
        return True

    def _finish(self) -> str:
        """All is decoded: let the device come to its end."""
        if self._decoder.wait() or not self._sent:
            return f"failed {self._heard_ms()}"  # damaged: it broke off, or there was nothing
        with contextlib.suppress(OSError):
            self._into.close()
        end = os.pidfd_open(self._output.pid)
        try:
            while True:
                readable, _writable, _none = select.select([0, end], [], [])
                if end in readable:
                    break
                if not self._obey():
                    return f"stopped {self._heard_ms()}"
        finally:
            os.close(end)
        if self._output.wait():
            return f"failed {self._heard_ms()}"
        return f"over {self._start_ms + self._sent * 1000 // (RATE * FRAME)}"

    def _heard_ms(self) -> int:
        """Where the sound is: what was sent, less what waits in the pipe and in the device."""
        waiting = array("i", [0])
        with contextlib.suppress(OSError, ValueError):
            fcntl.ioctl(self._into.fileno(), termios.FIONREAD, waiting)
        heard = (self._sent - waiting[0]) * 1000 // (RATE * FRAME) - BEHIND_MS
        return self._start_ms + max(0, heard)

    def _tell(self) -> None:
        if self._sent - self._told >= TOLD_BYTES:
            self._told = self._sent
            say(f"at {self._heard_ms()}")


def say(words: str) -> None:
    """One line to whoever listens; nobody may."""
    with contextlib.suppress(OSError):
        os.write(1, words.encode() + b"\n")


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise OSError("a pipe that was asked for is missing")
    return stream


def decode(kind: str, start_ms: int) -> list[str]:
    """SoX's command for a recording on its standard input."""
    seconds, thousandths = divmod(start_ms, 1000)
    form = ["-t", "raw", "-r", str(RATE), "-c", str(CHANNELS), "-b", "16", "-e", "signed", "-L"]
    start = f"{seconds}.{thousandths:03}"
    return [DECODER, "-q", "-V0", "-t", kind, "-", *form, "-", "trim", start]


def main() -> None:
    """See the module."""
    file, kind, start_ms, volume, device = sys.argv[1:6]
    confine()
    os.lseek(int(file), 0, os.SEEK_SET)
    last = f"failed {start_ms}"
    running: list[subprocess.Popen[bytes]] = []
    form = ["-t", "raw", "-f", "S16_LE", "-r", str(RATE), "-c", str(CHANNELS)]
    sink = [OUTPUT, "-q", "-D", device, *form, f"--buffer-time={BEHIND_MS * 1000}", "-"]
    try:
        decoder = subprocess.Popen(
            decode(kind, int(start_ms)),
            stdin=int(file),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        running.append(decoder)
        output = subprocess.Popen(
            sink,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        running.append(output)
        player = Player(decoder, output, int(start_ms))
        player.volume = int(volume)
        last = player.run()
    except OSError:
        pass  # a program is missing: told as failed
    finally:
        for process in running:
            process.kill()
            process.wait()
    say(last)


if __name__ == "__main__":
    main()
