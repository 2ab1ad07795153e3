"""What lies on this station from before: handed-in exams, and one that goes on."""

from __future__ import annotations

from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import parse_manifest
from kiosk.agent import opening
from kiosk.agent.courier import Courier
from kiosk.agent.parcels import Parcels
from kiosk.agent.reception import Reception
from kiosk.agent.resumption import Resumption
from kiosk.agent.shelf import AttemptDirectory, attempts
from kiosk.agent.station import LOG, Station


class Stock:
    """Gives each exam that lies here to those that see to it."""

    def __init__(
        self,
        station: Station,
        courier: Courier,
        parcels: Parcels,
        reception: Reception,
        resumption: Resumption,
    ) -> None:
        self._station = station
        self._courier = courier
        self._parcels = parcels
        self._reception = reception
        self._resumption = resumption

    def take(self) -> None:
        """Look at all of them. What cannot be read is the station's damage. Raises an
        ``ExamError`` when the disk cannot be read at all."""
        station = self._station
        for directory in attempts(station.attempts):
            try:
                if directory.handed_in(directory.recover()):
                    self._finished(directory)
                else:
                    if directory.read("manifest"):  # it was reopened, and then the agent ended
                        directory.set_aside()
                    self._unfinished(directory)
            except ExamError as problem:
                LOG.error("An exam on this station cannot be read: %s", problem)
                station.damage = str(problem)
        if station.recovery is not None:
            station.finish = None

    def _finished(self, directory: AttemptDirectory) -> None:
        parcel = directory.parcel(directory.recover())
        self._parcels.add(directory, parcel)
        who = directory.read_who(self._station.custody.sealing)
        parcel.candidate = who.candidate
        if who.how:
            self._station.finish = opening.finished_before(directory, who, parcel)
            asked_in = parse_manifest(parcel.manifest)[1].package_hash
            self._reception.load(asked_in, who.slot, resuming=True)  # for the survey in it
        if not parcel.delivered:
            self._courier.later(parcel)

    def _unfinished(self, directory: AttemptDirectory) -> None:
        before = self._station.recovery
        if self._resumption.find_unfinished(directory) and before is not None:
            self._courier.later(before.parcel)  # what it has still reaches the hall
