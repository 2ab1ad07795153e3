"""What stations ask and tell when an attempt moves, is reopened, or its sitting is closed.

The rules are in :mod:`sync.hall.moves` and :mod:`sync.hall.closing`.
"""

from __future__ import annotations

import asyncio

from sync.hall import closing, moves, seats
from sync.hall.service import HallService, Link
from sync.holder.journals import held_state
from sync.messages import Copy, CopyRequest, Erased, Halves


class Moving:
    """The moves at one hall."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall

    async def copy(self, link: Link, request: CopyRequest) -> Copy:
        """Give a station what it lacks of the attempt it runs, or is to take up."""

        def read() -> Copy:
            with self._hall.store.reading() as connection:
                seat = seats.seat_at(connection, request.blind_id, link.key_id)
                held = held_state(connection, request.blind_id, seat.package_hash)
                return moves.copy(connection, seat, held, request)

        return await asyncio.to_thread(read)

    async def halves(self, link: Link, halves: Halves) -> None:
        """Keep what a neighbour released, sealed, until the station named takes it."""
        self._hall.command.check()
        await self._hall.store.awrite(
            lambda connection: moves.keep_halves(connection, link.key_id, halves)
        )

    async def erased(self, link: Link, message: Erased) -> None:
        """Keep a station's statement of what it deleted."""
        self._hall.command.check()
        await self._hall.store.awrite(
            lambda connection: closing.keep(connection, self._hall.key_of(link), message.erasure)
        )
        self._hall.for_the_body()
