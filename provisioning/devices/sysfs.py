"""Reading what the kernel says of a device: bounded, and only what can be printed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

MAX_FACT: Final = 200
_MAX_READ: Final = 1000

Fact = Annotated[str, Meta(max_length=MAX_FACT)]
"""One thing that is known of a device."""


def line(path: Path) -> str:
    """The text in a file of sysfs; empty where there is none."""
    try:
        with path.open("rb") as file:
            return clean(file.read(_MAX_READ))
    except OSError:
        return ""


def clean(raw: bytes) -> str:
    """*raw*, which may hold anything, as a :data:`Fact`: up to its first NUL."""
    text = raw.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(each for each in text.strip() if each.isprintable())[:MAX_FACT]
