"""A neighbour's part in a move: release its halves to the station that two people named.

A neighbour holds no frames; the hall shows it the epoch headers in question. It believes
nothing of them but what its own restore key opens.
"""

from __future__ import annotations

from exam_packages.errors import ExamError
from exam_packages.sealing.journal import epoch_header
from exam_packages.sealing.restore_keys import (
    RestoreKey,
    read_restore_key,
    read_transfer,
    reseal,
)
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import STATION, Trust, read_enrolment
from sync.holder.keyring import RestoreKeys
from sync.messages import Halves, Handover

__all__ = ["NeighbourError", "announced", "release"]


class NeighbourError(ExamError):
    """A station was named that is none of this centre's, or for another sitting."""


def announced(
    restore_key: bytes, enrolment: bytes, *, centre: str, sitting: bytes, trust: Trust
) -> RestoreKey:
    """The restore key that an enrolled station of *centre* announced for *sitting*.

    Raises an :class:`~exam_packages.errors.ExamError`.
    """
    station = read_enrolment(enrolment, trust, now_s=None)
    announced = read_restore_key(restore_key, station.verify_key)
    if (station.kind, station.centre, announced.sitting) != (STATION, centre, sitting):
        raise NeighbourError(
            "The machine “{machine}” is not a station of this centre and sitting.",
            machine=station.machine,
        )
    return announced


def release(
    handover: Handover, *, keys: RestoreKeys, hall: VerifyKey, centre: str, trust: Trust
) -> Halves:
    """What the hall asked for, sealed again for the station that the transfer names.

    Raises an :class:`~exam_packages.errors.ExamError` when the transfer does not hold, or
    a half was not sealed to this machine, or the sitting was closed and its key is gone.
    """
    transfer = read_transfer(handover.transfer, hall)
    station = announced(
        handover.restore_key,
        handover.enrolment,
        centre=centre,
        sitting=transfer.sitting,
        trust=trust,
    )
    own = keys.find(transfer.sitting)
    if station.machine != transfer.station or own is None:
        raise NeighbourError("This station keeps nothing of that sitting, or for that station.")
    halves = []
    for frame in handover.headers:
        header = epoch_header(frame)
        if header.context.blind_id != transfer.blind_id:
            raise NeighbourError("The hall asked for the halves of another exam than was moved.")
        halves.append((header.context.epoch, reseal(header, own, station.sealing)))
    return Halves(transfer.blind_id, transfer.station, tuple(halves))
