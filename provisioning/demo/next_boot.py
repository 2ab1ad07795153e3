"""``exam-kiosk`` as after the machine was switched off and on again.

The demo cuts the power by killing every process, which is all of it but for one thing: the
kernel of a machine that starts has another boot id, by which a station knows that it was off
and asks people before it goes on. Nobody can give a running kernel another one, so this module
does it to the one process that it starts.

Run: ``python -m provisioning.demo.next_boot BOOT-ID ARGUMENTS…``, the id in hexadecimal.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

from exam_packages.clock import SystemClock


def main() -> None:
    """Run the command line with every system clock after the next boot."""
    boot_id = bytes.fromhex(sys.argv.pop(1))
    SystemClock.boot = lambda self: boot_id  # type: ignore[method-assign]  # that is the purpose
    (command,) = entry_points(group="console_scripts", name="exam-kiosk")
    command.load()()


if __name__ == "__main__":
    main()
