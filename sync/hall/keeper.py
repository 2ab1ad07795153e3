"""The keeper: has the body's log vouch for what this hall holds, and watches that log.

One thread, beside the relay. Each minute, while the intake can be reached:

1. it states the root of the heads that moved, and has it logged;
2. it looks whether the log's newest checkpoint continues the last one seen here;
3. it fetches, and verifies, the proofs of what was logged: roots and receipts;
4. what has no proof a day after the body said it has it is an incident on the board;
5. what shows a finished exam in the log goes to the body, so that not only this hall has it.

Nothing waits for it, and nothing is lost when it fails.
"""

from __future__ import annotations

import logging
import random
import threading
from functools import partial
from typing import Final

import apsw
import httpx

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.heads import Heads, heads_tree, sign_heads, write_anchors
from exam_packages.sealing.log import Checkpoint
from exam_packages.sealing.log_entry import heads_entry
from exam_packages.sealing.log_proof import (
    INCLUSION_S,
    ProofError,
    read_growth,
    read_proof,
    verify_checkpoint,
    verify_entry_in_log,
    verify_growth,
    verify_receipt_in_log,
)
from exam_packages.sealing.receipt import Receipt, read_receipt
from sync.hall import anchors
from sync.hall.schema import alarm
from sync.hall.service import HallService
from sync.holder.store import rows
from sync.intake.client import IntakeClient, IntakeRefused, IntakeUnavailable

__all__ = ["PERIOD_S", "Keeper"]

_log = logging.getLogger(__name__)

PERIOD_S: Final = 60.0
_PROOFS: Final = 256
"""Proofs of one sort fetched in one round."""
_SENT: Final = 32
"""Exams whose anchors go to the body in one round."""
_MOST_ANCHORS: Final = 4000
"""Anchors of one exam that do: two days and a half, and half of what the body takes."""
_TIMEOUT = httpx.Timeout(20.0, connect=5.0)

OVERDUE: Final = (
    "The body gave a receipt for this exam more than 24 hours ago, and its log has not shown it. "
    "Keep this hall’s records and tell the certification body."
)
ROOTS_OVERDUE: Final = (
    "The body took this hall’s word into its log more than 24 hours ago, and the log has not "
    "shown it. Keep this hall’s records and tell the certification body."
)
CONTRADICTED: Final = (
    "The body’s log contradicts what it showed before: something in it was changed or dropped. "
    "Keep this hall’s records and tell the certification body."
)


