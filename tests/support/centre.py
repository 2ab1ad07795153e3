"""A real certification body with one enrolled centre, and attempts really sat there.

Everything is made by the project's own means: the body founded, machines enrolled, the
journal written to disk by its writer, the manifest signed and countersigned.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evidence_key import EVIDENCE

from exam_packages.attempt.events import (
    HANDED_IN,
    START,
    Beat,
    Began,
    Closed,
    Concluded,
    Event,
    Flagged,
    Identified,
    Moved,
    Opened,
    Responded,
    SnapshotTaken,
    compartment,
    encode_event,
)
from exam_packages.attempt.state import responses_digest
from exam_packages.body import Body
from exam_packages.clock import SECOND, Stamp, SystemClock
from exam_packages.content.values import Response
from exam_packages.sealing.bundle import (
    Evidence,
    Manifest,
    answers_part,
    bundle_hash,
    countersign,
    sign_manifest,
)
from exam_packages.sealing.journal import (
    Acknowledgement,
    Cursor,
    JournalWriter,
    first_context,
    next_context,
    sign_acknowledgement,
    sign_permit,
)
from exam_packages.sealing.signed import read_signed
from exam_packages.sealing.suite import SealingPublic
from exam_packages.sealing.trust import Trust
from exam_packages.sealing.trust_root import OPENING_ROLES
from provisioning import authority, homes
from provisioning.station_home import StationHome
from sync.machine import HallMachine

CLOCK = SystemClock()
PACKAGE = secrets.token_bytes(32)

Answers = Mapping[str, tuple[Response, ...]]


def choice(*members: str) -> tuple[Response, ...]:
    """A response to an item with one interaction."""
    return (Response("RESPONSE", members),)


@dataclass(frozen=True)
class HandedIn:
    """A finished attempt as its hall has it."""

    blind_id: bytes
    bundle_hash: bytes
    manifest: bytes
    countersignature: bytes
    enrolments: tuple[bytes, ...]
    frames: tuple[bytes, ...]
    evidence: tuple[tuple[bytes, bytes], ...]

    def part(self) -> bytes:
        """Its answers part."""
        return answers_part(self.manifest, self.countersignature, self.enrolments, self.frames)

    def parts(self) -> dict[str, object]:
        """What :meth:`sync.intake.client.IntakeClient.hand_over` takes."""
        names = ("manifest", "countersignature", "enrolments", "frames")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Centre:
    """A body, and the hall and station of one centre that it enrolled."""

    body: Body
    hall: HallMachine
    station: StationHome
    evidence: SealingPublic = EVIDENCE.public

    @classmethod
    def found(cls, directory: Path, *, centre: str = "Lisbon", body: Body | None = None) -> Centre:
        """Found a body (or use *body*) and enrol a centre's machines, under *directory*."""
        if body is None:
            body = Body(directory / "body")
            authority.found_body(body.directory, "Food Inspectors’ Board", CLOCK)
        pinned = body.trust().digest
        hall, station = directory / f"hall-{centre}", directory / f"station-{centre}"
        for home, request in (
            (HallMachine, homes.new_hall(hall, "hall-1", centre, "127.0.0.1", "")),
            (StationHome, homes.new_station(station, "seat-1", centre, "https://127.0.0.1:1")),
        ):
            _, answer = authority.enrol(body, request, CLOCK)
            where = hall if home is HallMachine else station
            homes.install(home.load(where), answer, CLOCK, pinned=pinned)
        return cls(body, HallMachine.load(hall), StationHome.load(station))

    @property
    def trust(self) -> Trust:
        return self.body.trust()

    def sit(
        self,
        directory: Path,
        answers: Sequence[tuple[str, tuple[Response, ...]]] = (("q1", choice("a")),),
        *,
        pictures: int = 0,
        conclude: bool = True,
        concluded: Concluded | None = None,
        package_hash: bytes = PACKAGE,
        candidate: str = "Ada Example",
    ) -> Sitting:
        """Sit an attempt whose journal is written in *directory*, and leave it open."""
        sitting = Sitting.start(self, directory, package_hash)
        sitting.add(Identified("c-1", candidate), Opened(1, START, False), Began(3600))
        for number in range(1, pictures + 1):
            sitting.picture(number)
        for item, responses in answers:
            sitting.add(Moved(item), Flagged(item, True))
            sitting.answer(item, responses)
            sitting.add(Beat())
        sitting.add(Closed(HANDED_IN))
        if conclude or concluded is not None:
            sitting.conclude(concluded)
        sitting.acknowledge()
        return sitting

    def hand_in(self, directory: Path, *arguments: object, **options: object) -> HandedIn:
        """Sit an attempt (see :meth:`sit`) and hand it in."""
        sitting = self.sit(directory, *arguments, **options)  # type: ignore[arg-type]
        try:
            return sitting.hand_in()
        finally:
            sitting.writer.close()


