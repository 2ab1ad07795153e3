"""The attempt of the test vectors: sat at two stations, handed in at the second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exam_packages.attempt import events
from exam_packages.attempt.commands import Admit, Command, sign_command
from exam_packages.attempt.state import responses_digest
from exam_packages.clock import SECOND, Stamp
from exam_packages.content.values import Response
from exam_packages.sealing.bundle import (
    Evidence,
    Manifest,
    countersign,
    sign_manifest,
)
from exam_packages.sealing.journal import (
    Acknowledgement,
    JournalWriter,
    SealedBlob,
    epoch_header,
    first_context,
    next_context,
    read_frames,
    read_half,
    refill,
    sign_acknowledgement,
    sign_permit,
)
from vectors.body import BLIND_ID, BOOTS, CENTRE, SITTING, START_S, Body, Machine, sha256

ANSWER = (Response("RESPONSE", ("Reykjavík",)),)


class Record:
    """The attempt's journal, written by the real writer at two stations.

    The second station's wall clock is seven hours behind the first one's: order and time
    given come from the chain and the boot clock, never from the wall.
    """

    def __init__(self, body: Body, scratch: Path, package_hash: bytes) -> None:
        self.body = body
        self.scratch = scratch
        self.package_hash = package_hash
        self.records: list[list[Any]] = []
        self.pictures: list[SealedBlob] = []
        self.plain_pictures: list[list[Any]] = []
        self.halves: list[str] = []
        self.beacon_ns = 0

    def sit(self) -> None:
        self._seat(self.body.first, BOOTS[0], START_S)
        self._open(events.Opened(1, events.START, held=False))
        self._add(events.Identified("C-17", "Zoë Ólafsdóttir"))
        self._add(events.Commanded(self._admission()))
        self._add(events.Began(3900))
        self._add(events.Responded("item/1", (Response("RESPONSE", ("Paris",)),)))
        self._picture(b"a picture of nobody")
        self._acknowledged()
        self._leave()

        self._seat(self.body.second, BOOTS[1], START_S - 7 * 3600)
        self._open(events.Opened(2, events.MOVE, held=True))
        self._add(events.Responded("item/1", ANSWER))
        self._picture(b"another picture" * 2000)
        self._add(events.Closed(events.HANDED_IN))
        self._add(events.Concluded(2, responses_digest({"item/1": ANSWER})))
        self._acknowledged()
        self._leave()

    def _admission(self) -> bytes:
        order = Admit(extra_s=300)
        command = Command(
            BLIND_ID, 1, 1, 1, "Ana", START_S * SECOND, "routine.start", "extra time", order
        )
        return sign_command(command, self.body.hall.signing)

    def hand_in(self) -> tuple[bytes, bytes]:
        """The manifest of the last station, and the hall's countersignature."""
        station = self._machine.signing
        manifest = sign_manifest(
            Manifest(
                sitting=SITTING,
                centre=CENTRE,
                station=station.key_id,
                blind_id=BLIND_ID,
                package_hash=self.package_hash,
                head=self.cursor.head,
                epoch=self.cursor.epoch,
                count=self.cursor.sequence,
                evidence=tuple(Evidence(blob.digest, len(blob.data)) for blob in self.pictures),
                equipment=b"",
                finished_s=self.wall_s,
            ),
            station,
        )
        word = countersign(
            manifest, self.cursor, station.public, self.body.hall.signing, START_S + 5_000
        )
        return manifest, word

    @property
    def wall_s(self) -> int:
        return self._wall_s

    def _seat(self, machine: Machine, boot: bytes, wall_s: int) -> None:
        self._machine, self._boot, self._wall_s, self._ticks = machine, boot, wall_s, 0
        self._pictures = 0
        self._directory = self.scratch / machine.name
        if self.halves:
            self._directory.mkdir()
            refill(self._directory, self.frames)

    def _open(self, opened: events.Opened) -> None:
        station = self._machine.signing
        if self.halves:
            context = next_context(self.cursor, station.key_id, self.package_hash, self._boot)
        else:
            context = first_context(BLIND_ID, station.key_id, self.package_hash, self._boot)
        stamp = self._stamp()
        self._writer = JournalWriter.begin(
            self._directory,
            context,
            sign_permit(context, 1, START_S, self.body.hall.signing),
            station=station,
            openings={role: key.public for role, key in self.body.openings.items()},
            evidence=self.body.evidence.public,
            hall=[self.body.hall.sealing.public],
            neighbour=None,
            stamp=stamp,
        )
        self._note(0, stamp, None)
        self._add(opened)

    def _add(self, event: events.Event) -> None:
        stamp, body = self._stamp(), events.encode_event(event)
        self._writer.append(stamp, body, events.compartment(event))
        self._note(int(events.compartment(event)), stamp, body)

    def _picture(self, picture: bytes) -> None:
        self._pictures += 1
        blob = self._writer.seal_snapshot(self._pictures, picture)
        self.pictures.append(blob)
        self.plain_pictures.append([self._writer.epoch, self._pictures, sha256(picture)])
        self._add(events.SnapshotTaken(self._pictures, blob.digest, len(blob.data), events.DEVICE))

    def _acknowledged(self) -> None:
        self._writer.commit()
        cursor, hall = self._writer.cursor, self.body.hall.signing
        self.beacon_ns = (START_S + 100 * len(self.records)) * SECOND
        word = Acknowledgement(
            cursor.blind_id,
            cursor.epoch,
            cursor.sequence,
            cursor.head,
            hall.key_id,
            1,
            self.beacon_ns,
        )
        stamp = self._stamp()
        self._writer.append_acknowledgement(stamp, sign_acknowledgement(word, hall))
        self._note(1, stamp, None)

    def _leave(self) -> None:
        self._writer.commit()
        self.cursor = self._writer.cursor
        self._writer.close()
        self.frames = read_frames(self._directory).frames
        header = next(
            epoch_header(frame)
            for frame, record in zip(reversed(self.frames), reversed(self.records), strict=True)
            if record[0] == 0
        )
        self.halves.append(read_half(self._directory, header).hex())

    def _stamp(self) -> Stamp:
        self._ticks += 1
        self._wall_s += 7
        return Stamp(self._boot, self._ticks * 7 * SECOND, self._wall_s * SECOND, self.beacon_ns)

    def _note(self, compartment: int, stamp: Stamp, body: bytes | None) -> None:
        """[compartment, body or none, boot time, wall clock, beacon], as a reader finds it."""
        times = [stamp.boottime_ns, stamp.wall_ns, stamp.beacon_ns]
        self.records.append([compartment, None if body is None else body.hex(), *times])
