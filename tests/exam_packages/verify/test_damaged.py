"""Damaged and forged files: each is told, nothing is refused, and what stands is said."""

from __future__ import annotations

import random
import shutil
from contextlib import closing

import pytest
from appeal import Station
from evidence_key import EVIDENCE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.errors import UsageError
from exam_packages.sealing.addendum import keep_secret, seal_addendum
from exam_packages.sealing.bundle import hand_in_code
from exam_packages.sealing.correction import Correction, sign_correction
from exam_packages.sealing.grant import Recipient, read_grant, seal_grant
from exam_packages.sealing.journal import (
    Acknowledgement,
    Compartment,
    Frame,
    read_frames,
)
from exam_packages.sealing.journal_format import ACKNOWLEDGEMENT_KIND, make_frame
from exam_packages.sealing.log import checkpoint_body, sign_checkpoint
from exam_packages.sealing.log_proof import log_origin
from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import CHECKPOINT, INTAKE, PACKAGER
from exam_packages.verify.findings import Standing
from exam_packages.verify.terminal import to_text
from exam_packages.verify.verify import verify

RANDOM = random.Random(20261122)  # noqa: S311 - the same places each time


def record_of(report):
    return report.subjects[0].record


def start_of(appeal, entry: int) -> int:
    """Where in the bundle file the frame of *entry* begins."""
    return appeal.bundle.read_bytes().index(appeal.frames[entry - 1])


def flipped(data: bytes, place: int, bit: int = 0) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def witnessed_before(appeal, look, entry: int) -> int:
    """How far the record was witnessed by signatures that lie before *entry*."""
    record = record_of(look(appeal.bundle))
    return max(each.entry for each in record.witnesses if 0 < each.found_in < entry)


@pytest.fixture(scope="module")
def other(centre, tmp_path_factory):
    """Another exam of the same centre, of another package."""
    from appeal import sat

    return sat(centre, tmp_path_factory.mktemp("other"))


@pytest.fixture
def station(centre, appeal, tmp_path):
    """A station that has begun an exam; the files of its machines lie beside its record."""
    sitting = Station(centre, tmp_path / "attempt", appeal.package_hash)
    with closing(sitting.writer):
        sitting.add(ev.Opened(1, ev.START, False), ev.Began(600))
        sitting.acknowledged()
        yield sitting


@pytest.fixture
def enrolments(appeal, tmp_path):
    paths = [tmp_path / "station.enrolment", tmp_path / "hall.enrolment"]
    for path, data in zip(paths, appeal.enrolments, strict=True):
        path.write_bytes(data)
    return paths


# --- Bundles -----------------------------------------------------------------------


@pytest.mark.parametrize("entry", [1, 2, 30, 72, 101, 150, 170])
@pytest.mark.parametrize("place", ["length", "middle", "checksum"])
def test_a_damaged_entry_ends_the_record_and_not_what_stood_before(
    appeal, look, wrong, tmp_path, entry, place
):
    at = start_of(appeal, entry)
    at += {"length": 3, "middle": 60, "checksum": len(appeal.frames[entry - 1]) - 1}[place]
    path = tmp_path / "bad.bundle"
    path.write_bytes(flipped(appeal.bundle.read_bytes(), at))
    report = look(path, appeal.receipt)
    assert "record-damaged" in wrong(report)
    if entry == 1:
        assert "damaged at its first entry" in to_text(report)
        assert record_of(report) is None
    else:
        assert f"damaged at entry {entry}" in " ".join(to_text(report).split())
        assert record_of(report).entries == entry - 1
        stands = witnessed_before(appeal, look, entry) if entry > 9 else 1
        assert record_of(report).stands == stands
    # What the station and the hall signed still stands, and so does the receipt for it.
    assert "received" in [each.code for each in report.relations]


def test_a_bundle_cut_anywhere_stands_as_far_as_it_goes(appeal, look, wrong, tmp_path):
    whole = appeal.bundle.read_bytes()
    first, last = start_of(appeal, 1), start_of(appeal, 170) + len(appeal.frames[-1])
    path = tmp_path / "cut.bundle"
    for size in sorted(RANDOM.sample(range(len(whole)), 60)):
        path.write_bytes(whole[:size])
        report = look(path)
        if size == last:
            continue  # the answers part, which travels alone first
        assert wrong(report), size
        record = record_of(report)
        if size >= last:
            assert record.stands == 170
        elif size > first + len(appeal.frames[0]):
            assert record.entries == sum(1 for n in range(1, 171) if _end(appeal, n) <= size)


