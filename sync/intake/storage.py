"""What intake needs of a durable store: the seam, and the records that go through it.

What a receipt promises lies in one durable system: the bundle, its leaf of the log and the
receipt itself are written in one transaction, so there is never one without the others.
:mod:`sync.intake.sqlite_storage` is the store that is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from exam_packages.sealing.correction import Correction
from exam_packages.sealing.tiles import Place

__all__ = ["Accepted", "Refused", "Report", "Standing", "Storage"]


@dataclass(frozen=True)
class Accepted:
    """A bundle that passed every check, as it is stored.

    ``offer`` is the encoded :class:`~sync.intake.messages.Offer`, ``answers`` the frames
    one after the other, ``evidence`` the digests and sizes that the manifest names.
    """

    bundle_hash: bytes
    sitting: str
    centre: str
    station: str
    blind_id: bytes
    package_hash: bytes
    head: bytes
    frames: int
    offer: bytes
    answers: bytes
    evidence: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True)
class Standing:
    """A stored bundle of an attempt, for comparing another one of the same attempt."""

    bundle_hash: bytes
    head: bytes
    frames: int
    answers: bytes


@dataclass(frozen=True)
class Refused:
    """A refused bundle, kept for people to look at."""

    bundle_hash: bytes
    reason: str
    seen_s: int


@dataclass(frozen=True)
class Report:
    """A sealed report of a question, with the enrolment of the hall that signed it."""

    digest: bytes
    machine: bytes
    centre: str
    package_hash: bytes
    received_s: int
    report: bytes
    enrolment: bytes


class Storage(Protocol):
    """What intake needs of a durable store. Every write is durable when it returns."""

    def offer(self, bundle_hash: bytes, station: bytes, offer: bytes) -> None:
        """Keep an offer until its bundle is accepted or refused; the latest one counts."""

    def offered(self, bundle_hash: bytes) -> bytes | None: ...

    def offers(self, station: bytes) -> int:
        """How many bundles of the station with this key id are offered but not committed."""

    def stage(self, bundle_hash: bytes, digest: bytes, chunk: bytes) -> None:
        """Keep a chunk of an offered bundle; nothing happens when it is not offered."""

    def staged(self, bundle_hash: bytes) -> dict[bytes, bytes]:
        """The chunks held for an offered bundle, by digest."""

    def accept(
        self,
        bundle: Accepted,
        received_s: int,
        compare: Callable[[list[Standing]], None],
        receipt: Callable[[int], bytes],
    ) -> bytes:
        """Store *bundle*, its leaf and its receipt in one transaction; return the receipt.

        *compare* is called with the bundles of the same attempt that are stored, and stops
        everything by raising; *receipt* makes the receipt for the number of the new leaf. A
        bundle that is already stored keeps its first receipt, which is returned.
        """

    def refuse(
        self, bundle_hash: bytes, reason: str, seen_s: int, offer: bytes, answers: bytes
    ) -> None:
        """Keep a refused bundle for inspection, and drop what was staged of it."""

    def receipt(self, bundle_hash: bytes) -> bytes | None: ...

    def bundle(self, bundle_hash: bytes) -> Accepted | None: ...

    def bundles(self) -> list[bytes]:
        """The hashes of all stored bundles, by sitting and centre."""

    def expected(self, bundle_hash: bytes, digest: bytes) -> int | None:
        """The size of a piece of evidence that a stored bundle names."""

    def missing(self, bundle_hash: bytes) -> tuple[bytes, ...]:
        """The evidence of a stored bundle that has not arrived."""

    def keep_evidence(self, bundle_hash: bytes, digest: bytes, data: bytes) -> None: ...

    def evidence(self, digest: bytes) -> bytes: ...

    def keep_anchors(self, bundle_hash: bytes, count: int, data: bytes) -> None:
        """Keep a stored bundle's anchors; fewer do not replace more."""

    def anchors(self, bundle_hash: bytes) -> bytes | None: ...

    def keep_record(
        self,
        sitting: bytes,
        machine: bytes,
        number: int,
        received_s: int,
        record: bytes,
        enrolment: bytes,
    ) -> None:
        """Keep a hall's record of a sitting, sealed; the first of each number stands."""

    def records(self) -> list[tuple[bytes, bytes]]:
        """Every record of a sitting with the enrolment of its hall, in the order they came."""

    def keep_sheaf(self, machine: bytes, sheaf: bytes, enrolment: bytes) -> bool:
        """Keep a hall's sheaf of surveys, once; false where there are too many of that hall."""

    def sheaves(self) -> list[tuple[bytes, bytes]]:
        """Every sheaf of surveys with the enrolment of its hall."""

    def publish_correction(self, correction: Correction, data: bytes) -> bool:
        """Keep a verified correction for the halls; whether it is here now."""

    def corrections(self, package_hash: bytes) -> tuple[bytes, ...]:
        """The signed corrections of a package, in the order they were made."""

    def keep_report(self, report: Report) -> bool:
        """Keep a sealed report of a question; whether it is here now."""

    def reports(self) -> list[Report]:
        """Every report of a question, in the order they came."""

    def keep_erasure(
        self, sitting: bytes, machine: bytes, received_s: int, statement: bytes, enrolment: bytes
    ) -> None:
        """Keep a machine's statement of erasure; the first about a sitting stands."""

    def log(self, entry: bytes) -> int:
        """Append *entry* to the log; return its number."""

    def log_once(self, entry: bytes) -> int:
        """As :meth:`log`; an entry that is there already keeps its number."""

    def log_heads(
        self, hall: bytes, digest: bytes, entry: bytes, received_s: int, pause_s: int
    ) -> tuple[int, int] | None:
        """Append a hall's root of heads: its number, and when it was received.

        *digest* is that of its statement: the hall's last one again keeps its entry. None,
        and nothing is done, when another was received less than *pause_s* before.
        """

    def tile(self, place: Place) -> bytes:
        """A tile or entry bundle of the log, as far as it is there."""

    def size(self) -> int:
        """The number of entries in the log."""

    def overdue(self, before_s: int) -> int:
        """How many bundles received before then are under no checkpoint."""

    def add_checkpoint(self, size: int, text: str) -> None: ...

    def checkpoint(self) -> tuple[int, str] | None:
        """The newest signed checkpoint: its tree size and text."""

    def refused(self) -> list[Refused]: ...

    def counts(self) -> dict[str, int]:
        """Figures for the status report, by name."""

    def close(self) -> None: ...
