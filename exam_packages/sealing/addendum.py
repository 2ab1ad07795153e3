"""The addendum: names one more machine in a grant that was made without it.

A machine enrolled after its centre's grant was made (a replacement, on the eve) needs S
and nothing else. The packager keeps S sealed to a key of its own, bound to the grant::

    kept  = HPKE(packager's sealing key, S, info = label ‖ grant hash ‖ lp(sealing key id))
    share = HPKE(machine, S, info = label ‖ grant hash ‖ lp(machine, sealing key id))

Making an addendum therefore needs no release code and no key of the package, and what it
holds opens nothing before the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exam_packages import canon
from exam_packages.sealing.grant import Grant, GrantError, WrongMachine
from exam_packages.sealing.shares import Recipient, Share, open_share, seal_shares
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import (
    SealingKey,
    SealingPublic,
    SigningKey,
    SuiteError,
    label,
    lp,
)
from exam_packages.sealing.trust import PACKAGER, Trust

__all__ = ["Addendum", "keep_secret", "read_addendum", "seal_addendum"]

ADDENDUM_KIND: Final = "exam-kiosk/addendum/v1"

_MAX_SIZE: Final = 64 * 1024


class Addendum(canon.Object):
    """An addendum whose signatures are verified: one machine's share of one grant."""

    grant_hash: canon.Hash
    share: Share

    def open(self, grant: Grant, machine: SealingKey, release_secret: bytes) -> bytes:
        """The paper key, like :meth:`Grant.open` for a machine that *grant* names itself.

        Raises :class:`WrongMachine`, :class:`WrongRelease`, or :class:`GrantError` when the
        addendum belongs to another grant or is damaged inside.
        """
        if grant.hash != self.grant_hash:
            raise GrantError(
                "The addendum belongs to another grant than that of centre “{centre}” for the "
                "sitting {slot}, issue {issue}; ask the certification body for one that fits.",
                centre=grant.centre,
                slot=grant.slot,
                issue=grant.issue,
            )
        if self.share.sealing != machine.key_id:
            raise WrongMachine(
                "The addendum to the grant of centre “{centre}” is for another machine than this "
                "one.",
                centre=grant.centre,
            )
        try:
            secret = open_share(self.share, machine, _info("addendum", self.grant_hash))
        except SuiteError:
            raise GrantError(
                "The addendum to the grant of centre “{centre}” is damaged inside, although its "
                "signatures hold; ask the certification body for a new one.",
                centre=grant.centre,
            ) from None
        return grant.unwrap(secret, release_secret)


def keep_secret(secret: bytes, grant_hash: bytes, keeper: SealingPublic) -> bytes:
    """Seal S of a grant to the packager's own sealing key, for addenda to come."""
    return keeper.seal(secret, _kept_info(grant_hash, keeper.key_id))


def seal_addendum(
    grant: Grant, kept: bytes, keeper: SealingKey, to: Recipient, signers: Sequence[SigningKey]
) -> bytes:
    """Make and sign the addendum that names one more machine in *grant*.

    *kept* is what :func:`keep_secret` gave for this grant. Raises :class:`GrantError` when
    the machine is named already, or *kept* belongs to another grant or key.
    """
    if grant.has(to.machine):
        raise GrantError(
            "The grant of centre “{centre}” for the sitting {slot} names this machine already; "
            "it needs no addendum.",
            centre=grant.centre,
            slot=grant.slot,
        )
    try:
        secret = keeper.open(kept, _kept_info(grant.hash, keeper.key_id))
    except SuiteError:
        raise GrantError(
            "What was kept for addenda to the grant of centre “{centre}” for the sitting {slot} "
            "does not open with the packager's sealing key; make a new issue of the grant.",
            centre=grant.centre,
            slot=grant.slot,
        ) from None
    (share,) = seal_shares(secret, [to], _info("addendum", grant.hash))
    return sign(ADDENDUM_KIND, canon.pack(Addendum(grant.hash, share)), signers)


def read_addendum(data: bytes, trust: Trust) -> Addendum:
    """Verify and read an addendum.

    Raises :class:`GrantError`, or :class:`TrustError` or :class:`SignedError` when the
    packager's signatures do not hold.
    """
    body = trust.verify(data, ADDENDUM_KIND, PACKAGER, max_size=_MAX_SIZE)
    try:
        addendum: Addendum = canon.unpack(body, Addendum, max_size=_MAX_SIZE)
    except canon.CanonError as problem:
        raise GrantError("The addendum is not valid: {why}", why=str(problem)) from None
    return addendum


def _info(use: str, grant_hash: bytes) -> bytes:
    return label("grant", use, grant_hash)


def _kept_info(grant_hash: bytes, keeper: bytes) -> bytes:
    return _info("kept", grant_hash) + lp(keeper)
