"""Who comes to this station: which exam waits, who signs in, who goes on after a restart.

Whatever the hall must be asked is asked beside the session thread; its answer comes back
as a message. No question is open twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from exam_packages.attempt.events import (
    MOVE,
    REOPEN,
    RESTART,
    START,
    Identified,
    Noticed,
    Opened,
    Reopened,
)
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.journal import Context, first_context, refill
from exam_packages.sealing.restore_keys import Erasure
from kiosk.agent import opening
from kiosk.agent.recovery import Recovery, Restored, replay
from kiosk.agent.session import Events, Refusal, conclude, reopen
from kiosk.agent.shelf import AttemptDirectory, Who
from kiosk.agent.station import LOG, Station
from kiosk.agent.worker import Finish as Finishing
from kiosk.agent.worker import Worker
from kiosk.ipc import messages as ipc
from sync.catch_up import catch_up
from sync.link import HolderClient, Leave, LinkError
from sync.messages import Seat, TakeUp, Welcome

RETRY_NS = 3 * SECOND
"""Between two tries to go on after a restart."""
MAX_CODE = 64
"""Characters of a sign-in code."""

OCCUPIED = Refusal("Somebody is signed in at this station; call an invigilator.")
ONE_MOMENT = Refusal("One moment: the hall is being asked.")
NO_EXAM = Refusal("No exam is open at this centre yet; please wait for the invigilator.")
SIGN_IN_FIRST = Refusal("Please type the sign-in code first.")


class Reception:
    """Lets candidates in, and unfinished attempts go on.

        *opened* is called after an attempt became the station's record, with the events that
    its new epoch begins with.
    """

    def __init__(
        self,
        station: Station,
        client: HolderClient,
        worker: Worker,
        opened: Callable[[Events], None],
    ) -> None:
        self._station = station
        self._client = client
        self._worker = worker
        self._opened = opened
        self._seat: Seat | None = None
        self._asking = False
        self._visit = 0
        self._retry_ns = 0

    # --- Which exam ----------------------------------------------------------------------

    def greeted(self, welcome: Welcome) -> None:
        """The hall said which sitting it holds."""
        self._station.welcome = welcome
        if self._station.vacant and self._seat is None:
            if welcome.package_hash:
                self._load(welcome.package_hash, welcome.slot, resuming=False)
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

    def _load(self, package_hash: bytes, slot: str, *, resuming: bool) -> bool:
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
        if not station.vacant:
            station.refuse(request, OCCUPIED)
        elif self._asking:
            station.refuse(request, ONE_MOMENT)
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
        if package is None or welcome is None or hall is None:
            station.refuse(request, NO_EXAM)
            return
        now = station.now()
        directory = AttemptDirectory(station.attempts / seat.blind_id.hex())
        context = first_context(
            seat.blind_id, station.custody.signing.key_id, package.package_hash, now.boot
        )
        who = Who(seat.candidate, seat.name, welcome.sitting[:200], package.slot, package.exam, 0)
        try:
            station.record = opening.start(
                station.custody, hall.sealing, directory, who, context, leave, now
            )
        except ExamError as problem:
            station.refuse(request, problem)
            self.find_unfinished(directory)
            return
        self._seat = None
        station.tell_record()
        self._opened((Identified(seat.candidate, seat.name), Opened(1, START, held=False)))
        if station.disk_trouble:
            station.refuse(request, Refusal("{why}", (("why", station.disk_trouble),)))
        else:
            station.tell(ipc.Saved(request))

    # --- Going on after a restart --------------------------------------------------------

    def find_unfinished(self, directory: AttemptDirectory, cause: int = RESTART) -> bool:
        """Take up an attempt that was begun and not finished; whether there is one.

        Raises an ``ExamError`` when what lies there cannot be read.
        """
        recovered = directory.recover()
        if not recovered.frames:
            return False
        who = directory.read_who(self._station.custody.sealing)
        parcel = directory.parcel(recovered)
        if cause == REOPEN:  # what was handed in before is history
            parcel.manifest = parcel.countersignature = parcel.receipt = b""
        self._station.recovery = Recovery(directory, who, recovered, parcel, cause)
        if recovered.note is not None:
            LOG.warning("%s", recovered.note)
        return True

    def pursue(self) -> None:
        """Take the next step of a recovery, if it is time for one."""
        station = self._station
        recovery = station.recovery
        now_ns = station.clock.boottime_ns()
        if recovery is None or recovery.asking or now_ns < recovery.retry_ns:
            return
        if recovery.parcel.blocked:
            recovery.words = station.hall_words
        elif not station.hall_up or station.welcome is None:
            recovery.words = (
                "Your answers are saved. This station must reach the hall before the exam can "
                "go on; it keeps trying."
            )
        elif not recovery.parcel.outbox.complete:
            recovery.words = "Your answers are saved. The hall is being brought up to date."
        elif recovery.restored is None:
            self._ask_leave(recovery)
        else:
            self._resume(recovery, recovery.restored)

    def _ask_leave(self, recovery: Recovery) -> None:
        station = self._station
        recovery.asking = True
        context = recovery.next_context(station.custody.signing.key_id, station.clock.boot())
        cause = recovery.cause

        def ask() -> Finishing:
            try:
                leave = self._client.permit(context, cause)
                hall = self._client.restore_key
                own = station.custody.restore_keys.find(hall.sitting) if hall else None
                restored = replay(recovery.directory, recovery.recovered, leave, own)
            except ExamError as problem:
                words = str(problem)
                return lambda: self._wait(recovery, words)
            return lambda: self._allowed(recovery, context, leave, restored)

        self._worker.do(ask)

    def _wait(self, recovery: Recovery, words: str) -> None:
        recovery.asking = False
        recovery.words = words
        recovery.retry_ns = self._station.clock.boottime_ns() + RETRY_NS

    def _allowed(
        self, recovery: Recovery, context: Context, leave: Leave, restored: Restored
    ) -> None:
        recovery.asking = False
        recovery.context, recovery.leave, recovery.restored = context, leave, restored
        self.pursue()

    def _resume(self, recovery: Recovery, restored: Restored) -> None:
        station = self._station
        hall = self._client.restore_key
        if hall is None or not self._load(recovery.package_hash, recovery.who.slot, resuming=True):
            self._wait(recovery, station.package_trouble)
            return
        self.release()
        paper = station.package.open if station.package is not None else None
        reopening = recovery.cause == REOPEN
        if (restored.begun or (reopening and restored.worked)) and paper is None:
            self._wait(recovery, "Your answers are saved. The hall must release the exam again.")
            return
        now = station.now()
        attempt = restored.ledger.attempt
        try:
            if restored.concluded and recovery.cause == RESTART:  # only the manifest was missing
                station.finish = opening.finish_restored(station.custody, recovery, attempt, now)
                station.recovery = None
                station.tell_all()
                return
            record = opening.resume(station.custody, hall.sealing, recovery, restored, now)
        except ExamError as problem:
            self._again(recovery, problem)
            return
        station.recovery, station.record = None, record
        station.tell_record()
        limit_s = paper.paper.policy.outage_limit_s if paper is not None else 0
        outage_ns = restored.outage_ns(now)
        first: Events = (reopen(attempt, record.epoch, recovery.cause, outage_ns, limit_s),)
        if reopening:
            first = (Reopened(record.epoch),)
        if recovery.recovered.note is not None:
            first += (Noticed("record-torn", str(recovery.recovered.note)),)
        if attempt.phase is Phase.CLOSED and not reopening:  # the end was on disk, and no more
            first += (conclude(attempt),)
        self._opened(first)
        if reopening:
            try:
                recovery.directory.set_aside()
            except ExamError as problem:  # done when the agent starts again
                LOG.error("%s", problem)

    # --- What the hall gives back, or gives here -----------------------------------------

    def behind(self, blind_id: bytes) -> bool:
        """The hall has more of an attempt than this disk: fetch it. Whether that can be done:
        of a record that is being written here it would be another's."""
        station = self._station
        recovery = station.recovery
        if recovery is None or recovery.directory.blind_id != blind_id:
            return False
        if recovery.asking or station.clock.boottime_ns() < recovery.retry_ns:
            return True
        recovery.asking = True
        recovery.words = "Your answers are saved. The hall gives back what was lost here."

        def fetch() -> Finishing:
            try:
                self._bring(recovery.directory)
            except ExamError as problem:
                words = str(problem)
                return lambda: self._wait(recovery, words)
            return lambda: self._found_again(recovery)

        self._worker.do(fetch)
        return True

    def _found_again(self, recovery: Recovery) -> None:
        try:
            self.find_unfinished(recovery.directory, recovery.cause)
        except ExamError as problem:
            self._wait(recovery, str(problem))

    def take_up(self, asked: tuple[TakeUp, ...]) -> None:
        """The hall wants attempts to go on here: moved to this station, or reopened."""
        station = self._station
        for each in asked:
            recovery, finish = station.recovery, station.finish
            if recovery is not None and recovery.directory.blind_id == each.blind_id:
                if not recovery.asking and recovery.restored is None:
                    recovery.cause = each.cause
                return
            shown = finish is not None and finish.parcel.blind_id == each.blind_id
            free = station.vacant and self._seat is None
            if each.cause not in (MOVE, REOPEN) or self._asking or not (shown or free):
                continue
            if station.clock.boottime_ns() >= self._retry_ns:
                self._copy(each)
            return

    def _copy(self, asked: TakeUp) -> None:
        self._asking = True
        directory = AttemptDirectory(self._station.attempts / asked.blind_id.hex())

        def fetch() -> Finishing:
            try:
                directory.make()
                seat = self._bring(directory)
            except ExamError as problem:
                words = str(problem)
                return lambda: self._not_copied(words)
            return lambda: self._copied(asked, directory, seat)

        self._worker.do(fetch)

    def _bring(self, directory: AttemptDirectory) -> Seat:
        """Bring this disk up to what the hall holds. Beside the session thread."""
        custody = self._station.custody
        caught = catch_up(
            self._client,
            directory.blind_id,
            directory.recover(),
            centre=custody.enrolment.centre,
            trust=custody.trust,
        )
        if caught.frames:
            refill(directory.path, caught.frames)
        directory.write_elsewhere(caught.pictures)
        return caught.seat

    def _not_copied(self, words: str) -> None:
        station = self._station
        self._asking = False
        self._retry_ns = station.clock.boottime_ns() + RETRY_NS
        LOG.error("An exam cannot be taken up here yet: %s", words)
        if words not in station.incidents:
            station.incidents.append(words)

    def _copied(self, asked: TakeUp, directory: AttemptDirectory, seat: Seat) -> None:
        station = self._station
        self._asking = False
        finish, welcome = station.finish, station.welcome
        shown = finish is not None and finish.parcel.blind_id == asked.blind_id
        if welcome is None or not (shown or station.vacant):
            return
        exam = welcome.sitting[:200], welcome.slot, welcome.exam
        who = Who(seat.candidate, seat.name, *exam, 0)
        try:
            directory.write_who(who, station.custody.sealing)
            self.find_unfinished(directory, asked.cause)
        except ExamError as problem:
            self._not_copied(str(problem))
            return
        if shown:
            station.finish = None
            station.restart_screen()
        station.tell_status()

    # --- When a sitting was closed -------------------------------------------------------

    def closed(self) -> tuple[Erasure, ...]:
        """The hall's statements about closed sittings that this station has not answered."""
        return self._client.closed

    def state(self, statement: bytes) -> None:
        """Tell the hall what was deleted here. Raises a ``LinkError``."""
        self._client.erased(statement)

    def _again(self, recovery: Recovery, problem: ExamError) -> None:
        """The disk did not take the new epoch: look what it took, and ask for another."""
        LOG.error("The exam cannot go on yet: %s", problem)
        with contextlib.suppress(ExamError):  # then the same recovery is tried again
            self.find_unfinished(recovery.directory, recovery.cause)
        if self._station.recovery is not None:
            self._wait(self._station.recovery, str(problem))
