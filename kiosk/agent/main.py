"""The agent's process: puts the threads together, and ends them.

SIGTERM and SIGINT end it in order, with the journal closed. SIGKILL, at any moment, loses
nothing that anybody was told is saved.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import logging
import os
import resource
import signal
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from exam_packages.attempt.events import NO_CAMERA
from exam_packages.clock import Clock, SystemClock
from exam_packages.errors import ExamError
from exam_packages.files import make_directory
from exam_packages.sealing.trust import TrustStore
from kiosk.agent import inbox as box
from kiosk.agent.beside import Beside
from kiosk.agent.camera import Camera
from kiosk.agent.courier import Courier
from kiosk.agent.custody import Custody
from kiosk.agent.deputy import Deputy
from kiosk.agent.desk import Desk
from kiosk.agent.door import Door
from kiosk.agent.following import Follower
from kiosk.agent.keys import KeyWatchLink
from kiosk.agent.near import KeepingProcess, NearLink
from kiosk.agent.station import Station
from kiosk.agent.surroundings import Lookout, look
from kiosk.agent.surveying import Spool
from kiosk.agent.worker import Worker
from provisioning.devices.camera import enrolled
from provisioning.devices.keyboards import enrolled as enrolled_keyboards
from provisioning.station_home import CAMERA_NONE, KEYS_NONE, KEYS_REQUIRED, StationHome
from sync.halls import Halls
from sync.link import HolderClient
from sync.messages import TICK_S

_PR_SET_DUMPABLE = 4


class AgentError(ExamError):
    """The agent cannot start on this machine."""


def run(home: Path, clock: Clock | None = None, *, tick_s: float = TICK_S) -> None:
    """Run the agent of the station in *home* until it is told to end.

    *clock* and *tick_s*, the seconds between two words to the hall, are for tests.

    Raises an ``ExamError`` when the station is not ready to hold exams.
    """
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs a line per request
    _keep_memory_private()
    station_home = StationHome.load(home)
    with only_agent(home):
        _run(station_home, clock or SystemClock(), tick_s)


def _run(home: StationHome, clock: Clock, tick_s: float) -> None:
    custody = Custody(home)
    make_directory(home.attempts, 0o700)
    inbox: box.Inbox = SimpleQueue()
    station = Station(custody, clock, home.attempts)
    if home.camera == CAMERA_NONE:
        station.camera = NO_CAMERA, "The camera of this station is switched off"
    station.keys_required = home.keys == KEYS_REQUIRED
    urls = (home.hall_url, *home.standby_urls)
    halls = Halls(urls, home.centre, custody.trust, home.halls_path)

    def link(url: str) -> HolderClient:
        return HolderClient(
            url,
            home.client_tls(),
            enrolment=home.enrolment_bytes,
            centre=home.centre,
            trust=custody.trust,
            halls=halls,
        )

    client = link(home.hall_url)
    roots = TrustStore(home.trust_directory)
    follower = Follower(roots, custody.trust, client, inbox.put)
    deputy = Deputy(custody, client)
    spool = Spool(home.surveys)
    courier = Courier(client, deputy, follower, clock, inbox.put, tick_s=tick_s, spool=spool)
    beside = [
        Beside(link(url), courier.parcels, lambda: courier.status, clock, tick_s=tick_s)
        for url in urls
    ]
    keeping = KeepingProcess(home)
    near = NearLink(home, client, courier.parcels, lambda: keeping.port, tick_s=tick_s)
    own = enrolled(home.enrolled_camera)
    camera = Camera(home.camera, inbox.put, enrolled=own, model=home.face_model)
    keys = KeyWatchLink(home.key_watch, inbox.put)
    lookout = Lookout(
        partial(look, station.clock, home.display),
        enrolled_keyboards(home.enrolled_keyboards),
        inbox.put,
    )
    errands = Worker("hall errands", inbox.put)
    desk = Desk(
        station,
        inbox,
        client,
        errands,
        courier,
        camera,
        Worker("local errands", inbox.put),
    )
    desk.take_stock()
    door = Door(
        home.socket,
        lambda screen, message: inbox.put(box.Heard(screen, message)),
        lambda screen: inbox.put(box.Gone(screen)),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: inbox.put(box.Quit()))
    door.open()
    courier.start()
    for each in beside:
        each.start()
    if home.neighbour_port:
        keeping.start()
        near.start()
    camera.start()
    lookout.start()
    if home.keys != KEYS_NONE:
        keys.start()
    logging.info("The agent of station “%s” is ready.", home.id)
    try:
        desk.run()
    finally:
        door.close()
        keys.stop()
        lookout.stop()
        camera.stop()
        if home.neighbour_port:
            near.stop()
            keeping.stop()
        for each in beside:
            each.stop()
        courier.stop()
    logging.info("The agent ended in order.")


def _keep_memory_private() -> None:
    """No core dump and no debugger of this user may see keys and answers."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise AgentError(
            "The kernel does not let the agent protect its memory: {why}.",
            why=os.strerror(ctypes.get_errno()),
        )


@contextlib.contextmanager
def only_agent(home: Path) -> Iterator[None]:
    """Be the one agent of this station. The kernel lets go, however this process ends.

    Raises :class:`AgentError` when there is one.
    """
    lock = os.open(home / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AgentError(
            "An agent already runs for the station in {home}; end that one first.",
            home=str(home),
        ) from None
    else:
        yield
    finally:
        os.close(lock)
