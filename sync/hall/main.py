"""The hall's one process: two listeners, one database, a relay and a keeper of anchors."""

from __future__ import annotations

import json
import logging
import os
import sys

from exam_packages.clock import Clock, SystemClock
from exam_packages.sealing.suite import check_library
from sync.hall.console.app import console_app
from sync.hall.home import HallHome
from sync.hall.keeper import Keeper
from sync.hall.relay import Relay
from sync.hall.schema import open_store
from sync.hall.service import HallService
from sync.hall.standby import Standby
from sync.hall.stations import station_app
from sync.web.server import Listener, bind, run, tls_context


def serve(home: HallHome, clock: Clock | None = None) -> None:
    """Run the hall in *home* until it is told to end. Raises an ``ExamError``.

    When both listeners accept, one JSON line with their ports goes to standard output.
    """
    check_library()
    os.umask(0o077)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s"
    )
    store = open_store(home.directory)
    try:
        hall = HallService(home, store, clock or SystemClock())
        relay = Relay(hall)
        hall.for_the_body = relay.wake
        stations = Listener(
            station_app(hall),
            bind(home.address, home.station_port),
            tls_context(home.tls_cert, home.tls_key, home.tls_ca, home.tls_password),
        )
        console = Listener(
            console_app(hall),
            bind(home.address, home.console_port),
            tls_context(home.tls_cert, home.tls_key, None, home.tls_password),
        )

        def ready() -> None:
            ports = {"stations": stations.port, "console": console.port}
            sys.stdout.write(json.dumps({"ready": True, **ports}) + "\n")
            sys.stdout.flush()

        def ending() -> None:
            hall.ending = True

        keeper = Keeper(hall)
        standbys = [Standby(hall, url) for url in home.other_halls]
        relay.start()
        keeper.start()
        for each in standbys:
            each.start()
        try:
            run([stations, console], ready, ending)
        finally:
            for each in standbys:
                each.stop()
            keeper.stop()
            relay.stop()
    finally:
        store.close()
