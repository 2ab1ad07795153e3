"""Correcting an item of an exam that is being sat: the packager's side."""

from __future__ import annotations

from exam_packages import register
from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock
from exam_packages.packaging import PackagingError
from exam_packages.sealing.correction import Correction, sign_correction
from exam_packages.sealing.trust import PACKAGER

__all__ = ["correct"]


def correct(body: Body, package_hash: bytes, item: str, text: str, clock: Clock) -> bytes:
    """The signed correction of one *item* of a package that was sealed at this desk.

    Refused before the package may be opened: it is read by whoever carries it. Raises an
    :class:`~exam_packages.errors.ExamError`.
    """
    now_s = clock.wall_ns() // SECOND
    use = register.use_of_package(body, package_hash)
    if now_s < use.not_before_s:
        raise PackagingError(
            "The exam of this package may not be opened yet, and a correction is not secret; make "
            "it once the exam is released, or seal a corrected form."
        )
    known = {
        each.identifier
        for used in register.items_used(body)
        if used.paper == use.paper
        for each in used.items
    }
    if item not in known:
        raise PackagingError(
            "There is no item “{item}” in the package; it has {items}.",
            item=item,
            items=", ".join(sorted(known)[:40]),
        )
    said = " ".join(text.split())
    return sign_correction(
        Correction(package_hash, item, said, now_s), [body.signing_key(PACKAGER)]
    )
