"""Runs the screen in foot, again and again: with other letters when the screen asks for them.

One command, to be the only client of a compositor that shows one program in full
(``cage -- exam-kiosk session HOME``). foot gets a configuration in which every key and button
of its own is off (``foot.ini``), and ends when the screen does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exam_packages.errors import ExamError
from kiosk.session.letters import OTHER_LETTERS, USUAL, read

TERMINAL: Final = "foot"
LOCKED: Final = Path(__file__).with_name("foot.ini")
FONT, SIZE = "monospace", 14


class NoSession(ExamError):
    """There is no terminal to show the screen in."""


def command(font: str, size: int, percent: int, program: Sequence[str]) -> list[str]:
    """foot's command for letters of *percent* of *size* points."""
    points = max(1, round(size * percent / 100))
    override = f"main.font={font}:size={points}"
    return [TERMINAL, "-c", str(LOCKED), "-o", override, "-m", *program]


def run(screen: Sequence[str], *, font: str = FONT, size: int = SIZE) -> int:
    """Show *screen*, a command that takes ``--letters FILE``, until it ends by itself; its exit
    status. Raises :class:`NoSession` when there is no foot."""
    if shutil.which(TERMINAL) is None:
        raise NoSession(
            "The terminal “{name}” is not installed here; install it, or run “exam-kiosk screen” "
            "in another one.",
            name=TERMINAL,
        )
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="exam-kiosk-", dir=runtime) as directory:
        letters = Path(directory) / "letters"
        letters.write_text(f"{USUAL}\n", encoding="ascii")
        while True:
            program = [*screen, "--letters", str(letters)]
            status = subprocess.run(
                command(font, size, read(letters), program), check=False
            ).returncode
            if status != OTHER_LETTERS:
                return status


def main(home: Path, font: str, size: int) -> None:
    """The command ``exam-kiosk session``."""
    start = "from kiosk.cli import main; main()"
    program = [sys.executable, "-c", start, "screen", str(home)]
    sys.exit(run(program, font=font, size=size))
