"""A stick between hall and intake: the files of the same protocol, on any medium.

::

    exam-kiosk-relay/
        about                        which body and centre, and which hall wrote it
        bundles/<bundle hash>/
            manifest                 the ``Offer``: what intake is sent first
            chunks/<sha256>          pieces of the journal
            evidence/<digest>        sealed pictures
            commit                   written last: the answers are whole
        erasures/<sha256>            ``Statement`` of erasure
        surveys/<sha256>             ``SheafOfSurveys`` of a closed sitting
        records/<sha256>             ``RecordOfSitting``
        reports/<digest>             ``ReportOfQuestion``
        packages/<package hash>      empty: the hall has this exam open
        receipts/<bundle hash>       what intake answers: the signed receipt
        arrivals/<sha256>            its signed word which erasures, records and reports it keeps
        corrections/<id>             corrections of the packages that the hall has open

Each file is written whole or not at all and synced, and what is there already is not written
again: an export, an import or the copying of a stick may break off anywhere and be done
again. Nothing on it is believed for being there: everything is verified as if it had come
over the network, and nothing on it can be read without the body's keys.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exam_packages import canon
from exam_packages.canon import Id, Object, Text
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably

__all__ = ["About", "Stick", "StickError"]

NAME: Final = "exam-kiosk-relay"
FORMAT: Final = "exam-kiosk/relay/v1"
MAX_BUNDLES: Final = 100_000
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class StickError(ExamError):
    """The medium cannot be used for this."""


class About(Object):
    """Whose a stick is: the body's name, the centre, and the hall that wrote it (key id)."""

    format: str
    body: Text
    centre: Text
    hall: Id


@dataclass(frozen=True)
class Stick:
    """The directory of a relay on a mounted medium."""

    root: Path

    @classmethod
    def at(cls, medium: Path) -> Stick:
        """The relay on *medium*: the directory of that name in it, or *medium* itself."""
        return cls(medium if medium.name == NAME else medium / NAME)

    def begin(self, about: About) -> None:
        """Use it for a hall. Raises :class:`StickError` when it is another's."""
        found = self.about()
        if found is not None and found != about:
            raise StickError(
                "On {path} lie exams of centre “{centre}” (body “{body}”), brought by another "
                "hall; take another stick.",
                path=str(self.root),
                centre=found.centre,
                body=found.body,
            )
        if found is None:
            self.write(("about",), canon.pack(about))

    def about(self) -> About | None:
        """Whose it is; ``None`` when it is empty. Raises :class:`StickError`."""
        data = self.read(("about",), 64 * 1024)
        if data is None:
            return None
        try:
            about: About = canon.unpack(data, About)
        except canon.CanonError:
            about = About("", "-", "-", bytes(16))
        if about.format != FORMAT:
            raise StickError(
                "What lies on {path} was not written by a hall, or by a newer version.",
                path=str(self.root),
            )
        return about

    def has(self, place: tuple[str, ...]) -> bool:
        """Whether a file is there."""
        return self.root.joinpath(*place).is_file()

    def write(self, place: tuple[str, ...], data: bytes) -> None:
        """Write a file, durably. Raises :class:`StickError`."""
        path = self.root.joinpath(*place)
        try:
            make_directory(path.parent)
            write_durably(path, data)
        except OSError as problem:
            raise self._cannot("written", path, problem) from None

    def read(self, place: tuple[str, ...], limit: int) -> bytes | None:
        """A file of at most *limit* bytes; ``None`` when there is none.

        Raises :class:`StickError`, also for one that is no plain file or is longer.
        """
        path = self.root.joinpath(*place)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise self._cannot("read", path, problem) from None
        try:
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(limit + 1)
        except OSError as problem:
            raise self._cannot("read", path, problem) from None
        if len(data) > limit:
            raise StickError("The file {path} is too long to be one of ours.", path=str(path))
        return data

    def names(self, *place: str) -> Iterator[bytes]:
        """The hashes that name files or directories in a place, in order. Others are left out."""
        try:
            found = sorted(each.name for each in self.root.joinpath(*place).iterdir())
        except FileNotFoundError:
            return
        except OSError as problem:
            raise self._cannot("read", self.root.joinpath(*place), problem) from None
        for name in found[:MAX_BUNDLES]:
            if _HASH.fullmatch(name):
                yield bytes.fromhex(name)

    def _cannot(self, done: str, path: Path, problem: OSError) -> StickError:
        return StickError(
            "The file {path} cannot be " + done + ": {why}.",
            path=str(path),
            why=problem.strerror or type(problem).__name__,
        )
