"""Taking a correction that the hall hands on: for the body's signature, not for the hall's.

A hall can order much, but not what stands beside a question: that is the body's word. One
that does not hold is an incident, told once, and is neither journaled nor shown.
"""

from __future__ import annotations

from exam_packages.attempt.commands import Command, Correct
from exam_packages.errors import ExamError
from exam_packages.sealing.correction import CorrectionError, read_correction
from kiosk.agent.record import Record
from kiosk.agent.station import Station


class Corrections:
    """Keeps out what the body did not say, and remembers it: the hall repeats itself."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._refused: set[tuple[bytes, int, int]] = set()

    def refusal(self, record: Record, command: Command) -> ExamError | None:
        """Why the correction in *command* is not taken, if it is none of the body's for the
        exam of *record*; commands that are no corrections are nothing to this."""
        if not isinstance(command.order, Correct):
            return None
        try:
            self._check(record, command.order.correction)
        except ExamError as problem:
            return problem
        return None

    def first(self, command: Command) -> bool:
        """Whether *command* was not refused before; from now on it was."""
        name = command.blind_id, command.authority, command.number
        new = name not in self._refused
        self._refused.add(name)
        return new

    def _check(self, record: Record, data: bytes) -> None:
        correction = read_correction(data, self._station.custody.trust)
        if correction.package_hash != record.package_hash:
            raise CorrectionError("The correction is for another exam than this one.")
        paper = self._station.exam().paper
        items = {each.identifier for each in paper.references()} if paper is not None else None
        if items is not None and correction.item not in items:
            raise CorrectionError(
                "The correction is for a question that this exam does not have ({item}).",
                item=correction.item,
            )
