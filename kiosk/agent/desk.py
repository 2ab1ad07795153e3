"""The session thread: inbox → rules → journal → disk → tell. It owns the attempt.

Everything that can happen comes through one queue, and the queue's timeout is the next
moment something is due: so the deadline is met whatever screens, cameras and networks do.
Nothing here waits for any of them.
"""

from __future__ import annotations

from queue import Empty

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Act
from exam_packages.attempt.state import Phase
from exam_packages.clock import SECOND
from exam_packages.content.values import Response
from exam_packages.errors import ExamError
from exam_packages.sealing.journal import JournalError
from kiosk.agent import inbox as box
from kiosk.agent import opening
from kiosk.agent.album import Album, Eyes
from kiosk.agent.believing import believe
from kiosk.agent.contact import Contact
from kiosk.agent.courier import Courier
from kiosk.agent.door import Screen
from kiosk.agent.erasing import erase_closed
from kiosk.agent.glimpses import Glimpses
from kiosk.agent.meeting import Meeting
from kiosk.agent.noticing import Noticing
from kiosk.agent.obeying import Obeying
from kiosk.agent.parcels import Parcels
from kiosk.agent.picture_source import PictureSource
from kiosk.agent.reading import NO_ATTEMPT, read
from kiosk.agent.reception import Reception
from kiosk.agent.record import Record
from kiosk.agent.resumption import Resumption
from kiosk.agent.session import OVER, Events, Refusal, expire, session
from kiosk.agent.shelf import AttemptDirectory
from kiosk.agent.sighting import Sight
from kiosk.agent.station import LOG, Station
from kiosk.agent.stock import Stock
from kiosk.agent.surveying import Surveys
from kiosk.agent.witnessing import Witnessing
from kiosk.agent.worker import Worker
from kiosk.ipc import messages as ipc
from sync.link import HolderClient

STATUS_NS = SECOND
BEAT_NS = 10 * SECOND
"""While time runs, a record at least this often: it bounds what an outage can hide."""


