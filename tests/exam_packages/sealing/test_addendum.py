"""An addendum lets one late machine open a grant, and nobody else, and nothing early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from evidence_key import EVIDENCE

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.addendum import (
    ADDENDUM_KIND,
    Addendum,
    keep_secret,
    read_addendum,
    seal_addendum,
)
from exam_packages.sealing.grant import (
    Grant,
    GrantError,
    Recipient,
    WrongMachine,
    WrongRelease,
    read_grant,
    seal_grant,
)
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import STATION, Trust, TrustError

R, S = b"release secret of thirty-two b..", b"the grant's S is thirty-two b..."
PAPER_KEY = b"the key of the paper, 32 bytes.."


def _to(machine: Any) -> Recipient:
    return Recipient(machine.enrolment.key_id, machine.enrolment.sealing_public)


@dataclass(frozen=True)
class Late:
    """A grant for one station, and one that was enrolled too late for it."""

    grant: Grant
    kept: bytes
    keeper: SealingKey
    machine: Any
    data: bytes


def _grant(people: Any, station: Any, trust: Trust, now_s: int, *, issue: int = 1) -> Grant:
    data = seal_grant(
        bytes(32), "centre-1", "slot", issue, bytes(16), now_s + 1000, PAPER_KEY, R,
        [_to(station)], [people.packager], evidence=EVIDENCE.public, secret=S,
    )  # fmt: skip
    return read_grant(data, trust, now_s=now_s)


@pytest.fixture(scope="module")
def late(people: Any, station: Any, trust: Trust, now_s: int) -> Late:
    grant = _grant(people, station, trust, now_s)
    keeper, machine = SealingKey.generate(), people.enrol("station-late", STATION)
    kept = keep_secret(S, grant.hash, keeper.public)
    data = seal_addendum(grant, kept, keeper, _to(machine), [people.packager])
    return Late(grant, kept, keeper, machine, data)


def test_the_late_machine_opens_the_package_once_released(late: Late, trust: Trust) -> None:
    addendum = read_addendum(late.data, trust)
    assert addendum.open(late.grant, late.machine.sealing, R) == PAPER_KEY
    with pytest.raises(WrongMachine):
        late.grant.open(late.machine.sealing, R)


def test_without_the_release_it_opens_nothing(late: Late, trust: Trust) -> None:
    addendum = read_addendum(late.data, trust)
    for wrong in (bytes(32), R[:-1], R + b"\0"):
        with pytest.raises(WrongRelease):
            addendum.open(late.grant, late.machine.sealing, wrong)


def test_it_is_for_one_machine(late: Late, trust: Trust, other_station: Any, station: Any) -> None:
    addendum = read_addendum(late.data, trust)
    for machine in (other_station, station):
        with pytest.raises(WrongMachine):
            addendum.open(late.grant, machine.sealing, R)


def test_it_is_for_one_issue(
    late: Late, people: Any, station: Any, trust: Trust, now_s: int
) -> None:
    addendum = read_addendum(late.data, trust)
    again = _grant(people, station, trust, now_s, issue=2)
    with pytest.raises(GrantError, match="another grant"):
        addendum.open(again, late.machine.sealing, R)
    with pytest.raises(GrantError, match="does not open"):  # what was kept is bound to its grant
        seal_addendum(again, late.kept, late.keeper, _to(late.machine), [people.packager])


def test_a_share_moved_to_another_machine_or_grant_does_not_open(
    late: Late, people: Any, other_station: Any, trust: Trust, station: Any, now_s: int
) -> None:
    again = _grant(people, station, trust, now_s, issue=2)
    share = read_addendum(late.data, trust).share
    moved = type(share)(other_station.enrolment.key_id, share.sealing, share.sealed)
    for grant, forged in ((late.grant, moved), (again, share)):
        body = canon.pack(Addendum(grant.hash, forged))
        addendum = read_addendum(sign(ADDENDUM_KIND, body, [people.packager]), trust)
        with pytest.raises(GrantError, match="damaged inside"):
            addendum.open(grant, late.machine.sealing, R)


def test_a_machine_that_is_named_needs_none(late: Late, people: Any, station: Any) -> None:
    with pytest.raises(GrantError, match="already"):
        seal_addendum(late.grant, late.kept, late.keeper, _to(station), [people.packager])


def test_nothing_kept_opens_with_another_key(late: Late, people: Any) -> None:
    with pytest.raises(GrantError, match="new issue"):
        seal_addendum(
            late.grant, late.kept, SealingKey.generate(), _to(late.machine), [people.packager]
        )


def test_only_the_packager_signs_it(late: Late, people: Any, trust: Trust) -> None:
    data = seal_addendum(late.grant, late.kept, late.keeper, _to(late.machine), [people.release])
    with pytest.raises(TrustError, match="packager"):
        read_addendum(data, trust)


def test_every_changed_bit_and_every_cut_is_refused(late: Late, trust: Trust) -> None:
    for bit in range(0, len(late.data) * 8, 61):
        spoilt = bytearray(late.data)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ExamError):
            read_addendum(bytes(spoilt), trust)
    for size in range(0, len(late.data), 97):
        with pytest.raises(ExamError):
            read_addendum(late.data[:size], trust)


@pytest.mark.parametrize("body", [b"", b"\x92\xc4\x00\x90", canon.encode([bytes(32), [1, 2, 3]])])
def test_a_signed_body_of_another_shape_is_refused(people: Any, trust: Trust, body: bytes) -> None:
    with pytest.raises(GrantError, match="not valid"):
        read_addendum(sign(ADDENDUM_KIND, body, [people.packager]), trust)