class Keeper:
    """Rounds with the intake's log, from ``start`` to ``stop``."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begin, when this hall knows an intake."""
        if self._hall.home.intake_url:
            self._thread.start()

    def stop(self) -> None:
        """End after the request at hand."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        with httpx.Client(
            base_url=self._hall.home.intake_url,
            verify=self._hall.home.client_tls(),
            timeout=_TIMEOUT,
            trust_env=False,
        ) as http:
            client = IntakeClient(http)
            # At any moment of the minute, so that halls do not come all at once.
            pause = random.uniform(0, 1)  # noqa: S311
            while not self._ending.wait(pause):
                try:
                    self.round(client)
                except IntakeUnavailable as problem:
                    _log.info("The log was not reached: %s", problem)
                except Exception:
                    _log.exception("The keeper met an error of its own")
                pause = PERIOD_S * random.uniform(0.95, 1.05)  # noqa: S311

    def round(self, client: IntakeClient) -> None:
        """One round. Raises ``IntakeUnavailable`` when there is nobody to talk to."""
        self._note_receipts()
        self._state(client)
        checkpoint = self._newest(client)
        if checkpoint is not None:
            self._prove_roots(client, checkpoint.size)
            self._prove_receipts(client, checkpoint.size)
        self._overdue()
        self._send_anchors(client)

    # --- Stating ---

    def _state(self, client: IntakeClient) -> None:
        """Have the root of the heads that moved logged, if any did."""
        hall = self._hall
        with hall.store.reading() as connection:
            heads = anchors.moved(connection)
        if not heads:
            return
        now_ns = hall.clock.wall_ns()
        root = heads_tree(heads).root()
        statement = sign_heads(Heads(root, len(heads), hall.key.key_id, now_ns // SECOND), hall.key)
        try:
            logged = client.put_heads(statement, hall.home.enrolment_bytes)
        except IntakeUnavailable as problem:
            if problem.status == httpx.codes.TOO_MANY_REQUESTS:
                return  # the next round covers it
            raise
        except ExamError as problem:  # refused for good
            self._alarm("heads-refused", str(problem))
            return
        hall.store.write(
            lambda connection: anchors.keep(
                connection, heads, statement, logged.leaf, logged.received_s, now_ns
            )
        )

    # --- Watching ---

    def _newest(self, client: IntakeClient) -> Checkpoint | None:
        """The newest checkpoint, if something waits for it and it continues the last one."""
        with self._hall.store.reading() as connection:
            waits = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM roots WHERE proof = '')"
                " OR EXISTS (SELECT 1 FROM inclusions WHERE proof = '')"
            ).get
            last = connection.execute("SELECT text FROM log_heads ORDER BY size DESC LIMIT 1").get
        if not waits:
            return None
        trust = self._hall.trust
        try:
            text = client.log("checkpoint")
        except IntakeUnavailable as problem:
            if problem.status == httpx.codes.NOT_FOUND:
                return None
            raise
        try:
            new = verify_checkpoint(text, trust)
            if last is not None:
                seen = verify_checkpoint(last, trust)
                if new.size < seen.size:
                    raise ProofError("The log shows fewer entries than before.")
                growth = read_growth(client.log("growth", seen.size))
                new, text = verify_growth(growth, seen, trust), growth.checkpoint
        except ProofError:
            self._alarm("log-contradicted", CONTRADICTED)
            return None
        self._hall.store.write(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO log_heads VALUES (?, ?)", (new.size, text)
            )
        )
        return new

    # --- Proving ---

    def _prove_roots(self, client: IntakeClient, size: int) -> None:
        with self._hall.store.reading() as connection:
            found = anchors.unproven(connection, size, _PROOFS)
        for root in found:
            entry = heads_entry(root.statement, root.received_s)
            proof = client.log("proof", root.leaf)
            try:
                parsed = read_proof(proof)
                if parsed.index != root.leaf:
                    raise ProofError("The proof is about another entry.")
                verify_entry_in_log(entry, parsed, self._hall.trust)
            except ProofError as problem:
                _log.error("Root %d is not where the body said it is: %s", root.number, problem)
                continue
            self._hall.store.write(partial(_prove_root, root.number, proof))

    def _prove_receipts(self, client: IntakeClient, size: int) -> None:
        for bundle_hash, receipt in self._unproven_receipts():
            if receipt.leaf >= size or self._ending.is_set():
                continue
            proof = client.log("proof", receipt.leaf)
            try:
                verify_receipt_in_log(receipt, read_proof(proof), self._hall.trust)
            except ProofError as problem:
                _log.error("A receipt is not where the body said it is: %s", problem)
                continue
            self._hall.store.write(partial(_prove_receipt, bundle_hash, proof))

    def _unproven_receipts(self) -> list[tuple[bytes, Receipt]]:
        with self._hall.store.reading() as connection:
            found = rows(
                connection.execute(
                    "SELECT bundle_hash, receipt FROM inclusions JOIN hand_ins USING (bundle_hash)"
                    " WHERE proof = '' ORDER BY leaf LIMIT ?",
                    (_PROOFS,),
                )
            )
        return [(name, read_receipt(data, self._hall.trust)) for name, data in found]

    def _send_anchors(self, client: IntakeClient) -> None:
        with self._hall.store.reading() as connection:
            waiting = anchors.unsent(connection, _SENT)
        made = anchors.anchors(self._hall.store, tuple(blind_id for _, blind_id in waiting))
        for (bundle_hash, blind_id), found in zip(waiting, made, strict=True):
            if self._ending.is_set():
                return
            try:
                client.put_anchors(bundle_hash, write_anchors(blind_id, found[:_MOST_ANCHORS]))
            except IntakeRefused as problem:
                self._alarm("anchors-refused", str(problem), blind_id)
            self._hall.store.write(partial(_mark_sent, bundle_hash))

    # --- What is due ---

    def _note_receipts(self) -> None:
        """From now on, receipts that came count their day."""
        now_ns = self._hall.clock.wall_ns()
        with self._hall.store.reading() as connection:
            found = rows(
                connection.execute(
                    "SELECT bundle_hash, receipt FROM hand_ins WHERE receipt IS NOT NULL"
                    " AND bundle_hash NOT IN (SELECT bundle_hash FROM inclusions)"
                )
            )
        if not found:
            return
        noted = [(name, now_ns, read_receipt(data, self._hall.trust).leaf) for name, data in found]
        self._hall.store.write(
            lambda connection: connection.executemany(
                "INSERT OR IGNORE INTO inclusions (bundle_hash, since_ns, leaf) VALUES (?, ?, ?)",
                noted,
            )
        )

    def _overdue(self) -> None:
        """Raise an incident for what has no proof although its day is over."""
        now_ns = self._hall.clock.wall_ns()
        before_ns = now_ns - INCLUSION_S * SECOND
        with self._hall.store.reading() as connection:
            late = rows(
                connection.execute(
                    "SELECT blind_id FROM inclusions JOIN hand_ins USING (bundle_hash)"
                    " WHERE proof = '' AND since_ns < ?",
                    (before_ns,),
                )
            )
            roots = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM roots WHERE proof = '' AND taken_ns < ?)",
                (before_ns,),
            ).get

        def work(connection: apsw.Connection) -> None:
            for (blind_id,) in late:
                alarm(connection, now_ns, "log-overdue", OVERDUE, blind_id=blind_id)
            if roots:
                alarm(connection, now_ns, "log-overdue", ROOTS_OVERDUE)

        if late or roots:
            self._hall.store.write(work)

    def _alarm(self, code: str, words: str, blind_id: bytes | None = None) -> None:
        now_ns = self._hall.clock.wall_ns()
        self._hall.store.write(
            lambda connection: alarm(connection, now_ns, code, words, blind_id=blind_id)
        )


def _prove_root(number: int, proof: str, connection: apsw.Connection) -> None:
    anchors.prove(connection, number, proof)


def _mark_sent(bundle_hash: bytes, connection: apsw.Connection) -> None:
    anchors.sent(connection, bundle_hash)


def _prove_receipt(bundle_hash: bytes, proof: str, connection: apsw.Connection) -> None:
    connection.execute(
        "UPDATE inclusions SET proof = ? WHERE bundle_hash = ?", (proof, bundle_hash)
    )
