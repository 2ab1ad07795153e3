"""Taking the body's next root of trust at a hall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_packages.sealing.trust import TrustError, read_enrolment
from sync.hall import seats
from sync.hall.schema import alarm

if TYPE_CHECKING:
    from sync.hall.service import HallService

__all__ = ["take_root"]

_ENDS_ENROLMENTS = (
    "Version {version} of the body’s root of trust ends the enrolment of this hall: enrol its "
    "machines again. While a sitting is open it is not taken. ({why})"
)
_REVOKED = (
    "This hall has been revoked by the certification body: stations that learn it refuse this "
    "hall. Everything it holds is kept; ask the body what to do."
)


def take_root(hall: HallService, data: bytes) -> bool:
    """Take the body's next root, as it came over the network; whether it was taken now.

    One under which this hall's own enrolment would end, although it was not revoked, waits
    until no sitting is open: it would end every exam here. Raises a ``TrustError`` or
    ``SignedError`` when it is not the next root. Not from the loop.
    """
    now_ns = hall.clock.wall_ns()
    current = hall.trust
    current.vouches(data)
    following = current.update(data)
    if not following.is_revoked(hall.enrolment.key_id):
        with hall.store.reading() as connection:
            sitting = seats.open_sitting(connection)
        try:
            read_enrolment(hall.home.enrolment_bytes, following, now_s=None)
        except TrustError as problem:
            words = _ENDS_ENROLMENTS.format(version=following.root.version, why=problem)
            hall.store.write(lambda connection: alarm(connection, now_ns, "trust", words))
            if sitting is not None:
                return False
    hall.known.roots.install(data)
    hall.follow_trust()
    if following.is_revoked(hall.enrolment.key_id):
        hall.store.write(lambda connection: alarm(connection, now_ns, "trust", _REVOKED))
    return True
