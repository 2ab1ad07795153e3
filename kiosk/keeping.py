"""The process in which a station keeps records of others: ``python -m kiosk.keeping HOME``.

A process of its own, with the least claim to processor and disk, and its own file: whoever
floods it takes nothing from the candidate who sits here. It holds no key but the machine's, and
opens nothing. It ends when its standard input does: with the agent.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from exam_packages.clock import SystemClock
from exam_packages.errors import ExamError
from exam_packages.files import make_directory
from exam_packages.sealing.suite import check_library
from exam_packages.sealing.trust import TrustStore
from provisioning.station_home import StationHome
from sync.near.keeping import Keeping
from sync.near.offering import SILENT_S, Offering
from sync.near.server import near_app
from sync.web.server import Listener, bind, run, tls_context

_NICE = 10
_IOPRIO_SET, _IDLE_CLASS, _THIS_PROCESS = 251, 3 << 13, 1
"""Linux: ``ioprio_set`` on x86-64; elsewhere the disk is shared as usual."""


def serve(home: StationHome) -> None:
    """Keep records for other stations until told to end. Raises an ``ExamError``."""
    check_library()
    os.umask(0o077)
    _stand_back()
    make_directory(home.neighbours, 0o700)
    roots = TrustStore(home.trust_directory)
    roots.load()
    own = home.enrolment()
    keeping = Keeping(home.kept_path, home.signing_key(), own, roots.current, SystemClock())
    try:
        listener = Listener(
            near_app(keeping, home.enrolment_bytes),
            bind("0.0.0.0", home.neighbour_port),  # noqa: S104  other stations call
            tls_context(home.tls_cert, home.tls_key, home.tls_ca, home.tls_password),
        )
        urls = (home.hall_url, *home.standby_urls)
        offering = Offering(keeping, urls, home.client_tls(), silent_s=SILENT_S)

        def ready() -> None:
            sys.stdout.write(json.dumps({"port": listener.port}) + "\n")
            sys.stdout.flush()

        offering.start()
        try:
            run([listener], ready)
        finally:
            offering.stop()
    finally:
        keeping.close()


def _stand_back() -> None:
    os.nice(_NICE)
    if os.uname().machine == "x86_64":
        ctypes.CDLL(None).syscall(_IOPRIO_SET, _THIS_PROCESS, 0, _IDLE_CLASS)


def _end_with_the_agent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s keeping %(message)s"
    )
    threading.Thread(target=_end_with_the_agent, daemon=True).start()
    try:
        serve(StationHome.load(Path(sys.argv[1])))
    except ExamError as problem:
        logging.error("%s", problem)
        sys.exit(problem.exit_status)
