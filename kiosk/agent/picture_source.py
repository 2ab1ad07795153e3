"""Where pictures come from: which camera it is, what the kernel says of it, and its changes."""

from __future__ import annotations

from collections.abc import Callable

from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Phase
from kiosk.agent.inbox import CameraChanged
from kiosk.agent.noticing import Noticing
from kiosk.agent.record import Record
from kiosk.agent.session import Events
from kiosk.agent.station import Station
from kiosk.lockdown.signals import Signal


class PictureSource:
    """*write* journals events of the open attempt."""

    def __init__(
        self, station: Station, noticing: Noticing, write: Callable[[Record, Events], object]
    ) -> None:
        self._station = station
        self._noticing = noticing
        self._write = write

    def events(self) -> Events:
        """The source as it is now: what an epoch begins with, and what each change tells."""
        station = self._station
        found = ev.CameraFound(*station.camera)
        told = station.camera_told
        return (found,) if told is None else (found, told)

    def changed(self, to: CameraChanged) -> None:
        """The source is another now, or gone."""
        station = self._station
        source, words = station.camera = to.source, to.words
        station.camera_told = None
        station.camera_held = words if to.held else ""
        if source in (ev.DEVICE, ev.VIRTUAL, ev.OTHER_DEVICE):
            of = to.identity
            station.camera_told = ev.CameraTold(of.driver, of.bus, of.ids, of.serial, to.enrolled)
        record = station.record
        if record is None or record.stuck or record.attempt.phase is Phase.CLOSED:
            return
        if source == ev.NO_CAMERA:
            self._noticing.see(Signal("camera-held" if to.held else "camera-lost", words))
        elif source == ev.VIRTUAL:
            words = "A program makes the pictures of the camera in use."
            self._noticing.see(Signal("camera-virtual", words))
        elif source == ev.OTHER_DEVICE:
            words = "The camera in use is not the one enrolled here."
            self._noticing.see(Signal("camera-other", words))
        self._write(record, self.events())
