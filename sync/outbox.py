"""What one attempt has synced on this station, and how much of it a holder has.

One thread puts frames in after they reached the disk; another takes batches out and
enters acknowledgements. A holder's cursor is a head, never a count: an acknowledgement
of something else than what was written here is a fork. It moves back only when the
holder may have been restored from an older copy (its epoch rose), or it is another machine
than before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from exam_packages.errors import ExamError
from exam_packages.sealing.journal import (
    Acknowledgement,
    Compartment,
    Frame,
    epoch_header,
    genesis,
)

MAX_BATCH = 1024 * 1024
"""Bytes of frames in one tick, beyond its first frame."""
MAX_BATCH_FRAMES = 1024


class HolderFork(ExamError):
    """A holder keeps another history of this attempt than this station. An alarm."""


class HolderAhead(HolderFork):
    """A holder has more of this attempt than this station: its end was lost here, or another
    station writes it."""


@dataclass(frozen=True)
class Batch:
    """Frames for one tick, and the station's place right after the last of them."""

    epoch: int
    sequence: int
    head: bytes
    frames: tuple[bytes, ...]
    more: bool


@dataclass(frozen=True)
class _Place:
    epoch: int
    frame: bytes
    head: bytes


class Outbox:
    """The synced frames of the attempt *blind_id*, for one holder.

    Further holders have an outbox :meth:`beside` this one: the same frames, a cursor of
    their own.
    """

    def __init__(self, blind_id: bytes, beside: Outbox | None = None) -> None:
        self.blind_id = blind_id
        self._lock: threading.Lock = threading.Lock() if beside is None else beside._lock
        self._places: list[_Place] = [] if beside is None else beside._places
        self._writers: list[bytes] = [] if beside is None else beside._writers
        self._held = 0
        self._from = 0
        self._holder = b""
        self._holder_epoch = -1

    def beside(self) -> Outbox:
        """An outbox of the same frames for another holder, who has none of them yet."""
        return Outbox(self.blind_id, self)

    @property
    def sequence(self) -> int:
        """The last sequence put in; 0 before the first."""
        with self._lock:
            return len(self._places)

    @property
    def held(self) -> int:
        """The last sequence that the holder acknowledged; 0 before the first."""
        with self._lock:
            return self._held

    @property
    def complete(self) -> bool:
        """Whether the holder has everything that was put in."""
        with self._lock:
            return self._held == len(self._places)

    def put(self, epoch: int, frames: Iterable[bytes]) -> None:
        """Add frames of *epoch* that are on this disk, in order."""
        with self._lock:
            for data in frames:
                frame = Frame.parse(data)
                if frame.sequence != len(self._places) + 1:
                    raise ValueError(f"frame {frame.sequence} after {len(self._places)}")
                head = frame.head_after(self._head(len(self._places)))
                self._places.append(_Place(epoch, data, head))
                if frame.compartment is Compartment.HEADER:
                    self._writers.append(epoch_header(data).context.station)

    def frame(self, sequence: int) -> bytes:
        """The frame of that sequence, counted from 1."""
        with self._lock:
            return self._places[sequence - 1].frame

    @property
    def writer(self) -> bytes:
        """The key id of the station whose epoch is the last one here; empty before the first."""
        with self._lock:
            return self._writers[-1] if self._writers else b""

    def batch(self) -> Batch:
        """The next frames to send; none when the holder has all."""
        with self._lock:
            chosen: list[bytes] = []
            size = 0
            for place in self._places[self._from : self._from + MAX_BATCH_FRAMES]:
                size += len(place.frame)
                if chosen and size > MAX_BATCH:
                    break
                chosen.append(place.frame)
            end = self._from + len(chosen)
            epoch = self._places[end - 1].epoch if end else 0
            more = end < len(self._places)
            return Batch(epoch, end, self._head(end), tuple(chosen), more)

    def acknowledge(self, acknowledgement: Acknowledgement) -> bool:
        """Enter a verified acknowledgement; whether the holder now has more than before.

        Raises :class:`HolderFork` when it names a head that was never this journal's.
        """
        with self._lock:
            sequence = acknowledgement.sequence
            if acknowledgement.holder != self._holder:  # a new machine in the place of the old
                self._holder, self._holder_epoch = acknowledgement.holder, -1
            if acknowledgement.holder_epoch < self._holder_epoch:
                return False  # late words of a holder that was restored since
            ahead = sequence > len(self._places)
            if ahead or acknowledgement.head != self._head(sequence):
                raise (HolderAhead if ahead else HolderFork)(
                    "The hall holds another record of this exam than this station (at {sequence} "
                    "of {count}). Nothing is lost here; tell the chief invigilator.",
                    sequence=sequence,
                    count=len(self._places),
                )
            restored = acknowledgement.holder_epoch > self._holder_epoch
            if sequence < self._held and not restored:
                return False  # an older acknowledgement that came late
            self._holder_epoch = acknowledgement.holder_epoch
            grown = sequence > self._held
            self._held = self._from = sequence
            return grown

    def send_again(self, after: int) -> None:
        """Go back: the holder misses frames after *after*."""
        with self._lock:
            self._from = max(0, min(after, len(self._places)))

    def _head(self, sequence: int) -> bytes:
        return self._places[sequence - 1].head if sequence else genesis(self.blind_id)
