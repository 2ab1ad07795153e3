"""Entries of the log: one line of bytes for each thing that must not be unsaid.

Every entry is ``label("log", kind, field…)``: the kind says what the fields are, and no
entry of one kind can be read as one of another. What a reader does not know it can still
count, hash and show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from exam_packages.sealing.log import LogError
from exam_packages.sealing.suite import label

__all__ = [
    "BUNDLE",
    "HEADS",
    "MAX_ENTRY",
    "REGISTER",
    "Entry",
    "bundle_entry",
    "heads_entry",
    "log_entry",
    "read_entry",
    "register_entry",
]

BUNDLE: Final = "bundle"
"""A bundle was received: its hash."""
HEADS: Final = "heads"
"""A hall stated a root of heads: its signed statement, and when the intake took it."""

REGISTER: Final = "register"
"""The body made an entry in its register of holds and deletions: that entry's digest."""

MAX_ENTRY: Final = 65_535
"""Bytes of an entry: C2SP's entry bundles give its length in two."""

_KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")
_START: Final = b"exam-kiosk/log/"
_END: Final = b"/v1\0"


@dataclass(frozen=True)
class Entry:
    """An entry taken apart."""

    kind: str
    fields: tuple[bytes, ...]


def log_entry(kind: str, *fields: bytes) -> bytes:
    """The entry of a *kind* (lower-case letters, digits, hyphens) with these *fields*.

    Raises :class:`~exam_packages.sealing.log.LogError` when it would be too long.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError("a kind of entry is a lower-case word")
    made = label("log", kind, *fields)
    if len(made) > MAX_ENTRY:
        raise LogError(
            "An entry of the log may have {limit} bytes; this one has {size}.",
            limit=MAX_ENTRY,
            size=len(made),
        )
    return made


def read_entry(data: bytes) -> Entry:
    """Take an entry apart. Raises :class:`~exam_packages.sealing.log.LogError`."""
    name, end, rest = data.partition(_END)
    kind = name[len(_START) :].decode("ascii", "replace")
    if len(data) > MAX_ENTRY or not name.startswith(_START) or not end or not _KIND.fullmatch(kind):
        raise _strange()
    fields = []
    while rest:
        size = int.from_bytes(rest[:4], "big")
        if len(rest) < 4 + size:
            raise _strange()
        fields.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    return Entry(kind, tuple(fields))


def bundle_entry(bundle_hash: bytes) -> bytes:
    """The entry of a bundle received."""
    return log_entry(BUNDLE, bundle_hash)


def heads_entry(statement: bytes, received_s: int) -> bytes:
    """The entry of a hall's signed root of heads, taken by the intake at *received_s*."""
    return log_entry(HEADS, statement, received_s.to_bytes(8, "big"))


def register_entry(digest: bytes) -> bytes:
    """The entry of one in the body's register, by its
    :func:`~exam_packages.sealing.retention.entry_digest`: names and reasons stay out."""
    return log_entry(REGISTER, digest)


def _strange() -> LogError:
    return LogError("This is not an entry of an exam's log.")
