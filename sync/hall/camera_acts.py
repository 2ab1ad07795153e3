"""What operators do about the camera of one candidate: detectors left out, a sign of life.

Neither stops a clock nor touches a result. The station journals the order before it obeys, so
the record shows when a detector was left out, and that a sign of life was asked for.
"""

from __future__ import annotations

from collections.abc import Collection

import apsw

from exam_packages import canon
from exam_packages.attempt import liveness
from exam_packages.attempt.commands import AskLive, Order, Spare
from exam_packages.content.proctoring import DETECTORS
from sync.hall import acting
from sync.hall.acting import Why
from sync.hall.roles import Operator
from sync.hall.service import HallService
from sync.web.wire import HttpError

__all__ = ["ask_live", "spare", "spared"]


async def spare(
    hall: HallService, operator: Operator, candidate: str, why: Why, detectors: Collection[str]
) -> tuple[str, ...]:
    """Leave *detectors* out for a candidate from now on, and use all others of the exam; with
    none, all are used again."""
    if not set(detectors) <= set(DETECTORS):
        raise HttpError(400, "There is no such signal of the camera.")
    chosen = tuple(each for each in DETECTORS if each in detectors)
    words = f"spare {', '.join(chosen)}" if chosen else "spare nothing"
    return await _order(hall, operator, "spare", candidate, why, Spare(chosen), words)


async def ask_live(hall: HallService, operator: Operator, candidate: str, why: Why) -> str:
    """Ask a candidate for a sign of life that nobody could foresee; what is asked, in words."""
    prompt = liveness.draw()
    words = f"ask-live {prompt + 1}"
    await _order(hall, operator, "ask-live", candidate, why, AskLive(prompt), words)
    return liveness.words(prompt)


def spared(connection: apsw.Connection, blind_id: bytes) -> tuple[str, ...]:
    """The detectors that the last order to an attempt left out."""
    body = connection.execute(
        "SELECT body FROM commands WHERE blind_id = ? AND act = 'spare' AND journaled < 2"
        " ORDER BY authority DESC, number DESC LIMIT 1",
        (blind_id,),
    ).get
    order = canon.unpack(body, Order) if body is not None else None
    return order.detectors if isinstance(order, Spare) else ()


async def _order(
    hall: HallService,
    operator: Operator,
    act: str,
    candidate: str,
    why: Why,
    order: Order,
    words: str,
) -> tuple[str, ...]:
    def work(connection: apsw.Connection) -> tuple[str, ...]:
        acting.begin(connection, operator, act, why)
        found = acting.touched(connection, candidate, lambda _, seat: order)
        now_ns = hall.clock.wall_ns()
        return acting.give(connection, operator, act, why, found, now_ns, words=words)

    return await hall.store.awrite(work)