def _end(appeal, entry):
    return start_of(appeal, 1) + sum(len(frame) for frame in appeal.frames[:entry])


def test_no_flipped_bit_of_a_bundle_goes_unnoticed(appeal, look, wrong, tmp_path):
    whole = appeal.bundle.read_bytes()
    path = tmp_path / "flipped.bundle"
    head = list(range(start_of(appeal, 1)))
    places = RANDOM.sample(head, 60) + RANDOM.sample(range(len(whole)), 60)
    for place in places:
        path.write_bytes(flipped(whole, place, RANDOM.randrange(8)))
        report = look(path, integrity_key=appeal.integrity)
        assert wrong(report), place
        assert to_text(report).count("✗") >= 2  # a finding, and the legend


def test_the_answers_part_alone_is_proven(appeal, look, wrong, tmp_path):
    path = appeal.write(tmp_path / "exam.answers")
    report = look(path)
    assert wrong(report) == []
    assert "pictures-apart" in [each.code for each in report.subjects[0].findings]


def test_something_behind_the_end_is_told(appeal, look, wrong, tmp_path):
    path = tmp_path / "long.bundle"
    path.write_bytes(appeal.bundle.read_bytes() + b"more")
    assert wrong(look(path)) == ["bundle-size"]


def test_altered_and_missing_pictures_are_named(appeal, look, wrong, tmp_path):
    attempt = tmp_path / "attempt"
    shutil.copytree(appeal.attempt, attempt)
    first, second = sorted((attempt / "evidence").iterdir())
    first.write_bytes(flipped(first.read_bytes(), 100))
    second.unlink()
    report = look(attempt, appeal.bundle)
    assert sorted(wrong(report)) == ["pictures-altered", "pictures-missing"]


def test_without_a_countersignature_the_tail_is_the_stations_word_alone(
    appeal, look, wrong, tmp_path
):
    path = appeal.write(tmp_path / "alone.bundle", countersignature=b"")
    report = look(path)
    assert wrong(report) == []
    notes = [each.code for each in report.subjects[0].findings if each.standing is Standing.NOTE]
    assert notes == ["not-countersigned", "record-unwitnessed", "pictures-apart"]
    (tail,) = [each for each in record_of(report).stretches if each.witness is None]
    assert tail.last == 170


def test_a_bundle_without_its_machines_is_joined_but_not_proven(appeal, look, wrong, tmp_path):
    path = appeal.write(tmp_path / "bare.bundle", enrolments=[])
    report = look(path)
    assert wrong(report)[:2] == ["station-unknown", "station-unknown"]  # one for each epoch
    assert (record_of(report).entries, record_of(report).stands) == (170, 0)
    assert "Nothing of the 170 entries is proven." in to_text(report)
    # Given beside it, they prove it.
    paths = [tmp_path / "one", tmp_path / "two"]
    for each, data in zip(paths, appeal.enrolments, strict=True):
        each.write_bytes(data)
    assert look(path, *paths).all_proven


def test_a_manifest_over_another_end_is_told(appeal, look, wrong, tmp_path):
    path = appeal.write(tmp_path / "short.bundle", frames=appeal.frames[:-3])
    report = look(path)
    assert "record-end" in wrong(report)
    assert "signed entry 170 as its last" in " ".join(to_text(report).split())


def test_a_record_under_a_strangers_manifest_is_told(appeal, other, look, wrong, tmp_path):
    path = appeal.write(tmp_path / "mixed.bundle", manifest=other.manifest, countersignature=b"")
    assert "record-foreign" in wrong(look(path))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    how=st.sampled_from(["drop", "double", "swap", "foreign", "manifest", "countersignature"]),
    at=st.integers(0, 169),
    to=st.integers(0, 169),
)
def test_structured_damage_is_always_told(appeal, other, look, wrong, tmp_path, how, at, to):
    """Frames dropped, doubled, swapped, foreign; signatures of another exam."""
    frames, parts, reached = list(appeal.frames), {}, at
    match how:
        case "drop":
            del frames[at]
        case "double":
            frames.insert(at, frames[at])
            reached = at + 1
        case "swap":
            frames[at], frames[to] = frames[to], frames[at]
            reached = min(at, to)
        case "foreign":
            frames[at] = other.frames[at]
            reached = at + 1  # a sealed frame does not show what it follows; the next word does
        case _:
            parts[how] = getattr(other, how)
    path = appeal.write(tmp_path / "odd.bundle", frames=frames, **parts)
    report = look(path, integrity_key=appeal.integrity)
    assert bool(wrong(report)) is (how != "swap" or at != to)
    record = record_of(report)
    if record is not None and not parts and wrong(report):
        assert record.stands <= reached


