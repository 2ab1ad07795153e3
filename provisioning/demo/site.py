"""Making the throwaway site: the commands that an administrator would type, in order."""

from __future__ import annotations

import csv
import io
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Final

from exam_packages.body import Body
from exam_packages.content.paper import Paper
from exam_packages.content.reading import read_paper
from exam_packages.files import make_directory, write_durably
from exam_packages.passphrases import Passphrases
from exam_packages.samples import FOOD_SAFETY
from provisioning.demo.processes import Children, command, free_ports, listens
from provisioning.demo.stages import DemoError, Stages, some

BODY_NAME: Final = "Demonstration Board of Examiners"
CENTRE: Final = "Riverside Centre"
OPERATOR: Final = "chief"
SECOND: Final = "second"
"""The chief, and the invigilator who is the second person where it takes two."""
_MARKER: Final = ".exam-kiosk-demo"
_NAMES: Final = (
    "Ada Marlowe",
    "Bruno Castell",
    "Chidi Okafor",
    "Dana Lindqvist",
    "Elif Aydın",
    "Farid Nassar",
    "Greta Holm",
    "Hugo Pereira",
    "Ines Kovač",
    "Jun Watanabe",
    "Kofi Mensah",
    "Lena Vogel",
)
_ALPHABET: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


@dataclass(frozen=True)
class Candidate:
    """A roster line, and the station its candidate sits at."""

    number: str
    name: str
    code: str
    station: str


@dataclass
class Site:
    """Where everything of the demo lies, and what its processes are called."""

    directory: Path
    candidates: tuple[Candidate, ...]
    camera: str
    intake_port: int = 0
    station_port: int = 0
    console_port: int = 0
    form: str = ""
    trust: str = ""
    standby: bool = False
    """Whether a second hall stands by, and a chief has a key to move command to it."""
    standby_port: int = 0
    standby_console_port: int = 0
    neighbours: bool = False
    """Whether stations keep each other's records, each at a port of its own."""
    two_people: bool = False
    """Whether it takes two codes to release, and a second operator is there to type one."""
    slot: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d}/A")

    @cached_property
    def body(self) -> Body:
        """The body; its keys are opened by the passphrase in its file."""
        return Body(self.directory / "body", Passphrases([self.passphrase]))

    @property
    def passphrase(self) -> Path:
        return self.directory / "body.passphrase"

    def with_keys(self, *arguments: str | Path) -> str:
        """Run a command that needs keys of the body; its output."""
        return command(*arguments, "--passphrase-file", self.passphrase)

    @property
    def intake(self) -> Path:
        return self.directory / "intake"

    @property
    def hall(self) -> Path:
        return self.directory / "hall"

    @property
    def second_hall(self) -> Path:
        return self.directory / "standby"

    @property
    def chief_key(self) -> Path:
        return self.directory / "chief.key"

    @property
    def chief_record(self) -> Path:
        return self.directory / "chief.record"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def package(self) -> Path:
        return self.body.packages / f"{self.form}.package"

    @property
    def grant(self) -> Path:
        return self.body.grants / f"{self.form}.grant"

    @property
    def codes(self) -> Path:
        return self.body.codes / f"{self.form}.codes"

    @property
    def second_codes(self) -> Path:
        """Where the second of two codes lies."""
        return self.body.codes / f"{self.form}.second.codes"

    @property
    def password(self) -> Path:
        return self.directory / "operator.password"

    @property
    def second_password(self) -> Path:
        return self.directory / "second.password"

    def station(self, name: str) -> Path:
        return self.directory / "stations" / name

    def paper(self) -> Paper:
        """The paper of the form that was drawn."""
        return read_paper((self.body.form_directory(self.form) / "paper" / "paper").read_bytes())

    def act(self, *arguments: str | Path) -> str:
        """Something the chief invigilator does at the console."""
        return command(
            *("hall", "act", "--operator", OPERATOR, "--password-file", self.password),
            *(self.hall, *arguments),
        )


