"""The halls of a centre as a station knows them: where they are, and whom it obeys.

Each hall holds; the station sends to all of them. It obeys one: the commander of the
highest term whose mandate it has verified (:mod:`exam_packages.sealing.mandate`), or, as
long as there was no mandate, the hall that its settings name first. What it has verified it
keeps on its disk before it acts on it, so that a station that was off at the wrong moment
obeys nobody who was deposed before it went off.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.mandate import (
    MAX_MANDATE,
    Mandate,
    MandateError,
    parse_mandate,
    read_mandate,
    term_of,
)
from exam_packages.sealing.restore_keys import RestoreKey
from exam_packages.sealing.suite import SealingPublic, VerifyKey
from exam_packages.sealing.trust import HALL, Enrolment, Trust, read_enrolment

__all__ = ["MAX_HALLS", "Halls", "Standing", "obeys"]

MAX_HALLS = 8
"""Halls of one centre that a station remembers."""
_MAX_ENROLMENT = 64 * 1024


def obeys(term: int, commander: bytes, authority: int, signer: bytes, *, first: bool) -> bool:
    """Whether a machine that knows *term* and its *commander* (empty in term 0) takes an order.

    *authority* is the order's, *signer* the key id of the hall that signed it, *first*
    whether that hall is the one named in the settings.
    """
    if term_of(authority) != term:
        return False
    return signer == commander if term else first


class Standing(canon.Object):
    """What a station keeps of its halls: the highest mandate, and their enrolments."""

    mandate: Annotated[bytes, Meta(max_length=MAX_MANDATE)]
    halls: Annotated[
        tuple[Annotated[bytes, Meta(max_length=_MAX_ENROLMENT)], ...], Meta(max_length=MAX_HALLS)
    ]


class Halls:
    """What this station knows of its halls. Safe to use from several threads.

    *urls* are where the halls answer, the first being the one that commands without a
    mandate; *path* is the file that remembers, ``None`` for none.
    """

    def __init__(
        self, urls: Sequence[str], centre: str, trust: Trust, path: Path | None = None
    ) -> None:
        self.urls = tuple(urls)
        self.centre = centre
        self._trust = trust
        self._path = path
        self._lock = threading.RLock()
        self._mandate = b""
        self._term = 0
        self._commander = b""
        self._enrolments: dict[bytes, tuple[Enrolment, bytes]] = {}
        self._answering: dict[str, bytes] = {}
        self._restore_keys: dict[str, RestoreKey | None] = {}
        if path is not None and path.exists():
            self._recall(path)

    @property
    def term(self) -> int:
        """The highest term whose mandate was verified; 0 without any."""
        with self._lock:
            return self._term

    @property
    def mandate(self) -> bytes:
        """The mandate of that term, signed; empty in term 0."""
        with self._lock:
            return self._mandate

    @property
    def enrolments(self) -> tuple[bytes, ...]:
        """The enrolments of the halls of this centre that were met."""
        with self._lock:
            return tuple(data for _, data in self._enrolments.values())

    @property
    def keys(self) -> tuple[VerifyKey, ...]:
        """The keys of these halls."""
        with self._lock:
            return tuple(hall.verify_key for hall, _ in self._enrolments.values())

    def commanding(self) -> str | None:
        """Where the hall in command answers; ``None`` when that is not known yet."""
        with self._lock:
            if not self._term:
                return self.urls[0]
            return next(
                (url for url, key in self._answering.items() if key == self._commander), None
            )

    def obeys(self, url: str, authority: int, signer: bytes) -> bool:
        """Whether an order that the hall at *url* gave is to be carried out."""
        with self._lock:
            return obeys(self._term, self._commander, authority, signer, first=url == self.urls[0])

    def commands(self, url: str, signer: bytes) -> bool:
        """Whether the hall at *url*, whose key is *signer*, is the one in command."""
        with self._lock:
            return signer == self._commander if self._term else url == self.urls[0]

    def met(
        self, url: str, hall: Enrolment, enrolment: bytes, restore_key: RestoreKey | None
    ) -> None:
        """The hall at *url* showed its verified *enrolment*, and its restore key."""
        with self._lock:
            self._answering[url] = hall.key_id
            self._restore_keys[url] = restore_key
            self._remember([(hall, enrolment)])

    def sealing(self, restore_key: RestoreKey) -> list[SealingPublic]:
        """What half 1 of an epoch is sealed to: the *restore_key* of the hall in command, and
        those of the others for the same sitting, so that they can give it back, too."""
        with self._lock:
            others = [
                key
                for key in self._restore_keys.values()
                if key is not None
                and key.sitting == restore_key.sitting
                and key.machine != restore_key.machine
            ]
        return [each.sealing for each in (restore_key, *others)][:MAX_HALLS]

    def heard(self, mandate: bytes, halls: Sequence[bytes]) -> bool:
        """Take what a hall says of command and of other halls; whether command moved.

        Nothing is believed that is not signed. Raises a ``MandateError`` or the error of a
        signature for a mandate, and :class:`OSError` when the disk does not keep it: then
        nothing has changed.
        """
        known = []
        for data in halls[:MAX_HALLS]:
            try:
                hall = read_enrolment(data, self._trust, now_s=None)
            except ExamError:
                continue
            if (hall.kind, hall.centre) == (HALL, self.centre):
                known.append((hall, data))
        with self._lock:
            self._remember(known)
            return bool(mandate) and self._take(mandate)

    @property
    def trust(self) -> Trust:
        """The root of trust that this station judges by."""
        return self._trust

    def believe(self, trust: Trust) -> None:
        """Judge by a newer root of trust from now on."""
        with self._lock:
            self._trust = trust

    def _take(self, data: bytes) -> bool:
        mandate, _ = read_mandate(data, self._trust, self.centre)
        if mandate.term < self._term or data == self._mandate:
            return False
        if mandate.term == self._term:
            if mandate.commander == self._commander:
                return False
            raise MandateError(
                "Two acts of command have the same number ({term}) and name different halls; the "
                "chief must sign another one.",
                term=mandate.term,
            )
        self._keep(data)
        self._enter(mandate, data)
        return True

    def _enter(self, mandate: Mandate, data: bytes) -> None:
        self._term, self._commander, self._mandate = mandate.term, mandate.commander, data

    def _remember(self, halls: Sequence[tuple[Enrolment, bytes]]) -> None:
        new = [each for each in halls if each[0].key_id not in self._enrolments]
        for hall, data in new[: MAX_HALLS - len(self._enrolments)]:
            self._enrolments[hall.key_id] = hall, data
        if new:
            with contextlib.suppress(OSError):  # they show themselves again
                self._keep(self._mandate)

    def _keep(self, mandate: bytes) -> None:
        if self._path is not None:
            make_directory(self._path.parent, 0o700)
            standing = Standing(mandate, tuple(data for _, data in self._enrolments.values()))
            write_durably(self._path, canon.pack(standing), 0o600)

    def _recall(self, path: Path) -> None:
        try:
            standing: Standing = canon.unpack(path.read_bytes(), Standing)
            mandate = parse_mandate(standing.mandate) if standing.mandate else None
        except (ExamError, OSError):
            return  # damaged: the exam goes on, and the halls say it again when they are greeted
        for data in standing.halls:
            with contextlib.suppress(ExamError):  # revoked since
                hall = read_enrolment(data, self._trust, now_s=None)
                self._enrolments[hall.key_id] = hall, data
        if mandate is not None:
            # It was verified before it was kept: that its chief was revoked since does not give
            # command back to the hall that they deposed.
            self._enter(mandate, standing.mandate)
