"""A station's link to the neighbour that keeps its records: what it sends, what it believes.

A neighbour answers under no name that a certificate could carry, so its certificate is
compared with the one in its enrolment, and its word is believed for its signature. What is to
be sent, and how far it got, is :mod:`sync.outbox`'s.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import TypeVar

import httpx
import msgspec

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.journal import Acknowledgement, read_acknowledgement
from exam_packages.sealing.trust import STATION, Enrolment, Trust, read_enrolment
from sync.link import TIMEOUT_S, HolderRefused, Misbehaved, Unreachable
from sync.messages import CONTENT_TYPE
from sync.near.messages import (
    KEEP_ROUTE,
    MAX_HALLS,
    MAX_WRITERS,
    MEET_ROUTE,
    RECEIVED_ROUTE,
    Keep,
    Kept,
    Meet,
    Met,
    Received,
)

__all__ = ["NearClient"]

_MAX_ANSWER = 128 * 1024

T = TypeVar("T")


class NearClient:
    """Requests to the neighbour *named* by its enrolment, at *url*.

    *enrolment* is this station's own record. Raises an ``ExamError`` when *named* is no
    station of *centre*. Used by one thread.
    """

    def __init__(
        self,
        url: str,
        named: bytes,
        tls: ssl.SSLContext,
        *,
        enrolment: bytes,
        centre: str,
        trust: Trust,
    ) -> None:
        self.url = url
        self.named = named
        self.neighbour: Enrolment = read_enrolment(named, trust, now_s=None)
        if (self.neighbour.kind, self.neighbour.centre) != (STATION, centre):
            raise Misbehaved("The neighbour that the hall named is no station of this centre.")
        self._enrolment = enrolment
        self._told: frozenset[bytes] | None = None
        """The enrolments that the neighbour was told of; ``None``: it has not met this station."""
        tls.check_hostname = False  # its certificate itself is compared
        self._http = httpx.Client(
            base_url=url,
            verify=tls,
            timeout=TIMEOUT_S,
            headers={"content-type": CONTENT_TYPE},
            trust_env=False,
            follow_redirects=False,
        )

    def close(self) -> None:
        self._http.close()

    def meet(self, halls: Sequence[bytes], stations: Sequence[bytes]) -> None:
        """Say who we are, once, and whenever there are *halls* or *stations* that it was not told
        of."""
        message = Meet(self._enrolment, tuple(halls[:MAX_HALLS]), tuple(stations[:MAX_WRITERS]))
        named = frozenset((*message.halls, *message.stations))
        if self._told is None or named - self._told:
            self._post(MEET_ROUTE, message, Met)
            self._told = named | (self._told or frozenset())

    def forget(self) -> None:
        """Say again who we are, next time."""
        self._told = None

    def keep(self, message: Keep) -> tuple[Acknowledgement, int]:
        """Hand over frames; the verified acknowledgement, and after which sequence frames are
        missing (-1: none)."""
        try:
            kept = self._post(KEEP_ROUTE, message, Kept)
        except HolderRefused as problem:
            if problem.status == 401:
                self.forget()  # it was started again
            raise
        try:
            word = read_acknowledgement(kept.acknowledgement, self.neighbour.verify_key)
        except ExamError as problem:
            raise Misbehaved("{why}", why=str(problem)) from None
        if word.blind_id != message.blind_id:
            raise Misbehaved("The neighbour acknowledged another exam than it was sent.")
        return word, kept.need_after

    def received(self, manifest: bytes, receipt: bytes) -> None:
        """The body has an exam: the neighbour's copy may go."""
        self._send(RECEIVED_ROUTE, Received(manifest, receipt))

    def _post(self, route: str, body: msgspec.Struct, kind: type[T]) -> T:
        try:
            return canon.unpack(self._send(route, body), kind, max_size=_MAX_ANSWER)
        except canon.CanonError as problem:
            raise Misbehaved(
                "The answer of the neighbour station at {url} cannot be read: {why}",
                url=self.url,
                why=str(problem),
            ) from None

    def _send(self, route: str, body: msgspec.Struct) -> bytes:
        try:
            with self._http.stream("POST", route, content=canon.pack(body)) as response:
                tls = response.extensions["network_stream"].get_extra_info("ssl_object")
                if tls.getpeercert(True) != self.neighbour.tls_certificate:
                    raise Misbehaved(
                        "The machine at {url} is not the neighbour that the hall named.",
                        url=self.url,
                    )
                data = bytearray()
                for part in response.iter_raw():
                    data += part
                    if len(data) > _MAX_ANSWER:
                        raise Misbehaved("The answer of the neighbour station is too long.")
        except (httpx.HTTPError, ssl.SSLError) as problem:
            raise Unreachable(
                "The neighbour station at {url} does not answer ({why}).",
                url=self.url,
                why=str(problem) or type(problem).__name__,
            ) from None
        if response.status_code not in (200, 204):
            refused = HolderRefused(
                "The neighbour station at {url} takes nothing (HTTP status {status}).",
                url=self.url,
                status=response.status_code,
            )
            refused.status = response.status_code
            raise refused
        return bytes(data)
