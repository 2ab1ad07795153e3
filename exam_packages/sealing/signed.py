"""The envelope of everything that is signed: bytes first, meaning after.

A signed object is::

    kind ‖ "\\n" ‖ u32 length ‖ body ‖ u32 length ‖ signatures

and nothing after it; lengths are big-endian. The kind is ASCII, such as
``exam-kiosk/grant/v1``. The signatures are a canonical array of
``[algorithm, key id, signature]``, strictly ascending by key id and algorithm, so that
there is one order and no duplicate. Each signature covers DSSE's pre-authentication
encoding of (kind, exact body bytes); bodies are decoded only after they verified.

Signatures are counted by *identity*: an identity that is a pair of keys counts once,
and only when both its algorithms verify.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from exam_packages import canon
from exam_packages.sealing.labels import KEY_ID_SIZE, SealingError

if TYPE_CHECKING:
    from exam_packages.sealing.suite import SigningKey, VerifyKey

__all__ = [
    "MAX_SIGNED_SIZE",
    "Signature",
    "Signed",
    "SignedError",
    "name_of",
    "pre_authentication",
    "read_signed",
    "sign",
    "sign_too",
    "split_signed",
    "verify",
]

MAX_SIGNED_SIZE: Final = canon.MAX_SIZE
"""Bytes a signed object may have where its reader sets no tighter bound."""

_MAX_SIGNATURES = 64
_MAX_SIGNATURES_SIZE = 256 * 1024
_KIND = re.compile(r"exam-kiosk/[a-z0-9-]{1,32}/v[1-9][0-9]{0,2}")
_LONGEST_KIND = 64
_SPOKEN: Final = {"trust": "root of trust"}


class SignedError(SealingError):
    """These bytes are not the signed object expected, or not signed by whom it must be."""


class Signature(canon.Object):
    """One signature: the algorithm's number, who signed (16 bytes), the signature."""

    algorithm: int
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Signed:
    """A signed object taken apart; nothing in it is verified yet."""

    kind: str
    body: bytes
    signatures: tuple[Signature, ...]

    def signers(self, keys: Iterable[VerifyKey]) -> frozenset[bytes]:
        """The key ids among *keys* whose every algorithm signed this body."""
        given: dict[bytes, dict[int, bytes]] = {}
        for entry in self.signatures:
            given.setdefault(entry.key_id, {})[entry.algorithm] = entry.signature
        message = pre_authentication(self.kind, self.body)
        return frozenset(
            key.key_id
            for key in keys
            if key.key_id in given
            and all(
                key.verifies(algorithm, given[key.key_id].get(algorithm, b""), message)
                for algorithm in key.algorithms
            )
        )


def pre_authentication(kind: str, body: bytes) -> bytes:
    """The bytes a signature covers: DSSE v1.0.0, ``PAE(type, body)``."""
    name = kind.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(body), body)


