"""The record of a closed sitting: made from the database, signed, and sent to the body.

It is made when the sitting closes, and again when somebody signs the report or types in what
was written on paper; each has the next number. A hall that dies in between makes what is
missing when it starts.
"""

from __future__ import annotations

import secrets
from functools import partial

import apsw
import msgspec

from exam_packages import canon
from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.signed import read_signed
from exam_packages.sealing.sitting_record import (
    MAX_ACTS,
    MAX_RECORD,
    RECORD_KIND,
    RecordedAct,
    RecordedLine,
    RecordedNote,
    RecordedPerson,
    RecordedStatement,
    RecordedWaiver,
    SittingRecord,
    parse_sealed,
    seal_record,
    sign_record,
)
from exam_packages.sealing.suite import SealingPublic, SigningKey
from sync.hall import notes, outcomes, seats, waivers
from sync.hall.acts_given import given_times
from sync.hall.outcomes import RosterLine
from sync.hall.statements import Statement
from sync.holder.store import Store, rows
from sync.web.wire import HttpError

_ACT_BYTES = 6 * 1024 * 1024
"""Bytes of acts in one record; what was done beyond that is in the hall's log alone."""
_NOT_MADE = (
    "The record of a closed sitting could not be signed, and is not on its way to the body. Print "
    "the report and tell the certification body. ({why})"
)


def finish(
    store: Store, key: SigningKey, registrar: SealingPublic, centre: str, time_ns: int
) -> None:
    """Make the record of each closed sitting that has none. Doing it again changes nothing."""
    with store.reading() as connection:
        closed = rows(
            connection.execute(
                "SELECT id FROM sittings WHERE closed_ns IS NOT NULL"
                " AND id NOT IN (SELECT sitting FROM records) ORDER BY id"
            )
        )
    for (sitting,) in closed:
        try:
            store.write(partial(issue, sitting, key, registrar, centre))
        except ExamError as problem:  # the hall goes on; people must know
            store.write(partial(_not_made, time_ns, _NOT_MADE.format(why=problem)))


