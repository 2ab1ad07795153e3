"""The open attempt: what happened, and its journal. One thread owns it.

``ledger`` is what is on disk, and all that anybody is told. ``ahead`` also counts what
was appended but could not be written yet: a sealed frame cannot be taken back, only
written later, so rules look at ``ahead``.
"""

from __future__ import annotations

from collections.abc import Iterable

from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Ledger, account
from exam_packages.attempt.state import Attempt
from exam_packages.clock import Stamp
from exam_packages.sealing.journal import Cursor, JournalWriter, SealedBlob
from kiosk.agent.courier import Parcel
from kiosk.agent.shelf import AttemptDirectory, Who

Entries = tuple[ev.Entry, ...]


class Record:
    """One attempt being sat at this station."""

    def __init__(
        self,
        directory: AttemptDirectory,
        who: Who,
        package_hash: bytes,
        writer: JournalWriter,
        parcel: Parcel,
        entries: Iterable[ev.Entry] = (),
        ledger: Ledger | None = None,
        pictures: int = 0,
    ) -> None:
        """*entries* and *ledger* are what was restored; *pictures* how many were taken."""
        self.directory = directory
        self.who = who
        self.package_hash = package_hash
        self.parcel = parcel
        self.entries = list(entries)
        self.ledger = ledger or account(self.entries)
        self.ahead = self.ledger
        self._writer = writer
        self._pending: list[ev.Entry] = []
        self._pictures = pictures
        self.evidence = list(directory.evidence())
        """The pictures that the manifest will name."""
        self._put_out()

    @property
    def blind_id(self) -> bytes:
        return self.parcel.blind_id

    @property
    def attempt(self) -> Attempt:
        """The attempt as far as it is on disk."""
        return self.ledger.attempt

    @property
    def epoch(self) -> int:
        return self._writer.epoch

    @property
    def saved(self) -> int:
        """The last sequence that is on this disk."""
        return self._writer.synced

    @property
    def stuck(self) -> bool:
        """Whether something was appended that the disk did not take yet."""
        return self._writer.synced < self._writer.sequence

    def write(self, events: Iterable[ev.Event], now: Stamp) -> Entries:
        """Append *events* and make them durable; returns all that became durable by it.

        Raises :class:`~exam_packages.sealing.journal.JournalError` when the disk does not
        take them: they stay appended, and a later write takes them along.
        """
        for event in events:
            sequence = self._writer.append(now, ev.encode_event(event), ev.compartment(event))
            entry = ev.Entry(sequence, now, event)
            self._pending.append(entry)
            self.ahead = account([entry], self.ahead)
        return self.commit()

    def commit(self) -> Entries:
        """Make durable what is not yet. Raises like :meth:`write`."""
        self._writer.commit()
        entries = tuple(self._pending)
        self._pending.clear()
        self.entries += entries
        self.ledger = self.ahead
        self._put_out()
        return entries

    def witness(self, acknowledgement: bytes, now: Stamp) -> None:
        """Append the hall's word to the journal; the next commit takes it along."""
        self._writer.append_acknowledgement(now, acknowledgement)

    def seal_picture(self, jpeg: bytes) -> tuple[int, SealedBlob]:
        """Seal the next picture: its number, and the sealed bytes."""
        self._pictures += 1
        return self._pictures, self._writer.seal_snapshot(self._pictures, jpeg)

    @property
    def cursor(self) -> Cursor:
        """The place after what is on disk."""
        return self._writer.synced_cursor

    def close(self) -> None:
        """Write no more. What is on disk stays as it is."""
        self._writer.close()

    def _put_out(self) -> None:
        outbox = self.parcel.outbox
        while outbox.sequence < self._writer.synced:
            outbox.put(self._writer.epoch, self._writer.frames(outbox.sequence))
