"""Key files under a passphrase: what opens them, and that nothing else does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.sealing import protection
from exam_packages.sealing.keys import (
    KeyFileError,
    Unlock,
    protect_again,
    read_key_file,
    read_sealing_key,
    read_signing_key,
    write_key_file,
    write_sealing_key,
    write_signing_key,
)
from exam_packages.sealing.protection import MAX_PASSPHRASE, Passphrase, PassphraseError
from exam_packages.sealing.suite import SealingKey, SigningKey

WORDS = "seven quiet otters count"
SEED = b"secret seed, thirty-two bytes lo"


def members(path: Path) -> list[Any]:
    """The file as the canonical array it is."""
    found = canon.decode(path.read_bytes())
    assert isinstance(found, list)
    return found


def giving(*texts: str) -> Unlock:
    return lambda _path: [Passphrase(text) for text in texts]


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write files of the least cost, so that hundreds can be read."""
    monkeypatch.setattr(protection, "MEMORY_KIB", 32)
    monkeypatch.setattr(protection, "PASSES", 1)


def test_keys_come_back_under_their_passphrase_only(tmp_path: Path) -> None:
    passphrase = Passphrase(WORDS)
    signing, sealing = SigningKey.generate(pair=True), SealingKey.generate()
    write_signing_key(tmp_path / "signing", signing, passphrase)
    write_sealing_key(tmp_path / "sealing", sealing, passphrase)
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert sealing.seed not in path.read_bytes()
        assert signing.ed25519_seed not in path.read_bytes()
    again = Passphrase(WORDS)
    assert read_signing_key(tmp_path / "signing", lambda _: [again]).key_id == signing.key_id
    assert read_sealing_key(tmp_path / "sealing", lambda _: [again]).key_id == sealing.key_id
    with pytest.raises(KeyFileError, match="the passphrase is another"):
        read_sealing_key(tmp_path / "sealing", giving("seven quiet otters counT"))
    with pytest.raises(KeyFileError, match="--passphrase-file"):
        read_sealing_key(tmp_path / "sealing")
    with pytest.raises(KeyFileError, match="--passphrase-file"):
        read_sealing_key(tmp_path / "sealing", giving())
    with pytest.raises(KeyFileError, match="holds a signing key"):
        read_sealing_key(tmp_path / "signing", lambda _: [again])


def test_the_cost_is_what_the_documents_say(tmp_path: Path) -> None:
    write_key_file(tmp_path / "key", "sealing", (SEED,), Passphrase(WORDS))
    assert members(tmp_path / "key")[3][:3] == [65536, 3, 4]


@pytest.mark.usefixtures("cheap")
def test_a_file_opens_by_the_document_alone(tmp_path: Path) -> None:
    """docs/formats.md, “Key files”, with nothing of ours but the canonical coding."""
    write_key_file(tmp_path / "key", "sealing", (SEED,), Passphrase("cafe\u0301 " + WORDS))
    name, number, kind, lock, sealed = members(tmp_path / "key")
    memory, passes, lanes, salt, nonce = lock
    stretched = Argon2id(
        salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory
    ).derive(f"caf\u00e9 {WORDS}".encode())
    info = b"exam-kiosk/key-file/seal/v1\0" + len(nonce).to_bytes(4, "big") + nonce
    key = HKDFExpand(hashes.SHA256(), 32, info).derive(stretched)
    header = canon.encode([name, number, kind, lock])
    context = b"exam-kiosk/key-file/header/v1\0" + len(header).to_bytes(4, "big") + header
    assert canon.decode(AESGCM(key).decrypt(bytes(12), sealed, context)) == [SEED]


