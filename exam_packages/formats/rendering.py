"""Drawing formulas and SVG at import, in a process of its own that may fail.

What is drawn is sealed as a PNG, so a form never changes after it was drawn, whatever
becomes of fonts and libraries. The process (:mod:`exam_packages.formats.drawer`) is begun
when it is first needed and ends with this one; one that takes too long, or dies of what it
was given, is begun anew for the next picture.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from exam_packages.errors import ExamError

FORMULA, SVG, TEX = 1, 2, 3
PATIENCE_S: Final = 60
"""Seconds for one picture on a busy machine; the process stops by itself after five of work."""
_PASSED = ("PATH", "LD_LIBRARY_PATH")
MAX_ANSWER: Final = 32 * 1024 * 1024


class RenderingError(ExamError):
    """A picture could not be drawn."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A PNG, and the width and height in pixels in which it is meant to be seen."""

    data: bytes
    width: int
    height: int


def draw_svg(source: str, width: int, height: int) -> Drawn:
    """An SVG as a picture of *width* by *height* pixels. Raises :class:`RenderingError`."""
    return _draw(SVG, source, width, height)


@lru_cache(1024)
def draw_formula(mathml: str) -> Drawn:
    """A formula as a picture of its own size. Raises :class:`RenderingError`."""
    return _draw(FORMULA, mathml)


@lru_cache(1024)
def mathml_of(tex: str) -> bytes:
    """TeX as MathML. Raises :class:`RenderingError`."""
    return _draw(TEX, tex).data


def _draw(kind: int, source: str, width: int = 0, height: int = 0) -> Drawn:
    with _lock:
        process = _started()
        try:
            wide, high, data = _ask(process, kind, source.encode(), width, height)
        except (OSError, EOFError):
            _end()
            raise RenderingError("it takes more time or memory than a picture may") from None
    if not wide:
        raise RenderingError("{why}", why=data.decode(errors="replace"))
    return Drawn(data, wide, high)


_lock = threading.Lock()
_process: subprocess.Popen[bytes] | None = None


def _ask(
    process: subprocess.Popen[bytes], kind: int, source: bytes, width: int, height: int
) -> tuple[int, int, bytes]:
    assert process.stdin is not None  # noqa: S101 (started with a pipe)
    process.stdin.write(struct.pack(">4I", kind, width, height, len(source)) + source)
    process.stdin.flush()
    return _answer(process)


def _answer(process: subprocess.Popen[bytes]) -> tuple[int, int, bytes]:
    until = time.monotonic() + PATIENCE_S
    assert process.stdout is not None  # noqa: S101 (started with a pipe)
    number = process.stdout.fileno()
    wide, high, length = struct.unpack(">3I", _read(number, 12, until))
    if length > MAX_ANSWER:
        raise EOFError
    return wide, high, _read(number, length, until)


def _read(number: int, count: int, until: float) -> bytes:
    found = bytearray()
    while len(found) < count:
        if not select.select([number], [], [], max(0.0, until - time.monotonic()))[0]:
            raise EOFError
        part = os.read(number, count - len(found))
        if not part:
            raise EOFError
        found += part
    return bytes(found)


def _started() -> subprocess.Popen[bytes]:
    global _process
    if _process is None:
        _process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("drawer.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={name: os.environ[name] for name in _PASSED if name in os.environ},
        )
        try:
            _answer(_process)
        except (OSError, EOFError):
            _end()
            raise RenderingError("what draws pictures does not start; install it anew") from None
    return _process


def _end() -> None:
    global _process
    process, _process = _process, None
    if process is None:
        return
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()


def _forget() -> None:
    """In a forked child: the process belongs to the parent."""
    global _process, _lock
    if _process is not None:
        _process.returncode = 0  # not this one's to wait for, or to warn of
    _process, _lock = None, threading.Lock()


atexit.register(_end)
os.register_at_fork(after_in_child=_forget)
