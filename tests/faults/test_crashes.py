"""Everything that can fail fails, in any order; and planted faults are found."""

from __future__ import annotations

import pytest
from crash_machine import Crashes
from crash_model import Holder, Station
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from exam_packages.sealing.bundle import parse_manifest
from exam_packages.sealing.journal import (
    Acknowledgement,
    Cursor,
    DiskFault,
    DiskFull,
    JournalConflict,
)
from sync.outbox import Outbox

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck))


def test_nothing_saved_is_lost_and_nothing_else_appears() -> None:
    run_state_machine_as_test(
        Crashes, settings=settings(SETTINGS, max_examples=60, stateful_step_count=40)
    )


@pytest.mark.slow
def test_nothing_saved_is_lost_and_nothing_else_appears_at_length() -> None:
    run_state_machine_as_test(
        Crashes, settings=settings(SETTINGS, max_examples=5_000, stateful_step_count=100)
    )


# --- Faults that the model must find -------------------------------------------------


class SaysSavedBeforeTheSync(Crashes):
    """Tells the candidate “saved” when the bytes were written, not when they are durable."""

    def _commit(self, station: Station) -> None:
        assert station.writer is not None
        segments = station.writer._segments
        sync, segments._sync = segments._sync, lambda descriptor: None
        try:
            super()._commit(station)
        finally:
            segments._sync = sync


class SyncsTheSameFileAgain(Crashes):
    """After a failed sync tries the same file once more and believes the second answer."""

    def _commit(self, station: Station) -> None:
        assert station.writer is not None
        segments = station.writer._segments
        sync = segments._sync

        def twice(descriptor: int) -> None:
            try:
                sync(descriptor)
            except OSError:
                sync(descriptor)

        segments._sync = twice
        try:
            super()._commit(station)
        finally:
            segments._sync = sync


class SealsAgainAfterAFailedSync(Crashes):
    """After a failed commit drops the sealed frames and seals the same answers anew."""

    def _commit(self, station: Station) -> None:
        writer = station.writer
        assert writer is not None
        first = writer.synced_cursor.head
        try:
            super()._commit(station)
        except (DiskFull, DiskFault):
            bodies = self.tree.bodies(writer.head)[writer.synced :]
            writer._pending.clear()
            del writer._heads[writer.synced + 1 :]
            writer._cursor = writer.synced_cursor
            assert writer.head == first
            for body in bodies:
                self._append(station, body or b"")
            raise


class NeverMovesACursorBack(Crashes):
    """Keeps calling held what a holder had before it was restored from an old copy."""

    def _acknowledge(self, outbox: Outbox, said: Acknowledgement) -> None:
        if said.sequence >= outbox.held:
            super()._acknowledge(outbox, said)


class CountersignsUnseen(Crashes):
    """A hall countersigns wherever a station says that its record ends."""

    def _held(self, manifest: bytes, holder: Holder) -> Cursor:
        return parse_manifest(manifest)[1].cursor


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (SaysSavedBeforeTheSync, "what was called saved is lost"),
        (SyncsTheSameFileAgain, "what was called saved is lost"),
        (SealsAgainAfterAFailedSync, "exists twice and differs"),
        (NeverMovesACursorBack, "called held, and is not"),
        (CountersignsUnseen, "countersigned what it does not hold"),
    ],
)
def test_a_planted_fault_is_found(faulty: type[Crashes], words: str) -> None:
    """Without this, a model that sees nothing would look like a program without faults."""
    with pytest.raises((AssertionError, JournalConflict), match=words):
        run_state_machine_as_test(
            faulty,
            settings=settings(
                SETTINGS,
                max_examples=2_000,
                stateful_step_count=40,
                phases=[Phase.generate],  # the first example found will do
                report_multiple_bugs=False,
                database=None,
                derandomize=True,
            ),
        )
