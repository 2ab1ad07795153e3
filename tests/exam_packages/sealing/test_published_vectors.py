"""Agreement with the published vectors of every part of suite 1.

They come in the wheel ``cryptography-vectors``: RFC 5869, RFC 8032's inputs, FIPS 203 and
204, RFC 9180, the hybrid KEM's draft, and C2SP's chunked encryption. RFC 6962's tree is
compared in ``record/test_log.py``; the wheel has nothing about it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from exam_packages.sealing import stream
from exam_packages.sealing.stream import RangeReader, open_stream, seal_stream
from exam_packages.sealing.suite import (
    ED25519,
    MLDSA65,
    SealingKey,
    SigningKey,
    SuiteError,
    VerifyKey,
    hkdf,
    hkdf_expand,
)

vectors = pytest.importorskip(
    "cryptography_vectors", reason="the wheel cryptography-vectors is not installed"
)
sys.path.insert(0, str(Path(__file__).parents[2]))

from second.suite import Opener, key_schedule  # noqa: E402

ROOT = Path(vectors.__file__).parent


def _records(name: str) -> Iterator[dict[str, str]]:
    """The ``name = value`` blocks of a text file, apart by a count."""
    record: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="ascii").splitlines():
        match = re.fullmatch(r"(\w+) *= *(.*)", line)
        if match is None:
            continue
        if match[1].lower() == "count" and record:
            yield record
            record = {}
        record[match[1]] = match[2]
    yield record


def _bytes(record: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(record[name])


def test_hkdf_agrees_with_rfc_5869() -> None:
    count = 0
    for record in _records("KDF/rfc-5869-HKDF-SHA256.txt"):
        if record["Hash"] != "SHA-256":
            continue
        length, info = int(record["L"]), _bytes(record, "info")
        output = _bytes(record, "OKM")
        salt = _bytes(record, "salt") or None
        assert hkdf(_bytes(record, "IKM"), salt=salt, info=info, length=length) == output
        assert hkdf_expand(_bytes(record, "PRK"), info, length) == output
        count += 1
    assert count == 3


def test_ed25519_agrees_with_its_authors() -> None:
    lines = (ROOT / "asymmetric/Ed25519/sign.input").read_text(encoding="ascii").splitlines()
    for line in lines[::4]:
        secret, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        key = SigningKey(secret[:32])
        assert key.public.ed25519 == public
        assert key.sign(message) == ((ED25519, signed[:64]),)
        assert key.public.verifies(ED25519, signed[:64], message)
        assert not key.public.verifies(ED25519, signed[:64], message + b"\0")
    assert len(lines) == 1024


def test_ml_dsa_65_keys_agree_with_fips_204() -> None:
    """Keys from seeds; signatures with our empty context are compared by Wycheproof's."""
    records = list(_records("asymmetric/MLDSA/kat_MLDSA_65_det_pure.rsp"))
    for record in records:
        key = SigningKey(bytes(32), _bytes(record, "xi"))
        assert key.public.mldsa65 == _bytes(record, "pk")
    assert len(records) == 100
    (_, (number, made)) = key.sign(b"message")
    assert number == MLDSA65
    assert key.public.verifies(MLDSA65, made, b"message")


def test_ml_kem_768_agrees_with_fips_203() -> None:
    records = list(_records("asymmetric/MLKEM/kat_MLKEM_768.rsp"))
    for record in records[::5]:
        seed = _bytes(record, "d") + _bytes(record, "z")
        key = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed)
        assert key.public_key().public_bytes_raw() == _bytes(record, "pk")
        assert key.decapsulate(_bytes(record, "ct")) == _bytes(record, "ss")
        # an altered ciphertext gives another secret, and nothing tells
        assert key.decapsulate(_bytes(record, "ct_n")) == _bytes(record, "ss_n")
    assert len(records) == 1000


