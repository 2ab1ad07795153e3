"""What intake takes and what it refuses, on the real storage, without a network."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from centre import CLOCK, Centre, HandedIn, choice, without

from exam_packages import canon
from exam_packages.sealing.journal import genesis
from exam_packages.sealing.receipt import read_receipt
from sync.intake.accept import Unacceptable
from sync.intake.messages import Offer, chunk_digest, cut
from sync.intake.service import MAX_OPEN_OFFERS, Incomplete, Intake, NoRoom, Unknown
from sync.intake.sqlite_storage import SqliteStorage


def offer(handed: HandedIn) -> tuple[Offer, dict[bytes, bytes]]:
    chunks = {chunk_digest(chunk): chunk for chunk in cut(handed.frames)}
    made = Offer(handed.manifest, handed.countersignature, handed.enrolments, tuple(chunks))
    return made, chunks


def hand_over(intake: Intake, handed: HandedIn) -> bytes:
    made, chunks = offer(handed)
    for digest in intake.offer(handed.bundle_hash, canon.pack(made)).digests:
        intake.stage(handed.bundle_hash, digest, chunks[digest])
    return intake.commit(handed.bundle_hash)


def test_a_bundle_gets_a_receipt_that_verifies_and_names_its_leaf(
    intake: Intake, centre: Centre, attempts: Iterator[Path]
) -> None:
    first, second = centre.hand_in(next(attempts)), centre.hand_in(next(attempts))
    leaves = []
    for handed in (first, second):
        receipt = read_receipt(hand_over(intake, handed), centre.trust)
        assert receipt.bundle_hash == handed.bundle_hash
        leaves.append(receipt.leaf)
    assert leaves == [0, 1]


def test_the_same_bundle_again_gives_the_same_receipt_and_no_second_leaf(
    intake: Intake, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts))
    made, chunks = offer(handed)
    receipt = hand_over(intake, handed)
    assert hand_over(intake, handed) == receipt
    assert intake.offer(handed.bundle_hash, canon.pack(made)).digests == ()
    for digest, chunk in chunks.items():
        intake.stage(handed.bundle_hash, digest, chunk)
    assert intake.receipt(handed.bundle_hash) == receipt
    assert storage.counts() | {"bundles": 1, "log_size": 1, "offers_open": 0} == storage.counts()


def test_nothing_is_committed_before_every_chunk_is_here(
    intake: Intake, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts))
    made, chunks = offer(handed)
    with pytest.raises(Unknown):
        intake.commit(handed.bundle_hash)
    assert intake.offer(handed.bundle_hash, canon.pack(made)).digests == tuple(chunks)
    with pytest.raises(Incomplete, match="1 chunks"):
        intake.commit(handed.bundle_hash)
    with pytest.raises(Unknown):
        intake.receipt(handed.bundle_hash)
    assert storage.counts()["bundles"] == 0


def test_a_chunk_that_is_not_what_its_name_says_is_refused(
    intake: Intake, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts))
    made, chunks = offer(handed)
    intake.offer(handed.bundle_hash, canon.pack(made))
    digest = next(iter(chunks))
    with pytest.raises(Unacceptable, match="damaged on its way"):
        intake.stage(handed.bundle_hash, digest, chunks[digest][:-1])
    with pytest.raises(Unknown, match="names no such chunk"):
        intake.stage(handed.bundle_hash, chunk_digest(b"more"), b"more")
    with pytest.raises(Unknown, match="not offered"):
        intake.stage(secrets.token_bytes(32), digest, chunks[digest])


def test_a_manifest_under_another_bundles_name_is_refused(
    intake: Intake, centre: Centre, attempts: Iterator[Path]
) -> None:
    made, _ = offer(centre.hand_in(next(attempts)))
    with pytest.raises(Unacceptable, match="another bundle"):
        intake.offer(secrets.token_bytes(32), canon.pack(made))


@pytest.mark.parametrize("part", ["manifest", "countersignature", "station", "hall"])
def test_altered_signed_parts_are_refused_with_a_sentence(
    part: str, intake: Intake, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts))
    station, hall = handed.enrolments
    parts = {
        "manifest": handed.manifest,
        "countersignature": handed.countersignature,
        "station": station,
        "hall": hall,
    }
    size = len(parts[part])
    for place in {*range(0, size, max(1, size // 12)), size - 1}:
        data = bytearray(parts[part])
        data[place] ^= 1
        altered = parts | {part: bytes(data)}
        forged = without(
            handed,
            manifest=altered["manifest"],
            countersignature=altered["countersignature"],
            enrolments=(altered["station"], altered["hall"]),
        )
        with pytest.raises(Unacceptable) as refusal:
            hand_over(intake, forged)
        assert str(refusal.value).endswith(".")
    assert hand_over(intake, handed)


def test_a_station_of_another_centre_cannot_hand_in_for_this_one(
    intake: Intake, centre: Centre, attempts: Iterator[Path], tmp_path: Path
) -> None:
    other = Centre.found(tmp_path / "other", centre="Porto", body=centre.body)
    sitting = other.sit(next(attempts))
    handed = sitting.hand_in(centre="Lisbon")
    sitting.writer.close()
    with pytest.raises(Unacceptable, match="not enrolled for centre “Lisbon”"):
        hand_over(intake, handed)


def test_machines_of_another_body_are_nobody_here(
    intake: Intake, attempts: Iterator[Path], tmp_path: Path
) -> None:
    stranger = Centre.found(tmp_path / "stranger")
    with pytest.raises(Unacceptable, match="not signed as it must be"):
        hand_over(intake, stranger.hand_in(next(attempts)))


def refused(storage: SqliteStorage) -> list[str]:
    return [each.reason for each in storage.refused()]


def test_a_cut_tail_is_refused_and_kept_for_inspection(
    intake: Intake, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts))
    cut_off = without(handed, frames=handed.frames[:-1])
    with pytest.raises(Unacceptable, match="cut off, added or exchanged"):
        hand_over(intake, cut_off)
    assert storage.counts() | {"bundles": 0, "log_size": 0, "refused": 1} == storage.counts()
    assert "cut off" in refused(storage)[0]
    # A refusal is not the end: the whole bundle is still taken.
    assert hand_over(intake, handed)


@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_frame_of_another_attempt_is_refused(
    place: int, intake: Intake, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed, other = centre.hand_in(next(attempts)), centre.hand_in(next(attempts))
    frames = list(handed.frames)
    frames[place] = other.frames[place]
    with pytest.raises(Unacceptable):
        hand_over(intake, without(handed, frames=tuple(frames)))
    assert storage.counts()["refused"] == 1


def test_a_bundle_that_no_hall_countersigned_is_refused(
    intake: Intake, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed, other = centre.hand_in(next(attempts)), centre.hand_in(next(attempts))
    with pytest.raises(Unacceptable, match="No hall countersigned"):
        hand_over(intake, without(handed, countersignature=b""))
    with pytest.raises(Unacceptable, match="countersigned another bundle"):
        hand_over(intake, without(handed, countersignature=other.countersignature))


def test_a_reopened_hand_in_continues_the_first_in_either_order(
    intake: Intake, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    for later_first in (False, True):
        sitting = centre.sit(next(attempts))
        first = sitting.hand_in()
        sitting.restart()
        sitting.answer("q2", choice("b"))
        sitting.conclude()
        second = sitting.hand_in()
        sitting.writer.close()
        bundles = [second, first] if later_first else [first, second]
        assert len({hand_over(intake, handed) for handed in bundles}) == 2
    assert storage.counts() | {"bundles": 4, "attempts": 2} == storage.counts()


def test_two_histories_of_one_attempt_are_a_fork(
    intake: Intake, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    here, there = next(attempts), next(attempts)
    sitting = centre.sit(here)
    sitting.writer.close()
    place = sitting.writer.synced_cursor
    shutil.copytree(here, there)
    bundles = []
    for directory, answer in ((here, "b"), (there, "c")):
        sitting.directory = directory
        sitting.restart(place)
        sitting.answer("q2", choice(answer))
        sitting.conclude()
        bundles.append(sitting.hand_in())
        sitting.writer.close()
    hand_over(intake, bundles[0])
    with pytest.raises(Unacceptable, match="contradict each other"):
        hand_over(intake, bundles[1])
    assert storage.counts() | {"bundles": 1, "refused": 1} == storage.counts()


def test_a_station_cannot_fill_the_intake_with_offers(
    intake: Intake, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    station = centre.station.signing_key().key_id
    for _ in range(MAX_OPEN_OFFERS):
        storage.offer(secrets.token_bytes(32), station, b"")
    made, _ = offer(handed := centre.hand_in(next(attempts)))
    with pytest.raises(NoRoom, match="under way"):
        intake.offer(handed.bundle_hash, canon.pack(made))


def test_evidence_gives_way_long_before_answers(
    home, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    free = 100 * 1024 * 1024
    intake = Intake(storage, home.trust, home.key(), CLOCK, lambda: free)
    handed = centre.hand_in(next(attempts), pictures=1)
    assert hand_over(intake, handed)
    digest, data = handed.evidence[0]
    with pytest.raises(NoRoom, match="evidence must wait"):
        intake.keep_evidence(handed.bundle_hash, digest, data)
    free = 1024
    with pytest.raises(NoRoom, match="must wait at the hall"):
        hand_over(intake, centre.hand_in(next(attempts)))


def test_evidence_is_taken_only_as_the_manifest_names_it(
    intake: Intake, storage: SqliteStorage, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts), pictures=2)
    (digest, data), (other, _) = handed.evidence
    with pytest.raises(Unknown, match="names this piece"):
        intake.keep_evidence(handed.bundle_hash, digest, data)
    hand_over(intake, handed)
    assert set(intake.missing_evidence(handed.bundle_hash).digests) == {digest, other}
    with pytest.raises(Unacceptable, match="damaged on its way"):
        intake.keep_evidence(handed.bundle_hash, digest, data[:-1])
    with pytest.raises(Unacceptable, match="damaged on its way"):
        intake.keep_evidence(handed.bundle_hash, digest, data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(Unknown):
        intake.keep_evidence(handed.bundle_hash, genesis(handed.blind_id), b"x")
    for _ in range(2):
        intake.keep_evidence(handed.bundle_hash, digest, data)
    assert intake.missing_evidence(handed.bundle_hash).digests == (other,)
    assert storage.evidence(digest) == data
