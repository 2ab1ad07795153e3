"""The bundle: whole or refused; the hand-in code; the countersignature."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.sealing import bundle as bundles
from exam_packages.sealing import codes
from exam_packages.sealing.bundle import (
    BundleError,
    BundleFile,
    Evidence,
    Manifest,
    answers_part,
    bundle_hash,
    check_hand_in_code,
    countersign,
    hand_in_code,
    manifest_hash,
    read_answers,
    read_countersignature,
    read_manifest,
    sign_manifest,
    verify_bundle,
    write_bundle,
)
from exam_packages.sealing.journal import (
    Compartment,
    Cursor,
    EvidenceStore,
    open_frames,
    read_frames,
    refill,
)
from exam_packages.sealing.suite import SealingError


def finish(attempt, pictures: int = 0):
    """Write a short record with *pictures*, and the signed manifest over it."""
    writer = attempt.begin()
    attempt.add(writer, b"one", b"two")
    blobs = [writer.seal_snapshot(number, b"picture %d" % number) for number in range(pictures)]
    store = EvidenceStore(attempt.directory)
    for blob in blobs:
        store.put(blob)
        writer.append(attempt.stamp(), blob.digest, Compartment.EVIDENCE)
    writer.append_acknowledgement(attempt.stamp(), attempt.word(writer.cursor))
    writer.commit()
    writer.close()
    return hand_in(attempt, blobs)


def hand_in(attempt, blobs=(), **changes):
    cursor = read_frames(attempt.directory).cursor
    fields = {
        "sitting": "sitting-1",
        "centre": "centre-1",
        "station": attempt.machine.signing.key_id,
        "blind_id": attempt.blind_id,
        "package_hash": attempt.package_hash,
        "head": cursor.head,
        "epoch": cursor.epoch,
        "count": cursor.sequence,
        "evidence": tuple(Evidence(blob.digest, len(blob.data)) for blob in blobs),
        "equipment": bytes(32),
        "finished_s": 1_700_000_100,
    }
    manifest = sign_manifest(Manifest(**{**fields, **changes}), attempt.machine.signing)
    return manifest, [(blob.digest, blob.data) for blob in blobs]


def held_by_hall(attempt) -> Cursor:
    """Where the hall's own copy ends: here, where the station's does."""
    return read_frames(attempt.directory).cursor


def countersigned(attempt, manifest: bytes) -> bytes:
    return countersign(
        manifest,
        held_by_hall(attempt),
        attempt.machine.signing.public,
        attempt.hall.signing,
        1_700_000_200,
    )


def packed(attempt, manifest: bytes, countersignature: bytes | None = None, **parts) -> bytes:
    fields = {
        "manifest": manifest,
        "countersignature": countersigned(attempt, manifest)
        if countersignature is None
        else countersignature,
        "enrolments": [attempt.machine.signed, attempt.hall.signed],
        "frames": attempt.frames(),
    }
    return answers_part(**{**fields, **parts})


@pytest.fixture(scope="module")
def small(make_attempt, tmp_path_factory):
    """A finished attempt with two pictures: the attempt, its manifest, its pictures."""
    attempt = make_attempt(tmp_path_factory.mktemp("small") / "attempt")
    return attempt, *finish(attempt, pictures=2)


@pytest.fixture
def on_disk(small, tmp_path):
    attempt, manifest, pictures = small
    path = tmp_path / "attempt.bundle"
    write_bundle(
        path,
        manifest,
        countersigned(attempt, manifest),
        [attempt.machine.signed, attempt.hall.signed],
        attempt.frames(),
        pictures,
    )
    return path


def test_a_bundle_arrives_as_it_was_sent(small, on_disk, trust):
    attempt, manifest, pictures = small
    bundle = BundleFile.open(on_disk)
    assert bundle.has_evidence
    assert bundle.frames() == attempt.frames()
    assert list(bundle.evidence()) == pictures
    assert bundle.answers.manifest_bytes == manifest
    assert verify_bundle(bundle, trust) == bundle.manifest
    assert list(on_disk.parent.iterdir()) == [on_disk]


def test_the_answers_travel_alone_first(small, on_disk, trust, tmp_path):
    attempt, manifest, _ = small
    part = packed(attempt, manifest)
    assert on_disk.read_bytes().startswith(part)
    answers = read_answers(part)
    assert verify_bundle(answers, trust) == answers.manifest
    alone = tmp_path / "answers"
    alone.write_bytes(part)
    bundle = BundleFile.open(alone)
    assert not bundle.has_evidence
    assert list(bundle.evidence()) == []
    assert verify_bundle(bundle, trust) == answers.manifest
    keys = attempt.keys(attempt.people.scoring, Compartment.RESPONSES)
    bodies = [opened.body for opened in open_frames(answers.frames(), keys) if opened.body]
    assert bodies[1:3] == [b"one", b"two"]


def test_a_bundle_without_countersignature_is_whole_too(small, trust):
    """Handed over by stick, with no hall left: intake sees that nobody countersigned."""
    attempt, manifest, _ = small
    answers = read_answers(packed(attempt, manifest, b""))
    assert answers.countersignature == b""
    verify_bundle(answers, trust)


def test_an_attempt_moved_between_stations_is_verified_whole(
    attempt, other_station, make_attempt, tmp_path, trust
):
    attempt.add(attempt.begin(), b"first seat")
    moved = make_attempt(tmp_path / "moved")
    moved.machine = other_station
    moved.directory.mkdir()
    refill(moved.directory, attempt.frames())
    moved.begin().close()
    manifest, _ = hand_in(moved)
    enrolled = [other_station.signed, attempt.machine.signed, attempt.hall.signed]
    verify_bundle(read_answers(packed(moved, manifest, enrolments=enrolled)), trust)
    with pytest.raises(BundleError, match="not enrolled"):
        verify_bundle(
            read_answers(packed(moved, manifest, enrolments=[enrolled[0], enrolled[2]])), trust
        )


# --- What is refused -----------------------------------------------------------------


def test_every_truncation_and_addition_is_refused(small, on_disk):
    attempt, manifest, _ = small
    data = on_disk.read_bytes()
    part = packed(attempt, manifest)
    for size in range(len(part)):
        with pytest.raises(BundleError):
            read_answers(part[:size])
    with pytest.raises(BundleError):
        read_answers(part + b"\0")
    for size in [*range(0, len(part), 97), *range(len(part) + 1, len(data)), len(data) + 1]:
        on_disk.write_bytes((data + b"\0")[:size])
        with pytest.raises(BundleError):
            BundleFile.open(on_disk)


def _flipped(data: bytes, bit: int) -> bytes:
    altered = bytearray(data)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


def _refused(data: bytes, path, trust) -> None:
    path.write_bytes(data)
    with pytest.raises(SealingError):
        verify_bundle(BundleFile.open(path), trust)


def test_bits_flipped_anywhere_are_refused(on_disk, trust):
    data = on_disk.read_bytes()
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(400):
        _refused(_flipped(data, chance.randrange(len(data) * 8)), on_disk, trust)


def test_frames_left_out_or_added_are_refused(attempt, trust):
    manifest, _ = finish(attempt)
    frames = attempt.frames()
    attempt.begin().close()
    longer = attempt.frames()
    for other in (frames[:-1], longer, frames[:2] + frames[3:], ()):
        with pytest.raises(BundleError):
            verify_bundle(read_answers(packed(attempt, manifest, b"", frames=other)), trust)


def test_a_manifest_that_says_something_else_is_refused(attempt, trust):
    finish(attempt)
    for changes in (
        {"count": 3},
        {"head": bytes(32)},
        {"epoch": 2},
        {"blind_id": bytes(16)},
        {"package_hash": bytes(32)},
        {"centre": "centre-2"},
    ):
        manifest, _ = hand_in(attempt, **changes)
        with pytest.raises(BundleError):
            verify_bundle(read_answers(packed(attempt, manifest, b"")), trust)


def test_a_station_that_the_body_did_not_enrol_is_refused(attempt, trust):
    manifest, _ = finish(attempt)
    for enrolments in ([attempt.hall.signed], []):
        with pytest.raises(BundleError, match="not an enrolled station"):
            verify_bundle(read_answers(packed(attempt, manifest, enrolments=enrolments)), trust)
    with pytest.raises(SealingError):
        verify_bundle(read_answers(packed(attempt, manifest, enrolments=[b"none"])), trust)


def test_a_hall_of_another_centre_commands_nothing_here(attempt, people, trust):
    manifest, _ = finish(attempt)
    stranger = people.enrol("hall-9", 2, centre="centre-9")
    attempt.hall = stranger
    with pytest.raises(BundleError):
        verify_bundle(
            read_answers(packed(attempt, manifest, b"", enrolments=[attempt.machine.signed])),
            trust,
        )
    with pytest.raises(BundleError, match="countersignature is not by"):
        verify_bundle(read_answers(packed(attempt, manifest)), trust)


def test_pictures_exchanged_altered_or_missing_are_refused(small, tmp_path, trust):
    attempt, manifest, pictures = small
    path = tmp_path / "bundle"
    for wrong in (
        pictures[:1],
        pictures[::-1],
        [*pictures, pictures[0]],
        [(pictures[0][0], b"other"), pictures[1]],
    ):
        with pytest.raises(BundleError, match="Picture"):
            write_bundle(path, manifest, b"", [], attempt.frames(), wrong)
    assert list(tmp_path.iterdir()) == []
    # of the same size, with the digest of the true one
    altered = [(digest, bytes(len(data))) for digest, data in pictures]
    write_bundle(path, manifest, b"", [attempt.machine.signed, attempt.hall.signed],
                 attempt.frames(), altered)  # fmt: skip
    with pytest.raises(BundleError, match="Picture 1"):
        verify_bundle(BundleFile.open(path), trust)


# --- Countersignature ----------------------------------------------------------------


def test_a_bundle_off_the_acknowledged_head_is_not_countersigned(attempt):
    """Attack: a record of equal length but another history, or one cut short."""
    manifest, _ = finish(attempt)
    station, hall = attempt.machine.signing.public, attempt.hall.signing
    held = held_by_hall(attempt)
    recovered = read_frames(attempt.directory)
    shorter = Cursor(held.blind_id, held.epoch, held.sequence - 1, recovered.heads[-2])
    forked = Cursor(held.blind_id, held.epoch, held.sequence, bytes(32))
    for other in (shorter, forked, Cursor(held.blind_id, 2, held.sequence, held.head)):
        with pytest.raises(BundleError, match="does not countersign"):
            countersign(manifest, other, station, hall, 1)
    with pytest.raises(BundleError):
        countersign(manifest, held, hall.public, hall, 1)
    assert countersign(manifest, held, station, hall, 1)


def test_a_countersignature_of_another_bundle_is_refused(attempt, other_station):
    manifest, _ = finish(attempt)
    other, _ = hand_in(attempt, sitting="sitting-2")
    word = countersigned(attempt, other)
    halls = [attempt.hall.signing.public]
    assert read_countersignature(word, other, halls).time_s == 1_700_000_200
    for data, signed, known in (
        (word, manifest, halls),
        (word, other, [other_station.signing.public]),
        (word[:-1], other, halls),
        (manifest, other, halls),
    ):
        with pytest.raises(BundleError):
            read_countersignature(data, signed, known)


def test_a_manifest_is_its_station_s(attempt, other_station):
    manifest, _ = finish(attempt)
    assert read_manifest(manifest, attempt.machine.signing.public).count == 4
    with pytest.raises(BundleError):
        read_manifest(manifest, other_station.signing.public)
    with pytest.raises(ValueError, match="the station it names"):
        hand_in(attempt, station=bytes(16))


# --- Hand-in code --------------------------------------------------------------------

GOLDEN_HASH = "89dd1dbdeef8787ed123c418e37201c738215f67c41745b6d9b700f4a6445a75"
GOLDEN_CODE = "H7EH-VFFE-Z1W7-XM93-RGCE-700C"

HASHES = st.binary(min_size=32, max_size=32)


def test_the_code_is_of_the_manifest_s_body_alone(attempt):
    manifest, _ = finish(attempt)
    again = sign_manifest(read_manifest(manifest, attempt.machine.signing.public),
                          attempt.machine.signing)  # fmt: skip
    assert manifest_hash(manifest) == manifest_hash(again)
    answers = read_answers(packed(attempt, manifest))
    assert answers.bundle_hash == manifest_hash(manifest)


def test_the_code_never_changes():
    """A published shape: this very code for this very manifest body."""
    assert bundle_hash(b"manifest").hex() == GOLDEN_HASH
    assert hand_in_code(bundle_hash(b"manifest")) == GOLDEN_CODE


@given(HASHES)
def test_a_code_is_read_as_people_type_it(value):
    code = hand_in_code(value)
    assert len(code.split("-")) == 6
    assert {len(group) for group in code.split("-")} == {4}
    loose = code.lower().replace("-", "  ").replace("0", "o").replace("1", "l")
    for text in (code, loose, code.replace("-", ""), f" {code}\n", code.replace("1", "I")):
        assert check_hand_in_code(text, value)


@given(HASHES, HASHES)
def test_a_code_is_of_one_bundle(one, other):
    same = int.from_bytes(one, "big") >> 156 == int.from_bytes(other, "big") >> 156
    assert check_hand_in_code(hand_in_code(one), other) is same


@given(HASHES, st.integers(0, 23), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_a_mistaken_character_is_noticed(value, place, letter):
    typed = list(hand_in_code(value).replace("-", ""))
    right = typed[place] == letter
    typed[place] = letter
    assert check_hand_in_code("".join(typed), value) is right


@given(st.text(max_size=40))
def test_anything_typed_is_right_or_wrong_and_nothing_else(text):
    assert check_hand_in_code(text, bytes(32)) is False
    with pytest.raises(codes.CodeError):
        codes.read(text, b"bound")


def test_what_is_wrong_with_a_code_is_said():
    with pytest.raises(codes.CodeError, match="Group 2"):
        codes.read("0000-00U0", b"")
    with pytest.raises(codes.CodeError, match=r"24 characters .* these are 8"):
        codes.read("0000-0000", b"")
    with pytest.raises(codes.CodeError, match="too long"):
        codes.read("0" * 1000, b"")


def test_codes_are_bound_to_their_use():
    code = codes.spell(bytes(range(32)), b"one use")
    assert codes.read(code, b"one use") == bytes(range(12)) + b"\0"
    with pytest.raises(codes.CodeError, match="does not fit"):
        codes.read(code, b"another use")


def test_parts_have_bounds(attempt, monkeypatch):
    manifest, _ = finish(attempt)
    monkeypatch.setattr(bundles, "MAX_FRAMES_SIZE", 10)
    with pytest.raises(BundleError, match="too long"):
        packed(attempt, manifest)
    giant = b"EXKBNDL1" + (2**31).to_bytes(4, "big")
    with pytest.raises(BundleError, match="not a bundle"):
        read_answers(giant)
