"""How long an attempt's pictures are kept: what is due, what is held, what was destroyed.

Read anew for each look: a hold or a destruction counts from the moment it is made. Nothing
here decides anything; :mod:`exam_packages.retention` does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from exam_packages import evidence, holds, retention
from exam_packages.body import Body
from exam_packages.clock import Clock
from exam_packages.sealing.retention import CAUSES, Deletion, Hold, RetentionError


@dataclass(frozen=True)
class KeyStanding:
    """One evidence key that pictures of the attempt were sealed to.

    ``due_s`` is None where no key lies here. ``preserved`` says that what lies here is another
    key, made when the first was destroyed. ``certificate`` is that of the first, if it was
    destroyed; ``being_destroyed`` that a destruction was begun.
    """

    key_id: bytes
    due_s: int | None
    days: int
    preserved: bool
    certificate: Deletion | None
    believed: bool
    being_destroyed: bool

    @property
    def gone(self) -> bool:
        """Whether nothing at this desk opens these pictures, and a certificate says why."""
        return self.due_s is None and self.certificate is not None

    @property
    def elsewhere(self) -> bool:
        """Whether the key lies at another desk, as far as can be told here."""
        return self.due_s is None and self.certificate is None and not self.being_destroyed


@dataclass(frozen=True)
class Keeping:
    """All that is known of the pictures of one attempt."""

    keys: tuple[KeyStanding, ...]
    holds: tuple[Hold, ...]

    def due_s(self) -> int | None:
        """When the first of the keys here may be destroyed; None when none lies here."""
        return min((each.due_s for each in self.keys if each.due_s is not None), default=None)


def keeping(body: Body, key_ids: Collection[bytes], blind_id: bytes, bundle_hash: bytes) -> Keeping:
    """How the pictures stand that were sealed to *key_ids*. Raises an
    :class:`~exam_packages.errors.ExamError` when the register of holds is not whole."""
    register = holds.register(body)
    here = tuple(evidence.keys(body))
    written = {
        each.entry.key: each for each in register.entries if isinstance(each.entry, Deletion)
    }
    unfinished = retention.unfinished(body) if body.retention.is_dir() else ()
    found = []
    for key_id in sorted(key_ids):
        certified = written.get(key_id)
        deletion = certified.entry if certified is not None else None
        kept_under = _preserved_under(register.deletions(), key_id, bundle_hash)
        key = next((each for each in here if each.key_id in (key_id, kept_under)), None)
        found.append(
            KeyStanding(
                key_id=key_id,
                due_s=None if key is None else key.facts.policy.due_s,
                days=0 if key is None else key.facts.policy.days,
                preserved=key is not None and key.key_id != key_id,
                certificate=_last(register.deletions(), key_id, bundle_hash)
                if isinstance(deletion, Deletion)
                else None,
                believed=certified is not None and certified.believed,
                being_destroyed=key_id in unfinished,
            )
        )
    reach = tuple(
        hold
        for hold in register.standing()
        if blind_id in hold.attempts or any(hold.whole(key_id) for key_id in key_ids)
    )
    return Keeping(tuple(found), reach)


def hold_attempt(
    body: Body,
    clock: Clock,
    cause: str,
    key_ids: Collection[bytes],
    blind_id: bytes,
    *,
    reason: str,
    by: str,
) -> tuple[Hold, ...]:
    """Hold back the attempt's pictures: one hold for each evidence key that lies here.

    Raises an :class:`~exam_packages.errors.ExamError` when there is none to hold, or too few
    root holders' keys are here to sign.
    """
    if cause not in CAUSES:
        raise RetentionError("Choose an appeal, a complaint or an investigation.")
    reason, by = " ".join(reason.split()), " ".join(by.split())
    if not 1 <= len(reason) <= 200 or not 1 <= len(by) <= 200 or not (reason + by).isprintable():
        raise RetentionError(
            "A hold names why, such as a file number, and who asked for it: one line each, of at "
            "most 200 characters."
        )
    origins = sorted({each.origin for each in evidence.keys(body)} & set(key_ids))
    if not origins:
        raise RetentionError(
            "No evidence key of these pictures is in {directory}, so nothing of them can be held "
            "here.",
            directory=str(body.evidence),
        )
    return tuple(
        holds.hold(body, clock, cause, key=key, attempt=blind_id, reason=reason, by=by)
        for key in origins
    )


def _preserved_under(
    deletions: dict[bytes, Deletion], key_id: bytes, bundle_hash: bytes
) -> bytes | None:
    """The key that this bundle was preserved under last, beginning with *key_id*."""
    found = None
    for _ in range(len(deletions)):
        deletion = deletions.get(found or key_id)
        moved = [
            preserved.key
            for preserved in (deletion.preserved if deletion is not None else ())
            if any(kept.bundle_hash == bundle_hash for kept in preserved.attempts)
        ]
        if not moved:
            break
        found = moved[0]
    return found


def _last(deletions: dict[bytes, Deletion], key_id: bytes, bundle_hash: bytes) -> Deletion:
    """The certificate that ended these pictures: of the last key they were sealed to."""
    under = _preserved_under(deletions, key_id, bundle_hash)
    return deletions.get(under or key_id, deletions[key_id])
