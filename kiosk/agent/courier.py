"""The link thread: one tick each second to the hall in command, and all that travels on it.

The tick is fixed, so nobody on the network can tell when an answer changed. Pictures
only travel when the frames before them have arrived. When the hall does not answer,
ticks become rarer (up to ``LONGEST_WAIT_S``) and everything stays here; nothing is lost,
and nothing waits for it. When command moves to another hall, it turns there. The halls that
do not command are :mod:`kiosk.agent.beside`'s.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from exam_packages.clock import SECOND, Clock
from kiosk.agent.deputy import Deputy
from kiosk.agent.following import Follower
from kiosk.agent.inbox import (
    Behind,
    Countersigned,
    Departed,
    Forked,
    Greeted,
    LinkLost,
    Message,
    NotTaken,
    Ticked,
)
from kiosk.agent.surveying import Spool
from sync.link import (
    Answer,
    HolderClient,
    HolderRefused,
    LinkError,
    Misbehaved,
    Unreachable,
)
from sync.messages import Glimpse, Status, Tick, Welcome
from sync.outbox import HolderAhead, HolderFork, Outbox

LOG = logging.getLogger(__name__)

LONGEST_WAIT_S = 5.0
"""Seconds between tries at most while the hall does not answer."""
GREET_AGAIN_TICKS = 5
"""Ticks after which a vacant station asks again which sitting there is."""
RECEIPT_TICKS = 5
"""Ticks between two questions for the receipt of an older attempt."""
PICTURES_PER_TICK = 8
FRESH_NS = 10 * SECOND
"""A small picture for the board that waited longer is not sent."""
BATCHES_PER_TICK = 16


@dataclass
class Parcel:
    """Everything of one attempt that is on its way to the hall.

    The session thread fills it, the link thread empties it. Each field has one writer;
    replacing it is atomic.
    """

    outbox: Outbox
    obeyed: tuple[int, int] = (0, 0)
    """Authority and number of the last command that was journaled."""
    manifest: bytes = b""
    """The signed manifest, once the attempt is closed."""
    countersignature: bytes = b""
    receipt: bytes = b""
    pictures: deque[tuple[bytes, Path]] = field(default_factory=deque)
    """Sealed pictures to hand over: digest and file."""
    blocked: bool = False
    """The hall refused this attempt's record; sending it again helps nobody."""
    beside: dict[str, Outbox] = field(default_factory=dict)
    """The cursors of the halls that do not command, by their addresses."""
    sent: list[tuple[bytes, Path]] = field(default_factory=list)
    """The pictures that the hall in command has, in the order it got them."""
    copied: dict[str, int] = field(default_factory=dict)
    """How many of these each other hall has."""
    candidate: str = ""
    """Whose attempt it is: told to a hall that has lost it."""
    handed_to: str = ""
    """The hall that was last given the manifest."""
    writers: tuple[bytes, ...] = ()
    """Enrolments of the stations that wrote in it before this one."""
    near: tuple[str, Outbox] | None = None
    """The neighbour station that keeps it, by name, and how far: its own word, no hall's."""

    @property
    def safe(self) -> int:
        """The last sequence that a hall of this centre, in command or not, has synced."""
        others = (outbox.held for outbox in list(self.beside.values()))
        return max(self.outbox.held, *others, 0)

    def turn(self, before: str, after: str) -> None:
        """Command moved from the hall at *before* to the one at *after*."""
        outbox = self.beside.pop(after, None) or self.outbox.beside()
        self.beside[before], self.outbox = self.outbox, outbox
        known = self.copied.pop(after, 0)
        missing, self.sent = self.sent[known:], self.sent[:known]
        self.pictures.extendleft(reversed(missing))
        self.copied[before] = known

    @property
    def blind_id(self) -> bytes:
        return self.outbox.blind_id

    @property
    def handed_over(self) -> bool:
        """Whether the hall has all of it, and only the body's receipt is missing."""
        return bool(self.countersignature) and self.outbox.complete and not self.pictures

    @property
    def delivered(self) -> bool:
        """Whether nothing is left to do, not even to wait for the receipt."""
        return self.blocked or (bool(self.receipt) and not self.pictures)


