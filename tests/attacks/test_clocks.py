"""Machines whose clocks are hours apart: order and time do not come from the wall."""

from __future__ import annotations

from pathlib import Path

import pytest
import readers
from hypothesis import given, settings
from hypothesis import strategies as st
from vectors.attempt import Record
from vectors.body import BOOTS, START_S, Body

from exam_packages.attempt import events
from exam_packages.attempt.ledger import Kind, account
from exam_packages.clock import SECOND, Stamp
from exam_packages.sealing import chain
from exam_packages.sealing.bundle import answers_part, read_answers, verify_bundle
from exam_packages.sealing.grant import GrantExpired, read_grant
from exam_packages.sealing.package import Package, PackageError
from exam_packages.sealing.release import ReleaseError, read_release
from exam_packages.sealing.trust import TrustError, read_enrolment

HOUR = 3600


class _Apart(Record):
    """An attempt at two stations, the second *apart_s* off the first by the wall clock."""

    apart_s = 0

    def sit(self) -> None:
        self._seat(self.body.first, BOOTS[0], START_S)
        self._open(events.Opened(1, events.START, held=False))
        self._add(events.Began(HOUR))
        self._acknowledged()
        self._leave()
        self._seat(self.body.second, BOOTS[1], START_S + self.apart_s)
        self._open(events.Opened(2, events.MOVE, held=False))
        self._add(events.Closed(events.HANDED_IN))
        self._acknowledged()
        self._leave()


@pytest.mark.parametrize("hours", [-24 * 365, -7, 7, 24 * 365])
def test_a_record_of_stations_hours_apart_is_whole(hours: int, tmp_path: Path) -> None:
    record = _Apart(Body(), tmp_path, readers.PACKAGE_HASH)
    record.apart_s = hours * HOUR
    record.sit()
    state = chain.extend(
        chain.start(readers.BLIND_ID, readers.PACKAGE_HASH),
        record.frames,
        readers.STATIONS.get,
        [readers.HALL],
        head=record.cursor.head,
    )
    assert state.epoch == 2
    assert len(chain.witnesses(record.frames, [readers.HALL])) == 2
    readers.open_with_every_role(list(record.frames))
    manifest, word = record.hand_in()
    enrolments = [each.enrolment for each in (record.body.first, record.body.second)]
    part = answers_part(manifest, word, [*enrolments, record.body.hall.enrolment], record.frames)
    verified = verify_bundle(read_answers(part), readers.trust())
    assert verified.finished_s - START_S == pytest.approx(hours * HOUR, abs=100)


@given(
    apart_s=st.integers(-(10**8), 10**8),
    before_s=st.integers(0, 1000),
    after_s=st.integers(0, 1000),
    jump_s=st.integers(-(10**8), 10**8),
)
@settings(max_examples=200)
def test_time_charged_does_not_depend_on_any_wall_clock(
    apart_s: int, before_s: int, after_s: int, jump_s: int
) -> None:
    """Two stations, and a clock that is set in the middle of the exam at the second."""

    def stamp(boot: bytes, boottime_s: int, wall_s: int) -> Stamp:
        return Stamp(boot, boottime_s * SECOND, (10**9 + wall_s) * SECOND, 0)

    here, there = BOOTS
    entries = [
        events.Entry(2, stamp(here, 5, 5), events.Opened(1, events.START, held=False)),
        events.Entry(3, stamp(here, 10, 10), events.Began(HOUR)),
        events.Entry(4, stamp(here, 10 + before_s, 10 + before_s), events.Beat()),
        events.Entry(6, stamp(there, 99, apart_s), events.Opened(2, events.MOVE, held=False)),
        events.Entry(7, stamp(there, 99 + after_s, apart_s + after_s + jump_s), events.Beat()),
    ]
    ledger = account(entries)
    assert ledger.total_ns(Kind.RUNNING) == (before_s + after_s) * SECOND
    assert ledger.total_ns(Kind.OUTAGE) >= 0
    left = ledger.countdown
    assert left is not None
    assert left.left_ns == (HOUR - before_s - after_s) * SECOND


def test_a_clock_half_a_day_behind_bars_the_release_and_says_so() -> None:
    now_s = START_S - 12 * HOUR
    with pytest.raises(ReleaseError, match="clock"):
        read_release(readers.vector("sitting.release"), readers.trust(), now_s=now_s)
    read_grant(readers.vector("centre.grant"), readers.trust(), now_s=now_s)


def test_a_clock_a_year_ahead_bars_every_start_and_says_so() -> None:
    now_s, trust = START_S + 365 * 24 * HOUR, readers.trust()
    with pytest.raises(ReleaseError, match="clock"):
        read_release(readers.vector("sitting.release"), trust, now_s=now_s)
    with pytest.raises(GrantExpired, match="clock"):
        read_grant(readers.vector("centre.grant"), trust, now_s=now_s)
    with (
        readers.as_file(readers.vector("exam.package")) as path,
        pytest.raises(PackageError, match="clock"),
    ):
        Package.open(path, trust, now_s=now_s)
    with pytest.raises(TrustError, match="clock"):
        read_enrolment(readers.vector("hall.enrolment"), trust, now_s=now_s)
    with pytest.raises(TrustError, match="clock"):
        trust.check_time(now_s)


def test_going_on_with_an_attempt_needs_no_clock() -> None:
    readers.release(readers.vector("sitting.release"))
    readers.grant(readers.vector("centre.grant"))
    readers.package_with(readers.PAPER_KEY)(readers.vector("exam.package"))
