"""Destroying the pictures of a sitting, by destroying its evidence key.

The order of a destruction, and what a crash leaves of it::

    held attempts sealed again to a new evidence key      nothing happened yet
    retention/<key id>.pending: what will be certified    nothing happened yet
    the key taken out of use (one rename)                 from here on it is finished
    the key overwritten and deleted
    the certificate signed and appended
    the pending file deleted

So there is never a certificate while the key is there, and no way back after the rename: the
same command, given again, finishes. Before the rename it begins anew, for a hold may have
come. The integrity role opens the key to show which it is; root holders sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from exam_packages import canon, evidence, preserving
from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock
from exam_packages.evidence import EvidenceKey
from exam_packages.files import sync_directory, write_durably
from exam_packages.holds import append, at_the_desk, register, sign_by_root
from exam_packages.preserving import Shown
from exam_packages.sealing.retention import (
    MAX_ENTRY,
    NO_ENTRY,
    Deletion,
    Hold,
    RetentionError,
)
from exam_packages.sealing.trust import INTEGRITY

__all__ = ["Due", "destroy", "due", "unfinished"]

_DRAFT: Final = 1
"""The number of a certificate that is pending: it gets its own when it is appended."""


@dataclass(frozen=True)
class Due:
    """An evidence key that lies here, and the holds that reach attempts under it."""

    key: EvidenceKey
    holds: tuple[Hold, ...]


def due(body: Body) -> tuple[Due, ...]:
    """Every evidence key that lies here, the earliest due first. Raises :class:`RetentionError`."""
    standing = register(body).standing()
    found = [
        Due(key, tuple(hold for hold in standing if hold.keys in ((), (key.origin,))))
        for key in evidence.keys(body)
    ]
    return tuple(sorted(found, key=lambda each: (each.key.facts.policy.due_s, each.key.key_id)))


def unfinished(body: Body) -> tuple[bytes, ...]:
    """The keys whose destruction was begun and is to be finished."""
    named = (bytes.fromhex(path.stem) for path in sorted(body.retention.glob("*.pending")))
    return tuple(key_id for key_id in named if evidence.out_of_use(body, key_id))


def destroy(body: Body, key_id: bytes, answers: Iterable[Path] | None, clock: Clock) -> Deletion:
    """Destroy the evidence key *key_id*, certify it, and preserve what is held first.

    *answers* are the answers parts that the intake exports: those sealed to this key count.
    For a key that held attempts were preserved under, none is needed. Raises an
    :class:`~exam_packages.errors.ExamError` when it is not due, or when an attempt that is
    held cannot be preserved; then nothing was destroyed.
    """
    with at_the_desk(body):
        for dying in evidence.dying(body):
            evidence.erase(body, dying)
        pending = body.retention / f"{key_id.hex()}.pending"
        if pending.exists() and evidence.out_of_use(body, key_id):
            return _finish(body, key_id, pending, clock)
        pending.unlink(missing_ok=True)  # the key is whole still: what is held today counts
        draft = _decide(body, key_id, answers, clock.wall_ns() // SECOND)
        sign_by_root(body, draft)  # nothing is destroyed that nobody here may certify
        write_durably(pending, canon.pack(draft), mode=0o600)
        evidence.take_out_of_use(body, key_id)
        return _finish(body, key_id, pending, clock)


def _finish(body: Body, key_id: bytes, pending: Path, clock: Clock) -> Deletion:
    with pending.open("rb") as file:
        draft: Deletion = canon.unpack(file.read(MAX_ENTRY + 1), Deletion, max_size=MAX_ENTRY)
    evidence.erase(body, key_id)
    done = register(body).deletions().get(key_id)
    certificate = done or append(
        body,
        lambda number, previous: msgspec.structs.replace(
            draft, number=number, previous=previous, time_s=clock.wall_ns() // SECOND
        ),
    )
    pending.unlink()
    sync_directory(pending.parent)
    return certificate


def _decide(body: Body, key_id: bytes, answers: Iterable[Path] | None, now_s: int) -> Deletion:
    """What will be certified. What is held is preserved when this returns."""
    entries = register(body)
    if (done := entries.deletions().get(key_id)) is not None:
        raise RetentionError(
            "The evidence key {key} is destroyed already: entry {number} certifies it.",
            key=key_id.hex(),
            number=done.number,
        )
    key = evidence.read(body, key_id)
    certificates = [entries.deletions().get(source) for source in key.facts.source]
    for source, certificate in zip(key.facts.source, certificates, strict=True):
        if certificate is None:
            raise RetentionError(
                "Under the evidence key {key} lie attempts that the key {source} opens still; "
                "destroy that one. Nothing was destroyed.",
                key=key_id.hex(),
                source=source.hex(),
            )
    _check_due(key, now_s)
    private = key.open(body.opening_key(INTEGRITY))
    standing = entries.standing()
    elsewhere: list[Shown] = []
    if certificates:
        attempts = list(preserving.preserved(body, key, certificates[0]))
    else:
        attempts, elsewhere = _attempts(key, answers)
    held = _held(key, standing, [*attempts, *elsewhere])
    for each in elsewhere:
        if any(each.blind_id in hold.attempts for hold in standing):
            preserving.check(each, body.trust())  # it has nothing under this key, and that is so
    keeping = [each for each in attempts if each.blind_id in held]
    leaving = [each for each in attempts if each.blind_id not in held]
    if keeping and not leaving:
        raise RetentionError(
            "Every attempt under the evidence key {key} is held (entries {numbers}); nothing was "
            "destroyed.",
            key=key_id.hex(),
            numbers=", ".join(map(str, sorted({n for each in held.values() for n in each}))),
        )
    for other in evidence.keys(body):
        if key_id in other.facts.source:  # of a command that broke off: held then is not held now
            evidence.take_out_of_use(body, other.key_id)
            evidence.erase(body, other.key_id)
    destroyed = {key_id, *entries.deletions()}
    gone = [each for each in leaving if each.keys <= destroyed]
    elsewhere += [each for each in leaving if not each.keys <= destroyed]
    preserved = preserving.preserve(body, key, private, keeping, held, now_s) if keeping else None
    return Deletion(
        number=_DRAFT,
        previous=NO_ENTRY,
        key=key_id,
        origin=key.origin,
        sitting=key.facts.sitting,
        policy=key.facts.policy,
        bundles=tuple(sorted(each.bundle_hash for each in gone)),
        pictures=sum(each.pictures for each in gone),
        preserved=(preserved,) if preserved is not None else (),
        elsewhere=tuple(sorted(each.bundle_hash for each in elsewhere)),
        time_s=now_s,
    )


def _check_due(key: EvidenceKey, now_s: int) -> None:
    policy, sitting = key.facts.policy, key.facts.sitting
    if now_s < policy.due_s:
        raise RetentionError(
            "The pictures of the sitting {slot} of centre “{centre}” are to be kept for {days} "
            "days, {left} more from now; nothing was destroyed.",
            slot=sitting.slot,
            centre=sitting.centre,
            days=policy.days,
            left=-(-(policy.due_s - now_s) // 86_400),
        )


def _attempts(key: EvidenceKey, answers: Iterable[Path] | None) -> tuple[list[Shown], list[Shown]]:
    """The attempts with pictures under *key*, and the others of the same package and centre."""
    if answers is None:
        raise RetentionError(
            "The certificate names what is destroyed: give the answers of this sitting, as "
            "`exam-kiosk intake export` writes them. Nothing was destroyed."
        )
    mine: list[Shown] = []
    elsewhere: list[Shown] = []
    seen: dict[bytes, Path] = {}
    for path in answers:
        attempt = preserving.shown(path)
        where = (attempt.package_hash, attempt.centre)
        if where != (key.facts.sitting.package_hash, key.facts.sitting.centre):
            continue
        if attempt.blind_id in seen:
            raise RetentionError(
                "{path} and {other} are both of the attempt {attempt}; give what the intake "
                "exports, in a new directory. Nothing was destroyed.",
                path=str(path),
                other=str(seen[attempt.blind_id]),
                attempt=attempt.blind_id.hex(),
            )
        seen[attempt.blind_id] = path
        (mine if key.key_id in attempt.keys else elsewhere).append(attempt)
    return mine, elsewhere


def _held(
    key: EvidenceKey, standing: Sequence[Hold], attempts: Sequence[Shown]
) -> Mapping[bytes, Sequence[int]]:
    """The attempts that must be preserved, each with the holds that say so.

    Raises :class:`RetentionError` when the whole sitting is held, or a held attempt is not
    among those at hand.
    """
    held: dict[bytes, list[int]] = {}
    here = {each.blind_id for each in attempts}
    for hold in standing:
        if hold.whole(key.origin):
            raise RetentionError(
                "Entry {number} holds every attempt of this sitting ({cause}: {reason}); nothing "
                "was destroyed.",
                number=hold.number,
                cause=hold.why,
                reason=hold.reason,
            )
        for blind_id in hold.attempts:
            if blind_id in here:
                held.setdefault(blind_id, []).append(hold.number)
            elif hold.keys == (key.key_id,):
                raise RetentionError(
                    "The attempt {attempt} is held by entry {number} ({cause}), and its bundle "
                    "is not among the answers given, so it cannot be preserved. Nothing was "
                    "destroyed; export the answers from the intake again.",
                    attempt=blind_id.hex(),
                    number=hold.number,
                    cause=hold.why,
                )
    return held
