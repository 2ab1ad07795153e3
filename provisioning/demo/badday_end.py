"""How the bad day ends: every line, every answer, every second, and the signed report."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exam_packages.attempt.events import GivenBack
from exam_packages.attempt.ledger import Kind
from exam_packages.clock import SECOND
from provisioning.demo import checks, homeward
from provisioning.demo.auto import Seat
from provisioning.demo.officers import Officer
from provisioning.demo.processes import Child, command, listens, wait_until
from provisioning.demo.script import Turn
from provisioning.demo.site import OPERATOR, Site
from provisioning.demo.stages import DemoError, Stages, some

Step = Callable[[str, str], AbstractContextManager[None]]
_BODY_PATIENCE_S = 150
"""The hall tries the body again after pauses that grow to two minutes."""

_NUMBERS = {
    ("handed-in", "score"): (1, 1),
    ("suspected", "hold"): (9, 2),
    ("ill", "resit"): (6, 4),
    ("absent", "void"): (3, 3),
}
"""Outcomes and verdicts as the signed record numbers them (docs/formats-journal.md)."""


@dataclass
class Ending:
    """From the last hand-in on; ``added_s`` is what each seat's candidate was given, ``rescued``
    at which seat and to which question an answer lay at a neighbour alone."""

    site: Site
    stages: Stages
    chief: Officer
    second: Officer
    seats: list[Seat]
    added_s: list[int]
    rescued: tuple[Seat, Turn] | None

    def run(self, intake: Child, step: Step) -> None:
        """Run it. Raises :class:`DemoError` where something is missing."""
        with step(
            "The end of the sitting: how each line ended",
            "No sitting is closed while a line is open; most lines close by themselves.",
        ):
            self._close()
        with step(
            "The internet is back",
            "What is handed in travels to the body by itself, and receipts come back.",
        ):
            self._arrive(intake)
        with step(
            "Every answer is counted, every second explained",
            "What was typed against what is scored; and what `exam-kiosk verify` says of the time.",
        ):
            self._prove()
        with step("The report of the sitting", "Two people put their names to it."):
            self._report()
        homeward.say_where(self.site, self.stages)

    @property
    def _expected(self) -> dict[str, tuple[str, str]]:
        first, second, suspect, ill, absent = self.site.candidates
        return {
            first.number: ("handed-in", "score"),
            second.number: ("handed-in", "score"),
            suspect.number: ("suspected", "hold"),
            ill.number: ("ill", "resit"),
            absent.number: ("absent", "void"),
        }

    def _close(self) -> None:
        stages = self.stages
        with stages.stage("Closing is refused while a line is open"):
            self.chief.refused("close", "routine.end", "How it ended is not said", all="1")
        with stages.stage("Who did not come is absent"):
            self.second.act("absent", "routine.end")
        with stages.stage("Every line has its outcome") as stage:
            check_lines(self.chief, self._expected)
            stage.figure = ", ".join(outcome for outcome, _ in self._expected.values())
        with stages.stage("The chief closes the sitting"):
            self.chief.act("close", "routine.end", all="1")

    def _arrive(self, intake: Child) -> None:
        site, stages, seats = self.site, self.stages, self.seats
        with stages.stage("The bundles arrive at the body, from the standby") as stage:
            if homeward.taken_in(site):
                raise DemoError("The intake has exams from before the internet came back.")
            intake.start()
            intake.ready(lambda: listens(site.intake_port))
            wait_until(
                lambda: homeward.taken_in(site) >= len(seats),
                "bundles are missing",
                _BODY_PATIENCE_S,
            )
            stage.figure = f"{homeward.taken_in(site)} of {len(seats)}"
        with stages.stage("Every screen shows that the body has it"):
            for seat in seats:
                seat.sitter.wait_received()
        with stages.stage("The log is signed with the checkpoint key") as stage:
            stage.figure = homeward.sign_log(site)
        with stages.stage("Receipts fit the codes, and are in the log") as stage:
            for seat in seats:
                homeward.verify_receipt(site, seat.code)
            stage.figure = some(len(seats), "receipt")

    def _prove(self) -> None:
        site, stages, seats = self.site, self.stages, self.seats
        typed = [_typed(seat) for seat in seats]
        with stages.stage("The scoring desk scores them blind"):
            homeward.score(site)
        with stages.stage("Every answer scored is the one that was typed") as stage:
            results, whole = homeward.results(site), seats[0].sitter.turns
            stage.figure = ", ".join(checks.check_scores(site, results, typed, whole))
        with stages.stage("Every journal holds every answer, and no other") as stage:
            opened = checks.open_attempts(site, homeward.answers(site))
            attempts = [opened[checks.station_key(site, seat.station)] for seat in seats]
            found = [
                checks.check_answers(attempt, turns)
                for attempt, turns in zip(attempts, typed, strict=True)
            ]
            stage.figure = f"{sum(found)} answers typed, {sum(found)} counted, none missing"
        if self.rescued is not None:
            seat, turn = self.rescued
            with stages.stage("What only a neighbour had is among them") as stage:
                responses = attempts[seats.index(seat)].responses
                if responses.get(turn.item.identifier) != turn.responses:
                    raise DemoError("What only a neighbour had is missing.")
                stage.figure = f"{seat.candidate.name}, question {turn.number}"
        with stages.stage("Every second is in the ledger, and screens were right") as stage:
            outages = []
            for seat, attempt, added_s in zip(seats, attempts, self.added_s, strict=True):
                limit_s = site.paper().time_limit_s + added_s + _since_alarm_s(attempt)
                checks.check_time(attempt, limit_s, seat.left_s, seat.left_ago_s)
                ledger = attempt.ledger
                outages.append(ledger.total_ns(Kind.OUTAGE) // SECOND)
                if not outages[-1] or not ledger.total_ns(Kind.PAUSED):
                    raise DemoError(
                        "The ledger of {name} knows of no power cut, or of no evacuation.",
                        name=seat.candidate.name,
                    )
            stage.figure = f"outages of {min(outages)} to {max(outages)} s given back"
        with stages.stage("Anyone's `verify` proves each exam") as stage:
            said = [_verified(site, attempt.path) for attempt in attempts]
            stage.figure = f"{len(said)} proven"
        for seat, words in zip(seats, said, strict=True):
            stages.show(f"  {seat.candidate.name} ({seat.candidate.number}), in verify's words:")
            stages.show(_time_of(words))

    def _report(self) -> None:
        site, stages = self.site, self.stages
        with stages.stage("Two people sign the report, one of them the chief"):
            self.second.act("sign-report", "routine.end", sitting=self._sitting())
            self.chief.act("sign-report", "routine.end", sitting=self._sitting())
        with stages.stage("The report and the papers are made") as stage:
            stage.figure = make_papers(site, site.second_hall, "papers")
        where = site.directory / "papers"
        with stages.stage("It says how every line ended, and who signed") as stage:
            stage.figure = _check_report(where, self._expected)
        with stages.stage("Its signature is proven by `verify`"):
            command(
                *("verify", where / "sitting.record", where / "hall.enrolment"),
                *("--trust", site.body.root_path),
            )
        stages.note(f"{where / 'report.pdf'}   the report of the sitting")
        stages.note(f"{where / 'report.html'}   the same as a page")

    def _sitting(self) -> str:
        return str(self.chief.look("/papers")[0]["sitting"])


def red_points(officer: Officer) -> list[str]:
    """The points of the readiness sheet that are red."""
    (sheet,) = officer.look("/readiness")
    return [point["name"] for point in sheet["points"] if point["state"] == "red"]


def make_papers(site: Site, hall: Path, directory: str) -> str:
    """Make every paper and the report by the command; what it says."""
    said = command(
        *("hall", "act", "--operator", OPERATOR, "--password-file", site.password, hall),
        *("papers", "--out", site.directory / directory),
    )
    return said.partition(" written")[0].strip()


def line_of(officer: Officer, candidate: str) -> dict[str, Any]:
    """One line of the roster, as the page *Outcomes* has it."""
    (sitting,) = officer.look("/outcomes")
    found: dict[str, Any] = next(
        each for each in sitting["lines"] if each["candidate"] == candidate
    )
    return found


def check_lines(officer: Officer, expected: dict[str, tuple[str, str]]) -> None:
    """Each of these lines ended with this outcome and verdict. Raises :class:`DemoError`."""
    for candidate, wanted in expected.items():
        line = line_of(officer, candidate)
        if (line["outcome"], line["verdict"]) != wanted:
            raise DemoError(
                "The line of {candidate} ended as {found}, not as {wanted}.",
                candidate=candidate,
                found=f"{line['outcome'] or 'open'} ({line['verdict']})",
                wanted=f"{wanted[0]} ({wanted[1]})",
            )


def _typed(seat: Seat) -> tuple[Turn, ...]:
    """What this candidate answered before the exam was handed in."""
    return seat.sitter.turns[: seat.sitter.answered]


def _since_alarm_s(attempt: checks.OpenedAttempt) -> int:
    """What ran between the alarm and the order to leave, which the station gave back."""
    events = [entry.event for entry in attempt.entries]
    return sum(event.seconds for event in events if isinstance(event, GivenBack))


def _verified(site: Site, path: Path) -> str:
    """The report of `exam-kiosk verify` about an exam, with the integrity key."""
    return site.with_keys(
        *("verify", path, "--trust", site.body.root_path),
        *("--integrity-key", site.body.directory / "keys" / "integrity.key"),
    )


def _time_of(words: str) -> str:
    """From a report of `verify`: the time, every interval, incidents and commands."""
    lines = words.splitlines()
    first = lines.index("  Time")
    rest = lines[first:]
    last = next(at for at, line in enumerate(rest) if line.startswith("──"))
    return "\n".join(f"  {line}" for line in rest[:last])


def _check_report(where: Path, expected: dict[str, tuple[str, str]]) -> str:
    """The report's data agrees with what the script did; who signed it."""
    report = json.loads((where / "report.json").read_text(encoding="utf-8"))
    lines = {line["candidate"]: line for line in report["lines"]}
    said = {number: (line["outcome"], line["verdict"]) for number, line in lines.items()}
    if said != {number: _NUMBERS[ended] for number, ended in expected.items()}:
        raise DemoError("The report says of the lines: {lines}", lines=str(said))
    signers = [(each["name"], each["role"]) for each in report["signers"]]
    if len(signers) != 2 or "chief" not in {role for _, role in signers}:
        raise DemoError("The report is signed by {signers}.", signers=str(signers))
    if [waiver["point"] for waiver in report["waivers"]] != ["spare"]:
        raise DemoError("The report does not list what was waived.")
    for name in ("report.pdf", "report.html"):
        if not (where / name).stat().st_size:
            raise DemoError("{name} is empty.", name=name)
    return " and ".join(name for name, _ in signers)
