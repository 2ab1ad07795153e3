"""Pictures of an attempt: when they are taken, how they are kept, when there are none.

A picture is sealed at once, kept on disk beside the session thread, and only then named
in the journal. Whatever fails here is an incident or a log line: answers never wait.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND, Stamp
from exam_packages.content.paper import CAMERA_OFF
from exam_packages.sealing.bundle import Evidence
from exam_packages.sealing.journal import EvidenceStore, JournalError, SealedBlob
from kiosk.agent.record import Record
from kiosk.agent.session import Events
from kiosk.agent.station import LOG, Station
from kiosk.agent.worker import Finish as Finishing
from kiosk.agent.worker import Worker


class Eyes(Protocol):
    """The camera, as the session thread uses it."""

    def shoot(self) -> None: ...
    def want(self, on: bool) -> None: ...
    def look(self, width: int, height: int) -> bool: ...


class Album:
    """*write* journals events of the open attempt; *local* does slow work with the disk."""

    def __init__(
        self,
        station: Station,
        camera: Eyes,
        local: Worker,
        write: Callable[[Record, Events], object],
    ) -> None:
        self._station = station
        self._camera = camera
        self._local = local
        self._write = write
        self._due_ns = 0

    def opened(self) -> None:
        """An attempt opened: its first picture is due as soon as it runs."""
        self._due_ns = 0

    def apply_rules(self) -> None:
        """Switch the camera off where the paper forbids it, and on again elsewhere."""
        paper = self._station.exam().paper
        self._camera.want(paper is None or paper.policy.camera != CAMERA_OFF)

    def look(self, record: Record, now: Stamp) -> None:
        """Ask for a picture, if one is due while the exam runs."""
        paper = self._station.exam().paper
        if not record.attempt.working or paper is None or now.boottime_ns < self._due_ns:
            return
        policy = paper.policy
        # Nobody at the station can tell when the next one comes.
        jitter = random.SystemRandom().uniform(0.5, 1.5)
        self._due_ns = now.boottime_ns + int(max(1, policy.snapshot_interval_s) * jitter * SECOND)
        if policy.snapshot_interval_s and policy.camera != CAMERA_OFF:
            self._camera.shoot()

    def taken(self, source: int, jpeg: bytes) -> None:
        """A picture came: seal it, and keep it beside the session thread."""
        record = self._station.record
        if record is None or record.stuck or not record.attempt.working:
            return
        try:
            number, blob = record.seal_picture(jpeg)
        except JournalError as problem:
            LOG.error("%s", problem)
            return
        store = EvidenceStore(record.directory.path)

        def keep() -> Finishing:
            try:
                path = store.put(blob)
            except JournalError as problem:  # pictures are given up before answers are
                LOG.warning("A picture was not kept: %s", problem)
                return lambda: None
            return lambda: self._kept(record, number, blob, source, path)

        self._local.do(keep)

    def _kept(self, record: Record, number: int, blob: SealedBlob, source: int, path: Path) -> None:
        """A sealed picture is on disk: now it may be named."""
        open_still = record is self._station.record and record.attempt.phase is not Phase.CLOSED
        if not open_still or record.stuck:
            path.unlink(missing_ok=True)  # nothing names it, so nothing may keep it
            return
        size = len(blob.data)
        record.evidence.append(Evidence(blob.digest, size))
        self._write(record, (ev.SnapshotTaken(number, blob.digest, size, source),))
        record.parcel.pictures.append((blob.digest, path))
