"""The clocks beside the exam's, as the screen is told of them."""

from __future__ import annotations

from exam_packages.attempt.ledger import Ledger
from kiosk.ipc.messages import Clocks, ScopeClock


def clocks_of(ledger: Ledger, now_ns: int) -> Clocks:
    """The clocks of *ledger* beside the exam's, at a moment of the same boot."""
    return Clocks(
        tuple(
            ScopeClock(each.scope, each.left_at(now_ns) // 1_000_000, each.running)
            for each in ledger.countdowns[1:]
        )
    )
