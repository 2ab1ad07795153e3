"""One candidate's attempt, recorded by real machines in a real directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from evidence_key import EVIDENCE

from exam_packages.clock import SECOND, Stamp
from exam_packages.sealing import chain
from exam_packages.sealing.journal import (
    Acknowledgement,
    Compartment,
    Context,
    Cursor,
    EpochKeys,
    Frame,
    JournalWriter,
    epoch_header,
    first_context,
    next_context,
    open_frames,
    read_frames,
    read_half,
    restore,
    sign_acknowledgement,
    sign_permit,
)
from exam_packages.sealing.suite import VerifyKey
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, SCORING

START_NS = 1_700_000_000 * SECOND


@dataclass
class Attempt:
    """An attempt under way. ``machine`` writes it, ``hall`` permits and holds it."""

    directory: Path
    people: Any
    machine: Any
    hall: Any
    blind_id: bytes = bytes(range(16))
    package_hash: bytes = b"P" * 32
    boot: bytes = b"B" * 16
    authority: int = 1
    ticks: int = field(default=0, init=False)

    @property
    def openings(self) -> dict[str, Any]:
        return {
            SCORING: self.people.scoring.public,
            INTEGRITY: self.people.integrity.public,
            REGISTRAR: self.people.registrar.public,
        }

    def stamp(self) -> Stamp:
        """The next tick of a clock of this attempt's own."""
        self.ticks += 1
        return Stamp(self.boot, self.ticks * SECOND, START_NS + self.ticks * SECOND, 0)

    def context(self) -> Context:
        """The context of the epoch that may follow what lies in the directory."""
        left = read_frames(self.directory)
        cursor = left.cursor
        station = self.machine.signing.key_id
        if cursor is None:
            return first_context(self.blind_id, station, self.package_hash, self.boot)
        return next_context(cursor, station, self.package_hash, self.boot, above=left.epoch)

    def permit(self, context: Context) -> bytes:
        return sign_permit(context, self.authority, 1_700_000_000, self.hall.signing)

    def begin(
        self,
        context: Context | None = None,
        permit: bytes | None = None,
        *,
        neighbour: Any = None,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> JournalWriter:
        """Open the next epoch, by default as an honest station with an honest hall does."""
        context = context or self.context()
        return JournalWriter.begin(
            self.directory,
            context,
            permit or self.permit(context),
            station=self.machine.signing,
            openings=self.openings,
            evidence=EVIDENCE.public,
            hall=[self.hall.sealing.public],
            neighbour=neighbour,
            stamp=self.stamp(),
            sync=sync,
        )

    def add(self, writer: JournalWriter, *bodies: bytes) -> None:
        """Append and commit answers."""
        for body in bodies:
            writer.append(self.stamp(), body, Compartment.RESPONSES)
        writer.commit()

    def word(self, cursor: Cursor, holder: Any = None, **changes: Any) -> bytes:
        """The hall's signed acknowledgement of *cursor*."""
        holder = holder or self.hall
        fields = {
            "blind_id": cursor.blind_id,
            "epoch": cursor.epoch,
            "sequence": cursor.sequence,
            "head": cursor.head,
            "holder": holder.signing.key_id,
            "holder_epoch": 1,
            "time_ns": START_NS,
        }
        return sign_acknowledgement(Acknowledgement(**{**fields, **changes}), holder.signing)

    def frames(self) -> tuple[bytes, ...]:
        return read_frames(self.directory).frames

    def keys(self, role_key: Any, *compartments: Compartment) -> dict[int, EpochKeys]:
        """What *role_key* opens, per epoch."""
        headers = [epoch_header(frame) for frame in self.frames() if is_header(frame)]
        return {header.context.epoch: header.keys(role_key, compartments) for header in headers}

    def restored(self) -> dict[int, EpochKeys]:
        """What the hall's and this station's halves open together, per epoch."""
        headers = [epoch_header(frame) for frame in self.frames() if is_header(frame)]
        return {
            header.context.epoch: restore(
                header,
                header.half_for(self.hall.sealing),
                read_half(self.directory, header),
            )
            for header in headers
        }

    def answers(self) -> list[bytes]:
        """Every response body, opened by the scoring role."""
        keys = self.keys(self.people.scoring, Compartment.RESPONSES)
        return [
            opened.body
            for opened in open_frames(self.frames(), keys)
            if opened.compartment is Compartment.RESPONSES and opened.body is not None
        ]

    def verify(
        self,
        frames: Sequence[bytes] | None = None,
        *stations: VerifyKey,
        **claims: Any,
    ) -> chain.ChainState:
        """Run the chain verifier over *frames* (by default all that are on the disk)."""
        known = {key.key_id: key for key in stations or (self.machine.signing.public,)}
        return chain.extend(
            chain.start(self.blind_id, self.package_hash),
            self.frames() if frames is None else frames,
            known.get,
            [self.hall.signing.public],
            **claims,
        )


def is_header(frame: bytes) -> bool:
    return Frame.parse(frame).compartment is Compartment.HEADER


@pytest.fixture
def attempt(tmp_path: Path, people: Any, station: Any, hall: Any) -> Attempt:
    return Attempt(tmp_path / "attempt", people, station, hall)


@pytest.fixture(scope="session")
def make_attempt(people: Any, station: Any, hall: Any) -> Callable[[Path], Attempt]:
    return lambda directory: Attempt(directory, people, station, hall)
