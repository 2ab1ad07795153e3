"""A correction on its way: body, hall, stations; and a hall that makes one up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
import small_exam
from sitting import (
    CHIEF,
    INVIGILATOR,
    PASSWORD,
    Agent,
    Site,
    candidate,
    eventually,
    hall_running,
)

from exam_packages.attempt.events import Commanded, Noticed
from exam_packages.clock import SECOND, SystemClock
from exam_packages.sealing.correction import Correction, sign_correction
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import PACKAGER
from sync.hall import corrections, seats
from sync.hall.desk import Desk, DeskError
from sync.hall.schema import open_store

ITEMS = (small_exam.choice_item("one"), small_exam.choice_item("two", most=2))


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return SystemClock().wall_ns() // SECOND


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hall of its own: what is corrected there concerns everybody who sits there."""
    paper = small_exam.paper(ITEMS, time_limit_s=300)
    directory = tmp_path_factory.mktemp("corrected")
    site = Site.found(directory, paper, ITEMS, stations=2, candidates=2)
    with hall_running(site):
        yield site


def _correct(site: Site, data: bytes, who: str = INVIGILATOR) -> str:
    with Desk(site.hall.home, site.hall.home.console_port) as desk:
        desk.sign_in(who, PASSWORD)
        return desk.upload("correct", "correction", data, reason="routine.start", comment="")


def _signed(site: Site, said: Correction) -> bytes:
    return sign_correction(said, [site.body.signing_key(PACKAGER)])


def test_a_correction_reaches_who_sits_and_who_comes_later_and_a_forged_one_nobody(
    own: Site,
) -> None:
    said = Correction(own.package_hash, "two", "Choice B must read 5 °C, not 50 °C.", now_s())
    data = _signed(own, said)
    other = Correction(bytes(32), "two", "For another exam.", now_s())
    stranger = sign_correction(said, [SigningKey.generate(pair=True)])
    with Agent(own.stations[0]) as first:
        screen = first.screen()
        screen.begin(own.hall, 1)
        for refused, words in (
            (_signed(own, other), "another exam"),
            (stranger, "no correction that the certification body signed"),
            (b"nothing", "no correction that the certification body signed"),
        ):
            with pytest.raises(DeskError, match=words):
                _correct(own, refused)
        assert "who is admitted (1)" in _correct(own, data)
        assert "before" in _correct(own, data, CHIEF)  # once is enough
        eventually(lambda: screen.attempt.corrections == (said,), "the correction")
        commands = [e.event.command for e in screen.entries if isinstance(e.event, Commanded)]
        assert sum(data in command for command in commands) == 1  # whole, as it was signed
        # A hall that says more than the body did: its own signature is not enough.
        _slip_in(own, stranger)
        _slip_in(own, _signed(own, Correction(own.package_hash, "nine", "No such.", now_s())))
        eventually(lambda: len(_refusals(screen.entries)) == 2, "two incidents")
        screen.await_phase(screen.attempt.phase)
        assert screen.attempt.corrections == (said,)
        first.kill()
    with Agent(own.stations[0]) as again:  # it is in the record, and the forged are told anew
        screen = again.screen()
        eventually(lambda: screen.attempt.corrections == (said,), "the correction, again")
    with Agent(own.stations[1]) as second:
        screen = second.screen()
        screen.begin(own.hall, 2)
        assert screen.attempt.corrections == (said,)  # it came with the admission


def _refusals(entries: list[object]) -> list[str]:
    found = [getattr(entry, "event", None) for entry in entries]
    return [
        each.words
        for each in found
        if isinstance(each, Noticed) and each.code == "correction-refused"
    ]


def _slip_in(site: Site, data: bytes) -> None:
    """Put a correction in line as the hall itself would, without looking at it."""
    store = open_store(site.hall.home.directory)
    try:
        with store.reading() as connection:
            sitting = seats.open_sitting(connection)
            assert sitting is not None
            (seat, *_) = seats.seats(connection, sitting.id)
            assert seat.candidate == candidate(1)
        store.write(
            lambda connection: corrections.give(
                connection,
                seat.blind_id,
                data,
                operator=CHIEF,
                time_ns=now_s() * SECOND,
                reason="routine.start",
                comment="",
            )
        )
    finally:
        store.close()
