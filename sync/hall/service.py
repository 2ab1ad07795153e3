"""What stations ask of the hall. Routes hold no rules; the rules are called from here.

Every answer that matters is given after the database has synced what it rests on. What
stations say of themselves (:class:`sync.messages.Status`) is kept in memory only: it is
for the board, and comes again within a second.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import apsw
import msgspec

from exam_packages import canon
from exam_packages.attempt.events import START
from exam_packages.clock import SECOND, Clock
from exam_packages.sealing.bundle import read_manifest
from exam_packages.sealing.chain import ChainState
from exam_packages.sealing.journal_format import (
    Acknowledgement,
    Context,
    sign_acknowledgement,
    sign_permit,
)
from exam_packages.sealing.journal_keys import epoch_header
from exam_packages.sealing.restore_keys import read_restore_key
from exam_packages.sealing.suite import SealingError, VerifyKey
from exam_packages.sealing.trust import (
    REGISTRAR,
    STATION,
    Enrolment,
    Trust,
    read_enrolment,
)
from sync.hall import (
    authority,
    closing,
    moves,
    outcomes,
    permits,
    records,
    room,
    seats,
    signing_in,
)
from sync.hall.beside import tick_beside
from sync.hall.command import Command
from sync.hall.glimpses import Glimpses
from sync.hall.halves import half
from sync.hall.handing_in import beyond, hand_in
from sync.hall.home import HallHome
from sync.hall.known import Known, fingerprint
from sync.hall.other_halls import Heard
from sync.hall.roster import code_digest
from sync.hall.schema import alarm, number
from sync.hall.ticking import NOTHING, end_together, left, notice_restored
from sync.hall.waiting import WaitingRoom
from sync.holder.journals import header_frames, held_state, hold
from sync.holder.store import Store
from sync.messages import (
    MAX_FRAMES,
    Countersigned,
    Greeting,
    HandIn,
    NextRoot,
    PermitRequest,
    Permitted,
    Release,
    RootRequest,
    Seat,
    SignIn,
    Status,
    Tick,
    Tock,
    Welcome,
)
from sync.web.wire import Busy, HttpError

_ATTEMPT_FLOOR = 256 * 1024 * 1024
"""Free bytes below which no new attempt is opened: the rest is for the open ones."""
CONTACT_NS = 8 * SECOND
"""A station that said something within this time is in contact."""
_MAX_INCIDENTS = 8
_MAX_WORDS = 300
"""Incidents kept of one station, and characters of each."""
_MAX_REPORTS = 50
"""Reported questions kept of one station."""
_GUESSES = 10
"""Sign-in codes a station may try per minute."""


@dataclass
class Link:
    """What is known of a station since the hall started. Times are CLOCK_BOOTTIME."""

    key_id: bytes
    status: Status | None = None
    blind_id: bytes = b""
    at_ns: int = 0
    hand_ns: int = 0
    """Since when the candidate's hand is raised; 0: it is not."""
    ahead: bool = False
    """The station has records that are not held here yet."""
    guesses: deque[int] = field(default_factory=deque)


