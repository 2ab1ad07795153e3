"""A grant opens on its machines, with its release; nothing less opens it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from evidence_key import EVIDENCE

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.grant import (
    GRANT_KIND,
    Grant,
    GrantError,
    GrantExpired,
    Recipient,
    WrongMachine,
    WrongRelease,
    read_grant,
    seal_grant,
)
from exam_packages.sealing.release import new_code, read_code, release_secret
from exam_packages.sealing.signed import read_signed, sign
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import Trust, TrustError

PACKAGE = b"package hash, thirty-two bytes.."
PAPER_KEY = b"the key of the paper, 32 bytes.."
SLOT = "2026-11-23/A"
RELEASE_ID = b"release id, 16 b"


def _recipient(machine: Any) -> Recipient:
    return Recipient(machine.enrolment.key_id, machine.enrolment.sealing_public)


def _seal(people: Any, machines: Any, secret: bytes, now_s: int, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "package_hash": PACKAGE,
        "centre": "centre-1",
        "slot": SLOT,
        "issue": 1,
        "release_id": RELEASE_ID,
        "expires_s": now_s + 1000,
        "paper_key": PAPER_KEY,
        "release_secret": secret,
        "recipients": [_recipient(machine) for machine in machines],
        "signers": [people.packager],
        "evidence": EVIDENCE.public,
        "codes": 2,
    }
    return seal_grant(**{**fields, **changes})


@dataclass(frozen=True)
class Sitting:
    codes: tuple[bytes, bytes]
    secret: bytes
    data: bytes
    grant: Grant


@pytest.fixture(scope="module")
def sitting(people: Any, station: Any, hall: Any, trust: Trust, now_s: int) -> Sitting:
    first, second = (read_code(new_code(PACKAGE, SLOT, n), PACKAGE, SLOT, n) for n in (1, 2))
    secret = release_secret((first, second), PACKAGE, SLOT, RELEASE_ID)
    data = _seal(people, (station, hall), secret, now_s)
    return Sitting((first, second), secret, data, read_grant(data, trust, now_s=now_s))


def test_machine_and_release_together_open_it(sitting: Sitting, station: Any, hall: Any) -> None:
    for machine in (station, hall):
        assert sitting.grant.open(machine.sealing, sitting.secret) == PAPER_KEY
        assert sitting.grant.has(machine.enrolment.key_id)


def test_it_says_what_it_is_for(sitting: Sitting, now_s: int) -> None:
    grant = sitting.grant
    assert (grant.package_hash, grant.centre, grant.slot) == (PACKAGE, "centre-1", SLOT)
    assert (grant.issue, grant.release_id, grant.expires_s) == (1, RELEASE_ID, now_s + 1000)
    assert grant.codes == 2


def test_another_machine_does_not_open_it(sitting: Sitting, other_station: Any) -> None:
    assert not sitting.grant.has(other_station.enrolment.key_id)
    with pytest.raises(WrongMachine):
        sitting.grant.open(other_station.sealing, sitting.secret)


def test_no_other_release_opens_it(sitting: Sitting, station: Any) -> None:
    first, second = sitting.codes
    for codes, package, slot, release in (
        ((first,), PACKAGE, SLOT, RELEASE_ID),  # one person's code
        ((second,), PACKAGE, SLOT, RELEASE_ID),
        ((second, first), PACKAGE, SLOT, RELEASE_ID),  # in the wrong order
        ((first, first), PACKAGE, SLOT, RELEASE_ID),
        ((first, second), bytes(32), SLOT, RELEASE_ID),
        ((first, second), PACKAGE, "2026-11-23/B", RELEASE_ID),
        ((first, second), PACKAGE, SLOT, bytes(16)),
    ):
        with pytest.raises(WrongRelease):
            sitting.grant.open(station.sealing, release_secret(codes, package, slot, release))
    for secret in (b"", bytes(32), sitting.secret[:-1], sitting.secret + b"\0"):
        with pytest.raises(WrongRelease):
            sitting.grant.open(station.sealing, secret)


def test_the_release_of_an_old_issue_does_not_open_the_new(
    people: Any, sitting: Sitting, station: Any, trust: Trust, now_s: int
) -> None:
    release_id = b"another release."
    codes = [read_code(new_code(PACKAGE, SLOT, n), PACKAGE, SLOT, n) for n in (1, 2)]
    secret = release_secret(codes, PACKAGE, SLOT, release_id)
    data = _seal(people, [station], secret, now_s, issue=2, release_id=release_id)
    again = read_grant(data, trust, now_s=now_s)
    assert again.open(station.sealing, secret) == PAPER_KEY
    with pytest.raises(WrongRelease):
        again.open(station.sealing, sitting.secret)
    with pytest.raises(WrongRelease):
        sitting.grant.open(station.sealing, secret)


def test_expiry_bars_starting_and_not_resuming(sitting: Sitting, trust: Trust, now_s: int) -> None:
    read_grant(sitting.data, trust, now_s=now_s + 999)
    with pytest.raises(GrantExpired):
        read_grant(sitting.data, trust, now_s=now_s + 1000)
    read_grant(sitting.data, trust, now_s=None)


def test_only_the_packager_grants(
    people: Any, sitting: Sitting, station: Any, trust: Trust, now_s: int
) -> None:
    for signers in ([people.release], [station.signing], list(people.roots), []):
        data = _seal(people, [station], sitting.secret, now_s, signers=signers)
        with pytest.raises(TrustError):
            read_grant(data, trust, now_s=now_s)


def test_no_single_bit_may_differ(people: Any, station: Any, trust: Trust, now_s: int) -> None:
    data = _seal(people, [station], bytes(32), now_s)
    body = len(GRANT_KIND) + 5 + len(read_signed(data, GRANT_KIND).body)
    # Every bit of what is signed; of the long signatures behind it, one bit of each byte.
    places = [*range(body * 8), *(place * 8 + place % 8 for place in range(body, len(data)))]
    for place in places:
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(ExamError):
            read_grant(bytes(changed), trust, now_s=None)


def test_every_cut_and_every_tail_is_refused(sitting: Sitting, trust: Trust) -> None:
    for end in range(len(sitting.data)):
        with pytest.raises(ExamError):
            read_grant(sitting.data[:end], trust, now_s=None)
    with pytest.raises(ExamError):
        read_grant(sitting.data + b"\0", trust, now_s=None)


def test_a_share_does_not_move_to_another_grant(
    people: Any, sitting: Sitting, station: Any, trust: Trust, now_s: int
) -> None:
    """Even a packager's tool that mixes two grants up makes nothing that opens."""
    longer = msgspec.structs.replace(sitting.grant, expires_s=now_s + 10**6)
    later_slot = msgspec.structs.replace(sitting.grant, slot="2027-01-01/A")
    other = msgspec.structs.replace(sitting.grant, package_hash=bytes(32))
    swapped = msgspec.structs.replace(
        sitting.grant,
        shares=tuple(
            msgspec.structs.replace(share, sealed=sitting.grant.shares[1 - place].sealed)
            for place, share in enumerate(sitting.grant.shares)
        ),
    )
    for mixed in (longer, later_slot, other, swapped):
        data = sign(GRANT_KIND, canon.pack(mixed), [people.packager])
        grant = read_grant(data, trust, now_s=now_s)
        with pytest.raises(GrantError, match="damaged inside"):
            grant.open(station.sealing, sitting.secret)


