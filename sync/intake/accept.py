"""What intake takes: the rules, without a key and without a disk.

1. The offer's manifest has the bundle hash under which it is offered, and is signed by a
   station that the body enrolled for the manifest's centre.
2. The answers are whole: every enrolment, the chain from first frame to last, every permit
   and acknowledgement, the manifest's head, epoch and count, the hall's countersignature
   (:func:`exam_packages.sealing.bundle.verify_bundle`). A bundle that no hall
   countersigned is not taken by this road.
3. Of one attempt there is one history. A second bundle of it may continue the first (a
   hand-in that was reopened) or be its beginning, arriving late; anything else is a fork.
4. Anchors of a bundle are proven in the log, each by a hall of the bundle's centre, and are
   heads of its record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import Answers, Manifest, read_manifest, verify_bundle
from exam_packages.sealing.heads import read_anchors, verify_anchor
from exam_packages.sealing.journal import Frame, genesis, split_frames
from exam_packages.sealing.log_proof import ProofError
from exam_packages.sealing.suite import SealingError
from exam_packages.sealing.trust import HALL, STATION, Enrolment, Trust, read_enrolment
from sync.intake.messages import Offer
from sync.intake.storage import Accepted, Standing

__all__ = ["Unacceptable", "check_anchors", "check_bundle", "check_offer", "compare"]


class Unacceptable(ExamError):
    """This can never be taken in as it is; people must look at it."""

    @classmethod
    def of(cls, problem: ExamError) -> Self:
        """The same sentence, as a refusal."""
        return cls(problem.template, **problem.fields)


def check_offer(bundle_hash: bytes, offer: Offer, trust: Trust) -> Manifest:
    """What can be said before the frames are here. Raises :class:`Unacceptable`."""
    answers = Answers(offer.manifest, offer.countersignature, offer.enrolments, b"")
    try:
        if answers.bundle_hash != bundle_hash:
            raise Unacceptable("The manifest offered belongs to another bundle than it says.")
        station = _station(offer, answers.manifest, trust)
        return read_manifest(offer.manifest, station.verify_key)
    except SealingError as problem:
        raise Unacceptable.of(problem) from None


def check_bundle(bundle_hash: bytes, offer: Offer, journal: bytes, trust: Trust) -> Accepted:
    """Check a whole bundle but its evidence. Raises :class:`Unacceptable`."""
    answers = Answers(offer.manifest, offer.countersignature, offer.enrolments, journal)
    if not offer.countersignature:
        raise Unacceptable(
            "No hall countersigned this bundle, so nothing shows that it is all the hall saw of "
            "this attempt."
        )
    try:
        manifest = verify_bundle(answers, trust)
        station = _station(offer, manifest, trust)
    except SealingError as problem:
        raise Unacceptable.of(problem) from None
    if answers.bundle_hash != bundle_hash:
        raise Unacceptable("The manifest offered belongs to another bundle than it says.")
    return Accepted(
        bundle_hash=bundle_hash,
        sitting=manifest.sitting,
        centre=manifest.centre,
        station=station.machine,
        blind_id=manifest.blind_id,
        package_hash=manifest.package_hash,
        head=manifest.head,
        frames=manifest.count,
        offer=canon.pack(offer),
        answers=journal,
        evidence=tuple((picture.digest, picture.size) for picture in manifest.evidence),
    )


def compare(bundle: Accepted, standing: Sequence[Standing]) -> None:
    """Compare a checked bundle with those of its attempt that are stored.

    Raises :class:`Unacceptable` unless one of each two continues the other.
    """
    if not standing:
        return
    own = _heads(bundle.blind_id, bundle.answers)
    for other in standing:
        if other.frames <= bundle.frames:
            joined = own[other.frames] == other.head
        else:
            joined = _heads(bundle.blind_id, other.answers)[bundle.frames] == bundle.head
        if not joined:
            raise Unacceptable(
                "Another record of the same attempt was handed in before, and the two "
                "contradict each other. Both are kept; people must look at them."
            )


def check_anchors(bundle: Accepted, data: bytes, trust: Trust) -> int:
    """Check the anchors of a stored *bundle*; how many there are. Raises :class:`Unacceptable`."""
    offer: Offer = canon.unpack(bundle.offer, Offer)
    try:
        machines = [read_enrolment(each, trust, now_s=None) for each in offer.enrolments]
        halls = [
            each.verify_key
            for each in machines
            if (each.kind, each.centre) == (HALL, bundle.centre)
        ]
        blind_id, anchors = read_anchors(data)
        for anchor in anchors:
            verify_anchor(blind_id, anchor, halls, trust)
    except (SealingError, ProofError) as problem:
        raise Unacceptable.of(problem) from None
    if blind_id != bundle.blind_id or not anchors:
        raise Unacceptable("These anchors belong to another exam than they are sent for.")
    heads = _heads(blind_id, bundle.answers)
    for anchor in anchors:
        if anchor.sequence < len(heads) and heads[anchor.sequence] != anchor.head:
            raise Unacceptable(
                "The log has the hall's word for another record of this exam than the one that "
                "was handed in; people must look at both."
            )
    return len(anchors)


def _station(offer: Offer, manifest: Manifest, trust: Trust) -> Enrolment:
    """The enrolment of the station that *manifest* names."""
    wanted = (manifest.station, STATION, manifest.centre)
    for data in offer.enrolments:
        machine = read_enrolment(data, trust, now_s=None)
        if (machine.key_id, machine.kind, machine.centre) == wanted:
            return machine
    raise Unacceptable(
        "The manifest offered names a station that is not enrolled for centre “{centre}”.",
        centre=manifest.centre,
    )


def _heads(blind_id: bytes, journal: bytes) -> list[bytes]:
    """The head after each number of frames, from none on."""
    return list(_chain(genesis(blind_id), split_frames(journal)))


def _chain(head: bytes, frames: Iterable[bytes]) -> Iterable[bytes]:
    yield head
    for frame in frames:
        head = Frame.parse(frame).head_after(head)
        yield head
