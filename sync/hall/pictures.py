"""Sealed pictures as stations send them: kept under their digest, until the body has them."""

from __future__ import annotations

import asyncio
import shutil

from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.journal_keys import blob_digest
from sync.hall import seats
from sync.hall.service import HallService, Link
from sync.web.wire import Busy, HttpError

MAX_EVIDENCE = 5 * 1024 * 1024
"""Bytes of one sealed picture."""
_MAX_PICTURES = 5000
"""Pictures kept per attempt: a long exam takes hundreds."""
_EVIDENCE_FLOOR = 512 * 1024 * 1024
"""Free bytes below which pictures are refused: they are given up before answers are."""
_AT_ONCE = 4
"""Pictures being written at a time: each asks the disk for three syncs that answers wait behind,
so the others are told to come again."""


class Pictures:
    """The pictures at one hall."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall
        self._writing = 0

    async def keep(self, link: Link, blind_id: bytes, digest: bytes, data: bytes) -> None:
        """Keep one sealed picture, durably. Sending it again changes nothing."""
        if blob_digest(data) != digest:
            raise HttpError(400, "A picture does not have the digest it was sent under.")
        with self._hall.store.reading() as connection:
            seats.seat_at(connection, blind_id, link.key_id)
            known, held = connection.execute(
                "SELECT count(*), coalesce(max(digest = ?), 0) FROM evidence WHERE blind_id = ?",
                (digest, blind_id),
            ).get
        if held:
            return
        if known >= _MAX_PICTURES:
            raise HttpError(409, "More pictures came for this exam than are kept.")
        if self._writing >= _AT_ONCE:
            raise Busy(1, "The hall takes this picture later; answers come first.")
        self._writing += 1
        try:
            await asyncio.to_thread(self._write, blind_id, digest, data)
        finally:
            self._writing -= 1
        await self._hall.store.awrite(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO evidence (blind_id, digest, size) VALUES (?, ?, ?)",
                (blind_id, digest, len(data)),
            )
        )
        self._hall.for_the_body()

    def _write(self, blind_id: bytes, digest: bytes, data: bytes) -> None:
        if shutil.disk_usage(self._hall.home.directory).free < _EVIDENCE_FLOOR:
            raise HttpError(507, "The hall’s disk is almost full; pictures are not kept for now.")
        directory = self._hall.home.evidence / blind_id.hex()
        try:
            make_directory(directory, 0o700)
            write_durably(directory / digest.hex(), data, 0o600)
        except OSError as problem:
            raise HttpError(
                507,
                "The hall’s disk does not take the picture ({why}).",
                why=problem.strerror or type(problem).__name__,
            ) from None