def sign(kind: str, body: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Sign *body* as a *kind* with every algorithm of every one of *keys*."""
    if not _KIND.fullmatch(kind):
        raise ValueError(f"not a kind of signed object: {kind!r}")
    return _signed(kind, body, keys, ())


def sign_too(data: bytes, kind: str, keys: Sequence[SigningKey], *, max_size: int) -> bytes:
    """The signed object *data* with the signatures of *keys* beside those it has.

    Nothing in it is verified. Raises :class:`SignedError` when it is not a *kind*.
    """
    signed = read_signed(data, kind, max_size=max_size)
    return _signed(kind, signed.body, keys, signed.signatures)


def _signed(
    kind: str, body: bytes, keys: Sequence[SigningKey], before: Sequence[Signature]
) -> bytes:
    message = pre_authentication(kind, body)
    made = {(each.key_id, each.algorithm): each.signature for each in before}
    for key in keys:
        made |= {(key.key_id, algorithm): signature for algorithm, signature in key.sign(message)}
    signatures = canon.encode(
        [(algorithm, who, made[who, algorithm]) for who, algorithm in sorted(made)]
    )
    return b"%b\n%b%b%b%b" % (
        kind.encode("ascii"),
        len(body).to_bytes(4, "big"),
        body,
        len(signatures).to_bytes(4, "big"),
        signatures,
    )


def read_signed(data: bytes, kind: str, *, max_size: int = MAX_SIGNED_SIZE) -> Signed:
    """Take a signed object apart, without believing any of it.

    Raises :class:`SignedError` when *data* is longer than *max_size* bytes, is not a
    *kind*, is cut short or carries anything after its end.
    """
    if len(data) > max_size:
        raise SignedError(
            "A signed object is {size} bytes long; at most {limit} are allowed here.",
            size=len(data),
            limit=max_size,
        )
    found = _kind_of(data)
    if found != kind:
        raise SignedError(
            "This is not the file that is needed here: it is {found}, and a “{kind}” is wanted.",
            found=f"a “{name_of(found)}”" if found else "nothing of ours that is signed",
            kind=name_of(kind),
        )
    rest = memoryview(data)[len(kind) + 1 :]
    body, rest = _cut(rest, max_size, kind)
    packed, rest = _cut(rest, _MAX_SIGNATURES_SIZE, kind)
    if rest:
        raise _damaged(kind)
    try:
        signatures: tuple[Signature, ...] = canon.unpack(
            packed,
            tuple[Signature, ...],
            max_size=_MAX_SIGNATURES_SIZE,
            max_count=_MAX_SIGNATURES,
        )
    except canon.CanonError:
        raise _damaged(kind) from None
    order = [(entry.key_id, entry.algorithm) for entry in signatures]
    if any(len(key_id) != KEY_ID_SIZE for key_id, _ in order) or any(
        earlier >= later for earlier, later in pairwise(order)
    ):
        raise _damaged(kind)
    return Signed(kind, body, signatures)


def split_signed(data: bytes, kind: str, *, most: int, max_size: int) -> tuple[bytes, ...]:
    """The signed objects of one *kind* that stand one after the other in *data*: 1 to *most*.

    Nothing in them is verified. Raises :class:`SignedError` when *data* is anything else.
    """
    found: list[bytes] = []
    left = data
    while len(found) < most and (left or not found):
        if _kind_of(left) != kind:
            read_signed(left, kind, max_size=max_size)  # says what it is instead
        rest = memoryview(left)[len(kind) + 1 :]
        for limit in (max_size, _MAX_SIGNATURES_SIZE):
            _, rest = _cut(rest, limit, kind)
        end = len(left) - len(rest)
        found.append(left[:end])
        left = left[end:]
    if left:
        raise _damaged(kind)
    return tuple(found)


def verify(
    data: bytes,
    kind: str,
    keys: Iterable[VerifyKey],
    threshold: int = 1,
    *,
    max_size: int = MAX_SIGNED_SIZE,
) -> bytes:
    """Return the body of *data* when at least *threshold* of *keys* signed it.

    Raises :class:`SignedError` otherwise.
    """
    signed = read_signed(data, kind, max_size=max_size)
    count = len(signed.signers(keys))
    if threshold < 1 or count < threshold:
        raise SignedError(
            "The signatures of this “{kind}” are not enough: {count} of the {threshold} needed "
            "are valid. It was altered, or it comes from someone else; get it again from the "
            "certification body.",
            kind=name_of(kind),
            count=count,
            threshold=threshold,
        )
    return signed.body


def name_of(kind: str) -> str:
    """A kind in a word for people: ``exam-kiosk/journal-header/v1`` is a “journal header”."""
    word = kind.split("/")[1]
    return _SPOKEN.get(word, word.replace("-", " "))


def _kind_of(data: bytes) -> str:
    """The kind *data* announces, or an empty string."""
    line, newline, _ = data[: _LONGEST_KIND + 1].partition(b"\n")
    kind = line.decode("ascii", "replace")
    return kind if newline and _KIND.fullmatch(kind) else ""


def _cut(data: memoryview, limit: int, kind: str) -> tuple[bytes, memoryview]:
    """One length-prefixed field from the front of *data*, and what follows."""
    size = int.from_bytes(data[:4], "big")
    if len(data) < 4 or size > min(limit, len(data) - 4):
        raise _damaged(kind)
    return bytes(data[4 : 4 + size]), data[4 + size :]


def _damaged(kind: str) -> SignedError:
    return SignedError(
        "This “{kind}” is damaged or incomplete; copy it again from where it came.",
        kind=name_of(kind),
    )
