"""The log as the intake keeps it: what it serves, what it takes, and what it cannot do.

It appends and serves; it does not sign. A checkpoint comes from elsewhere
(:mod:`sync.intake.checkpoint`) and is taken only when it is signed with the checkpoint key
and is the root of the entries that are here. Only what a checkpoint covers is served, and
proofs are made from tiles compared with it: a damaged database gives an error and no proof.

Every method may run in any thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

from exam_packages import canon
from exam_packages.clock import SECOND, Clock
from exam_packages.errors import ExamError
from exam_packages.sealing.heads import read_heads
from exam_packages.sealing.log import Checkpoint, LogError, checkpoint_body
from exam_packages.sealing.log_entry import heads_entry
from exam_packages.sealing.log_proof import (
    INCLUSION_S,
    ProofError,
    log_origin,
    verify_checkpoint,
    write_growth,
    write_proof,
)
from exam_packages.sealing.suite import SealingError
from exam_packages.sealing.tiles import ENTRIES, WIDTH, Place, Tiles, TileTree
from exam_packages.sealing.trust import HALL, Trust, read_enrolment
from sync.intake.accept import Unacceptable
from sync.intake.messages import MAX_STATEMENT, Logged, RootOfHeads
from sync.intake.service import ANSWERS_FLOOR, NoRoom, Unknown
from sync.intake.storage import Storage

__all__ = ["HEADS_PAUSE_S", "Log", "TooSoon"]

HEADS_PAUSE_S = 30
"""Seconds between two roots of heads of one hall, at least: halls send one a minute."""


class TooSoon(ExamError):
    """This hall's last root of heads was logged a moment ago."""


class Log:
    """The log over a :class:`~sync.intake.storage.Storage`.

    *trust* gives the newest root of trust, each time it is asked; *free* the bytes free on
    the disk.
    """

    def __init__(
        self,
        storage: Storage,
        trust: Callable[[], Trust],
        clock: Clock,
        free: Callable[[], int],
    ) -> None:
        self._storage = storage
        self._trust = trust
        self._clock = clock
        self._free = free
        self._lock = threading.Lock()
        self._text = ""
        self._tree: TileTree | None = None

    # --- What anyone may read ---

    def checkpoint(self) -> str:
        """The newest signed checkpoint. Raises :class:`Unknown` before the first."""
        return self._newest()[1]

    def proof(self, number: int) -> str:
        """Proof that entry *number* is in the newest checkpoint (a C2SP tlog-proof).

        Raises :class:`Unknown` when that checkpoint does not cover it.
        """
        size, text = self._newest()
        if not 0 <= number < size:
            raise Unknown("The newest checkpoint does not cover this entry yet; ask again later.")
        with self._lock:
            return write_proof(number, self._covered(text).inclusion(number), text)

    def growth(self, old: int) -> str:
        """Proof that the newest checkpoint continues the log of *old* entries.

        Raises :class:`Unknown` when that checkpoint is older.
        """
        size, text = self._newest()
        if not 0 <= old <= size:
            raise Unknown("The newest checkpoint has fewer entries than that.")
        with self._lock:
            return write_growth(old, self._covered(text).consistency(old), text)

    def tile(self, place: Place) -> bytes:
        """A tile or entry bundle under the newest checkpoint. Raises :class:`Unknown`."""
        size, _ = self._newest()
        count = size >> 8 * max(place.level, 0)
        if place.number * WIDTH + place.width > count:
            raise Unknown("The newest checkpoint covers no such tile.")
        data = self._storage.tile(place)
        if place.level != ENTRIES and len(data) != place.width * 32:
            raise LogError("The tile {path} of the log has not its size.", path=place.path)
        return data

    # --- Signing, done elsewhere ---

    def unsigned(self, old: int) -> str:
        """The log as it stands, for its signer: proof of growth since *old*, head unsigned."""
        tiles = Tiles(self._storage.size(), self._storage.tile)
        path = tiles.consistency(old) if 0 <= old <= len(tiles) else ()
        return write_growth(
            old, path, checkpoint_body(log_origin(self._trust()), len(tiles), tiles.root())
        )

    def take_checkpoint(self, text: str) -> Checkpoint:
        """Serve *text* from now on, if it is the checkpoint of these very entries.

        Raises :class:`~sync.intake.accept.Unacceptable`.
        """
        try:
            checkpoint = verify_checkpoint(text, self._trust())
            tiles = Tiles(self._storage.size(), self._storage.tile)
            holds = checkpoint.size <= len(tiles) and checkpoint.root == tiles.root(checkpoint.size)
        except (ProofError, LogError) as problem:
            raise Unacceptable.of(problem) from None
        if not holds:
            raise Unacceptable("This checkpoint is of another log than the one kept here.")
        self._storage.add_checkpoint(checkpoint.size, text)
        return checkpoint

    # --- Roots of heads ---

    def take_heads(self, data: bytes) -> Logged:
        """Log the root of heads that a hall of this body states.

        The same statement again has the same entry. Raises ``Unacceptable``,
        :class:`TooSoon` or :class:`~sync.intake.service.NoRoom`.
        """
        trust, now_s = self._trust(), self._clock.wall_ns() // SECOND
        try:
            root: RootOfHeads = canon.unpack(data, RootOfHeads, max_size=2 * MAX_STATEMENT + 64)
            hall = read_enrolment(root.enrolment, trust, now_s=None)
            if hall.kind != HALL:
                raise Unacceptable("Only a hall states roots of heads.")
            read_heads(root.statement, hall.verify_key)
        except (canon.CanonError, SealingError) as problem:
            raise Unacceptable.of(problem) from None
        if self._free() < ANSWERS_FLOOR:
            raise NoRoom("The disk of the intake is full; roots of heads are not taken.")
        logged = self._storage.log_heads(
            hall.key_id,
            hashlib.sha256(root.statement).digest(),
            heads_entry(root.statement, now_s),
            now_s,
            HEADS_PAUSE_S,
        )
        if logged is None:
            raise TooSoon(
                "A root of heads of this hall was logged less than {seconds} seconds ago.",
                seconds=HEADS_PAUSE_S,
            )
        return Logged(*logged)

    # --- For people ---

    def overdue(self) -> int:
        """How many receipts are older than a day and under no checkpoint: an incident."""
        now_s = self._clock.wall_ns() // SECOND
        return self._storage.overdue(now_s - INCLUSION_S)

    # --- Within ---

    def _newest(self) -> tuple[int, str]:
        found = self._storage.checkpoint()
        if found is None:
            raise Unknown("The log has no signed checkpoint yet; the first comes within a day.")
        return found

    def _covered(self, text: str) -> TileTree:
        """The tree of the checkpoint *text*, its tiles compared. Called with the lock."""
        if self._tree is None or self._text != text:
            checkpoint = verify_checkpoint(text, self._trust())
            self._tree, self._text = TileTree(checkpoint, self._storage.tile), text
        return self._tree
