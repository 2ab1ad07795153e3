"""The exams that lie here for the hall and the body, and what those sign for them in return."""

from __future__ import annotations

from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import manifest_hash
from exam_packages.sealing.receipt import read_receipt
from kiosk.agent.courier import Parcel
from kiosk.agent.shelf import AttemptDirectory
from kiosk.agent.station import LOG, Station


class Parcels:
    """By blind id. What is unknown here is passed over."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._held: dict[bytes, tuple[AttemptDirectory, Parcel]] = {}

    def add(self, directory: AttemptDirectory, parcel: Parcel) -> None:
        self._held[directory.blind_id] = directory, parcel

    def drop(self, blind_id: bytes) -> None:
        """The attempt was moved away."""
        self._held.pop(blind_id, None)

    def block(self, blind_id: bytes) -> None:
        """The hall keeps another record of the attempt: no more of it is sent."""
        if blind_id in self._held:
            _, parcel = self._held[blind_id]
            parcel.blocked = True

    def receipt(self, blind_id: bytes, data: bytes) -> None:
        """The body's receipt came: it is believed for the exam that it names."""
        _, parcel = self._held.get(blind_id, (None, None))
        if parcel is None or parcel.receipt or not parcel.manifest:
            return
        try:
            receipt = read_receipt(data, self._station.custody.trust)
            if receipt.bundle_hash != manifest_hash(parcel.manifest):
                LOG.error("The receipt for an exam names another exam; it is not believed.")
                return
        except ExamError as problem:
            LOG.error("A receipt is not believed: %s", problem)
            return
        parcel.receipt = data
        self.keep(blind_id, "receipt", data)

    def keep(self, blind_id: bytes, name: str, data: bytes) -> None:
        """Keep what the hall or the body signed for an attempt, and tell its candidate."""
        directory, _ = self._held.get(blind_id, (None, None))
        if directory is None:
            return
        try:
            directory.write(name, data)
        except ExamError as problem:  # the hall sends it again
            LOG.error("%s", problem)
        finish = self._station.finish
        if finish is not None and finish.parcel.blind_id == blind_id:
            self._station.hand_in_trouble = ""
            self._station.tell(finish.message())
