"""Which screens are connected, and who else is at the session's display.

A screen is a connector that the kernel's graphics driver calls connected. A splitter before the
screen, a camera at it, or a capture card in its cable look like the screen itself: no program
can see those.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

SYS, PROC = Path("/sys"), Path("/proc")
MAX_CONNECTORS: Final = 64
_MAX_TABLE: Final = 4 * 1024 * 1024
_CONNECTED: Final = "03"


def screens(sys: Path = SYS) -> tuple[str, ...]:
    """The connectors with a screen, such as ``card0-HDMI-A-1``, in order."""
    found = []
    for each in sorted((sys / "class/drm").glob("card*-*"))[:MAX_CONNECTORS]:
        try:
            with (each / "status").open("rb") as file:
                if file.read(32).strip() == b"connected":
                    found.append(each.name[:64])
        except OSError:
            continue
    return tuple(found)


def clients(display: Path, proc: Path = PROC) -> int:
    """How many programs are connected to the unix socket *display*, such as the Wayland socket
    of the session. The kernel's table says so to every user; it does not say which programs."""
    name = str(display)
    with (proc / "net/unix").open("rb") as file:
        table = file.read(_MAX_TABLE).decode("utf-8", "replace")
    count = 0
    for line in table.splitlines()[1:]:
        # Num RefCount Protocol Flags Type St Inode Path
        parts = line.split(maxsplit=7)
        if len(parts) == 8 and parts[7] == name and parts[5] == _CONNECTED:
            count += 1
    return count
