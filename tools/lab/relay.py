"""Stands between a terminal and a program, and types: ``relay.py FIFO -- COMMAND…``.

What arrives in FIFO reaches the program as if it had been typed; all else passes both ways
unchanged, the terminal's answers and its size in cells and pixels too. For compositors that
have no virtual keyboard.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import tty


def main() -> None:
    """See the module."""
    fifo, command = sys.argv[1], sys.argv[3:]
    child, program = pty.fork()
    if child == 0:
        os.execvp(command[0], command)  # noqa: S606 - no shell is meant

    def follow(*_: object) -> None:
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(program, termios.TIOCSWINSZ, size)

    signal.signal(signal.SIGWINCH, follow)
    follow()
    tty.setraw(0)
    keys = os.open(fifo, os.O_RDWR)
    with contextlib.suppress(OSError):  # the program ended
        while True:
            ready, _, _ = select.select([0, program, keys], [], [])
            for source in ready:
                data = os.read(source, 1 << 16)
                target = 1 if source == program else program
                while data:
                    data = data[os.write(target, data) :]


if __name__ == "__main__":
    main()
