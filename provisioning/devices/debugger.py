"""Whether somebody debugs a process: reads its memory, or steps it.

The kernel names the tracer in ``/proc/PID/status``. Only root can attach to the agent, whose
memory is closed to its own user; this shows what still did.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
_MAX_STATUS: Final = 64 * 1024


def tracer(process: int, proc: Path = PROC) -> int:
    """The process that traces *process*; 0 for none, or where that cannot be known."""
    try:
        with (proc / str(process) / "status").open("rb") as file:
            lines = file.read(_MAX_STATUS).splitlines()
    except OSError:
        return 0
    for line in lines:
        if line.startswith(b"TracerPid:"):
            value = line.partition(b":")[2].strip()
            return int(value) if value.isdigit() else 0
    return 0


def tasks_traced(process: int | None = None, proc: Path = PROC) -> bool:
    """Whether any thread of *process* (this one, if none is given) is traced."""
    who = os.getpid() if process is None else process
    try:
        threads: Iterable[str] = os.listdir(proc / str(who) / "task")  # noqa: PTH208 names alone
    except OSError:
        return False
    return any(tracer(int(each), proc) for each in threads if each.isdigit())


def ptrace_scope(proc: Path = PROC) -> int | None:
    """Yama's rule for who may trace: 0 anyone of the same user … 3 nobody; ``None`` without
    Yama."""
    try:
        text = (proc / "sys/kernel/yama/ptrace_scope").read_text("ascii").strip()
        return int(text)
    except (OSError, ValueError):
        return None
