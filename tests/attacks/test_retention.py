"""Attacks on keeping and destroying pictures, by name (docs/threat-model.md)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from centre import CLOCK, PACKAGE, Centre
from desk_of_integrity import PICTURES, Desk, evidence_key

from exam_packages import evidence, holds
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import BundleFile
from exam_packages.sealing.journal import (
    Compartment,
    EpochKeys,
    Frame,
    Header,
    epoch_header,
    open_frames,
    open_snapshot,
)
from exam_packages.sealing.keys import read_key_file
from exam_packages.sealing.retention import (
    Deletion,
    Hold,
    RetentionError,
    read_entry,
    sign_entry,
)
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import INTEGRITY, PACKAGER, RELEASE, ROOT, TrustError
from exam_packages.verify.findings import Report
from exam_packages.verify.verify import verify


@pytest.fixture(scope="module")
def sat(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk.after(tmp_path_factory.mktemp("sat") / "desk")


@pytest.fixture
def desk(sat: Desk, tmp_path: Path) -> Desk:
    return sat.copied(tmp_path / "desk")


def headers(frames: tuple[bytes, ...]) -> list[Header]:
    return [
        epoch_header(frame)
        for frame in frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    ]


def look(desk: Desk, *paths: Path) -> Report:
    return verify(paths, desk.centre.trust, now_s=2_000_000_000)


def found(report: Report) -> list[str]:
    return [
        finding.code
        for findings in (*(each.findings for each in report.subjects), report.relations)
        for finding in findings
    ]


# --- A substituted sitting key -----------------------------------------------------


def test_a_substituted_evidence_key_opens_nothing(tmp_path: Path) -> None:
    """A corrupt packager puts a key of their own into the grant, to see faces. They get P,
    which is 32 bytes of chance without the integrity role's key; and it is told."""
    mine = SealingKey.generate()
    centre = replace(Centre.found(tmp_path), evidence=mine.public)
    handed = centre.hand_in(tmp_path / "attempt", pictures=1)
    (header,) = headers(handed.frames)
    part = header.pictures_part(mine)
    for guess in (bytes(32), part):
        keys = EpochKeys({Compartment.EVIDENCE: guess})
        with pytest.raises(ExamError):
            open_snapshot(header, header.pictures_key(keys, part), 1, handed.evidence[0][1])
    with pytest.raises(ExamError):
        header.keys(mine, [Compartment.EVIDENCE])


def test_a_substituted_evidence_key_is_told_at_the_destruction(desk: Desk) -> None:
    """What was sealed to it is not certified as destroyed."""
    mine = SealingKey.generate()
    strange = replace(desk.centre, evidence=mine.public).hand_in(desk.directory / "s", pictures=1)
    (desk.directory / "answers" / "strange.answers").write_bytes(strange.part())
    done = desk.destroy()
    assert done.elsewhere == (strange.bundle_hash,)
    assert strange.bundle_hash not in done.bundles


# --- After the destruction ---------------------------------------------------------


def every_secret(desk: Desk) -> Iterator[bytes]:
    """Every 32 bytes of secret that the body, hall, station and custodians still have."""
    body = desk.body
    for path in sorted(desk.directory.rglob("*.key")):
        if path.parent == body.evidence:
            continue
        for kind in ("signing", "sealing", "tls-authority", "restore", "batch"):
            try:
                secrets = read_key_file(path, kind, (32,), (32, 32), (32, 0))
            except ExamError:
                continue
            yield from (secret for secret in secrets if len(secret) == 32)


def test_a_destroyed_evidence_key_leaves_no_key_that_opens_the_pictures(desk: Desk) -> None:
    """With every key of the body, its hall and station, each as P, as the evidence key, or as
    what P or the evidence key's own file is sealed to. Only a copy of the evidence key's file
    from before, with the integrity key, opens: that is said in the threat model."""
    copy = (desk.body.evidence / f"{desk.key.hex()}.key").read_bytes()
    desk.destroy()
    secrets = list(every_secret(desk))
    assert len(secrets) > 20
    integrity = desk.body.opening_key(INTEGRITY)
    assert integrity.seed in secrets
    bundle = BundleFile.open(desk.bundle(0))
    _, sealed = next(iter(bundle.evidence()))
    (header,) = headers(bundle.frames())
    keys = header.keys(integrity, [Compartment.EVIDENCE])
    for secret in secrets:
        key = SealingKey.from_seed(secret)
        with pytest.raises(ExamError):
            header.pictures_part(key)
        with pytest.raises(ExamError):
            open_snapshot(header, header.pictures_key(keys, secret), 1, sealed)
    with pytest.raises(RetentionError):
        desk.pictures(0)
    # The one exception, from a backup that should not exist.
    (desk.body.evidence / f"{desk.key.hex()}.key").write_bytes(copy)
    assert desk.pictures(0) == PICTURES


