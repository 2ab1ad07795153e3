"""Attacks by name that no other test has.

The others stand where the thing they attack is tested; docs/threat-model.md lists them,
and a test here sees that each is still there.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import readers
from evidence_key import EVIDENCE
from vectors.body import CENTRE, RELEASE_ID, SLOT, START_S, Body

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import (
    BundleError,
    answers_part,
    read_answers,
    sign_manifest,
    verify_bundle,
)
from exam_packages.sealing.grant import (
    GrantExpired,
    WrongMachine,
    WrongRelease,
    read_grant,
    seal_grant,
)
from exam_packages.sealing.package import Package, PackageError
from exam_packages.sealing.package_format import (
    FILE_MAGIC,
    PACKAGE_KIND,
    Entry,
    aligned,
    decode_body,
)
from exam_packages.sealing.package_format import (
    Body as PackageBody,
)
from exam_packages.sealing.release import (
    ReleaseError,
    new_code,
    read_code,
    read_release,
    release_secret,
)
from exam_packages.sealing.signed import SignedError, read_signed, sign
from exam_packages.sealing.trust import Trust, TrustError, TrustStore

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def body() -> Body:
    return Body()


# --- Package -----------------------------------------------------------------------


def _split_package() -> tuple[PackageBody, bytes]:
    """The table of the published package, and its blobs."""
    data = readers.vector("exam.package")
    size = int.from_bytes(data[len(FILE_MAGIC) :][:4], "big")
    start = len(FILE_MAGIC) + 4
    signed = read_signed(data[start : start + size], PACKAGE_KIND)
    return decode_body(signed.body), data[aligned(start + size) :]


def _joined(table: PackageBody, blobs: bytes) -> bytes:
    signed = sign(PACKAGE_KIND, canon.pack(table), [readers.signing("packager")])
    front = FILE_MAGIC + len(signed).to_bytes(4, "big") + signed
    return front.ljust(aligned(len(front)), b"\0") + blobs


def _swapped(table: PackageBody, blobs: bytes, one: Entry, other: Entry) -> bytes:
    assert one.length == other.length
    parts = {
        entry.number: blobs[entry.offset : entry.offset + aligned(entry.length)]
        for entry in table.blobs
    }
    parts[one.number], parts[other.number] = parts[other.number], parts[one.number]
    return b"".join(parts.values())


def test_two_sealed_blobs_of_one_length_swapped_in_the_file() -> None:
    table, blobs = _split_package()
    one, other = table.blobs[3], table.blobs[4]
    data = readers.vector("exam.package")
    swapped = data[: -len(blobs)] + _swapped(table, blobs, one, other)
    with readers.as_file(swapped) as path, Package.open(path, readers.trust(), now_s=None) as bad:
        with pytest.raises(PackageError, match=r"blob 3 of the paper"):
            bad.check()
        with pytest.raises(PackageError, match="damaged"):
            bad.paper(readers.PAPER_KEY).read("paper")


def test_two_sealed_blobs_swapped_and_signed_by_a_mistaken_packager() -> None:
    """The table then agrees with the file: the seal itself knows its number."""
    table, blobs = _split_package()
    entries = list(table.blobs)
    one, other = entries[3], entries[4]
    entries[3] = msgspec.structs.replace(one, sha256=other.sha256)
    entries[4] = msgspec.structs.replace(other, sha256=one.sha256)
    mistaken = msgspec.structs.replace(table, blobs=tuple(entries))
    data = _joined(mistaken, _swapped(table, blobs, one, other))
    with readers.as_file(data) as path, Package.open(path, readers.trust(), now_s=None) as bad:
        bad.check()
        with pytest.raises(PackageError, match="does not open"):
            bad.paper(readers.PAPER_KEY).read("paper")


def test_a_blob_of_the_paper_shown_as_practice() -> None:
    """The part is in the seal's context, and its key is another."""
    table, blobs = _split_package()
    entries = [
        msgspec.structs.replace(entry, part="practice") if entry.number == 2 else entry
        for entry in table.blobs
    ]
    data = _joined(msgspec.structs.replace(table, blobs=tuple(entries)), blobs)
    with (
        readers.as_file(data) as path,
        Package.open(path, readers.trust(), now_s=None) as bad,
        pytest.raises(PackageError, match="index does not agree"),
    ):
        bad.practice()


# --- Grant and release -------------------------------------------------------------


def test_a_form_used_in_two_windows(body: Body) -> None:
    """A second sitting has codes of its own; those of the first do not open its grant.

    That a form is sealed for one window only is the packager's desk's rule
    (``test_packaging.py``): after the first window its paper key is known.
    """
    morning = readers.SECRET
    afternoon = "2026-09-21/B"
    codes = [
        read_code(new_code(readers.PACKAGE_HASH, afternoon, n), readers.PACKAGE_HASH, afternoon, n)
        for n in (1, 2)
    ]
    secret = release_secret(codes, readers.PACKAGE_HASH, afternoon, RELEASE_ID)
    data = seal_grant(
        readers.PACKAGE_HASH,
        CENTRE,
        afternoon,
        1,
        RELEASE_ID,
        START_S + 50_000,
        readers.PAPER_KEY,
        secret,
        [body.first.recipient],
        [body.packager],
        evidence=EVIDENCE.public,
        codes=2,
    )
    second = read_grant(data, readers.trust(), now_s=START_S)
    with pytest.raises(WrongRelease, match=afternoon):
        second.open(body.first.sealing, morning)
    assert second.open(body.first.sealing, secret) == readers.PAPER_KEY


