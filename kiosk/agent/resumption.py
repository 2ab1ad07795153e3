"""Attempts that go on at this station: after a restart, with what the hall gives back of a
lost end; moved here by two people, or reopened by them.

Until the hall gives leave, a journal is only read, or brought up to what the hall holds.
Whatever the hall must be asked is asked beside the session thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from exam_packages.attempt.events import MOVE, REOPEN, RESTART, Noticed, Reopened
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.language import mark
from exam_packages.sealing.journal import Context, refill
from kiosk.agent import opening
from kiosk.agent.reception import Reception
from kiosk.agent.recovery import Recovery, Restored, replay
from kiosk.agent.session import Events, conclude, reopen
from kiosk.agent.shelf import AttemptDirectory, Who
from kiosk.agent.station import LOG, Station
from kiosk.agent.worker import Finish as Finishing
from kiosk.agent.worker import Worker
from sync.catch_up import catch_up
from sync.link import HolderClient, Leave
from sync.messages import Seat, TakeUp

RETRY_NS = 3 * SECOND
"""Between two tries to go on."""


class Resumption:
    """Lets attempts go on that were begun before.

    *opened* is called after an attempt became the station's record, with the events that
    its new epoch begins with.
    """

    def __init__(
        self,
        station: Station,
        client: HolderClient,
        worker: Worker,
        reception: Reception,
        opened: Callable[[Events], None],
    ) -> None:
        self._station = station
        self._client = client
        self._worker = worker
        self._reception = reception
        self._opened = opened
        self._retry_ns = 0

    def find_unfinished(self, directory: AttemptDirectory, cause: int = RESTART) -> bool:
        """Take up an attempt that was begun and not finished; whether there is one.

        Raises an ``ExamError`` when what lies there cannot be read.
        """
        recovered = directory.recover()
        if not recovered.frames:
            return False
        who = directory.read_who(self._station.custody.sealing)
        parcel = directory.parcel(recovered)
        parcel.candidate = who.candidate
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
            recovery.words = mark(
                "Your answers are saved. This station must reach the hall before the exam can "
                "go on; it keeps trying."
            )
        elif not recovery.parcel.outbox.complete:
            recovery.words = mark("Your answers are saved. The hall is being brought up to date.")
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
                restored = replay(
                    recovery.directory, recovery.recovered, leave, own, station.custody.secret
                )
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
        package_hash, slot = recovery.package_hash, recovery.who.slot
        loaded = self._reception.load(package_hash, slot, resuming=True)
        package = station.package
        if hall is None or not loaded or package is None:
            self._wait(recovery, station.package_trouble)
            return
        self._reception.release()
        paper = package.open
        reopening = recovery.cause == REOPEN
        if (restored.begun or (reopening and restored.worked)) and paper is None:
            self._wait(
                recovery,
                mark("Your answers are saved. The hall must release the exam again."),
            )
            return
        now = station.now()
        attempt = restored.ledger.attempt
        try:
            if restored.concluded and recovery.cause == RESTART:  # only the manifest was missing
                station.finish = opening.finish_restored(station.custody, recovery, attempt, now)
                station.recovery = None
                station.tell_all()
                return
            halls = self._client.halls.sealing(hall)
            record = opening.resume(station.custody, halls, package, recovery, restored, now)
        except ExamError as problem:
            self._again(recovery, problem)
            return
        station.recovery, station.record = None, record
        station.tell_record()
        limit_s = paper.paper.policy.outage_limit_s if paper is not None else 0
        outage_ns = restored.outage_ns(now)
        first: Events = (reopen(attempt, record.epoch, recovery.cause, outage_ns, limit_s),)
        if reopening:  # or it was already, and the agent ended at once
            opened = reopen(attempt, record.epoch, RESTART, outage_ns, limit_s)
            first = (Reopened(record.epoch) if attempt.phase is Phase.CLOSED else opened,)
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

    def _again(self, recovery: Recovery, problem: ExamError) -> None:
        """The disk did not take the new epoch: look what it took, and ask for another."""
        LOG.error("The exam cannot go on yet: %s", problem)
        with contextlib.suppress(ExamError):  # then the same recovery is tried again
            self.find_unfinished(recovery.directory, recovery.cause)
        if self._station.recovery is not None:
            self._wait(self._station.recovery, str(problem))

    def depart(self, blind_id: bytes) -> bool:
        """An attempt was moved away: whether it was this station's present business.

        What is here of it stays here, and nothing is added to it.
        """
        station = self._station
        record, recovery = station.record, station.recovery
        if record is not None and record.blind_id == blind_id:
            directory = record.directory
            record.close()
            station.record = None
        elif recovery is not None and recovery.directory.blind_id == blind_id:
            directory = recovery.directory
            station.recovery = None
        else:
            return False
        try:
            directory.depart()
        except ExamError as problem:  # the hall says it again when the agent starts again
            LOG.error("%s", problem)
        return True

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
        recovery.words = mark("Your answers are saved. The hall gives back what was lost here.")

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
        if self._station.recovery is not recovery:
            return  # it was moved away meanwhile
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
            free = station.vacant and not self._reception.busy
            if each.cause not in (MOVE, REOPEN) or not (shown or free):
                continue
            if station.clock.boottime_ns() >= self._retry_ns:
                self._copy(each)
            return

    def _copy(self, asked: TakeUp) -> None:
        self._station.taking_up = True
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
        directory.write_writers(caught.writers)
        return caught.seat

    def _not_copied(self, words: str) -> None:
        station = self._station
        station.taking_up = False
        self._retry_ns = station.clock.boottime_ns() + RETRY_NS
        LOG.error("An exam cannot be taken up here yet: %s", words)
        if words not in station.incidents:
            station.incidents.append(words)

    def _copied(self, asked: TakeUp, directory: AttemptDirectory, seat: Seat) -> None:
        station = self._station
        station.taking_up = False
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