def test_a_swapped_wrap_is_refused(
    people: Any, sitting: Sitting, station: Any, trust: Trust, now_s: int
) -> None:
    wrapped = bytes([sitting.grant.wrapped[0] ^ 1]) + sitting.grant.wrapped[1:]
    mixed = msgspec.structs.replace(sitting.grant, wrapped=wrapped)
    data = sign(GRANT_KIND, canon.pack(mixed), [people.packager])
    with pytest.raises(GrantError, match="damaged inside"):
        read_grant(data, trust, now_s=now_s).open(station.sealing, sitting.secret)


@pytest.mark.parametrize(
    "changes",
    [
        {"package_hash": bytes(31)},
        {"centre": ""},
        {"slot": "a\nb"},
        {"issue": 0},
        {"release_id": b""},
        {"expires_s": 1 << 41},
        {"codes": 0},
        {"codes": 3},
        {"paper_key": bytes(31)},
        {"release_secret": bytes(16)},
        {"recipients": []},
    ],
)
def test_what_could_not_be_read_is_not_granted(
    people: Any, station: Any, now_s: int, changes: dict[str, Any]
) -> None:
    with pytest.raises(GrantError):
        _seal(people, [station], bytes(32), now_s, **changes)


def test_a_machine_is_named_once(people: Any, station: Any, now_s: int) -> None:
    with pytest.raises(GrantError, match="twice"):
        _seal(people, [station, station], bytes(32), now_s)


def test_no_secret_shows_in_errors(sitting: Sitting, station: Any) -> None:
    with pytest.raises(WrongRelease) as caught:
        sitting.grant.open(station.sealing, b"wrong secret")
    text = repr(caught.value) + str(caught.value) + repr(caught.value.fields)
    assert "wrong secret" not in text
    with pytest.raises(WrongMachine):
        sitting.grant.open(SealingKey.generate(), sitting.secret)
