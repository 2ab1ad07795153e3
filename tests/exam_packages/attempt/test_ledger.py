"""The time ledger: every nanosecond of an attempt, once, with its reason."""

from __future__ import annotations

from itertools import pairwise

from histories import BOOTS, commanded, histories
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Kind, Ledger, account, pass_by
from exam_packages.clock import SECOND, Stamp


def at(second: float, boot: int = 0) -> Stamp:
    ns = int(second * SECOND)
    return Stamp(BOOTS[boot], ns, 10_000 * SECOND + ns, 0)


def entries(*timed: tuple[Stamp, ev.Event]) -> list[ev.Entry]:
    return [ev.Entry(number, stamp, event) for number, (stamp, event) in enumerate(timed, 1)]


def order(number: int, what: cmd.Order) -> ev.Commanded:
    return ev.Commanded(commanded(number, what))


def left_s(ledger: Ledger) -> float:
    countdown = ledger.countdown
    assert countdown is not None
    return countdown.left_ns / SECOND


@given(histories())
def test_intervals_follow_one_another_without_gap_or_overlap(history: list[ev.Entry]) -> None:
    ledger = account(history)
    if len(history) < 2:
        assert ledger.intervals == ()
        return
    assert ledger.intervals[0].start == history[0].stamp
    assert ledger.intervals[-1].end == history[-1].stamp
    assert all(one.end == other.start for one, other in pairwise(ledger.intervals))


@given(histories())
def test_every_nanosecond_between_first_and_last_is_counted_once(history: list[ev.Entry]) -> None:
    ledger = account(history)
    expected = sum(
        other.stamp.boottime_ns - one.stamp.boottime_ns
        if one.stamp.boot == other.stamp.boot
        else max(0, other.stamp.wall_ns - one.stamp.wall_ns)
        for one, other in pairwise(history)
    )
    assert sum(ledger.total_ns(kind) for kind in Kind) == expected


@given(histories(), st.data())
def test_accounting_in_two_pieces_is_accounting_at_once(
    history: list[ev.Entry], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(history)))
    assert account(history[cut:], account(history[:cut])) == account(history)


@given(histories(closes=False))
def test_time_left_is_never_negative_and_grows_only_by_a_persons_word(
    history: list[ev.Entry],
) -> None:
    ledger = Ledger()
    for entry in history:
        before = ledger.countdown
        ledger = account([entry], ledger)
        after = ledger.countdown
        if after is None:
            continue
        assert after.left_ns >= 0
        if before is None or isinstance(entry.event, ev.Began):
            continue
        given_s = entry.event.seconds if isinstance(entry.event, ev.GivenBack) else 0
        if isinstance(entry.event, ev.Commanded):
            command = cmd.journaled_command(entry.event.command)
            if isinstance(command.order, cmd.AddTime):
                given_s = max(0, command.order.seconds)
        assert after.left_ns <= before.left_ns + given_s * SECOND


@given(histories(), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_countdown_only_falls_while_it_runs_and_stands_while_it_does_not(
    history: list[ev.Entry], one: int, other: int
) -> None:
    countdown = account(history).countdown
    if countdown is None:
        return
    earlier, later = (countdown.at.boottime_ns + each for each in sorted((one, other)))
    assert 0 <= countdown.left_at(later) <= countdown.left_at(earlier)
    if not countdown.running:
        assert countdown.left_at(later) == countdown.left_ns


@given(histories(), st.data())
def test_a_record_that_cannot_be_opened_moves_nothing_but_time(
    history: list[ev.Entry], data: st.DataObject
) -> None:
    """A restored station sees only the stamps of pictures; it must come to the same sums."""
    silent = (
        *(ev.SnapshotTaken, ev.Beat, ev.Noticed, ev.CameraFound, ev.Identified),
        *(ev.CameraTold, ev.PictureTold, ev.Signalled, ev.PicturesMissed, ev.Mandated),
    )
    blind = Ledger()
    for entry in history:
        if isinstance(entry.event, silent) and data.draw(st.booleans()):
            blind = pass_by(blind, entry.stamp)
        else:
            blind = account([entry], blind)
    whole = account(history)
    assert blind.intervals == whole.intervals
    assert blind.countdown == whole.countdown


def test_an_outage_is_given_back_and_a_pause_does_not_count() -> None:
    ledger = account(
        entries(
            (at(0), order(1, cmd.Admit(0))),
            (at(10), ev.Began(100)),
            (at(30), ev.Beat()),
            (at(75), ev.Opened(2, ev.RESTART, held=False)),  # 45 s nobody could work
            (at(80), order(2, cmd.Pause())),
            (at(95), order(3, cmd.Resume())),
            (at(100), ev.Beat()),
        )
    )
    assert left_s(ledger) == 100 - 20 - 5 - 5
    assert ledger.total_ns(Kind.OUTAGE) == 45 * SECOND
    assert ledger.total_ns(Kind.PAUSED) == 15 * SECOND


def test_across_a_reboot_the_wall_clock_measures_and_says_so() -> None:
    before, after = at(50), Stamp(BOOTS[1], 3 * SECOND, 10_000 * SECOND + 80 * SECOND, 0)
    ledger = account(
        entries(
            (at(0), order(1, cmd.Admit(0))),
            (at(0), ev.Began(100)),
            (before, ev.Beat()),
            (after, ev.Opened(2, ev.RESTART, held=False)),
        )
    )
    assert left_s(ledger) == 50
    (outage,) = (each for each in ledger.intervals if each.kind is Kind.OUTAGE)
    assert outage.by_wall
    assert outage.length_ns == 30 * SECOND


def test_a_wall_clock_that_jumps_within_a_boot_changes_nothing() -> None:
    jumped = Stamp(BOOTS[0], 20 * SECOND, 5 * SECOND, 0)
    ledger = account(
        entries((at(0), order(1, cmd.Admit(0))), (at(0), ev.Began(100)), (jumped, ev.Beat()))
    )
    assert left_s(ledger) == 80


def test_no_countdown_before_the_exam_began() -> None:
    assert account(entries((at(0), order(1, cmd.Admit(0))))).countdown is None


def test_a_reopened_attempt_has_the_time_that_was_left() -> None:
    ledger = account(
        entries(
            (at(0), order(1, cmd.Admit(0))),
            (at(0), ev.Began(100)),
            (at(0), ev.Moved("a")),
            (at(30), ev.Closed(ev.HANDED_IN)),
            (at(500), ev.Reopened(2)),
            (at(520), order(2, cmd.Resume())),
            (at(525), ev.Beat()),
        )
    )
    assert left_s(ledger) == 100 - 30 - 5
    assert ledger.total_ns(Kind.CLOSED) == 470 * SECOND
    assert ledger.total_ns(Kind.PAUSED) == 20 * SECOND
