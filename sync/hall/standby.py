"""A hall beside another: it asks each second who commands, and follows the one that does.

One thread for each other hall that this one's settings name. What the other one knows of
command is taken for the signatures in it. When the other one commands and this one does not,
its rows are taken over, and frames that the stations have not brought here are fetched and
checked as if a station had brought them. A hall that was deposed keeps a copy of its whole
database first, as it was.

Nothing waits for it, and nothing is lost when it fails.
"""

from __future__ import annotations

import logging
import os
import threading
from functools import partial
from typing import Final, TypeVar

import apsw
import httpx

from exam_packages import canon
from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.files import sync_directory
from exam_packages.sealing.chain import ChainState
from exam_packages.sealing.journal import genesis
from exam_packages.sealing.mandate import MandateError
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import HALL, STATION, read_enrolment
from sync.hall import closing, halves, seats, stream, taking_over
from sync.hall.command import DEPOSED
from sync.hall.following import (
    FOLLOW_ROUTE,
    FRAMES_ROUTE,
    MAX_FOLLOWED,
    Follow,
    Followed,
    places_of,
)
from sync.hall.other_halls import Heard
from sync.hall.schema import alarm, number, set_number
from sync.hall.service import HallService
from sync.holder.fencing import set_apart
from sync.holder.journals import held_state, hold
from sync.messages import CONTENT_TYPE, Copy, CopyRequest, Refusal

__all__ = ["PERIOD_S", "Standby", "StandbyError"]

_log = logging.getLogger(__name__)

PERIOD_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 5.0
_MOST_PAGES: Final = 4096
"""Answers taken together as one copy: a sitting has a few."""
_FETCHED: Final = 64
"""Exams whose frames are fetched in one round."""
_CLOCK_OFF_NS: Final = 2 * SECOND
T = TypeVar("T", bound=canon.Object)

_TIMEOUT = httpx.Timeout(10.0, connect=3.0)


class StandbyError(ExamError):
    """The other hall does not answer, or not as a hall of this centre would."""


