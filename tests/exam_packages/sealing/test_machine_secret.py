"""What a machine keeps under its own secret opens under that secret and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.sealing.keys import (
    KeyFileError,
    read_key_file,
    read_sealing_key,
    read_signing_key,
    write_key_file,
    write_sealing_key,
    write_signing_key,
)
from exam_packages.sealing.machine_secret import OVERHEAD, MachineSecret
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.suite import SealingKey, SigningKey

SECRET, OTHER = MachineSecret(bytes(range(32))), MachineSecret(bytes(32))


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_in_its_context_alone(data: bytes, context: bytes) -> None:
    sealed = SECRET.seal(context, data)
    assert len(sealed) == len(data) + OVERHEAD
    assert SECRET.open(context, sealed) == data
    assert SECRET.open(context + b"x", sealed) is None
    assert OTHER.open(context, sealed) is None
    assert SECRET.seal(context, data) != sealed


def test_no_bit_may_differ_and_nothing_may_be_missing() -> None:
    sealed = SECRET.seal(b"context", b"data")
    for place in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        assert SECRET.open(b"context", bytes(changed)) is None
    assert all(SECRET.open(b"context", sealed[:end]) is None for end in range(len(sealed)))


def test_a_secret_does_not_show() -> None:
    assert repr(SECRET) == "MachineSecret(…)"
    assert len(MachineSecret.generate().raw) == 32
    for size in (0, 31, 33):
        with pytest.raises(ValueError, match="32 bytes"):
            MachineSecret(bytes(size))


def test_key_files_open_on_their_machine_alone(tmp_path: Path) -> None:
    signing, sealing = SigningKey.generate(pair=False), SealingKey.generate()
    write_signing_key(tmp_path / "signing", signing, SECRET)
    write_sealing_key(tmp_path / "sealing", sealing, SECRET)
    assert read_signing_key(tmp_path / "signing", SECRET).key_id == signing.key_id
    assert read_sealing_key(tmp_path / "sealing", SECRET).key_id == sealing.key_id
    assert signing.ed25519_seed not in (tmp_path / "signing").read_bytes()
    for unlock in (None, OTHER, lambda _: [Passphrase("words that somebody typed")]):
        with pytest.raises(KeyFileError, match="sealed by the TPM") as refused:
            read_signing_key(tmp_path / "signing", unlock)
        assert str(refused.value).endswith(".")
    with pytest.raises(KeyFileError, match="holds a sealing key"):
        read_signing_key(tmp_path / "sealing", SECRET)
    # One kind is not taken for another by renaming it inside.
    number = canon.decode((tmp_path / "sealing").read_bytes())
    assert isinstance(number, list)
    (tmp_path / "renamed").write_bytes(canon.encode([*number[:2], "signing", number[3]]))
    (tmp_path / "renamed").chmod(0o600)
    with pytest.raises(KeyFileError, match="does not open here"):
        read_signing_key(tmp_path / "renamed", SECRET)


def test_a_machine_reads_no_persons_key_and_its_own_plain_ones(tmp_path: Path) -> None:
    phrase = Passphrase("words that somebody typed")
    write_key_file(tmp_path / "person", "batch", (bytes(32),), phrase)
    with pytest.raises(KeyFileError, match="protected by a passphrase"):
        read_key_file(tmp_path / "person", "batch", (32,), unlock=SECRET)
    write_key_file(tmp_path / "plain", "batch", (bytes(32),))
    assert read_key_file(tmp_path / "plain", "batch", (32,), unlock=SECRET) == (bytes(32),)


def test_the_fixed_vector_opens() -> None:
    """So that another implementation can compare (docs/formats.md)."""
    sealed = bytes.fromhex(VECTOR)
    assert SECRET.open(b"context", sealed) == b"data"


VECTOR = (
    "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f9806a67090fdec14"
    "2d83c17050e245150700111e"
)
