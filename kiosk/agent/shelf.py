"""The directories of attempts at this station: what lies where, and what it still owes.

::

    attempts/<blind id>/
        journal/ halves/ evidence/ lock     see exam_packages.sealing.journal
        who               name and sitting, sealed to this station itself
        manifest          signed; its presence says that the attempt is finished
        countersignature  the hall's
        receipt           the body's
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from exam_packages import canon
from exam_packages.canon import Object
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.bundle import Evidence
from exam_packages.sealing.journal import (
    Compartment,
    Frame,
    Recovered,
    epoch_header,
    read_frames,
)
from exam_packages.sealing.suite import SealingKey, label
from kiosk.agent.courier import Parcel
from sync.outbox import Outbox

_BLIND_ID = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_FILE = 8 * 1024 * 1024


class ShelfError(ExamError):
    """A file of an attempt is missing, unreadable or not what it should be."""


class Who(Object):
    """Whose attempt this is, for this station's own screen after a restart."""

    candidate: str
    name: str
    sitting: str
    slot: str
    exam: str
    how: int
    """How the attempt closed; 0 while it is open."""


@dataclass(frozen=True)
class AttemptDirectory:
    """The directory of one attempt."""

    path: Path

    @property
    def blind_id(self) -> bytes:
        return bytes.fromhex(self.path.name)

    def make(self) -> None:
        """Create it, durably. Raises :class:`ShelfError`."""
        try:
            make_directory(self.path, 0o700)
        except OSError as problem:
            raise _cannot("made", self.path, problem) from None

    def write(self, name: str, data: bytes) -> None:
        """Write the file *name*, durably. Raises :class:`ShelfError`."""
        try:
            write_durably(self.path / name, data, 0o600)
        except OSError as problem:
            raise _cannot("written", self.path / name, problem) from None

    def read(self, name: str) -> bytes:
        """The file *name*; empty when there is none. Raises :class:`ShelfError`."""
        try:
            with (self.path / name).open("rb") as file:
                return file.read(_MAX_FILE)
        except FileNotFoundError:
            return b""
        except OSError as problem:
            raise _cannot("read", self.path / name, problem) from None

    def write_who(self, who: Who, station: SealingKey) -> None:
        """Keep the name sealed: a disk alone tells nobody who sat here."""
        self.write("who", station.public.seal(canon.pack(who), self._who_info()))

    def read_who(self, station: SealingKey) -> Who:
        """Raises an :class:`ExamError` when it does not open; nobody when it is not there."""
        if not (self.path / "who").exists():
            return Who("", "", "", "", "", 0)
        who: Who = canon.unpack(station.open(self.read("who"), self._who_info()), Who)
        return who

    def recover(self) -> Recovered:
        """What the journal on disk holds. Raises a ``JournalError``."""
        return read_frames(self.path)

    def pictures(self) -> tuple[tuple[bytes, Path, int], ...]:
        """Every sealed picture: digest, file and size, in the order of digests."""
        try:
            files = sorted((self.path / "evidence").iterdir())
            return tuple(
                (bytes.fromhex(file.name), file, file.stat().st_size)
                for file in files
                if _DIGEST.fullmatch(file.name)
            )
        except FileNotFoundError:
            return ()
        except OSError as problem:
            raise _cannot("read", self.path / "evidence", problem) from None

    def evidence(self) -> tuple[Evidence, ...]:
        """The pictures as the manifest names them."""
        return tuple(Evidence(digest, size) for digest, _, size in self.pictures() if size)

    def parcel(self, recovered: Recovered) -> Parcel:
        """What of this attempt may still have to travel."""
        outbox = Outbox(self.blind_id)
        epoch = 0
        for frame in recovered.frames:
            epoch = _epoch_of(frame, epoch)
            outbox.put(epoch, [frame])
        return Parcel(
            outbox,
            manifest=self.read("manifest"),
            countersignature=self.read("countersignature"),
            receipt=self.read("receipt"),
            pictures=deque((digest, file) for digest, file, _ in self.pictures()),
        )

    def forget_who(self) -> None:
        """The candidate left: the name goes."""
        (self.path / "who").unlink(missing_ok=True)

    def _who_info(self) -> bytes:
        return label("station", "who", self.blind_id)


def attempts(directory: Path) -> tuple[AttemptDirectory, ...]:
    """The attempts on this station, the oldest first. Raises :class:`ShelfError`."""
    try:
        found = [path for path in directory.iterdir() if _BLIND_ID.fullmatch(path.name)]
        found.sort(key=lambda path: path.stat().st_mtime_ns)
    except FileNotFoundError:
        return ()
    except OSError as problem:
        raise _cannot("read", directory, problem) from None
    return tuple(AttemptDirectory(path) for path in found)


def _epoch_of(frame: bytes, before: int) -> int:
    """The epoch of *frame*, given that of the frame before it."""
    parsed = Frame.parse(frame)
    return epoch_header(frame).context.epoch if parsed.compartment is Compartment.HEADER else before


def _cannot(done: str, path: Path, problem: OSError) -> ShelfError:
    return ShelfError(
        "{path} cannot be " + done + ": {why}.",
        path=str(path),
        why=problem.strerror or type(problem).__name__,
    )
