"""What stations and hall say to each other: the bodies of HTTPS requests and replies.

Every body is one canonical msgpack object (:mod:`exam_packages.canon`). Signed things
travel as the bytes that were signed; what is unsigned here is status, not evidence.
"""

from __future__ import annotations

from string import Formatter
from typing import Annotated

from msgspec import Meta

from exam_packages.canon import Count, Hash, Id, Object
from exam_packages.content.proctoring import MAX_GLIMPSE
from exam_packages.sealing.survey import MAX_SEALED as MAX_SURVEY

CONTENT_TYPE = "application/vnd.exam-kiosk"
TICK_S = 1
"""Seconds between ticks: fixed, so the network cannot tell when an answer changed."""

MAX_TICK = 4 * 1024 * 1024
MAX_REPLY = MAX_TICK + 1024
"""Bytes of the longest reply: a root of trust, in its message."""
MAX_FRAMES = 4096
MAX_START_MS = 7 * 86_400_000
"""How far away a common start is told, at most."""


class Greeting(Object):
    """Station to hall, on connecting and while nobody sits: its enrolment record (signed by
    the body), and its restore key for the hall's sitting (signed by itself; empty before it
    knows a sitting). Under that key it may be named a neighbour.

    ``mandate`` is the highest act of command it has verified (empty: none), ``halls`` the
    enrolments of the halls it has met: a hall that was off, or is new, learns from its
    stations who commands and who permitted what they recorded.
    """

    enrolment: bytes
    restore_key: bytes
    mandate: bytes = b""
    halls: tuple[bytes, ...] = ()


class Welcome(Object):
    """Hall to station: its own enrolment, and the sitting it holds.

    ``package_hash`` is empty when no sitting is open. ``authority`` is the number under
    which this hall commands; ``holder_epoch`` rises with each start of the hall.
    ``restore_key`` is the hall's for this sitting, signed by it. ``erasures`` are its own
    statements about closed sittings whose keys this station has not stated to have deleted.
    ``mandate`` is the highest act of command that it knows, ``halls`` the enrolments of the
    other halls it knows, ``commands`` whether it takes itself to be the one in command.
    """

    enrolment: bytes
    sitting: str
    exam: str
    package_hash: bytes
    slot: str
    authority: int
    holder_epoch: int
    restore_key: bytes
    erasures: tuple[bytes, ...]
    mandate: bytes = b""
    halls: tuple[bytes, ...] = ()
    commands: bool = True


class SignIn(Object):
    """A candidate's sign-in code, typed at a station."""

    code: str


class Seat(Object):
    """The roster line behind a sign-in code, and the blind id its attempt runs under."""

    blind_id: bytes
    candidate: str
    name: str


class PermitRequest(Object):
    """Ask to open an epoch: the context it will be bound to, and why (start, restart, move).

    All frames up to the context's previous head must have been held before.
    """

    context: bytes
    cause: int


class Permitted(Object):
    """The signed permit, and the hall's restore half of each earlier epoch.

    On a move, ``resealed`` are the other halves, released by neighbours for this station's
    restore key. ``neighbour`` and ``neighbour_enrolment`` name the machine to which the new
    epoch's half 2 is to be sealed: its signed restore key; both empty when there is none.
    """

    permit: bytes
    halves: tuple[tuple[int, bytes], ...]
    resealed: tuple[tuple[int, bytes], ...]
    neighbour: bytes
    neighbour_enrolment: bytes


class Status(Object):
    """What the board shows of a station: never an answer.

    ``phase`` is :class:`exam_packages.attempt.state.Phase`'s value, or ``vacant``, or while a
    break goes on ``break``, and ``returning`` from the candidate's coming back on.
    ``left_ms`` is -1 before the exam began. ``calling`` says that the candidate's hand is
    raised; ``reports`` are the numbers of the questions the candidate says are faulty.
    ``watch`` says how far the keys of the station are watched: 0 not, 1 without proof, 2 proved.
    ``break_ms`` is the time left of the break that goes on, less than 0: it is over for so long;
    0 where none goes on, or one without an end.
    """

    phase: str
    answered: int
    items: int
    left_ms: int
    running: bool
    camera: int
    incidents: tuple[str, ...]
    disk_free_mb: int
    wall_ns: int
    calling: bool
    reports: tuple[int, ...]
    watch: int
    break_ms: int = 0


class Tick(Object):
    """Station to hall, each second: new frames of one attempt, and status.

    ``blind_id`` is empty when no attempt is open. ``command`` is the number of the last
    command journaled under ``authority``.
    """

    blind_id: bytes
    epoch: Count
    sequence: Count
    head: bytes
    frames: tuple[bytes, ...]
    authority: Count
    command: Count
    status: Status


class Release(Object):
    """The release secret of one package and slot, forwarded over mutual TLS."""

    package_hash: bytes
    slot: str
    release_id: bytes
    secret: bytes


class TakeUp(Object):
    """An attempt that this station is to take up, and why: a move or a reopening."""

    blind_id: bytes
    cause: int


