"""Pictures of an attempt: when they are taken, how they are kept, when there are none.

A picture comes from the camera process into memory, is sealed at once, kept on disk beside the
session thread, and only then named in the journal: outside memory it is never anything but
sealed. Whatever fails here is an incident, a count or a log line: answers never wait, and the
disk that they need is never given to pictures.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND, Stamp
from exam_packages.content import proctoring as rules
from exam_packages.content.paper import CAMERA_OFF, Paper
from exam_packages.content.signals import words
from exam_packages.sealing.bundle import Evidence
from exam_packages.sealing.journal import EvidenceStore, JournalError, SealedBlob
from kiosk.agent.inbox import PictureTaken, SignalChanged
from kiosk.agent.raised import Raised
from kiosk.agent.record import Record
from kiosk.agent.session import Events
from kiosk.agent.station import LOG, Station
from kiosk.agent.worker import Finish as Finishing
from kiosk.agent.worker import Worker
from kiosk.proctoring.messages import Plan

TIME, LIVENESS = "time", "liveness"
"""Why a picture is taken, beside the moments of the rules."""
LIVE_PICTURES: Final = 6
LIVE_NS: Final = 2 * SECOND
"""Pictures that are taken when a sign of life was asked for, and the time between them."""
LOOK_MS, FACES_EVERY = 500, 10
"""How often the camera process looks, and in which of its looks it counts faces."""
ANSWERS_RESERVE: Final = 256 * 1024 * 1024
"""Bytes of the disk that pictures never touch."""


class Eyes(Protocol):
    """The camera, as the session thread uses it."""

    def shoot(self, reason: str) -> bool: ...
    def done(self) -> None: ...
    def follow(self, plan: Plan) -> None: ...
    def want(self, on: bool) -> None: ...
    def look(self, width: int, height: int) -> bool: ...
    def glance(self) -> bool: ...


class Album:
    """*write* journals events of the open attempt; *local* does slow work with the disk;
    *free* tells the bytes that are free beside a path."""

    def __init__(
        self,
        station: Station,
        camera: Eyes,
        local: Worker,
        write: Callable[[Record, Events], object],
        free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self._station = station
        self._camera = camera
        self._local = local
        self._write = write
        self._free = free
        self._due_ns = 0
        self._ran = self._begun = False
        self._asked_live = 0
        self._live = 0
        self._live_ns = 0
        self._missed = 0
        self._full = ""
        self._raised = Raised()

    def opened(self) -> None:
        """An attempt opened: its first picture is due as soon as it runs."""
        self._due_ns, self._ran, self._live, self._missed, self._full = 0, False, 0, 0, ""
        self._raised.opened()
        record = self._station.record
        self._asked_live = record.attempt.asked_live if record is not None else 0
        self._begun = record is not None and record.attempt.place is not None

    def apply_rules(self) -> None:
        """Tell the camera what the paper and this candidate's switches ask of it; off where the
        paper forbids it, and on again elsewhere."""
        paper = self._station.exam().paper
        self._camera.want(paper is None or paper.policy.camera != CAMERA_OFF)
        record = self._station.record
        if paper is not None and record is not None:
            asked = plan(paper, record.attempt.spared)
            self._camera.follow(asked)
            self._raised.follow(asked.detectors)

    def look(self, record: Record, now: Stamp) -> None:
        """Ask for a picture, if one is due while the exam runs."""
        paper = self._station.exam().paper
        running = record.attempt.working
        began, self._ran = running and not self._ran, running
        if not running or paper is None or paper.policy.camera == CAMERA_OFF:
            return
        if began:
            self.moment(rules.RETURN if self._begun else rules.START)
            self._begun = True
        for code, on in self._raised.untold():
            self._write(record, (self._said(code, on),))
        if record.attempt.asked_live > self._asked_live:
            self._asked_live, self._live = record.attempt.asked_live, LIVE_PICTURES
        if self._live and now.boottime_ns >= self._live_ns:
            self._live_ns = now.boottime_ns + LIVE_NS
            self._live -= self._camera.shoot(LIVENESS)
        interval_s = paper.policy.snapshot_interval_s
        if not interval_s or now.boottime_ns < self._due_ns:
            return
        first = not self._due_ns
        # Nobody at the station can tell when the next one comes.
        spread = paper.policy.proctoring.jitter / 100
        jitter = random.SystemRandom().uniform(1 - spread, 1 + spread)
        self._due_ns = now.boottime_ns + int(interval_s * jitter * SECOND)
        if not (first and began and rules.START in paper.policy.proctoring.moments):
            self._camera.shoot(TIME)

    def moment(self, what: str) -> None:
        """Something happened at which the rules may want a picture."""
        record, paper = self._station.record, self._station.exam().paper
        if record is None or paper is None or not record.attempt.working:
            return
        policy = paper.policy
        if policy.camera != CAMERA_OFF and what in policy.proctoring.moments:
            self._camera.shoot(what)

    def taken(self, picture: PictureTaken) -> None:
        """A picture came: seal it, and keep it beside the session thread."""
        self._keep(picture.data, picture.source, picture.reason, picture.signals, ())

    def signalled(self, signal: SignalChanged) -> None:
        """A detector raised a signal, or took it back: journal it with its picture, or without
        one as soon as the exam runs."""
        self._raised.changed(signal.code, signal.on)
        record = self._station.record
        if record is None or record.stuck or not record.attempt.working:
            if signal.data:
                self._camera.done()
            return
        event = self._said(signal.code, signal.on)
        if signal.data:
            self._keep(signal.data, signal.source, rules.SIGNAL, (signal.code,), (event,))
        else:
            self._write(record, (event,))

    def _said(self, code: str, on: bool) -> ev.Signalled:
        """What the record and the room are told of a signal."""
        self._raised.told(code, on)
        said = words(code, on)
        if on:
            self._station.incidents.append(said)
        return ev.Signalled(code, on, said, ())

    def camera_changed(self) -> None:
        """The camera process found a camera, or lost it: its detectors begin anew."""
        self._raised.lost()

    def dropped(self, count: int) -> None:
        """Pictures came faster than they could be sealed, or were asked for in vain."""
        self._miss(count, "They came faster than they could be kept, or the camera was lost.")

    def _keep(
        self,
        data: bytes,
        source: int,
        reason: str,
        signals: tuple[str, ...],
        after: tuple[ev.Signalled, ...],
    ) -> None:
        """Seal *data* and keep it; *after* is journaled with it, or without it."""
        record, paper = self._station.record, self._station.exam().paper
        if record is None or record.stuck or record.attempt.phase is not Phase.RUNNING:
            self._camera.done()
            return
        why = self._no_room(record, paper, len(data))
        if not why:
            try:
                number, blob = record.seal_picture(data)
            except JournalError as problem:
                LOG.error("%s", problem)
                why = "It could not be sealed."
        if why:
            self._camera.done()
            self._miss(1, why)
            if after:
                self._write(record, after)
            return
        store = EvidenceStore(record.directory.path)

        def keep() -> Finishing:
            try:
                path = store.put(blob)
            except JournalError as problem:  # pictures are given up before answers are
                LOG.warning("A picture was not kept: %s", problem)
                return lambda: self._not_kept(record, after)
            about = ev.PictureTold(number, reason, signals)
            return lambda: self._kept(record, number, blob, source, path, about, after)

        self._local.do(keep)

    def _no_room(self, record: Record, paper: Paper | None, size: int) -> str:
        """Why there is no room for *size* bytes more, if there is none."""
        most = paper.policy.proctoring.most_mb << 20 if paper is not None else 0
        if sum(each.size for each in record.evidence) + size > most:
            return "The pictures of this exam have the room that its rules give them."
        try:
            free = self._free(record.directory.path)
        except OSError:
            free = 0
        return "" if free - size > ANSWERS_RESERVE else "The disk is kept free for answers."

    def _not_kept(self, record: Record, after: tuple[ev.Signalled, ...]) -> None:
        self._camera.done()
        if record is self._station.record and not record.stuck:
            self._miss(1, "The disk did not take them.")
            if after and record.attempt.phase is not Phase.CLOSED:
                self._write(record, after)

    def _kept(
        self,
        record: Record,
        number: int,
        blob: SealedBlob,
        source: int,
        path: Path,
        about: ev.PictureTold,
        after: tuple[ev.Signalled, ...],
    ) -> None:
        """A sealed picture is on disk: now it may be named."""
        self._camera.done()
        open_still = record is self._station.record and record.attempt.phase is not Phase.CLOSED
        if not open_still or record.stuck:
            path.unlink(missing_ok=True)  # nothing names it, so nothing may keep it
            return
        size = len(blob.data)
        record.evidence.append(Evidence(blob.digest, size))
        shown = tuple(ev.Signalled(e.code, e.on, e.words, (number,)) for e in after)
        missed, self._full = self.missed(), ""
        self._write(
            record,
            (*missed, ev.SnapshotTaken(number, blob.digest, size, source), about, *shown),
        )
        record.parcel.pictures.append((blob.digest, path))

    def _miss(self, count: int, why: str) -> None:
        """Count pictures that are not kept; the first of each reason is journaled at once, the
        others with the next that is kept, so that a full disk does not fill the journal."""
        self._missed += count
        record = self._station.record
        if why == self._full or record is None or record.stuck:
            return
        self._full = why
        self._station.incidents.append(f"Pictures are not kept. {why}")
        if record.attempt.phase is not Phase.CLOSED:
            self._write(record, self.missed())

    def missed(self) -> tuple[ev.PicturesMissed, ...]:
        """What is counted and not journaled yet, to be journaled now."""
        count, self._missed = self._missed, 0
        return (ev.PicturesMissed(count, self._full),) if count else ()


def plan(paper: Paper, spared: frozenset[str]) -> Plan:
    """What the camera process is to do under *paper*'s rules, without the detectors *spared*."""
    asked = paper.policy.proctoring
    return Plan(
        width=asked.width,
        format=asked.format,
        quality=asked.quality,
        detectors=tuple(each for each in asked.detectors if each not in spared),
        look_ms=LOOK_MS,
        faces_every=FACES_EVERY,
        strict=asked.others == rules.OTHERS_REFUSED,
        show=rules.SIGNAL in asked.moments,
        enrolled=(),
        model="",
        checksum="",
    )