class Courier:
    """Runs the link to one holder in a thread of its own."""

    def __init__(
        self,
        client: HolderClient,
        deputy: Deputy,
        follower: Follower,
        clock: Clock,
        post: Callable[[Message], None],
        *,
        tick_s: float,
        spool: Spool,
    ) -> None:
        self._client = client
        self._deputy = deputy
        self._follower = follower
        self._clock = clock
        self._post = post
        self._tick_s = tick_s
        self.spool = spool
        """Sealed surveys on their way."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._waiting: deque[Parcel] = deque()
        self._welcome: Welcome | None = None
        self._since_greeting = 0
        self._rounds = 0
        self.current: Parcel | None = None
        """The attempt of the candidate who sits here now."""
        self.status = Status("vacant", 0, 0, -1, False, 0, (), 0, 0, False, (), 0)
        """What the board shows of this station."""
        self.glimpse: tuple[int, Glimpse] | None = None
        """A small picture for the board, the newest, and when it came (CLOCK_BOOTTIME); sent
        once, or not at all."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the request that is under way."""
        self._stop.set()
        self._thread.join()
        self._client.close()

    def later(self, parcel: Parcel) -> None:
        """Go on delivering *parcel* although another candidate may sit here."""
        self._waiting.append(parcel)

    def parcels(self) -> tuple[Parcel, ...]:
        """Every attempt that is on its way."""
        current = self.current
        return (*([current] if current is not None else []), *tuple(self._waiting))

    def _run(self) -> None:
        failures = 0
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            try:
                self._round()
                failures = 0
                wait = self._tick_s
            except LinkError as problem:
                failures += 1
                wait = self._after(problem, failures)
                self._post(LinkLost(str(problem)))
            except Exception:  # the link must outlive whatever one answer does to it
                LOG.exception("The link thread met something unforeseen")
                failures += 1
                wait = LONGEST_WAIT_S
                self._post(LinkLost("The link to the hall met something unforeseen."))
            due = max(due + wait, time.monotonic())

    def _after(self, problem: LinkError, failures: int) -> float:
        """Seconds until the next try."""
        if isinstance(problem, HolderRefused) and problem.status == 401:
            self._welcome = None  # it forgot us, or is another: greet again
        elif not isinstance(problem, HolderRefused):
            self._welcome = None
        asked = problem.retry_s if isinstance(problem, HolderRefused) else 0
        wait = min(LONGEST_WAIT_S, self._tick_s * (1 << min(failures - 1, 8)))
        # Jitter, so that a hall that comes back is not met by all stations at once.
        return max(asked, wait) * random.uniform(0.8, 1.2)  # noqa: S311  no secret

    def _turn(self) -> None:
        """Turn to the hall that commands now, if it is another than before."""
        before, after = self._client.url, self._client.halls.commanding()
        if after is None or after == before:
            return
        LOG.warning("Command of this centre has moved to the hall at %s.", after)
        self._client.turn_to(after)
        self._welcome = None
        for parcel in self.parcels():
            parcel.turn(before, after)

    def _round(self) -> None:
        self._turn()
        self._greet()
        # First what is older: the hall's board shows what a station said last.
        self._deliver_one_waiting()
        current = self.current
        if current is None or current.blocked:
            self._tick_vacant()
        else:
            self._deliver(current)
        self._show(current)
        self._hand_over_survey()

    def _greet(self) -> None:
        self._since_greeting += 1
        idle = self.current is None or bool(self.current.manifest)
        if self._welcome is not None and not (idle and self._since_greeting >= GREET_AGAIN_TICKS):
            return
        now_s = self._clock.wall_ns() // SECOND
        offered = self._deputy.announce()
        try:
            self._welcome = self._client.greet(now_s=now_s, restore_key=offered)
            if (announced := self._deputy.announce()) != offered:  # it holds another sitting now
                self._welcome = self._client.greet(now_s=now_s, restore_key=announced)
        except (HolderRefused, Misbehaved):
            self._follower.ask_why()
            raise
        self._since_greeting = 0
        hall = self._client.hall
        if hall is None or not self._client.halls.commands(self._client.url, hall.key_id):
            raise Unreachable(
                "The hall in command does not answer; the one that does is not in command."
            )
        if not self._welcome.commands:
            raise Unreachable(
                "The hall at {url} says that it does not command this centre.",
                url=self._client.url,
            )
        self._post(Greeted(self._welcome))

    def _tick_vacant(self) -> None:
        answer = self._client.tick(Tick(b"", 0, 0, b"", (), 0, 0, self.status))
        self._deputy.hand_over(answer.handovers)
        self._post(Ticked(b"", answer, 0))
        self._follow(answer)

    def _deliver_one_waiting(self) -> None:
        """One older attempt each tick, in turn; those that only await a receipt more rarely."""
        self._rounds += 1
        for _ in range(len(self._waiting)):
            parcel = self._waiting.popleft()
            if parcel.delivered or parcel is self.current:
                continue
            self._waiting.append(parcel)
            if parcel.handed_over and self._rounds % RECEIPT_TICKS:
                continue
            try:
                self._deliver(parcel)
            except HolderRefused as problem:  # it must not hold up who sits here now
                LOG.warning("An older exam is not taken by the hall: %s", problem)
            return

    def _deliver(self, parcel: Parcel) -> None:
        for _ in range(BATCHES_PER_TICK):
            if not self._tick(parcel):
                break
        if parcel.blocked or not parcel.outbox.complete:
            return
        if parcel.manifest and not parcel.receipt and parcel.handed_to != self._client.url:
            self._hand_in(parcel)
        for _ in range(PICTURES_PER_TICK):
            if not parcel.pictures or self._stop.is_set():
                return
            self._hand_over_picture(parcel)

    def _tick(self, parcel: Parcel) -> bool:
        """One request; whether another should follow at once to catch up."""
        batch = parcel.outbox.batch()
        authority, command = parcel.obeyed
        try:
            answer = self._client.tick(
                Tick(
                    parcel.blind_id,
                    batch.epoch,
                    batch.sequence,
                    batch.head,
                    batch.frames,
                    authority,
                    command,
                    self.status,
                )
            )
        except HolderRefused as problem:
            if problem.status == 422:  # another record than ours: a person must look
                self._block(parcel, str(problem))
                return False
            if problem.status == 404 and parcel.candidate:  # a new machine in the hall's place
                self._client.claim(parcel.blind_id, parcel.candidate)
            if problem.status == 410:
                parcel.blocked = True
                self._post(Departed(parcel.blind_id, str(problem)))
                return False
            raise
        self._deputy.hand_over(answer.handovers)
        more = self._enter(parcel, answer) and batch.more
        return not self._follow(answer) and more

    def _follow(self, answer: Answer) -> bool:
        """Take the hall's newer roots of trust; whether it must be greeted anew first, also
        because it knows another term of command."""
        if not self._follower.follow(answer.trust) and answer.term == self._client.halls.term:
            return False
        self._welcome = None
        return True

    def _enter(self, parcel: Parcel, answer: Answer) -> bool:
        try:
            if answer.acknowledgement is not None:
                parcel.outbox.acknowledge(answer.acknowledgement)
        except HolderAhead as problem:
            self._post(Behind(parcel.blind_id, str(problem)))
            self._post(Ticked(parcel.blind_id, answer, parcel.outbox.held))
            return False
        except HolderFork as problem:
            self._block(parcel, str(problem))
            return False
        if answer.need_after >= 0:
            parcel.outbox.send_again(answer.need_after)
        self._post(Ticked(parcel.blind_id, answer, parcel.outbox.held))
        return True

    def _block(self, parcel: Parcel, words: str) -> None:
        parcel.blocked = True
        self._post(Forked(parcel.blind_id, words))

    def _hand_in(self, parcel: Parcel) -> None:
        try:
            parcel.countersignature = self._client.hand_in(parcel.manifest)
        except HolderRefused as problem:
            if problem.status != 409:
                raise
            if not parcel.countersignature:
                self._post(NotTaken(parcel.blind_id, str(problem)))
            return
        parcel.handed_to = self._client.url
        self._post(Countersigned(parcel.blind_id, parcel.countersignature))

    def _hand_over_survey(self) -> None:
        """One survey, once the hall has every older attempt: it counts the one by the other."""
        waiting = tuple(self._waiting)
        if any(parcel.manifest and not parcel.countersignature for parcel in waiting):
            return
        found = self.spool.one()
        if found is None:
            return
        path, given = found
        try:
            self._client.survey(given)
        except HolderRefused as problem:
            if problem.status not in (410, 422):
                return  # not now
            LOG.warning("A survey is not taken by the hall: %s", problem)
        self.spool.drop(path)

    def _show(self, parcel: Parcel | None) -> None:
        """Send the small picture for the board, once all that is kept has gone before it. One
        that is old by then, or of an exam that has closed, is forgotten."""
        if self.glimpse is None:
            return
        at_ns, glimpse = self.glimpse
        old = self._clock.boottime_ns() - at_ns > FRESH_NS
        if old or parcel is None or parcel.manifest or parcel.blind_id != glimpse.blind_id:
            self.glimpse = None
        elif parcel.outbox.complete and not parcel.blocked:
            self.glimpse = None
            with contextlib.suppress(HolderRefused):  # a hall that does not show them
                self._client.glimpse(glimpse)

    def _hand_over_picture(self, parcel: Parcel) -> None:
        digest, path = parcel.pictures[0]
        try:
            data = path.read_bytes()
        except OSError:
            parcel.pictures.popleft()  # gone from this disk: nothing left to send
            return
        try:
            self._client.evidence(parcel.blind_id, digest, data)
        except HolderRefused:
            parcel.pictures.rotate(-1)  # not now; answers were first, and went through
            return
        parcel.sent.append(parcel.pictures.popleft())
