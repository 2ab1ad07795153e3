"""A station's link to a holder of its journals: the hall in command, or one beside it.

:class:`HolderClient` makes single requests and believes nothing in their answers that is
not signed. What is to be sent, and how much of it the holder has, is
:mod:`sync.outbox`'s; when, is the caller's.

Errors (all are :class:`LinkError`)::

    Unreachable     nobody answered; everything here goes on, and the next tick tries again
    HolderRefused   the holder said no, and why
    Misbehaved      the answer is not what a holder of this body would say
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec

from exam_packages import canon
from exam_packages.attempt.commands import Command, read_command
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import read_countersignature
from exam_packages.sealing.journal import (
    Acknowledgement,
    Context,
    JournalError,
    read_acknowledgement,
    read_permit,
)
from exam_packages.sealing.restore_keys import (
    Erasure,
    RestoreKey,
    read_erasure,
    read_restore_key,
)
from exam_packages.sealing.suite import SealingError, SealingPublic
from exam_packages.sealing.trust import HALL, Enrolment, Trust, read_enrolment
from sync.halls import Halls
from sync.holder.neighbour import announced
from sync.messages import (
    CONTENT_TYPE,
    MAX_REPLY,
    STATION_ROUTES,
    Claim,
    CommonStart,
    Copy,
    CopyRequest,
    Countersigned,
    Erased,
    GivenSurvey,
    Glimpse,
    Greeting,
    Halves,
    HandIn,
    Handover,
    NextRoot,
    PermitRequest,
    Permitted,
    Refusal,
    Release,
    RootRequest,
    Seat,
    SignIn,
    TakeUp,
    Tick,
    Tock,
    Welcome,
)
from sync.near.messages import NEAR_ROUTE, Near, Neighbour

TIMEOUT_S = 5.0
"""Seconds a request may take before the holder counts as unreachable."""

T = TypeVar("T")


class LinkError(ExamError):
    """A request to a holder did not succeed."""


class Unreachable(LinkError):
    """Nobody answered, or not in time."""


class HolderRefused(LinkError):
    """The holder refused. ``status`` is HTTP's, ``retry_s`` how long it asks to be left."""

    status: int = 0
    retry_s: int = 0


class Misbehaved(LinkError):
    """What came back is not an answer this station may believe."""


@dataclass(frozen=True)
class Leave:
    """Leave to open an epoch: the verified permit, and what opens the earlier ones.

    ``halves`` are the hall's, ``resealed`` the neighbours', by epoch. ``neighbour`` is the
    verified restore key to seal the new epoch's half 2 to.
    """

    permit: bytes
    halves: tuple[tuple[int, bytes], ...]
    resealed: tuple[tuple[int, bytes], ...]
    neighbour: SealingPublic | None

    def __repr__(self) -> str:
        return f"Leave({len(self.halves)} epochs)"  # halves never show


@dataclass(frozen=True)
class Answer:
    """A tick's reply, every signature in it verified."""

    acknowledgement: Acknowledgement | None
    acknowledgement_bytes: bytes
    commands: tuple[tuple[Command, bytes], ...]
    releases: tuple[Release, ...]
    need_after: int
    receipt: bytes
    take_up: tuple[TakeUp, ...] = ()
    handovers: tuple[Handover, ...] = ()
    trust: int = 0
    """The version of the hall's root of trust."""
    term: int = 0
    """The highest term of command that the hall knows."""
    start: CommonStart | None = None
    """When all begin, by the hall's clock: shown, and believed for nothing else."""