# --- Journals ----------------------------------------------------------------------


def test_a_station_that_rewrote_its_past_is_given_away_by_the_hall(
    station, look, wrong, appeal, enrolments
):
    word = _word(station, station.writer.synced, head=b"x" * 32)
    station.writer.head_at = lambda _: b"x" * 32  # a station that would journal anything
    station.writer.append_acknowledgement(station.stamp(), _signed(word, station.hall))
    station.writer.commit()
    # At the place just reached the chain itself refuses it.
    report = look(station.directory, *enrolments)
    assert "record-fork" in wrong(report)
    assert "Two different records exist" in " ".join(to_text(report).split())


def test_a_holders_word_for_another_past_contradicts_the_record(station, look, wrong, enrolments):
    stood = station.writer.synced - 1
    station.add(ev.Beat())
    word = _word(station, station.writer.synced - 1, head=b"x" * 32)
    station.writer.head_at = lambda _: b"x" * 32
    station.writer.append_acknowledgement(station.stamp(), _signed(word, station.hall))
    station.writer.commit()
    report = look(station.directory, *enrolments)
    assert "record-contradicted" in wrong(report)
    assert record_of(report).stands == stood
    assert "two histories exist" in " ".join(to_text(report).split())


def test_an_acknowledgement_by_another_hand_is_told(station, look, wrong, enrolments):
    word = _word(station, station.writer.synced)
    station.writer.append_acknowledgement(
        station.stamp(), _signed(word, SigningKey.generate(pair=False))
    )
    station.writer.commit()
    report = look(station.directory, *enrolments)
    assert "acknowledgement-forged" in wrong(report)


def test_words_of_unknown_holders_prove_nothing(station, look, wrong, enrolments):
    stranger = SigningKey.generate(pair=False)
    station.add(ev.Beat())
    station.acknowledged(key=stranger)
    report = look(station.directory, *enrolments)
    assert wrong(report) == ["record-unsigned"]
    (note,) = [
        each for each in report.subjects[0].findings if each.code == "acknowledgement-unknown"
    ]
    assert note.fields["count"] == 1


def _word(station, sequence, **changes):
    at = station.writer.synced_cursor
    fields = {
        "blind_id": at.blind_id,
        "epoch": at.epoch,
        "sequence": sequence,
        "head": station.writer.head_at(sequence),
        "holder": station.hall.key_id,
        "holder_epoch": 1,
        "time_ns": station.hall_ns(),
    }
    return Acknowledgement(**{**fields, **changes})


def _signed(word, key):
    return sign(ACKNOWLEDGEMENT_KIND, canon.pack(word), [key])


def test_a_sealed_entry_exchanged_is_given_away_without_a_key(appeal, look, wrong, tmp_path):
    """Whoever changes a sealed entry can mend its checksum, but not what the hall signed."""
    frames = list(appeal.frames)
    entry = next(n for n, f in enumerate(frames) if Frame.parse(f).compartment == 2)
    parsed = Frame.parse(frames[entry])
    frames[entry] = make_frame(
        parsed.sequence, parsed.compartment, parsed.stamp, flipped(parsed.body, 20)
    )
    report = look(appeal.write(tmp_path / "changed.bundle", frames=frames))
    assert "record-fork" in wrong(report) or "record-contradicted" in wrong(report)
    assert record_of(report).stands <= entry


def test_an_entry_exchanged_after_the_last_witness_is_told(appeal, look, wrong, tmp_path):
    last = Frame.parse(appeal.frames[-1])
    stamp = flipped(last.stamp, 20)
    frames = [*appeal.frames[:-1], make_frame(170, last.compartment, stamp, last.body)]
    report = look(appeal.write(tmp_path / "end.bundle", frames=frames))
    assert wrong(report) == ["record-altered", "record-unsigned"]


