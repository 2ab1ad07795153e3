"""The way into the candidate's screen: a clean process first, Textual only then."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from exam_packages.errors import ExamError

_KEPT = ("TERM", "COLORTERM", "LANG", "LANGUAGE")
"""All of the environment that the screen is started with, beside the locale (``LC_…``).

The rest reaches into it: ``TEXTUAL_DRIVER`` imports any class, ``TEXTUAL_PRESS`` types keys,
``TEXTUAL_LOG`` and ``TEXTUAL_SCREENSHOT`` write files, ``LD_PRELOAD`` and ``PYTHON…`` bring
code, ``COLUMNS`` and ``LINES`` belie the terminal's real size.
"""
_ALLOCATOR = {"MALLOC_ARENA_MAX": "1"}
"""One heap for all threads: they hardly allocate, and each heap of its own costs memory."""
_ONCE = "--once"


class NoTerminal(ExamError):
    """The screen was started where nobody could see it."""


def run(socket: Path, *, once: bool = False) -> NoReturn:
    """Show the candidate's screen in this terminal until it is told to end.

    *socket* is the agent's. With *once* the screen ends when the candidate leaves;
    otherwise it waits for the next one. Ends on SIGTERM and SIGHUP with the terminal
    restored. After a fault of its own it is back at once (:mod:`kiosk.restarting`); one that
    comes again and again ends it with status 70.

    This process becomes another one: Python in isolated mode with an empty environment,
    in which nothing has been loaded that the screen does not need.

    Raises :class:`NoTerminal` when standard input or output is not a terminal.
    """
    ready_terminal()
    arguments = [sys.executable, "-I", "-m", "kiosk.app", str(socket), *[_ONCE] * once]
    os.execve(sys.executable, arguments, os.environ | _ALLOCATOR)  # noqa: S606 - no shell is meant


def ready_terminal() -> None:
    """Clear the environment of what would reach into a screen.

    Raises :class:`NoTerminal` when standard input or output is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoTerminal("The candidate's screen needs a terminal, and there is none here.")
    for name in list(os.environ):
        if name not in _KEPT and not name.startswith("LC_"):
            del os.environ[name]


def main() -> None:
    """The screen itself, in the process that :func:`run` made."""
    from kiosk import faults
    from kiosk.restarting import keep

    faults.silence()
    try:
        from kiosk.client import Client
    except Exception:
        sys.stderr.write(faults.sentence() + "\n")
        sys.exit(faults.STATUS)

    def screen() -> int:
        try:
            client = Client(Path(sys.argv[1]), once=_ONCE in sys.argv[2:])
            client.run()
        except Exception:
            sys.stderr.write(faults.sentence() + "\n")
            return faults.STATUS
        return client.return_code or 0

    sys.exit(keep(screen))


if __name__ == "__main__":
    main()
