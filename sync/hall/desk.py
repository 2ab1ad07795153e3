"""The console without a browser: sign in, act, read the board, over the same listener."""

from __future__ import annotations

import ssl
from typing import Any, Self

import httpx

from exam_packages.errors import ExamError
from sync.hall.home import HallHome
from sync.web.sessions import CSRF_HEADER

_JSON = {"Accept": "application/json"}
_LONG = 300.0
"""Seconds that making every paper of a large sitting may take."""
_TIMEOUT = httpx.Timeout(20.0, connect=5.0)


class DeskError(ExamError):
    """The running hall could not be reached, or it refused."""


class Desk:
    """An operator's connection to the hall of this home, closed at the end of a ``with``."""

    def __init__(self, home: HallHome, port: int) -> None:
        address = "127.0.0.1" if home.address in ("0.0.0.0", "::") else home.address  # noqa: S104  what the hall listens on
        host = f"[{address}]" if ":" in address else address
        self._base = f"https://{host}:{port}"
        tls = ssl.create_default_context(cafile=str(home.tls_ca))
        tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._http = httpx.Client(
            base_url=self._base,
            verify=tls,
            timeout=_TIMEOUT,
            trust_env=False,
            headers={**_JSON, "Origin": self._base},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def sign_in(self, name: str, password: str) -> None:
        """Sign in. Raises :class:`DeskError`."""
        about = self._ask("POST", "/sign-in", {"name": name, "password": password})
        self._http.headers[CSRF_HEADER] = about["csrf"]

    def act(self, act: str, **fields: str) -> str:
        """Perform *act*; the hall's sentence about it. Raises :class:`DeskError`."""
        done: str = self._ask("POST", f"/act/{act}", fields)["done"]
        return done

    def upload(self, act: str, name: str, file: bytes, **fields: str) -> str:
        """Perform *act* with a *file*; the hall's sentence about it. Raises :class:`DeskError`."""
        done: str = self._ask("POST", f"/act/{act}", fields, {name: (name, file)})["done"]
        return done

    def board(self) -> dict[str, Any]:
        """The board as plain data. Raises :class:`DeskError`."""
        return self._ask("GET", "/board", None)

    def look(self, path: str) -> Any:
        """A page as plain data. Raises :class:`DeskError`."""
        return self._ask("GET", path, None)

    def download(self, path: str) -> bytes:
        """A file. Raises :class:`DeskError`."""
        try:
            response = self._http.get(path, timeout=_LONG)
        except httpx.HTTPError as problem:
            raise DeskError(
                "The hall does not answer at {url} ({why}); is `exam-kiosk hall serve` running?",
                url=self._base,
                why=type(problem).__name__,
            ) from None
        if not response.is_success:
            try:
                words = str(response.json().get("error", response.status_code))
            except (ValueError, AttributeError):
                words = str(response.status_code)
            raise DeskError("{words}", words=words)
        return response.content

    def _ask(
        self,
        method: str,
        path: str,
        form: dict[str, str] | None,
        files: dict[str, tuple[str, bytes]] | None = None,
    ) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, data=form, files=files)
            answer: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as problem:
            raise DeskError(
                "The hall does not answer at {url} ({why}); is `exam-kiosk hall serve` running?",
                url=self._base,
                why=type(problem).__name__,
            ) from None
        if not response.is_success:
            raise DeskError("{words}", words=str(answer.get("error", response.status_code)))
        return answer
