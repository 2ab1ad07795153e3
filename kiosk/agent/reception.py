"""Who comes to this station: which exam waits, and who signs in for it.

Whatever the hall must be asked is asked beside the session thread; its answer comes back
as a message. No question is open twice.
"""

from __future__ import annotations

from collections.abc import Callable

from exam_packages.attempt.events import (
    START,
    Identified,
    Opened,
)
from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.journal import first_context
from kiosk.agent import opening
from kiosk.agent.session import Events, Refusal
from kiosk.agent.shelf import AttemptDirectory, Who
from kiosk.agent.station import LOG, Station
from kiosk.agent.worker import Finish as Finishing
from kiosk.agent.worker import Worker
from kiosk.ipc import messages as ipc
from sync.link import HolderClient, Leave, LinkError
from sync.messages import Seat, Welcome

MAX_CODE = 64
"""Characters of a sign-in code."""

OCCUPIED = Refusal("Somebody is signed in at this station; call an invigilator.")
ONE_MOMENT = Refusal("One moment: the hall is being asked.")
NO_EXAM = Refusal("No exam is open at this centre yet; please wait for the invigilator.")
NOT_THEIRS = "A sign-in code showed another name than the candidate’s: please go there"
"""Told on the board, without the name: whose code it is, the hall knows."""
SIGN_IN_FIRST = Refusal("Please type the sign-in code first.")


class Reception:
    """Lets candidates in.

    *opened* is called after an attempt became the station's record, with the events that
    its first epoch begins with; *left* when its disk did not take it whole.
    """

    def __init__(
        self,
        station: Station,
        client: HolderClient,
        worker: Worker,
        opened: Callable[[Events], None],
        left: Callable[[AttemptDirectory], None],
    ) -> None:
        self._station = station
        self._client = client
        self._worker = worker
        self._opened = opened
        self._left = left
        self._seat: Seat | None = None
        self._asking = False
        self._visit = 0

    # --- Which exam ----------------------------------------------------------------------

    def greeted(self, welcome: Welcome) -> None:
        """The hall said which sitting it holds."""
        self._station.welcome = welcome
        if self._station.vacant and not self.busy:
            if welcome.package_hash:
                self.load(welcome.package_hash, welcome.slot, resuming=False)
            else:
                self._unload()
        self.release()

    def release(self) -> None:
        """Open the paper when its release is here, and tell the screen."""
        package = self._station.package
        if package is None or package.open is not None:
            return
        for release in self._station.releases:
            if package.fits(release):
                try:
                    package.release(release.secret)
                except ExamError as problem:
                    self._station.package_trouble = str(problem)
                    LOG.error("The released paper does not open: %s", problem)
                    return
                self._station.tell_parts()
                self._station.tell_status()

    def _unload(self) -> None:
        """No sitting is open: let go of the last one's paper."""
        station = self._station
        station.package_trouble = str(NO_EXAM)
        if station.package is not None:
            station.package.close()
            station.package, station.releases = None, ()
            station.tell_welcome()

    @property
    def busy(self) -> bool:
        """Whether somebody is just signing in."""
        return self._asking or self._seat is not None

    def load(self, package_hash: bytes, slot: str, *, resuming: bool) -> bool:
        """Open the package of a sitting, if it is not open; whether it is. Expiry bars only
        starting."""
        station = self._station
        present = station.package
        if present is not None and (present.package_hash, present.slot) == (package_hash, slot):
            return True
        now_s = None if resuming else station.clock.wall_ns() // SECOND
        try:
            package = station.custody.sitting_package(package_hash, slot, now_s=now_s)
        except ExamError as problem:
            station.package_trouble = str(problem)
            return False
        if present is not None:
            present.close()
        station.package, station.package_trouble = package, ""
        station.tell_welcome()
        return True

    # --- Signing in ----------------------------------------------------------------------

    def sign_in(self, request: int, code: str) -> None:
        """A candidate typed a sign-in code."""
        station = self._station
        if self._asking or station.taking_up:
            station.refuse(request, ONE_MOMENT)
        elif not station.vacant:
            station.refuse(request, OCCUPIED)
        elif station.package is None:
            words = station.package_trouble or station.hall_words or str(NO_EXAM)
            station.refuse(request, Refusal("{why}", (("why", words),)))
        else:
            self._asking = True
            self._seat = None
            visit = self._visit
            self._worker.do(lambda: self._ask_seat(request, visit, code[:MAX_CODE]))

    def confirm(self, request: int, yes: bool) -> None:
        """The candidate said whether the name shown is theirs."""
        station = self._station
        seat = self._seat
        if seat is None or not station.vacant or station.package is None:
            station.refuse(request, SIGN_IN_FIRST)
        elif self._asking:
            station.refuse(request, ONE_MOMENT)
        elif not yes:
            self._seat = None
            station.incidents.append(NOT_THEIRS)
            station.tell(ipc.Vacant())
            station.tell(ipc.Saved(request))
        else:
            self._asking = True
            context = first_context(
                seat.blind_id,
                station.custody.signing.key_id,
                station.package.package_hash,
                station.clock.boot(),
            )

            def ask() -> Finishing:
                try:
                    permitted = self._client.permit(context, START)
                except LinkError as problem:
                    refused = problem
                    return lambda: self._refused(request, refused)
                return lambda: self._start(request, seat, permitted)

            self._worker.do(ask)

    def forget(self) -> None:
        """The screen went before the name was confirmed: the next one starts anew."""
        self._visit += 1
        self._seat = None

    def _ask_seat(self, request: int, visit: int, code: str) -> Finishing:
        try:
            seat = self._client.sign_in(code)
        except LinkError as problem:
            refused = problem
            return lambda: self._refused(request, refused)
        return lambda: self._named(request, visit, seat)

    def _refused(self, request: int, problem: ExamError) -> None:
        self._asking = False
        self._station.refuse(request, problem)

    def _named(self, request: int, visit: int, seat: Seat) -> None:
        self._asking = False
        if visit != self._visit:
            return  # whoever asked has gone
        self._seat = seat
        self._station.tell(ipc.Named(request, seat.candidate, seat.name))

    def _start(self, request: int, seat: Seat, leave: Leave) -> None:
        station = self._station
        self._asking = False
        package, welcome, hall = station.package, station.welcome, self._client.restore_key
        if package is None or welcome is None or hall is None or station.damage:
            station.refuse(request, NO_EXAM)
            return
        now = station.now()
        directory = AttemptDirectory(station.attempts / seat.blind_id.hex())
        context = first_context(
            seat.blind_id, station.custody.signing.key_id, package.package_hash, now.boot
        )
        who = Who(seat.candidate, seat.name, welcome.sitting[:200], package.slot, package.exam, 0)
        try:
            halls = self._client.halls.sealing(hall)
            station.record = opening.start(
                station.custody, halls, package, directory, who, context, leave, now
            )
        except ExamError as problem:
            station.refuse(request, problem)
            self._left(directory)
            return
        self._seat = None
        station.tell_record()
        self._opened((Identified(seat.candidate, seat.name), Opened(1, START, held=False)))
        if station.disk_trouble:
            station.refuse(request, Refusal("{why}", (("why", station.disk_trouble),)))
        else:
            station.tell(ipc.Saved(request))
