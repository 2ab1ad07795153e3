"""Opening, reopening and closing an attempt's journal at this station."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from exam_packages.attempt.state import Attempt
from exam_packages.clock import SECOND, Stamp
from exam_packages.sealing.bundle import (
    Evidence,
    Manifest,
    hand_in_code,
    manifest_hash,
    sign_manifest,
)
from exam_packages.sealing.journal import Context, Cursor, JournalWriter
from exam_packages.sealing.suite import SealingPublic
from kiosk.agent.courier import Parcel
from kiosk.agent.custody import Custody, SittingPackage
from kiosk.agent.record import Record
from kiosk.agent.recovery import Recovery, Restored
from kiosk.agent.shelf import AttemptDirectory, Who
from kiosk.ipc.messages import Finished
from sync.link import Leave
from sync.outbox import Outbox


def start(
    custody: Custody,
    halls: list[SealingPublic],
    package: SittingPackage,
    directory: AttemptDirectory,
    who: Who,
    context: Context,
    leave: Leave,
    now: Stamp,
) -> Record:
    """Open a new attempt's first epoch. *halls* are the halls' restore keys for the sitting.

    Raises an ``ExamError`` when the disk does not take it, or the permit does not fit.
    """
    directory.make()
    directory.write_who(who, custody.sealing)
    writer = _begin(custody, halls, package, directory, context, leave, now)
    parcel = Parcel(Outbox(directory.blind_id), candidate=who.candidate)
    return Record(directory, who, context.package_hash, writer, parcel)


def resume(
    custody: Custody,
    halls: list[SealingPublic],
    package: SittingPackage,
    recovery: Recovery,
    restored: Restored,
    now: Stamp,
) -> Record:
    """Open the next epoch of a restored attempt. Raises like :func:`start`."""
    if recovery.context is None or recovery.leave is None:
        raise ValueError("a recovery resumes with the context its permit was asked for")
    writer = _begin(
        custody, halls, package, recovery.directory, recovery.context, recovery.leave, now
    )
    return Record(
        recovery.directory,
        recovery.who,
        recovery.package_hash,
        writer,
        recovery.parcel,
        restored.entries,
        restored.ledger,
        restored.pictures,
    )


@dataclass
class Finish:
    """An attempt that was closed here, whose candidate has not left yet."""

    who: Who
    directory: AttemptDirectory
    parcel: Parcel
    how: int
    code: str
    """The hand-in code."""

    def message(self) -> Finished:
        countersigned, received = bool(self.parcel.countersignature), bool(self.parcel.receipt)
        return Finished(self.how, self.code, countersigned, received)


def finish(custody: Custody, record: Record, now: Stamp) -> Finish:
    """Sign the manifest of a closed attempt; it is on disk when this returns.

    Raises an ``ExamError`` when the disk does not take it.
    """
    return _finish(
        custody,
        record.directory,
        msgspec.structs.replace(record.who, how=record.attempt.closed),
        record.parcel,
        record.package_hash,
        record.cursor,
        tuple(record.evidence),
        now,
    )


def finish_restored(custody: Custody, recovery: Recovery, attempt: Attempt, now: Stamp) -> Finish:
    """The same for an attempt whose conclusion was saved just before the agent ended."""
    cursor = recovery.recovered.cursor
    if cursor is None:
        raise ValueError("nothing was recovered")
    return _finish(
        custody,
        recovery.directory,
        msgspec.structs.replace(recovery.who, how=attempt.closed),
        recovery.parcel,
        recovery.package_hash,
        cursor,
        recovery.directory.evidence(),
        now,
    )


def finished_before(directory: AttemptDirectory, who: Who, parcel: Parcel) -> Finish:
    """An attempt that was finished before the agent started, whose candidate is still here."""
    return Finish(who, directory, parcel, who.how, _code(parcel.manifest))


def _finish(
    custody: Custody,
    directory: AttemptDirectory,
    who: Who,
    parcel: Parcel,
    package_hash: bytes,
    cursor: Cursor,
    evidence: tuple[Evidence, ...],
    now: Stamp,
) -> Finish:
    signed = sign_manifest(
        Manifest(
            sitting=who.sitting,
            centre=custody.enrolment.centre,
            station=custody.signing.key_id,
            blind_id=directory.blind_id,
            package_hash=package_hash,
            head=cursor.head,
            epoch=cursor.epoch,
            count=cursor.sequence,
            evidence=evidence,
            equipment=custody.enrolment.equipment,
            finished_s=now.wall_ns // SECOND,
        ),
        custody.signing,
    )
    directory.write_who(who, custody.sealing)
    directory.write("manifest", signed)
    parcel.manifest = signed
    return Finish(who, directory, parcel, who.how, _code(signed))


def _code(signed_manifest: bytes) -> str:
    return hand_in_code(manifest_hash(signed_manifest))


def _begin(
    custody: Custody,
    halls: list[SealingPublic],
    package: SittingPackage,
    directory: AttemptDirectory,
    context: Context,
    leave: Leave,
    now: Stamp,
) -> JournalWriter:
    return JournalWriter.begin(
        directory.path,
        context,
        leave.permit,
        station=custody.signing,
        openings=custody.openings,
        evidence=package.evidence_key,
        hall=halls,
        neighbour=leave.neighbour,
        stamp=now,
        keeper=custody.secret,
    )
