"""The size of the letters: the screen's end. The terminal itself is another process's.

A terminal cannot be asked for other letters. So the session that started it (see
:mod:`kiosk.session.launcher`) tells the screen of a file; to have other letters the screen
writes the size there and ends with :data:`OTHER_LETTERS`, and comes back in a terminal that has
them: the attempt is replayed to it, as after a crash.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from exam_packages.attempt.preferences import TEXT_SIZES

OTHER_LETTERS: Final = 75
"""The exit status of a screen that wants a terminal with other letters."""
USUAL: Final = 100


class Letters:
    """*file* is the session's, or ``None``: then the letters are the terminal's own affair."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.percent = read(file) if file is not None else USUAL

    @property
    def ours(self) -> bool:
        """Whether the size can be chosen here."""
        return self._file is not None

    def want(self, percent: int) -> bool:
        """Ask for letters of *percent* of the usual size; whether the screen must now end."""
        if self._file is None or percent == self.percent:
            return False
        with contextlib.suppress(OSError):
            self._file.write_text(f"{percent}\n", encoding="ascii")
            return True
        return False


def read(file: Path) -> int:
    """The size that *file* asks for; the usual one, when it asks for none that there is."""
    with contextlib.suppress(OSError, ValueError):
        percent = int(file.read_text(encoding="ascii")[:8])
        if percent in TEXT_SIZES:
            return percent
    return USUAL
