"""The body's register of holds, liftings and certificates of deletion: appended to, never cut.

::

    retention/<number>.entry    one signed entry; each names the one before it

Entries are signed by root holders. When root holders were replaced, what only they signed is
not believed any more, and then the safe side counts: a hold stands still, a lifting does not
lift. An entry that is missing or altered stops everything; that the newest ones were taken
away cannot be told from here.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from exam_packages import evidence
from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, sync_directory, write_durably
from exam_packages.sealing.retention import (
    CAUSES,
    MAX_ENTRY,
    NO_ENTRY,
    Deletion,
    Entry,
    Hold,
    Lifting,
    RetentionError,
    entry_digest,
    parse_entry,
    read_entry,
    sign_entry,
)
from exam_packages.sealing.trust import ROOT, TrustError

E = TypeVar("E", Hold, Lifting, Deletion)

__all__ = ["Register", "append", "at_the_desk", "hold", "lift", "register", "sign_by_root"]

_NAME: Final = re.compile(r"[0-9]{6}\.entry")


@dataclass(frozen=True)
class Written:
    """An entry as it lies in the register; ``believed`` when today's root holders signed it."""

    entry: Entry
    data: bytes
    believed: bool
    path: Path


@dataclass(frozen=True)
class Register:
    """Every entry, in order."""

    entries: tuple[Written, ...]

    @property
    def next(self) -> tuple[int, bytes]:
        """The number of the next entry, and what it must name as the one before it."""
        last = self.entries[-1] if self.entries else None
        return len(self.entries) + 1, NO_ENTRY if last is None else entry_digest(last.data)

    def standing(self) -> tuple[Hold, ...]:
        """The holds that were not lifted."""
        lifted = {
            each.entry.hold
            for each in self.entries
            if isinstance(each.entry, Lifting) and each.believed
        }
        return tuple(
            each.entry
            for each in self.entries
            if isinstance(each.entry, Hold) and each.entry.number not in lifted
        )

    def deletions(self) -> dict[bytes, Deletion]:
        """The certificate of each evidence key that was destroyed."""
        return {
            each.entry.key: each.entry for each in self.entries if isinstance(each.entry, Deletion)
        }


def register(body: Body) -> Register:
    """The register of *body*. Raises :class:`RetentionError` when it is not whole."""
    trust = body.trust()
    found: list[Written] = []
    previous = NO_ENTRY
    for number, path in enumerate(_paths(body), 1):
        with path.open("rb") as file:
            data = file.read(MAX_ENTRY + 1)
        try:
            entry = parse_entry(data)
        except RetentionError:
            raise _broken(path) from None
        if path != _path(body, number) or (entry.number, entry.previous) != (number, previous):
            raise _broken(path)
        try:
            read_entry(data, trust)
        except TrustError:
            believed = False
        else:
            believed = True
        found.append(Written(entry, data, believed, path))
        previous = entry_digest(data)
    return Register(tuple(found))


def hold(
    body: Body,
    clock: Clock,
    cause: str,
    *,
    key: bytes = b"",
    attempt: bytes = b"",
    reason: str,
    by: str,
) -> Hold:
    """Hold back pictures: of one *attempt* of the sitting with the evidence key *key*, of that
    whole sitting, or of all. Raises an :class:`~exam_packages.errors.ExamError`.
    """
    if attempt and not key:
        raise RetentionError("An attempt is held with the evidence key of its sitting; name both.")
    with at_the_desk(body):
        if key:
            key = _origin(body, key)
        return append(
            body,
            lambda number, previous: Hold(
                number,
                previous,
                CAUSES[cause],
                (key,) if key else (),
                (attempt,) if attempt else (),
                reason,
                by,
                clock.wall_ns() // SECOND,
            ),
        )


def _origin(body: Body, key_id: bytes) -> bytes:
    """The sitting's own evidence key, which holds name, of one that lies here."""
    for key in evidence.keys(body):
        if key_id in (key.key_id, key.origin):
            return key.origin
    done = register(body).deletions().get(key_id)
    raise RetentionError(
        "There is no evidence key {key} in {directory}{why}, so nothing of it can be held here.",
        key=key_id.hex(),
        directory=str(body.evidence),
        why="" if done is None else f" (entry {done.number} certifies that it was destroyed)",
    )


def lift(body: Body, clock: Clock, number: int, *, reason: str, by: str) -> Lifting:
    """Lift the hold of entry *number*. Raises an :class:`~exam_packages.errors.ExamError`."""
    with at_the_desk(body):
        if number not in [each.number for each in register(body).standing()]:
            raise RetentionError("Entry {number} is no hold that stands.", number=number)
        return append(
            body,
            lambda place, previous: Lifting(
                place, previous, number, reason, by, clock.wall_ns() // SECOND
            ),
        )


@contextmanager
def at_the_desk(body: Body) -> Iterator[None]:
    """Be the only command that holds, lifts or destroys in this directory."""
    make_directory(body.retention, 0o700)
    lock = os.open(body.retention, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def append(body: Body, make: Callable[[int, bytes], E]) -> E:
    """Sign what *make* gives for the next number, and append it; it is on disk after."""
    number, previous = register(body).next
    entry = make(number, previous)
    data = sign_by_root(body, entry)
    draft = body.retention / f".{secrets.token_hex(8)}"
    write_durably(draft, data, mode=0o600)
    try:
        os.link(draft, _path(body, number))  # refuses a name that exists
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(body.retention)
    return entry


def sign_by_root(body: Body, entry: Entry) -> bytes:
    """*entry*, signed by the root holders whose keys are here: enough of them, or it raises."""
    data = sign_entry(entry, body.signing_keys(ROOT))
    try:
        read_entry(data, body.trust())
    except TrustError:
        raise RetentionError(
            "Root holders decide together what is kept and what is destroyed, and the keys of "
            "too few lie in {directory}; bring the others' key files.",
            directory=str(body.keys),
        ) from None
    return data


def _paths(body: Body) -> Sequence[Path]:
    return sorted(path for path in body.retention.glob("*.entry") if _NAME.fullmatch(path.name))


def _path(body: Body, number: int) -> Path:
    return body.retention / f"{number:06}.entry"


def _broken(path: Path) -> ExamError:
    return RetentionError(
        "The register of holds is not whole: {path} is damaged, or an entry before it is "
        "missing. Nothing is destroyed until it is brought back from a copy.",
        path=str(path),
    )
