"""The way into the candidate's screen: a clean environment first, Textual only then."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_DANGEROUS = ("TEXTUAL", "ESCDELAY", "FORCE_COLOR", "TTY_")
"""Environment that changes what Textual and Rich do: ``TEXTUAL_DRIVER`` imports any class,
``TEXTUAL_PRESS`` types keys, ``TEXTUAL_LOG`` and ``TEXTUAL_SCREENSHOT`` write files."""


def run(socket: Path, *, once: bool = False) -> None:
    """Show the candidate's screen in this terminal until it is told to end.

    *socket* is the agent's. With *once* the screen ends when the candidate leaves;
    otherwise it waits for the next one. Ends on SIGTERM and SIGHUP with the terminal
    restored; exits with status 70 after a fault of its own.
    """
    for name in list(os.environ):
        if name.startswith(_DANGEROUS):
            del os.environ[name]
    from kiosk.client import Client

    client = Client(socket, once=once)
    client.run()
    if client.return_code:
        sys.exit(client.return_code)
