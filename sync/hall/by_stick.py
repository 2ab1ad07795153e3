"""The relay without a network: exams onto a stick, and the body's receipts back from it.

What is exported stays here and is exported again until its receipt came back, onto whatever
stick; the body knows what it has already. Beside a relay over the network both may bring the
same exam: one receipt comes of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

import apsw

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import parse_manifest
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.trust import Trust
from sync.hall import closing, moves, sealed_reports, surveys
from sync.hall.home import HallHome
from sync.holder.journals import held_frames
from sync.holder.store import Store, rows
from sync.intake.messages import (
    Offer,
    ReportOfQuestion,
    SheafOfSurveys,
    Statement,
    chunk_digest,
    cut,
)
from sync.stick import FORMAT, About, Stick

__all__ = ["Exported", "Returned", "export", "take_receipts"]

MAX_RECEIPT = 64 * 1024


@dataclass(frozen=True)
class Exported:
    """What lies on the stick now: exams whole with their answers, pictures, and pictures that
    this hall does not have."""

    exams: int
    pictures: int
    absent: int


@dataclass(frozen=True)
class Returned:
    """Receipts that were taken, that were known before, and that are not of exams here or not
    the body's."""

    taken: int
    known: int
    strange: int


def export(home: HallHome, store: Store, stick: Stick, time_ns: int) -> Exported:
    """Write every exam without a receipt onto *stick*, answers of all before any picture, then
    the pictures that the body may lack, the statements of erasure, reports of questions, and the
    surveys.

    Doing it again goes on where it broke off. Raises a ``StickError``.
    """
    own = home.enrolment()
    stick.begin(About(FORMAT, home.trust().root.body, home.centre, own.key_id))
    with store.reading() as connection:
        waiting = rows(
            connection.execute(
                "SELECT blind_id, bundle_hash, manifest, countersignature, receipt IS NULL"
                " FROM hand_ins WHERE receipt IS NULL OR evidence_sent = 0 ORDER BY time_ns"
            )
        )
        halls = tuple(data for (data,) in rows(connection.execute("SELECT enrolment FROM halls")))
        statements = closing.unsent(connection)
        reports = sealed_reports.unsent(connection)
        known = dict(rows(connection.execute("SELECT key_id, enrolment FROM halls")))
    exams = pictures = absent = 0
    for blind_id, name, manifest, countersignature, lacks_answers in waiting:
        if lacks_answers:
            enrolments = (home.enrolment_bytes, *halls)
            _answers(store, stick, blind_id, name, manifest, countersignature, enrolments)
            exams += 1
            store.write(partial(_exported, name, time_ns))
    for blind_id, name, manifest, *_ in waiting:
        for picture in parse_manifest(manifest)[1].evidence:
            place = ("bundles", name.hex(), "evidence", picture.digest.hex())
            path = home.evidence / blind_id.hex() / picture.digest.hex()
            if stick.has(place):
                pictures += 1
            elif path.is_file():
                stick.write(place, path.read_bytes())
                pictures += 1
            else:
                absent += 1
    for _, _, statement, enrolment in statements:
        data = canon.pack(Statement(statement, enrolment or home.enrolment_bytes))
        stick.write(("erasures", hashlib.sha256(data).hexdigest()), data)
    known[own.key_id] = home.enrolment_bytes
    for name, machine, sealed in reports:
        if machine in known:
            data = canon.pack(ReportOfQuestion(sealed, known[machine]))
            stick.write(("reports", name.hex()), data)
    _surveys(home, store, stick, time_ns)
    return Exported(exams, pictures, absent)


def _surveys(home: HallHome, store: Store, stick: Stick, time_ns: int) -> None:
    """The surveys of sittings whose time for them is over; they stay here as well."""
    with store.reading() as connection:
        due = surveys.due(connection, time_ns)
    for sitting in due:
        store.write(partial(_end_surveys, sitting))
        key, after = home.signing_key(), b""
        while True:
            with store.reading() as connection:
                found = surveys.next_sheaf(connection, sitting, key, home.centre, after)
            if found is None:
                break
            data = canon.pack(SheafOfSurveys(found[0], home.enrolment_bytes))
            stick.write(("surveys", hashlib.sha256(data).hexdigest()), data)
            after = found[1][-1]


def _end_surveys(sitting: int, connection: apsw.Connection) -> None:
    surveys.end(connection, sitting)


def _answers(
    store: Store,
    stick: Stick,
    blind_id: bytes,
    name: bytes,
    manifest: bytes,
    countersignature: bytes,
    halls: tuple[bytes, ...],
) -> None:
    place = ("bundles", name.hex())
    if stick.has((*place, "commit")):
        return
    with store.reading() as connection:
        count = parse_manifest(manifest)[1].count
        chunks = cut(held_frames(connection, blind_id)[:count])
        stations = moves.enrolments_of(connection, blind_id)
    digests = tuple(map(chunk_digest, chunks))
    offer = Offer(manifest, countersignature, (*stations, *halls), digests)
    stick.write((*place, "manifest"), canon.pack(offer))
    for digest, chunk in zip(digests, chunks, strict=True):
        stick.write((*place, "chunks", digest.hex()), chunk)
    stick.write((*place, "commit"), b"")


def take_receipts(store: Store, stick: Stick, trust: Trust) -> Returned:
    """Take the receipts on *stick* that are the body's and of exams of this hall.

    Raises a ``StickError`` when the stick cannot be read.
    """
    taken = known = strange = 0
    for name in stick.names("receipts"):
        data = stick.read(("receipts", name.hex()), MAX_RECEIPT) or b""
        with store.reading() as connection:
            row = connection.execute(
                "SELECT receipt FROM hand_ins WHERE bundle_hash = ?", (name,)
            ).fetchone()
        try:
            right = read_receipt(data, trust).bundle_hash == name
        except ExamError:
            right = False
        if row is None or not right:
            strange += 1
        elif row[0] is not None:
            known += 1
        else:
            store.write(partial(_received, name, data))
            taken += 1
    return Returned(taken, known, strange)


def _exported(name: bytes, time_ns: int, connection: apsw.Connection) -> None:
    connection.execute("INSERT OR REPLACE INTO exported VALUES (?, ?)", (name, time_ns))


def _received(name: bytes, receipt: bytes, connection: apsw.Connection) -> None:
    connection.execute(
        "UPDATE hand_ins SET receipt = ?, trouble = '' WHERE bundle_hash = ?", (receipt, name)
    )