def test_the_certification_record_outlives_the_pictures(desk: Desk) -> None:
    """Answers, events and names open as before; only pictures do not."""
    desk.destroy()
    frames = BundleFile.open(desk.bundle(0)).frames()
    integrity = desk.body.opening_key(INTEGRITY)
    (header,) = headers(frames)
    keys = header.keys(integrity, [Compartment.EVENTS, Compartment.EVIDENCE])
    opened = list(open_frames(frames, {1: keys}))
    assert all(each.stamp is not None for each in opened)
    assert sum(each.compartment is Compartment.EVIDENCE for each in opened) == PICTURES


# --- Too early, or in spite of a hold ----------------------------------------------


def test_nothing_is_destroyed_before_it_is_due(tmp_path: Path) -> None:
    centre = Centre.found(tmp_path)
    key = evidence_key(centre.body, PACKAGE, days=2)
    desk = Desk(tmp_path, replace(centre, evidence=key), ())
    (tmp_path / "answers").mkdir()
    with pytest.raises(RetentionError, match="kept for 2 days, 2 more from now"):
        desk.destroy()
    assert evidence.read(desk.body, desk.key)
    assert not holds.register(desk.body).entries


@pytest.mark.parametrize("held", ["sitting", "everything"])
def test_a_hold_on_all_stops_the_destruction(desk: Desk, held: str) -> None:
    key = desk.key if held == "sitting" else b""
    holds.hold(desk.body, CLOCK, "investigation", key=key, reason="file 3", by="Ana")
    with pytest.raises(RetentionError, match="holds every attempt"):
        desk.destroy()
    assert desk.pictures(0) == PICTURES


def test_a_held_attempt_without_its_bundle_stops_the_destruction(desk: Desk) -> None:
    """Leaving the held one out of what is shown does not get rid of it."""
    (hold,) = desk.hold(1)
    others = [path for path in desk.answers if path.stem != hold.attempts[0].hex()]
    with pytest.raises(RetentionError, match="its bundle is not among the answers"):
        desk.destroy(answers=others)
    assert desk.pictures(1) == PICTURES


def test_another_record_in_a_held_attempts_place_stops_the_destruction(desk: Desk) -> None:
    """A made-up record with the blind id of the held attempt would be preserved in its place."""
    desk.hold(1)
    held = desk.attempts[1]
    path = desk.directory / "answers" / f"{held.blind_id.hex()}.answers"
    other = desk.centre.hand_in(desk.directory / "made-up", pictures=1)
    made_up = replace(other, manifest=_named(desk, other.manifest, held.blind_id))
    path.write_bytes(made_up.part())
    with pytest.raises(RetentionError, match="cannot be preserved"):
        desk.destroy()
    assert desk.pictures(1) == PICTURES


def test_a_second_record_of_a_held_attempt_stops_the_destruction(desk: Desk) -> None:
    """An earlier bundle of a reopened attempt beside the later one, which alone has all epochs."""
    desk.hold(1)
    held = desk.attempts[1]
    again = desk.directory / "answers" / "again.answers"
    again.write_bytes(held.part())
    with pytest.raises(RetentionError, match="are both of the attempt"):
        desk.destroy()
    assert desk.pictures(1) == PICTURES


def test_a_held_attempt_made_out_to_have_another_key_stops_the_destruction(desk: Desk) -> None:
    """A made-up record with its blind id, under another key, as if there were nothing to keep."""
    desk.hold(1)
    held = desk.attempts[1]
    strange = replace(desk.centre, evidence=SealingKey.generate().public)
    other = strange.hand_in(desk.directory / "made-up", pictures=1)
    made_up = replace(other, manifest=_named(desk, other.manifest, held.blind_id))
    path = desk.directory / "answers" / f"{held.blind_id.hex()}.answers"
    path.write_bytes(made_up.part())
    with pytest.raises(RetentionError, match="cannot be preserved"):
        desk.destroy()
    assert desk.pictures(1) == PICTURES


def _named(desk: Desk, manifest: bytes, blind_id: bytes) -> bytes:
    from exam_packages.sealing.bundle import parse_manifest, sign_manifest

    found = parse_manifest(manifest)[1]
    return sign_manifest(
        msgspec.structs.replace(found, blind_id=blind_id), desk.centre.station.signing_key()
    )


