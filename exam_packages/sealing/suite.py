"""Suite 1: the one set of algorithms, and the labels that keep their uses apart.

There is no menu and no negotiation. Everything sealed or signed uses

* HPKE (RFC 9180, base mode, single shot) with the hybrid KEM ML-KEM-768 + X25519,
  HKDF-SHA256 and AES-256-GCM; the context is bound through ``info``;
* HKDF-SHA256 (RFC 5869) and SHA-256 (FIPS 180-4);
* Ed25519 (RFC 8032), and ML-DSA-65 (FIPS 204) beside it on trust, package, grant and
  release: there an identity is a *pair* of keys and counts only when both verify.

Every hash, HKDF ``info``, HPKE ``info`` and AEAD context starts with a :func:`label`,
so nothing made for one purpose can be taken for another.

Secrets are ``bytes`` here because the library takes and returns ``bytes``, which Python
cannot wipe; they are never part of a ``repr``, an error or a log.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from exam_packages.sealing.labels import KEY_ID_SIZE, SealingError, digest, label, lp

__all__ = [
    "ED25519",
    "KEY_ID_SIZE",
    "MLDSA65",
    "SEALED_OVERHEAD",
    "SEALING_PUBLIC_SIZE",
    "SealingError",
    "SealingKey",
    "SealingPublic",
    "SigningKey",
    "SuiteError",
    "VerifyKey",
    "check_library",
    "digest",
    "hkdf",
    "hkdf_expand",
    "label",
    "lp",
]

ED25519: Final = 1
"""Algorithm number of an Ed25519 signature (64 bytes)."""
MLDSA65: Final = 2
"""Algorithm number of an ML-DSA-65 signature (3309 bytes)."""

_ED25519_PUBLIC = 32
_MLDSA65_PUBLIC = 1952
_MLKEM768_PUBLIC = 1184
_X25519_PUBLIC = 32
_ENCAPSULATED = 1120
_TAG = 16
SEALING_PUBLIC_SIZE: Final = _MLKEM768_PUBLIC + _X25519_PUBLIC
"""Bytes of a raw sealing public key: ML-KEM-768 public key, then X25519 public key."""
SEALED_OVERHEAD: Final = _ENCAPSULATED + _TAG
"""Bytes that sealing to a key adds to the plaintext."""


class SuiteError(SealingError):
    """The library cannot do what suite 1 needs, or a key or sealed text is not one."""


def hkdf(ikm: bytes, *, salt: bytes | None, info: bytes, length: int = 32) -> bytes:
    """HKDF-SHA256 (RFC 5869), extract and expand."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(ikm)


def hkdf_expand(key: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869, 2.3) of an already uniform *key*."""
    return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(key)


@cache
def _hpke() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def check_library() -> None:
    """Raise :class:`SuiteError` when the installed library lacks a part of suite 1."""
    try:
        from cryptography.cobblestone import Cobblestone256Encryptor

        _hpke()
        Cobblestone256Encryptor(bytes(32), b"").finalize()
        mldsa.MLDSA65PrivateKey.from_seed_bytes(bytes(32))
        mlkem.MLKEM768PrivateKey.from_seed_bytes(bytes(64))
    except (ImportError, AttributeError, UnsupportedAlgorithm) as problem:
        raise SuiteError(
            "The installed cryptography library lacks what Exam Kiosk needs ({why}); install "
            "cryptography 50 or newer from PyPI, whose wheels bring their own OpenSSL.",
            why=str(problem) or type(problem).__name__,
        ) from None


# --- Sealing: HPKE ---------------------------------------------------------------


@dataclass(frozen=True)
class SealingPublic:
    """A public key that anything can be sealed to.

    ``raw`` is 1216 bytes: ML-KEM-768 public key, then X25519 public key. Raises
    :class:`SuiteError` when it is not one.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != SEALING_PUBLIC_SIZE:
            raise SuiteError(
                "A sealing public key is {size} bytes long instead of {wanted}.",
                size=len(self.raw),
                wanted=SEALING_PUBLIC_SIZE,
            )
        _ = self._key

    @cached_property
    def _key(self) -> hpke.MLKEM768X25519PublicKey:
        try:
            return hpke.MLKEM768X25519PublicKey(
                mlkem.MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM768_PUBLIC]),
                x25519.X25519PublicKey.from_public_bytes(self.raw[_MLKEM768_PUBLIC:]),
            )
        except ValueError:
            raise SuiteError("A sealing public key is damaged.") from None

    @cached_property
    def key_id(self) -> bytes:
        """16 bytes that name this key."""
        return digest(label("key", "sealing"), self.raw)[:KEY_ID_SIZE]

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """Seal *plaintext* so that only the private key opens it, given the same *info*.

        Returns the encapsulated key and the ciphertext, ``SEALED_OVERHEAD`` bytes longer.
        """
        try:
            return _hpke().encrypt(plaintext, self._key, info)
        except ValueError:  # an X25519 point of small order
            raise SuiteError("A sealing public key is damaged.") from None

    def __repr__(self) -> str:
        return f"SealingPublic({self.key_id.hex()})"


