"""Attempts under an evidence key: what their bundles show, and what held ones are kept by.

Every epoch of a record has a part P of what opens its pictures, sealed to the sitting's
evidence key. To preserve an attempt is to seal its parts to another evidence key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exam_packages import evidence
from exam_packages.body import Body
from exam_packages.errors import ExamError
from exam_packages.evidence import EvidenceKey
from exam_packages.files import write_durably
from exam_packages.sealing.bundle import MAX_FRAMES_SIZE, Answers, read_answers, verify_bundle
from exam_packages.sealing.journal import Compartment, Frame, Header, epoch_header
from exam_packages.sealing.retention import (
    MAX_ENTRY,
    Deletion,
    Kept,
    Preservation,
    Preserved,
    PreservedAttempt,
    PreservedEpoch,
    RetentionError,
    preservation_digest,
    preserved_part,
    read_preservation,
    seal_part,
    sign_preservation,
)
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import INTEGRITY, ROOT, Trust

__all__ = ["Shown", "check", "preserve", "preserved", "shown"]

_MAX_ANSWERS: Final = MAX_FRAMES_SIZE + 16 * 1024 * 1024


@dataclass(frozen=True)
class Shown:
    """An attempt under an evidence key. Nothing of it is verified yet.

    ``keys`` are the ids of all evidence keys that its pictures are sealed to; ``path`` is
    its answers part, or the preservation that it was taken from.
    """

    path: Path
    blind_id: bytes
    bundle_hash: bytes
    package_hash: bytes
    centre: str
    pictures: int
    keys: frozenset[bytes]
    headers: tuple[Header, ...] = ()
    epochs: tuple[PreservedEpoch, ...] = ()

    def parts(self, key: SealingKey) -> dict[bytes, bytes]:
        """The part P of every epoch that *key* opens, by the header's hash.

        Raises an :class:`~exam_packages.errors.ExamError` when one does not open.
        """
        found = {
            header.digest: header.pictures_part(key)
            for header in self.headers
            if header.parsed.body.pictures.key_id == key.key_id
        }
        found |= {epoch.header: preserved_part(epoch, key) for epoch in self.epochs}
        return found


def shown(path: Path) -> Shown:
    """The attempt in an answers part. Raises an :class:`~exam_packages.errors.ExamError`."""
    answers = _answers(path)
    manifest = answers.manifest
    headers = tuple(
        epoch_header(frame)
        for frame in answers.frames()
        if Frame.parse(frame).compartment is Compartment.HEADER
    )
    return Shown(
        path=path,
        blind_id=manifest.blind_id,
        bundle_hash=answers.bundle_hash,
        package_hash=manifest.package_hash,
        centre=manifest.centre,
        pictures=len(manifest.evidence),
        keys=frozenset(header.parsed.body.pictures.key_id for header in headers),
        headers=headers,
    )


def preserved(
    body: Body, key: EvidenceKey, certificate: Deletion | None = None
) -> tuple[Shown, ...]:
    """The attempts that were preserved under *key*, as *certificate* names them.

    Without it, nobody's word is asked: what is there opens pictures, or does not. Raises
    :class:`RetentionError`.
    """
    path = evidence.preservation_path(body, key.key_id)
    try:
        data = _read(path, MAX_ENTRY)
        found = read_preservation(data, None)
    except FileNotFoundError:
        raise RetentionError(
            "What was preserved under the evidence key {key} is not at {path}; bring it back "
            "from a copy.",
            key=key.key_id.hex(),
            path=str(path),
        ) from None
    if certificate is not None and preservation_digest(data) not in [
        each.preservation for each in certificate.preserved
    ]:
        raise RetentionError(
            "What lies at {path} is not what entry {number} of the register certifies as "
            "preserved; bring it back from a copy.",
            path=str(path),
            number=certificate.number,
        )
    return tuple(
        Shown(
            path=path,
            blind_id=each.blind_id,
            bundle_hash=each.bundle_hash,
            package_hash=found.sitting.package_hash,
            centre=found.sitting.centre,
            pictures=each.pictures,
            keys=frozenset({key.key_id}),
            epochs=each.epochs,
        )
        for each in found.attempts
    )


def preserve(
    body: Body,
    key: EvidenceKey,
    private: SealingKey,
    attempts: Sequence[Shown],
    held: Mapping[bytes, Sequence[int]],
    time_s: int,
) -> Preserved:
    """Seal the *attempts* to a new evidence key, and show that it opens them. It is on disk after.

    *held* gives each attempt's holds. Raises an :class:`~exam_packages.errors.ExamError` when
    an attempt's record is not what its station wrote, or does not open.
    """
    trust, signers = body.trust(), body.signing_keys(ROOT)
    facts = key.facts
    parts = {each.blind_id: _proven_parts(each, private, trust) for each in attempts}
    made = evidence.draw(body, facts.sitting, facts.policy, origin=key.origin, source=key.key_id)
    preservation = Preservation(
        source=key.key_id,
        origin=key.origin,
        sitting=facts.sitting,
        public=made.facts.public,
        attempts=tuple(
            PreservedAttempt(
                each.blind_id,
                each.bundle_hash,
                each.pictures,
                tuple(
                    seal_part(header, part, made.public)
                    for header, part in parts[each.blind_id].items()
                ),
            )
            for each in attempts
        ),
        time_s=time_s,
    )
    path = evidence.preservation_path(body, made.key_id)
    write_durably(path, sign_preservation(preservation, signers), mode=0o600)
    evidence.keep(body, made)  # last: no key lies here without what was preserved under it
    data = _read(path, MAX_ENTRY)
    again = evidence.read(body, made.key_id)
    reopened = again.open(body.opening_key(INTEGRITY))
    read_preservation(data, trust)
    for each in preserved(body, again):
        if each.parts(reopened) != parts[each.blind_id]:
            raise _not_preserved(each)
    return Preserved(
        made.key_id,
        preservation_digest(data),
        tuple(
            Kept(each.blind_id, each.bundle_hash, tuple(held[each.blind_id])) for each in attempts
        ),
    )


def check(attempt: Shown, trust: Trust) -> None:
    """Raise :class:`RetentionError` unless the bundle is the one that its station handed in:
    somebody could put another thing in the place of a held attempt."""
    if attempt.headers:
        try:
            verify_bundle(_answers(attempt.path), trust)
        except ExamError as problem:
            raise RetentionError(
                "The attempt {attempt} is held, and its record in {path} cannot be preserved: "
                "{why} Nothing was destroyed.",
                attempt=attempt.blind_id.hex(),
                path=str(attempt.path),
                why=str(problem),
            ) from None


def _proven_parts(attempt: Shown, private: SealingKey, trust: Trust) -> dict[bytes, bytes]:
    check(attempt, trust)
    try:
        return attempt.parts(private)
    except ExamError:
        raise _not_preserved(attempt) from None


def _not_preserved(attempt: Shown) -> RetentionError:
    return RetentionError(
        "The attempt {attempt} is held, and what opens its pictures in {path} cannot be "
        "preserved. Nothing was destroyed.",
        attempt=attempt.blind_id.hex(),
        path=str(attempt.path),
    )


def _answers(path: Path) -> Answers:
    return read_answers(_read(path, _MAX_ANSWERS))


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most + 1)
