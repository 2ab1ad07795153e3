"""Agreement with Project Wycheproof, whose vectors are the mistakes of others.

They are not in any package that we depend on: check out
https://github.com/C2SP/wycheproof, and run with ``WYCHEPROOF`` set to its
``testvectors_v1`` directory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam_packages.sealing.suite import (
    ED25519,
    MLDSA65,
    SealingPublic,
    SuiteError,
    VerifyKey,
    hkdf,
)

pytestmark = pytest.mark.skipif(
    "WYCHEPROOF" not in os.environ,
    reason="WYCHEPROOF names no directory of Wycheproof's testvectors_v1",
)


def _cases(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every (group, case) of a file."""
    path = Path(os.environ["WYCHEPROOF"]) / f"{name}_test.json"
    for group in json.loads(path.read_bytes())["testGroups"]:
        for case in group["tests"]:
            yield group, case


def _bytes(case: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(case[name])


def test_ed25519() -> None:
    for group, case in _cases("ed25519"):
        key = VerifyKey(bytes.fromhex(group["publicKey"]["pk"]))
        valid = key.verifies(ED25519, _bytes(case, "sig"), _bytes(case, "msg"))
        assert valid == (case["result"] == "valid"), case


def test_ml_dsa_65() -> None:
    for group, case in _cases("mldsa_65_verify"):
        if case.get("ctx"):
            continue  # our context is empty
        try:
            key = VerifyKey(bytes(32), bytes.fromhex(group["publicKey"]))
        except SuiteError:
            valid = False
        else:
            valid = key.verifies(MLDSA65, _bytes(case, "sig"), _bytes(case, "msg"))
        assert valid == (case["result"] == "valid"), case


def test_hkdf_sha256() -> None:
    for _, case in _cases("hkdf_sha256"):
        arguments = {"salt": _bytes(case, "salt"), "info": _bytes(case, "info")}
        if case["result"] == "valid":
            output = hkdf(_bytes(case, "ikm"), length=case["size"], **arguments)
            assert output == _bytes(case, "okm"), case
        else:
            with pytest.raises(ValueError, match="derive key"):
                hkdf(_bytes(case, "ikm"), length=case["size"], **arguments)


def test_aes_256_gcm() -> None:
    """As we use it: a key of 32 bytes, a nonce of 12, a tag of 16."""
    for group, case in _cases("aes_gcm"):
        if (group["keySize"], group["ivSize"], group["tagSize"]) != (256, 96, 128):
            continue
        cipher = AESGCM(_bytes(case, "key"))
        sealed = _bytes(case, "ct") + _bytes(case, "tag")
        try:
            opened = cipher.decrypt(_bytes(case, "iv"), sealed, _bytes(case, "aad"))
        except InvalidTag:
            assert case["result"] == "invalid", case
        else:
            assert (case["result"], opened) == ("valid", _bytes(case, "msg")), case


def test_ml_kem_768_public_keys_and_secrets() -> None:
    for _, case in _cases("mlkem_768"):
        try:
            key = mlkem.MLKEM768PrivateKey.from_seed_bytes(_bytes(case, "seed"))
            SealingPublic(key.public_key().public_bytes_raw() + bytes([9]).ljust(32, b"\0"))
            secret = key.decapsulate(_bytes(case, "c"))
        except ValueError:
            assert case["result"] == "invalid", case
        else:
            assert (case["result"], secret) == ("valid", _bytes(case, "K")), case


def test_x25519() -> None:
    """Points of small order give no secret: sealing to one is refused."""
    for _, case in _cases("x25519"):
        private = x25519.X25519PrivateKey.from_private_bytes(_bytes(case, "private"))
        public = x25519.X25519PublicKey.from_public_bytes(_bytes(case, "public"))
        if not any(_bytes(case, "shared")):
            with pytest.raises(ValueError, match="shared key"):
                private.exchange(public)
        else:
            assert private.exchange(public) == _bytes(case, "shared"), case
