"""The way into the candidate's screen: a clean environment first, Textual only then."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from exam_packages.errors import ExamError

_DANGEROUS = ("TEXTUAL", "ESCDELAY", "FORCE_COLOR", "TTY_", "COLUMNS", "LINES")
"""Environment that changes what Textual and Rich do: ``TEXTUAL_DRIVER`` imports any class,
``TEXTUAL_PRESS`` types keys, ``TEXTUAL_LOG`` and ``TEXTUAL_SCREENSHOT`` write files;
``COLUMNS`` and ``LINES`` belie the terminal's real size."""


class NoTerminal(ExamError):
    """The screen was started where nobody could see it."""


def ready_terminal() -> None:
    """Clear the environment of what would reach into the screen.

    Raises :class:`NoTerminal` when standard input or output is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoTerminal("The candidate's screen needs a terminal, and there is none here.")
    for name in list(os.environ):
        if name.startswith(_DANGEROUS):
            del os.environ[name]


def run(socket: Path, *, once: bool = False) -> None:
    """Show the candidate's screen in this terminal until it is told to end.

    *socket* is the agent's. With *once* the screen ends when the candidate leaves;
    otherwise it waits for the next one. Ends on SIGTERM and SIGHUP with the terminal
    restored; exits with status 70 after a fault of its own. Raises :class:`NoTerminal`
    when standard input or output is not one.
    """
    ready_terminal()
    from kiosk.client import Client

    client = Client(socket, once=once)
    client.run()
    if client.return_code:
        sys.exit(client.return_code)
