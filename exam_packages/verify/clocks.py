"""Whether a station's clock agrees with those of the holders that signed along the way.

A holder signed after the entry it acknowledges was made, and before its word was journaled:
that bounds what the station's clocks showed when the holder's showed the signed time.
"""

from __future__ import annotations

from exam_packages.clock import SECOND, Stamp
from exam_packages.sealing.journal_format import parse_acknowledgement
from exam_packages.verify.findings import Findings
from exam_packages.verify.machines import Machines
from exam_packages.verify.words import length

__all__ = ["Clocks"]


class Clocks:
    """The clocks of one record: its entries' stamps, and the acknowledgements in it."""

    def __init__(self, findings: Findings, machines: Machines) -> None:
        self._findings = findings
        self._machines = machines
        self._stamps: dict[int, Stamp] = {}
        self._compared: list[tuple[Stamp, Stamp, int]] = []

    def made(self, entry: int, stamp: Stamp) -> None:
        """*entry* was made at *stamp*."""
        self._stamps[entry] = stamp

    def acknowledged(self, stamp: Stamp, acknowledgement: bytes) -> None:
        """A holder's word was journaled at *stamp*."""
        signed, word = parse_acknowledgement(acknowledgement)
        holder = self._machines.get(word.holder)
        made = self._stamps.get(word.sequence)
        if holder is None or made is None or made.boot != stamp.boot:
            return
        if signed.signers([holder.verify_key]):
            self._compared.append((made, stamp, word.time_ns))

    def tell(self) -> None:
        """Put into the findings whether they agree, where anything tells."""
        if not self._compared:
            return
        drift = covered = 0
        for boot in {made.boot for made, _, _ in self._compared}:
            mine = [each for each in self._compared if each[0].boot == boot]
            least = max(made.boottime_ns - told for made, _, told in mine)
            most = min(journaled.boottime_ns - told for _, journaled, told in mine)
            drift = max(drift, least - most)
            covered += mine[-1][1].boottime_ns - mine[0][0].boottime_ns
        made, journaled, told_ns = self._compared[-1]
        ahead, behind = made.wall_ns - told_ns, told_ns - journaled.wall_ns
        offset = max(0, ahead, behind)
        if max(drift, offset) < SECOND:
            self._findings.proven(
                "clocks-agree",
                "The station’s clock agrees with the clocks of those who witnessed the exam, as "
                "closely as their signatures tell (over {covered}).",
                covered=length(covered),
            )
        else:
            self._findings.note(
                "clocks-differ",
                "The station’s clock does not agree with the clocks of those who witnessed the "
                "exam: its time of day differed by at least {offset}, and over {covered} it went "
                "at least {drift} too fast or too slow.",
                offset=length(offset),
                covered=length(covered),
                drift=length(drift),
            )