def test_a_replayed_release(body: Body) -> None:
    """Yesterday's signed release, carried into another sitting, time, hall or role."""
    data = readers.vector("sitting.release")
    release = read_release(data, readers.trust(), now_s=START_S)
    with pytest.raises(ReleaseError, match=SLOT):
        read_release(data, readers.trust(), now_s=START_S + 50_000)
    with pytest.raises(ReleaseError, match=SLOT):
        read_release(data, readers.trust(), now_s=START_S - 601)
    with pytest.raises(ReleaseError):
        release.secret(body.first.sealing)  # a station is no hall
    # Shares lifted into a release of another slot do not open there.
    moved = [msgspec.structs.replace(code, slot="2026-09-22/A") for code in release.sealed]
    forged = b"".join(
        sign("exam-kiosk/release/v2", canon.pack(code), [officer])
        for code, officer in zip(moved, (body.release, body.officer), strict=True)
    )
    with pytest.raises(ReleaseError):
        read_release(forged, readers.trust(), now_s=START_S).secret(body.hall.sealing)


def test_the_grant_of_another_centre(body: Body) -> None:
    """It is well signed and opens for others; here it is named as what it is."""
    grant = read_grant(readers.vector("centre.grant"), readers.trust(), now_s=START_S)
    for stranger in (body.lost, body.hall):
        assert not grant.has(stranger.signing.key_id)
        with pytest.raises(WrongMachine, match=re.escape(CENTRE)):
            grant.open(stranger.sealing, readers.SECRET)


def test_an_expired_grant_opens_only_to_go_on(body: Body) -> None:
    data = readers.vector("centre.grant")
    with pytest.raises(GrantExpired, match="clock"):
        read_grant(data, readers.trust(), now_s=START_S + 50_000)
    resumed = read_grant(data, readers.trust(), now_s=None)
    assert resumed.open(body.first.sealing, readers.SECRET) == readers.PAPER_KEY


# --- Trust -------------------------------------------------------------------------


def test_an_older_root_after_a_newer(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust")
    older, newer = readers.vector("root-1.trust"), readers.vector("root-2.trust")
    store.install(older)
    store.install(newer)
    with pytest.raises(TrustError, match="version 1"):
        store.install(older)
    assert store.load().root.version == 2


def test_two_algorithms_of_one_root_holder_beside_a_stranger(body: Body) -> None:
    """Two of three must sign; one of them twice and somebody unknown are not two."""
    signed = read_signed(readers.vector("root-1.trust"), "exam-kiosk/trust/v1")
    for signers in ([body.roots[0]], [body.roots[0], body.roots[3]], [body.roots[0]] * 2):
        with pytest.raises(TrustError, match="1 of the 2"):
            Trust.first(sign("exam-kiosk/trust/v1", signed.body, signers), pinned=None)


# --- Bundle ------------------------------------------------------------------------


def test_the_wrong_centre_in_a_manifest(body: Body) -> None:
    """A station of one centre hands in as if it stood in another."""
    answers = read_answers(readers.vector("attempt.answers"))
    moved = msgspec.structs.replace(answers.manifest, centre="Elsewhere")
    forged = answers_part(
        sign_manifest(moved, body.second.signing), b"", answers.enrolments, answers.frames()
    )
    with pytest.raises(BundleError, match="enrolled station of its centre"):
        verify_bundle(read_answers(forged), readers.trust())


def test_a_revoked_station_hands_in() -> None:
    """What it wrote is not believed by whoever has the newer root."""
    later = readers.trust().update(readers.vector("root-2.trust"))
    revoked = msgspec.structs.replace(
        later.root, revoked=(readers.signing("station 2").key_id,), version=3
    )
    roots = [readers.signing(f"root {number}") for number in (2, 3, 4)]
    newest = later.update(sign("exam-kiosk/trust/v1", canon.pack(revoked), roots))
    answers = read_answers(readers.vector("attempt.answers"))
    verify_bundle(answers, later)
    with pytest.raises(TrustError, match="revoked"):
        verify_bundle(answers, newest)


def test_signatures_doubled_or_out_of_order_in_every_signed_file() -> None:
    """One signature twice, or two exchanged: no second form of one file exists."""
    for kind, name in (
        ("exam-kiosk/grant/v2", "centre.grant"),
        ("exam-kiosk/trust/v1", "root-1.trust"),
        ("exam-kiosk/receipt/v1", "attempt.receipt"),
    ):
        data = readers.vector(name)
        signed = read_signed(data, kind)
        entries = [(e.algorithm, e.key_id, e.signature) for e in signed.signatures]
        front = data[: len(kind) + 5 + len(signed.body)]
        variants = [[*entries, entries[-1]], [entries[0], *entries]]
        if len(entries) > 1:
            variants.append(entries[::-1])
        for variant in variants:
            packed = canon.encode(variant)
            with pytest.raises(SignedError, match="damaged"):
                read_signed(front + len(packed).to_bytes(4, "big") + packed, kind)


# --- The list ----------------------------------------------------------------------


def test_every_attack_in_the_threat_model_has_its_test() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert len(named) >= 11
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), (path, test)


def test_errors_of_attacks_are_of_one_family() -> None:
    for error in (SignedError, TrustError, PackageError, WrongRelease, ReleaseError, BundleError):
        assert issubclass(error, ExamError)
