"""A log over HTTP: C2SP's tlog-tiles, and what our intake offers beside them.

What is read is verified by whoever asked for it; here it is only bounded.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from types import TracebackType
from typing import Final

import httpx

from exam_packages.errors import ExamError, UsageError
from exam_packages.sealing.log_files import LogMissing
from exam_packages.sealing.tiles import ENTRIES, MAX_BUNDLE, MAX_TILE, Place

__all__ = ["LogSite", "LogUnreachable"]

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MAX_TEXT: Final = 32 * 1024


class LogUnreachable(ExamError):
    """The log cannot be read over the network."""


class LogSite:
    """The log under the prefix *url*; *ca* is a PEM file of the authority of its certificate.

    The network need not be believed: what the log says is signed, so ``http`` serves as well.
    """

    def __init__(self, url: str, ca: Path | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError("“{url}” is no address of a log.", url=url)
        try:
            tls = ssl.create_default_context(cafile=None if ca is None else str(ca))
            self._http = httpx.Client(verify=tls, timeout=_TIMEOUT, follow_redirects=False)
        except (ssl.SSLError, OSError):
            raise UsageError("{path} holds no certificate.", path=str(ca)) from None
        self._url = url.rstrip("/")

    def __enter__(self) -> LogSite:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def checkpoint(self) -> str:
        """The newest head, unverified."""
        return self._text("checkpoint")

    def tile(self, place: Place) -> bytes:
        """A tile or entry bundle, unverified."""
        return self._get(place.path, MAX_BUNDLE if place.level == ENTRIES else MAX_TILE)

    def unsigned(self, old: int) -> str:
        """See :class:`sync.intake.checkpoint.UnsignedLog`."""
        return self._text(f"unsigned/{old}")

    def take_checkpoint(self, text: str) -> None:
        """See :class:`sync.intake.checkpoint.UnsignedLog`."""
        try:
            response = self._http.post(f"{self._url}/checkpoint", content=text.encode())
        except httpx.HTTPError as problem:
            raise self._unreachable(problem) from None
        if not response.is_success:
            raise LogUnreachable(
                "The log at {url} did not take the checkpoint (status {status}).",
                url=self._url,
                status=response.status_code,
            )

    def _text(self, name: str) -> str:
        return self._get(name, _MAX_TEXT).decode("utf-8", "replace")

    def _get(self, name: str, limit: int) -> bytes:
        parts, size = [], 0
        try:
            with self._http.stream("GET", f"{self._url}/{name}") as response:
                if response.status_code == httpx.codes.NOT_FOUND:
                    raise LogMissing("The log at {url} has no {name}.", url=self._url, name=name)
                response.raise_for_status()
                for part in response.iter_bytes():
                    size += len(part)
                    if size > limit:
                        raise LogMissing(
                            "What the log at {url} gives as {name} is too long.",
                            url=self._url,
                            name=name,
                        )
                    parts.append(part)
        except httpx.HTTPError as problem:
            raise self._unreachable(problem) from None
        return b"".join(parts)

    def _unreachable(self, problem: httpx.HTTPError) -> LogUnreachable:
        if "CERTIFICATE_VERIFY_FAILED" in str(problem):
            return LogUnreachable(
                "The certificate of the log at {url} is signed by nobody that is known here; name "
                "its authority with --ca.",
                url=self._url,
            )
        return LogUnreachable(
            "The log at {url} cannot be read ({why}).",
            url=self._url,
            why=type(problem).__name__,
        )
