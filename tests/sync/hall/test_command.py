"""Acts of command that reach one hall by several ways at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exam_packages.clock import SECOND
from exam_packages.sealing.mandate import Mandate, MandateError, sign_mandate
from exam_packages.sealing.suite import SigningKey
from provisioning import chiefs
from sync.hall.command import Command
from sync.hall.home import HallHome
from sync.hall.schema import open_store

from .conftest import CLOCK, Site, found_site


class Acts:
    """A chief of the site's centre, and a hall that hears of what they sign."""

    def __init__(self, site: Site) -> None:
        self.home = HallHome.load(site.hall("hall-a", 1).directory)
        self.key = SigningKey.generate(pair=False)
        request = chiefs.request_chief(self.key, "Ana Chief", "C1")
        _, self.chief = chiefs.name_chief(site.body, request, CLOCK.wall_ns() // SECOND)
        self.own = self.home.enrolment()
        self.store = open_store(self.home.directory)

    def sign(self, term: int, commander: bytes) -> bytes:
        words = self.chief, "technical.hall", ""
        return sign_mandate(
            Mandate("C1", term, commander, *words, CLOCK.wall_ns() // SECOND), self.key
        )

    def command(self) -> Command:
        return Command(self.store, self.own.verify_key, "C1", standby=False)

    def take(self, command: Command, act: bytes) -> bool:
        return command.take(act, self.home.trust(), CLOCK.wall_ns())

    def terms(self) -> list[int]:
        database = sqlite3.connect(self.home.directory / "hall.sqlite")
        try:
            return [term for (term,) in database.execute("SELECT term FROM mandates ORDER BY 1")]
        finally:
            database.close()


@pytest.fixture
def acts(tmp_path: Path) -> Iterator[Acts]:
    made = Acts(found_site(tmp_path))
    yield made
    made.store.close()


def test_an_act_that_a_command_line_took_comes_once_more_from_the_other_hall(acts: Acts) -> None:
    running, line = acts.command(), acts.command()
    act = acts.sign(1, acts.own.key_id)
    assert acts.take(line, act)
    acts.take(running, act)
    assert (running.term, running.mandate, running.mine) == (1, act, True)
    assert acts.terms() == [1]


def test_two_acts_of_one_number_are_an_alarm_whoever_took_the_first(acts: Acts) -> None:
    running, line = acts.command(), acts.command()
    assert acts.take(line, acts.sign(1, acts.own.key_id))
    with pytest.raises(MandateError, match="have the same number"):
        acts.take(running, acts.sign(1, b"o" * 16))
    assert running.mine
    assert acts.terms() == [1]


def test_an_older_act_that_comes_at_the_same_time_does_not_turn_command_back(acts: Acts) -> None:
    command = acts.command()
    signed = [acts.sign(term, acts.own.key_id) for term in range(1, 9)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda act: acts.take(command, act), signed * 2))
    assert (command.term, command.mandate) == (8, signed[-1])
    assert acts.terms()[-1] == 8
