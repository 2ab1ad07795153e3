"""A real hall in a process of its own, over real TLS, with real stations that call it."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from evidence_key import EVIDENCE

from exam_packages.attempt.commands import Command
from exam_packages.attempt.events import START, Beat, Commanded, Event, compartment, encode_event
from exam_packages.body import Body
from exam_packages.clock import SECOND, Stamp, SystemClock, stamp
from exam_packages.sealing.bundle import Manifest, sign_manifest
from exam_packages.sealing.grant import Recipient, seal_grant
from exam_packages.sealing.journal import (
    Context,
    JournalWriter,
    SealedBlob,
    first_context,
    next_context,
)
from exam_packages.sealing.package import Blob, Core, Package, seal_package
from exam_packages.sealing.release import new_code, read_code, release_secret
from exam_packages.sealing.restore_keys import RestoreKey, sign_restore_key
from exam_packages.sealing.suite import SealingPublic
from exam_packages.sealing.trust import PACKAGER
from exam_packages.sealing.trust_root import OPENING_ROLES
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_hall, new_station
from provisioning.station_home import StationHome
from sync.hall.cli import hall as hall_cli
from sync.hall.desk import Desk
from sync.hall.home import HallHome
from sync.link import Answer, HolderClient, Leave
from sync.messages import Seat, Status, Tick
from sync.outbox import Outbox

CLOCK = SystemClock()
SLOT = "2026-11-23/A"
PASSWORD = "correct horse battery"
_SERVE = "from sync.hall.cli import hall; hall()"


def status(**changes: Any) -> Status:
    fields: dict[str, Any] = {
        "phase": "vacant",
        "answered": 0,
        "items": 24,
        "left_ms": -1,
        "running": False,
        "camera": 0,
        "incidents": (),
        "disk_free_mb": 10_000,
        "wall_ns": CLOCK.wall_ns(),
        "calling": False,
        "reports": (),
        "watch": 0,
    }
    return Status(**{**fields, **changes})


@dataclass(frozen=True)
class Site:
    """A body with a sealed package, and where its machines are made."""

    body: Body
    digest: bytes
    directory: Path
    package: Path
    package_hash: bytes
    release_id: bytes
    codes: tuple[str, ...]
    grant: Path

    def station(self, name: str, centre: str = "C1") -> StationHome:
        home = self.directory / f"{centre}-{name}"
        if not home.exists():
            request = new_station(home, name, centre, "https://127.0.0.1:1", camera="none")
            answer = enrol(self.body, request, CLOCK)[1]
            install(StationHome.load(home), answer, CLOCK, pinned=self.digest)
        return StationHome.load(home)

    def another(self, exam: str, slot: str) -> Site:
        """Another exam of the same body; its machines are this site's."""
        where = self.directory / f"exam-{secrets.token_hex(4)}"
        where.mkdir()
        made = sealed_exam(where, self.body, exam, slot)
        return replace(made, directory=self.directory)

    def hall(
        self,
        name: str,
        candidates: int = 12,
        *,
        grant: Path | None = None,
        lines: Sequence[str] = (),
        more: str = "",
    ) -> HallHome:
        """An enrolled hall with a sitting open and an operator of each role.

        The roster holds *lines*, with *more* columns, or *candidates* made up.
        """
        home = self.directory / name
        request = new_hall(home, name, "C1", "127.0.0.1", "", station_port=0, console_port=0)
        install(HallHome.load(home), enrol(self.body, request, CLOCK)[1], CLOCK, pinned=self.digest)
        roster = home / "roster.csv"
        lines = lines or [
            f"c-{n},Candidate {n},code-{n:04},{10 if n == 2 else 0}" for n in range(candidates)
        ]
        roster.write_text("\n".join([f"candidate,name,code,extra_minutes{more}", *lines, ""]))
        password = home / "password"
        password.write_text(PASSWORD + "\n")
        run_cli(
            "sitting", home, "--package", self.package, "--grant", grant or self.grant,
            "--roster", roster, "--title", "Food safety, morning",
        )  # fmt: skip
        for role in ("chief", "invigilator", "observer"):
            run_cli("operator", home, role, "--role", role, "--password-file", password)
        return HallHome.load(home)