class HolderClient:
    """Requests to one holder over mutual TLS. Safe to use from several threads.

    *enrolment* is this station's own record; the holder's must be signed by the same
    body, for the same *centre*. *halls* are the centre's halls as this station knows them;
    left out, this one is the only one.
    """

    def __init__(
        self,
        url: str,
        tls: ssl.SSLContext,
        *,
        enrolment: bytes,
        centre: str,
        trust: Trust,
        halls: Halls | None = None,
    ) -> None:
        self._url = url
        self.halls = halls or Halls([url], centre, trust)
        self._enrolment = enrolment
        self._centre = centre
        self._http = httpx.Client(
            base_url=url,
            verify=tls,
            timeout=TIMEOUT_S,
            headers={"content-type": CONTENT_TYPE, "accept": CONTENT_TYPE},
            trust_env=False,
            follow_redirects=False,
        )
        self.hall: Enrolment | None = None
        """Who answered :meth:`greet`, verified; ``None`` before."""
        self.restore_key: RestoreKey | None = None
        """The hall's restore key for its sitting, verified; ``None`` when it has none."""
        self.closed: tuple[Erasure, ...] = ()
        """What the hall stated about closed sittings, verified."""

    @property
    def url(self) -> str:
        """Where requests go."""
        return self._url

    def turn_to(self, url: str) -> None:
        """Make requests to another hall from now on: it must be greeted first."""
        self._url = url
        self._http.base_url = httpx.URL(url)
        self.hall = self.restore_key = None
        self.closed = ()

    def close(self) -> None:
        self._http.close()

    def believe(self, trust: Trust) -> None:
        """Judge the holder by a newer root of trust from now on: it must be greeted again."""
        self.halls.believe(trust)
        self.hall = None

    def next_root(self, version: int) -> bytes:
        """The root of trust after *version* that the holder has, or nothing. Not verified.

        Needs no greeting: also a machine that was revoked may learn it.
        """
        return self._post("root", RootRequest(version), NextRoot).root

    def greet(self, *, now_s: int, restore_key: bytes = b"") -> Welcome:
        """Say who we are, learn who the hall is and which sitting it holds.

        *restore_key* is this station's own for that sitting, signed. Raises
        :class:`Misbehaved` when it is not a hall of our body and centre.
        """
        url, halls = self._url, self.halls
        greeting = Greeting(self._enrolment, restore_key, halls.mandate, halls.enrolments)
        welcome = self._post("greet", greeting, Welcome)
        try:
            hall = read_enrolment(welcome.enrolment, self.halls.trust, now_s=now_s)
        except SealingError as problem:
            raise Misbehaved(
                "The machine at {url} is not a hall of this certification body: {why}",
                url=self._url,
                why=str(problem),
            ) from None
        if hall.kind != HALL or hall.centre != self._centre:
            raise Misbehaved(
                "The machine at {url} is “{machine}” of centre {found}, not the hall of centre "
                "{centre}; check hall_url in station.toml.",
                url=self._url,
                machine=hall.machine,
                found=hall.centre,
                centre=self._centre,
            )
        try:
            key = None
            if welcome.restore_key:
                key = read_restore_key(welcome.restore_key, hall.verify_key)
            closed = tuple(read_erasure(data, hall.verify_key) for data in welcome.erasures)
            halls.met(url, hall, welcome.enrolment, key)
            halls.heard(welcome.mandate, welcome.halls)
        except SealingError as problem:
            raise Misbehaved("{why}", why=str(problem)) from None
        except OSError as problem:  # what is not kept is not acted on
            raise Unreachable(
                "Command has moved to another hall, and this disk does not keep it ({why}).",
                why=problem.strerror or type(problem).__name__,
            ) from None
        self.hall, self.restore_key, self.closed = hall, key, closed
        return welcome

    def sign_in(self, code: str) -> Seat:
        """The roster line behind a sign-in code."""
        return self._post("sign_in", SignIn(code), Seat)

    def permit(self, context: Context, cause: int) -> Leave:
        """Ask for leave to open the epoch *context*; the permit is verified against it."""
        hall = self._known()
        granted = self._post("permit", PermitRequest(canon.pack(context), cause), Permitted)
        try:
            permit = read_permit(granted.permit, hall.verify_key)
        except JournalError as problem:
            raise Misbehaved("{why}", why=str(problem)) from None
        if permit.context != context:
            raise Misbehaved("The hall’s permit is for something else than was asked.")
        if not self.halls.obeys(self._url, permit.authority, hall.key_id):
            raise Misbehaved("The hall that gave this permit does not command any more.")
        return Leave(granted.permit, granted.halves, granted.resealed, self._neighbour(granted))

    def _neighbour(self, granted: Permitted) -> SealingPublic | None:
        """The neighbour named with a permit, if it is a station of this centre and sitting."""
        if not granted.neighbour or self.restore_key is None:
            return None
        try:
            return announced(
                granted.neighbour,
                granted.neighbour_enrolment,
                centre=self._centre,
                sitting=self.restore_key.sitting,
                trust=self.halls.trust,
            ).sealing
        except ExamError as problem:
            raise Misbehaved("{why}", why=str(problem)) from None

    def copy(self, blind_id: bytes, after: int, head: bytes) -> Copy:
        """Frames of an attempt after a place that station and hall both have.

        Nothing in the answer is verified: see :mod:`sync.catch_up`.
        """
        return self._post("copy", CopyRequest(blind_id, after, head), Copy)

    def halves(self, halves: Halves) -> None:
        """Hand over halves that the hall asked this neighbour for."""
        self._tell("halves", halves)

    def claim(self, blind_id: bytes, candidate: str) -> None:
        """Tell a hall that does not know an attempt whose it is."""
        self._tell("claim", Claim(blind_id, candidate))

    def near(self, port: int, keeper: bytes = b"") -> Neighbour:
        """Say where this station keeps records of others (0: nowhere) and which neighbour has
        just answered it (empty: none), and ask who keeps its own. Nothing in the answer is
        verified."""
        reply = self._checked(self._send("POST", NEAR_ROUTE, canon.pack(Near(port, keeper))))
        return self._read(reply, Neighbour)

    def erased(self, erasure: bytes) -> None:
        """Hand over this station's signed statement of erasure."""
        self._tell("erased", Erased(erasure))

    def survey(self, given: GivenSurvey) -> None:
        """Hand over a sealed survey; doing it twice is harmless."""
        self._known()
        self._tell("survey", given)

    def tick(self, tick: Tick) -> Answer:
        """Hand over frames and status; learn what is acknowledged and ordered."""
        url, hall = self._url, self._known()
        tock = self._post("tick", tick, Tock)
        try:
            acknowledgement = None
            if tock.acknowledgement:
                acknowledgement = read_acknowledgement(tock.acknowledgement, hall.verify_key)
            commands = [(read_command(data, hall.verify_key), data) for data in tock.commands]
        except ExamError as problem:
            raise Misbehaved("{why}", why=str(problem)) from None
        if acknowledgement is not None and acknowledgement.blind_id != tick.blind_id:
            raise Misbehaved("The hall acknowledged another attempt than the one it was sent.")
        commands = [
            (command, data)
            for command, data in commands
            if command.blind_id == tick.blind_id
            and command.epoch == tick.epoch
            and self.halls.obeys(url, command.authority, hall.key_id)
        ]
        commands.sort(key=lambda each: (each[0].authority, each[0].number))
        return Answer(
            acknowledgement,
            tock.acknowledgement,
            tuple(commands),
            tock.releases,
            tock.need_after,
            tock.receipt,
            tock.take_up,
            tock.handovers,
            tock.trust,
            tock.term,
            next(iter(tock.start), None),
        )

    def evidence(self, blind_id: bytes, digest: bytes, data: bytes) -> None:
        """Hand over one sealed picture; doing it twice is harmless."""
        path = f"{STATION_ROUTES['evidence']}/{blind_id.hex()}/{digest.hex()}"
        self._checked(self._send("PUT", path, data))

    def glimpse(self, glimpse: Glimpse) -> None:
        """Show a small picture on the board."""
        self._tell("glimpse", glimpse)

    def hand_in(self, manifest: bytes) -> bytes:
        """Hand over the signed manifest of a closed attempt; returns the countersignature."""
        hall = self._known()
        data = self._post("hand_in", HandIn(manifest), Countersigned).countersignature
        try:
            # A standby that took over may answer with what the hall before it signed.
            read_countersignature(data, manifest, [hall.verify_key, *self.halls.keys])
        except SealingError as problem:
            raise Misbehaved("{why}", why=str(problem)) from None
        return data

    def _known(self) -> Enrolment:
        if self.hall is None:
            raise Unreachable("The hall has not been reached yet.")
        return self.hall

    def _tell(self, route: str, body: msgspec.Struct) -> None:
        self._checked(self._send("POST", STATION_ROUTES[route], canon.pack(body)))

    def _post(self, route: str, body: msgspec.Struct, kind: type[T]) -> T:
        return self._read(
            self._checked(self._send("POST", STATION_ROUTES[route], canon.pack(body))), kind
        )

    def _read(self, reply: bytes, kind: type[T]) -> T:
        try:
            return canon.unpack(reply, kind, max_size=MAX_REPLY)
        except canon.CanonError as problem:
            raise Misbehaved(
                "The answer of the hall at {url} cannot be read: {why}",
                url=self._url,
                why=str(problem),
            ) from None

    def _send(self, method: str, path: str, content: bytes) -> tuple[httpx.Response, bytes]:
        try:
            with self._http.stream(method, path, content=content) as response:
                body = bytearray()
                for part in response.iter_raw():
                    body += part
                    if len(body) > MAX_REPLY:
                        raise Misbehaved(
                            "The answer of the hall at {url} is longer than {limit} bytes.",
                            url=self._url,
                            limit=MAX_REPLY,
                        )
                return response, bytes(body)
        except (httpx.HTTPError, ssl.SSLError) as problem:
            raise Unreachable(
                "The hall at {url} does not answer ({why}).",
                url=self._url,
                why=_reason(problem),
            ) from None

    def _checked(self, reply: tuple[httpx.Response, bytes]) -> bytes:
        response, body = reply
        if response.status_code == httpx.codes.OK or response.status_code in (201, 204):
            return body
        error = _refusal(self._url, response.status_code, body)
        error.status = response.status_code
        wait = response.headers.get("retry-after", "")
        plain = wait.isascii() and wait.isdigit() and len(wait) < 10
        error.retry_s = min(int(wait), 60) if plain else 0
        raise error


def _refusal(url: str, status: int, body: bytes) -> HolderRefused:
    try:
        refusal: Refusal = canon.unpack(body, Refusal, max_size=64 * 1024)
        if refusal.tellable:
            return HolderRefused(refusal.template, **dict(refusal.fields))
    except (canon.CanonError, ValueError):
        pass  # not one of ours: a proxy's page, or a broken template
    return HolderRefused(
        "The hall at {url} refused (HTTP status {status}) without saying why.",
        url=url,
        status=status,
    )


def _reason(problem: Exception) -> str:
    """The innermost reason: httpx wraps the operating system's words twice."""
    cause: BaseException = problem
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
    words = getattr(cause, "strerror", None) or str(cause) or type(problem).__name__
    return str(words)
