"""The machines that the body enrolled, as far as enrolments are at hand."""

from __future__ import annotations

from collections.abc import Iterable

from exam_packages.errors import ExamError
from exam_packages.sealing.correction import Correction, read_correction
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import HALL, STATION, Enrolment, Trust, read_enrolment


class Machines:
    """Verified enrolments by key id. One machine has one, whichever file brought it."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._known: dict[bytes, Enrolment] = {}

    def take(self, data: bytes) -> Enrolment:
        """Verify an enrolment and know its machine. Raises an :class:`ExamError`."""
        enrolment = read_enrolment(data, self._trust, now_s=None)
        self._known[enrolment.key_id] = enrolment
        return enrolment

    def correction(self, data: bytes) -> Correction:
        """Verify a correction of the body's. Raises an :class:`ExamError`."""
        return read_correction(data, self._trust)

    def take_all(self, enrolments: Iterable[bytes]) -> list[ExamError]:
        """Take every enrolment that holds; return what is wrong with the others."""
        problems = []
        for data in enrolments:
            try:
                self.take(data)
            except ExamError as problem:
                problems.append(problem)
        return problems

    def get(self, key_id: bytes) -> Enrolment | None:
        """The machine with this key id."""
        return self._known.get(key_id)

    def station(self, key_id: bytes) -> Enrolment | None:
        """The station with this key id."""
        found = self._known.get(key_id)
        return found if found is not None and found.kind == STATION else None

    def halls(self, centre: str) -> list[VerifyKey]:
        """The keys of the halls of *centre*: those who may command there."""
        return [
            each.verify_key
            for each in self._known.values()
            if each.kind == HALL and each.centre == centre
        ]

    def all_halls(self) -> list[VerifyKey]:
        """The keys of all halls."""
        return [each.verify_key for each in self._known.values() if each.kind == HALL]

    def name(self, key_id: bytes) -> str:
        """How people call this machine."""
        found = self._known.get(key_id)
        if found is None:
            return f"an unknown machine ({key_id.hex()[:8]}…)"
        return f"{found.machine} ({found.centre})"