def test_an_entry_twice_and_different_on_disk_is_told_and_the_rest_stands(
    station, look, wrong, enrolments
):
    station.add(ev.Beat())
    station.acknowledged()
    frames = read_frames(station.directory).frames
    journal = station.directory / "journal"
    (segment,) = sorted(journal.glob("*.segment"))
    parsed = Frame.parse(frames[-2])
    assert parsed.compartment is Compartment.EVENTS
    forged = make_frame(parsed.sequence, parsed.compartment, parsed.stamp, flipped(parsed.body, 20))
    data = segment.read_bytes().replace(frames[-2], forged)
    (journal / "000002.segment").write_bytes(data)
    report = look(station.directory, *enrolments)
    assert "record-conflict" in wrong(report)
    assert record_of(report).entries == len(frames) - 2
    assert record_of(report).stands > 0


def test_a_torn_segment_is_told(station, look, wrong, enrolments):
    frames = read_frames(station.directory).frames
    (segment,) = (station.directory / "journal").glob("*.segment")
    data = segment.read_bytes()
    segment.write_bytes(flipped(data, data.index(frames[2]) + 40))
    report = look(station.directory, *enrolments)
    assert "record-breaks-off" in wrong(report)
    assert record_of(report).entries == 2


def test_a_directory_without_a_record_is_told(look, wrong, tmp_path):
    (tmp_path / "attempt" / "journal").mkdir(parents=True)
    assert wrong(look(tmp_path / "attempt")) == ["record-empty"]


# --- With the integrity key --------------------------------------------------------


def told(station, look, enrolments, appeal):
    station.acknowledged()
    station.acknowledged()
    return look(station.directory, *enrolments, integrity_key=appeal.integrity)


def test_a_command_by_a_stranger_is_told(station, look, wrong, enrolments, appeal):
    station.order(cmd.AddTime(600), "other", key=SigningKey.generate(pair=False))
    report = told(station, look, enrolments, appeal)
    assert "command-not-signed" in wrong(report)
    assert "NOT signed by a known hall" in to_text(report)


def test_a_correction_that_only_the_hall_said_is_told(station, look, wrong, enrolments, appeal):
    said = Correction(appeal.package_hash, "q-1", "Choice B must read 5 °C.", 1_790_000_000)
    packager = appeal.centre.body.signing_key(PACKAGER)
    station.order(cmd.Correct(sign_correction(said, [packager])), "other")
    report = told(station, look, enrolments, appeal)
    assert "correction-not-signed" not in wrong(report)
    assert "Corrected “q-1”: Choice B must read 5 °C." in to_text(report)
    forged = sign_correction(said, [SigningKey.generate(pair=True)])
    station.order(cmd.Correct(forged), "other")
    assert "correction-not-signed" in wrong(told(station, look, enrolments, appeal))


def test_an_event_of_a_later_version_ends_the_ledger(station, look, wrong, enrolments, appeal):
    before = station.writer.synced
    station.writer.append(station.stamp(), canon.encode([99, "new"]), Compartment.EVENTS)
    station.add(ev.Beat())
    report = told(station, look, enrolments, appeal)
    assert "event-unknown" in wrong(report)
    assert record_of(report).times.to_entry == before
    assert f"Time, as far as entry {before}" in to_text(report)


def test_time_used_beyond_what_was_allowed_is_remarked(station, look, enrolments, appeal):
    station.work(660)
    station.add(ev.Closed(ev.TIME_OVER))
    report = told(station, look, enrolments, appeal)
    (note,) = [each for each in report.subjects[0].findings if each.code == "time-overrun"]
    assert note.fields == {"spent": "11 min 00 s", "allowed": "10 min 00 s"}


def test_a_clock_that_runs_backwards_is_told(station, look, wrong, enrolments, appeal):
    station.wait(-30)
    station.add(ev.Beat())
    assert "time-backwards" in wrong(told(station, look, enrolments, appeal))


def test_pictures_that_were_taken_and_not_handed_in_are_told(
    station, look, wrong, enrolments, appeal
):
    station.picture(1)
    station.picture(2)
    station.add(ev.Closed(ev.HANDED_IN))
    station.acknowledged()
    gone = station.blobs.pop()
    (station.directory / "evidence" / gone.digest.hex()).unlink()
    manifest = station.manifest()
    (station.directory / "manifest").write_bytes(manifest)
    (station.directory / "countersignature").write_bytes(station.countersignature(manifest))
    report = look(station.directory, *enrolments)
    assert wrong(report) == []  # without the key nobody can know
    report = look(station.directory, *enrolments, integrity_key=appeal.integrity)
    assert wrong(report) == ["pictures-differ"]