def test_taking_a_hold_out_of_the_register_stops_the_destruction(desk: Desk) -> None:
    desk.hold(1, 2)
    (desk.body.retention / "000001.entry").unlink()
    with pytest.raises(RetentionError, match="not whole"):
        desk.destroy()
    assert desk.pictures(1) == PICTURES


def test_a_lifting_by_one_person_does_not_lift(desk: Desk) -> None:
    """One root holder puts a lifting into the register by hand: the hold stands."""
    desk.hold(1)
    holds.lift(desk.body, CLOCK, 1, reason="decided", by="Ben")
    path = desk.body.retention / "000002.entry"
    entry = read_entry(path.read_bytes(), desk.centre.trust)
    path.write_bytes(sign_entry(entry, [desk.body.signing_key(ROOT)]))
    assert [each.number for each in holds.register(desk.body).standing()] == [1]
    assert len(desk.destroy().preserved[0].attempts) == 1


# --- Certificates ------------------------------------------------------------------


def _certificate(desk: Desk) -> tuple[Deletion, Path]:
    done = desk.destroy()
    path = desk.directory / "certificate"
    path.write_bytes(holds.register(desk.body).entries[-1].data)
    return done, path


def test_a_forged_certificate_is_refused(desk: Desk) -> None:
    """By one root holder, by the packager and both release officers, or altered."""
    done, path = _certificate(desk)
    body, trust = desk.body, desk.centre.trust
    one = [body.signing_keys(ROOT)[0]]
    others = [*body.signing_keys(RELEASE), body.signing_key(PACKAGER)]
    for signers in (one, others, []):
        with pytest.raises(TrustError):
            read_entry(sign_entry(done, signers), trust)
    path.write_bytes(sign_entry(done, others))
    assert found(look(desk, path)) == ["entry-not-signed"]


def test_a_certificate_replayed_for_another_sitting_says_nothing_of_it(desk: Desk) -> None:
    _, path = _certificate(desk)
    package = b"2" * 32
    other = replace(desk.centre, evidence=evidence_key(desk.body, package))
    handed = other.hand_in(desk.directory / "other", package_hash=package)
    exam = desk.directory / "other.bundle"
    exam.write_bytes(handed.part())
    codes = found(look(desk, path, exam))
    assert "deletion-for-other" in codes
    assert "pictures-destroyed" not in codes
    assert "pictures-destroyed" in found(look(desk, path, desk.bundle(0)))


def test_a_certificate_that_names_exams_of_another_key_is_contradicted(desk: Desk) -> None:
    """Root holders who sign that pictures are gone which another key opens still."""
    done, path = _certificate(desk)
    strange = replace(desk.centre, evidence=SealingKey.generate().public)
    handed = strange.hand_in(desk.directory / "strange")
    exam = desk.directory / "strange.bundle"
    exam.write_bytes(handed.part())
    false = msgspec.structs.replace(done, bundles=(handed.bundle_hash,))
    path.write_bytes(sign_entry(false, desk.body.signing_keys(ROOT)))
    report = look(desk, path, exam)
    assert "deletion-contradicted" in found(report)
    assert not report.all_proven


def test_a_certificate_from_before_the_due_date_is_told(desk: Desk) -> None:
    done, path = _certificate(desk)
    early = msgspec.structs.replace(done, time_s=done.policy.due_s - 1)
    path.write_bytes(sign_entry(early, desk.body.signing_keys(ROOT)))
    report = look(desk, path)
    assert found(report) == ["deletion-signed", "deletion-early"]
    assert not report.all_proven


def test_two_registers_with_one_number_are_an_alarm(desk: Desk) -> None:
    """A hold that was exchanged for another entry after it was shown to somebody."""
    (hold,) = desk.hold(0)
    first = desk.directory / "shown.hold"
    shutil.copy(desk.body.retention / "000001.entry", first)
    other = msgspec.structs.replace(hold, reason="another file")
    second = desk.directory / "kept.hold"
    second.write_bytes(sign_entry(other, desk.body.signing_keys(ROOT)))
    assert "register-forked" in found(look(desk, first, second))


def test_a_hold_is_no_lifting(desk: Desk) -> None:
    """The same people's signature under another kind."""
    (hold,) = desk.hold(0)
    body = msgspec.msgpack.encode(msgspec.structs.astuple(hold))
    relabelled = sign("exam-kiosk/lifting/v1", body, desk.body.signing_keys(ROOT))
    with pytest.raises(RetentionError):
        read_entry(relabelled, desk.centre.trust)
    assert isinstance(hold, Hold)
