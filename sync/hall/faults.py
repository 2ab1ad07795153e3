"""Faults of questions that candidates report: seen in a queue, and sent on to the body.

The words of a report may say what an answer is, so they stay in the sealed record and reach
the body with it. What the hall knows is the number of the question; what goes on at once is
that, with the remark of a person in the room, signed by the hall
(:mod:`exam_packages.sealing.question_report`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import apsw

from exam_packages.clock import SECOND
from exam_packages.sealing.question_report import QuestionReport, report_digest, sign_report
from exam_packages.sealing.trust_root import INTEGRITY
from sync.hall import acting, cases, sealed_reports, seats
from sync.hall.acting import Why
from sync.hall.roles import Operator
from sync.hall.service import HallService, Link
from sync.holder.store import rows
from sync.web.wire import HttpError


@dataclass(frozen=True)
class Reported:
    """A question in the queue."""

    seat: int
    candidate: str
    question: int
    sent: int
    """The number of the report that was signed for the body, or 0."""
    arrived: bool
    """Whether the body has it."""


def queue(connection: apsw.Connection, links: Mapping[bytes, Link]) -> tuple[Reported, ...]:
    """The questions reported as faulty, as stations said and as they were sent on."""
    at_body = sealed_reports.arrived(connection)
    sent = {
        (blind_id, question): (number, report_digest(report) in at_body)
        for number, blind_id, question, report in rows(
            connection.execute("SELECT id, blind_id, question, report FROM question_reports")
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
            number, arrived = sent.get((seat.blind_id, question), (0, False))
            found.append(Reported(seat.line, seat.candidate, question, number, arrived))
    return tuple(sorted(found, key=lambda each: (each.sent > 0, each.question, each.seat)))


async def report(
    hall: HallService, operator: Operator, candidate: str, why: Why, question: int, remark: str
) -> int:
    """Sign a report of a question for the body, and send it on; its number."""
    words = cases.stated(remark)
    integrity = hall.trust.opening(INTEGRITY)
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
        data = sign_report(body, hall.key)
        sealed_reports.keep(connection, data, hall.key, integrity)
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

    number = await hall.store.awrite(work)
    hall.for_the_body()
    return number


def signed_report(connection: apsw.Connection, number: int) -> bytes:
    """A report as it was signed. Raises :class:`HttpError` 404."""
    found = connection.execute(
        "SELECT report FROM question_reports WHERE id = ?", (number,)
    ).fetchone()
    if found is None:
        raise HttpError(404, "There is no such report.")
    return bytes(found[0])
