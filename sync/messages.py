"""What stations and hall say to each other: the bodies of HTTPS requests and replies.

Every body is one canonical msgpack object (:mod:`exam_packages.canon`). Signed things
travel as the bytes that were signed; what is unsigned here is status, not evidence.
"""

from __future__ import annotations

from exam_packages.canon import Object

CONTENT_TYPE = "application/vnd.exam-kiosk"
TICK_S = 1
"""Seconds between ticks: fixed, so the network cannot tell when an answer changed."""

MAX_TICK = 4 * 1024 * 1024
MAX_FRAMES = 4096


class Greeting(Object):
    """Station to hall, on connecting: its enrolment record (signed by the body)."""

    enrolment: bytes


class Welcome(Object):
    """Hall to station: its own enrolment, and the sitting it holds.

    ``package_hash`` is empty when no sitting is open. ``authority`` is the number under
    which this hall commands; ``holder_epoch`` rises when it was restored from a copy.
    """

    enrolment: bytes
    sitting: str
    exam: str
    package_hash: bytes
    slot: str
    authority: int
    holder_epoch: int


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
    """The signed permit, and for a restart the hall's restore half of each earlier epoch."""

    permit: bytes
    halves: tuple[tuple[int, bytes], ...]


class Status(Object):
    """What the board shows of a station: never an answer.

    ``phase`` is :class:`exam_packages.attempt.state.Phase`'s value, or ``vacant``.
    ``left_ms`` is -1 before the exam began.
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


class Tick(Object):
    """Station to hall, each second: new frames of one attempt, and status.

    ``blind_id`` is empty when no attempt is open. ``command`` is the number of the last
    command journaled under ``authority``.
    """

    blind_id: bytes
    epoch: int
    sequence: int
    head: bytes
    frames: tuple[bytes, ...]
    authority: int
    command: int
    status: Status


class Release(Object):
    """The release secret of one package and slot, forwarded over mutual TLS."""

    package_hash: bytes
    slot: str
    release_id: bytes
    secret: bytes


class Tock(Object):
    """The hall's reply to a tick.

    ``acknowledgement`` is signed, or empty when no attempt was named; ``commands`` are
    signed and not yet journaled; ``need_after`` asks for the frames after this sequence
    again (-1: nothing missing); ``receipt`` is the body's, once it came.
    """

    acknowledgement: bytes
    commands: tuple[bytes, ...]
    releases: tuple[Release, ...]
    need_after: int
    receipt: bytes


class HandIn(Object):
    """The signed manifest of a closed attempt."""

    manifest: bytes


class Countersigned(Object):
    countersignature: bytes


class Refusal(Object):
    """The body of every 4xx and 5xx: a message id, the fields that fill it."""

    template: str
    fields: tuple[tuple[str, str | int], ...]


STATION_ROUTES = {
    "greet": "/v1/greet",
    "sign_in": "/v1/sign-in",
    "permit": "/v1/permit",
    "tick": "/v1/tick",
    "evidence": "/v1/evidence",  # PUT /v1/evidence/<blind id hex>/<digest hex>
    "hand_in": "/v1/hand-in",
}
