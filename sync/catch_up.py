"""Getting frames of an attempt from its holder: after a lost tail, or to take it up here.

What comes is believed as far as the chain verifier goes: every epoch header signed by an
enrolled station of this centre and permitted by one of its halls, no gap, no other history than
what lies here already. That the sealed frames between are the station's own shows when
they are opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from exam_packages.sealing.bundle import MAX_FRAMES_SIZE
from exam_packages.sealing.chain import ChainState, extend, start
from exam_packages.sealing.journal import Recovered, epoch_header, genesis
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import STATION, Trust, read_enrolment
from sync.link import HolderClient, Misbehaved, Unreachable
from sync.messages import Seat

__all__ = ["CaughtUp", "catch_up"]


@dataclass(frozen=True)
class CaughtUp:
    """Whose attempt it is, the frames that were missing here, the pictures the hall has (digest
    and size), and the enrolments of the stations that wrote."""

    seat: Seat
    frames: tuple[bytes, ...]
    pictures: tuple[tuple[bytes, int], ...]
    writers: tuple[bytes, ...]


def catch_up(
    client: HolderClient, blind_id: bytes, own: Recovered, *, centre: str, trust: Trust
) -> CaughtUp:
    """Everything the hall holds of *blind_id* after what is here already.

    Raises a ``LinkError`` when the hall does not answer or refuses (it does when the two
    records differ), a ``ChainError`` when what it gave is no continuation.
    """
    if client.hall is None:
        raise Unreachable("The hall has not been reached yet.")
    halls = [client.hall.verify_key, *client.halls.keys]
    sequence, head = len(own.frames), own.heads[-1] if own.frames else genesis(blind_id)
    state: ChainState | None = None
    frames: list[bytes] = []
    size = 0
    while True:
        copy = client.copy(blind_id, sequence, head)
        stations = _stations(copy.enrolments, centre, trust)
        if state is None and (first := [*own.frames[:1], *copy.frames[:1]]):
            package_hash = epoch_header(first[0]).context.package_hash
            state = extend(start(blind_id, package_hash), own.frames, stations.get, halls)
        if state is not None:
            state = extend(state, copy.frames, stations.get, halls)
            sequence, head = state.sequence, state.head
        frames += copy.frames
        size += sum(map(len, copy.frames))
        if not copy.more:
            return CaughtUp(copy.seat, tuple(frames), copy.pictures, copy.enrolments)
        if not copy.frames or size > MAX_FRAMES_SIZE:
            raise Misbehaved("The hall gives the record of this exam without end.")


def _stations(enrolments: tuple[bytes, ...], centre: str, trust: Trust) -> dict[bytes, VerifyKey]:
    """The stations of this centre among *enrolments*, by key id."""
    machines = [read_enrolment(data, trust, now_s=None) for data in enrolments]
    return {
        machine.key_id: machine.verify_key
        for machine in machines
        if (machine.kind, machine.centre) == (STATION, centre)
    }
