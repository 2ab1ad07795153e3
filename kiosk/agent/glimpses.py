"""Small pictures for the invigilators' board, where the rules of the exam allow them.

They go from the camera through memory to the hall, behind everything that is kept, and lie on
no disk: the newest takes the place of one that could not be sent. They are no evidence; what
is kept is sealed (:mod:`kiosk.agent.album`).
"""

from __future__ import annotations

from exam_packages.clock import SECOND, Stamp
from exam_packages.content.paper import CAMERA_OFF
from exam_packages.content.proctoring import LEAST_LIVE_S
from kiosk.agent.album import LIVE_NS, LIVE_PICTURES, Eyes
from kiosk.agent.courier import Courier
from kiosk.agent.inbox import Glimpsed
from kiosk.agent.record import Record
from kiosk.agent.station import Station
from sync.messages import Glimpse


class Glimpses:
    """Asks for one every so many seconds while the exam runs, at once with an incident, and more
    often while a sign of life is awaited, so that who asked for it sees what is done."""

    def __init__(self, station: Station, camera: Eyes, courier: Courier) -> None:
        self._station = station
        self._camera = camera
        self._courier = courier
        self._due_ns = 0
        self._asked_live = 0
        self._live_ns = 0
        """Until when a sign of life is awaited that was asked for."""

    def soon(self) -> None:
        """Something happened that people may want to see: the next look asks for one."""
        self._due_ns = 0

    def look(self, record: Record, now: Stamp) -> None:
        """Ask for one, if one is due."""
        every_s = self._every_s(record)
        if record.attempt.asked_live != self._asked_live:
            if record.attempt.asked_live > self._asked_live:
                self._live_ns = now.boottime_ns + LIVE_PICTURES * LIVE_NS
                self.soon()
            self._asked_live = record.attempt.asked_live
        if every_s and now.boottime_ns >= self._due_ns and self._camera.glance():
            awaited = now.boottime_ns < self._live_ns
            self._due_ns = now.boottime_ns + (LIVE_NS if awaited else every_s * SECOND)

    def came(self, glimpsed: Glimpsed) -> None:
        """One came: to the link, and nowhere else."""
        record = self._station.record
        if record is not None and glimpsed.data and self._every_s(record):
            glimpse = Glimpse(record.blind_id, glimpsed.data, glimpsed.signals)
            self._courier.glimpse = (self._station.clock.boottime_ns(), glimpse)

    def _every_s(self, record: Record) -> int:
        """Seconds between two; 0 where the rules allow none, and while the exam stands."""
        paper = self._station.exam().paper
        if paper is None or paper.policy.camera == CAMERA_OFF or not record.attempt.working:
            return 0
        asked = paper.policy.proctoring.live_s
        return max(LEAST_LIVE_S, asked) if asked else 0
