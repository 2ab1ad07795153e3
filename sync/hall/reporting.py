"""Making the papers and the report of a sitting, signing it, and typing in what is on paper.

:func:`files` gives everything there is about a sitting from one call: the report as PDF, HTML
and JSON, the hall's signed record (and the enrolment that shows whose signature it is), and
the papers. Before the sitting is closed the record is a draft: unsigned, and it says so.
"""

from __future__ import annotations

import json

import apsw

from exam_packages.language import mark
from exam_packages.sealing.sitting_record import SittingRecord, parse_record, read_record
from exam_packages.sealing.trust_root import REGISTRAR
from exam_packages.sitting_words import as_json
from sync.hall import notes, papers, records, room, seats, waivers
from sync.hall.notes import NoteKind
from sync.hall.report import document
from sync.hall.roles import CHIEF, Operator, check_may
from sync.hall.schema import audit
from sync.hall.service import HallService
from sync.printing import html
from sync.printing.document import Document
from sync.web.wire import HttpError

__all__ = ["drawn", "files", "note", "one", "sign", "sitting_record"]


def sitting_record(
    connection: apsw.Connection, hall: HallService, sitting: int
) -> tuple[SittingRecord, bytes]:
    """The newest signed record of a sitting and its bytes; of one that is open, a draft and
    no bytes."""
    signed = records.newest(connection, sitting)
    if signed is not None:
        key = hall.key_of_hall(parse_record(signed).machine)
        if key is None:
            raise HttpError(409, "The record of this sitting was signed by a hall unknown here.")
        return read_record(signed, key), signed
    return records.draw(connection, sitting, hall.key.key_id, hall.home.centre, 1), b""


def files(hall: HallService, sitting: int) -> dict[str, bytes]:
    """Every paper of a sitting, the report, the signed record: contents by file name.

    Not from the event loop. Raises a ``FontError`` when a name cannot be printed.
    """
    now_ns = hall.clock.wall_ns()

    def work(connection: apsw.Connection) -> tuple[SittingRecord, bytes, room.RoomRules]:
        record, signed = sitting_record(connection, hall, sitting)
        if hall.command.mine:  # a standby may print, too; it writes nothing down
            waivers.printed(connection, sitting, now_ns)
        return record, signed, room.rules_of(connection, sitting)

    record, signed, rules = hall.store.write(work)
    return drawn(record, signed, rules, hall.enrolment_of(record.machine))


def drawn(
    record: SittingRecord, signed: bytes, rules: room.RoomRules, enrolment: bytes
) -> dict[str, bytes]:
    """All the files of a record: *signed* is what the hall of *enrolment* signed, or empty."""
    from sync.printing import fonts, pdf  # costs a third of a second: for who prints alone

    made = {"report.json": json.dumps(as_json(record), ensure_ascii=False, indent=2).encode()}
    report = document(record, signed=bool(signed))
    documents = {"report": report}
    documents |= {name: papers.paper(name, record, rules) for name in papers.PAPERS}
    for name, each in documents.items():
        made[f"{name}.html"] = html.render(each).encode()
        made[f"{name}.pdf"] = pdf.render(each, fonts.find(each.characters()))
    if signed:
        made["sitting.record"] = signed
        made["hall.enrolment"] = enrolment
    return made


def one(hall: HallService, sitting: int, name: str) -> Document:
    """One paper, or the report, as a document. Not from the event loop."""
    now_ns = hall.clock.wall_ns()

    def work(connection: apsw.Connection) -> tuple[SittingRecord, bytes, room.RoomRules]:
        found = sitting_record(connection, hall, sitting)
        if hall.command.mine:  # a standby may print, too; it writes nothing down
            waivers.printed(connection, sitting, now_ns)
        return (*found, room.rules_of(connection, sitting))

    record, signed, rules = hall.store.write(work)
    if name == "report":
        return document(record, signed=bool(signed))
    if name not in papers.PAPERS:
        raise HttpError(404, "There is no such paper.")
    return papers.paper(name, record, rules)


# --- Signing and typing in ---------------------------------------------------------


async def sign(hall: HallService, operator: Operator, sitting: int) -> str:
    """Put one's name to the report of a closed sitting. Two people do; one is the chief.

    Each signature makes the next record, which goes to the body.
    """
    check_may(operator, "sign-report")

    def work(connection: apsw.Connection) -> int:
        _closed(connection, sitting)
        now_ns = hall.clock.wall_ns()
        count = records.sign(connection, sitting, operator.name, operator.role, now_ns)
        chiefs = connection.execute(
            "SELECT count(*) FROM signers WHERE sitting = ? AND role = ?", (sitting, CHIEF)
        ).get
        if count > 1 and not chiefs:
            raise HttpError(403, "One of the two who sign the report must be the chief.")
        audit(connection, now_ns, operator.name, "report signed")
        _issue(hall, connection, sitting)
        return count

    count = await hall.store.awrite(work)
    hall.for_the_body()
    return "Signed." if count > 1 else "Signed. A second person signs under their own name."


async def note(
    hall: HallService,
    operator: Operator,
    sitting: int,
    kind: NoteKind,
    *,
    words: str,
    candidate: str = "",
    writer: str = "",
    happened_s: int | None = None,
    paper: str = "",
) -> str:
    """Write down an incident, the room's conditions, or what stands on a paper.

    Also after the sitting was closed: what was written on paper is typed in later, and makes
    the next record.
    """
    check_may(operator, "note")

    def work(connection: apsw.Connection) -> int:
        found = seats.sitting(connection, sitting)
        if found is None:
            raise HttpError(404, "This hall has held no such sitting.")
        now_ns = hall.clock.wall_ns()
        number = notes.write(
            connection,
            sitting,
            kind,
            words=words,
            operator=operator.name,
            time_ns=now_ns,
            candidate=candidate,
            writer=writer,
            happened_s=happened_s,
            paper=paper,
        )
        audit(
            connection,
            now_ns,
            operator.name,
            f"note {number} ({kind.words})" + (", transcribed" if paper else ""),
            seat=candidate,
        )
        if records.newest(connection, sitting) is not None:
            _issue(hall, connection, sitting)
        return number

    number = await hall.store.awrite(work)
    hall.for_the_body()
    if paper:
        return mark("Note {number} is written down and marked transcribed.").format(number=number)
    return mark("Note {number} is written down.").format(number=number)


def _issue(hall: HallService, connection: apsw.Connection, sitting: int) -> None:
    """Make the next record of a closed sitting."""
    records.issue(sitting, hall.key, hall.trust.opening(REGISTRAR), hall.home.centre, connection)


def _closed(connection: apsw.Connection, sitting: int) -> None:
    row = connection.execute(
        "SELECT closed_ns IS NOT NULL FROM sittings WHERE id = ?", (sitting,)
    ).fetchone()
    if row is None or not row[0]:
        raise HttpError(409, "The report is signed once the sitting is closed.")