class Standby:
    """Rounds with the hall at *url*, from ``start`` to ``stop``."""

    def __init__(self, hall: HallService, url: str) -> None:
        self._hall = hall
        self._url = url
        self._stream = b""
        self._after = 0
        self._wanted: dict[bytes, int] = {}
        """How far the other hall held each exam a round ago."""
        self._asked = 0
        """The sitting whose halves were asked for last."""
        self._commanded = hall.command.mine
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="standby", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the request at hand."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        pause = 0.0
        with httpx.Client(
            base_url=self._url,
            verify=self._hall.home.client_tls(),
            timeout=_TIMEOUT,
            headers={"content-type": CONTENT_TYPE, "accept": CONTENT_TYPE},
            trust_env=False,
            follow_redirects=False,
        ) as http:
            while not self._ending.wait(pause):
                try:
                    self.round(http)
                    pause = PERIOD_S
                except StandbyError as problem:
                    _log.warning("%s", problem)
                    pause = min(_LONGEST_PAUSE_S, pause + PERIOD_S)
                except stream.StreamError as problem:
                    _log.warning("%s", problem)
                    self._stream = b""  # from the beginning, which leaves nothing half
                    pause = _LONGEST_PAUSE_S
                except Exception:
                    _log.exception("Following the other hall met an error of its own")
                    pause = _LONGEST_PAUSE_S

    def round(self, http: httpx.Client) -> None:
        """One round. Raises :class:`StandbyError` when nobody answers as a hall."""
        hall = self._hall
        hall.command.refresh()
        if hall.command.mine and not self._commanded:  # what the hall before it left undone
            taking_over.finish(hall)
        self._commanded = hall.command.mine
        pages: list[Followed] = []
        after, name, everything = self._after, self._stream, False
        while True:
            page = self._ask(http, name, after)
            if page.commands and not hall.command.mine:
                everything = everything or page.everything
                name, after = page.source, page.upto
                pages.append(page)
            if not (page.more and pages) or self._ending.is_set():
                break
            if len(pages) > _MOST_PAGES:
                raise StandbyError("The other hall gives its rows without end.")
        if not pages or pages[-1].more:
            return
        self._take(pages, everything=everything)
        self._stream, self._after = name, after
        self._fetch(http)
        self._wanted = {place.blind_id: place.sequence for place in pages[-1].places}

    # --- Asking ---

    def _ask(self, http: httpx.Client, name: bytes, after: int) -> Followed:
        hall = self._hall
        command = hall.command
        restore_key, lacking = self._lacking()
        asked = Follow(
            hall.home.enrolment_bytes,
            command.mandate,
            command.enrolments,
            name,
            after,
            restore_key,
            lacking,
        )
        page = self._post(http, FOLLOW_ROUTE, asked, Followed)
        now_ns = hall.clock.wall_ns()
        other = read_enrolment(page.enrolment, hall.trust, now_s=None)
        if (other.kind, other.centre) != (HALL, hall.home.centre):
            raise StandbyError("The machine at {url} is no hall of this centre.", url=self._url)
        if not command.mine:  # a hall that this one does not follow is heard when it asks
            hall.heard[other.key_id] = Heard(hall.clock.boottime_ns(), -1)
        command.meet((page.enrolment, *page.halls), hall.trust)
        try:
            command.take(page.mandate, hall.trust, now_ns)
        except MandateError as problem:
            raise StandbyError("{why}", why=str(problem)) from None
        if abs(page.time_ns - now_ns) > _CLOCK_OFF_NS:
            words = "The clocks of this hall and the other one differ by more than two seconds."
            hall.store.write(lambda connection: alarm(connection, now_ns, "clock", words))
        return page

    def _lacking(self) -> tuple[bytes, tuple[halves.Epoch, ...]]:
        """The epochs of one sitting that this hall could not give back, and its key to seal
        them to. Each open sitting has its turn, whatever the others still lack."""
        hall = self._hall
        if hall.command.mine:
            return b"", ()
        with hall.store.reading() as connection:
            sittings = seats.open_sittings(connection)
            for sitting in sorted(sittings, key=lambda each: (each.id <= self._asked, each.id)):
                if sitting.restore_key is None:
                    continue
                found = halves.lacking(connection, sitting.id, hall.keys)
                if found:
                    self._asked = sitting.id
                    return sitting.restore_key, found
        return b"", ()

    def _post(self, http: httpx.Client, route: str, asked: canon.Object, kind: type[T]) -> T:
        try:
            with http.stream("POST", route, content=canon.pack(asked)) as response:
                body = bytearray()
                for part in response.iter_raw():
                    body += part
                    if len(body) > MAX_FOLLOWED:
                        raise StandbyError("The hall at {url} answers too much.", url=self._url)
        except httpx.HTTPError as problem:
            raise StandbyError(
                "The other hall, at {url}, does not answer ({why}).",
                url=self._url,
                why=type(problem).__name__,
            ) from None
        try:
            if response.is_success:
                answer: T = canon.unpack(bytes(body), kind, max_size=MAX_FOLLOWED)
                return answer
            refusal: Refusal = canon.unpack(bytes(body), Refusal)
            words = (
                refusal.template
                if not refusal.tellable
                else refusal.template.format(**dict(refusal.fields))
            )
        except canon.CanonError as problem:
            words = f"HTTP status {response.status_code}, {problem}"
        raise StandbyError(
            "The other hall, at {url}, refuses: {why}", url=self._url, why=words[:300]
        )

    # --- Taking ---

    def _take(self, pages: list[Followed], *, everything: bool) -> None:
        """Take the rows over, in one transaction."""
        hall = self._hall
        if everything:
            self._keep_what_was()
        found = [change for page in pages for change in page.changes]
        given = tuple(half for page in pages for half in page.halves)
        if given:
            hall.store.write(lambda connection: halves.keep(connection, given))
        if not found and not everything:
            return

        def work(connection: apsw.Connection) -> list[bytes]:
            stream.replace(connection, found, everything=everything)
            changed = [change.key[0] for change in found if change.of == "stations"]
            met = [
                row
                for key_id in changed
                if (
                    row := connection.execute(
                        "SELECT enrolment FROM stations WHERE key_id = ?", (key_id,)
                    ).get
                )
            ]
            for sitting in seats.open_sittings(connection):
                if sitting.restore_sitting is not None:
                    closing.restore_key(connection, sitting, hall.keys, hall.key)
            return met

        met = hall.store.write(work)
        now_ns = hall.clock.wall_ns()
        for data in met:
            try:
                station = read_enrolment(data, hall.trust, now_s=None)
            except ExamError as problem:
                words = str(problem)
                hall.store.write(partial(_doubt, now_ns, words))
                continue
            if (station.kind, station.centre) == (STATION, hall.home.centre):
                hall.known.add(station)
        hall.store.write(halves.forget)
        hall.finish_closing()

    def _keep_what_was(self) -> None:
        """Of a hall that was deposed: a copy of its database as it was, kept as evidence."""
        hall = self._hall
        with hall.store.reading() as connection:
            term = number(connection, DEPOSED)
        if not term:
            return
        path = hall.home.directory / f"before-turn-{term}.sqlite"
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        source, target = apsw.Connection(str(hall.store.path)), apsw.Connection(str(path))
        try:
            with target.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(256)
        finally:
            target.close()
            source.close()
        sync_directory(path.parent)
        hall.store.write(lambda connection: set_number(connection, DEPOSED, 0))

    def _fetch(self, http: httpx.Client) -> None:
        """Fetch the frames that the other hall had a round ago and no station has brought."""
        hall = self._hall
        with hall.store.reading() as connection:
            own = {place.blind_id: place.sequence for place in places_of(connection)}
        lacking = [name for name, wanted in self._wanted.items() if own.get(name, 0) < wanted]
        for blind_id in lacking[:_FETCHED]:
            with hall.store.reading() as connection:
                seat = seats.seat(connection, blind_id)
            if seat is None or self._ending.is_set():
                continue
            # Of a station that the exam has left, no more than the hall in command had of it.
            held = hall.store.write(partial(_held, seat))
            head = held.head if held.sequence else genesis(blind_id)
            copy = self._post(http, FRAMES_ROUTE, CopyRequest(blind_id, held.sequence, head), Copy)
            stations = {}
            for data in copy.enrolments:
                station = read_enrolment(data, hall.trust, now_s=None)
                if (station.kind, station.centre) == (STATION, hall.home.centre):
                    stations[station.key_id] = station.verify_key
            hall.store.write(partial(self._hold, seat, copy.frames, stations))

    def _hold(
        self,
        seat: seats.SeatRow,
        frames: tuple[bytes, ...],
        stations: dict[bytes, VerifyKey],
        connection: apsw.Connection,
    ) -> None:
        hall = self._hall
        now_ns = hall.clock.wall_ns()
        state = held_state(connection, seat.blind_id, seat.package_hash)
        held = hold(
            connection,
            state,
            frames,
            sender=hall.key.key_id,
            sequence=0,
            head=b"",
            stations=lambda key_id: hall.known.key(key_id) or stations.get(key_id),
            commanders=hall.command.keys,
            time_ns=now_ns,
        )
        if held.refused is not None:
            alarm(connection, now_ns, "record", str(held.refused), blind_id=seat.blind_id)
        elif held.added:
            connection.execute(
                "UPDATE seats SET heard_ns = ? WHERE blind_id = ?", (now_ns, seat.blind_id)
            )


def _held(seat: seats.SeatRow, connection: apsw.Connection) -> ChainState:
    return set_apart(connection, held_state(connection, seat.blind_id, seat.package_hash))


def _doubt(now_ns: int, words: str, connection: apsw.Connection) -> None:
    alarm(connection, now_ns, "station-refused", words)
