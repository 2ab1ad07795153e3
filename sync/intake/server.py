"""The intake process: one HTTPS listener for enrolled machines, until it is told to end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from exam_packages.clock import SystemClock
from exam_packages.sealing.suite import check_library
from exam_packages.sealing.trust import TrustStore
from sync.intake.api import application
from sync.intake.home import IntakeHome
from sync.intake.service import Intake
from sync.web.server import Listener, bind, run, tls_context

WORKERS: Final = 32
"""Threads: most of them wait for the disk together, which is what lets commits be grouped."""


def serve(home: IntakeHome, address: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve *home* until SIGTERM or SIGINT; *ready* is told the port once it listens.

    Raises an :class:`~exam_packages.errors.ExamError` when it cannot start.
    """
    check_library()
    tls = tls_context(home.tls_cert, home.tls_key, home.tls_ca)
    home.trust()  # refuses to start without one
    roots, key = TrustStore(home.trust_directory), home.key()
    with home.storage() as storage, ThreadPoolExecutor(WORKERS, "intake") as executor:
        intake = Intake(storage, roots.current, key, SystemClock(), home.free)
        listener = Listener(application(intake, executor, roots), bind(address, port), tls)
        run([listener], lambda: ready(listener.port))
