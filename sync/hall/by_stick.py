"""The relay without a network: exams onto a stick, and the body's receipts back from it, with the
corrections of what is open here.

What is exported stays here and is exported again until its receipt came back, onto whatever
stick; the body knows what it has already. Beside a relay over the network both may bring the
same exam: one receipt comes of it. A correction that came waits on the board, as one that the
network brought: people hand it on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import apsw

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.arrivals import MAX_ARRIVALS, read_arrivals
from exam_packages.sealing.bundle import parse_manifest
from exam_packages.sealing.correction import MAX_CORRECTION, CorrectionError
from exam_packages.sealing.labels import SealingError
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.trust import Trust
from sync.hall import arrived_corrections, closing, moves, records, sealed_reports, seats, surveys
from sync.hall.home import HallHome
from sync.holder.journals import held_frames
from sync.holder.store import Store, rows
from sync.intake.messages import (
    Offer,
    RecordOfSitting,
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
    """Receipts that were taken, that were known before, and what is not of exams here or not
    the body's. ``corrections`` counts those that now wait to be handed on, ``arrived`` the
    statements, records and reports that the body has."""

    taken: int
    known: int
    strange: int
    corrections: int
    arrived: int


def export(home: HallHome, store: Store, stick: Stick, time_ns: int) -> Exported:
    """Write every exam without a receipt onto *stick*, answers of all before any picture, then
    the pictures that the body may lack, the statements of erasure, records of sittings, reports of
    questions, the surveys, and which exams are open, for their corrections.

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
        open_here = {each.package_hash for each in seats.open_sittings(connection)}
        unsent = _unsent(home, connection)
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
    for each in unsent:
        stick.write((each.kind, each.name.hex()), each.data)
    _surveys(home, store, stick, time_ns)
    for package in open_here:
        stick.write(("packages", package.hex()), b"")
    return Exported(exams, pictures, absent)


@dataclass(frozen=True)
class _Unsent:
    """Something that the body does not have and gives no receipt for: where it lies on a stick,
    and how it is noted here that the body has it."""

    kind: str
    name: bytes
    data: bytes
    sent: Callable[[apsw.Connection], None]

    @property
    def digest(self) -> bytes:
        """Its SHA-256, by which the body names it."""
        return hashlib.sha256(self.data).digest()


def _unsent(home: HallHome, connection: apsw.Connection) -> list[_Unsent]:
    """Statements of erasure, records of sittings and reports of questions, of this hall and of
    those it knows."""
    halls = dict(rows(connection.execute("SELECT key_id, enrolment FROM halls")))
    halls[home.enrolment().key_id] = own = home.enrolment_bytes
    found = []
    for sitting, station, statement, enrolment in closing.unsent(connection):
        data = canon.pack(Statement(statement, enrolment or own))
        sent = partial(closing.sent, sitting=sitting, station=station)
        found.append(_Unsent("erasures", hashlib.sha256(data).digest(), data, sent))
    for sitting, number, machine, sealed in records.unsent(connection):
        if machine in halls:
            data = canon.pack(RecordOfSitting(sealed, halls[machine]))
            sent = partial(records.sent, sitting=sitting, number=number)
            found.append(_Unsent("records", hashlib.sha256(data).digest(), data, sent))
    for name, machine, sealed in sealed_reports.unsent(connection):
        if machine in halls:
            data = canon.pack(ReportOfQuestion(sealed, halls[machine]))
            sent = partial(sealed_reports.sent, digest=name)
            found.append(_Unsent("reports", name, data, sent))
    return found


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


def take_receipts(home: HallHome, store: Store, stick: Stick, time_ns: int) -> Returned:
    """Take the receipts on *stick* that are the body's and of exams of this hall, its word for
    what else arrived, and corrections of what is open here.

    Raises a ``StickError`` when the stick cannot be read.
    """
    trust = home.trust()
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
    arrived, not_ours = _arrivals(home, store, stick, trust)
    corrections, unbelieved = _corrections(store, stick, trust, time_ns)
    return Returned(taken, known, strange + not_ours + unbelieved, corrections, arrived)


def _arrivals(home: HallHome, store: Store, stick: Stick, trust: Trust) -> tuple[int, int]:
    """Note what the body says that it keeps; how much was new, and how many words were not its."""
    there: set[bytes] = set()
    strange = 0
    for name in stick.names("arrivals"):
        try:
            word = read_arrivals(stick.read(("arrivals", name.hex()), MAX_ARRIVALS) or b"", trust)
        except SealingError:
            strange += 1
        else:
            there.update(word.digests)

    def work(connection: apsw.Connection) -> int:
        here = [each for each in _unsent(home, connection) if each.digest in there]
        for each in here:
            each.sent(connection)
        return len(here)

    return (store.write(work) if there else 0), strange


def _corrections(store: Store, stick: Stick, trust: Trust, time_ns: int) -> tuple[int, int]:
    """Keep the body's corrections of exams that are open here; how many are new, and how many are
    not the body's."""
    new = strange = 0
    for name in stick.names("corrections"):
        data = stick.read(("corrections", name.hex()), MAX_CORRECTION) or b""
        try:
            new += store.write(partial(_keep_correction, data, trust, time_ns))
        except CorrectionError:
            strange += 1
    return new, strange


def _keep_correction(data: bytes, trust: Trust, time_ns: int, connection: apsw.Connection) -> bool:
    return arrived_corrections.keep(connection, data, trust, time_ns)


def _exported(name: bytes, time_ns: int, connection: apsw.Connection) -> None:
    connection.execute("INSERT OR REPLACE INTO exported VALUES (?, ?)", (name, time_ns))


def _received(name: bytes, receipt: bytes, connection: apsw.Connection) -> None:
    connection.execute(
        "UPDATE hand_ins SET receipt = ?, trouble = '' WHERE bundle_hash = ?", (receipt, name)
    )
