"""Going on after the agent ended in the middle of an attempt, however it ended; going on
with an attempt that two people moved here, or reopened.

What is on disk is sealed to the body. Half of what opens it again lies here, the other
half with the hall, which gives it back together with the permit for a new epoch. Of an
attempt that another station wrote, the halves that lay there come from its neighbour,
sealed to this station's restore key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Ledger, account, pass_by
from exam_packages.attempt.state import Phase
from exam_packages.clock import Stamp
from exam_packages.language import mark
from exam_packages.sealing.journal import (
    Compartment,
    Context,
    EpochKeys,
    Frame,
    Header,
    JournalError,
    Recovered,
    epoch_header,
    keep_half,
    next_context,
    open_frames,
    read_half,
    restore,
)
from exam_packages.sealing.machine_secret import MachineSecret
from exam_packages.sealing.restore_keys import open_resealed
from exam_packages.sealing.suite import SealingKey
from kiosk.agent.courier import Parcel
from kiosk.agent.shelf import AttemptDirectory, Who
from sync.link import Leave


@dataclass
class Recovery:
    """An unfinished attempt on this disk, waiting for leave to go on."""

    directory: AttemptDirectory
    who: Who
    recovered: Recovered
    parcel: Parcel
    cause: int = ev.RESTART
    """Why it goes on: a restart, a move, or a reopening."""
    leave: Leave | None = None
    """The hall's permit, once it came."""
    context: Context | None = None
    """What the permit was asked for."""
    restored: Restored | None = None
    """What happened so far, once it could be opened."""
    asking: bool = False
    """Whether the hall is being asked right now."""
    retry_ns: int = 0
    """When to ask again at the earliest (CLOCK_BOOTTIME)."""
    words: str = mark("The exam of this station is being restored; one moment.")
    """What the person in front of the screen is told meanwhile."""

    @property
    def package_hash(self) -> bytes:
        return epoch_header(self.recovered.frames[0]).context.package_hash

    def next_context(self, station: bytes, boot: bytes) -> Context:
        """The epoch that would follow what is on disk."""
        cursor = self.recovered.cursor
        if cursor is None:
            raise JournalError("There is nothing to restore at this station.")
        above = self.recovered.epoch
        return next_context(cursor, station, self.package_hash, boot, above=above)


@dataclass(frozen=True)
class Restored:
    """What happened before, as far as a station may open it again."""

    entries: tuple[ev.Entry, ...]
    ledger: Ledger
    pictures: int
    concluded: bool = field(default=False)

    @property
    def begun(self) -> bool:
        """Whether time was running, so that the paper is needed to go on."""
        return self.ledger.attempt.phase in (Phase.RUNNING, Phase.PAUSED)

    @property
    def worked(self) -> bool:
        """Whether the candidate was ever at a question."""
        return self.ledger.attempt.place is not None

    def outage_ns(self, now: Stamp) -> int:
        """How long nobody could sit this exam: since the last record on disk."""
        last = self.ledger.last
        if last is None:
            return 0
        if last.boot == now.boot:
            return now.boottime_ns - last.boottime_ns
        return max(0, now.wall_ns - last.wall_ns)


def replay(
    directory: AttemptDirectory,
    recovered: Recovered,
    leave: Leave,
    own: SealingKey | None,
    keeper: MachineSecret | None,
) -> Restored:
    """Open the journal again with the halves of each epoch, and read it through.

    *own* is this station's restore key: what neighbours released is sealed to it; *keeper*
    the secret of this machine, under which it keeps its halves. Raises a
    ``JournalError`` when a half is missing or a frame does not open.
    """
    halves, resealed = dict(leave.halves), dict(leave.resealed)
    keys = {
        header.context.epoch: _keys(directory, header, halves, resealed, own, keeper)
        for header in _headers(recovered)
    }
    entries: list[ev.Entry] = []
    ledger = Ledger()
    pictures = 0
    for opened in open_frames(recovered.frames, keys):
        if opened.compartment in (Compartment.HEADER, Compartment.ACKNOWLEDGEMENT):
            continue
        if opened.stamp is None:
            raise JournalError(
                "Entry {sequence} of the record on this station cannot be opened again.",
                sequence=opened.sequence,
            )
        pictures += opened.compartment is Compartment.EVIDENCE
        if opened.body is None:
            ledger = pass_by(ledger, opened.stamp)
            continue
        entry = ev.Entry(opened.sequence, opened.stamp, ev.decode_event(opened.body))
        entries.append(entry)
        ledger = account([entry], ledger)
    concluded = False
    for entry in entries:
        if isinstance(entry.event, ev.Concluded | ev.Reopened):
            concluded = isinstance(entry.event, ev.Concluded)
    return Restored(tuple(entries), ledger, pictures, concluded)


def _headers(recovered: Recovered) -> list[Header]:
    return [
        epoch_header(frame)
        for frame in recovered.frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    ]


def _keys(
    directory: AttemptDirectory,
    header: Header,
    halves: Mapping[int, bytes],
    resealed: Mapping[int, bytes],
    own: SealingKey | None,
    keeper: MachineSecret | None,
) -> EpochKeys:
    half = halves.get(header.context.epoch)
    if half is None:
        raise JournalError(
            "The hall did not give back what opens this exam again; call an invigilator."
        )
    sealed = resealed.get(header.context.epoch)
    if sealed is None or own is None:
        return restore(header, half, _own_half(directory, header, keeper))
    other = open_resealed(header, own, sealed)
    keys = restore(header, half, other)
    keep_half(directory.path, header, other, keeper)  # now it restarts here by itself
    return keys


def _own_half(directory: AttemptDirectory, header: Header, keeper: MachineSecret | None) -> bytes:
    """This station's half, also from before the attempt was moved away and came back."""
    try:
        return read_half(directory.path, header, keeper)
    except JournalError:
        for place in directory.departed():
            with contextlib.suppress(JournalError):
                return read_half(place, header, keeper)
        raise
