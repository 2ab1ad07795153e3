"""Finished exams on to the real intake: answers first, pictures after, receipts back."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner

from exam_packages.attempt.commands import Admit, Correct
from exam_packages.attempt.events import REOPEN, Beat, SnapshotTaken
from exam_packages.body import Body
from exam_packages.clock import SECOND
from exam_packages.sealing.bundle import Evidence, manifest_hash, parse_manifest
from exam_packages.sealing.correction import (
    Correction,
    believed_correction,
    sign_correction,
)
from exam_packages.sealing.journal import next_context
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.restore_keys import Erasure, read_erasure, sign_erasure
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import PACKAGER, TrustStore
from provisioning import succession
from provisioning.authority import found_body
from provisioning.registrar_cli import outcomes as outcomes_cli
from provisioning.reports_cli import reports as reports_cli
from sync.hall.desk import DeskError
from sync.intake.cli import intake as intake_cli
from sync.intake.client import IntakeClient, IntakeRefused
from sync.intake.home import IntakeHome
from sync.link import HolderClient, HolderRefused
from sync.messages import TakeUp

from .conftest import CLOCK, Hall, Site, Station, found_site

_SERVE = "from sync.intake.cli import intake; intake()"


class Intake:
    """The body's intake, started and ended at will on one port."""

    def __init__(self, home: IntakeHome) -> None:
        self.home = home
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-c", _SERVE, "serve", str(self.home.directory),
                "--address", f"127.0.0.1:{self.port}",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        match = re.search(r"https://127\.0\.0\.1:(\d+)", line)
        assert match, line
        self.port = int(match[1])

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(15)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None


@pytest.fixture(scope="module")
def intake(site: Site) -> Iterator[Intake]:
    home = IntakeHome.create(site.directory / "intake", site.body, "127.0.0.1", 0, ["127.0.0.1"])
    running = Intake(home)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def hall(site: Site, intake: Intake) -> Iterator[Hall]:
    home = site.hall("hall-relay")
    settings = home.settings_path
    url = f'intake_url = "https://127.0.0.1:{intake.port}"'
    settings.write_text(re.sub(r'intake_url = ".*"', url, settings.read_text()))
    running = Hall(type(home).load(home.directory))
    running.start()
    yield running
    running.stop()


