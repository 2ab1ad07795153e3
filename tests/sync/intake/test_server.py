"""The intake as a process, over real TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from centre import Centre, HandedIn, without
from intake_process import Running

from exam_packages import canon
from exam_packages.sealing.receipt import read_receipt
from sync.intake.client import IntakeClient, IntakeRefused, IntakeUnavailable
from sync.intake.messages import MAX_CHUNK, MAX_PIECE, Offer, bundle_path, chunk_digest, cut
from sync.messages import Refusal


def refusal(response: httpx.Response) -> str:
    found = canon.unpack(response.content, Refusal)
    return found.template.format(**dict(found.fields))


def send_offer(http: httpx.Client, handed: HandedIn) -> dict[bytes, bytes]:
    chunks = {chunk_digest(chunk): chunk for chunk in cut(handed.frames)}
    made = Offer(handed.manifest, handed.countersignature, handed.enrolments, tuple(chunks))
    path = bundle_path(handed.bundle_hash, "manifest")
    assert http.put(path, content=canon.pack(made)).status_code == 200
    return chunks


def test_a_hall_hands_over_answers_then_evidence(
    serving: Running, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts), pictures=3)
    pieces = dict(handed.evidence)
    with serving.client() as client:
        receipt = client.hand_over(**handed.parts())
        assert read_receipt(receipt, centre.trust).bundle_hash == handed.bundle_hash
        assert set(client.missing_evidence(handed.bundle_hash)) == set(pieces)
        for digest in client.missing_evidence(handed.bundle_hash):
            client.put_evidence(handed.bundle_hash, digest, pieces[digest])
        assert client.missing_evidence(handed.bundle_hash) == ()
        assert client.hand_over(**handed.parts()) == receipt


def test_no_certificate_no_entry(serving: Running, centre: Centre) -> None:
    bare = ssl.create_default_context(cafile=str(centre.hall.tls_ca))
    with serving.http(bare) as http, pytest.raises(httpx.TransportError):
        http.get("/log/checkpoint")


def test_a_certificate_of_another_body_is_no_entry(
    serving: Running, centre: Centre, tmp_path: Path
) -> None:
    stranger = Centre.found(tmp_path / "stranger").hall
    context = ssl.create_default_context(cafile=str(centre.hall.tls_ca))
    context.load_cert_chain(stranger.tls_cert, stranger.tls_key)
    with serving.http(context) as http, pytest.raises(httpx.TransportError):
        http.get("/log/checkpoint")


def test_a_refused_bundle_comes_with_its_sentence(
    serving: Running, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts))
    cut_off = without(handed, frames=handed.frames[:-1]).parts()
    with (
        serving.client() as client,
        pytest.raises(IntakeRefused, match="cut off, added or exchanged"),
    ):
        client.hand_over(**cut_off)


def test_an_intake_that_is_not_there_is_said_so(centre: Centre, attempts: Iterator[Path]) -> None:
    http = httpx.Client(base_url="https://127.0.0.1:1", verify=centre.hall.client_tls())
    with http, pytest.raises(IntakeUnavailable, match="waits here") as problem:
        IntakeClient(http).hand_over(**centre.hand_in(next(attempts)).parts())
    assert problem.value.retry_after_s > 0


def test_hostile_bodies_are_refused_and_leave_the_intake_well(
    serving: Running, centre: Centre, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts), pictures=1)
    digest, picture = handed.evidence[0]
    with serving.http() as http:
        bundle, chunk = handed.bundle_hash, chunk_digest(b"")
        manifest = bundle_path(bundle, "manifest")
        assert http.put(manifest, content=b"\xc1" * 99).status_code == 422
        giant = b"x" * (MAX_CHUNK + 1)
        path = bundle_path(bundle, "chunks", chunk.hex())
        assert http.put(path, content=giant).status_code == 413
        # Also when its size is not announced.
        parts = (giant[:65536] for _ in range(100))
        assert http.put(path, content=parts).status_code == 413
        assert http.put(path, content=b"").status_code == 404
        assert http.post(bundle_path(bundle, "commit")).status_code == 404
        assert http.get(bundle_path(bundle, "receipt")).status_code == 404
        assert http.get(bundle_path(bundle, "evidence")).status_code == 404
        for strange in ("zz", bundle.hex().upper(), bundle.hex()[:-2]):
            assert http.post(f"/v1/bundles/{strange}/commit").status_code == 404

        chunks = send_offer(http, handed)
        early = http.post(bundle_path(bundle, "commit"))
        assert early.status_code == 409
        assert "have not arrived" in refusal(early)
        for name, data in chunks.items():
            path = bundle_path(bundle, "chunks", name.hex())
            assert http.put(path, content=data[:-1]).status_code == 422
            assert http.put(path, content=data).status_code == 204
            assert http.put(path, content=data).status_code == 204
        receipt = http.post(bundle_path(bundle, "commit"))
        assert receipt.status_code == 200
        assert http.get(bundle_path(bundle, "receipt")).content == receipt.content

        path = bundle_path(bundle, "evidence", digest.hex())
        assert http.put(path, content=b"y" * (MAX_PIECE + 1)).status_code == 413
        assert http.put(path, content=picture[:-1]).status_code == 422
        assert http.put(path, content=picture).status_code == 204


def test_the_log_without_a_checkpoint_says_so(serving: Running) -> None:
    with serving.http() as http:
        for path in ("/log/checkpoint", "/log/proof/0", "/log/proof/99999999999999999999"):
            assert http.get(path).status_code == 404