# --- Packages, grants, receipts, the log -------------------------------------------


def test_a_damaged_package_names_its_blobs(appeal, look, wrong, tmp_path):
    whole = appeal.package.read_bytes()
    path = tmp_path / "bad.package"
    path.write_bytes(flipped(whole, len(whole) - 8192))
    report = look(path, appeal.grant)
    assert wrong(report) == ["package-blob"]
    assert "The other 5 of 6 blobs are the ones that were signed." in to_text(report)
    # Its signatures hold, so that it is still known which package it is.
    assert [each.code for each in report.relations] == ["names-package"]


def test_no_cut_or_flipped_bit_of_a_package_goes_unnoticed(appeal, look, wrong, tmp_path):
    whole = appeal.package.read_bytes()
    path = tmp_path / "bad.package"
    for size in RANDOM.sample(range(len(whole)), 40):
        path.write_bytes(whole[:size])
        assert wrong(look(path)), size
    for place in RANDOM.sample(range(9000), 40) + RANDOM.sample(range(len(whole)), 40):
        path.write_bytes(flipped(whole, place, RANDOM.randrange(8)))
        assert wrong(look(path)), place
    path.write_bytes(whole + b"\0")
    assert wrong(look(path)) == ["package-size"]


@pytest.mark.parametrize("name", ["grant", "receipt", "proof", "checkpoint"])
def test_no_cut_or_flipped_bit_of_a_small_file_goes_unnoticed(appeal, look, wrong, tmp_path, name):
    whole = getattr(appeal, name).read_bytes()
    path = tmp_path / "bad"
    for size in RANDOM.sample(range(len(whole)), min(60, len(whole))):
        path.write_bytes(whole[:size])
        assert wrong(look(path, appeal.receipt)), size
    for place in RANDOM.sample(range(len(whole)), min(60, len(whole))):
        path.write_bytes(flipped(whole, place, RANDOM.randrange(8)))
        assert wrong(look(path, appeal.receipt)), place


def test_files_of_different_exams_are_told_apart(appeal, other, look, wrong):
    assert wrong(look(appeal.bundle, other.package)) == ["names-other-package"]
    assert wrong(look(appeal.package, other.grant)) == ["names-other-package"]
    assert wrong(look(appeal.bundle, other.receipt)) == ["receipt-for-other"]
    assert wrong(look(appeal.bundle, other.proof)) == ["not-in-log"]


def test_two_histories_of_one_attempt_are_told(appeal, other, look, wrong):
    """Both exams here bear the same blind id, and are not the same."""
    report = look(appeal.bundle, other.bundle)
    assert wrong(report) == ["records-differ"]
    assert "differ from entry 1 on" in " ".join(to_text(report).split())


def test_a_grant_that_does_not_name_the_station_is_told(appeal, look, wrong, tmp_path):
    hall = appeal.centre.hall.enrolment()
    path = tmp_path / "other.grant"
    path.write_bytes(
        seal_grant(
            appeal.package_hash, "Lisbon", "2026-11-23/A", 1, b"r" * 16, 2_000_000_000,
            b"K" * 32, b"R" * 32, [Recipient(hall.key_id, hall.sealing_public)],
            [appeal.centre.body.signing_key(PACKAGER)], evidence=EVIDENCE.public,
        )
    )  # fmt: skip
    assert wrong(look(appeal.bundle, path)) == ["not-granted"]


def test_an_addendum_to_the_grant_names_the_station(appeal, look, wrong, tmp_path):
    hall, station = appeal.centre.hall.enrolment(), appeal.centre.station.enrolment()
    packager, keeper, secret = (
        appeal.centre.body.signing_key(PACKAGER), SealingKey.generate(), b"S" * 32,
    )  # fmt: skip
    data = seal_grant(
        appeal.package_hash, "Lisbon", "2026-11-23/A", 1, b"r" * 16, 2_000_000_000,
        b"K" * 32, b"R" * 32, [Recipient(hall.key_id, hall.sealing_public)], [packager],
        evidence=EVIDENCE.public, secret=secret,
    )  # fmt: skip
    grant = read_grant(data, appeal.trust, now_s=None)
    late = Recipient(station.key_id, station.sealing_public)
    kept = keep_secret(secret, grant.hash, keeper.public)
    paths = [tmp_path / "late.grant", tmp_path / "late.addendum"]
    paths[0].write_bytes(data)
    paths[1].write_bytes(seal_addendum(grant, kept, keeper, late, [packager]))
    report = look(appeal.bundle, *paths)
    assert wrong(report) == []
    assert [each.code for each in report.relations] == [
        "addendum-for",
        "granted",
        "evidence-key-granted",
    ]
    assert wrong(look(paths[1], appeal.grant)) == ["addendum-for-other"]
    paths[1].write_bytes(flipped(paths[1].read_bytes(), 60))
    assert wrong(look(appeal.bundle, *paths)) == ["addendum-not-signed", "not-granted"]


