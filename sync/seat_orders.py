"""With no hall left: orders that the chief gives at a station, with their key.

The chief's key becomes the commander itself: a mandate of the next term names it, and orders
under that term are signed with it. Mandate and order lie together in one file of the station's
``command`` directory; the agent takes it from there within a second. It believes nothing but
the signatures: whoever can write there and has no chief's key changes nothing. A hall that
comes back hears of the mandate as of any other, and does not command until it is given command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from exam_packages import canon
from exam_packages.attempt.commands import (
    MAX_COMMAND,
    Command,
    Order,
    read_command,
    sign_command,
)
from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.mandate import (
    MAX_MANDATE,
    Mandate,
    first_authority,
    read_chief,
    read_mandate,
    sign_mandate,
)
from exam_packages.sealing.suite import SigningKey
from sync.halls import Halls, obeys

__all__ = ["Obeyed", "Ordered", "OrdersError", "give", "take"]

_NAME: Final = re.compile(r"[0-9]{20}\.order")
_MOST: Final = 16


class OrdersError(ExamError):
    """An order at a seat that cannot be given or is not believed."""


class Ordered(canon.Object):
    """A chief's order to one attempt, and the mandate under which it is given; both signed."""

    mandate: Annotated[bytes, Meta(max_length=MAX_MANDATE)]
    command: Annotated[bytes, Meta(max_length=MAX_COMMAND)]


def give(
    directory: Path,
    halls: Halls,
    key: SigningKey,
    chief: bytes,
    blind_id: bytes,
    epoch: int,
    order: Order,
    *,
    reason: str,
    comment: str,
    time_ns: int,
) -> None:
    """Leave *order* for the agent in *directory*, as the chief whose *key* this is.

    *chief* is the body's record of the key, *halls* what the station knows. Numbers are the
    order's time in milliseconds: they need only rise. Raises an ``ExamError``.
    """
    named = read_chief(chief, halls.trust, now_s=time_ns // SECOND)
    if named.key_id != key.key_id:
        raise OrdersError("The body's record is about another key than this one.")
    mandate = halls.mandate
    if not mandate or read_mandate(mandate, halls.trust, halls.centre)[0].commander != key.key_id:
        said = Mandate(
            halls.centre, halls.term + 1, key.key_id, chief, reason, comment, time_ns // SECOND
        )
        mandate = sign_mandate(said, key)
    term = read_mandate(mandate, halls.trust, halls.centre)[0].term
    command = Command(
        blind_id=blind_id,
        epoch=epoch,
        authority=first_authority(term),
        number=time_ns // (SECOND // 1000),
        operator=named.name,
        issued_ns=time_ns,
        reason=reason,
        comment=comment,
        order=order,
    )
    data = canon.pack(Ordered(mandate, sign_command(command, key)))
    make_directory(directory, 0o700)
    write_durably(directory / f"{time_ns:020}.order", data, 0o600)


@dataclass(frozen=True)
class Obeyed:
    """An order that is to be obeyed: read, as it was signed, and the signed mandate."""

    command: Command
    signed: bytes
    mandate: bytes


def take(directory: Path, halls: Halls) -> Iterator[Obeyed | ExamError]:
    """What lies in *directory*, in the order it was given: each order that is to be obeyed, or
    why one is not. A file is gone when it was taken.
    """
    try:
        found = sorted(each for each in directory.iterdir() if _NAME.fullmatch(each.name))
    except OSError:
        return
    for path in found[:_MOST]:
        try:
            yield _read(path, halls)
        except ExamError as problem:
            yield problem
        except OSError as problem:
            yield OrdersError(
                "The order {path} cannot be read: {why}.",
                path=str(path),
                why=problem.strerror or type(problem).__name__,
            )
        path.unlink(missing_ok=True)


def _read(path: Path, halls: Halls) -> Obeyed:
    limit = MAX_MANDATE + MAX_COMMAND + 64
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        ordered: Ordered = canon.unpack(file.read(limit + 1), Ordered, max_size=limit)
    halls.heard(ordered.mandate, ())
    mandate, chief = read_mandate(ordered.mandate, halls.trust, halls.centre)
    key = chief.verify_key
    command = read_command(ordered.command, key)
    if mandate.commander != key.key_id or not obeys(
        halls.term, mandate.commander, command.authority, key.key_id, first=False
    ):
        raise OrdersError("A chief's order was given under a turn of command that has passed.")
    return Obeyed(command, ordered.command, ordered.mandate)