def test_the_example_in_the_documents_opens(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
    example = text[text.index("Example: passphrase") :]
    words, seed = example.split("`")[1], bytes.fromhex(example.split("`")[3])
    path = tmp_path / "key"
    path.write_bytes(bytes.fromhex("".join(example.split("```")[1].split())))
    path.chmod(0o600)
    assert read_key_file(path, "sealing", (32,), unlock=giving(words)) == (seed,)


@pytest.mark.usefixtures("cheap")
def test_files_written_together_share_no_key(tmp_path: Path) -> None:
    passphrase = Passphrase(WORDS)
    for name in "ab":
        write_key_file(tmp_path / name, "sealing", (SEED,), passphrase)
    one, other = (members(tmp_path / name) for name in "ab")
    assert one[3][3] == other[3][3]  # one costly step for both
    assert one[3][4] != other[3][4]
    assert one[4] != other[4]


@pytest.mark.usefixtures("cheap")
def test_no_changed_byte_opens(tmp_path: Path) -> None:
    """Every byte of the file is bound: also its kind and its cost, which lie in clear."""
    path = tmp_path / "key"
    write_key_file(path, "sealing", (SEED,), Passphrase(WORDS))
    whole, passphrase = path.read_bytes(), Passphrase(WORDS)
    cost = whole.index(b"sealing") + len("sealing")
    for at in range(len(whole)):
        if cost <= at < cost + 4:
            continue  # another cost: bounded below, and slow to try for each bit
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(KeyFileError) as caught:
            read_sealing_key(path, lambda _: [passphrase])
        assert "secret seed" not in str(caught.value)
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(KeyFileError):
            read_sealing_key(path, lambda _: [passphrase])


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize(
    ("memory", "passes", "lanes"),
    [(1 << 21, 1, 1), (32, 1 << 20, 1), (32, 1, 255), (0, 1, 1), (32, 0, 1), (32, 1, 0), (8, 1, 2)],
)
def test_a_cost_beyond_bounds_is_refused_before_any_work(
    tmp_path: Path, memory: int, passes: int, lanes: int
) -> None:
    path = tmp_path / "key"
    fields = [memory, passes, lanes, bytes(16), bytes(32)]
    path.write_bytes(canon.encode(["exam-kiosk/key/v1", 1, "sealing", fields, bytes(64)]))  # type: ignore[list-item]
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        read_sealing_key(path, giving(WORDS))


@pytest.mark.usefixtures("cheap")
def test_each_passphrase_is_tried_until_one_opens(tmp_path: Path) -> None:
    write_key_file(tmp_path / "key", "batch", (SEED,), Passphrase(WORDS))
    tried = []

    def unlock(_path: Path) -> Iterable[Passphrase]:
        for text in ("first of all", WORDS, "never asked for"):
            tried.append(text)
            yield Passphrase(text)

    assert read_key_file(tmp_path / "key", "batch", (32,), unlock=unlock) == (SEED,)
    assert tried == ["first of all", WORDS]


@pytest.mark.usefixtures("cheap")
def test_a_passphrase_is_changed_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_key_file(path, "sealing", (SEED,))  # also one that had none
    protect_again(path, None, Passphrase(WORDS))
    before = path.read_bytes()
    with pytest.raises(KeyFileError):
        protect_again(path, giving("not this one"), Passphrase("another phrase"))
    assert path.read_bytes() == before
    protect_again(path, giving(WORDS), Passphrase("another phrase"))
    assert read_key_file(path, "sealing", (32,), unlock=giving("another phrase")) == (SEED,)
    with pytest.raises(KeyFileError):
        read_key_file(path, "sealing", (32,), unlock=giving(WORDS))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("text", ["", "x" * (MAX_PASSPHRASE + 1), "\ud800"])
def test_what_cannot_be_a_passphrase(text: str) -> None:
    with pytest.raises(PassphraseError):
        Passphrase(text)


def test_a_passphrase_is_never_shown() -> None:
    assert WORDS not in repr(Passphrase(WORDS)) + str(Passphrase(WORDS))


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    parts=st.lists(st.binary(max_size=64), max_size=8),
)
def test_any_text_seals_any_secrets(text: str, parts: list[bytes]) -> None:
    lock = protection.Lock(32, 1, 1, bytes(16), bytes(32))
    sealed = protection.seal(Passphrase(text), lock, b"header", parts)
    assert protection.open_sealed(Passphrase(text), lock, b"header", sealed) == tuple(parts)
    assert protection.open_sealed(Passphrase(text), lock, b"other", sealed) is None
    assert protection.open_sealed(Passphrase(text + "x"), lock, b"header", sealed) is None