def test_a_rewritten_log_is_an_alarm(appeal, look, wrong, tmp_path):
    origin, key = log_origin(appeal.trust), appeal.centre.body.signing_key(CHECKPOINT)
    path = tmp_path / "other.checkpoint"
    path.write_text(sign_checkpoint(checkpoint_body(origin, 7, b"f" * 32), key))
    assert wrong(look(appeal.proof, path)) == ["log-forked"]
    path.write_text(sign_checkpoint(checkpoint_body(origin, 9, b"f" * 32), key))
    report = look(appeal.proof, path)
    assert wrong(report) == []
    assert [each.code for each in report.relations] == ["log-heads-apart"]


def test_a_receipt_for_another_place_in_the_log_is_told(appeal, look, wrong, tmp_path):
    key = appeal.centre.body.signing_key(INTAKE)
    path = tmp_path / "other.receipt"
    path.write_bytes(sign_receipt(Receipt(appeal.bundle_hash, 1_800_000_000, 3), [key]))
    assert wrong(look(path, appeal.proof)) == ["not-in-log"]


def test_the_hand_in_code_of_another_exam_is_told(appeal, look, wrong):
    code = hand_in_code(b"another exam".ljust(32))
    assert wrong(look(appeal.receipt, hand_in_code=code)) == ["code-other"]
    with pytest.raises(UsageError, match="bundle, a receipt or an attempt"):
        look(appeal.package, hand_in_code=code)


# --- Anything else -----------------------------------------------------------------


def test_nothing_is_proven_under_another_bodys_root(appeal, tmp_path):
    from centre import Centre

    stranger = Centre.found(tmp_path / "stranger")
    report = verify(appeal.files, stranger.trust, now_s=1)
    proven = [
        each.code
        for subject in report.subjects
        for each in subject.findings
        if each.standing is Standing.PROVEN
    ]
    assert set(proven) == {"record-joined"}  # hashes alone; nobody's word
    assert all(each.record.stands == 0 for each in report.subjects if each.record)
    assert not any(each.bundle_hash or each.package_hash for each in report.subjects)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-recognised"),
        (b"hello", "not-recognised"),
        (b"exam-kiosk/command/v1\n", "needs-its-whole"),
        (b"EXKBNDL1", "bundle-head-damaged"),
        (b"EXKBNDL1\xff\xff\xff\xff", "bundle-head-damaged"),
        (b"exam-kiosk/package-file/v1\n\xff\xff\xff\xff", "package-damaged"),
        (b"exam-kiosk/grant/v2\n\xff\xff\xff\xff", "grant-not-signed"),
        (b"c2sp.org/tlog-proof@v1\nindex 5\n\xff", "proof-not-signed"),
    ],
)
def test_what_is_no_file_of_ours_is_told(look, wrong, tmp_path, content, code):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert code in wrong(look(path))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    magic=st.sampled_from(
        [
            b"EXKBNDL1", b"EXKJRNL1", b"exam-kiosk/package-file/v1\n", b"exam-kiosk/grant/v2\n",
            b"exam-kiosk/receipt/v1\n", b"exam-kiosk/manifest/v1\n", b"exam-kiosk/trust/v1\n",
            b"exam-kiosk/enrolment/v2\n", b"exam-kiosk/release/v2\n", b"c2sp.org/tlog-proof@v1\n",
            b"x\n1\n" + b"A" * 43 + b"=\n",
        ]
    ),
    rest=st.binary(max_size=300),
)  # fmt: skip
def test_any_bytes_end_in_findings(look, wrong, tmp_path, magic, rest):
    path = tmp_path / "any"
    path.write_bytes(magic + rest)
    assert wrong(look(path))


def test_a_file_that_cannot_be_read_is_told(look, wrong, tmp_path, appeal):
    report = look(tmp_path / "missing", appeal.receipt)
    assert wrong(report) == ["not-readable"]
    assert "No such file" in to_text(report)
