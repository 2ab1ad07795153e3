"""The intake process: an HTTPS listener for enrolled machines, and one for the log's readers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from exam_packages.clock import SystemClock
from exam_packages.sealing.suite import check_library
from exam_packages.sealing.trust import TrustStore
from sync.intake.api import application
from sync.intake.home import IntakeHome
from sync.intake.log import Log
from sync.intake.log_api import log_application
from sync.intake.service import Intake
from sync.web.server import Listener, bind, run, tls_context

WORKERS: Final = 32
"""Threads: most of them wait for the disk together, which is what lets commits be grouped."""


LOG_WORKERS: Final = 4
"""Threads for the public: a crowd of readers waits for itself, never a hall for them."""


def serve(
    home: IntakeHome, address: str, port: int, ready: Callable[[int, int | None], None]
) -> None:
    """Serve *home* until SIGTERM or SIGINT; *ready* is told the ports once it listens.

    The second port is the log's, where the settings have one. Raises an
    :class:`~exam_packages.errors.ExamError` when it cannot start.
    """
    check_library()
    tls = tls_context(home.tls_cert, home.tls_key, home.tls_ca)
    home.trust()  # refuses to start without one
    roots, key, clock = TrustStore(home.trust_directory), home.key(), SystemClock()
    with (
        home.storage() as storage,
        ThreadPoolExecutor(WORKERS, "intake") as executor,
        ThreadPoolExecutor(LOG_WORKERS, "log") as readers,
    ):
        intake = Intake(storage, roots.current, key, clock, home.free)
        log = Log(storage, roots.current, clock, home.free)
        halls = Listener(application(intake, log, executor, roots), bind(address, port), tls)
        listeners = [halls]
        if home.log_port is not None:
            public = tls_context(home.tls_cert, home.tls_key, None)
            listeners.append(
                Listener(log_application(log, readers), bind(address, home.log_port), public)
            )
        run(
            listeners,
            lambda: ready(halls.port, listeners[1].port if len(listeners) > 1 else None),
        )
