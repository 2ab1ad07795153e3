"""Reading what was typed into a form."""

from __future__ import annotations

from datetime import UTC, datetime

from sync.hall.acts import Why
from sync.web.wire import HttpError

Form = dict[str, str]
MAX_DIGITS = 15
"""Of a number that is typed in: longer ones do not fit everywhere a number goes."""


def why_in(form: Form, reason: str = "") -> Why:
    """Why it is done; *reason* where the form names none."""
    return Why(form.get("reason", reason), form.get("comment", "").strip())


def candidate_in(form: Form) -> str:
    """The candidate number. Raises :class:`HttpError` where there is none."""
    candidate = form.get("candidate", "").strip()
    if not candidate:
        raise HttpError(400, "Say which candidate.")
    return candidate


def number_in(form: Form, name: str) -> int | None:
    """A whole number of a form; None when nothing was typed. Raises :class:`HttpError`."""
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        raise HttpError(400, "“{text}” is not a whole number.", text=text[:40])
    return int(text)


def moment_in(form: Form, name: str) -> int | None:
    """A time in Unix seconds, typed in UTC as a browser's field gives it; None when nothing was
    typed. Raises :class:`HttpError`."""
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text[:32])
    except ValueError:
        raise HttpError(400, "“{text}” is not a date and time.", text=text[:40]) from None
    return int(found.replace(tzinfo=found.tzinfo or UTC).timestamp())


def when(seconds: int) -> str:
    """A moment for people, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