def test_the_key_schedule_agrees_with_rfc_9180() -> None:
    """By the second reader's HPKE, which opens what our library seals."""
    found = 0
    for vector in json.loads((ROOT / "HPKE/test-vectors.json").read_bytes()):
        if (vector["mode"], vector["kdf_id"], vector["aead_id"]) == (0, 1, 2):
            key, nonce = key_schedule(
                _bytes(vector, "shared_secret"), _bytes(vector, "info"), vector["kem_id"], 2
            )
            assert (key, nonce) == (_bytes(vector, "key"), _bytes(vector, "base_nonce"))
            first = vector["encryptions"][0]
            opened = AESGCM(key).decrypt(nonce, _bytes(first, "ct"), _bytes(first, "aad"))
            assert opened == _bytes(first, "pt")
            found += 1
    assert found >= 2


def test_the_hybrid_kem_agrees_with_its_draft() -> None:
    """Our keys from its seeds; its secrets by the second reader, who opens what we seal."""
    for vector in json.loads((ROOT / "HPKE/hpke-pq-test-vectors.json").read_bytes()):
        if (vector["kem_id"], vector["kdf_id"]) == (0x647A, 1):
            break
    else:
        pytest.fail("the wheel has no vector of this KEM")
    seed, info = _bytes(vector, "skRm"), _bytes(vector, "info")
    ours, second = SealingKey.from_seed(seed), Opener(seed)
    assert ours.public.raw == second.public == _bytes(vector, "pkRm")
    shared = second.shared(_bytes(vector, "enc"))
    assert shared == _bytes(vector, "shared_secret")
    key, nonce = key_schedule(shared, info, 0x647A, vector["aead_id"])
    assert (key, nonce) == (_bytes(vector, "key"), _bytes(vector, "base_nonce"))
    first = vector["encryptions"][0]
    opened = ChaCha20Poly1305(key).decrypt(nonce, _bytes(first, "ct"), _bytes(first, "aad"))
    assert opened == _bytes(first, "pt")
    assert second.open(ours.public.seal(b"ours", info), info) == b"ours"


def _chunked() -> list[dict[str, Any]]:
    found = json.loads((ROOT / "chunked-encryption/vectors.json").read_bytes())["vectors"]
    return [vector for vector in found if vector["aead"] == "AEAD_AES_256_GCM"]


@pytest.mark.parametrize("vector", _chunked(), ids=lambda vector: str(vector["name"]))
def test_range_reads_agree_with_c2sp(
    vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The published vectors are of the form with SHA-256; ours, Cobblestone-256, has SHA-512."""
    monkeypatch.setattr(stream, "hashes", SimpleNamespace(SHA512=hashes.SHA256))
    data = base64.b64decode(vector["ciphertext"] or "")
    if vector.get("compressed"):
        data = zlib.decompress(data)

    def read() -> bytes:
        reader = RangeReader(
            _bytes(vector, "key"),
            vector["context"].encode(),
            len(data),
            lambda offset, length: data[offset : offset + length],
        )
        pieces = [reader.read(place, 50_000) for place in range(0, reader.size + 1, 50_000)]
        return b"".join(pieces)

    if vector["expect"] == "success":
        opened = read()
        assert len(opened) == vector["payload_length"]
        assert hashlib.sha256(opened).hexdigest() == vector["payload_sha256"]
    else:
        with pytest.raises(SuiteError):
            read()


@pytest.mark.parametrize("size", [31, 33])
def test_a_key_of_another_length_opens_no_stream(size: int) -> None:
    sealed = b"".join(seal_stream(bytes(32), b"", [b"content"]))
    with pytest.raises(SuiteError):
        b"".join(map(bytes, open_stream(bytes(size), b"", [sealed])))
    with pytest.raises(SuiteError):
        RangeReader(bytes(size), b"", len(sealed), lambda at, length: sealed[at : at + length])


def test_a_verification_key_of_either_kind_stands_alone() -> None:
    key = VerifyKey(bytes(32))
    assert not key.verifies(MLDSA65, bytes(3309), b"")
    assert not key.verifies(3, bytes(64), b"")
