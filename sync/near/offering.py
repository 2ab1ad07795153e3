"""What a neighbour says to halls: it offers them the records of stations that fell silent, and
asks the hall in command where the exams that it keeps left their stations.

While a station is heard it brings its own records, and nothing is offered. A hall that was
killed, cut off or put back from an old copy so gets what only the neighbour has, although the
station and its disk may be gone. What was set apart because its exam had been moved goes to the
hall in command as evidence.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Sequence
from typing import Final

import httpx

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.departures import MAX_DEPARTURES
from sync.link import TIMEOUT_S
from sync.messages import CONTENT_TYPE
from sync.near.keeping import Keeping, Silent
from sync.near.messages import (
    LATE_ROUTE,
    LEFT_ROUTE,
    MAX_TOLD,
    OFFER_ROUTE,
    AskLeft,
    Offer,
    ToldLeft,
    Wanted,
)

__all__ = ["SILENT_S", "Offering"]

LOG = logging.getLogger(__name__)

SILENT_S: Final = 4
"""Seconds after which a station that is not heard counts as silent."""
_ROUND_S: Final = 1.0
_AGAIN_ROUNDS: Final = 60
"""Rounds after which what a hall has is offered again: it may have been put back since."""
_LATER_ROUNDS: Final = 300
"""Rounds to wait with an exam that a hall does not know, or refuses."""
_ASK_ROUNDS: Final = 10
"""Rounds between two questions whether exams were moved; when something does not fit, at once."""
_BATCH: Final = 1024 * 1024
_MOST_BATCHES: Final = 64
_MAX_ANSWER: Final = 4096
_MAX_TOLD: Final = MAX_TOLD * (MAX_DEPARTURES + 16) + 64


class Offering:
    """Offers what *keeping* has to the halls at *urls*, in a thread of its own."""

    def __init__(
        self, keeping: Keeping, urls: Sequence[str], tls: ssl.SSLContext, *, silent_s: int
    ) -> None:
        self._keeping = keeping
        self._silent_s = silent_s
        self._halls = {
            url: httpx.Client(
                base_url=url,
                verify=tls,
                timeout=TIMEOUT_S,
                headers={"content-type": CONTENT_TYPE},
                trust_env=False,
                follow_redirects=False,
            )
            for url in urls
        }
        self._round = 0
        self._settled: dict[tuple[str, Silent], int] = {}
        """Until which round a hall need not be offered the same again."""
        self._handed: dict[str, int] = {}
        """How much of what was set apart each hall was given: a row."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="offering", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the request that is under way."""
        self._stop.set()
        self._thread.join()
        for http in self._halls.values():
            http.close()

    def _run(self) -> None:
        while not self._stop.wait(_ROUND_S):
            try:
                self.round()
            except Exception:  # what one answer does must not end the offering
                LOG.exception("Offering records met something unforeseen")

    def round(self) -> None:
        """Offer every silent exam once to each hall that may lack something of it."""
        self._round += 1
        if self._keeping.doubt.is_set() or self._round % _ASK_ROUNDS == 1:
            self._keeping.doubt.clear()
            self._ask()
        silent = self._keeping.silent(self._silent_s)
        self._settled = {
            each: until for each, until in self._settled.items() if until > self._round
        }
        for url, http in self._halls.items():
            for each in silent:
                if self._stop.is_set():
                    return
                if (url, each) in self._settled:
                    continue
                try:
                    wait = self._offer(http, each)
                except (httpx.HTTPError, ssl.SSLError, ExamError) as problem:
                    LOG.info("The hall at %s takes no offer: %s", url, problem)
                    break
                self._settled[url, each] = self._round + wait

    def _offer(self, http: httpx.Client, what: Silent) -> int:
        """Give a hall what it lacks; the number of rounds until it is offered again."""
        offer = Offer(what.blind_id, what.sequence, what.head, (), b"")
        for _ in range(_MOST_BATCHES):
            status, data = _post(http, OFFER_ROUTE, canon.pack(offer), _MAX_ANSWER)
            if status in (401, 429, 503, 507):
                return 1  # it does not know this station yet, or has no time, or no room
            if status != 200:
                return _LATER_ROUNDS
            wanted: Wanted = canon.unpack(data, Wanted, max_size=_MAX_ANSWER)
            if not 0 <= wanted.after < what.sequence:
                return _AGAIN_ROUNDS
            piece = self._keeping.piece(what.blind_id, wanted.after)
            if piece is None:  # nothing further that the station stands for
                return _AGAIN_ROUNDS
            offer = piece
        return 1

    def _ask(self) -> None:
        """Ask each hall, of which one commands and answers, whether exams were moved; then hand
        over what was set apart."""
        known = self._keeping.known()
        if not known:
            return
        for url, http in self._halls.items():
            if self._stop.is_set():
                return
            try:
                status, data = _post(http, LEFT_ROUTE, canon.pack(AskLeft(known)), _MAX_TOLD)
                if status != 200:
                    continue
                told: ToldLeft = canon.unpack(data, ToldLeft, max_size=_MAX_TOLD)
                for word in told.departures:
                    self._keeping.departed(word)
                self._hand_over(url, http)
            except (httpx.HTTPError, ssl.SSLError, ExamError) as problem:
                LOG.info("The hall at %s does not say which exams were moved: %s", url, problem)

    def _hand_over(self, url: str, http: httpx.Client) -> None:
        for _ in range(_MOST_BATCHES):
            last, late = self._keeping.late(self._handed.get(url, 0), _BATCH)
            if late is None:
                return
            status, _ = _post(http, LATE_ROUTE, canon.pack(late), _MAX_ANSWER)
            if status not in (204, 409):  # 409: the exam is at that station again
                return
            self._handed[url] = last


def _post(http: httpx.Client, route: str, message: bytes, limit: int) -> tuple[int, bytes]:
    """The status of an answer and its body, of which no more is read than *limit* bytes."""
    with http.stream("POST", route, content=message) as response:
        data = b""
        for part in response.iter_raw():
            data += part
            if len(data) > limit:
                return 502, b""
    return response.status_code, data
