"""Keeping pictures and destroying them: holds, preservation, certificates, over a real body."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from centre import CLOCK, PACKAGE, now_s
from desk_of_integrity import PICTURES, SLOT, Desk, evidence_key
from msgspec.structs import replace as replace_struct

from exam_packages import canon, evidence, holds
from exam_packages.holds import RetentionError, register
from exam_packages.retention import due, unfinished
from exam_packages.sealing.bundle import BundleFile, verify_bundle
from exam_packages.sealing.journal import Compartment, epoch_header
from exam_packages.sealing.retention import (
    NO_ENTRY,
    Deletion,
    Policy,
    Sitting,
    entry_digest,
    preservation_digest,
    read_entry,
    read_preservation,
    sign_preservation,
)
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import INTEGRITY, ROOT
from exam_packages.verify.attempts import bundle as look_at
from exam_packages.verify.findings import Subject
from exam_packages.verify.machines import Machines
from provisioning.succession import rotate


@pytest.fixture(scope="module")
def sat(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk.after(tmp_path_factory.mktemp("sat") / "desk")


@pytest.fixture
def desk(sat: Desk, tmp_path: Path) -> Desk:
    return sat.copied(tmp_path / "desk")


def test_a_sitting_has_one_evidence_key(desk: Desk) -> None:
    again = evidence.of_sitting(desk.body, Sitting(PACKAGE, "Lisbon", SLOT), Policy(now_s(), 999))
    assert again.key_id == desk.key
    (key,) = evidence.keys(desk.body)
    assert key.facts.policy.days == 0  # of the first grant
    other = evidence_key(desk.body, PACKAGE, slot="2026-11-23/B")
    assert other.key_id != desk.key


def test_pictures_open_while_both_keys_are_there(desk: Desk) -> None:
    assert [desk.pictures(number) for number in range(3)] == [PICTURES] * 3


def test_destroying_the_key_destroys_the_pictures_and_nothing_else(desk: Desk) -> None:
    done = desk.destroy()
    assert done.bundles == tuple(sorted(each.bundle_hash for each in desk.attempts))
    assert (done.pictures, done.preserved, done.elsewhere) == (3 * PICTURES, (), ())
    assert (done.key, done.origin, done.number, done.previous) == (desk.key, desk.key, 1, NO_ENTRY)
    assert not list(desk.body.evidence.iterdir())
    with pytest.raises(RetentionError, match=r"was destroyed, which entry 1 .* certifies"):
        desk.pictures(0)
    # The certification record stays: the bundle, its events and times, that pictures were taken.
    bundle = BundleFile.open(desk.bundle(0))
    verify_bundle(bundle, desk.centre.trust)
    subject = Subject("bundle", "bundle")
    machines = Machines(desk.centre.trust)
    look_at(subject, desk.bundle(0), machines, desk.body.opening_key(INTEGRITY))
    codes = [each.code for each in subject.findings]
    assert subject.findings.sound
    assert {"times-open", "pictures-agree", "pictures-whole"} <= set(codes)


def test_the_certificate_is_signed_by_root_holders_and_in_the_register(desk: Desk) -> None:
    done = desk.destroy()
    (written,) = register(desk.body).entries
    assert written.believed
    assert read_entry(written.data, desk.centre.trust) == done == written.entry


def test_a_held_attempt_is_preserved_and_the_others_go(desk: Desk) -> None:
    desk.hold(1)
    done = desk.destroy()
    (preserved,) = done.preserved
    (kept,) = preserved.attempts
    assert (kept.blind_id, kept.bundle_hash) == (
        desk.attempts[1].blind_id,
        desk.attempts[1].bundle_hash,
    )
    assert kept.holds == (1,)
    assert done.bundles == tuple(sorted(desk.attempts[number].bundle_hash for number in (0, 2)))
    path = evidence.preservation_path(desk.body, preserved.key)
    assert preservation_digest(path.read_bytes()) == preserved.preservation
    assert desk.pictures(1) == PICTURES
    for number in (0, 2):
        with pytest.raises(RetentionError, match="was destroyed"):
            desk.pictures(number)


def test_what_was_preserved_is_destroyed_when_its_hold_is_lifted(desk: Desk) -> None:
    desk.hold(1)
    (preserved,) = desk.destroy().preserved
    with pytest.raises(RetentionError, match=r"Every attempt .* is held \(entries 1\)"):
        desk.destroy(preserved.key)
    holds.lift(desk.body, CLOCK, 1, reason="decided", by="Ben")
    done = desk.destroy(preserved.key, [])
    assert (done.origin, done.bundles) == (desk.key, (desk.attempts[1].bundle_hash,))
    assert not list(desk.body.evidence.iterdir())
    with pytest.raises(RetentionError):
        desk.pictures(1)


def test_another_preservation_in_its_place_stops_the_destruction(desk: Desk) -> None:
    desk.hold(1)
    (preserved,) = desk.destroy().preserved
    holds.lift(desk.body, CLOCK, 1, reason="decided", by="Ben")
    path = evidence.preservation_path(desk.body, preserved.key)
    found = read_preservation(path.read_bytes(), None)
    other = replace_struct(found, time_s=found.time_s + 1)
    path.write_bytes(sign_preservation(other, desk.body.signing_keys(ROOT)))
    with pytest.raises(RetentionError, match="not what entry 2 of the register certifies"):
        desk.destroy(preserved.key)
    path.unlink()
    with pytest.raises(RetentionError, match="bring it back"):
        desk.destroy(preserved.key)
    assert evidence.read(desk.body, preserved.key)


def test_of_two_preserved_attempts_one_can_be_held_longer(desk: Desk) -> None:
    desk.hold(0, 1)
    first = desk.destroy().preserved[0].key
    holds.hold(
        desk.body, CLOCK, "complaint", key=first, attempt=desk.attempts[1].blind_id,
        reason="file 18", by="Ana",
    )  # fmt: skip
    for number in (1, 2):
        holds.lift(desk.body, CLOCK, number, reason="decided", by="Ben")
    done = desk.destroy(first)
    assert done.bundles == (desk.attempts[0].bundle_hash,)
    assert done.preserved[0].attempts[0].holds == (4,)
    assert desk.pictures(1) == PICTURES
    with pytest.raises(RetentionError):
        desk.pictures(0)


def test_what_goes_on_under_another_key_is_not_certified(desk: Desk) -> None:
    """An attempt of this package and centre whose pictures have a key that is not this one."""
    strange = replace(desk.centre, evidence=SealingKey.generate().public)
    other = strange.hand_in(desk.directory / "strange", pictures=1)
    path = desk.directory / "answers" / "strange.answers"
    path.write_bytes(other.part())
    both = desk.centre.sit(desk.directory / "both", pictures=1)
    both.centre = strange
    both.restart()
    both.picture(1)
    mixed = both.hand_in()
    (desk.directory / "answers" / "mixed.answers").write_bytes(mixed.part())
    done = desk.destroy()
    assert done.elsewhere == tuple(sorted((other.bundle_hash, mixed.bundle_hash)))
    assert len(done.bundles) == 3


def test_a_held_attempt_under_another_key_alone_does_not_stop_the_others(desk: Desk) -> None:
    strange = replace(desk.centre, evidence=SealingKey.generate().public)
    other = strange.hand_in(desk.directory / "strange", pictures=1)
    (desk.directory / "answers" / "strange.answers").write_bytes(other.part())
    holds.hold(
        desk.body, CLOCK, "appeal", key=desk.key, attempt=other.blind_id, reason="17", by="Ana"
    )
    done = desk.destroy()
    assert done.elsewhere == (other.bundle_hash,)
    assert (len(done.bundles), done.preserved) == (3, ())


def test_other_sittings_are_not_touched(desk: Desk) -> None:
    package = b"2" * 32
    key = evidence_key(desk.body, package)
    centre = replace(desk.centre, evidence=key)
    centre.hand_in(desk.directory / "other", pictures=1, package_hash=package)
    assert len(desk.destroy().bundles) == 3
    assert [each.key.key_id for each in due(desk.body)] == [key.key_id]


def test_a_restarted_attempt_is_preserved_with_all_its_epochs(desk: Desk) -> None:
    sitting = desk.centre.sit(desk.directory / "restarted", pictures=1)
    sitting.restart()
    sitting.picture(1)
    handed = sitting.hand_in()
    sitting.writer.close()
    more = Desk(desk.directory / "more", desk.centre, (*desk.attempts, handed))
    more.directory.mkdir()
    more.write()
    more.hold(3)
    more.destroy()
    assert more.pictures(3) == 2


def test_the_list_says_what_is_due_and_what_is_held(desk: Desk) -> None:
    later = evidence_key(desk.body, b"3" * 32, days=30)
    desk.hold(2)
    found = due(desk.body)
    assert [(each.key.key_id, len(each.holds)) for each in found] == [
        (desk.key, 1),
        (later.key_id, 0),
    ]
    assert unfinished(desk.body) == ()


# --- Refusals ----------------------------------------------------------------------


def test_it_is_destroyed_once(desk: Desk) -> None:
    desk.destroy()
    with pytest.raises(RetentionError, match="destroyed already"):
        desk.destroy()


def test_a_key_that_is_not_here_is_not_destroyed(desk: Desk) -> None:
    with pytest.raises(RetentionError, match="no evidence key"):
        desk.destroy(b"?" * 16)


def test_it_is_said_what_is_destroyed(desk: Desk) -> None:
    with pytest.raises(RetentionError, match="give the answers of this sitting"):
        desk.destroy_blindly()
    assert desk.pictures(0) == PICTURES


def test_one_root_holder_destroys_nothing(desk: Desk) -> None:
    for name in ("root-2", "root-3"):
        (desk.body.keys / f"{name}.key").unlink()
    with pytest.raises(RetentionError, match="keys of too few"):
        desk.destroy()
    with pytest.raises(RetentionError, match="keys of too few"):
        desk.hold(0)
    assert desk.pictures(0) == PICTURES
    assert not list(desk.body.retention.glob("*.entry"))


def test_without_the_integrity_key_nothing_is_destroyed(desk: Desk) -> None:
    other = SealingKey.generate()
    with pytest.raises(RetentionError, match="does not open with this integrity key"):
        evidence.read(desk.body, desk.key).open(other)


def test_a_key_whose_facts_were_altered_does_not_open(desk: Desk) -> None:
    """Nobody makes it due earlier by editing the file."""
    later = evidence_key(desk.body, b"4" * 32, days=30)
    path = desk.body.evidence / f"{later.key_id.hex()}.key"
    key = evidence.read(desk.body, later.key_id)
    facts = replace_struct(key.facts, policy=Policy(0, 0))
    path.write_bytes(canon.pack(replace_struct(key, facts=facts)))
    with pytest.raises(RetentionError, match="what is written in the file was altered"):
        desk.destroy(later.key_id)


def test_a_lifting_must_lift_something(desk: Desk) -> None:
    with pytest.raises(RetentionError, match="no hold that stands"):
        holds.lift(desk.body, CLOCK, 1, reason="-", by="Ben")


def test_a_hold_of_a_destroyed_sitting_is_refused(desk: Desk) -> None:
    desk.destroy()
    with pytest.raises(RetentionError, match=r"entry 1 certifies"):
        desk.hold(0)


# --- The register ------------------------------------------------------------------


def test_each_entry_names_the_one_before(desk: Desk) -> None:
    desk.hold(0, 1)
    holds.lift(desk.body, CLOCK, 1, reason="decided", by="Ben")
    entries = register(desk.body).entries
    assert [each.entry.number for each in entries] == [1, 2, 3]
    assert entries[2].entry.previous == entry_digest(entries[1].data)
    assert [each.number for each in register(desk.body).standing()] == [2]


@pytest.mark.parametrize("spoil", ["missing", "altered", "exchanged"])
def test_a_register_that_is_not_whole_stops_everything(desk: Desk, spoil: str) -> None:
    desk.hold(0, 1, 2)
    first, second, _ = sorted(desk.body.retention.glob("*.entry"))
    if spoil == "missing":
        second.unlink()
    elif spoil == "altered":
        second.write_bytes(first.read_bytes())
    else:
        data = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(data)
    for act in (desk.destroy, lambda: desk.hold(0), lambda: due(desk.body)):
        with pytest.raises(RetentionError, match="not whole"):
            act()


def test_after_root_holders_were_replaced_holds_stand_and_liftings_do_not(desk: Desk) -> None:
    desk.hold(0, 1)
    holds.lift(desk.body, CLOCK, 1, reason="decided", by="Ben")
    rotate(desk.body, CLOCK, replace=("root-1", "root-2"))
    found = register(desk.body)
    assert [each.believed for each in found.entries] == [False, False, False]
    assert [each.number for each in found.standing()] == [1, 2]
    holds.lift(desk.body, CLOCK, 1, reason="decided", by="Ben")
    assert [each.number for each in register(desk.body).standing()] == [2]
    assert isinstance(desk.destroy(), Deletion)
    assert desk.pictures(1) == PICTURES


def test_a_preservation_holds_parts_of_the_epochs_and_opens_nothing_alone(desk: Desk) -> None:
    desk.hold(0)
    (preserved,) = desk.destroy().preserved
    data = evidence.preservation_path(desk.body, preserved.key).read_bytes()
    found = read_preservation(data, desk.centre.trust)
    assert (found.source, found.origin, found.key.key_id) == (desk.key, desk.key, preserved.key)
    header = epoch_header(desk.attempts[0].frames[0])
    assert [epoch.header for epoch in found.attempts[0].epochs] == [header.digest]
    with pytest.raises(RetentionError):
        evidence.read(desk.body, preserved.key).open(SealingKey.generate())
    integrity = desk.body.opening_key(INTEGRITY)
    assert header.keys(integrity, [Compartment.EVIDENCE])
