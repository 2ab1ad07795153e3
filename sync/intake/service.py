"""What intake does with what halls bring: verify, store, log, answer with a receipt.

The order is the promise: a bundle is verified whole, then stored together with its leaf
and its receipt, and only when that is durable does anyone see the receipt. The same
bundle again gives the same receipt. What fails a check is refused with one sentence and
kept aside for people; it never reaches the log.

Every method may run in any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from exam_packages import canon
from exam_packages.clock import SECOND, Clock
from exam_packages.errors import ExamError
from exam_packages.sealing.arrivals import Arrivals, sign_arrivals
from exam_packages.sealing.correction import Correction, read_correction
from exam_packages.sealing.journal import blob_digest
from exam_packages.sealing.question_report import read_sealed_report
from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.restore_keys import read_erasure
from exam_packages.sealing.sitting_record import MAX_SEALED, read_sealed
from exam_packages.sealing.suite import SealingError, SigningKey, VerifyKey
from exam_packages.sealing.survey import MAX_SHEAF, read_sheaf
from exam_packages.sealing.trust import HALL, Enrolment, Trust, read_enrolment
from sync.intake.accept import Unacceptable, check_anchors, check_bundle, check_offer, compare
from sync.intake.correction_store import MAX_CORRECTIONS
from sync.intake.messages import (
    MAX_OFFER,
    MAX_REPORT_OF_QUESTION,
    MAX_STATEMENT,
    Corrections,
    Missing,
    Offer,
    RecordOfSitting,
    ReportOfQuestion,
    SheafOfSurveys,
    Statement,
    chunk_digest,
)
from sync.intake.storage import Report, Storage

__all__ = ["Incomplete", "Intake", "NoRoom", "Unknown"]

MAX_OPEN_OFFERS = 64
"""Bundles one station may have under way: bounds what a stolen key could fill."""
ANSWERS_FLOOR = 64 * 1024 * 1024
EVIDENCE_FLOOR = 1024 * 1024 * 1024
"""Bytes that must stay free for answers, for evidence: evidence gives way long before."""


class _Given(Protocol):
    @property
    def enrolment(self) -> bytes: ...


class _Signed(Protocol):
    @property
    def centre(self) -> str: ...


G = TypeVar("G", bound=_Given)
S = TypeVar("S", bound=_Signed)


class Unknown(ExamError):
    """Intake has not heard of this bundle, entry or piece of evidence."""


class Incomplete(ExamError):
    """The bundle cannot be committed yet: some of it has not arrived."""


class NoRoom(ExamError):
    """Nothing more can be taken now; later it can."""


class Intake:
    """The rules of taking in, over a :class:`~sync.intake.storage.Storage`.

    *trust* gives the newest root of trust, each time it is asked; *key* signs receipts (role
    *intake*); *free* tells the bytes free on the disk.
    """

    def __init__(
        self,
        storage: Storage,
        trust: Callable[[], Trust],
        key: SigningKey,
        clock: Clock,
        free: Callable[[], int],
    ) -> None:
        self._storage = storage
        self._trust = trust
        self._key = key
        self._clock = clock
        self._free = free

    # --- Answers ---

    def offer(self, bundle_hash: bytes, data: bytes) -> Missing:
        """Take the offer of a bundle; return the digests of the chunks still to come.

        Raises :class:`~sync.intake.accept.Unacceptable` or :class:`NoRoom`.
        """
        if self._storage.receipt(bundle_hash) is not None:
            return Missing(())
        try:
            offer: Offer = canon.unpack(data, Offer, max_size=MAX_OFFER)
        except canon.CanonError as problem:
            raise Unacceptable(
                "The offer of this bundle cannot be read: {why}", why=str(problem)
            ) from None
        manifest = check_offer(bundle_hash, offer, self._trust())
        if self._free() < ANSWERS_FLOOR:
            raise NoRoom("The disk of the intake is full; the bundle must wait at the hall.")
        if (
            self._storage.offered(bundle_hash) is None
            and self._storage.offers(manifest.station) >= MAX_OPEN_OFFERS
        ):
            raise NoRoom("Too many bundles of this station are under way; finish them first.")
        self._storage.offer(bundle_hash, manifest.station, data)
        staged = self._storage.staged(bundle_hash)
        return Missing(tuple(digest for digest in offer.chunks if digest not in staged))

    def stage(self, bundle_hash: bytes, digest: bytes, chunk: bytes) -> None:
        """Keep one chunk of an offered bundle.

        Raises :class:`Unknown` when no offer names it, ``Unacceptable`` when the bytes are
        not the ones that *digest* names.
        """
        if self._storage.receipt(bundle_hash) is not None:
            return
        if digest not in self._offer(bundle_hash).chunks:
            raise Unknown("The offer of this bundle names no such chunk.")
        if chunk_digest(chunk) != digest:
            raise Unacceptable("A chunk of this bundle was damaged on its way; send it again.")
        self._storage.stage(bundle_hash, digest, chunk)

    def commit(self, bundle_hash: bytes) -> bytes:
        """Verify and store an offered bundle; return its signed receipt, once it is durable.

        Raises :class:`Unknown`, :class:`Incomplete` or ``Unacceptable``.
        """
        known = self._storage.receipt(bundle_hash)
        if known is not None:
            return known
        offer = self._offer(bundle_hash)
        staged = self._storage.staged(bundle_hash)
        missing = sum(digest not in staged for digest in offer.chunks)
        if missing:
            raise Incomplete(
                "{count} chunks of this bundle have not arrived; send them, then commit again.",
                count=missing,
            )
        answers = b"".join(staged[digest] for digest in offer.chunks)
        try:
            bundle = check_bundle(bundle_hash, offer, answers, self._trust())
            return self._storage.accept(
                bundle,
                self._now_s(),
                lambda standing: compare(bundle, standing),
                lambda number: self._receipt(bundle_hash, number),
            )
        except (Unacceptable, SealingError) as problem:
            refusal = problem if isinstance(problem, Unacceptable) else Unacceptable.of(problem)
            self._storage.refuse(
                bundle_hash, str(refusal), self._now_s(), canon.pack(offer), answers
            )
            raise refusal from None

    def receipt(self, bundle_hash: bytes) -> bytes:
        """The receipt of a stored bundle. Raises :class:`Unknown`."""
        found = self._storage.receipt(bundle_hash)
        if found is None:
            raise Unknown("There is no receipt for this bundle: it has not been committed here.")
        return found

    # --- Evidence ---

    def missing_evidence(self, bundle_hash: bytes) -> Missing:
        """The evidence of a stored bundle that has not arrived. Raises :class:`Unknown`."""
        self.receipt(bundle_hash)
        return Missing(self._storage.missing(bundle_hash))

    def keep_evidence(self, bundle_hash: bytes, digest: bytes, data: bytes) -> None:
        """Keep a piece of evidence that a stored bundle's manifest names.

        Raises :class:`Unknown`, ``Unacceptable`` or :class:`NoRoom`.
        """
        size = self._storage.expected(bundle_hash, digest)
        if size is None:
            raise Unknown("No manifest taken in here names this piece of evidence.")
        if len(data) != size or blob_digest(data) != digest:
            raise Unacceptable("A piece of evidence was damaged on its way; send it again.")
        if self._free() < EVIDENCE_FLOOR:
            raise NoRoom("The disk of the intake is nearly full; evidence must wait at the hall.")
        if digest in self._storage.missing(bundle_hash):
            self._storage.keep_evidence(bundle_hash, digest, data)

    def keep_anchors(self, bundle_hash: bytes, data: bytes) -> None:
        """Keep what shows a stored bundle's record in the log; more anchors replace fewer.

        Raises :class:`Unknown`, ``Unacceptable`` or :class:`NoRoom`.
        """
        bundle = self._storage.bundle(bundle_hash)
        if bundle is None:
            raise Unknown("Anchors come after their bundle, and this one is not here.")
        count = check_anchors(bundle, data, self._trust())
        if self._free() < EVIDENCE_FLOOR:
            raise NoRoom("The disk of the intake is nearly full; anchors must wait at the hall.")
        self._storage.keep_anchors(bundle_hash, count, data)

    def keep_erasure(self, data: bytes) -> None:
        """Keep a machine's statement of what it deleted when a sitting was closed.

        Raises ``Unacceptable`` when no machine of this body signed it, or :class:`NoRoom`.
        """
        try:
            statement: Statement = canon.unpack(data, Statement, max_size=2 * MAX_STATEMENT + 64)
            machine = read_enrolment(statement.enrolment, self._trust(), now_s=None)
            erasure = read_erasure(statement.erasure, machine.verify_key)
        except (canon.CanonError, SealingError) as problem:
            raise Unacceptable.of(problem) from None
        if self._free() < ANSWERS_FLOOR:
            raise NoRoom("The disk of the intake is full; the statement must wait at the hall.")
        self._storage.keep_erasure(
            erasure.sitting,
            machine.key_id,
            self._now_s(),
            statement.erasure,
            statement.enrolment,
        )

    def keep_record(self, data: bytes) -> None:
        """Keep a hall's record of a closed sitting, which only the registrar reads.

        Raises ``Unacceptable`` when no hall of this body signed it, or :class:`NoRoom`.
        """
        given, hall, record = self._from_hall(
            data,
            RecordOfSitting,
            MAX_SEALED + MAX_STATEMENT + 64,
            lambda given, key: read_sealed(given.record, key),
        )
        if self._free() < ANSWERS_FLOOR:
            raise NoRoom("The disk of the intake is full; the record must wait at the hall.")
        self._storage.keep_record(
            record.sitting,
            hall.key_id,
            record.number,
            self._now_s(),
            given.record,
            given.enrolment,
        )

    def keep_surveys(self, data: bytes) -> None:
        """Keep a hall's sheaf of surveys, which only the holder of the survey key opens.

        Raises ``Unacceptable`` when no hall of this body signed it, or :class:`NoRoom`.
        """
        given, hall, _sheaf = self._from_hall(
            data,
            SheafOfSurveys,
            MAX_SHEAF + MAX_STATEMENT + 64,
            lambda given, key: read_sheaf(given.sheaf, key),
        )
        if self._free() < EVIDENCE_FLOOR:
            raise NoRoom("The disk of the intake is nearly full; surveys must wait at the hall.")
        if not self._storage.keep_sheaf(hall.key_id, given.sheaf, given.enrolment):
            raise NoRoom("The intake has as many surveys of this hall as it keeps of one.")

    def keep_report(self, data: bytes) -> None:
        """Keep a hall's report of a question, which only the integrity role reads.

        Raises ``Unacceptable`` when no hall of this body signed it or too many came, or
        :class:`NoRoom`.
        """
        given, hall, report = self._from_hall(
            data,
            ReportOfQuestion,
            MAX_REPORT_OF_QUESTION,
            lambda given, key: read_sealed_report(given.report, key),
        )
        if self._free() < ANSWERS_FLOOR:
            raise NoRoom("The disk of the intake is full; the report must wait at the hall.")
        kept = Report(
            report.digest,
            hall.key_id,
            report.centre,
            report.package_hash,
            self._now_s(),
            given.report,
            given.enrolment,
        )
        if not self._storage.keep_report(kept):
            raise Unacceptable("More reports of questions came from this hall than are kept.")

    def arrived(self, digests: Sequence[bytes]) -> bytes:
        """This intake's signed word that it keeps what has these SHA-256."""
        return sign_arrivals(Arrivals(tuple(digests), self._now_s()), [self._key])

    # --- Corrections, on their way to the halls ---

    def publish_correction(self, data: bytes) -> Correction:
        """Let halls have a correction. Raises a ``CorrectionError`` when the body did not sign
        it, or ``Unacceptable`` when its package has too many."""
        correction = read_correction(data, self._trust())
        if not self._storage.publish_correction(correction, data):
            raise Unacceptable(
                "This package has {limit} corrections already; seal a corrected form.",
                limit=MAX_CORRECTIONS,
            )
        return correction

    def corrections(self, package_hash: bytes) -> Corrections:
        """The corrections of a package, for a hall that holds it."""
        return Corrections(self._storage.corrections(package_hash))

    # --- Within ---

    def _offer(self, bundle_hash: bytes) -> Offer:
        data = self._storage.offered(bundle_hash)
        if data is None:
            raise Unknown(
                "This bundle was not offered, or it was refused; send its manifest first."
            )
        return canon.unpack(data, Offer, max_size=MAX_OFFER)

    def _from_hall(
        self, data: bytes, kind: type[G], limit: int, read: Callable[[G, VerifyKey], S]
    ) -> tuple[G, Enrolment, S]:
        """What a hall handed over with the body's record of that hall, and what *read* finds
        signed in it. Raises ``Unacceptable`` unless it is one of the centre that is named."""
        try:
            given: G = canon.unpack(data, kind, max_size=limit)
            hall = read_enrolment(given.enrolment, self._trust(), now_s=None)
            signed = read(given, hall.verify_key)
        except (canon.CanonError, SealingError) as problem:
            raise Unacceptable.of(problem) from None
        if hall.kind != HALL or hall.centre != signed.centre:
            raise Unacceptable("This must be signed by a hall of the centre that it names.")
        return given, hall, signed

    def _receipt(self, bundle_hash: bytes, number: int) -> bytes:
        return sign_receipt(Receipt(bundle_hash, self._now_s(), number), [self._key])

    def _now_s(self) -> int:
        return self._clock.wall_ns() // SECOND
