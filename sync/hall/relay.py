"""The relay: finished exams on to the body, answers before pictures, until it has them.

One thread. Everything it does may be repeated after any failure; nothing is deleted here.
A bundle that intake refuses for good is an alarm on the board and is tried again only
seldom; anything else is tried again with growing pauses.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import apsw
import httpx

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.language import mark
from exam_packages.sealing.bundle import parse_manifest
from exam_packages.sealing.correction import CorrectionError
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.trust import Trust
from sync.hall import arrived_corrections, closing, moves, records, sealed_reports, seats, surveys
from sync.hall.next_roots import take_root
from sync.hall.schema import alarm
from sync.hall.service import HallService
from sync.holder.journals import held_frames
from sync.holder.store import rows
from sync.intake.client import IntakeClient, IntakeRefused, IntakeUnavailable

_log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 60.0
_REFUSED_PAUSE_NS = 600 * SECOND
_ROOTS_AT_ONCE = 16
_STANDBY_PAUSE_S = 5.0
"""Seconds between two looks of a hall that does not command."""
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class RelayError(ExamError):
    """What intake answered is not the receipt of what it was given."""


@dataclass(frozen=True)
class _Waiting:
    """One finished exam that the body does not have whole."""

    blind_id: bytes
    bundle_hash: bytes
    manifest: bytes
    countersignature: bytes
    receipt: bytes | None


class Relay:
    """Hands over whatever waits; ``wake`` after each hand-in."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall
        self._wake = threading.Event()
        self._refused_until: dict[bytes, int] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin, when this hall knows an intake; otherwise bundles wait here."""
        if self._hall.home.intake_url:
            self._thread.start()

    def wake(self) -> None:
        """Something new waits."""
        self._wake.set()

    def stop(self) -> None:
        """End after the request at hand."""
        self._ending.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        pause = 1.0
        with httpx.Client(
            base_url=self._hall.home.intake_url,
            verify=self._hall.home.client_tls(),
            timeout=_TIMEOUT,
            trust_env=False,
        ) as http:
            client = IntakeClient(http)
            while not self._ending.is_set():
                self._wake.clear()
                try:
                    wait = self._round(client)
                except Exception:
                    _log.exception("The relay met an error of its own")
                    wait = _LONGEST_PAUSE_S
                pause = 1.0 if wait == 0 else min(_LONGEST_PAUSE_S, max(wait, pause * 2))
                # Jitter, so that halls cut off together do not come back together.
                self._wake.wait(_LONGEST_PAUSE_S if wait == 0 else pause * random.uniform(0.7, 1.3))  # noqa: S311

    def _round(self, client: IntakeClient) -> float:
        """Hand over what waits; the least pause before another round, 0 when all is done."""
        mine = self._hall.command.mine
        try:
            if mine:  # a standby leaves the exams to the hall that countersigns them
                for waiting in self._waiting():
                    if waiting.receipt is None:
                        self._step(self._answers, client, waiting)
                self._reports(client)
                self._corrections(client)
                for waiting in self._waiting():
                    if waiting.receipt is not None:
                        self._step(self._evidence, client, waiting)
                self._records(client)
            self._erasures(client)
            self._roots(client)
            self._surveys(client)
        except IntakeUnavailable as problem:
            return float(max(1, problem.retry_after_s))
        return 0.0 if mine else _STANDBY_PAUSE_S

    def _step(
        self,
        step: Callable[[IntakeClient, _Waiting], None],
        client: IntakeClient,
        waiting: _Waiting,
    ) -> None:
        """One step for one bundle. What is unavailable to one is so to all: that goes out."""
        if self._ending.is_set():
            return
        try:
            step(client, waiting)
        except IntakeUnavailable as problem:
            self._note(waiting, str(problem))
            raise
        except (ExamError, OSError) as problem:  # refused for good, or not a receipt at all
            self._refused(waiting, str(problem))

    def _waiting(self) -> list[_Waiting]:
        with self._hall.store.reading() as connection:
            found = rows(
                connection.execute(
                    "SELECT blind_id, bundle_hash, manifest, countersignature, receipt "
                    "FROM hand_ins WHERE receipt IS NULL OR evidence_sent = 0 ORDER BY time_ns"
                )
            )
        now_ns = self._hall.clock.boottime_ns()
        return [_Waiting(*row) for row in found if self._refused_until.get(row[1], 0) <= now_ns]

    def _answers(self, client: IntakeClient, waiting: _Waiting) -> None:
        with self._hall.store.reading() as connection:
            # A hand-in that was reopened ends where its manifest says.
            count = parse_manifest(waiting.manifest)[1].count
            frames = held_frames(connection, waiting.blind_id)[:count]
            stations = moves.enrolments_of(connection, waiting.blind_id)
        receipt = client.hand_over(
            manifest=waiting.manifest,
            countersignature=waiting.countersignature,
            enrolments=(
                *stations,
                self._hall.home.enrolment_bytes,
                *self._hall.command.enrolments,
            ),
            frames=frames,
        )
        if read_receipt(receipt, self._hall.trust).bundle_hash != waiting.bundle_hash:
            raise RelayError("The body’s receipt is for another exam than the one handed over.")
        self._hall.store.write(
            lambda connection: connection.execute(
                "UPDATE hand_ins SET receipt = ?, trouble = '' WHERE bundle_hash = ?",
                (receipt, waiting.bundle_hash),
            )
        )

    def _evidence(self, client: IntakeClient, waiting: _Waiting) -> None:
        """Send what intake lacks and we have; done when nothing that was named is missing."""
        directory = self._hall.home.evidence / waiting.blind_id.hex()
        named = {picture.digest for picture in parse_manifest(waiting.manifest)[1].evidence}
        absent = 0
        for digest in client.missing_evidence(waiting.bundle_hash):
            path = directory / digest.hex()
            if digest not in named or not path.is_file():
                absent += 1
                continue
            client.put_evidence(waiting.bundle_hash, digest, path.read_bytes())
            if self._ending.is_set():
                return
        if not absent:
            self._hall.store.write(
                lambda connection: connection.execute(
                    "UPDATE hand_ins SET evidence_sent = 1 WHERE bundle_hash = ?",
                    (waiting.bundle_hash,),
                )
            )

    def _roots(self, client: IntakeClient) -> None:
        """Take the body's newer roots of trust, in their order. What intake says is believed for
        its signatures alone; what does not follow is an alarm, and hinders nothing else."""
        for _ in range(_ROOTS_AT_ONCE):
            version = self._hall.trust.root.version
            if self._ending.is_set() or not (data := client.root(version + 1)):
                return
            try:
                if not take_root(self._hall, data):
                    return
            except ExamError as problem:
                if self._hall.trust.root.version != version:
                    continue  # somebody installed one at the same moment
                words = mark(
                    "A root of trust from the body’s intake is not believed: {why}"
                ).format(why=problem)
                now_ns = self._hall.clock.wall_ns()
                self._hall.store.write(partial(_not_believed, now_ns, words))
                return

    def _erasures(self, client: IntakeClient) -> None:
        """Hand over what this hall and its stations stated to have deleted."""
        with self._hall.store.reading() as connection:
            unsent = closing.unsent(connection)
        for sitting, station, statement, enrolment in unsent:
            try:
                client.put_erasure(statement, enrolment or self._hall.home.enrolment_bytes)
            except IntakeRefused as problem:
                _log.error("A statement of erasure was refused: %s", problem)
                continue
            self._hall.store.write(partial(_mark_sent, sitting, station))

    def _records(self, client: IntakeClient) -> None:
        """Hand over the records of closed sittings, sealed to the body's registrar."""
        with self._hall.store.reading() as connection:
            unsent = records.unsent(connection)
        for sitting, number, machine, sealed in unsent:
            enrolment = self._hall.enrolment_of(machine)
            if not enrolment:
                _log.error("The hall that signed record %d of a sitting is not known here", number)
                continue
            try:
                client.put_record(sealed, enrolment)
            except IntakeRefused as problem:
                _log.error("A record of a sitting was refused: %s", problem)
                continue
            self._hall.store.write(partial(_mark_record, sitting, number))

    def _surveys(self, client: IntakeClient) -> None:
        """Hand over the surveys of closed sittings, in an order without meaning."""
        hall = self._hall
        with hall.store.reading() as connection:
            due = surveys.due(connection, hall.clock.wall_ns())
        for sitting in due:
            hall.store.write(partial(_end_surveys, sitting))
            while not self._ending.is_set():
                with hall.store.reading() as connection:
                    found = surveys.next_sheaf(connection, sitting, hall.key, hall.home.centre)
                if found is None:
                    break
                sheaf, numbers = found
                try:
                    client.put_surveys(sheaf, hall.home.enrolment_bytes)
                except IntakeRefused as problem:
                    _log.error("A sheaf of surveys was refused: %s", problem)
                    break
                surveys.sent(hall.store, numbers)

    def _reports(self, client: IntakeClient) -> None:
        """Hand over the reports of faulty questions, sealed to the body's integrity role."""
        with self._hall.store.reading() as connection:
            unsent = sealed_reports.unsent(connection)
        for digest, machine, sealed in unsent:
            enrolment = self._hall.enrolment_of(machine)
            if not enrolment:
                _log.error("The hall that signed a report of a question is not known here")
                continue
            try:
                client.put_report(sealed, enrolment)
            except IntakeRefused as problem:
                _log.error("A report of a question was refused: %s", problem)
                continue
            self._hall.store.write(partial(_mark_report, digest))

    def _corrections(self, client: IntakeClient) -> None:
        """Take the body's corrections of the exams that are open here: people hand them on."""
        with self._hall.store.reading() as connection:
            packages = {each.package_hash for each in seats.open_sittings(connection)}
            known = arrived_corrections.known(connection)
        now_ns = self._hall.clock.wall_ns()
        for data in [each for name in packages for each in client.corrections(name)]:
            if data in known:
                continue
            try:
                self._hall.store.write(partial(_keep_correction, data, self._hall.trust, now_ns))
            except CorrectionError as problem:
                words = mark("A correction from the body’s intake is not believed: {why}").format(
                    why=problem
                )
                self._hall.store.write(partial(_not_believed, now_ns, words))

    def _note(self, waiting: _Waiting, words: str) -> None:
        self._hall.store.write(
            lambda connection: connection.execute(
                "UPDATE hand_ins SET trouble = ? WHERE bundle_hash = ?",
                (words, waiting.bundle_hash),
            )
        )

    def _refused(self, waiting: _Waiting, words: str) -> None:
        now_ns = self._hall.clock.wall_ns()
        until_ns = self._hall.clock.boottime_ns() + _REFUSED_PAUSE_NS
        self._refused_until[waiting.bundle_hash] = until_ns
        self._note(waiting, words)
        self._hall.store.write(
            lambda connection: alarm(connection, now_ns, "relay", words, blind_id=waiting.blind_id)
        )


def _not_believed(now_ns: int, words: str, connection: apsw.Connection) -> None:
    alarm(connection, now_ns, "trust", words)


def _mark_sent(sitting: int, station: bytes, connection: apsw.Connection) -> None:
    closing.sent(connection, sitting, station)


def _end_surveys(sitting: int, connection: apsw.Connection) -> None:
    surveys.end(connection, sitting)


def _keep_correction(data: bytes, trust: Trust, now_ns: int, connection: apsw.Connection) -> None:
    arrived_corrections.keep(connection, data, trust, now_ns)


def _mark_report(digest: bytes, connection: apsw.Connection) -> None:
    sealed_reports.sent(connection, digest)


def _mark_record(sitting: int, number: int, connection: apsw.Connection) -> None:
    records.sent(connection, sitting, number)
