"""Words that people type, and the names that forms and commands use for what is numbered."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from sync.web.wire import HttpError

E = TypeVar("E", bound=IntEnum)


def name_of(member: IntEnum) -> str:
    """The name in a form."""
    return member.name.lower().replace("_", "-")


def text(words: str, what: str, limit: int) -> str:
    """Words that people typed, fit to keep; raises :class:`HttpError` otherwise."""
    clean = "\n".join(" ".join(part.split()) for part in words.strip().splitlines())
    if not clean:
        raise HttpError(400, "Write {what}.", what=what)
    if len(clean) > limit or not clean.replace("\n", " ").isprintable():
        raise HttpError(
            400, "{what} must be plain text of at most {limit} characters.",
            what=what[:1].upper() + what[1:], limit=limit,
        )  # fmt: skip
    return clean


def named(kind: type[E], text: str, what: str) -> E:
    """The member of *kind* whose name in a form is *text*. Raises :class:`HttpError`."""
    for member in kind:
        if name_of(member) == text:
            return member
    known = ", ".join(name_of(member) for member in kind)
    raise HttpError(400, "Choose one of the {what}: {known}.", what=what, known=known)
