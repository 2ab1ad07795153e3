"""The second reader: suite 1, canonical values, signed objects (docs/formats.md)."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence
from typing import Any

import msgpack
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Refused(Exception):
    """These bytes are not what the documents say they must be."""


def need(holds: object, what: str) -> None:
    if not holds:
        raise Refused(what)


# --- Labels, derivation, canonical values ------------------------------------------


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def u64(number: int) -> bytes:
    return struct.pack(">Q", number)


def lp(*parts: bytes) -> bytes:
    return b"".join(u32(len(part)) + part for part in parts)


def label(thing: str, use: str, *fields: bytes) -> bytes:
    return f"exam-kiosk/{thing}/{use}/v1".encode() + b"\0" + lp(*fields)


def digest(name: bytes, *parts: bytes) -> bytes:
    return hashlib.sha256(name + lp(*parts)).digest()


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, "sha256").digest()


def expand(key: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF-Expand, RFC 5869, 2.3."""
    blocks, block = b"", b""
    while len(blocks) < length:
        block = mac(key, block + info + bytes([len(blocks) // 32 + 1]))
        blocks += block
    return blocks[:length]


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    return expand(mac(salt, ikm), info, length)


def value(data: bytes, count: int | None = None) -> Any:
    """*Canonical values*; with *count*, an array of exactly so many fields."""
    try:
        found = msgpack.unpackb(data, max_map_len=0, max_ext_len=0)
    except Exception as problem:
        raise Refused(f"not msgpack: {problem!r}") from None
    _plain(found, 0)
    need(canonical(found) == data, "not canonical")
    if count is not None:
        need(isinstance(found, list) and len(found) == count, f"not an array of {count}")
    return found


def canonical(plain: Any) -> bytes:
    """The one encoding of a value."""
    return bytes(msgpack.packb(plain))


def _plain(found: object, depth: int) -> None:
    need(depth <= 32, "nested too deep")
    if type(found) is list:
        for member in found:
            _plain(member, depth + 1)
    else:
        need(found is None or type(found) in (bool, int, str, bytes), "a type outside the format")


# --- Suite 1: sealing to a key -----------------------------------------------------


class Opener:
    """A sealing key, from its seed: X-Wing's expansion, then HPKE by hand (RFC 9180)."""

    def __init__(self, seed: bytes) -> None:
        expanded = hashlib.shake_256(seed).digest(96)
        self._kem = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self._curve = x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
        self._point = self._curve.public_key().public_bytes_raw()
        self.public = self._kem.public_key().public_bytes_raw() + self._point
        self.key_id = digest(label("key", "sealing"), self.public)[:16]

    def open(self, sealed: bytes, info: bytes) -> bytes:
        need(len(sealed) >= 1136, "too short for something sealed")
        key, nonce = key_schedule(self.shared(sealed[:1120]), info, 0x647A, 2)
        return unseal(key, nonce, sealed[1120:], b"")

    def shared(self, enc: bytes) -> bytes:
        """The secret that was encapsulated to this key: X-Wing, 5.3 and 5.5."""
        point = enc[1088:]
        try:
            agreed = self._curve.exchange(x25519.X25519PublicKey.from_public_bytes(point))
            secret = self._kem.decapsulate(enc[:1088])
        except ValueError:
            raise Refused("an encapsulated key is none") from None
        return hashlib.sha3_256(secret + agreed + point + self._point + b"\\.//^\\").digest()


def key_schedule(shared: bytes, info: bytes, kem: int, aead: int) -> tuple[bytes, bytes]:
    """Key and nonce of HPKE's base mode with HKDF-SHA256 and a key of 32 bytes: RFC 9180, 5.1."""
    suite = b"HPKE" + struct.pack(">HHH", kem, 1, aead)

    def extract(salt: bytes, name: bytes, ikm: bytes) -> bytes:
        return mac(salt, b"HPKE-v1" + suite + name + ikm)

    def spread(name: bytes, length: int) -> bytes:
        front = struct.pack(">H", length) + b"HPKE-v1" + suite + name
        return expand(root, front + context, length)

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    root = extract(shared, b"secret", b"")
    return spread(b"key", 32), spread(b"base_nonce", 12)


def unseal(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, sealed, bound)
    except (InvalidTag, ValueError):
        raise Refused("sealed under something else") from None


def cobblestone(key: bytes, context: bytes, sealed: bytes) -> bytes:
    decryptor = Cobblestone256Decryptor(key, context)
    try:
        return bytes(decryptor.update(sealed) + decryptor.finalize())
    except (InvalidTag, ValueError):
        raise Refused("a sealed message does not open") from None


# --- Signed objects ----------------------------------------------------------------


class Who:
    """A signing identity's public half."""

    def __init__(self, classical: bytes, lattice: bytes = b"") -> None:
        self.algorithms = {1: classical, 2: lattice} if lattice else {1: classical}
        self.key_id = digest(label("key", "signing"), classical, lattice)[:16]

    def signed(self, given: dict[int, bytes], message: bytes) -> bool:
        """Whether every algorithm of this identity signed."""
        for algorithm, public in self.algorithms.items():
            try:
                if algorithm == 1:
                    ed25519.Ed25519PublicKey.from_public_bytes(public).verify(
                        given.get(1, b""), message
                    )
                else:
                    mldsa.MLDSA65PublicKey.from_public_bytes(public).verify(
                        given.get(2, b""), message
                    )
            except (InvalidSignature, ValueError):
                return False
        return True


def verified(data: bytes, kind: str, people: Sequence[Who], threshold: int = 1) -> bytes:
    """The body of a signed object, when enough of *people* signed it."""
    body, valid = signed_by(data, kind, people)
    need(len(valid) >= threshold, f"{len(valid)} of {threshold} signatures of this {kind}")
    return body


def signed_by(data: bytes, kind: str, people: Sequence[Who]) -> tuple[bytes, set[bytes]]:
    """The body of a signed object, and the key ids of those of *people* who signed it."""
    start = kind.encode() + b"\n"
    need(data.startswith(start), f"not a {kind}")
    body, rest = field(data[len(start) :])
    signatures, rest = field(rest)
    need(not rest, "something after the end")
    entries = value(signatures)
    need(type(entries) is list and len(entries) <= 64, "not signatures")
    given: dict[bytes, dict[int, bytes]] = {}
    last = None
    for entry in entries:
        need(type(entry) is list and [type(part) for part in entry] == [int, bytes, bytes], "entry")
        algorithm, who, signature = entry
        need(last is None or last < (who, algorithm), "signatures out of order")
        last = (who, algorithm)
        given.setdefault(who, {})[algorithm] = signature
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(body), body)
    return body, {who.key_id for who in people if who.signed(given.get(who.key_id, {}), message)}


def field(data: bytes) -> tuple[bytes, bytes]:
    need(len(data) >= 4, "cut short")
    end = 4 + int.from_bytes(data[:4], "big")
    need(len(data) >= end, "cut short")
    return data[4:end], data[end:]
