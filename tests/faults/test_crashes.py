"""Everything that can fail fails, in any order; and planted faults are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash_machine import Crashes
from crash_model import Holder, Station
from cut_disk import CutDisk
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.bundle import parse_manifest
from exam_packages.sealing.journal import (
    Acknowledgement,
    Cursor,
    DiskFault,
    DiskFull,
)
from sync.outbox import Outbox

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck))


def test_nothing_saved_is_lost_and_nothing_else_appears() -> None:
    run_state_machine_as_test(
        Crashes, settings=settings(SETTINGS, max_examples=20, stateful_step_count=40)
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


NONE_LAST = (0.0, 0)
"""Odds: nothing that is not durable lasts."""


@pytest.mark.parametrize("faulty", [SaysSavedBeforeTheSync, SyncsTheSameFileAgain])
def test_the_model_sees_a_saved_answer_that_a_power_cut_took(faulty: type[Crashes]) -> None:
    for kind in (Crashes, faulty):
        crashes = kind()
        crashes.the_attempt_begins()
        crashes.answers(0, [300], "sync", 0, None, NONE_LAST)
        crashes.answers(0, [300], None, 0, None, NONE_LAST)
        crashes.it_ends(0, True, NONE_LAST)
        if kind is faulty:
            with pytest.raises(AssertionError, match="what was called saved is lost"):
                crashes.teardown()
        else:
            crashes.teardown()


def test_the_model_sees_an_answer_sealed_twice() -> None:
    for kind in (Crashes, SealsAgainAfterAFailedSync):
        crashes = kind()
        crashes.the_attempt_begins()
        crashes.answers(0, [300], "sync", 0, None, NONE_LAST)
        crashes.answers(0, [300], None, 0, None, NONE_LAST)
        crashes.it_ends(0, False, NONE_LAST)
        if kind is Crashes:
            crashes.teardown()
        else:
            with pytest.raises(AssertionError, match="an entry exists twice and differs"):
                crashes.teardown()


def test_a_fork_that_shows_in_what_a_hall_says_to_another_station_is_one() -> None:
    """Found by the model: two stations went on at once, and what a hall that has the one record
    gives to the other station speaks of an epoch that is not in this one's. People must look."""
    crashes = Crashes()
    crashes.the_attempt_begins()
    crashes.ticks(0, 0, None, 1)
    crashes.it_goes_on(0, NONE_LAST, None, False, (0,))  # at the second station
    crashes.ticks(1, 0, None, 1)
    for count in (2, 3):
        for _ in range(count):
            crashes.a_word_is_journaled(0)
        crashes.answers(0, [], None, 0, None, NONE_LAST)
        if count == 2:
            crashes.it_ends(0, False, NONE_LAST)  # the first station, with its own two words
    crashes.ticks(0, 0, None, 1)
    crashes.it_goes_on(0, NONE_LAST, None, False, (0,))
    assert crashes.stations[0].writer is None
    crashes.teardown()


def test_a_directory_that_could_not_be_synced_is_synced_the_next_time(tmp_path: Path) -> None:
    """Found by the model: everything in it was synced, and went with its name."""
    disk = CutDisk(tmp_path)
    place = tmp_path / "station" / "attempt"
    disk.put_back(place.parent, {})
    with disk.watching():
        disk.fail_syncs = 1
        with pytest.raises(OSError, match="error"):
            make_directory(place)
        make_directory(place)
        write_durably(place / "answer", b"saved")
    disk.cut(place.parent, lambda: False)
    assert (place / "answer").read_bytes() == b"saved"


@pytest.mark.parametrize(
    "faulty",
    [
        CountersignsUnseen,
        pytest.param(NeverMovesACursorBack, marks=pytest.mark.slow),
        pytest.param(SaysSavedBeforeTheSync, marks=pytest.mark.slow),
        pytest.param(SyncsTheSameFileAgain, marks=pytest.mark.slow),
        pytest.param(SealsAgainAfterAFailedSync, marks=pytest.mark.slow),
    ],
)
def test_a_planted_fault_is_found(faulty: type[Crashes]) -> None:
    """Without this, a model that sees nothing would look like a program without faults."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            faulty,
            settings=settings(
                SETTINGS,
                max_examples=5_000,
                stateful_step_count=40,
                phases=[Phase.generate],  # the first example found will do
                report_multiple_bugs=False,
                database=None,
                derandomize=True,
            ),
        )