class HallService:
    """One hall at work. Created by :mod:`sync.hall.main`, used by both listeners."""

    def __init__(self, home: HallHome, store: Store, clock: Clock) -> None:
        """Read this hall's keys and count its start. Raises an ``ExamError``."""
        self.home = home
        self.store = store
        self.clock = clock
        self.key = home.signing_key()
        self.sealing = home.sealing_key()
        self.keys = home.restore_keys()
        home.trust()  # says which command is missing where there is none
        self.known = Known(store, home.trust_directory, clock.wall_ns())
        self.enrolment = home.enrolment(now_s=clock.wall_ns() // SECOND)
        self.links: dict[bytes, Link] = {}
        self.keepers: dict[bytes, bytes] = {}
        """The neighbour that answers each station which keeps records of others (empty: none
        does), by key ids, as the stations say."""
        self.heard: dict[bytes, Heard] = {}
        """The last word of each other hall, by its key id."""
        self.for_the_body: Callable[[], None] = lambda: None
        """Called when something for the body came in: wakes the relay."""
        self.ending = False
        """Set when the process is asked to end: streams end themselves."""
        self.glimpses = Glimpses()
        self._waiting = WaitingRoom(store)
        self.command = Command(store, self.key.public, home.centre, standby=home.standby)
        self.command.believe(self.trust)
        self._looked_ns = 0
        authority.start(store, home.incarnation, clock.wall_ns())
        self.finish_closing()
        self.accusers: set[bytes] = set()

    @property
    def trust(self) -> Trust:
        """The body's root of trust, in the highest version installed here by now."""
        return self.known.trust

    # --- Who calls ---------------------------------------------------------------------

    async def greet(self, certificate: bytes | None, greeting: Greeting) -> Welcome:
        """Take in a station that the body enrolled for this centre."""
        now_ns = self.clock.wall_ns()
        self.follow_trust()
        enrolment = read_enrolment(greeting.enrolment, self.trust, now_s=now_ns // SECOND)
        self._check_greeting(certificate, enrolment)
        shown = fingerprint(enrolment.tls_certificate)
        # Before the transaction: one that is undone must not have made the hall's own key.
        announced = None
        if greeting.restore_key:
            announced = read_restore_key(greeting.restore_key, enrolment.verify_key)

        if greeting.halls or greeting.mandate:
            await asyncio.to_thread(self._learn, greeting, now_ns)
        command = self.command

        def work(connection: apsw.Connection) -> Welcome:
            connection.execute(
                "INSERT INTO stations (key_id, machine, enrolment, certificate, greeted_ns) "
                "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (key_id) DO UPDATE SET "
                "machine = ?2, enrolment = ?3, certificate = ?4, greeted_ns = ?5",
                (enrolment.key_id, enrolment.machine, greeting.enrolment, shown, now_ns),
            )
            sitting = seats.sitting_at(connection, enrolment.key_id)
            name, restore_key = b"", b""
            if sitting is not None and (command.mine or sitting.restore_sitting is not None):
                name, restore_key = closing.restore_key(connection, sitting, self.keys, self.key)
                if announced is not None and announced.sitting == name:
                    connection.execute(
                        "INSERT OR REPLACE INTO restore_keys (station, sitting, key_id, announced)"
                        " VALUES (?, ?, ?, ?)",
                        (enrolment.key_id, name, announced.sealing.key_id, greeting.restore_key),
                    )
            return Welcome(
                enrolment=self.home.enrolment_bytes,
                sitting=sitting.title if sitting else "",
                exam=sitting.exam if sitting else "",
                package_hash=sitting.package_hash if sitting else b"",
                slot=sitting.slot if sitting else "",
                authority=number(connection, authority.AUTHORITY),
                holder_epoch=number(connection, authority.HOLDER_EPOCH),
                restore_key=restore_key,
                erasures=closing.to_tell(connection, enrolment.key_id) if command.mine else (),
                mandate=command.mandate,
                halls=command.enrolments,
                commands=command.mine,
            )

        welcome = await self.store.awrite(work)
        self.known.add(enrolment)
        return welcome

    def _learn(self, greeting: Greeting, now_ns: int) -> None:
        """Take what a station knows of the halls of this centre and of who commands."""
        self.command.meet(greeting.halls, self.trust)
        try:
            self.command.take(greeting.mandate, self.trust, now_ns)
        except SealingError as problem:
            words = f"An act of command that a station showed is not believed: {problem}"
            self.store.write(lambda connection: alarm(connection, now_ns, "command", words))

    def follow_trust(self) -> None:
        """Judge everybody by the newest root of trust."""
        before = self.known.under
        self.known.follow(self.clock.wall_ns())
        if self.known.under is not before:
            self.command.believe(self.known.under)
        now_ns = self.clock.boottime_ns()
        if now_ns - self._looked_ns >= SECOND:
            self._looked_ns = now_ns
            self.command.refresh()

    def key_of_hall(self, key_id: bytes) -> VerifyKey | None:
        """The key of this hall, or of another one of this centre."""
        other = self.command.hall(key_id)
        return self.key.public if key_id == self.key.key_id else other and other[0]

    def enrolment_of(self, key_id: bytes) -> bytes:
        """The enrolment of this hall, or of another one of this centre; empty: not known."""
        other = self.command.hall(key_id)
        own = self.home.enrolment_bytes if key_id == self.key.key_id else b""
        return own or (other[1] if other is not None else b"")

    def in_contact(self) -> frozenset[bytes]:
        """The stations that said something just now."""
        now_ns = self.clock.boottime_ns()
        return frozenset(
            key_id for key_id, link in list(self.links.items()) if now_ns - link.at_ns <= CONTACT_NS
        )

    def finish_closing(self) -> None:
        """Delete the keys of closed sittings, and sign their records. Not from the loop.

        Each hall deletes its own keys; the record is signed by the hall in command alone.
        Raises a ``KeyringError``.
        """
        closing.finish(self.store, self.keys, self.key, self.clock.wall_ns())
        if self.command.mine:
            registrar, now_ns = self.trust.opening(REGISTRAR), self.clock.wall_ns()
            records.finish(self.store, self.key, registrar, self.home.centre, now_ns)

    def station(self, certificate: bytes | None) -> Link:
        """The station that shows this TLS certificate. Raises :class:`HttpError` 401."""
        self.follow_trust()
        key_id = self.known.showing(certificate)
        if key_id is None:
            raise HttpError(401, "This hall does not know this station yet; it must greet first.")
        return self.links.setdefault(key_id, Link(key_id))

    def key_of(self, link: Link) -> VerifyKey:
        """The key of a station that calls. Raises :class:`HttpError` when it was revoked."""
        key = self.known.key(link.key_id)
        if key is None:  # revoked between the request's beginning and now
            raise HttpError(401, "This hall does not know this station any more; it must greet.")
        return key

    def _check_greeting(self, certificate: bytes | None, enrolment: Enrolment) -> None:
        if enrolment.kind != STATION:
            raise HttpError(403, "The enrolment shown is not that of a station.")
        if enrolment.centre != self.enrolment.centre:
            raise HttpError(
                403,
                "The station “{machine}” is enrolled for the centre “{centre}”, and this hall "
                "belongs to “{here}”; connect it to its own hall, or enrol it anew.",
                machine=enrolment.machine,
                centre=enrolment.centre,
                here=self.enrolment.centre,
            )
        if certificate != enrolment.tls_certificate:
            raise HttpError(
                403, "The enrolment shown belongs to another machine than the one that calls."
            )

    # --- Roots of trust ------------------------------------------------------------------

    async def next_root(self, message: RootRequest) -> NextRoot:
        """The root after the one a machine has, if this hall took it."""
        return NextRoot(await asyncio.to_thread(self.known.roots.after, message.version))

    # --- Signing in, and opening an epoch ----------------------------------------------

    async def sign_in(self, link: Link, message: SignIn) -> Seat:
        """The roster line behind a code, bound to this station."""
        self.command.check()
        self._count_guess(link)
        with self.store.reading() as connection:
            sittings = seats.open_sittings(connection)
        if not sittings:
            raise HttpError(409, "No sitting is open in this hall.")
        codes = {
            each.id: await asyncio.to_thread(code_digest, message.code[:200], each.salt)
            for each in sittings
        }
        found = await self.store.awrite(
            lambda connection: signing_in.sign_in(
                connection, sittings, codes, link.key_id, self.clock.wall_ns()
            )
        )
        link.guesses.pop()  # a right one is no guess; the wrong ones before it still count
        if isinstance(found, HttpError):
            raise found
        return Seat(found.blind_id, found.candidate, found.name)

    def _count_guess(self, link: Link) -> None:
        now = self.clock.boottime_ns()
        while link.guesses and now - link.guesses[0] > 60 * SECOND:
            link.guesses.popleft()
        if len(link.guesses) >= _GUESSES:
            raise Busy(
                60,
                "Too many sign-in codes were tried at this station; wait a minute and try again.",
            )
        link.guesses.append(now)

    async def permit(self, link: Link, request: PermitRequest) -> Permitted:
        """Permit an epoch when the rules allow it, and for a restart give the halves back."""
        self.command.check()
        context: Context = canon.unpack(request.context, Context, max_size=4096)
        if context.station != link.key_id:
            raise HttpError(403, "A station can ask for a permit only for itself.")
        answer = await self.store.awrite(partial(self._permit, context, request.cause))
        if isinstance(answer, HttpError):
            raise answer
        return answer

    def _permit(
        self, context: Context, cause: int, connection: apsw.Connection
    ) -> Permitted | HttpError:
        now_ns = self.clock.wall_ns()
        seat = seats.seat_at(connection, context.blind_id, context.station)
        permits.check_not_closed(seat)
        if seats.handed_in(connection, context.blind_id):
            raise HttpError(409, "This exam has been handed in; it cannot be opened again.")
        held = held_state(connection, context.blind_id, seat.package_hash)
        if cause == START and shutil.disk_usage(self.home.directory).free < _ATTEMPT_FLOOR:
            raise HttpError(
                507,
                "The hall’s disk is almost full, so no further exam can be opened; make room on "
                "it. Exams that are open go on.",
            )
        try:
            permits.check_permit(seat, context, cause, held, now_ns)
        except permits.RestartWaits as problem:
            # Returned, not raised: what it asks of the board must be kept.
            permits.ask_restart(connection, context.blind_id)
            return problem
        outcomes.goes_on(connection, context.blind_id)
        headers = [epoch_header(frame) for frame in header_frames(connection, context.blind_id)]
        halves = [(header.context.epoch, half(connection, header, self.keys)) for header in headers]
        resealed = moves.resealed(connection, seat, context.station) if seat.taking else ()
        sitting = seats.sitting(connection, seat.sitting)
        neighbour = moves.choose_neighbour(
            connection,
            context.station,
            sitting.restore_sitting if sitting else None,
            self.in_contact(),
        )
        permits.permitted(connection, context)
        return Permitted(
            permit=sign_permit(
                context, number(connection, authority.AUTHORITY), now_ns // SECOND, self.key
            ),
            halves=tuple(halves),
            resealed=resealed,
            neighbour=neighbour[0],
            neighbour_enrolment=neighbour[1],
        )

    # --- The tick ----------------------------------------------------------------------

    async def tick(self, link: Link, tick: Tick) -> Tock:
        """Hold new frames, then acknowledge, and hand over what waits for this station."""
        if len(tick.frames) > MAX_FRAMES:
            raise HttpError(413, "A tick carries at most {limit} frames.", limit=MAX_FRAMES)
        link.status, link.blind_id = _shortened(tick.status), tick.blind_id
        link.at_ns = self.clock.boottime_ns()
        if self.command.mine:
            work = partial(self._tick, link, tick)
        else:
            self.glimpses.clear()  # the hall that commands has them now
            work = partial(tick_beside, self, link.key_id, tick)
        if not tick.status.calling:
            link.hand_ns = 0
        elif not link.hand_ns:
            link.hand_ns = link.at_ns
        tock, refused = await self.store.awrite(work)
        if refused is not None:
            raise refused
        return tock

    def _tick(
        self, link: Link, tick: Tick, connection: apsw.Connection
    ) -> tuple[Tock, HttpError | None]:
        current = number(connection, authority.AUTHORITY)
        waiting = self._waiting.of(connection, link.key_id, tick.blind_id, current)
        sitting, take_up = waiting.sitting, waiting.take_up
        releases: tuple[Release, ...] = ()
        now_ns = self.clock.wall_ns()
        if (
            sitting is not None
            and sitting.secret is not None
            and room.begins_in_s(waiting.rules, now_ns // SECOND) == 0
        ):
            releases = (
                Release(sitting.package_hash, sitting.slot, sitting.release_id, sitting.secret),
            )
        start = room.common_start(waiting.rules, now_ns)
        handovers = moves.handovers(connection, link.key_id, self.key) if waiting.moving else ()
        if not tick.blind_id:
            version, term = self.known.under.root.version, self.command.term
            return (
                Tock(b"", (), releases, -1, b"", take_up, handovers, version, term, start),
                None,
            )
        seat = waiting.seat
        if seat is None or seat.station != link.key_id:
            return left(self, link, tick, connection)
        before = held_state(connection, tick.blind_id, seat.package_hash)
        if (
            waiting.handed_in
            and tick.sequence > before.sequence
            and beyond(connection, tick.blind_id, tick.sequence, tick.head)
        ):
            raise HttpError(409, "This exam has been handed in; nothing can be added to it.")
        held = hold(
            connection,
            before,
            tick.frames,
            sender=link.key_id,
            sequence=tick.sequence,
            head=tick.head,
            stations=self.known.key,
            commanders=self.command.keys,
            time_ns=now_ns,
        )
        if held.refused is not None:
            words = str(held.refused)
            alarm(connection, now_ns, "record", words, blind_id=tick.blind_id, station=link.key_id)
            problem = HttpError(422, held.refused.template, **held.refused.fields)
            return NOTHING, problem
        if held.added:
            connection.execute(
                "UPDATE seats SET heard_ns = ? WHERE blind_id = ?", (now_ns, tick.blind_id)
            )
            moves.taken_up(connection, seat, held.state)
        link.ahead = held.need_after >= 0
        ended = end_together(connection, seat, waiting.seat_rules, now_ns)
        current = notice_restored(
            self, link, tick, held, connection, current=current, last_order=waiting.last_order
        )
        commands: tuple[bytes, ...] = ()
        state = held.state
        if waiting.ordered or ended:
            if tick.authority <= current:
                authority.confirm(connection, tick.blind_id, tick.authority, tick.command)
            if state.epoch:
                commands = authority.pending(connection, tick.blind_id, state.epoch, self.key)
        return (
            Tock(
                acknowledgement=self.acknowledge(connection, state, now_ns),
                commands=commands,
                releases=releases,
                need_after=held.need_after,
                receipt=waiting.receipt,
                take_up=take_up,
                handovers=handovers,
                trust=self.known.under.root.version,
                term=self.command.term,
                start=start,
            ),
            None,
        )

    def acknowledge(self, connection: apsw.Connection, state: ChainState, now_ns: int) -> bytes:
        """Signed inside the transaction, sent only after it was synced."""
        return sign_acknowledgement(
            Acknowledgement(
                blind_id=state.blind_id,
                epoch=state.epoch,
                sequence=state.sequence,
                head=state.head,
                holder=self.key.key_id,
                holder_epoch=number(connection, authority.HOLDER_EPOCH),
                time_ns=now_ns,
            ),
            self.key,
        )

    # --- Handing in ----------------------------------------------------------------------

    async def hand_in(self, link: Link, message: HandIn) -> Countersigned:
        """Countersign a manifest that extends exactly what is held here."""
        self.command.check()
        manifest = read_manifest(message.manifest, self.key_of(link))
        signature = await self.store.awrite(
            partial(hand_in, self, link, manifest, message.manifest)
        )
        self.glimpses.forget(manifest.blind_id)
        self.for_the_body()
        return Countersigned(signature)


def _shortened(status: Status) -> Status:
    """What is kept of a status: a station may say anything, at any length, each second."""
    words = tuple(words[:_MAX_WORDS] for words in status.incidents[-_MAX_INCIDENTS:])
    return msgspec.structs.replace(
        status,
        phase=status.phase[:_MAX_WORDS],
        incidents=words,
        reports=status.reports[:_MAX_REPORTS],
    )