def said(command: click.Command, *arguments: object) -> str:
    result = CliRunner().invoke(command, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output or result.exception
    return result.output


def eventually(true: Callable[[], Any], within_s: float = 30) -> Any:
    """Poll until *true* gives something, or fail."""
    deadline = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def finish(site: Site, hall: Hall, directory: Path, code: str, pictures: int = 0) -> Station:
    """Sit and hand in, the pictures not sent yet; they wait in ``seat.pictures``."""
    seat = Station(site.station("s1"), hall, directory).begin(code)
    assert seat.writer is not None
    seat.pictures = [
        seat.writer.seal_snapshot(number, bytes(5000)) for number in range(1, pictures + 1)
    ]
    for number, blob in enumerate(seat.pictures, 1):
        seat.add(SnapshotTaken(number, blob.digest, len(blob.data), 1))
    seat.add(Beat())
    while not seat.outbox.complete:
        seat.tick(phase="closed")
    evidence = tuple(Evidence(blob.digest, len(blob.data)) for blob in seat.pictures)
    seat.signed = seat.manifest(evidence=evidence)
    seat.client.hand_in(seat.signed)
    return seat


def row(hall: Hall, candidate: str) -> dict[str, Any]:
    with hall.desk("observer") as desk:
        (found,) = [row for row in desk.board()["rows"] if row["candidate"] == candidate]
    return found


def test_the_receipt_comes_back_to_the_station(site: Site, hall: Hall, tmp_path: Path) -> None:
    seat = finish(site, hall, tmp_path / "j", "code-0000")
    receipt = eventually(lambda: seat.tick(phase="closed").receipt)
    taken = read_receipt(receipt, seat.home.trust())
    assert taken.bundle_hash == manifest_hash(seat.signed)
    assert row(hall, "c-0")["body"]
    seat.close()


def test_answers_go_without_waiting_for_pictures_and_pictures_follow(
    site: Site, hall: Hall, intake: Intake, tmp_path: Path
) -> None:
    seat = finish(site, hall, tmp_path / "j", "code-0001", pictures=3)
    eventually(lambda: seat.tick(phase="closed").receipt)
    assert seat.seat is not None
    for blob in seat.pictures:
        seat.client.evidence(seat.seat.blind_id, blob.digest, blob.data)
    names = [picture.digest.hex() for picture in parse_manifest(seat.signed)[1].evidence]

    def arrived() -> bool:
        there = {path.name for path in (intake.home.directory / "evidence").rglob("*")}
        return all(name in there for name in names)

    eventually(arrived)
    seat.close()


def test_without_intake_bundles_wait_and_go_when_it_is_back(
    site: Site, hall: Hall, intake: Intake, tmp_path: Path
) -> None:
    intake.stop()
    seat = finish(site, hall, tmp_path / "j", "code-0002")
    found = eventually(lambda: row(hall, "c-2")["incidents"] and row(hall, "c-2"))
    assert "cannot be reached" in found["incidents"][0]
    assert not found["body"]
    assert found["concern"] == "done"  # safe here; nobody need run
    intake.start()
    receipt = eventually(lambda: seat.tick(phase="closed").receipt, within_s=60)
    assert read_receipt(receipt, seat.home.trust())
    assert row(hall, "c-2")["incidents"] == []
    seat.close()


def test_a_killed_hall_hands_over_what_waited(site: Site, hall: Hall, tmp_path: Path) -> None:
    seat = finish(site, hall, tmp_path / "j", "code-0003")
    hall.kill()
    hall.start()
    seat.reconnect()
    assert eventually(lambda: seat.tick(phase="closed").receipt)
    seat.close()


def both(hall: Hall, act: str, **fields: str) -> None:
    """An act of two people."""
    for name in ("chief", "invigilator"):
        with hall.desk(name) as desk:
            desk.act(act, reason="technical.station", **fields)


def test_a_reopened_hand_in_is_relayed_twice_and_the_statements_of_erasure_follow(
    site: Site, hall: Hall, intake: Intake, tmp_path: Path
) -> None:
    seat = finish(site, hall, tmp_path / "j", "code-0004")
    assert seat.seat is not None
    first = eventually(lambda: seat.tick(phase="closed").receipt)
    both(hall, "reopen", candidate="c-4")
    assert TakeUp(seat.seat.blind_id, REOPEN) in seat.tick().take_up
    with pytest.raises(HolderRefused, match="goes on before it is handed in again"):
        seat.client.hand_in(seat.manifest())
    assert seat.restart(REOPEN).halves
    seat.add(Beat())
    while not seat.outbox.complete:
        seat.tick()
    assert seat.tick().take_up == ()
    seat.signed = seat.manifest()
    seat.client.hand_in(seat.signed)
    second = eventually(lambda: seat.tick(phase="closed").receipt)
    trust = seat.home.trust()
    hashes = [read_receipt(each, trust).bundle_hash for each in (first, second)]
    assert hashes[1] == manifest_hash(seat.signed) != hashes[0]

    with hall.desk() as desk:
        desk.act("absent", reason="routine.end")
        desk.act("close", all="1", reason="routine.end", comment="all in")
    seat.reconnect()
    (order,) = seat.client.closed
    assert (order.operator, order.reason) == ("chief", "routine.end: all in")
    key = seat.key
    statement = Erasure(
        order.sitting, order.package_hash, order.slot, key.key_id, "chief", "", (), 1, order.time_s
    )
    seat.client.erased(sign_erasure(statement, key))
    seat.reconnect()
    assert seat.client.closed == ()

    def kept() -> list[tuple[bytes, bytes]]:
        with contextlib.closing(sqlite3.connect(intake.home.directory / "intake.sqlite")) as db:
            rows = db.execute("SELECT statement, machine FROM erasure").fetchall()
        return rows if len(rows) == 2 else []

    by = {machine: data for data, machine in eventually(kept)}
    own = hall.home.enrolment()
    assert read_erasure(by[own.key_id], own.verify_key) == order
    assert read_erasure(by[key.key_id], key.public) == statement
    context = next_context(seat.writer.synced_cursor, key.key_id, site.package_hash, CLOCK.boot())
    with pytest.raises(HolderRefused, match="has closed this sitting"):
        seat.client.permit(context, REOPEN)
    seat.close()


# --- Roots of trust that the intake has -------------------------------------------


def own_hall(own: Site, port: int) -> Hall:
    """A hall of *own*, with a sitting open, that hands over to the intake at *port*."""
    home = own.hall("hall")
    settings = home.settings_path
    url = f'intake_url = "https://127.0.0.1:{port}"'
    settings.write_text(re.sub(r'intake_url = ".*"', url, settings.read_text()))
    return Hall(type(home).load(home.directory))


def alarms(hall: Hall) -> str:
    with hall.desk() as desk:
        return " ".join(desk.board()["alarms"])


@pytest.fixture
def online(tmp_path: Path) -> Iterator[tuple[Site, IntakeHome, Hall]]:
    """A site of its own, its running intake, and a hall that is not started yet."""
    own = found_site(tmp_path)
    home = IntakeHome.create(own.directory / "intake", own.body, "127.0.0.1", 0, ["127.0.0.1"])
    intake = Intake(home)
    intake.start()
    hall = own_hall(own, intake.port)
    yield own, home, hall
    hall.stop()
    intake.stop()


def test_the_hall_learns_new_roots_from_the_intake(
    online: tuple[Site, IntakeHome, Hall],
) -> None:
    own, intake, hall = online
    station = own.station("s2")
    succession.revoke(own.body, CLOCK, [station.enrolment_bytes])
    succession.rotate(own.body, CLOCK, replace=["root-1", "root-2"])
    for version in (2, 3):
        data = own.body.root_version_path(version).read_bytes()
        TrustStore(intake.trust_directory).install(data)
    hall.start()
    eventually(lambda: hall.home.trust().root.version == 3)
    client = HolderClient(
        hall.station_url,
        station.client_tls(),
        enrolment=station.enrolment_bytes,
        centre=station.centre,
        trust=station.trust(),
    )
    with pytest.raises(HolderRefused, match="has been revoked"):
        client.greet(now_s=CLOCK.wall_ns() // SECOND)
    client.close()
    assert TrustStore(hall.home.trust_directory).after(1)  # to hand on


def test_the_record_of_a_sitting_reaches_the_body_and_the_registrar_alone_reads_it(
    online: tuple[Site, IntakeHome, Hall], tmp_path: Path
) -> None:
    own, intake, hall = online
    hall.start()
    with hall.desk() as desk:
        desk.act("absent", reason="routine.end")
        desk.act("close", all="1", reason="routine.end", comment="nobody came")
        desk.act("sign-report", sitting="1")

    def arrived() -> int:
        with intake.storage() as storage:
            return len(storage.records()) == 2

    eventually(arrived)
    given = tmp_path / "given"
    said(intake_cli, "records", intake.directory, "--out", given)
    with intake.storage() as storage:
        assert storage.counts()["records"] == 2
    names = b"".join(path.read_bytes() for path in given.iterdir())
    assert b"Candidate 1" not in names and b"nobody came" not in names  # sealed
    told = said(outcomes_cli, own.body.directory, given, "--out", tmp_path / "opened")
    assert "12  Absent: Void" in told
    plain = json.loads((tmp_path / "opened" / "0002.json").read_text())
    assert (plain["number"], plain["reason"]) == (2, "routine.end: nobody came")
    assert [person["name"] for person in plain["signers"]] == ["chief"]
    # Another hall cannot speak for this one, nor a station for a hall.
    record = (given / "0001.record").read_bytes()
    with (
        httpx.Client(
            base_url=hall.home.intake_url, verify=hall.home.client_tls(), trust_env=False
        ) as http,
        pytest.raises(IntakeRefused),
    ):
        IntakeClient(http).put_record(record, own.station("s1").enrolment_bytes)


def test_a_report_of_a_question_reaches_the_body_and_integrity_alone_reads_it(
    online: tuple[Site, IntakeHome, Hall], tmp_path: Path
) -> None:
    own, intake, hall = online
    hall.start()
    remark = "The table of question 7 is cut off."
    with hall.desk() as desk:
        for said_so in (remark, remark + " So says the neighbour."):
            desk.act(
                "report", candidate="c-1", question="7", remark=said_so, reason="candidate.item"
            )

    def arrived() -> bool:
        with intake.storage() as storage:
            return storage.counts()["reports"] == 2

    eventually(arrived)
    given = tmp_path / "reports"
    listed = said(intake_cli, "reports", intake.directory, "--out", given)
    assert listed.count(own.package_hash.hex()[:16]) == 2
    assert b"cut off" not in b"".join(path.read_bytes() for path in given.iterdir())
    told = said(reports_cli, own.body.directory, given)
    assert f"question 7 (chief):\n    {remark} So says" in told
    assert "C1, 2026-11-23/A" in told
    eventually(lambda: "the body has it" in page(hall, "/faults"))
    report = (given / "0001.report").read_bytes()
    with httpx.Client(
        base_url=hall.home.intake_url, verify=hall.home.client_tls(), trust_env=False
    ) as http:
        client = IntakeClient(http)
        client.put_report(report, hall.home.enrolment_bytes)  # again: nothing changes
        for wrong, enrolment in (
            (report, own.station("s1").enrolment_bytes),
            (report[:-1], hall.home.enrolment_bytes),
        ):
            with pytest.raises(IntakeRefused):
                client.put_report(wrong, enrolment)
    assert arrived()


def correction_of(own: Site, key: SigningKey, text: str = "Read 5 °C for 50 °C.") -> bytes:
    said_so = Correction(own.package_hash, "limits-breached", text, CLOCK.wall_ns() // SECOND)
    return sign_correction(said_so, [key])


def test_a_correction_comes_by_itself_and_people_hand_it_on(
    online: tuple[Site, IntakeHome, Hall], tmp_path: Path
) -> None:
    own, intake, hall = online
    hall.start()
    one = Station(own.station("s1"), hall, tmp_path / "seat").begin("code-0000")
    one.tick()
    with hall.desk() as desk:
        desk.act("admit", candidate="c-0", reason="routine.identity")
    path = tmp_path / "q7.correction"
    path.write_bytes(correction_of(own, SigningKey.generate(pair=True)))
    with pytest.raises(AssertionError, match="no correction that"):
        said(intake_cli, "correction", intake.directory, path)
    path.write_bytes(signed := correction_of(own, own.body.signing_key(PACKAGER)))
    assert "“limits-breached” waits" in said(intake_cli, "correction", intake.directory, path)
    said(intake_cli, "correction", intake.directory, path)  # again: nothing changes
    with hall.desk() as desk:  # what wakes the relay
        desk.act("report", candidate="c-0", question="7", remark="?", reason="candidate.item")
        eventually(lambda: desk.board()["corrections"] == 1)
        assert [type(command.order) for command, _ in one.tick().commands] == [Admit]
        shown = page(hall, "/faults")
        assert "Read 5 °C for 50 °C." in shown
        (name,) = re.findall(r'name="correction" value="([0-9a-f]{64})"', shown)
        with hall.desk("observer") as watcher, pytest.raises(DeskError, match="only look on"):
            watcher.act("correct-arrived", correction=name, reason="staff.instruction")
        told = desk.act("correct-arrived", correction=name, reason="staff.instruction")
        assert "who is admitted (1)" in told
        assert [command.order for command, _ in one.tick().commands] == [Correct(signed)]
        assert desk.board()["corrections"] == 0
        with pytest.raises(DeskError, match="No such correction"):
            desk.act("correct-arrived", correction="00", reason="staff.instruction")
    one.close()


def test_a_correction_that_an_intake_made_up_is_an_alarm(
    online: tuple[Site, IntakeHome, Hall],
) -> None:
    own, intake, hall = online
    forged = correction_of(own, SigningKey.generate(pair=True))
    with intake.storage() as storage:
        storage.publish_correction(believed_correction(forged), forged)
    hall.start()
    eventually(lambda: "from the body’s intake is not believed" in alarms(hall))
    with hall.desk() as desk:
        assert desk.board()["corrections"] == 0


def page(hall: Hall, path: str) -> str:
    """A page as a browser gets it."""
    with hall.desk() as desk:
        desk._http.headers["accept"] = "text/html"
        return desk.download(path).decode()


def test_a_root_that_ends_every_enrolment_waits_while_a_sitting_is_open(
    online: tuple[Site, IntakeHome, Hall],
) -> None:
    own, intake, hall = online
    succession.rotate(own.body, CLOCK, replace=["enrolment"])
    TrustStore(intake.trust_directory).install(own.body.root_version_path(2).read_bytes())
    hall.start()
    eventually(lambda: "ends the enrolment of this hall" in alarms(hall))
    assert hall.home.trust().root.version == 1
    with hall.desk() as desk:
        desk.act("absent", reason="routine.end")
        desk.act("close", all="1", reason="routine.start")
    eventually(lambda: hall.home.trust().root.version == 2)


def test_an_intake_that_lies_about_roots_is_not_believed(
    online: tuple[Site, IntakeHome, Hall],
) -> None:
    own, intake, hall = online
    other = Body(own.directory / "other")
    found_body(other.directory, own.body.trust().root.body, CLOCK)
    succession.revoke(other, CLOCK, [])
    (intake.trust_directory / "root-2.signed").write_bytes(other.root_bytes())
    hall.start()
    eventually(lambda: "not believed" in alarms(hall))
    assert hall.home.trust().root.version == 1
    seat = finish(own, hall, own.directory / "j", "code-0000")
    eventually(lambda: seat.tick(phase="closed").receipt)  # it hinders nothing else
    seat.close()
