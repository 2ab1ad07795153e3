"""One secret sealed to several machines, each share bound to its machine.

A share is ``[machine, sealing key, sealed]``: the key id of the machine's signing key,
which names it everywhere; the key id of the sealing key it was sealed to; and the HPKE
ciphertext, whose ``info`` ends with both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.sealing.suite import (
    SEALED_OVERHEAD,
    SealingKey,
    SealingPublic,
    lp,
)

__all__ = ["MAX_SHARES", "Recipient", "Share", "Shares", "find_share", "open_share", "seal_shares"]

MAX_SHARES: Final = 10_000


@dataclass(frozen=True)
class Recipient:
    """A machine to seal to: its key id (16 bytes, from its enrolment) and its sealing key."""

    machine: bytes
    sealing: SealingPublic


class Share(canon.Object):
    """A secret, sealed to one machine."""

    machine: canon.Id
    sealing: canon.Id
    sealed: Annotated[bytes, msgspec.Meta(max_length=SEALED_OVERHEAD + 256)]


Shares = Annotated[tuple[Share, ...], msgspec.Meta(min_length=1, max_length=MAX_SHARES)]


def seal_shares(secret: bytes, recipients: Iterable[Recipient], info: bytes) -> tuple[Share, ...]:
    """Seal *secret* to every recipient, in a context that starts with *info*."""
    return tuple(
        Share(
            to.machine,
            to.sealing.key_id,
            to.sealing.seal(secret, info + lp(to.machine, to.sealing.key_id)),
        )
        for to in recipients
    )


def find_share(shares: Iterable[Share], machine: SealingKey) -> Share | None:
    """The share sealed to *machine*, or none."""
    return next((share for share in shares if share.sealing == machine.key_id), None)


def open_share(share: Share, machine: SealingKey, info: bytes) -> bytes:
    """Open a share. Raises :class:`SuiteError` when it was altered or moved."""
    return machine.open(share.sealed, info + lp(share.machine, share.sealing))
