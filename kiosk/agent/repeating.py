"""An exchange with another machine once a tick, in a thread of its own, whatever comes of it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from kiosk.agent.courier import LONGEST_WAIT_S
from sync.link import LinkError

LOG = logging.getLogger(__name__)


def repeat(
    exchange: Callable[[], None],
    stop: threading.Event,
    *,
    tick_s: float,
    whom: str,
    failed: Callable[[], None],
) -> None:
    """Do *exchange*, which is one with *whom* ("the standby hall"), until *stop*.

    A ``LinkError`` is told to *failed*; after several in a row less is tried and less, down to
    once in ``LONGEST_WAIT_S``.
    """
    failures = 0
    due = time.monotonic()
    chance = random.SystemRandom()
    while not stop.wait(max(0.0, due - time.monotonic())):
        wait = tick_s
        try:
            exchange()
            failures = 0
        except LinkError as problem:
            if not failures:
                LOG.warning("The link to %s: %s", whom, problem)
            failures += 1
            failed()
            wait = min(LONGEST_WAIT_S, tick_s * (1 << min(failures, 8)))
        except Exception:  # the link must outlive whatever one answer does to it
            LOG.exception("The link to %s met something unforeseen", whom)
            wait = LONGEST_WAIT_S
        # Jitter, so that whoever comes back is not met by all stations at once.
        due = max(due + wait * chance.uniform(0.9, 1.1), time.monotonic())