def plan_site(directory: Path, count: int, camera: str) -> Site:
    """An empty directory, and a roster of *count* made-up candidates.

    A site of an earlier demo there is removed; anything else is left alone. Raises
    :class:`DemoError`.
    """
    if directory.exists():
        if not (directory / _MARKER).exists() and any(directory.iterdir()):
            raise DemoError(
                "{directory} exists and is no site of an earlier demo; name another directory "
                "with --dir.",
                directory=str(directory),
            )
        shutil.rmtree(directory)
    make_directory(directory, mode=0o700)
    (directory / _MARKER).touch()
    write_durably(directory / "body.passphrase", secrets.token_urlsafe(24).encode(), mode=0o600)
    candidates = tuple(
        Candidate(
            number=f"C-{at:04}",
            name=_NAMES[(at - 1) % len(_NAMES)] + (f" {at}" if at > len(_NAMES) else ""),
            code=_code(),
            station=f"station-{at:02}",
        )
        for at in range(1, count + 1)
    )
    return Site(directory.resolve(), candidates, camera)


def build(site: Site, stages: Stages) -> None:
    """Found the body, make and enrol the machines, draw, seal, grant and load the exam."""
    ports = free_ports(5)
    site.intake_port, site.station_port, site.console_port = ports[:3]
    site.standby_port, site.standby_console_port = ports[3:]
    intake = f"127.0.0.1:{site.intake_port}"
    make_directory(site.logs)
    with stages.stage("A certification body is founded") as stage:
        said = site.with_keys("body", "init", site.body.directory, "--name", BODY_NAME)
        site.trust = said.split()[-1]
        stage.figure = f"root of trust {site.trust[:16]}…"
    with stages.stage("A hall and its stations are enrolled") as stage:
        _enrol(site, intake)
        halls = "2 halls" if site.standby else "1 hall"
        stage.figure = f"{halls}, {some(len(site.candidates), 'station')}"
    for part in (site.body.packages, site.body.grants, site.body.codes):
        make_directory(part, mode=0o700)
    with stages.stage("The sample exam is imported and its form drawn") as stage:
        said = command("package", "import", FOOD_SAFETY, "--body", site.body.directory)
        site.form = said.split()[-1]
        stage.figure = f"{len(site.paper().references())} items, {site.form}"
    with stages.stage("A practice exam is opened with every opening key") as stage:
        said = site.with_keys("body", "rehearse", site.body.directory)
        stage.figure = some(said.count("opened by"), "key")
    with stages.stage("The form is sealed and granted to the centre") as stage:
        _seal(site)
        stage.figure = f"{site.package.stat().st_size:,} bytes"
    with stages.stage("Each station checks and keeps its package"):
        for candidate in site.candidates:
            command("station", "load", site.station(candidate.station), site.package, site.grant)
    with stages.stage("The body's intake is made"):
        site.with_keys(
            *("intake", "init", site.intake, "--body", site.body.directory),
            *("--address", intake),
        )
    with stages.stage("The hall opens its sitting with the roster") as stage:
        _open_sitting(site)
        stage.figure = f"{some(len(site.candidates), 'candidate')} expected"


def start_servers(site: Site, children: Children, stages: Stages) -> None:
    """Start intake and hall; return when both answer."""
    with stages.stage("Intake and hall are running on the loopback") as stage:
        intake = children.add("intake", "intake", "serve", site.intake)
        hall = children.add("hall", "hall", "serve", site.hall)
        intake.ready(lambda: listens(site.intake_port))
        hall.ready(lambda: listens(site.station_port) and listens(site.console_port))
        stage.figure = f"ports {site.intake_port}, {site.station_port}, {site.console_port}"
    if site.standby:
        with stages.stage("A second hall stands by, and follows the first"):
            second = children.add("standby", "hall", "serve", site.second_hall)
            second.ready(lambda: listens(site.standby_port) and listens(site.standby_console_port))


def take_command(site: Site) -> str:
    """The chief gives command to the second hall with their key; what the command said."""
    return site.with_keys(
        *("hall", "command", site.second_hall, "--key", site.chief_key),
        *("--chief", site.chief_record, "--reason", "technical.hall"),
    )


