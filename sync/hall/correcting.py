"""Handing a correction of the certification body on to every seat it concerns."""

from __future__ import annotations

import apsw

from exam_packages.language import mark
from exam_packages.sealing.correction import read_correction
from sync.hall import authority, corrections, seats
from sync.hall.acts import Operator, Why
from sync.hall.reasons import check_reason
from sync.hall.roles import check_may
from sync.hall.schema import audit
from sync.hall.service import HallService
from sync.web.wire import HttpError


async def correct(hall: HallService, operator: Operator, data: bytes, why: Why) -> str:
    """Take a signed correction; what was done, in a sentence.

    Raises :class:`HttpError`, or a ``CorrectionError`` when the body did not sign it.
    """
    check_may(operator, "correct")
    check_reason(why.reason, why.comment)
    correction = read_correction(data, hall.trust)
    now_ns = hall.clock.wall_ns()

    def work(connection: apsw.Connection) -> str:
        concerned = [
            each
            for each in seats.open_sittings(connection)
            if each.package_hash == correction.package_hash
        ]
        if not concerned:
            raise HttpError(409, "This correction is for another exam than those that are open.")
        new = [
            each
            for each in concerned
            if corrections.keep(connection, each.id, correction, data, now_ns)
        ]
        if not new:
            return mark("This correction was handed on before.")
        reached = 0
        for seat in [seat for each in new for seat in seats.seats(connection, each.id)]:
            admitted = authority.was_given(connection, seat.blind_id, "admit")
            if admitted and not seats.handed_in(connection, seat.blind_id):
                corrections.give(
                    connection,
                    seat.blind_id,
                    data,
                    operator=operator.name,
                    time_ns=now_ns,
                    reason=why.reason,
                    comment=why.comment,
                )
                reached += 1
        audit(
            connection,
            now_ns,
            operator.name,
            f"correct {correction.item}",
            reason=why.reason,
            comment=why.comment,
        )
        return mark(
            "The correction of “{item}” is on its way to who is admitted ({reached}); the others "
            "get it with their admission."
        ).format(item=correction.item, reached=reached)

    return await hall.store.awrite(work)
