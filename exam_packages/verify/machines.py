"""The machines that the body enrolled and the chiefs it named, as far as its word is at hand."""

from __future__ import annotations

from collections.abc import Iterable

from exam_packages.errors import ExamError
from exam_packages.sealing.correction import Correction, read_correction
from exam_packages.sealing.mandate import Chief, Mandate, parse_mandate, read_chief, read_mandate
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import HALL, STATION, Enrolment, Trust, read_enrolment


class Machines:
    """Verified enrolments by key id. One machine has one, whichever file brought it."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._known: dict[bytes, Enrolment] = {}
        self._chiefs: dict[bytes, Chief] = {}

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

    def chief(self, data: bytes) -> Chief:
        """Verify the body's record of a chief and know their key. Raises an
        :class:`ExamError`."""
        found = read_chief(data, self._trust, now_s=None)
        self._chiefs[found.key_id] = found
        return found

    def mandate(self, data: bytes, centre: str | None) -> tuple[Mandate, Chief]:
        """Verify an act of command (for *centre*, if it is said), and know the chief who
        signed it. Raises an :class:`ExamError`."""
        centre = parse_mandate(data).centre if centre is None else centre
        said, by = read_mandate(data, self._trust, centre)
        self._chiefs[by.key_id] = by
        return said, by

    def chiefs(self, centre: str, at_s: int) -> list[Chief]:
        """The chiefs of *centre* whose keys held at *at_s*."""
        return [
            each
            for each in self._chiefs.values()
            if each.centre == centre and at_s < each.expires_s
        ]

    def name(self, key_id: bytes) -> str:
        """How people call this machine."""
        found = self._known.get(key_id)
        if found is None:
            return f"an unknown machine ({key_id.hex()[:8]}…)"
        return f"{found.machine} ({found.centre})"
