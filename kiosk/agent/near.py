"""The link to the neighbour station that keeps what this one records, and the process in which
this one keeps records of others.

Which station that is, the hall in command says; when no hall answers, it stays who it was.
Another thread, another tick, another cursor: whatever a neighbour does costs halls and candidate
nothing. What it acknowledged is told as its word, never as a hall's.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.journal import epoch_header
from exam_packages.sealing.marks import Mark, sign_mark
from kiosk.agent.courier import BATCHES_PER_TICK, Parcel
from kiosk.agent.repeating import repeat
from provisioning.station_home import StationHome
from sync.link import HolderClient, HolderRefused, LinkError
from sync.near.client import NearClient
from sync.near.messages import Keep, Neighbour
from sync.outbox import Batch, HolderFork

__all__ = ["KeepingProcess", "NearLink"]

LOG = logging.getLogger(__name__)

_ASK_TICKS: Final = 30
"""Ticks between two questions to the hall while there is a neighbour that answers; one that does
not is asked about with each try."""
_ASK_SOON_TICKS: Final = 3
_AGAIN_TICKS: Final = 4
_LONGEST_TICKS: Final = 256
"""Ticks until an exam that the neighbour refused is sent again, at first and at most: it may have
learned meanwhile that the exam was moved here."""


class KeepingProcess:
    """Runs :mod:`kiosk.keeping` for *home*: it is started again when it ends."""

    def __init__(self, home: StationHome) -> None:
        self._home = home
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name="keeping", daemon=True)
        self.port = 0
        """Where it listens; 0 while it does not."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        with self._lock:
            if self._process is not None:
                self._process.terminate()
        self._thread.join()

    def _run(self) -> None:
        wait = 1.0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._live()
            except (OSError, ValueError) as problem:
                LOG.warning("This station cannot keep records of others: %s", problem)
            self.port = 0
            wait = 1.0 if time.monotonic() - began > 60 else min(60.0, wait * 2)
            self._stop.wait(wait)

    def _live(self) -> None:
        """One life of the process. It ends when this one does: its standard input closes."""
        with self._lock:
            if self._stop.is_set():
                return
            process = self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "kiosk.keeping", str(self._home.directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert process.stdout is not None  # noqa: S101  it was started with a pipe
        with process:
            line = process.stdout.readline(200)
            if line:
                self.port = int(json.loads(line)["port"])
            process.wait()


class NearLink:
    """Runs the link to one neighbour at a time.

    *client* asks the hall in command, *parcels* are what there is to keep, *port* where this
    station keeps records of others.
    """

    def __init__(
        self,
        home: StationHome,
        client: HolderClient,
        parcels: Callable[[], Iterable[Parcel]],
        port: Callable[[], int],
        *,
        tick_s: float,
    ) -> None:
        self._home = home
        self._client = client
        self._parcels = parcels
        self._port = port
        self._tick_s = tick_s
        self._near: NearClient | None = None
        self._ticks = 0
        self._failing = False
        self._given: set[bytes] = set()
        """Exams whose receipt the neighbour was shown."""
        self._refused: dict[bytes, tuple[int, int]] = {}
        """Exams that the neighbour does not keep, or of which it has another record: when they
        are sent again, and how many ticks were waited for that."""
        self._own = home.enrolment().key_id
        self._key = home.signing_key()
        self._answers = b""
        """The neighbour that has just answered, by its key id; empty: none has."""
        self._said = b""
        """What the hall was told of that."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="near", daemon=True)

    def start(self) -> None:
        self._recall()
        self._thread.start()

    def stop(self) -> None:
        """Stop after the request that is under way."""
        self._stop.set()
        self._thread.join()
        if self._near is not None:
            self._near.close()

    def _run(self) -> None:
        repeat(
            self._exchange,
            self._stop,
            tick_s=self._tick_s,
            whom="the neighbour station",
            failed=self._fail,
        )

    def _exchange(self) -> None:
        self._ask()
        self.round()
        self._failing = False
        self._answers = b"" if self._near is None else self._near.neighbour.key_id

    def _fail(self) -> None:
        self._failing = True
        self._answers = b""

    def _ask(self) -> None:
        """Ask the hall from time to time who the neighbour is; turn to another one."""
        self._ticks += 1
        new = self._near is None or self._said != self._answers
        due = self._ticks % (_ASK_SOON_TICKS if new else _ASK_TICKS) == 0
        if self._client.hall is None or not (due or self._failing):
            return
        try:
            named = self._client.near(self._port(), self._answers)
        except LinkError as problem:
            LOG.debug("The hall does not say who the neighbour is: %s", problem)
            return
        self._said = self._answers
        if named.url:
            self._turn(named)

    def _turn(self, named: Neighbour) -> None:
        before = self._near
        if before is not None and (before.url, before.named) == (named.url, named.enrolment):
            return
        home = self._home
        try:
            self._near = NearClient(
                named.url,
                named.enrolment,
                home.client_tls(),
                enrolment=home.enrolment_bytes,
                centre=home.centre,
                trust=self._client.halls.trust,
            )
            make_directory(home.neighbours, 0o700)
            write_durably(home.neighbours / "own", canon.pack(named), 0o600)
        except (ExamError, OSError) as problem:
            LOG.error("The neighbour that the hall named is not taken: %s", problem)
            return
        if before is not None:
            before.close()
        self._given.clear()
        self._refused.clear()
        LOG.info("The station “%s” keeps this one's records.", self._near.neighbour.machine)

    def _recall(self) -> None:
        """Who the neighbour was before this agent started."""
        try:
            data = (self._home.neighbours / "own").read_bytes()
            self._turn(canon.unpack(data, Neighbour))
        except (OSError, ExamError):
            return  # there was none, or the hall says it again

    def round(self) -> None:
        """One word to the neighbour about each exam that it is to keep."""
        near = self._near
        if near is None:
            return
        if self._ticks % _ASK_TICKS == 0:
            near.forget()  # it is asked anew whether it is there, also while nobody sits here
        near.meet(self._client.halls.enrolments, ())
        for parcel in self._parcels():
            if self._stop.is_set():
                return
            again, _ = self._refused.get(parcel.blind_id, (0, 0))
            if parcel.receipt and parcel.manifest:
                self._show_receipt(near, parcel)
            elif parcel.outbox.writer == self._own and self._ticks >= again:
                # What a move brought here is another station's until this one writes in it.
                self._deliver(near, parcel)

    def _deliver(self, near: NearClient, parcel: Parcel) -> None:
        name = near.neighbour.machine
        if parcel.near is None or parcel.near[0] != name:
            parcel.near = name, parcel.outbox.beside()
        _, outbox = parcel.near
        first = epoch_header(outbox.frame(1))
        near.meet(self._client.halls.enrolments, parcel.writers)
        for _ in range(BATCHES_PER_TICK):
            batch = outbox.batch()
            message = Keep(
                parcel.blind_id,
                first.context.package_hash,
                batch.sequence,
                batch.head,
                batch.frames,
                self._mark(parcel, batch) if batch.frames else b"",
            )
            try:
                word, need_after = near.keep(message)
                outbox.acknowledge(word)
            except HolderFork as problem:
                self._give_up(parcel, problem)
                return
            except HolderRefused as problem:
                if problem.status in (401, 429, 503):
                    raise
                self._give_up(parcel, problem)
                return
            self._refused.pop(parcel.blind_id, None)
            if need_after >= 0:
                outbox.send_again(need_after)
            if not batch.more:
                return

    def _mark(self, parcel: Parcel, batch: Batch) -> bytes:
        """This station's word that its record goes so far: halls believe a neighbour no further."""
        return sign_mark(Mark(parcel.blind_id, batch.sequence, batch.head), self._key)

    def _give_up(self, parcel: Parcel, problem: ExamError) -> None:
        """For some time, or until there is another neighbour: halls have the exam all the same."""
        LOG.error("The neighbour station does not keep an exam: %s", problem)
        _, waited = self._refused.get(parcel.blind_id, (0, _AGAIN_TICKS // 2))
        wait = min(2 * waited, _LONGEST_TICKS)
        self._refused[parcel.blind_id] = self._ticks + wait, wait
        parcel.near = None

    def _show_receipt(self, near: NearClient, parcel: Parcel) -> None:
        if parcel.blind_id in self._given:
            return
        self._given.add(parcel.blind_id)
        try:
            near.meet(self._client.halls.enrolments, parcel.writers)
            near.received(parcel.manifest, parcel.receipt)
        except HolderRefused as problem:
            LOG.info("The neighbour keeps its copy of an exam: %s", problem)
