"""Releasing online: the packager orders it, and each release officer acts at a desk of their own.

The packager's desk (:func:`order_release`) has the register and needs no code. An officer's
(:func:`release_code`) has one code and one key, and neither ever meets the other's.
"""

from __future__ import annotations

from collections.abc import Sequence

from exam_packages import register, rehearsal
from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock
from exam_packages.granting import WITHDRAWN, standing_issue
from exam_packages.packaging import PackagingError
from exam_packages.sealing.grant import Recipient, read_grant
from exam_packages.sealing.order import ReleaseOrder, read_order, sign_order
from exam_packages.sealing.release import (
    Release,
    SealedCode,
    join_release,
    read_release,
    seal_code,
)
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import HALL, PACKAGER, RELEASE, Trust, read_enrolment

__all__ = ["order_release", "release_code"]


def order_release(
    body: Body, grant_data: bytes, enrolments: Sequence[bytes], clock: Clock
) -> bytes:
    """The signed order to release a grant to the halls of its centre.

    Raises an :class:`~exam_packages.errors.ExamError`: also when the issue was withdrawn, or
    opening was not rehearsed.
    """
    now_s = clock.wall_ns() // SECOND
    trust = body.trust()
    grant = read_grant(grant_data, trust, now_s=now_s)
    issue = standing_issue(body, grant)
    rehearsed_s = rehearsal.require(body, now_s)
    use = register.use_of_package(body, grant.package_hash)
    order = ReleaseOrder(
        package_hash=grant.package_hash,
        centre=grant.centre,
        slot=grant.slot,
        issue=grant.issue,
        release_id=grant.release_id,
        not_before_s=use.not_before_s,
        expires_s=min(use.expires_s, grant.expires_s),
        codes=tuple(file.sha256 for file in issue.code_files),
        halls=tuple(enrolments),
        rehearsed_s=rehearsed_s,
        time_s=now_s,
    )
    _halls(order, trust, now_s)
    return sign_order(order, [body.signing_key(PACKAGER)])


def release_code(
    order_data: bytes,
    trust: Trust,
    code: str,
    officers: Sequence[SigningKey],
    clock: Clock,
    *,
    to: bytes = b"",
) -> tuple[bytes, Release]:
    """Seal one *code* to the halls of an order and sign it: the release file, and what it holds.

    *to* is the release file that another officer made, to which this code is added. Raises
    an :class:`~exam_packages.errors.ExamError`.
    """
    now_s = clock.wall_ns() // SECOND
    trust.check_time(now_s)
    order = read_order(order_data, trust)
    if not rehearsal.counts(order.rehearsed_s, now_s):
        raise PackagingError(
            "The order to release the sitting {slot} rests on a rehearsal of more than {days} "
            "days ago; the packager rehearses again and gives a new order.",
            slot=order.slot,
            days=rehearsal.REHEARSAL_DAYS,
        )
    _check_officers(trust, officers)
    if code.startswith(WITHDRAWN):
        raise PackagingError(
            "The code in this file is withdrawn and never released; use that of the newest "
            "issue of the grant."
        )
    number, bits = order.find(code)
    draft = SealedCode(
        package_hash=order.package_hash,
        slot=order.slot,
        release_id=order.release_id,
        number=number,
        codes=len(order.codes),
        not_before_s=order.not_before_s,
        expires_s=order.expires_s,
        time_s=now_s,
        shares=(),
    )
    if to:
        _check_joins(read_release(to, trust, now_s=None, whole=False), draft, officers)
    part = seal_code(draft, bits, _halls(order, trust, now_s), officers)
    data = join_release(part, to) if to else part
    return data, read_release(data, trust, now_s=None, whole=False)


def _check_officers(trust: Trust, officers: Sequence[SigningKey]) -> None:
    entitled = {
        key_id for role in trust.root.roles if role.role == RELEASE for key_id in role.key_ids
    }
    for key in officers:
        if key.key_id not in entitled:
            raise PackagingError(
                "The key {key_id} is not that of a release officer of “{body}”; bring the right "
                "key file, or the newest root of trust.",
                key_id=key.key_id.hex(),
                body=trust.root.body,
            )


def _check_joins(there: Release, mine: SealedCode, officers: Sequence[SigningKey]) -> None:
    """Make sure that this officer's code completes what another one's desk made."""
    if there.sealed[0].release != mine.release:
        raise PackagingError(
            "The release file to add to is for another exam, sitting ({found}) or issue than "
            "this order ({slot}).",
            found=there.slot,
            slot=mine.slot,
        )
    if mine.number not in there.missing:
        raise PackagingError(
            "The release file to add to holds code {number} already; the other officer brings "
            "the other one.",
            number=mine.number,
        )
    if there.officers & {key.key_id for key in officers}:
        raise PackagingError(
            "This officer signed the other code; the two codes of an exam are released by two "
            "officers."
        )


def _halls(order: ReleaseOrder, trust: Trust, now_s: int) -> list[Recipient]:
    found = []
    for data in order.halls:
        hall = read_enrolment(data, trust, now_s=now_s)
        if hall.kind != HALL or hall.centre != order.centre:
            raise PackagingError(
                "“{machine}” is no hall of centre “{centre}”, for which the grant was made.",
                machine=hall.machine,
                centre=order.centre,
            )
        found.append(Recipient(hall.key_id, hall.sealing_public))
    return found