class Sitting:
    """An attempt being sat, on disk."""

    def __init__(self, centre: Centre, directory: Path, writer: JournalWriter, package: bytes):
        self.centre = centre
        self.directory = directory
        self.writer = writer
        self.package = package
        self.responses: dict[str, tuple[Response, ...]] = {}
        self.recorded = 0
        self.evidence: list[tuple[bytes, bytes]] = []

    @classmethod
    def start(cls, centre: Centre, directory: Path, package: bytes) -> Sitting:
        station = centre.station.signing_key()
        context = first_context(secrets.token_bytes(16), station.key_id, package, stamp_now().boot)
        return cls(centre, directory, _begin(centre, directory, context), package)

    def restart(self, place: Cursor | None = None) -> None:
        """Open another epoch at *place* (the end), as after a restart of the agent."""
        self.writer.close()
        station = self.centre.station.signing_key()
        context = next_context(
            place or self.writer.synced_cursor, station.key_id, self.package, stamp_now().boot
        )
        self.writer = _begin(self.centre, self.directory, context)

    def add(self, *events: Event) -> None:
        for event in events:
            self.writer.append(stamp_now(), encode_event(event), compartment(event))
        self.writer.commit()

    def answer(self, item: str, responses: tuple[Response, ...]) -> None:
        self.responses[item] = responses
        self.recorded += 1
        self.add(Responded(item, responses))

    def picture(self, number: int) -> None:
        blob = self.writer.seal_snapshot(number, secrets.token_bytes(20_000))
        self.evidence.append((blob.digest, blob.data))
        self.add(SnapshotTaken(number, blob.digest, len(blob.data), 1))

    def conclude(self, concluded: Concluded | None = None) -> None:
        self.add(concluded or Concluded(self.recorded, responses_digest(self.responses)))

    def acknowledge(self) -> None:
        at, hall = self.writer.synced_cursor, self.centre.hall.signing_key()
        word = Acknowledgement(
            at.blind_id, at.epoch, at.sequence, at.head, hall.key_id, 1, CLOCK.wall_ns()
        )
        self.writer.append_acknowledgement(stamp_now(), sign_acknowledgement(word, hall))
        self.writer.commit()

    def frames(self) -> tuple[bytes, ...]:
        found: list[bytes] = []
        while batch := self.writer.frames(len(found)):
            found.extend(batch)
        return tuple(found)

    def hand_in(self, **changes: object) -> HandedIn:
        """Sign the manifest (with *changes*) and have the hall countersign it."""
        at = self.writer.synced_cursor
        station, hall = self.centre.station.signing_key(), self.centre.hall.signing_key()
        manifest = Manifest(
            sitting="2026-11-23/A",
            centre=self.centre.station.centre,
            station=station.key_id,
            blind_id=at.blind_id,
            package_hash=self.package,
            head=at.head,
            epoch=at.epoch,
            count=at.sequence,
            evidence=tuple(Evidence(digest, len(data)) for digest, data in self.evidence),
            equipment=b"",
            finished_s=now_s(),
        )
        fields = {name: getattr(manifest, name) for name in Manifest.__struct_fields__}
        signed = sign_manifest(Manifest(**{**fields, **changes}), station)  # type: ignore[arg-type]
        return HandedIn(
            blind_id=at.blind_id,
            bundle_hash=bundle_hash(read_signed(signed, "exam-kiosk/manifest/v1").body),
            manifest=signed,
            countersignature=countersign(signed, at, station.public, hall, now_s())
            if not changes
            else b"",
            enrolments=(
                self.centre.station.enrolment_bytes,
                self.centre.hall.enrolment_bytes,
            ),
            frames=self.frames(),
            evidence=tuple(self.evidence),
        )


def without(handed: HandedIn, **changes: object) -> HandedIn:
    """*handed*, tampered with."""
    return replace(handed, **changes)  # type: ignore[arg-type]


def stamp_now() -> Stamp:
    return Stamp(CLOCK.boot(), CLOCK.boottime_ns(), CLOCK.wall_ns(), 0)


def now_s() -> int:
    return CLOCK.wall_ns() // SECOND


def openings(trust: Trust) -> dict[str, SealingPublic]:
    return {role: trust.opening(role) for role in OPENING_ROLES}


def write_parts(directory: Path, handed: Iterable[HandedIn]) -> list[Path]:
    """Answers parts as intake hands them to the scoring desk."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for each in handed:
        paths.append(directory / f"{each.blind_id.hex()}.answers")
        paths[-1].write_bytes(each.part())
    return paths


def _begin(centre: Centre, directory: Path, context: object) -> JournalWriter:
    permit = sign_permit(context, 1, now_s(), centre.hall.signing_key())  # type: ignore[arg-type]
    return JournalWriter.begin(
        directory,
        context,  # type: ignore[arg-type]
        permit,
        station=centre.station.signing_key(),
        openings=openings(centre.trust),
        evidence=centre.evidence,
        hall=[centre.hall.sealing_key().public],
        neighbour=None,
        stamp=stamp_now(),
    )
