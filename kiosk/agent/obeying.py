"""Orders: of the hall in command, and with no hall left of the chief at the seat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from exam_packages.attempt import events as ev
from exam_packages.attempt.commands import Command
from exam_packages.errors import ExamError
from exam_packages.sealing.mandate import term_of
from kiosk.agent.album import Album
from kiosk.agent.correcting import Corrections
from kiosk.agent.record import Record
from kiosk.agent.session import Events, Refusal, session
from kiosk.agent.station import LOG, Station
from sync.link import HolderClient
from sync.seat_orders import take


class Obeying:
    """Carries orders out on the open record.

    *directory* is where the chief's orders at the seat are put; *carry_out* journals what was
    decided; *notice* records an incident: its code and words.
    """

    def __init__(
        self,
        station: Station,
        client: HolderClient,
        directory: Path,
        album: Album,
        carry_out: Callable[[Record, Events], object],
        notice: Callable[[str, str], None],
    ) -> None:
        self._station = station
        self._client = client
        self._directory = directory
        self._album = album
        self._carry_out = carry_out
        self._notice = notice
        self._corrections = Corrections(station)

    def obey(self, record: Record, command: Command, data: bytes, under: Events = ()) -> None:
        """Carry an order out, signed in *data*; *under* is recorded before it."""
        if (refused := self._corrections.refusal(record, command)) is not None:
            if self._corrections.first(command):
                self._notice("correction-refused", str(refused))
            return
        decided = session(self._station.exam(), record.ahead, self._station.now(), data)
        if isinstance(decided, Refusal):
            LOG.warning("A command of the hall was refused: %s", decided)
        elif decided:
            self._carry_out(record, (*under, *decided))
            self._album.apply_rules()
            self._station.tell_status()

    def obey_chief(self, record: Record) -> None:
        """Take the orders that lie at the seat."""
        if record.stuck:
            return
        for found in take(self._directory, self._client.halls):
            if isinstance(found, ExamError):
                LOG.error("An order at the seat is not believed: %s", found)
                continue
            command = found.command
            if (command.blind_id, command.epoch) == (record.blind_id, record.epoch):
                first = term_of(command.authority) > term_of(record.attempt.authority)
                why = (ev.Mandated(found.mandate),) if first else ()
                self.obey(record, command, found.signed, why)