def run_cli(*arguments: object) -> str:
    """Run a command of ``exam-kiosk hall`` in this process; its output."""
    result = CliRunner().invoke(hall_cli, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@dataclass
class Hall:
    """A hall's process, and how to call it."""

    home: HallHome
    process: subprocess.Popen[str] | None = None
    ports: dict[str, int] = field(default_factory=dict)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, "serve", str(self.home.directory)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the hall did not start"
        self.ports = json.loads(line)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(15)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    @property
    def station_url(self) -> str:
        return f"https://127.0.0.1:{self.ports['stations']}"

    @property
    def console_url(self) -> str:
        return f"https://127.0.0.1:{self.ports['console']}"

    def release(self, site: Site) -> None:
        """Two people type their codes."""
        for name, code in zip(("invigilator", "chief"), site.codes, strict=True):
            with self.desk(name) as desk:
                desk.act("release", code=code, reason="routine.start")

    def desk(self, name: str = "chief") -> Desk:
        """An operator signed in; close it."""
        desk = Desk(self.home, self.ports["console"])
        desk.sign_in(name, PASSWORD)
        return desk


class Station:
    """A station as far as the hall can see it: its client, its journal, its outbox."""

    def __init__(self, home: StationHome, hall: Hall, directory: Path) -> None:
        self.home = home
        self.key = home.signing_key()
        self.directory = directory
        self.hall = hall
        self.client = self.connect()
        self.seat: Seat | None = None
        self.writer: JournalWriter | None = None
        self.authority = self.command = 0
        self.pictures: list[SealedBlob] = []
        self.signed = b""
        """The manifest, once handed in."""

    def connect(self) -> HolderClient:
        client = HolderClient(
            self.hall.station_url,
            self.home.client_tls(),
            enrolment=self.home.enrolment_bytes,
            centre=self.home.centre,
            trust=self.home.trust(),
        )
        self.welcome = client.greet(now_s=CLOCK.wall_ns() // SECOND)
        return client

    def announce(self) -> None:
        """Make this station's restore key for the sitting it holds, and say so."""
        held = self.client.restore_key
        assert held is not None
        public = self.home.restore_keys().of(held.sitting).public.raw
        word = sign_restore_key(RestoreKey(held.sitting, self.key.key_id, public), self.key)
        self.welcome = self.client.greet(now_s=CLOCK.wall_ns() // SECOND, restore_key=word)

    def reconnect(self) -> None:
        self.client.close()
        self.client = self.connect()

    def stamp(self) -> Stamp:
        return stamp(CLOCK)

    def begin(self, code: str) -> Station:
        """Sign in and open the first epoch."""
        self.seat = self.client.sign_in(code)
        self.outbox = Outbox(self.seat.blind_id)
        context = first_context(
            self.seat.blind_id, self.key.key_id, self.welcome.package_hash, CLOCK.boot()
        )
        leave = self.client.permit(context, START)
        self.open(context, leave.permit, leave.neighbour)
        return self

    def open(self, context: Context, permit: bytes, neighbour: SealingPublic | None = None) -> None:
        trust = self.home.trust()
        assert self.client.restore_key is not None
        self.writer = JournalWriter.begin(
            self.directory,
            context,
            permit,
            station=self.key,
            openings={role: trust.opening(role) for role in OPENING_ROLES},
            evidence=EVIDENCE.public,
            hall=[self.client.restore_key.sealing],
            neighbour=neighbour,
            stamp=self.stamp(),
        )
        self._flush()

    def restart(self, cause: int, boot: bytes | None = None) -> Leave:
        """Ask for a permit to go on, and open the epoch when it is given."""
        assert self.writer is not None
        self.writer.close()
        context = next_context(
            self.writer.synced_cursor,
            self.key.key_id,
            self.welcome.package_hash,
            boot or CLOCK.boot(),
        )
        leave = self.client.permit(context, cause)
        self.open(context, leave.permit, leave.neighbour)
        return leave

    def add(self, *events: Event) -> None:
        """Journal events, durably; nothing is sent yet."""
        assert self.writer is not None
        for event in events or (Beat(),):
            self.writer.append(self.stamp(), encode_event(event), compartment(event))
        self.writer.commit()
        self._flush()

    def _flush(self) -> None:
        assert self.writer is not None
        while frames := self.writer.frames(self.outbox.sequence):
            self.outbox.put(self.writer.epoch, frames)

    def tick(self, *, obey: bool = True, **said: Any) -> Answer:
        """One tick with what the hall lacks; its orders are journaled when *obey*."""
        if self.seat is None:
            return self.client.tick(Tick(b"", 0, 0, b"", (), 0, 0, status(**said)))
        batch = self.outbox.batch()
        answer = self.client.tick(
            Tick(
                self.seat.blind_id,
                batch.epoch,
                batch.sequence,
                batch.head,
                batch.frames,
                self.authority,
                self.command,
                status(**{"phase": "waiting", **said}),
            )
        )
        if answer.acknowledgement is not None:
            self.outbox.acknowledge(answer.acknowledgement)
        if answer.need_after >= 0:
            self.outbox.send_again(answer.need_after)
        for command, data in answer.commands if obey else ():
            self.obey(command, data)
        return answer

    def obey(self, command: Command, data: bytes) -> None:
        if (command.authority, command.number) > (self.authority, self.command):
            self.add(Commanded(data))
            self.authority, self.command = command.authority, command.number

    def manifest(self, **changes: Any) -> bytes:
        assert self.writer is not None and self.seat is not None
        at = self.writer.synced_cursor
        fields: dict[str, Any] = {
            "sitting": SLOT,
            "centre": self.home.centre,
            "station": self.key.key_id,
            "blind_id": self.seat.blind_id,
            "package_hash": self.welcome.package_hash,
            "head": at.head,
            "epoch": at.epoch,
            "count": at.sequence,
            "evidence": (),
            "equipment": b"",
            "finished_s": CLOCK.wall_ns() // SECOND,
        }
        return sign_manifest(Manifest(**{**fields, **changes}), self.key)

    def close(self) -> None:
        self.client.close()
        if self.writer is not None:
            self.writer.close()


def found_site(directory: Path) -> Site:
    """Found a body in *directory*, with a sealed package and a grant for the station s1."""
    found_body(directory / "body", "Board of Examiners", CLOCK)
    return sealed_exam(directory, Body(directory / "body"), "Food safety", SLOT)


def sealed_exam(directory: Path, body: Body, exam: str, slot: str) -> Site:
    """A sealed package and a grant for the station s1, in *directory*."""
    trust = body.trust()
    now_s = CLOCK.wall_ns() // SECOND
    core = Core(
        suite=1, package_id=secrets.token_bytes(16), exam=exam, form="f1", version=1,
        window_from_s=now_s - 60, window_to_s=now_s + 80_000, not_before_s=now_s - 60,
        expires_s=now_s + 86_000, least_client=(0, 1, 0), least_trust=1, policy_hash=bytes(32),
    )  # fmt: skip
    blobs = [Blob("paper", "application/octet-stream", b"sealed")]
    path = directory / "exam.package"
    paper = seal_package(path, core, blobs, blobs, [body.signing_key(PACKAGER)])
    with Package.open(path, trust, now_s=None) as package:
        package_hash = package.package_hash
    release_id = secrets.token_bytes(16)
    codes = (new_code(package_hash, slot, 1), new_code(package_hash, slot, 2))
    read = [read_code(code, package_hash, slot, place) for place, code in enumerate(codes, 1)]
    secret = release_secret(read, package_hash, slot, release_id)
    site = Site(
        body, trust.digest, directory, path, package_hash, release_id, codes, directory / "c1.grant"
    )
    station = site.station("s1").enrolment()
    recipients = [Recipient(station.key_id, station.sealing_public)]
    site.grant.write_bytes(
        seal_grant(
            package_hash, "C1", slot, 1, release_id, now_s + 86_000, paper.key, secret,
            recipients, [body.signing_key(PACKAGER)], evidence=EVIDENCE.public, codes=2,
        )
    )  # fmt: skip
    return site