class SealingKey:
    """A private key for sealed things, made from a 32-byte seed.

    The seed expands as in X-Wing (draft-connolly-cfrg-xwing-kem, 5.2): SHAKE-256 gives
    96 bytes, the 64-byte ML-KEM-768 seed and the X25519 private key.
    """

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise SuiteError("The seed of a sealing key must be 32 bytes long.")
        self.seed: Final = seed
        expanded = hashlib.shake_256(seed).digest(96)
        kem = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        curve = x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
        self._key = hpke.MLKEM768X25519PrivateKey(kem, curve)
        self.public: Final = SealingPublic(
            kem.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls) -> SealingKey:
        """A fresh key."""
        return cls(secrets.token_bytes(32))

    @classmethod
    def from_seed(cls, seed: bytes) -> SealingKey:
        """The key that *seed* (32 bytes) stands for."""
        return cls(seed)

    @property
    def key_id(self) -> bytes:
        """16 bytes that name this key."""
        return self.public.key_id

    def open(self, ciphertext: bytes, info: bytes) -> bytes:
        """Open what was sealed to this key under *info*.

        Raises :class:`SuiteError` when it was sealed to another key, under another
        *info*, or has been altered: which of these cannot be told.
        """
        try:
            return _hpke().decrypt(ciphertext, self._key, info)
        except (InvalidTag, ValueError):
            raise SuiteError(
                "Something sealed does not open with this key: it was sealed to another key, "
                "for another purpose, or it is damaged."
            ) from None

    def __repr__(self) -> str:
        return f"SealingKey({self.key_id.hex()})"


# --- Signing ---------------------------------------------------------------------


@dataclass(frozen=True)
class VerifyKey:
    """The public half of a signing identity.

    ``ed25519`` is 32 bytes; ``mldsa65`` is 1952 bytes, or empty where the identity signs
    with Ed25519 alone (machines). Raises :class:`SuiteError` when they are not keys.
    """

    ed25519: bytes
    mldsa65: bytes = b""

    def __post_init__(self) -> None:
        if len(self.ed25519) != _ED25519_PUBLIC or len(self.mldsa65) not in (0, _MLDSA65_PUBLIC):
            raise SuiteError("A verification key does not have the length of one.")

    @property
    def algorithms(self) -> tuple[int, ...]:
        """The algorithms that must all verify for this identity to count."""
        return (ED25519, MLDSA65) if self.mldsa65 else (ED25519,)

    @cached_property
    def key_id(self) -> bytes:
        """16 bytes that name this identity: both its keys together."""
        return digest(label("key", "signing"), self.ed25519, self.mldsa65)[:KEY_ID_SIZE]

    @cached_property
    def _verifiers(self) -> dict[int, Callable[[bytes, bytes], None]]:
        verifiers: dict[int, Callable[[bytes, bytes], None]] = {
            ED25519: ed25519.Ed25519PublicKey.from_public_bytes(self.ed25519).verify
        }
        if self.mldsa65:
            verifiers[MLDSA65] = mldsa.MLDSA65PublicKey.from_public_bytes(self.mldsa65).verify
        return verifiers

    def verifies(self, algorithm: int, signature: bytes, message: bytes) -> bool:
        """Whether *signature* is this key's over *message*, by *algorithm*."""
        try:
            verifier = self._verifiers.get(algorithm)
            if verifier is None:
                return False
            verifier(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def __repr__(self) -> str:
        return f"VerifyKey({self.key_id.hex()})"


class SigningKey:
    """The private half of a signing identity, made from one or two 32-byte seeds."""

    def __init__(self, ed25519_seed: bytes, mldsa65_seed: bytes = b"") -> None:
        if len(ed25519_seed) != 32 or len(mldsa65_seed) not in (0, 32):
            raise SuiteError("The seeds of a signing key must be 32 bytes long.")
        self.ed25519_seed: Final = ed25519_seed
        self.mldsa65_seed: Final = mldsa65_seed
        self._ed25519 = ed25519.Ed25519PrivateKey.from_private_bytes(ed25519_seed)
        self._mldsa65 = (
            mldsa.MLDSA65PrivateKey.from_seed_bytes(mldsa65_seed) if mldsa65_seed else None
        )
        self.public: Final = VerifyKey(
            self._ed25519.public_key().public_bytes_raw(),
            self._mldsa65.public_key().public_bytes_raw() if self._mldsa65 else b"",
        )

    @classmethod
    def generate(cls, *, pair: bool) -> SigningKey:
        """A fresh identity: with *pair*, Ed25519 and ML-DSA-65, else Ed25519 alone."""
        return cls(secrets.token_bytes(32), secrets.token_bytes(32) if pair else b"")

    @property
    def key_id(self) -> bytes:
        """16 bytes that name this identity."""
        return self.public.key_id

    def sign(self, message: bytes) -> tuple[tuple[int, bytes], ...]:
        """Sign *message* with every algorithm of this identity: (algorithm, signature)."""
        signatures = [(ED25519, self._ed25519.sign(message))]
        if self._mldsa65 is not None:
            signatures.append((MLDSA65, self._mldsa65.sign(message)))
        return tuple(signatures)

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id.hex()})"
