"""Suite 1: the published answers, and what must not open or verify."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.sealing import suite
from exam_packages.sealing.stream import RangeReader, open_stream, seal_stream, sealed_size
from exam_packages.sealing.suite import (
    ED25519,
    MLDSA65,
    SealingKey,
    SealingPublic,
    SigningKey,
    SuiteError,
    VerifyKey,
    check_library,
    digest,
    hkdf,
    hkdf_expand,
    label,
    lp,
)


def test_this_library_has_all_of_suite_1() -> None:
    check_library()


def test_a_library_without_a_part_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("cryptography.hazmat.primitives.hpke.KEM")
    suite._hpke.cache_clear()
    with pytest.raises(SuiteError, match=r"install cryptography 50 or newer"):
        check_library()
    monkeypatch.undo()
    suite._hpke.cache_clear()
    check_library()


def test_hkdf_agrees_with_rfc_5869_a_1() -> None:
    output = hkdf(
        bytes([0x0B] * 22),
        salt=bytes(range(13)),
        info=bytes(range(0xF0, 0xFA)),
        length=42,
    )
    assert output.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_hkdf_expand_is_its_second_half() -> None:
    prk = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    output = hkdf_expand(prk, bytes(range(0xF0, 0xFA)), 42)
    assert output.hex().startswith("3cb25f25faacd57a90434f64d0362f2a")


def test_a_seed_expands_as_in_x_wing_appendix_c_1() -> None:
    seed = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
    raw = SealingKey.from_seed(seed).public.raw.hex()
    assert raw.startswith("e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5")
    assert raw.endswith("859edb06eff389b27dce59844570216223593d4ba32d9abac8cd049040ef6534")


def test_labels_and_digests_are_as_written_down() -> None:
    assert lp(b"ab", b"") == b"\0\0\0\x02ab\0\0\0\0"
    assert label("grant", "key", b"x") == b"exam-kiosk/grant/key/v1\0\0\0\0\x01x"
    assert digest(b"L", b"ab") == hashlib.sha256(b"L\0\0\0\x02ab").digest()


@given(st.lists(st.binary(max_size=5), max_size=5), st.lists(st.binary(max_size=5), max_size=5))
def test_different_fields_never_give_one_label(one: list[bytes], other: list[bytes]) -> None:
    assert (lp(*one) == lp(*other)) == (one == other)


def test_what_is_sealed_opens_for_its_key_and_purpose_only() -> None:
    key, other = SealingKey.generate(), SealingKey.generate()
    sealed = key.public.seal(b"secret", b"purpose")
    assert len(sealed) == len(b"secret") + suite.SEALED_OVERHEAD
    assert SealingKey.from_seed(key.seed).open(sealed, b"purpose") == b"secret"
    for opener, info in ((other, b"purpose"), (key, b"other purpose"), (key, b"")):
        with pytest.raises(SuiteError):
            opener.open(sealed, info)


def test_sealed_things_with_any_byte_changed_or_cut_do_not_open() -> None:
    key = SealingKey.generate()
    sealed = key.public.seal(b"secret", b"purpose")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << place % 8
        for bad in (bytes(changed), sealed[:place]):
            with pytest.raises(SuiteError):
                key.open(bad, b"purpose")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes(suite.SEALING_PUBLIC_SIZE - 1),
        bytes(suite.SEALING_PUBLIC_SIZE + 1),
        b"\xff" * suite.SEALING_PUBLIC_SIZE,  # coefficients that are not reduced
    ],
)
def test_what_is_no_sealing_key_is_refused(raw: bytes) -> None:
    with pytest.raises(SuiteError):
        SealingPublic(raw)


def test_a_sealing_key_of_small_order_is_refused_when_used() -> None:
    good = SealingKey.generate().public.raw
    with pytest.raises(SuiteError):
        SealingPublic(good[:-32] + bytes(32)).seal(b"secret", b"")


def test_keys_have_different_names_by_kind_and_content() -> None:
    pair = SigningKey.generate(pair=True)
    alone = SigningKey(pair.ed25519_seed)
    assert pair.key_id != alone.key_id
    assert pair.key_id == SigningKey(pair.ed25519_seed, pair.mldsa65_seed).key_id
    assert len(pair.key_id) == suite.KEY_ID_SIZE


def test_signatures_verify_by_their_own_algorithm_only() -> None:
    key = SigningKey.generate(pair=True)
    (one, ed), (two, ml) = key.sign(b"message")
    assert (one, two) == (ED25519, MLDSA65)
    assert key.public.verifies(ED25519, ed, b"message")
    assert key.public.verifies(MLDSA65, ml, b"message")
    assert not key.public.verifies(MLDSA65, ed, b"message")
    assert not key.public.verifies(ED25519, ml, b"message")
    assert not key.public.verifies(3, ed, b"message")
    assert not key.public.verifies(ED25519, ed, b"other message")
    assert not VerifyKey(key.public.ed25519).verifies(MLDSA65, ml, b"message")


@pytest.mark.parametrize(("ed", "ml"), [(31, 0), (33, 0), (32, 1), (32, 1951), (0, 1952)])
def test_what_is_no_verification_key_is_refused(ed: int, ml: int) -> None:
    with pytest.raises(SuiteError):
        VerifyKey(bytes(ed), bytes(ml))


def test_no_secret_shows_in_a_repr() -> None:
    signing, sealing = SigningKey.generate(pair=True), SealingKey.generate()
    shown = f"{signing!r} {sealing!r} {signing.public!r} {sealing.public!r}"
    for secret in (signing.ed25519_seed, signing.mldsa65_seed, sealing.seed):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown


# --- Cobblestone-256 ---

CHUNK = 16 * 1024
KEY = bytes(range(32))


def _sealed(data: bytes) -> bytes:
    sealed = b"".join(seal_stream(KEY, b"context", [data]))
    assert len(sealed) == sealed_size(len(data))
    return sealed


def _reader(sealed: bytes, key: bytes = KEY, context: bytes = b"context") -> RangeReader:
    return RangeReader(key, context, len(sealed), lambda at, size: sealed[at : at + size])


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_ranges_agree_with_the_whole_message_at_every_seam(size: int) -> None:
    data = hashlib.shake_256(b"data").digest(size)
    sealed = _sealed(data)
    for step in (100, CHUNK + 16, 10**6):
        pieces = [sealed[at : at + step] for at in range(0, len(sealed), step)]
        assert b"".join(map(bytes, open_stream(KEY, b"context", pieces))) == data
    reader = _reader(sealed)
    assert reader.size == size
    seams = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, size - 1, size, size + 1, 10**12}
    for start in seams:
        for length in (-1, 0, 1, CHUNK, CHUNK + 2, 10**12):
            wanted = data[start : start + length] if start >= 0 and length > 0 else b""
            assert reader.read(start, length) == wanted


def test_a_stream_is_bound_to_its_key_context_and_length() -> None:
    sealed = _sealed(bytes(CHUNK + 100))
    for bad in (sealed[:-1], sealed[: 56 + CHUNK + 16], sealed[:56], b"", sealed + b"\0"):
        with pytest.raises(SuiteError):
            list(open_stream(KEY, b"context", [bad]))
    for key, context in ((bytes(32), b"context"), (KEY, b"other")):
        with pytest.raises(SuiteError):
            list(open_stream(key, context, [sealed]))
        with pytest.raises(SuiteError):
            _reader(sealed, key, context)


@pytest.mark.parametrize("size", [0, 55, 56, 71, 56 + CHUNK + 16, 56 + CHUNK + 31])
def test_a_length_that_no_message_has_is_refused_by_ranges(size: int) -> None:
    with pytest.raises(SuiteError):
        _reader(_sealed(bytes(CHUNK * 2))[:size])


def test_a_changed_or_moved_chunk_does_not_open() -> None:
    sealed = _sealed(bytes(3 * CHUNK))
    changed = bytearray(sealed)
    changed[56 + CHUNK + 16 + 5] ^= 1
    reader = _reader(bytes(changed))
    assert reader.read(0, CHUNK) == bytes(CHUNK)
    with pytest.raises(SuiteError):
        reader.read(CHUNK, 1)
    step = CHUNK + 16
    swapped = sealed[:56] + sealed[56 + step : 56 + 2 * step] + sealed[56 : 56 + step]
    with pytest.raises(SuiteError):
        _reader(swapped + sealed[56 + 2 * step :]).read(0, 1)
