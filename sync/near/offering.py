"""What a neighbour does with the records of a station that fell silent: it offers them to the
halls, which take what they lack.

While a station is heard it brings its own records, and nothing is offered. A hall that was
killed, cut off or put back from an old copy so gets what only the neighbour has, although the
station and its disk may be gone.
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
from sync.link import TIMEOUT_S
from sync.messages import CONTENT_TYPE
from sync.near.keeping import Keeping, Silent
from sync.near.messages import OFFER_ROUTE, Offer, Wanted

__all__ = ["SILENT_S", "Offering"]

LOG = logging.getLogger(__name__)

SILENT_S: Final = 4
"""Seconds after which a station that is not heard counts as silent."""
_ROUND_S: Final = 1.0
_AGAIN_ROUNDS: Final = 60
"""Rounds after which what a hall has is offered again: it may have been put back since."""
_LATER_ROUNDS: Final = 300
"""Rounds to wait with an exam that a hall does not know, or refuses."""
_BATCH: Final = 1024 * 1024
_MOST_BATCHES: Final = 64
_MAX_ANSWER: Final = 4096


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
        frames: tuple[bytes, ...] = ()
        for _ in range(_MOST_BATCHES):
            message = canon.pack(Offer(what.blind_id, what.sequence, what.head, frames))
            with http.stream("POST", OFFER_ROUTE, content=message) as response:
                data = b""
                for part in response.iter_raw():
                    data += part
                    if len(data) > _MAX_ANSWER:
                        return _LATER_ROUNDS
            if response.status_code in (401, 429, 503, 507):
                return 1  # it does not know this station yet, or has no time, or no room
            if response.status_code != 200:
                return _LATER_ROUNDS
            wanted: Wanted = canon.unpack(data, Wanted, max_size=_MAX_ANSWER)
            if not 0 <= wanted.after < what.sequence:
                return _AGAIN_ROUNDS
            frames = self._keeping.frames(what.blind_id, wanted.after, _BATCH)
        return 1
