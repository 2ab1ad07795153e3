"""The secret that a machine's keys are sealed under, where the machine can keep one.

A TPM opens one thing when the machine starts: 32 random bytes, the *machine secret*. What
the machine keeps by itself is sealed under it: its key files (protection 2, see
:mod:`exam_packages.sealing.keys`), and half 2 of each restore secret. So a copy of the disk
opens nothing, and the TPM, which is slow, is asked once. How the secret is kept is not this
room's business (:mod:`sync.credentials`).

Each thing is sealed under a key of its own, ``HKDF-Expand(machine secret, label ‖ nonce)``,
with a fresh nonce, so no key seals twice.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam_packages.sealing.suite import hkdf_expand, label

__all__ = ["SECRET_SIZE", "MachineSecret"]

SECRET_SIZE: Final = 32
OVERHEAD: Final = 48
"""Bytes that sealing adds: the nonce and the tag."""

_NONCE_SIZE: Final = 32
_ZERO_NONCE: Final = bytes(12)  # every key seals once


class MachineSecret:
    """A machine's secret. It is never part of a ``repr`` or an error."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_SIZE:
            raise ValueError("a machine secret has 32 bytes")
        self._secret = secret

    @classmethod
    def generate(cls) -> MachineSecret:
        return cls(secrets.token_bytes(SECRET_SIZE))

    @property
    def raw(self) -> bytes:
        """The 32 bytes, for whoever keeps them."""
        return self._secret

    def seal(self, context: bytes, data: bytes) -> bytes:
        """Seal *data*, bound to *context*: the nonce, then the ciphertext with its tag."""
        nonce = secrets.token_bytes(_NONCE_SIZE)
        return nonce + AESGCM(self._key(nonce)).encrypt(_ZERO_NONCE, data, context)

    def open(self, context: bytes, sealed: bytes) -> bytes | None:
        """What was sealed, or None: under another secret, of another context, or damaged."""
        nonce, rest = sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:]
        try:
            return AESGCM(self._key(nonce)).decrypt(_ZERO_NONCE, rest, context)
        except (InvalidTag, ValueError):
            return None

    @property
    def tls_password(self) -> str:
        """The password of the TLS private key's file, whose format and reader are not ours."""
        return hkdf_expand(self._secret, label("machine", "tls")).hex()

    def _key(self, nonce: bytes) -> bytes:
        return hkdf_expand(self._secret, label("machine", "seal", nonce))

    def __repr__(self) -> str:
        return "MachineSecret(…)"
