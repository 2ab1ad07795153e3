"""Faults of questions that candidates report: seen in a queue, and sent on to the body.

The words of a report may say what an answer is, so they stay in the sealed record and reach
the body with it. What the hall knows is the number of the question; what goes on at once is
that, with the remark of a person in the room, signed by the hall:

kind ``exam-kiosk/question-report/v1``, body
``[centre, slot, package hash, blind id, question, remark, operator, time s]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import apsw

from exam_packages import canon
from exam_packages.clock import SECOND
from exam_packages.sealing.signed import sign, verify
from exam_packages.sealing.suite import VerifyKey
from sync.hall import acting, cases, seats
from sync.hall.acting import Why
from sync.hall.roles import Operator
from sync.hall.service import HallService, Link
from sync.holder.store import rows
from sync.web.wire import HttpError

KIND = "exam-kiosk/question-report/v1"


class QuestionReport(canon.Object):
    """What a hall says of a question that a candidate holds to be faulty."""

    centre: str
    slot: str
    package_hash: bytes
    blind_id: bytes
    question: int
    remark: str
    operator: str
    time_s: int


@dataclass(frozen=True)
class Reported:
    """A question in the queue, and how many of those who sit it say so."""

    seat: int
    candidate: str
    question: int
    sent: int
    """The number of the report that was sent on, or 0."""


def read_report(data: bytes, hall: VerifyKey) -> QuestionReport:
    """Verify and decode. Raises an ``ExamError`` when *hall* did not sign it."""
    return canon.unpack(verify(data, KIND, [hall]), QuestionReport)


def queue(connection: apsw.Connection, links: Mapping[bytes, Link]) -> tuple[Reported, ...]:
    """The questions reported as faulty, as stations said and as they were sent on."""
    sent = {
        (blind_id, question): number
        for number, blind_id, question in rows(
            connection.execute("SELECT id, blind_id, question FROM question_reports")
        )
    }
    found = []
    shown = seats.shown_sittings(connection)
    for seat in [seat for each in shown for seat in seats.seats(connection, each.id)]:
        link = links.get(seat.station) if seat.station is not None else None
        told = set[int]()
        if link is not None and link.blind_id == seat.blind_id and link.status is not None:
            told = set(link.status.reports)
        told |= {question for blind_id, question in sent if blind_id == seat.blind_id}
        for question in sorted(told):
            number = sent.get((seat.blind_id, question), 0)
            found.append(Reported(seat.line, seat.candidate, question, number))
    return tuple(sorted(found, key=lambda each: (each.sent > 0, each.question, each.seat)))


async def report(
    hall: HallService, operator: Operator, candidate: str, why: Why, question: int, remark: str
) -> int:
    """Sign a report of a question for the body; its number."""
    words = cases.stated(remark)
    if not 1 <= question <= 10_000:
        raise HttpError(400, "Say which question, by its number.")

    def work(connection: apsw.Connection) -> int:
        acting.begin(connection, operator, "report", why)
        (seat,) = acting.chosen(connection, candidate)
        sitting = seats.one_sitting(connection, seat.sitting)
        now_ns = hall.clock.wall_ns()
        body = QuestionReport(
            hall.home.centre,
            sitting.slot,
            seat.package_hash,
            seat.blind_id,
            question,
            words,
            operator.name,
            now_ns // SECOND,
        )
        data = sign(KIND, canon.pack(body), [hall.key])
        connection.execute(
            "INSERT INTO question_reports (blind_id, question, time_ns, report)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (blind_id, question)"
            " DO UPDATE SET time_ns = excluded.time_ns, report = excluded.report",
            (seat.blind_id, question, now_ns, data),
        )
        acting.note(connection, now_ns, operator, f"report question {question}", candidate, why)
        number: int = connection.execute(
            "SELECT id FROM question_reports WHERE blind_id = ? AND question = ?",
            (seat.blind_id, question),
        ).get
        return number

    return await hall.store.awrite(work)


def signed_report(connection: apsw.Connection, number: int) -> bytes:
    """A report as it was signed. Raises :class:`HttpError` 404."""
    found = connection.execute(
        "SELECT report FROM question_reports WHERE id = ?", (number,)
    ).fetchone()
    if found is None:
        raise HttpError(404, "There is no such report.")
    return bytes(found[0])