def _enrol(site: Site, intake: str) -> None:
    hall_url = f"https://127.0.0.1:{site.station_port}"
    standby_url = f"https://127.0.0.1:{site.standby_port}"
    command(
        *("hall", "init", site.hall, "--id", "hall", "--centre", CENTRE, "--address", "127.0.0.1"),
        *("--intake-url", f"https://{intake}", "--station-port", str(site.station_port)),
        *("--console-port", str(site.console_port)),
        *(("--other", standby_url) if site.standby else ()),
    )
    homes = [("hall", site.hall)]
    if site.standby:
        _standby(site, intake, hall_url)
        homes.append(("hall", site.second_hall))
    ports = free_ports(len(site.candidates) if site.neighbours else 0)
    for candidate, port in zip_longest(site.candidates, ports):
        home = site.station(candidate.station)
        command(
            *("station", "init", home, "--id", candidate.station, "--centre", CENTRE),
            *("--hall-url", hall_url, "--camera", site.camera),
            *(("--standby-url", standby_url) if site.standby else ()),
            *(("--neighbour-port", str(port)) if port else ()),
        )
        homes.append(("station", home))
    answers = site.directory / "answers-to-requests"
    for word, home in homes:
        said = site.with_keys(
            "body", "enrol", site.body.directory, home / "request.enrolment", "--out", answers
        )
        answer = said.strip().rpartition(": ")[2]
        command(word, "install", home, answer, "--trust", site.trust)


def _standby(site: Site, intake: str, hall_url: str) -> None:
    """A second hall, and the chief whom the body names."""
    command(
        *("hall", "init", site.second_hall, "--id", "standby", "--centre", CENTRE),
        *("--address", "127.0.0.1", "--intake-url", f"https://{intake}"),
        *("--station-port", str(site.standby_port)),
        *("--console-port", str(site.standby_console_port)),
        *("--other", hall_url, "--standby"),
    )
    request = site.directory / "chief.request"
    site.with_keys(
        *("body", "chief-key", site.chief_key, "--name", "The chief", "--centre", CENTRE),
        *("--out", request),
    )
    site.with_keys(
        *("body", "chief", site.body.directory, request, "--out", site.chief_record),
    )


def _seal(site: Site) -> None:
    now = datetime.now(UTC)
    site.with_keys(
        *("package", "seal", site.form, "--body", site.body.directory, "--out", site.package),
        *("--from", (now - timedelta(hours=1)).isoformat(timespec="seconds")),
        *("--to", (now + timedelta(hours=12)).isoformat(timespec="seconds")),
    )
    site.with_keys(
        *("package", "grant", site.package, "--body", site.body.directory, "--centre", CENTRE),
        *("--slot", site.slot, "--out", site.grant, "--codes-file", site.codes),
        *(("--codes", "2", "--codes-file", site.second_codes) if site.two_people else ()),
    )


def _open_sitting(site: Site) -> None:
    roster = io.StringIO(newline="")
    writer = csv.writer(roster)
    writer.writerow(("candidate", "name", "code", "extra_minutes"))
    for candidate in site.candidates:
        writer.writerow((candidate.number, candidate.name, candidate.code, 0))
    path = site.directory / "roster.csv"
    write_durably(path, roster.getvalue().encode(), mode=0o600)
    write_durably(site.password, secrets.token_urlsafe(18).encode(), mode=0o600)
    command(
        *("hall", "sitting", site.hall, "--package", site.package, "--grant", site.grant),
        *("--roster", path, "--title", site.paper().title),
    )
    command(
        *("hall", "operator", site.hall, OPERATOR, "--role", "chief"),
        *("--password-file", site.password),
    )
    if site.two_people:
        write_durably(site.second_password, secrets.token_urlsafe(18).encode(), mode=0o600)
        command(
            *("hall", "operator", site.hall, SECOND, "--role", "invigilator"),
            *("--password-file", site.second_password),
        )


def _code() -> str:
    """A sign-in code: eight characters, easy to read aloud."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))
