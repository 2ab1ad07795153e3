"""The signed envelope: what was signed comes back; anything else does not."""

from __future__ import annotations

import pytest

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.signed import (
    SignedError,
    pre_authentication,
    read_signed,
    sign,
    verify,
)
from exam_packages.sealing.suite import SigningKey

KIND = "exam-kiosk/grant/v1"
OTHER = "exam-kiosk/release/v1"
A = SigningKey.generate(pair=False)
B = SigningKey.generate(pair=False)
PAIR = SigningKey.generate(pair=True)


def _with_signatures(data: bytes, entries: list[list[object]]) -> bytes:
    """*data* with its signatures replaced by *entries*."""
    body = read_signed(data, KIND).body
    packed = canon.encode(entries)  # type: ignore[arg-type]
    head = KIND.encode() + b"\n" + len(body).to_bytes(4, "big") + body
    return head + len(packed).to_bytes(4, "big") + packed


def _entries(data: bytes) -> list[list[object]]:
    return [[e.algorithm, e.key_id, e.signature] for e in read_signed(data, KIND).signatures]


def test_the_bytes_are_as_written_down() -> None:
    data = sign(KIND, b"body", [A])
    (entry,) = read_signed(data, KIND).signatures
    packed = canon.encode([[1, A.key_id, entry.signature]])
    assert data == b"%b\n\0\0\0\x04body%b%b" % (
        KIND.encode(),
        len(packed).to_bytes(4, "big"),
        packed,
    )
    assert pre_authentication(KIND, b"body") == b"DSSEv1 19 exam-kiosk/grant/v1 4 body"
    assert entry.signature == A.sign(pre_authentication(KIND, b"body"))[0][1]


def test_what_was_signed_comes_back() -> None:
    data = sign(KIND, b"body", [A, PAIR])
    assert verify(data, KIND, [A.public]) == b"body"
    assert verify(data, KIND, [PAIR.public, A.public, B.public], 2) == b"body"
    assert read_signed(data, KIND).signers([A.public, B.public, PAIR.public]) == {
        A.key_id,
        PAIR.key_id,
    }


def test_no_single_bit_may_differ() -> None:
    data = sign(KIND, b"small body", [A])
    for place in range(len(data) * 8):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(SignedError):
            verify(bytes(changed), KIND, [A.public])


def test_no_byte_of_a_pairs_signatures_may_differ() -> None:
    data = sign(KIND, b"small body", [PAIR])
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        with pytest.raises(SignedError):
            verify(bytes(changed), KIND, [PAIR.public])


def test_every_cut_and_every_tail_is_refused() -> None:
    data = sign(KIND, b"small body", [A])
    for end in range(len(data)):
        with pytest.raises(SignedError):
            verify(data[:end], KIND, [A.public])
    with pytest.raises(SignedError):
        verify(data + b"\0", KIND, [A.public])


def test_another_kind_is_refused_and_named() -> None:
    data = sign(OTHER, b"body", [A])
    with pytest.raises(SignedError, match="“release”"):
        verify(data, KIND, [A.public])
    relabelled = data.replace(OTHER.encode(), KIND.encode())
    with pytest.raises(SignedError):
        verify(relabelled, KIND, [A.public])


def test_nothing_a_stranger_writes_is_shown() -> None:
    with pytest.raises(SignedError) as caught:
        read_signed(b"exam-kiosk/\x1b[2J/v1\nrest", KIND)
    assert "\x1b" not in str(caught.value)


def test_one_signature_twice_is_refused() -> None:
    data = sign(KIND, b"body", [A])
    (entry,) = _entries(data)
    for threshold in (1, 2):
        with pytest.raises(SignedError):
            verify(_with_signatures(data, [entry, entry]), KIND, [A.public, B.public], threshold)
    with pytest.raises(SignedError):
        verify(sign(KIND, b"body", [A, A]), KIND, [A.public, B.public], 2)
    with pytest.raises(SignedError):
        verify(sign(KIND, b"body", [A]), KIND, [A.public, A.public], 2)


def test_signatures_have_one_order() -> None:
    data = sign(KIND, b"body", [A, B])
    entries = _entries(data)
    assert verify(_with_signatures(data, entries), KIND, [A.public, B.public], 2) == b"body"
    with pytest.raises(SignedError):
        verify(_with_signatures(data, entries[::-1]), KIND, [A.public, B.public], 2)


def test_two_algorithms_of_one_person_are_one_person() -> None:
    data = sign(KIND, b"body", [PAIR])
    assert len(read_signed(data, KIND).signatures) == 2
    with pytest.raises(SignedError):
        verify(data, KIND, [PAIR.public, A.public], 2)


def test_half_a_pair_is_nobody() -> None:
    data = sign(KIND, b"body", [PAIR])
    for entry in _entries(data):
        with pytest.raises(SignedError):
            verify(_with_signatures(data, [entry]), KIND, [PAIR.public])


def test_a_signature_counts_under_its_own_name_only() -> None:
    data = sign(KIND, b"body", [A])
    ((algorithm, _, signature),) = _entries(data)
    with pytest.raises(SignedError):
        verify(_with_signatures(data, [[algorithm, B.key_id, signature]]), KIND, [A.public])
    with pytest.raises(SignedError):
        verify(_with_signatures(data, [[algorithm, B.key_id, signature]]), KIND, [B.public])


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [[1, b"short", b""]],
        [[1, bytes(16)]],
        [["1", bytes(16), b""]],
        [[1, bytes([n]) * 16, b""] for n in range(65)],
    ],
)
def test_odd_signatures_are_refused(entries: list[list[object]]) -> None:
    with pytest.raises(SignedError):
        verify(_with_signatures(sign(KIND, b"body", [A]), entries), KIND, [A.public])


def test_a_threshold_of_none_is_never_met() -> None:
    data = sign(KIND, b"body", [A])
    for threshold in (0, -1):
        with pytest.raises(SignedError):
            verify(data, KIND, [A.public], threshold)
    with pytest.raises(SignedError):
        verify(data, KIND, [])


def test_the_bound_comes_before_any_work() -> None:
    data = sign(KIND, bytes(1000), [A])
    assert verify(data, KIND, [A.public], max_size=len(data)) == bytes(1000)
    with pytest.raises(SignedError, match="at most"):
        verify(data, KIND, [A.public], max_size=len(data) - 1)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", KIND.encode(), KIND.encode() + b"\n", KIND.encode() + b"\n\xff\xff\xff\xff"],
)
def test_scraps_are_refused_with_our_error(data: bytes) -> None:
    with pytest.raises(ExamError):
        read_signed(data, KIND)


@pytest.mark.parametrize("kind", ["grant", "exam-kiosk/grant", "exam-kiosk/grant/v0", KIND + "\n"])
def test_only_proper_kinds_are_signed(kind: str) -> None:
    with pytest.raises(ValueError, match="not a kind"):
        sign(kind, b"body", [A])
