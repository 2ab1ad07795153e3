"""What a chief ordered at the seat, with no hall left: whose key it was, by the body's word.

A chief's order is signed with their own key and stands under a term of command that their
signed mandate began. The mandate is in the record before the first such order, with the body's
record of the chief in it, so nothing else is needed; a chief's record that is given as a file
serves as well.
"""

from __future__ import annotations

from collections import Counter

from exam_packages.attempt.commands import Command
from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.language import say
from exam_packages.sealing.mandate import Chief, MandateError, term_of
from exam_packages.sealing.signed import Signed
from exam_packages.verify.findings import Findings, Subject
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import moment

__all__ = ["ChiefsOrders", "chief", "mandate"]


class ChiefsOrders:
    """The orders of chiefs in the record of one attempt at *centre*."""

    def __init__(self, findings: Findings, machines: Machines, centre: str) -> None:
        self._findings = findings
        self._machines = machines
        self._centre = centre
        self._given: Counter[str] = Counter()

    def mandated(self, entry: int, data: bytes) -> str:
        """What to say of the mandate in *entry*; empty when it is not believed."""
        try:
            said, by = self._machines.mandate(data, self._centre)
            if said.commander != by.key_id:
                raise MandateError("It gives command to another key than the one that signed it.")
        except ExamError as problem:
            self._findings.not_proven(
                "mandate-not-signed",
                "The act of command in entry {entry} proves no chief’s key: {why}",
                entry=entry,
                why=str(problem),
            )
            return ""
        return say(
            "With no hall left, the chief {name} took command at the seat with their own key "
            "({reason}).",
            name=by.name,
            reason=said.reason + (f": {said.comment}" if said.comment else ""),
        )

    def signer(self, command: Command, signed: Signed) -> str:
        """The chief with whose key *command* was given, for people; empty when it was none's."""
        known = self._machines.chiefs(self._centre, command.issued_ns // SECOND)
        by = [each for each in known if signed.signers([each.verify_key])]
        if not by or not term_of(command.authority):
            return ""
        name = say("the chief {name} ({centre})", name=by[0].name, centre=by[0].centre)
        self._given[by[0].name] += 1
        return name

    def tell(self) -> None:
        """Say, after the last entry, who gave how many."""
        for name, count in self._given.items():
            self._findings.proven(
                "chief-commanded",
                "{count} commands were given at the seat, without a hall, with the key of {name}, "
                "whom the certification body named as a chief of this centre.",
                count=count,
                name=name,
            )


def chief(subject: Subject, data: bytes, machines: Machines) -> None:
    """The body's record of a chief's key."""
    try:
        found = machines.chief(data)
    except ExamError as problem:
        subject.findings.problem("chief-not-signed", problem)
        return
    _tell(subject, found)
    subject.findings.proven(
        "chief-signed",
        "The certification body named {name} as a chief of this centre, with the key {key}….",
        name=found.name,
        key=found.key_id.hex()[:8],
    )


def mandate(subject: Subject, data: bytes, machines: Machines) -> None:
    """A chief's act of command."""
    try:
        said, by = machines.mandate(data, None)
    except ExamError as problem:
        subject.findings.problem("mandate-not-signed", problem)
        return
    _tell(subject, by)
    subject.facts |= {"reason": said.reason + (f": {said.comment}" if said.comment else "")}
    to = by.name if said.commander == by.key_id else machines.name(said.commander)
    subject.findings.proven(
        "mandate-signed",
        "{name}, a chief of this centre, gave command to {to} at {time} (term {term}).",
        name=by.name,
        to=to,
        time=moment(said.time_s * SECOND),
        term=said.term,
    )


def _tell(subject: Subject, found: Chief) -> None:
    subject.centre = found.centre
    subject.facts |= {
        "operator": found.name,
        "centre": found.centre,
        "valid": f"{moment(found.issued_s * SECOND)} to {moment(found.expires_s * SECOND)}",
    }
