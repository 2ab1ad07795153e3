"""Exams to the body on a stick, and receipts and corrections back: partial sticks, wrong sticks,
known ones."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages.attempt.events import Beat
from exam_packages.sealing.arrivals import Arrivals, read_arrivals, sign_arrivals
from exam_packages.sealing.bundle import manifest_hash
from exam_packages.sealing.correction import Correction, sign_correction
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import INTAKE, PACKAGER
from sync.hall.safety import Where, where
from sync.hall.schema import open_store
from sync.intake.cli import intake as intake_cli
from sync.intake.home import IntakeHome
from sync.stick import NAME, StickError

from .conftest import Hall, Site, Station, run_cli


@pytest.fixture(scope="module")
def intake(site: Site) -> IntakeHome:
    return IntakeHome.create(site.directory / "desk", site.body, "127.0.0.1", 0, ["127.0.0.1"])


@pytest.fixture(scope="module")
def handed_in(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Hall, list[bytes]]]:
    """A hall without a network to the body, and the hashes of two exams handed in there."""
    hall = Hall(site.hall("hall-stick"))
    hall.start()
    names = []
    for number in (0, 1):
        where_to = tmp_path_factory.mktemp("seat")
        seat = Station(site.station(f"s{number + 1}"), hall, where_to).begin(f"code-{number:04}")
        seat.add(*[Beat()] * 20)
        while not seat.outbox.complete:
            seat.tick()
        manifest = seat.manifest()
        seat.client.hand_in(manifest)
        names.append(manifest_hash(manifest))
        seat.close()
    yield hall, names
    hall.stop()


def bring(intake: IntakeHome, stick: Path, *, status: int = 0) -> str:
    result = CliRunner().invoke(intake_cli, ["import", str(intake.directory), str(stick)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.output


def places(hall: Hall) -> list[Where]:
    store = open_store(hall.home.directory)
    try:
        with store.reading() as connection:
            return [each.where for each in where(connection) if each.where is not Where.NOWHERE]
    finally:
        store.close()


def test_there_and_back_on_a_stick(
    handed_in: tuple[Hall, list[bytes]], intake: IntakeHome, site: Site, tmp_path: Path
) -> None:
    hall, names = handed_in
    stick = tmp_path / "stick"
    stick.mkdir()
    assert places(hall) == [Where.HALL, Where.HALL]
    with hall.desk() as desk:
        remark = {"remark": "The table is cut off.", "reason": "candidate.item"}
        desk.act("report", candidate="c-5", question="7", **remark)
    assert "2 exams" in run_cli("export", hall.home.directory, stick)
    assert places(hall) == [Where.STICK, Where.STICK]
    kept = sorted(path.name for path in (stick / NAME / "bundles").iterdir())
    assert kept == sorted(name.hex() for name in names)

    # The body publishes a correction of what is open there, and one of another exam.
    for package, text in ((site.package_hash, "Read 5 °C."), (bytes(32), "Read 6 °C.")):
        path = tmp_path / "q7.correction"
        path.write_bytes(correction(package, text, site.body.signing_key(PACKAGER)))
        done = CliRunner().invoke(intake_cli, ["correction", str(intake.directory), str(path)])
        assert done.exit_code == 0, done.output

    # A partial stick: one exam was cut off while it was written; the other is not held up.
    cut = tmp_path / "cut"
    shutil.copytree(stick, cut)
    shutil.rmtree(cut / NAME / "bundles" / names[0].hex() / "chunks")
    (cut / NAME / "bundles" / names[0].hex() / "commit").unlink()
    said = bring(intake, cut, status=1)
    assert "1 exams taken in" in said
    assert "have not arrived" in said
    # The hall goes on with the same stick, and intake with what it lacked.
    run_cli("export", hall.home.directory, cut)
    assert "1 exams taken in, 1 known before" in bring(intake, cut)
    # Another stick with the same: all known, and it gets the receipts, too.
    said = bring(intake, stick)
    assert "0 exams taken in, 2 known before" in said
    assert "1 reports of questions" in said
    assert "1 corrections of what is open there" in said
    with intake.storage() as storage:
        assert storage.counts()["reports"] == 1

    with hall.desk() as desk:
        assert (desk.board()["corrections"], arrived(hall)) == (0, 0)
    said = run_cli("receipts", hall.home.directory, cut)
    assert "2 receipts taken" in said
    assert "1 corrections wait on the board" in said
    assert "1 statements, records and reports have arrived" in said
    said = run_cli("receipts", hall.home.directory, stick)
    assert said == "0 receipts taken, 2 known before.\n"  # all of it was known
    with hall.desk() as desk:
        assert (desk.board()["corrections"], arrived(hall)) == (1, 1)
    assert places(hall) == [Where.BODY, Where.BODY]
    database = sqlite3.connect(hall.home.directory / "hall.sqlite")
    assert database.execute("SELECT count(receipt) FROM hand_ins").fetchone() == (2,)
    database.close()
    assert "0 exams" in run_cli("export", hall.home.directory, stick)


def correction(package: bytes, text: str, key: SigningKey) -> bytes:
    return sign_correction(Correction(package, "q7", text, 1_800_000_000), [key])


def arrived(hall: Hall) -> int:
    """How many reports of questions the hall knows to be at the body."""
    with closing(sqlite3.connect(hall.home.directory / "hall.sqlite")) as database:
        found: int = database.execute("SELECT sum(sent) FROM sealed_reports").fetchone()[0]
    return found


def test_nobody_but_the_body_says_what_arrived_or_is_wrong(
    handed_in: tuple[Hall, list[bytes]], intake: IntakeHome, site: Site, tmp_path: Path
) -> None:
    hall, _ = handed_in
    stick = tmp_path / "stick"
    stick.mkdir()
    with hall.desk() as desk:
        remark = {"remark": "Two answers are the same.", "reason": "candidate.item"}
        desk.act("report", candidate="c-6", question="8", **remark)
    before = arrived(hall)
    run_cli("export", hall.home.directory, stick)
    reports = stick / NAME / "reports"
    (report,) = reports.iterdir()  # what the body has was not written again
    bring(intake, stick)
    (word,) = (stick / NAME / "arrivals").iterdir()
    digests = read_arrivals(word.read_bytes(), site.body.trust()).digests
    assert digests == (hashlib.sha256(report.read_bytes()).digest(),)
    # Another's signature, a cut one, and a word for a file that only has the report's name.
    forged = sign_arrivals(Arrivals(digests, 0), [hall.home.signing_key()])
    cut = word.read_bytes()[:-1]
    named = sign_arrivals(
        Arrivals((bytes.fromhex(report.name),), 0), [site.body.signing_key(INTAKE)]
    )
    word.unlink()
    for number, data in enumerate((forged, cut, named)):
        (stick / NAME / "arrivals" / f"{number:064x}").write_bytes(data)
    shutil.rmtree(stick / NAME / "corrections")
    (stick / NAME / "corrections").mkdir()
    wrong = correction(site.package_hash, "Choose A.", hall.home.signing_key())
    (stick / NAME / "corrections" / ("0" * 64)).write_bytes(wrong)
    said = run_cli("receipts", hall.home.directory, stick)
    assert "3 are not for exams of this hall, or not the body's" in said
    assert "arrived" not in said and "corrections" not in said
    assert arrived(hall) == before


def test_wrong_and_damaged_sticks(
    handed_in: tuple[Hall, list[bytes]], intake: IntakeHome, site: Site, tmp_path: Path
) -> None:
    hall, names = handed_in
    stick = tmp_path / "stick"
    stick.mkdir()
    with pytest.raises(StickError, match="no exams"):
        bring(intake, stick)
    store = open_store(hall.home.directory)
    store.write(lambda connection: connection.execute("UPDATE hand_ins SET receipt = NULL"))
    store.close()
    run_cli("export", hall.home.directory, stick)
    other = site.hall("hall-other-stick")
    with pytest.raises(StickError, match="another hall"):
        run_cli("export", other.directory, stick)

    # One bit of a chunk: refused by its digest; the other exam is taken (known).
    bundle = stick / NAME / "bundles" / names[0].hex()
    (chunk,) = (bundle / "chunks").iterdir()
    data = bytearray(chunk.read_bytes())
    data[100] ^= 1
    chunk.write_bytes(bytes(data))
    fresh = IntakeHome.create(tmp_path / "fresh", site.body, "127.0.0.1", 0, ["127.0.0.1"])
    assert "damaged on its way" in bring(fresh, stick, status=1)

    # Receipts that are none, of nobody's exams, and a file that is a pipe.
    receipts = stick / NAME / "receipts"
    (receipts / names[0].hex()).write_bytes(b"nothing")
    (receipts / ("0" * 64)).write_bytes((receipts / names[1].hex()).read_bytes())
    (receipts / "README").write_text("not a hash")
    assert "1 receipts taken" in run_cli("receipts", hall.home.directory, stick)
    (stick / NAME / "about").write_bytes(b"something else")
    with pytest.raises(StickError, match="not written by a hall"):
        bring(intake, stick)
