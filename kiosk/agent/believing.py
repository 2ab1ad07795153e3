"""A newer root of trust at this station, which stops when that root revokes it."""

from __future__ import annotations

from collections.abc import Callable

from exam_packages.errors import ExamError
from exam_packages.sealing.trust import Trust
from kiosk.agent.session import Refusal
from kiosk.agent.station import LOG, Station

REVOKED = Refusal(
    "The certification body has revoked this station, so it holds no exams any more. Everything "
    "that was answered here is kept. Call an invigilator."
)


def believe(station: Station, trust: Trust, notice: Callable[[str, str], None]) -> None:
    """Believe *trust* from now on. A station that it revokes stops: nothing it would still
    record is taken anywhere, and what it has recorded is kept. *notice* records an incident."""
    try:
        station.custody.believe(trust)
    except ExamError as problem:
        LOG.error("The new root of trust is of no use here: %s", problem)
        return
    if not station.custody.revoked or station.damage:
        return
    LOG.error("%s", REVOKED)
    notice("station-revoked", str(REVOKED))
    station.damage = str(REVOKED)
    if station.record is not None:
        station.record.close()
    station.record = station.recovery = None
    station.restart_screen()
