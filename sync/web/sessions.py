"""People who sign in to a page: passwords, server-side sessions, and a limit on guesses.

Passwords are kept as Argon2id (RFC 9106, its second recommended setting: 64 MiB, three
passes). A session lives in this process alone; the browser holds a random token in a
cookie it shows to nobody else, and a second one that every changing request must repeat.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from starlette.requests import Request
from starlette.responses import Response

from exam_packages.clock import SECOND, Clock
from sync.web.wire import Busy, HttpError

__all__ = ["COOKIE", "CSRF_HEADER", "Session", "Sessions", "check_password", "hash_password"]

COOKIE = "__Host-exam-kiosk"
CSRF_HEADER = "X-CSRF-Token"

LEAST_PASSWORD = 10
MAX_PASSWORD = 200

_LIFE_NS = 12 * 3600 * SECOND
_MAX_SESSIONS = 1000
_GUESSES = 6
_GUESS_WINDOW_NS = 60 * SECOND
_KDF_AT_ONCE = 2
"""Password checks running at once: each takes 64 MiB."""


def hash_password(password: str) -> str:
    """What is stored of a password (PHC string). Raises :class:`HttpError` when too short."""
    if not LEAST_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise HttpError(
            400,
            "A password must have {least} to {most} characters.",
            least=LEAST_PASSWORD,
            most=MAX_PASSWORD,
        )
    kdf = Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=3, lanes=4, memory_cost=64 * 1024
    )
    return kdf.derive_phc_encoded(password.encode("utf-8"))


def check_password(password: str, stored: str | None) -> bool:
    """Whether *password* is the stored one; takes as long when there is none stored."""
    try:
        Argon2id.verify_phc_encoded(
            password[:MAX_PASSWORD].encode("utf-8"), stored if stored is not None else _nobody()
        )
    except (InvalidKey, UnicodeEncodeError):
        return False
    return stored is not None


@cache
def _nobody() -> str:
    return hash_password(secrets.token_hex(16))


@dataclass(frozen=True)
class Session:
    """Someone signed in. ``csrf`` is what each of their changing requests must carry,
    ``stored`` the stored password they signed in against."""

    name: str
    role: str
    csrf: str
    expires_ns: int
    stored: str

    def __repr__(self) -> str:
        return f"Session({self.name!r}, {self.role!r})"  # a token never shows


class Sessions:
    """The sessions of one listener."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: dict[bytes, Session] = {}
        self._guesses: dict[str, deque[int]] = {}
        self._checking = asyncio.Semaphore(_KDF_AT_ONCE)

    async def verify(self, request: Request, name: str, password: str, stored: str | None) -> bool:
        """Whether the password is right. Raises :class:`Busy` after too many wrong ones.

        Guesses are counted for the name and for the caller's address.
        """
        address = request.client.host if request.client else ""
        keys = (f"name {name}", f"address {address}")
        async with self._checking:  # counted in here, so that right ones at once do not add up
            self._refuse_guesser(keys)
            for key in keys:
                self._guesses.setdefault(key, deque()).append(self._clock.boottime_ns())
            right = await asyncio.to_thread(check_password, password, stored)
        if right:
            for key in keys:
                self._guesses.pop(key, None)
        return right

    def _refuse_guesser(self, keys: Iterable[str]) -> None:
        since = self._clock.boottime_ns() - _GUESS_WINDOW_NS
        for guesses in self._guesses.values():
            while guesses and guesses[0] < since:
                guesses.popleft()
        self._guesses = {key: guesses for key, guesses in self._guesses.items() if guesses}
        if any(len(self._guesses.get(key, ())) >= _GUESSES for key in keys):
            raise Busy(60, "Too many wrong passwords; wait a minute and try again.")

    def open(self, response: Response, name: str, role: str, stored: str) -> Session:
        """Begin a session and give the browser its cookie."""
        now = self._clock.boottime_ns()
        self._sessions = {k: s for k, s in self._sessions.items() if s.expires_ns > now}
        while len(self._sessions) >= _MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        token = secrets.token_urlsafe(32)
        session = Session(name, role, secrets.token_urlsafe(32), now + _LIFE_NS, stored)
        self._sessions[_key(token)] = session
        response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
        return session

    def find(self, request: Request) -> Session | None:
        """The session of a request, or ``None``."""
        session = self._sessions.get(_key(request.cookies.get(COOKIE, "")))
        if session is None or session.expires_ns <= self._clock.boottime_ns():
            return None
        return session

    def close(self, request: Request, response: Response) -> None:
        """End the session of a request."""
        self._sessions.pop(_key(request.cookies.get(COOKIE, "")), None)
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")

    def changing(self, request: Request) -> Session:
        """The session of a request that changes something.

        Raises :class:`HttpError` 401 without one, 403 when the request was not made by our
        own page (its origin, and the token only our pages know).
        """
        check_origin(request)
        session = self.find(request)
        if session is None:
            raise HttpError(401, "You are not signed in any more; sign in again.")
        if not hmac.compare_digest(
            request.headers.get(CSRF_HEADER, "").encode(), session.csrf.encode()
        ):
            raise HttpError(403, "This request did not come from the page; load it again.")
        return session


def check_origin(request: Request) -> None:
    """Raise :class:`HttpError` 403 unless the request was made from this very site."""
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if request.headers.get("origin") != own:
        raise HttpError(403, "This request came from another site and was refused.")


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