def draw(
    connection: apsw.Connection, sitting: int, machine: bytes, centre: str, number: int
) -> SittingRecord:
    """What the database says of a sitting, open or closed. Raises :class:`HttpError` 404."""
    row = connection.execute(
        "SELECT restore_sitting, package_hash, slot, title, exam, opened_ns,"
        " coalesce(closed_ns, 0), closed_by, closed_why FROM sittings WHERE id = ?",
        (sitting,),
    ).fetchone()
    if row is None:
        raise HttpError(404, "This hall has held no such sitting.")
    name, package_hash, slot, title, exam, opened_ns, closed_ns, operator, why = row
    return SittingRecord(
        number=number,
        sitting=name or bytes(16),
        package_hash=package_hash,
        slot=slot,
        centre=centre,
        machine=machine,
        title=title[:500],
        exam=exam,
        opened_s=opened_ns // SECOND,
        closed_s=closed_ns // SECOND,
        operator=operator,
        reason=why,
        lines=_lines(connection, sitting),
        acts=_acts(connection, sitting, opened_ns, closed_ns),
        notes=tuple(
            RecordedNote(
                number=note.id,
                kind=int(note.kind),
                happened_s=note.happened_s,
                candidate=note.candidate,
                words=note.words,
                writer=note.writer,
                operator=note.operator,
                typed_s=note.typed_ns // SECOND,
                paper=note.paper,
            )
            for note in notes.notes(connection, sitting)
        ),
        waivers=tuple(
            RecordedWaiver(
                waiver.point,
                waiver.found,
                RecordedPerson(waiver.operator, waiver.role, waiver.time_ns // SECOND),
                waiver.why,
            )
            for waiver in waivers.waivers(connection, sitting)
        ),
        signers=tuple(
            RecordedPerson(name, role, time_ns // SECOND)
            for name, role, time_ns in connection.execute(
                "SELECT name, role, time_ns FROM signers WHERE sitting = ? ORDER BY time_ns",
                (sitting,),
            )
        ),
    )


def newest(connection: apsw.Connection, sitting: int) -> bytes | None:
    """The signed record of a sitting; None while it has none."""
    found = connection.execute(
        "SELECT record FROM records WHERE sitting = ? ORDER BY number DESC LIMIT 1", (sitting,)
    ).get
    return None if found is None else bytes(found)


def sign(connection: apsw.Connection, sitting: int, name: str, role: str, time_ns: int) -> int:
    """Put a name to the report of a closed sitting; how many have. Each signs once."""
    there = connection.execute("SELECT name FROM signers WHERE sitting = ?", (sitting,)).fetchall()
    if any(str(other).casefold() == name.casefold() for (other,) in there):
        raise HttpError(
            409, "You have signed this report already; another person signs under their own name."
        )
    connection.execute("INSERT INTO signers VALUES (?, ?, ?, ?)", (sitting, name, role, time_ns))
    return len(there) + 1


def unsent(connection: apsw.Connection) -> list[tuple[int, int, bytes, bytes]]:
    """The records that the body does not have: sitting, number, the signing key id of the hall
    that signed it, sealed."""
    return [
        (sitting, number, parse_sealed(sealed).machine, sealed)
        for sitting, number, sealed in connection.execute(
            "SELECT sitting, number, sealed FROM records WHERE sent = 0 ORDER BY sitting, number"
        )
    ]


def sent(connection: apsw.Connection, sitting: int, number: int) -> None:
    """The body has a record."""
    connection.execute(
        "UPDATE records SET sent = 1 WHERE sitting = ? AND number = ?", (sitting, number)
    )


def issue(
    sitting: int,
    key: SigningKey,
    registrar: SealingPublic,
    centre: str,
    connection: apsw.Connection,
) -> None:
    """Make the next record of a closed sitting, unless the last says the same."""
    connection.execute(
        "UPDATE sittings SET restore_sitting = ? WHERE id = ? AND restore_sitting IS NULL",
        (secrets.token_bytes(16), sitting),
    )
    last = newest(connection, sitting)
    number = 1
    if last is not None:
        said: SittingRecord = canon.unpack(
            read_signed(last, RECORD_KIND, max_size=MAX_RECORD).body,
            SittingRecord,
            max_size=MAX_RECORD,
        )
        number = said.number + 1
        drawn = draw(connection, sitting, key.key_id, centre, said.number)
        if _said(drawn) == _said(said):
            return
    record = sign_record(draw(connection, sitting, key.key_id, centre, number), key)
    connection.execute(
        "INSERT INTO records (sitting, number, record, sealed) VALUES (?, ?, ?, ?)",
        (sitting, number, record, seal_record(record, key, registrar)),
    )


def _not_made(time_ns: int, words: str, connection: apsw.Connection) -> None:
    connection.execute(
        "INSERT INTO alarms (time_ns, code, words) SELECT ?1, 'record', ?2"
        " WHERE NOT EXISTS (SELECT 1 FROM alarms WHERE words = ?2)",
        (time_ns, words),
    )


def _said(record: SittingRecord) -> bytes:
    """What people said and did: not which receipts came since."""
    lines = tuple(msgspec.structs.replace(line, at_body=False) for line in record.lines)
    return canon.pack(msgspec.structs.replace(record, lines=lines))


def _lines(connection: apsw.Connection, sitting: int) -> tuple[RecordedLine, ...]:
    found = {
        blind_id: (signed_in or 0, bundle or b"", handed_in or 0, bool(receipt), frames)
        for blind_id, signed_in, bundle, handed_in, receipt, frames in connection.execute(
            "SELECT seats.blind_id, signed_in_ns, bundle_hash, time_ns, receipt IS NOT NULL,"
            " coalesce((SELECT max(sequence) FROM frames"
            "   WHERE frames.blind_id = seats.blind_id), 0)"
            " FROM seats LEFT JOIN hand_ins ON hand_ins.blind_id = seats.blind_id"
            " AND reopened_ns IS NULL WHERE sitting = ?",
            (sitting,),
        )
    }
    times = given_times(connection, sitting)
    return tuple(
        _line(connection, line, found[line.seat.blind_id], times.get(line.seat.blind_id, (0, 0)))
        for line in outcomes.lines(connection, sitting)
    )


def _line(
    connection: apsw.Connection,
    line: RosterLine,
    found: tuple[int, bytes, int, bool, int],
    times: tuple[int, int],
) -> RecordedLine:
    seat, closed = line.seat, line.closed
    signed_in, bundle, handed_in, receipt, frames = found
    return RecordedLine(
        blind_id=seat.blind_id,
        seat=seat.line,
        candidate=seat.candidate,
        name=seat.name,
        outcome=int(closed.outcome) if closed else 0,
        verdict=int(closed.verdict) if closed else 0,
        operator=closed.operator if closed else "",
        second=closed.second if closed else "",
        closed_s=closed.time_ns // SECOND if closed else 0,
        reason=closed.reason if closed else "",
        comment=closed.comment if closed else "",
        station=seats.machine_name(connection, seat.station) if seat.station else "",
        frames=frames,
        bundle_hash=bundle,
        signed_in_s=signed_in // SECOND,
        admitted_s=times[0] // SECOND,
        handed_in_s=handed_in // SECOND,
        at_body=receipt,
        extra_s=seat.extra_s,
        given_s=times[1],
        statements=tuple(_statement(each) for each in line.statements),
    )


def _statement(statement: Statement) -> RecordedStatement:
    return RecordedStatement(
        number=statement.id,
        kind=int(statement.kind),
        seen_s=statement.seen_s,
        words=statement.words,
        witness=statement.operator,
        operator=statement.operator,
        written_s=statement.time_ns // SECOND,
        paper="",
        reply=int(statement.reply),
        reply_words=statement.reply_words,
        reply_operator="",
        replied_s=statement.reply_ns // SECOND,
        lifted_by="" if statement.stands else statement.settled_by,
        lifted_why=statement.settled_why,
    )


def _acts(
    connection: apsw.Connection, sitting: int, opened_ns: int, closed_ns: int
) -> tuple[RecordedAct, ...]:
    """What was done for this sitting's candidates, and for the whole hall meanwhile."""
    found = connection.execute(
        "SELECT time_ns, operator, act, seat, reason, comment FROM audit"
        " WHERE time_ns >= ?2 AND (?3 = 0 OR time_ns <= ?3)"
        " AND (seat = '' OR seat IN (SELECT candidate FROM seats WHERE sitting = ?1))"
        " ORDER BY id LIMIT ?4",
        (sitting, opened_ns, closed_ns, MAX_ACTS),
    )
    acts, size = [], 0
    for time_ns, operator, act, seat, reason, comment in found:
        made = RecordedAct(
            time_ns // SECOND, operator[:500], act[:500], seat, reason, comment[:500]
        )
        size += len(canon.pack(made))
        if size > _ACT_BYTES:
            break
        acts.append(made)
    return tuple(acts)
