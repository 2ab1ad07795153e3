"""The link to a hall that does not command: it holds what this station records, and no more.

Another thread, another tick, another cursor: whatever is wrong with a standby costs the hall
in command nothing, and the other way round. Pictures go there after the hall in command has
taken them. When command moves to this hall, the :mod:`~kiosk.agent.courier` turns to it and
this thread stands still; when it moves away, it goes on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from exam_packages.clock import SECOND, Clock
from kiosk.agent.courier import BATCHES_PER_TICK, GREET_AGAIN_TICKS, Parcel
from kiosk.agent.repeating import repeat
from sync.link import HolderClient, HolderRefused
from sync.messages import Status, Tick
from sync.outbox import HolderFork

LOG = logging.getLogger(__name__)

PICTURES_PER_TICK = 4


class Beside:
    """Runs the link to one hall of this centre in a thread of its own.

    *parcels* are what there is to hold, *status* what the board shows of this station.
    """

    def __init__(
        self,
        client: HolderClient,
        parcels: Callable[[], Iterable[Parcel]],
        status: Callable[[], Status],
        clock: Clock,
        *,
        tick_s: float,
    ) -> None:
        self._client = client
        self._parcels = parcels
        self._status = status
        self._clock = clock
        self._tick_s = tick_s
        self._stop = threading.Event()
        self._since_greeting = 0
        self._forked: set[bytes] = set()
        self._thread = threading.Thread(target=self._run, name="standby", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the request that is under way."""
        self._stop.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        repeat(
            self.round,
            self._stop,
            tick_s=self._tick_s,
            whom="the standby hall",
            failed=self._forget,
        )

    def _forget(self) -> None:
        """Greet this hall again before anything else is said to it."""
        self._client.hall = None

    def round(self) -> None:
        """One word to this hall about each attempt; nothing while it commands."""
        client, halls = self._client, self._client.halls
        if halls.commanding() == client.url:
            return
        parcels = [parcel for parcel in self._parcels() if not self._done(parcel)]
        self._since_greeting += 1
        # A vacant station asks again: there may be another sitting, with another key.
        if client.hall is None or (not parcels and self._since_greeting >= GREET_AGAIN_TICKS):
            client.greet(now_s=self._clock.wall_ns() // SECOND)
            self._since_greeting = 0
        if not parcels:
            self._meet(client.tick(Tick(b"", 0, 0, b"", (), 0, 0, self._status())).term)
        for parcel in parcels:
            try:
                self._deliver(parcel)
            except HolderRefused as problem:  # it may not know this seat yet
                if problem.status == 401:
                    raise
                LOG.debug("The standby hall does not take an exam yet: %s", problem)

    def _done(self, parcel: Parcel) -> bool:
        held = parcel.beside.get(self._client.url)
        whole = held is not None and held.complete and self._copied(parcel) == len(parcel.sent)
        return parcel.blind_id in self._forked or (bool(parcel.receipt) and whole)

    def _deliver(self, parcel: Parcel) -> None:
        outbox = parcel.beside.setdefault(self._client.url, parcel.outbox.beside())
        for _ in range(BATCHES_PER_TICK):
            batch = outbox.batch()
            answer = self._client.tick(
                Tick(
                    parcel.blind_id,
                    batch.epoch,
                    batch.sequence,
                    batch.head,
                    batch.frames,
                    *parcel.obeyed,
                    self._status(),
                )
            )
            if answer.acknowledgement is not None:
                try:
                    outbox.acknowledge(answer.acknowledgement)
                except HolderFork as problem:
                    LOG.error("%s", problem)
                    self._forked.add(parcel.blind_id)
                    return
            if answer.need_after >= 0:
                outbox.send_again(answer.need_after)
            self._meet(answer.term)
            if not batch.more:
                break
        for digest, path in parcel.sent[self._copied(parcel) :][:PICTURES_PER_TICK]:
            if self._stop.is_set():
                return
            try:
                data = path.read_bytes()
            except OSError:
                data = b""  # gone from this disk: nothing left to send
            if data:
                self._client.evidence(parcel.blind_id, digest, data)
            parcel.copied[self._client.url] = self._copied(parcel) + 1

    def _copied(self, parcel: Parcel) -> int:
        return parcel.copied.get(self._client.url, 0)

    def _meet(self, term: int) -> None:
        """It knows another term of command than this station: both say what they know."""
        if term != self._client.halls.term:
            self._client.hall = None
