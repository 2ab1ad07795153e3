"""The directories of attempts at this station: what lies where, and what it still owes.

::

    attempts/<blind id>/
        journal/ halves/ evidence/ lock     see exam_packages.sealing.journal
        who               name and sitting, sealed to this station itself
        manifest          signed; its presence says that the attempt is finished
        countersignature  the hall's
        receipt           the body's
        writers           enrolments of the stations that wrote in it, once it was brought here
        elsewhere         sealed pictures that only the hall has: another station took them
        earlier/          manifests of hand-ins that were reopened, and what answered them
    attempts/<blind id>.left-<n>/   an attempt that was moved away: evidence, never resumed
"""

from __future__ import annotations

import re
import shutil
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from exam_packages import canon
from exam_packages.canon import Object
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, sync_directory, write_durably
from exam_packages.sealing.bundle import Evidence, manifest_hash, parse_manifest
from exam_packages.sealing.journal import (
    Compartment,
    Frame,
    Recovered,
    epoch_header,
    read_frames,
)
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.suite import SealingKey, label
from exam_packages.sealing.trust import Trust
from kiosk.agent.courier import Parcel
from sync.outbox import Outbox

_BLIND_ID = re.compile(r"[0-9a-f]{32}")
_ANY_ATTEMPT = re.compile(r"[0-9a-f]{32}(\.left-[0-9]+)?")
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


class Elsewhere(Object):
    """Sealed pictures of an attempt that are not on this disk."""

    pictures: tuple[Evidence, ...]


class Writers(Object):
    """The enrolments of the stations that wrote in a record."""

    enrolments: tuple[bytes, ...]


@dataclass(frozen=True)
class AttemptDirectory:
    """The directory of one attempt."""

    path: Path

    @property
    def blind_id(self) -> bytes:
        return bytes.fromhex(self.path.name[:32])

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
        """The pictures as the manifest names them, wherever they are."""
        named = {digest: Evidence(digest, size) for digest, _, size in self.pictures() if size}
        if data := self.read("elsewhere"):
            elsewhere: Elsewhere = canon.unpack(data, Elsewhere)
            named |= {picture.digest: picture for picture in elsewhere.pictures}
        return tuple(named[digest] for digest in sorted(named))

    def write_elsewhere(self, pictures: Iterable[tuple[bytes, int]]) -> None:
        """Remember the pictures (digest and size) that the hall has."""
        kept = tuple(Evidence(digest, size) for digest, size in pictures if size)
        self.write("elsewhere", canon.pack(Elsewhere(kept)))

    def write_writers(self, enrolments: tuple[bytes, ...]) -> None:
        """Remember who wrote in the record, as the hall says. Raises :class:`ShelfError`."""
        self.write("writers", canon.pack(Writers(enrolments)))

    def writers(self) -> tuple[bytes, ...]:
        """The enrolments of other stations that wrote in the record."""
        data = self.read("writers")
        if not data:
            return ()
        known: Writers = canon.unpack(data, Writers)
        return known.enrolments

    def handed_in(self, recovered: Recovered) -> bool:
        """Whether the record ends where its manifest says: it was handed in, and not
        reopened since. Raises a ``BundleError`` when the manifest is damaged."""
        data = self.read("manifest")
        return bool(data) and parse_manifest(data)[1].cursor == recovered.cursor

    def set_aside(self) -> None:
        """The hand-in was reopened: keep its manifest, and what answered it, as history.

        Raises :class:`ShelfError`.
        """
        earlier = self.path / "earlier"
        try:
            make_directory(earlier, 0o700)
            number = 1 + sum(path.name.startswith("manifest") for path in earlier.iterdir())
            # The manifest last: as long as it is here, this is done again.
            for name in ("countersignature", "receipt", "manifest"):
                if (self.path / name).exists():
                    (self.path / name).rename(earlier / f"{name}-{number}")
            sync_directory(earlier)
            sync_directory(self.path)
        except OSError as problem:
            raise _cannot("put aside", self.path, problem) from None

    def depart(self) -> None:
        """The attempt was moved away: keep what is here, out of the way.

        Raises :class:`ShelfError`.
        """
        number = 1
        while (left := self.path.with_name(f"{self.path.name}.left-{number}")).exists():
            number += 1
        try:
            self.path.rename(left)
            sync_directory(self.path.parent)
        except OSError as problem:
            raise _cannot("put aside", self.path, problem) from None

    def departed(self) -> tuple[Path, ...]:
        """Where this attempt's records lie from when it was moved away, if it was."""
        return tuple(sorted(self.path.parent.glob(f"{self.path.name}.left-*")))

    def delete(self, trust: Trust) -> None:
        """Delete the attempt from this station, for good.

        Raises :class:`ShelfError` unless the body's receipt for exactly this record is here.
        """
        try:
            received = self.handed_in(self.recover()) and bool(
                (receipt := self.read("receipt"))
                and read_receipt(receipt, trust).bundle_hash == manifest_hash(self.read("manifest"))
            )
        except ExamError:
            received = False
        if not received:
            raise ShelfError(
                "The record in {path} is not deleted: the certification body has not confirmed "
                "that it has all of it.",
                path=str(self.path),
            )
        try:
            shutil.rmtree(self.path)
            sync_directory(self.path.parent)
        except OSError as problem:
            raise _cannot("deleted", self.path, problem) from None

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
            writers=self.writers(),
            pictures=deque((digest, file) for digest, file, _ in self.pictures()),
        )

    def forget_who(self) -> None:
        """The candidate left: the name goes."""
        (self.path / "who").unlink(missing_ok=True)

    def _who_info(self) -> bytes:
        return label("station", "who", self.blind_id)


def every_attempt(directory: Path) -> tuple[AttemptDirectory, ...]:
    """Every attempt on this station, also those that were moved away.

    Raises :class:`ShelfError`.
    """
    try:
        found = [path for path in directory.iterdir() if _ANY_ATTEMPT.fullmatch(path.name)]
    except FileNotFoundError:
        return ()
    except OSError as problem:
        raise _cannot("read", directory, problem) from None
    return tuple(AttemptDirectory(path) for path in sorted(found))


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
