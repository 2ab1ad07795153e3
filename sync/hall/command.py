"""Who commands, as this hall knows it, and what changes when command moves.

A hall commands when the mandate of the highest term it has verified names it, or, without
any mandate, unless its settings say that it is a standby. A hall that learns of a higher term
that names another is *deposed*: from that moment it gives no order, and those of its orders
that no station confirmed are not sent again. They stay in its database, and a copy of the
whole is kept before it follows the hall that took over (:mod:`sync.hall.standby`).

The first mandate of a term that is seen stands; another one for the same term is an alarm.
"""

from __future__ import annotations

from typing import Final

import apsw

from exam_packages.errors import ExamError
from exam_packages.language import mark
from exam_packages.sealing.mandate import (
    Chief,
    Mandate,
    MandateError,
    read_mandate,
    term_of,
)
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import HALL, Trust, read_enrolment
from sync.hall.authority import AUTHORITY, first_of
from sync.hall.roles import CHIEF
from sync.hall.schema import alarm, audit, number, set_number
from sync.holder.store import Store, rows
from sync.web.wire import HttpError

__all__ = ["DEPOSED", "Command"]

DEPOSED: Final = "deposed"
"""Set in the hall's numbers to the term that deposed it, until a copy is kept."""
_MAX_HALLS = 8