class Desk:
    """The session thread's work. :meth:`run` returns after :class:`~kiosk.agent.inbox.Quit`."""

    def __init__(
        self,
        station: Station,
        inbox: box.Inbox,
        client: HolderClient,
        errands: Worker,
        courier: Courier,
        camera: Eyes,
        local: Worker,
    ) -> None:
        """*errands* asks the hall, *local* does slow work with this machine's disk."""
        self._station = station
        self._inbox = inbox
        self._client = client
        self._courier = courier
        self._local = local
        self._reception = Reception(station, client, errands, self._opened, self._not_opened)
        self._resumption = Resumption(station, client, errands, self._reception, self._opened)
        self._parcels = Parcels(station)
        self._stock = Stock(station, courier, self._parcels, self._reception, self._resumption)
        self._contact = Contact(station, self._notice)
        self._witnessing = Witnessing(station)
        self._noticing = Noticing(station, self._notice)
        self._album = Album(station, camera, local, self._write)
        self._sight = Sight(station, camera)
        self._glimpses = Glimpses(station, camera, courier)
        self._source = PictureSource(station, self._noticing, self._write)
        self._meeting = Meeting(station, self._noticing, self._album, self._glimpses)
        orders = station.attempts.parent / "command" / "orders"
        self._obeying = Obeying(station, client, orders, self._album, self._carry_out, self._notice)
        self._surveys = Surveys(courier.spool)
        self._status_ns = 0
        self._safe = b"", 0
        self._quitting = False

    def take_stock(self) -> None:
        """Look what lies on this station from before. Raises an ``ExamError``."""
        self._stock.take()
        self._hand_to_courier()

    def run(self) -> None:
        """Take one message after the other until told to quit; then close the journal."""
        while not self._quitting:
            try:
                message = self._inbox.get(timeout=self._wait_s())
            except Empty:
                message = None
            self._pass_time()  # what was due comes before what arrived
            if message is not None:
                self._take(message)
            self._settle()
        if self._station.record is not None:
            self._station.record.close()

    # --- Time ----------------------------------------------------------------------------

    def _wait_s(self) -> float:
        """Seconds until something is due."""
        now = self._station.clock.boottime_ns()
        due = self._status_ns
        record = self._station.record
        for countdown in record.ahead.deadlines if record is not None else ():
            due = min(due, now + countdown.left_at(now))
        return max(0, due - now) / SECOND

    def _pass_time(self) -> None:
        station = self._station
        record = station.record
        now = station.now()
        if record is not None:
            self._end_if_over(record)
        if now.boottime_ns < self._status_ns:
            return
        self._status_ns = now.boottime_ns + STATUS_NS
        self._resumption.pursue()
        if record is not None and record is station.record:
            self._obeying.obey_chief(record)
            if record.stuck:
                self._write(record, ())
            else:
                self._keep_company(record)
        self._noticing.pass_time()
        station.tell_status()
        self._courier.status = station.board_status()

    def _end_if_over(self, record: Record) -> None:
        while events := expire(self._station.exam(), record.ahead, self._station.now()):
            self._carry_out(record, events)
            self._station.tell_status()

    def _keep_company(self, record: Record) -> None:
        """What is journaled by time alone: beats, the hall's word, pictures."""
        now = self._station.now()
        phase = record.attempt.phase
        if self._witnessing.due(now):
            self._witnessing.journal(record)
            self._write(record, ())
        last = record.ledger.last
        begun = phase in (Phase.RUNNING, Phase.PAUSED)
        if begun and last is not None and now.boottime_ns - last.boottime_ns >= BEAT_NS:
            self._write(record, (ev.Beat(),))
        self._album.look(record, now)
        self._glimpses.look(record, now)

    def _last_words(self, record: Record) -> None:
        """What is journaled before an attempt closes: what was counted, pictures missed, and
        the hall's word."""
        self._noticing.closing()
        if missed := self._album.missed():
            self._write(record, missed)
        self._witnessing.journal(record)

    # --- What arrives --------------------------------------------------------------------

    def _take(self, message: box.Message) -> None:
        station = self._station
        match message:
            case box.Heard(screen=screen, message=said):
                screen.unheard.release()
                self._hear(screen, said)
            case box.Gone(screen=screen):
                if screen is station.screen:
                    self._reception.forget()
                    self._meeting.gone()
            case box.ErrandDone(finish=finish):
                finish()
                self._hand_to_courier()
            case box.Greeted(welcome=welcome):
                self._contact.back()
                self._reception.greeted(welcome)
                erase_closed(station, self._client, self._local)
            case box.Ticked():
                self._ticked(message)
            case box.LinkLost(words=words):
                self._contact.lost(words)
            case box.Forked(blind_id=blind_id, words=words):
                self._forked(blind_id, words)
            case box.Behind(blind_id=blind_id, words=words):
                if not self._resumption.behind(blind_id):
                    self._forked(blind_id, words)
            case box.Departed(blind_id=blind_id, words=words):
                self._departed(blind_id, words)
            case box.NotTaken(blind_id=blind_id, words=words):
                if station.finish is not None and station.finish.parcel.blind_id == blind_id:
                    station.hand_in_trouble = words
            case box.Countersigned(blind_id=blind_id, countersignature=data):
                self._parcels.keep(blind_id, "countersignature", data)
            case box.Believes(trust=trust):
                believe(station, trust, self._notice)
                self._hand_to_courier()
            case box.NotBelieved(words=words):
                station.incidents.append(f"A new root of trust is not believed: {words}"[:300])
            case box.CameraChanged():
                self._album.camera_changed()
                self._source.changed(message)
            case box.PictureTaken():
                self._album.taken(message)
            case box.SignalChanged():
                self._album.signalled(message)
                self._glimpses.soon()
            case box.PicturesDropped(count=count):
                self._album.dropped(count)
            case box.Sighted(seen=seen):
                self._sight.seen(seen)
            case box.Glimpsed():
                self._glimpses.came(message)
            case box.KeysWatched():
                self._noticing.keys(message)
            case box.Signalled(signal=signal, count=count):
                self._noticing.see(signal, count)
            case box.Standing(signals=signals):
                self._noticing.stands(signals)
            case box.Quit():
                self._quitting = True

    def _hear(self, screen: Screen, message: ipc.FromScreen) -> None:
        if isinstance(message, ipc.Hello):
            self._meeting.came(screen, message)
            return
        if screen is not self._station.screen:
            return  # the newest screen is the one that counts
        match message:
            case ipc.SignIn(request=request, code=code):
                self._reception.sign_in(request, code)
            case ipc.Confirm(request=request, yes=yes):
                self._reception.confirm(request, yes)
            case ipc.Do(request=request, act=act):
                self._do(request, act)
            case ipc.Read():
                read(self._station, self._local, screen, message)
            case ipc.Look():
                self._sight.look(message)
            case ipc.Leave(request=request):
                self._leave(request)
            case ipc.Answer(request=request, responses=responses):
                self._leave(request, responses)
            case ipc.KeysSeen(category=category):
                self._meeting.keys_seen(category)
            case ipc.SoundTried(found=found):
                self._meeting.sound_tried(found)
            case ipc.Focus(on=on):
                self._meeting.focus(on)
            case ipc.Fault(trace=trace):
                self._meeting.fault(trace)

    # --- Acts ----------------------------------------------------------------------------

    def _do(self, request: int, act: Act) -> None:
        station = self._station
        record = station.record
        if record is None:
            station.refuse(request, NO_ATTEMPT if station.finish is None else OVER)
            return
        if record.stuck:  # nothing new until what came before is on disk
            problem = self._write(record, ())
            if problem is not None:
                station.refuse(request, problem)
                return
        try:
            decided = session(station.exam(), record.ahead, station.now(), act)
        except ExamError as unreadable:  # the package's file went or was damaged
            station.refuse(request, unreadable)
            return
        if isinstance(decided, Refusal):
            station.refuse(request, decided)
            return
        problem = self._carry_out(record, decided) if decided else None
        if problem is not None:
            station.refuse(request, problem)
        else:
            station.incidents.extend(e.words for e in decided if isinstance(e, ev.Noticed))
            station.tell(ipc.Saved(request))

    def _carry_out(self, record: Record, events: Events) -> JournalError | None:
        """Journal what was decided, after the last words of an attempt that it closes."""
        if any(isinstance(event, ev.Closed) for event in events):
            self._last_words(record)
        return self._write(record, events)

    def _write(self, record: Record, events: Events) -> JournalError | None:
        """Journal *events*; everything that reached the disk is told. The problem, if any."""
        station = self._station
        try:
            entries = record.write(events, station.now())
        except JournalError as problem:
            if not station.disk_trouble:
                LOG.error("%s", problem)
            station.disk_trouble = str(problem)
            return problem
        station.disk_trouble = ""
        attempt = record.attempt
        record.parcel.obeyed = attempt.authority, attempt.command
        if entries:
            station.tell(ipc.Happened(entries, replay=False))
        return None

    def _settle(self) -> None:
        """After each message: an attempt that closed is finished, when the disk takes it."""
        station = self._station
        record = station.record
        if record is None or record.attempt.phase is not Phase.CLOSED or record.stuck:
            return
        try:
            finish = opening.finish(station.custody, record, station.now())
        except ExamError as problem:
            station.disk_trouble = str(problem)
            return
        record.close()
        station.disk_trouble = station.hand_in_trouble = ""
        station.record, station.finish = None, finish
        station.tell_status()
        station.tell_finished()

    def _notice(self, code: str, words: str, detail: str = "") -> None:
        """Record an incident of the attempt that is open; *detail* is for its record alone."""
        record = self._station.record
        self._station.incidents.append(words)
        if record is not None and not record.stuck and record.attempt.phase is not Phase.CLOSED:
            self._write(record, (ev.Noticed(code, f"{words} {detail}".strip()),))

    def _leave(self, request: int, responses: tuple[Response, ...] = ()) -> None:
        """The finished candidate goes; *responses* are what was said to the survey."""
        station = self._station
        finish = station.finish
        if finish is None:
            station.refuse(request, NO_ATTEMPT)
            return
        self._surveys.keep(station, responses)
        finish.directory.forget_who()
        self._courier.later(finish.parcel)
        station.finish = None
        station.incidents.clear()
        self._hand_to_courier()
        station.acknowledged_ns = 0
        if station.welcome is not None:
            self._reception.greeted(station.welcome)
        station.tell(ipc.Vacant())
        station.tell(ipc.Saved(request))

    def _not_opened(self, directory: AttemptDirectory) -> None:
        """The disk did not take the beginning of an attempt whole: look what it took."""
        self._resumption.find_unfinished(directory)

    def _opened(self, first: Events) -> None:
        """An attempt became this station's record; its epoch begins with *first*."""
        record = self._station.record
        if record is None:
            return
        self._parcels.add(record.directory, record.parcel)
        self._witnessing.opened()
        self._album.opened()
        self._hand_to_courier()
        self._album.apply_rules()
        if any(isinstance(event, ev.Concluded) for event in first):
            self._write(record, first)
        else:
            self._write(record, (*first, *self._source.events()))
            self._noticing.opened()
        self._station.tell_status()

    def _hand_to_courier(self) -> None:
        self._courier.current = self._station.parcel

    # --- The hall ------------------------------------------------------------------------

    def _ticked(self, message: box.Ticked) -> None:
        station = self._station
        answer = message.answer
        self._contact.back()
        told = answer.start
        station.start = (told, station.clock.boottime_ns()) if told is not None else None
        if answer.releases:
            station.releases = answer.releases
            closed = station.package is None or station.package.open is None
            self._reception.release()
            if closed and station.asked is not None:  # the agent was started again meanwhile
                station.tell_finished()
            self._album.apply_rules()
        if answer.receipt:
            self._parcels.receipt(message.blind_id, answer.receipt)
        if answer.take_up:
            self._resumption.take_up(answer.take_up)
            self._hand_to_courier()
        word = answer.acknowledgement
        if word is None or station.parcel is None or station.parcel.blind_id != message.blind_id:
            return
        station.acknowledged_ns = station.clock.boottime_ns()
        station.beacon_ns = word.time_ns
        if (safe := (message.blind_id, station.parcel.safe)) != self._safe:
            self._safe = safe
            station.tell_status()  # that an answer is safe is told when it is, not a second later
        if station.record is None:
            self._resumption.pursue()
            return
        self._witnessing.acknowledged(answer.acknowledgement_bytes)
        for command, data in answer.commands:
            if command.epoch == station.record.epoch and not station.record.stuck:
                self._obeying.obey(station.record, command, data)

    def _forked(self, blind_id: bytes, words: str) -> None:
        station = self._station
        station.hall_words = words
        self._parcels.block(blind_id)
        if station.record is not None and station.record.blind_id == blind_id:
            self._notice("record-differs", words)

    def _departed(self, blind_id: bytes, words: str) -> None:
        """An attempt was moved away: what is here of it stays here, and nothing is added."""
        station = self._station
        LOG.warning("%s", words)
        if station.finish is not None and station.finish.parcel.blind_id == blind_id:
            station.hand_in_trouble = words
            return
        if not self._resumption.depart(blind_id):
            return
        self._parcels.drop(blind_id)
        self._hand_to_courier()
        if station.welcome is not None:
            self._reception.greeted(station.welcome)
        station.tell_all()