class Handover(Object):
    """Ask a neighbour to release its halves of a moved attempt to the station named.

    ``transfer`` is signed by the hall and names two people; ``restore_key`` is that of the
    station that goes on, signed by it, ``enrolment`` its record. ``headers`` are the epoch
    headers whose half 2 was sealed to this neighbour, as frames.
    """

    transfer: bytes
    enrolment: bytes
    restore_key: bytes
    headers: tuple[bytes, ...]


class Halves(Object):
    """Neighbour to hall: half 2 of each epoch, sealed to the restore key of *station*."""

    blind_id: bytes
    station: bytes
    halves: tuple[tuple[int, bytes], ...]


class CopyRequest(Object):
    """Ask for what the hall holds of an attempt after a place both have: a station that lost
    the end of its record, or one that takes an attempt up."""

    blind_id: bytes
    after: Count
    head: bytes


class Copy(Object):
    """Frames after the place asked for, some at a time.

    ``enrolments`` are those of every station that wrote in the record; ``pictures`` are the
    digests and sizes of the sealed pictures that the hall keeps of this attempt.
    """

    seat: Seat
    frames: tuple[bytes, ...]
    more: bool
    enrolments: tuple[bytes, ...]
    pictures: tuple[tuple[bytes, int], ...]


class Claim(Object):
    """A station has an exam of *candidate* that its hall, a new machine, does not know."""

    blind_id: Id
    candidate: Annotated[str, Meta(max_length=200)]


class Erased(Object):
    """A station's signed statement of what it deleted when a sitting was closed."""

    erasure: bytes


class CommonStart(Object):
    """When all begin in the sitting that a station holds, by the hall's clock: in so many
    milliseconds, or less than 0: so long ago. ``together`` says that all end together, too."""

    in_ms: Annotated[int, Meta(ge=-MAX_START_MS, le=MAX_START_MS)]
    together: bool


class Tock(Object):
    """The hall's reply to a tick.

    ``acknowledgement`` is signed, or empty when no attempt was named; ``commands`` are
    signed and not yet journaled; ``need_after`` asks for the frames after this sequence
    again (-1: nothing missing); ``receipt`` is the body's, once it came. ``take_up`` and
    ``handovers`` are what this station is asked to do for other attempts. ``trust`` is the
    version of the hall's root of trust, ``term`` the highest term of command it knows: who
    knows a higher or a lower one greets, and both know the higher one. A hall that does not
    command acknowledges, and leaves all else empty. ``start`` is the common start, where there
    is one: to be shown, and nothing else. What opens the exam is the release.
    """

    acknowledgement: bytes
    commands: tuple[bytes, ...]
    releases: tuple[Release, ...]
    need_after: int
    receipt: bytes
    take_up: tuple[TakeUp, ...]
    handovers: tuple[Handover, ...]
    trust: Count
    term: Count = 0
    start: Annotated[tuple[CommonStart, ...], Meta(max_length=1)] = ()


class RootRequest(Object):
    """Ask for the root of trust that follows a version. Any machine of the body may, also one
    that the hall refuses: it must be able to learn why."""

    version: Count


class NextRoot(Object):
    """The signed root, or empty where the hall has none. It is believed for its signatures."""

    root: bytes


class HandIn(Object):
    """The signed manifest of a closed attempt."""

    manifest: bytes


class GivenSurvey(Object):
    """A sealed survey (:mod:`exam_packages.sealing.survey`) of a sitting. Nothing says whose."""

    package_hash: Hash
    slot: Annotated[str, Meta(max_length=200)]
    survey: Annotated[bytes, Meta(max_length=MAX_SURVEY)]


class Countersigned(Object):
    countersignature: bytes


class Glimpse(Object):
    """A small picture of who sits an attempt (JPEG), for the board, and the signals that stood.

    The hall shows it and keeps it in memory alone; it is no evidence, and nobody signs it.
    """

    blind_id: Id
    data: Annotated[bytes, Meta(max_length=MAX_GLIMPSE)]
    signals: Annotated[tuple[Annotated[str, Meta(max_length=40)], ...], Meta(max_length=16)]


class Refusal(Object):
    """The body of every 4xx and 5xx: a message id, the fields that fill it."""

    template: str
    fields: tuple[tuple[str, str | int], ...]

    @property
    def tellable(self) -> bool:
        """Whether the template asks for nothing but plain fields that are there. Raises
        :class:`ValueError` when it is none."""
        known = {name for name, _ in self.fields if name.isidentifier()}
        return all(
            name is None or (name in known and not spec and not conversion)
            for _, name, spec, conversion in Formatter().parse(self.template)
        )


STATION_ROUTES = {
    "greet": "/v1/greet",
    "sign_in": "/v1/sign-in",
    "permit": "/v1/permit",
    "tick": "/v1/tick",
    "evidence": "/v1/evidence",  # PUT /v1/evidence/<blind id hex>/<digest hex>
    "hand_in": "/v1/hand-in",
    "copy": "/v1/copy",
    "halves": "/v1/halves",
    "erased": "/v1/erased",
    "claim": "/v1/claim",
    "root": "/v1/root",
    "survey": "/v1/survey",
    "glimpse": "/v1/glimpse",
}