class Command:
    """Who commands. Safe to use from any thread."""

    def __init__(self, store: Store, key: VerifyKey, centre: str, *, standby: bool) -> None:
        self._store = store
        self._key = key
        self._centre = centre
        self._standby = standby
        self._halls: dict[bytes, tuple[VerifyKey, bytes]] = {}
        self._term, self._commander, self._mandate = 0, b"", b""
        with store.reading() as connection:
            self._enter(connection)
            self._known = rows(connection.execute("SELECT key_id, enrolment FROM halls"))

    def believe(self, trust: Trust) -> None:
        """Judge the other halls by a root of trust: also once at the start."""
        self._halls = {}
        for key_id, data in self._known:
            try:
                hall = read_enrolment(data, trust, now_s=None)
            except ExamError:
                continue
            self._halls[key_id] = hall.verify_key, data

    @property
    def mine(self) -> bool:
        """Whether this hall commands."""
        return self._commander == self._key.key_id if self._term else not self._standby

    @property
    def term(self) -> int:
        """The highest term that is known here."""
        return self._term

    @property
    def commander(self) -> bytes:
        """The key id of the hall that its mandate names; empty in term 0."""
        return self._commander

    @property
    def mandate(self) -> bytes:
        """Its mandate, signed; empty in term 0."""
        return self._mandate

    @property
    def keys(self) -> list[VerifyKey]:
        """Whose permits count in records that are held here: those of every known hall."""
        return [self._key, *(key for key, _ in list(self._halls.values()))]

    @property
    def enrolments(self) -> tuple[bytes, ...]:
        """The enrolments of the other halls."""
        return tuple(data for _, data in list(self._halls.values()))

    def hall(self, key_id: bytes) -> tuple[VerifyKey, bytes] | None:
        """The key and the enrolment of another hall that is known here."""
        return self._halls.get(key_id)

    def refresh(self) -> None:
        """Notice an act of command that a command line tool put into the database."""
        with self._store.reading() as connection:
            self._enter(connection)

    def check(self) -> None:
        """Raise :class:`HttpError` 421 unless this hall commands."""
        if not self.mine:
            self.refresh()
        if not self.mine:
            raise HttpError(
                421,
                "This hall does not command: it holds what is recorded, and follows the hall "
                "that does.",
            )

    def meet(self, enrolments: tuple[bytes, ...], trust: Trust) -> None:
        """Remember halls of this centre whose enrolment somebody showed."""
        met = []
        for data in enrolments[:_MAX_HALLS]:
            try:
                hall = read_enrolment(data, trust, now_s=None)
            except ExamError:
                continue
            new = hall.key_id not in self._halls and hall.key_id != self._key.key_id
            if (hall.kind, hall.centre) == (HALL, self._centre) and new:
                met.append((hall, data))
        met = met[: _MAX_HALLS - len(self._halls)]
        if met:
            self._store.write(
                lambda connection: connection.executemany(
                    "INSERT OR REPLACE INTO halls (key_id, machine, enrolment) VALUES (?, ?, ?)",
                    [(hall.key_id, hall.machine, data) for hall, data in met],
                )
            )
            for hall, data in met:
                self._halls[hall.key_id] = hall.verify_key, data
                self._known.append((hall.key_id, data))

    def take(self, data: bytes, trust: Trust, time_ns: int) -> bool:
        """Take an act of command, from wherever it came; whether it changed who commands.

        Raises a ``MandateError`` or the error of a signature when it does not hold, or when
        it contradicts the one that was seen first.
        """
        if not data or data == self._mandate:
            return False
        mandate, chief = read_mandate(data, trust, self._centre)
        if mandate.term < self._term:
            return False

        def work(connection: apsw.Connection) -> bool | MandateError:
            # The database decides: another thread or a command line may have put one there.
            term, commander = (_newest(connection) or (0, b"", b""))[:2]
            if mandate.term < term or (mandate.term, mandate.commander) == (term, commander):
                return False
            if mandate.term == term:
                problem = MandateError(
                    "Two acts of command have the same number ({term}) and name different halls; "
                    "the chief must sign another one.",
                    term=term,
                )
                alarm(connection, time_ns, "command", str(problem))
                return problem
            mine = self._key.key_id
            was = commander == mine if term else not self._standby
            connection.execute(
                "INSERT INTO mandates (term, commander, mandate, taken_ns) VALUES (?, ?, ?, ?)",
                (mandate.term, mandate.commander, data, time_ns),
            )
            self._change(connection, mandate, chief, was=was, time_ns=time_ns)
            return True

        before = self._term
        done = self._store.write(work)
        self.refresh()
        if isinstance(done, MandateError):
            raise done
        return self._term > before

    def _change(
        self,
        connection: apsw.Connection,
        mandate: Mandate,
        chief: Chief,
        *,
        was: bool,
        time_ns: int,
    ) -> None:
        mine = mandate.commander == self._key.key_id
        unsure = rows(
            connection.execute("SELECT DISTINCT blind_id FROM commands WHERE journaled = 0")
        )
        connection.execute("UPDATE commands SET journaled = 2 WHERE journaled = 0")
        if mine:
            set_number(connection, AUTHORITY, first_of(connection, mandate.term))
            words = mark("This hall commands now (turn {turn}), by order of {chief}.")
            for (blind_id,) in unsure:
                alarm(
                    connection,
                    time_ns,
                    "order-unsure",
                    mark(
                        "The last order of the hall before this one may or may not have been "
                        "carried out: look, and repeat it if needed."
                    ),
                    blind_id=blind_id,
                )
        else:
            if was:
                set_number(connection, DEPOSED, mandate.term)
            words = (
                mark(
                    "This hall does not command any more (turn {turn}), by order of {chief}. What "
                    "it ordered and no station confirmed is kept, and not sent again; it holds, "
                    "and follows the hall that commands."
                )
                if was
                else mark("Command has moved to another hall (turn {turn}), by order of {chief}.")
            )
        said = words.format(turn=mandate.term, chief=chief.name)
        alarm(connection, time_ns, "command", said)
        if mine:
            audit(
                connection,
                time_ns,
                chief.name,
                f"take command (turn {mandate.term})",
                reason=mandate.reason,
                comment=mandate.comment,
                role=CHIEF,
            )

    def _enter(self, connection: apsw.Connection) -> None:
        newest = _newest(connection)
        if newest is not None:
            if newest[0] >= self._term:
                self._term, self._commander, self._mandate = newest
        elif term_of(number(connection, AUTHORITY)):
            raise MandateError(
                "The database of this hall lacks the act under which it commanded; put back a "
                "newer copy, or let another hall take command."
            )


def _newest(connection: apsw.Connection) -> tuple[int, bytes, bytes] | None:
    """Term, commander and mandate of the highest term that was taken here."""
    found = rows(
        connection.execute(
            "SELECT term, commander, mandate FROM mandates ORDER BY term DESC LIMIT 1"
        )
    )
    return found[0] if found else None
