"""What a hall does when it takes command: what the hall before it began and did not finish.

The keys and the record of a sitting that was closed; the order to leave the room, to every
station that may not have it. All of it may be done again.
"""

from __future__ import annotations

import asyncio
from functools import partial

from exam_packages.language import say
from sync.hall import emergencies
from sync.hall.service import HallService

__all__ = ["finish", "take_command"]


def finish(hall: HallService) -> None:
    """Finish what the hall before this one began. Not from the event loop.

    Raises a ``KeyringError``.
    """
    hall.finish_closing()
    hall.store.write(partial(emergencies.order_again, hall.clock.wall_ns()))
    hall.for_the_body()


async def take_command(hall: HallService, mandate: bytes) -> str:
    """Take an act of command that a chief signed, as a file brings it; what it means.

    Raises a ``MandateError`` or the error of a signature.
    """
    now_ns = hall.clock.wall_ns()
    await asyncio.to_thread(hall.command.take, mandate, hall.trust, now_ns)
    if hall.command.mine:
        await asyncio.to_thread(finish, hall)
        return say("This hall commands now. The stations turn to it as soon as they hear of it.")
    return say("Command is with another hall. This one holds, and follows it.")
