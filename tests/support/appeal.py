"""An exam that came before an appeals panel: everything that was sealed along its way.

The body, hall, station, package, grant, journal, bundle, receipt and log are real. Only the
clock is turned by hand, so that an exam with a break, an absent hall, a dead agent and
added time takes no time to sit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from centre import CLOCK, Centre, choice, openings
from evidence_key import EVIDENCE

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.state import responses_digest
from exam_packages.clock import SECOND, Stamp
from exam_packages.content.values import Response
from exam_packages.sealing.bundle import (
    Evidence,
    Manifest,
    countersign,
    manifest_hash,
    sign_manifest,
    write_bundle,
)
from exam_packages.sealing.grant import Recipient, seal_grant
from exam_packages.sealing.journal import (
    Acknowledgement,
    Cursor,
    EvidenceStore,
    JournalWriter,
    SealedBlob,
    first_context,
    next_context,
    read_frames,
    sign_acknowledgement,
    sign_permit,
)
from exam_packages.sealing.log import (
    Tree,
    checkpoint_body,
    leaf_hash,
    sign_checkpoint,
)
from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.log_proof import log_origin, write_proof
from exam_packages.sealing.package import Blob, Core, Package, seal_package
from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import CHECKPOINT, INTAKE, INTEGRITY, PACKAGER, Trust

SECRET_ANSWER = "THE-ANSWER-NOBODY-MAY-SEE"
SECRET_NAME = "Ada Nobody-May-Know"
SLOT = "2026-11-23/A"
BLIND_ID = bytes(range(16))


@dataclass
class Station:
    """A station whose clock stands until :meth:`wait`, and its journal in *directory*."""

    centre: Centre
    directory: Path
    package_hash: bytes
    now_s: float = field(default_factory=lambda: CLOCK.wall_ns() // SECOND)
    boot: bytes = b"1" * 16
    drift: float = 0.0
    """How much faster than the hall's this station's clock runs."""
    writer: JournalWriter = field(init=False)
    blobs: list[SealedBlob] = field(default_factory=list)
    responses: dict[str, tuple[Response, ...]] = field(default_factory=dict)
    passed_s: float = 0.0
    recorded: int = 0
    orders: int = 0

    def __post_init__(self) -> None:
        self.start_s = self.now_s
        key = self.signing
        self._begin(first_context(BLIND_ID, key.key_id, self.package_hash, self.boot))

    @property
    def signing(self) -> SigningKey:
        return self.centre.station.signing_key()

    @property
    def hall(self) -> SigningKey:
        return self.centre.hall.signing_key()

    def wait(self, seconds: float) -> None:
        self.passed_s += seconds

    def stamp(self) -> Stamp:
        mine = int((self.start_s + self.passed_s * (1 + self.drift)) * SECOND)
        return Stamp(self.boot, mine - int(self.start_s * SECOND) + 7, mine, 0)

    def hall_ns(self) -> int:
        return int((self.start_s + self.passed_s) * SECOND)

    def add(self, *events: ev.Event) -> None:
        for event in events:
            self.writer.append(self.stamp(), ev.encode_event(event), ev.compartment(event))
        self.writer.commit()

    def answer(self, item: str, *members: str) -> None:
        self.responses[item] = choice(*members)
        self.recorded += 1
        self.add(ev.Moved(item), ev.Responded(item, self.responses[item]))

    def order(
        self, order: cmd.Order, reason: str, comment: str = "", key: SigningKey | None = None
    ) -> None:
        self.orders += 1
        command = cmd.Command(
            BLIND_ID, self.writer.epoch, 1, self.orders, "Ana", self.hall_ns(), reason, comment,
            order,
        )  # fmt: skip
        self.add(ev.Commanded(cmd.sign_command(command, key or self.hall)))

    def acknowledged(self, at: Cursor | None = None, key: SigningKey | None = None) -> None:
        at = at or self.writer.synced_cursor
        key = key or self.hall
        word = Acknowledgement(
            at.blind_id, at.epoch, at.sequence, at.head, key.key_id, 1, self.hall_ns()
        )
        self.writer.append_acknowledgement(self.stamp(), sign_acknowledgement(word, key))
        self.writer.commit()

    def work(self, seconds: int, answers: Sequence[str] = (), *, alone: bool = False) -> None:
        """Work for so long, with a beat and an acknowledgement every 30 seconds."""
        left = list(answers)
        for _ in range(seconds // 30):
            self.wait(30)
            if left:
                self.answer(left.pop(0), SECRET_ANSWER)
            self.add(ev.Beat())
            if not alone:
                self.acknowledged()

    def picture(self, number: int) -> None:
        blob = self.writer.seal_snapshot(number, b"picture %d" % number * 500)
        EvidenceStore(self.directory).put(blob)
        self.blobs.append(blob)
        self.add(ev.SnapshotTaken(number, blob.digest, len(blob.data), ev.DEVICE))

    def restart(self) -> None:
        self.writer.close()
        self._begin(
            next_context(
                self.writer.synced_cursor, self.signing.key_id, self.package_hash, self.boot
            )
        )

    def manifest(self, **changes: Any) -> bytes:
        at = self.writer.synced_cursor
        fields: dict[str, Any] = {
            "sitting": "sitting-1",
            "centre": self.centre.station.centre,
            "station": self.signing.key_id,
            "blind_id": at.blind_id,
            "package_hash": self.package_hash,
            "head": at.head,
            "epoch": at.epoch,
            "count": at.sequence,
            "evidence": tuple(Evidence(blob.digest, len(blob.data)) for blob in self.blobs),
            "equipment": b"",
            "finished_s": self.hall_ns() // SECOND,
        }
        return sign_manifest(Manifest(**{**fields, **changes}), self.signing)

    def countersignature(self, manifest: bytes) -> bytes:
        return countersign(
            manifest,
            self.writer.synced_cursor,
            self.signing.public,
            self.hall,
            self.hall_ns() // SECOND + 1,
        )

    def _begin(self, context: Any) -> None:
        permit = sign_permit(context, 1, self.hall_ns() // SECOND, self.hall)
        self.writer = JournalWriter.begin(
            self.directory,
            context,
            permit,
            station=self.signing,
            openings=openings(self.centre.trust),
            evidence=EVIDENCE.public,
            hall=[self.centre.hall.sealing_key().public],
            neighbour=None,
            stamp=self.stamp(),
        )


@dataclass(frozen=True)
class Appeal:
    """Every file of one exam, on disk."""

    centre: Centre
    directory: Path
    attempt: Path
    bundle: Path
    package: Path
    grant: Path
    receipt: Path
    proof: Path
    checkpoint: Path
    manifest: bytes
    countersignature: bytes
    bundle_hash: bytes
    package_hash: bytes
    frames: tuple[bytes, ...]

    @property
    def trust(self) -> Trust:
        return self.centre.trust

    @property
    def integrity(self) -> SealingKey:
        return self.centre.body.opening_key(INTEGRITY)

    @property
    def enrolments(self) -> list[bytes]:
        return [self.centre.station.enrolment_bytes, self.centre.hall.enrolment_bytes]

    @property
    def files(self) -> list[Path]:
        return [
            self.package, self.grant, self.bundle, self.attempt, self.receipt, self.proof,
            self.checkpoint,
        ]  # fmt: skip

    def write(self, path: Path, **parts: Any) -> Path:
        """A bundle like this one, differing in *parts*."""
        fields = {
            "manifest": self.manifest,
            "countersignature": self.countersignature,
            "enrolments": self.enrolments,
            "frames": self.frames,
            "evidence": (),
        }
        write_bundle(path, **{**fields, **parts})
        return path


def sat(centre: Centre, directory: Path) -> Appeal:
    """Sit a whole exam: 41 minutes, with everything that can come between."""
    directory.mkdir(parents=True, exist_ok=True)
    now_s = CLOCK.wall_ns() // SECOND
    package, package_hash = _package(centre, directory, now_s)
    station = Station(centre, directory / "attempt", package_hash)
    with closing(station.writer):
        _exam(station)
    manifest = station.manifest()
    countersignature = station.countersignature(manifest)
    attempt = station.directory
    (attempt / "manifest").write_bytes(manifest)
    (attempt / "countersignature").write_bytes(countersignature)
    named = manifest_hash(manifest)
    receipt, proof, checkpoint = _received(centre, directory, named, station.hall_ns() // SECOND)
    (attempt / "receipt").write_bytes(receipt.read_bytes())
    appeal = Appeal(
        centre=centre,
        directory=directory,
        attempt=attempt,
        bundle=directory / "exam.bundle",
        package=package,
        grant=directory / "lisbon.grant",
        receipt=receipt,
        proof=proof,
        checkpoint=checkpoint,
        manifest=manifest,
        countersignature=countersignature,
        bundle_hash=named,
        package_hash=package_hash,
        frames=read_frames(attempt).frames,
    )
    appeal.write(appeal.bundle, evidence=[(blob.digest, blob.data) for blob in station.blobs])
    return appeal


def _exam(station: Station) -> None:
    station.add(
        ev.Identified("c-1", SECRET_NAME),
        ev.Opened(1, ev.START, False),
        ev.CameraFound(ev.DEVICE, "USB camera"),
    )
    station.wait(45)
    station.order(cmd.Admit(0), "routine.start")
    station.acknowledged()
    station.wait(75)
    station.add(ev.Began(3600))
    station.picture(1)
    station.work(480, ["q1", "q2", "q3"])
    station.order(cmd.Pause(), "candidate.break", "asked to leave the room")
    station.work(180)
    station.order(cmd.Resume(), "candidate.break")
    station.work(120, ["q4"])
    station.add(ev.Noticed("hall-lost", "The hall does not answer; the exam goes on."))
    station.work(600, ["q5", "q6", "q7"], alone=True)
    station.add(ev.Noticed("hall-back", "The hall answers again."))
    station.acknowledged()
    station.picture(2)
    station.wait(40)
    station.restart()
    station.add(ev.Opened(2, ev.RESTART, False))
    station.wait(10)
    station.order(cmd.AddTime(120), "technical.station", "the program had to be started again")
    station.work(900, ["q8", "q1"])
    station.add(
        ev.Closed(ev.HANDED_IN),
        ev.Concluded(station.recorded, responses_digest(station.responses)),
    )
    station.acknowledged()


def _package(centre: Centre, directory: Path, now_s: int) -> tuple[Path, bytes]:
    packager = centre.body.signing_key(PACKAGER)
    path = directory / "exam.package"
    core = Core(
        suite=1,
        package_id=b"p" * 16,
        exam="Food safety inspector, level 1",
        form="A",
        version=1,
        window_from_s=now_s - 3600,
        window_to_s=now_s + 36_000,
        not_before_s=now_s - 3600,
        expires_s=now_s + 36_000,
        least_client=(0, 0, 0),
        least_trust=1,
        policy_hash=bytes(32),
    )
    blobs = [Blob(f"item/q{number}", "text/plain", b"?" * 5000) for number in range(3)]
    secret = seal_package(path, core, blobs[:1], blobs, [packager])
    with Package.open(path, centre.trust, now_s=None) as opened:
        package_hash = opened.package_hash
    station = centre.station.enrolment()
    grant = seal_grant(
        package_hash, centre.station.centre, SLOT, 1, b"r" * 16, now_s + 36_000, secret.key,
        b"R" * 32, [Recipient(station.key_id, station.sealing_public)], [packager],
        evidence=EVIDENCE.public,
    )  # fmt: skip
    (directory / "lisbon.grant").write_bytes(grant)
    return path, package_hash


def _received(centre: Centre, directory: Path, named: bytes, time_s: int) -> Iterator[Path]:
    """The receipt, the proof of its place in the log, and the log's checkpoint."""
    tree = Tree(leaf_hash(b"another %d" % number) for number in range(5))
    leaf = tree.append(leaf_hash(bundle_entry(named)))
    tree.append(leaf_hash(b"one more"))
    note = checkpoint_body(log_origin(centre.trust), len(tree), tree.root())
    checkpoint = sign_checkpoint(note, centre.body.signing_key(CHECKPOINT))
    receipt = sign_receipt(Receipt(named, time_s + 30, leaf), [centre.body.signing_key(INTAKE)])
    for name, data in (
        ("exam.receipt", receipt),
        ("exam.tlog-proof", write_proof(leaf, tree.inclusion(leaf), checkpoint).encode()),
        ("log.checkpoint", checkpoint.encode()),
    ):
        path = directory / name
        path.write_bytes(data)
        yield path
