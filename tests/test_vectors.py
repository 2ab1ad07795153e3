"""The published vectors: what an earlier version wrote is read, byte for byte the same.

A change of a format that is already out fails here. Then the change is wrong, or it takes
a new number and new vectors beside these (``tools/make_vectors.py``).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from exam_packages import canon
from exam_packages.attempt.events import Commanded, decode_event, encode_event
from exam_packages.sealing.bundle import (
    BundleFile,
    check_hand_in_code,
    read_answers,
    verify_bundle,
)
from exam_packages.sealing.grant import read_grant
from exam_packages.sealing.journal import (
    ROLE_OF,
    SEALED,
    Compartment,
    EpochKeys,
    Frame,
    Header,
    epoch_header,
    open_frames,
    open_snapshot,
    restore,
    split_frames,
)
from exam_packages.sealing.log import (
    leaf_hash,
    read_checkpoint,
    verify_inclusion,
)
from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.package import Package, Part
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.release import read_code, read_release, release_secret
from exam_packages.sealing.restore_keys import read_erasure, read_restore_key, read_transfer
from exam_packages.sealing.retention import (
    NO_ENTRY,
    Deletion,
    Hold,
    Lifting,
    entry_digest,
    preservation_digest,
    preserved_part,
    read_entry,
    read_preservation,
)
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import CHECKPOINT, Trust, TrustError, read_enrolment

VECTORS = Path(__file__).with_name("vectors")
FACTS: dict[str, Any] = json.loads((VECTORS / "manifest.json").read_bytes())


def data(name: str) -> bytes:
    return (VECTORS / name).read_bytes()


def opener(name: str) -> SealingKey:
    return SealingKey.from_seed(bytes.fromhex(FACTS["keys"][name]["sealing"]))


@pytest.fixture(scope="module")
def trust() -> Trust:
    return Trust.first(data("root-1.trust"), pinned=bytes.fromhex(FACTS["trust"]["pinned"]))


def test_they_are_as_they_were_made() -> None:
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VECTORS.iterdir()
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == FACTS["files"]
    log = VECTORS / "log"
    told = json.loads((log / "manifest.json").read_bytes())
    assert told["files"] == {
        str(path.relative_to(log)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in log.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def test_the_next_root_follows_the_first(trust: Trust) -> None:
    later = trust.update(data("root-2.trust"))
    assert (later.root.body, later.root.version) == (FACTS["trust"]["body"], 2)
    assert later.is_revoked(bytes.fromhex(FACTS["trust"]["revoked by version 2"]))
    lost = data("station-3.enrolment")
    assert read_enrolment(lost, trust, now_s=None).machine == "station 3"
    with pytest.raises(TrustError, match="revoked"):
        read_enrolment(lost, later, now_s=None)


def _contents(part: Part) -> list[list[Any]]:
    return [
        [
            name,
            part.media_type(name),
            part.size(name),
            hashlib.sha256(part.read(name)).hexdigest(),
        ]
        for name in part.names()
    ]


@pytest.mark.parametrize("way", ["spoken", "sent"])
@pytest.mark.parametrize("station", ["station 1", "station 2"])
def test_the_package_opens_with_its_grant_and_release(trust: Trust, station: str, way: str) -> None:
    facts = FACTS["grant"]
    grant = read_grant(data("centre.grant"), trust, now_s=None)
    if way == "spoken":
        bits = [
            read_code(code, grant.package_hash, grant.slot, number)
            for number, code in enumerate(facts["codes"], 1)
        ]
        assert [each.hex() for each in bits] == facts["bits"]
        secret = release_secret(bits, grant.package_hash, grant.slot, grant.release_id)
    else:
        secret = read_release(data("sitting.release"), trust, now_s=None).secret(opener("hall"))
    assert secret.hex() == facts["release secret"]
    key = grant.open(opener(station), secret)
    with Package.open(VECTORS / "exam.package", trust, now_s=None) as package:
        package.check()
        assert package.package_hash == grant.package_hash
        assert package.package_hash.hex() == FACTS["package"]["hash"]
        assert _contents(package.practice()) == FACTS["package"]["practice"]
        assert _contents(package.paper(key)) == FACTS["package"]["paper"]
        chart = package.paper(key).read_range("media/chart", 16_380, 10)
        assert chart == bytes(place % 256 for place in range(16_380, 16_390))


def _headers(frames: list[bytes]) -> list[Header]:
    return [
        epoch_header(frame)
        for frame in frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    ]


def test_the_journal_opens_for_each_role() -> None:
    frames = list(split_frames(data("attempt.journal")))
    facts = FACTS["journal"]
    for role in ("scoring", "integrity", "registrar"):
        mine = [compartment for compartment in SEALED if ROLE_OF[compartment] == role]
        keys = {
            header.context.epoch: header.keys(opener(role), mine) for header in _headers(frames)
        }
        records = list(open_frames(frames, keys))
        assert len(records) == facts["count"] == len(facts["records"])
        for found, (compartment, body, *times) in zip(records, facts["records"], strict=True):
            assert found.compartment == compartment
            if compartment in mine:
                assert found.body is not None
                assert found.body.hex() == body
            elif compartment in SEALED:
                assert found.body is None
            if role == "integrity":
                assert found.stamp is not None
                stamp = found.stamp
                assert [stamp.boottime_ns, stamp.wall_ns, stamp.beacon_ns] == times
            else:
                assert found.stamp is None


def test_the_halves_open_answers_and_events_again() -> None:
    frames = list(split_frames(data("attempt.journal")))
    facts = FACTS["journal"]
    keys: dict[int, EpochKeys] = {}
    for header, half in zip(_headers(frames), facts["halves 2"], strict=True):
        restored = restore(header, header.half_for(opener("hall")), bytes.fromhex(half))
        keys[header.context.epoch] = restored
    for found, (compartment, body, *_) in zip(
        open_frames(frames, keys), facts["records"], strict=True
    ):
        if compartment in (Compartment.RESPONSES, Compartment.EVENTS):
            assert found.body is not None
            assert found.body.hex() == body
        elif compartment in SEALED:
            assert found.body is None


def test_every_record_is_an_event_that_encodes_as_it_was() -> None:
    for _, body, *_ in FACTS["journal"]["records"]:
        if body is not None:
            event = decode_event(bytes.fromhex(body))
            assert encode_event(event).hex() == body
            if isinstance(event, Commanded):
                assert event.command.startswith(b"exam-kiosk/command/v1\n")


def test_the_bundle_proves_itself(trust: Trust) -> None:
    bundle = BundleFile.open(VECTORS / "attempt.bundle")
    manifest = verify_bundle(bundle, trust)
    assert verify_bundle(read_answers(data("attempt.answers")), trust) == manifest
    facts, journal = FACTS["bundle"], FACTS["journal"]
    assert (manifest.sitting, manifest.centre) == (facts["sitting"], facts["centre"])
    assert manifest.finished_s == facts["finished"]
    assert manifest.blind_id.hex() == journal["blind id"]
    assert (manifest.epoch, manifest.count) == (journal["epoch"], journal["count"])
    assert manifest.head.hex() == journal["head"]
    assert b"".join(bundle.frames()) == data("attempt.journal")
    assert bundle.answers.bundle_hash.hex() == facts["hash"]
    assert check_hand_in_code(facts["hand-in code"], bundle.answers.bundle_hash)
    headers = {header.context.epoch: header for header in _headers(list(bundle.frames()))}
    for (epoch, number, sha256), (_, sealed) in zip(
        journal["pictures"], bundle.evidence(), strict=True
    ):
        keys = headers[epoch].keys(opener("integrity"), [Compartment.EVIDENCE])
        pictures = headers[epoch].pictures_key(
            keys, headers[epoch].pictures_part(opener("evidence key"))
        )
        picture = open_snapshot(headers[epoch], pictures, number, sealed)
        assert hashlib.sha256(picture).hexdigest() == sha256


def test_the_receipt_has_its_place_in_the_log(trust: Trust) -> None:
    facts = FACTS["log"]
    receipt = read_receipt(data("attempt.receipt"), trust)
    assert receipt.bundle_hash.hex() == FACTS["bundle"]["hash"]
    assert (receipt.time_s, receipt.leaf) == (facts["received"], facts["place"])
    (role,) = (role for role in trust.root.roles if role.role == CHECKPOINT)
    (key,) = (each.verify_key for each in trust.root.identities if each.key_id in role.key_ids)
    point = read_checkpoint(data("log.checkpoint").decode(), key)
    assert (point.origin, point.size) == (facts["origin"], facts["size"])
    verify_inclusion(
        leaf_hash(bundle_entry(receipt.bundle_hash)),
        receipt.leaf,
        point.size,
        [bytes.fromhex(sibling) for sibling in facts["proof"]],
        point.root,
    )


def test_what_is_said_of_keys_is_signed_by_who_must_say_it() -> None:
    hall = SigningKey(bytes.fromhex(FACTS["keys"]["hall"]["ed25519"])).public
    station = SigningKey(bytes.fromhex(FACTS["keys"]["station 1"]["ed25519"])).public
    restore = read_restore_key(data("hall.restore-key"), hall)
    erasure = read_erasure(data("hall.erasure"), hall)
    assert erasure.keys == (restore.sealing.key_id,)
    assert read_erasure(data("station-1.erasure"), station).halves == 2
    moved = read_transfer(data("attempt.transfer"), hall)
    assert moved.blind_id.hex() == FACTS["journal"]["blind id"]


def test_the_register_says_what_was_held_and_what_was_destroyed(trust: Trust) -> None:
    facts = FACTS["register"]
    previous = NO_ENTRY
    entries = []
    for number, name in enumerate(facts["entries"], 1):
        entry = read_entry(data(name), trust)
        assert (entry.number, entry.previous) == (number, previous)
        previous = entry_digest(data(name))
        entries.append(entry)
    assert [type(each) for each in entries] == [Hold, Lifting, Hold, Deletion]
    certificate = entries[-1]
    assert isinstance(certificate, Deletion)
    assert certificate.key.hex() == facts["destroyed"]
    assert certificate.policy.due_s == facts["due"]
    (preserved,) = certificate.preserved
    kept = read_preservation(data("kept.preservation"), trust)
    assert preserved.preservation == preservation_digest(data("kept.preservation"))
    assert kept.key.key_id.hex() == preserved.key.hex() == facts["kept under"]
    headers = _headers(list(split_frames(data("attempt.journal"))))
    for epoch, header in zip(kept.attempts[0].epochs, headers, strict=True):
        part = preserved_part(epoch, opener("evidence key, preserved"))
        assert part == header.pictures_part(opener("evidence key"))


def test_what_is_read_encodes_to_the_same_bytes(trust: Trust) -> None:
    """Reading and writing agree on every typed object, field for field."""
    from exam_packages.sealing.signed import read_signed
    from exam_packages.sealing.trust import Enrolment, TrustRoot

    for name, kind, shape in (
        ("root-1.trust", "exam-kiosk/trust/v1", TrustRoot),
        ("hall.enrolment", "exam-kiosk/enrolment/v2", Enrolment),
    ):
        body = read_signed(data(name), kind).body
        assert canon.pack(canon.unpack(body, shape)) == body
    grant = read_grant(data("centre.grant"), trust, now_s=None)
    assert canon.pack(grant) == read_signed(data("centre.grant"), "exam-kiosk/grant/v2").body
