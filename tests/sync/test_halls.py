"""Whom a station obeys: mandates, terms, and what it remembers of them."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from crash_model import CENTRE
from halls_model import CLOCK, URLS, site

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.mandate import (
    Mandate,
    MandateError,
    first_authority,
    last_authority,
    read_mandate,
    sign_mandate,
    term_of,
)
from exam_packages.sealing.suite import SigningKey
from provisioning import chiefs
from sync.hall.home import HallHome
from sync.halls import Halls, obeys


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


def hall(number: int) -> HallHome:
    return HallHome.load(site().halls[number])


def mandate(
    term: int,
    commander: bytes,
    *,
    centre: str = CENTRE,
    time_s: int | None = None,
) -> bytes:
    at = site()
    return sign_mandate(
        Mandate(centre, term, commander, at.record, "r", "", time_s or now_s()), at.chief
    )


def halls(path: Path | None = None) -> Halls:
    made = Halls(URLS, CENTRE, site().body.trust(), path)
    for number, url in enumerate(URLS):
        home = hall(number)
        made.met(url, home.enrolment(), home.enrolment_bytes, None)
    return made


@given(st.integers(0, (1 << 20) - 1), st.integers(0, (1 << 20) - 2))
def test_the_authorities_of_a_term_lie_within_it(term: int, more: int) -> None:
    assert term_of(first_authority(term)) == term == term_of(last_authority(term))
    assert term_of(first_authority(term) + more) == term
    assert first_authority(term + 1) == last_authority(term) + 2 > last_authority(term)


@given(st.integers(0, 3), st.integers(0, 3), st.sampled_from([b"a", b"b"]), st.booleans())
def test_one_machine_is_obeyed_in_each_term(
    term: int, ordered: int, signer: bytes, first: bool
) -> None:
    right = ordered == term and (signer == b"a" if term else first)
    assert (
        obeys(term, b"a" if term else b"", first_authority(ordered), signer, first=first) is right
    )


def test_command_moves_to_the_highest_term_and_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "command" / "halls"
    known = halls(path)
    a, b = (hall(number).enrolment().key_id for number in (0, 1))
    assert (known.term, known.commanding()) == (0, URLS[0])
    assert known.obeys(URLS[0], 1, a)
    assert not known.obeys(URLS[1], 1, b)
    assert known.heard(mandate(2, b), ())
    assert known.commanding() == URLS[1]
    assert not known.obeys(URLS[0], 1, a)  # deposed
    assert not known.obeys(URLS[0], first_authority(2), a)  # lies about its term
    assert known.obeys(URLS[1], first_authority(2), b)
    assert not known.heard(mandate(1, a), ())  # late words
    again = Halls(URLS, CENTRE, site().body.trust(), path)
    assert (again.term, again.mandate) == (2, known.mandate)
    assert again.commanding() is None  # until the hall there has shown who it is
    assert len(again.keys) == 2
    path.write_bytes(path.read_bytes()[:-1])
    assert Halls(URLS, CENTRE, site().body.trust(), path).term == 0  # and is told again
    with pytest.raises(MandateError, match="same number"):
        known.heard(mandate(2, a), ())
    assert known.commanding() == URLS[1]


def test_what_is_no_mandate_changes_nothing() -> None:
    known = halls()
    b = hall(1).enrolment().key_id
    good = mandate(1, b)
    stranger = SigningKey.generate(pair=False)
    at = site()
    forged = [
        sign_mandate(Mandate(CENTRE, 1, b, at.record, "", "", now_s()), stranger),
        mandate(1, b, centre="Porto"),
        mandate(1, b, time_s=now_s() + 400 * 86_400),
        good[:-1],
        b"nothing",
    ]
    own = chiefs.request_chief(stranger, "Chief", CENTRE)
    forged.append(sign_mandate(Mandate(CENTRE, 1, b, own, "", "", now_s()), stranger))
    for data in forged:
        with pytest.raises(ExamError):
            known.heard(data, ())
    for bit in range(0, len(good) * 8, 211):
        spoilt = bytearray(good)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ExamError):
            read_mandate(bytes(spoilt), at.body.trust(), CENTRE)
    assert known.term == 0
    assert known.heard(good, (b"no enrolment", at.stations[0].enrolment_bytes))
    assert len(known.keys) == 2  # a station's enrolment is none of a hall
