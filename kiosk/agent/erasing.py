"""When a sitting is closed: delete what opens its records again, and sign that it is gone.

The hall's statement names its restore key. Whatever here could be joined with that key
dies: the halves of every epoch that was sealed to it, also of attempts that have left this
station, and this station's own restore key for the sitting. The journals stay.
"""

from __future__ import annotations

from pathlib import Path

from exam_packages.clock import SECOND, Clock
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.journal import Compartment, Frame, epoch_header, forget_halves
from exam_packages.sealing.restore_keys import Erasure, sign_erasure
from kiosk.agent.custody import Custody
from kiosk.agent.shelf import AttemptDirectory, every_attempt
from kiosk.agent.station import LOG, Station
from kiosk.agent.worker import Finish, Worker
from sync.link import HolderClient


def erase_closed(station: Station, client: HolderClient, local: Worker) -> None:
    """Do as the hall did for every closed sitting that it told of, beside the session thread,
    and tell it so. Nothing is touched while an exam is open here."""
    if station.record is not None or station.recovery is not None:
        return
    for order in client.closed:

        def work(order: Erasure = order) -> Finish:
            try:
                client.erased(erase(station.custody, station.attempts, order, station.clock))
            except (ExamError, OSError) as problem:  # the hall tells of it again
                LOG.warning("What a closed sitting left is not all gone: %s", problem)
            return lambda: None

        local.do(work)


def erase(custody: Custody, attempts: Path, order: Erasure, clock: Clock) -> bytes:
    """Carry out the hall's *order*; this station's own signed statement. Once done, the same
    statement is given again.

    Raises an ``ExamError`` or :class:`OSError` when the disk does not let go, or a record
    cannot be read: then nothing is stated.
    """
    statement = attempts.parent / "erasures" / f"{order.sitting.hex()}.erasure"
    if statement.exists():
        return statement.read_bytes()
    halves = sum(
        forget_halves(directory.path)
        for directory in every_attempt(attempts)
        if _sealed_to(directory, frozenset(order.keys))
    )
    signed = sign_erasure(
        Erasure(
            sitting=order.sitting,
            package_hash=order.package_hash,
            slot=order.slot,
            machine=custody.signing.key_id,
            operator=order.operator,
            reason=order.reason,
            keys=custody.restore_keys.erase(order.sitting),
            halves=halves,
            time_s=clock.wall_ns() // SECOND,
        ),
        custody.signing,
    )
    make_directory(statement.parent, 0o700)
    write_durably(statement, signed, 0o600)
    return signed


def _sealed_to(directory: AttemptDirectory, keys: frozenset[bytes]) -> bool:
    """Whether an epoch of this attempt was sealed to one of the hall's *keys*.

    Raises an ``ExamError`` when the record cannot be read: what is not known to be gone is
    not stated to be.
    """
    frames = directory.recover().frames
    return any(
        half.key_id in keys
        for frame in frames
        if Frame.parse(frame).compartment is Compartment.HEADER
        for half in epoch_header(frame).parsed.body.halves
    )
