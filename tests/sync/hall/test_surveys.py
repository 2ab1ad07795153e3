"""Surveys at a real hall and a real intake: one for each exam, no telling whose, all together."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages import canon
from exam_packages.clock import SECOND
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.survey import (
    SHEAF_SIZE,
    Sheaf,
    open_survey,
    parse_sheaf,
    read_sheaf,
    read_survey,
    seal_survey,
    sign_sheaf,
)
from exam_packages.sealing.trust import read_enrolment
from exam_packages.verify.verify import verify
from sync.hall import surveys
from sync.hall.schema import open_store
from sync.intake.cli import intake as intake_cli
from sync.intake.client import IntakeClient, IntakeRefused, IntakeUnavailable
from sync.intake.home import IntakeHome
from sync.intake.survey_store import MAX_SHEAVES
from sync.link import HolderRefused
from sync.messages import GivenSurvey

from .conftest import CLOCK, SLOT, Hall, Site, Station, run_cli
from .test_relay import Intake, eventually

KEY = SealingKey(bytes(range(32)))


@pytest.fixture(scope="module")
def intake(site: Site) -> Iterator[Intake]:
    home = IntakeHome.create(
        site.directory / "intake-surveys", site.body, "127.0.0.1", 0, ["127.0.0.1"]
    )
    running = Intake(home)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def hall(site: Site, intake: Intake) -> Iterator[Hall]:
    home = site.hall("hall-surveys", candidates=3)
    settings = home.settings_path
    url = f'intake_url = "https://127.0.0.1:{intake.port}"'
    settings.write_text(re.sub(r'intake_url = ".*"', url, settings.read_text()))
    running = Hall(type(home).load(home.directory))
    running.start()
    yield running
    running.stop()


def _given(site: Site, words: bytes, **changes: object) -> GivenSurvey:
    sealed = seal_survey(words, site.package_hash, KEY.public)
    fields = {"package_hash": site.package_hash, "slot": SLOT, "survey": sealed} | changes
    return GivenSurvey(**fields)  # type: ignore[arg-type]


def _exam(site: Site, hall: Hall, at: int, tmp_path: Path) -> Station:
    station = Station(site.station(f"survey-{at}"), hall, tmp_path / f"attempt-{at}")
    station.begin(f"code-{at:04}")
    station.tick()
    station.client.hand_in(station.manifest())
    return station


def _kept(hall: Hall, table: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(hall.home.directory / "hall.sqlite")
    try:
        return database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608  our own names
    finally:
        database.close()


def _refused(station: Station, given: GivenSurvey) -> int:
    with pytest.raises(HolderRefused) as refused:
        station.client.survey(given)
    return refused.value.status


def test_one_for_each_exam_kept_apart_and_handed_on_together_by_both_ways(
    site: Site, hall: Hall, intake: Intake, tmp_path: Path
) -> None:
    early = Station(site.station("survey-9"), hall, tmp_path / "early")
    assert _refused(early, _given(site, b"no exam was handed in here")) == 410
    early.close()
    stations = [_exam(site, hall, at, tmp_path) for at in range(3)]
    said = [b"one", b"two"]
    given = [_given(site, words) for words in said]
    for station, each in zip(stations, given, strict=False):
        station.client.survey(each)
        station.client.survey(each)  # its answer was lost
        assert _refused(station, _given(site, b"another for the same exam")) == 410
    third = stations[2]
    assert _refused(third, _given(site, b"", slot="2026-11-23/B")) == 410
    assert _refused(third, _given(site, b"", package_hash=b"\x22" * 32)) == 422
    damaged = given[0].survey[:-1]
    assert _refused(third, _given(site, b"", survey=damaged)) == 422

    # What the hall keeps: number, sitting, survey. No station beside it, no time.
    kept = _kept(hall, "surveys")
    numbers = [read_survey(each.survey).number for each in given]
    assert sorted(kept) == sorted(
        (number, 1, each.survey) for number, each in zip(numbers, given, strict=True)
    )
    assert [row[0] for row in kept] == sorted(numbers)
    assert not [row for row in _kept(hall, "changes") if "survey" in str(row[1])]

    # Nothing goes while the sitting is open, nor while one may still come.
    hall.stop()
    hall.start()
    with hall.desk() as desk:
        desk.act("close", all="1", reason="routine.end")
    store = open_store(hall.home.directory)
    now_ns = CLOCK.wall_ns()
    with store.reading() as connection:
        assert surveys.due(connection, now_ns) == []
        later_ns = now_ns + (surveys.GRACE_S + 1) * SECOND
        assert surveys.due(connection, later_ns) == [1]
    store.close()
    assert len(_kept(hall, "surveys")) == 2

    # On a stick, as often as anybody likes, and over the network: one sheaf comes of it.
    intake.stop()
    third.hall = hall
    third.reconnect()
    third.client.survey(_given(site, b"three"))
    stick = tmp_path / "stick"
    stick.mkdir()
    for _ in range(2):
        run_cli("export", hall.home.directory, stick)
        done = CliRunner().invoke(intake_cli, ["import", str(intake.home.directory), str(stick)])
        assert done.exit_code == 0, done.output
    assert len(_kept(hall, "surveys")) == 3
    intake.start()
    hall.stop()  # it has given up for a while
    hall.start()
    eventually(lambda: not _kept(hall, "surveys"))
    third.hall = hall
    third.reconnect()
    assert _kept(hall, "survey_counts") == []
    assert _refused(third, _given(site, b"late")) == 410
    for each in stations:
        each.close()

    out = tmp_path / "sheaves"
    done = CliRunner().invoke(
        intake_cli, ["surveys", str(intake.home.directory), "--out", str(out)]
    )
    assert "1 sheaves" in done.output
    machine = read_enrolment((out / "0001.enrolment").read_bytes(), site.body.trust(), now_s=None)
    data = (out / "0001.surveys").read_bytes()
    sheaf = read_sheaf(data, machine.verify_key)
    for files, code in (
        (("0001.surveys", "0001.enrolment"), "survey-sheaf-signed"),
        (("0001.surveys",), "machine-unknown"),
    ):
        now_s = CLOCK.wall_ns() // SECOND
        report = verify([out / name for name in files], site.body.trust(), now_s=now_s)
        assert code in {each.code for subject in report.subjects for each in subject.findings}
    assert (sheaf.centre, sheaf.slot, sheaf.package_hash) == ("C1", SLOT, site.package_hash)
    assert sorted(open_survey(each, KEY) for each in sheaf.surveys) == [b"one", b"three", b"two"]
    assert not [each.key.key_id for each in stations if each.key.key_id in data]
    assert not [each.seat for each in stations if each.seat and each.seat.blind_id in data]


def test_the_intake_takes_whole_sheaves_of_its_halls_alone(
    site: Site, hall: Hall, intake: Intake
) -> None:
    import httpx

    key = hall.home.signing_key()
    made = [seal_survey(b"", site.package_hash, KEY.public) for _ in range(3)]
    ordered = tuple(sorted(made, key=lambda data: read_survey(data).number))
    fields = (key.key_id, "C1", site.package_hash, SLOT)
    good = sign_sheaf(Sheaf(*fields, ordered), key)
    with httpx.Client(
        base_url=f"https://127.0.0.1:{intake.port}", verify=hall.home.client_tls(), trust_env=False
    ) as http:
        client = IntakeClient(http)
        client.put_surveys(good, hall.home.enrolment_bytes)
        client.put_surveys(good, hall.home.enrolment_bytes)
        elsewhere = sign_sheaf(Sheaf(key.key_id, "C2", *fields[2:], ordered), key)
        station = site.station("survey-8")
        by_station = Sheaf(station.signing_key().key_id, *fields[1:], ordered)
        signed = sign_sheaf(by_station, station.signing_key())
        for wrong, enrolment in (
            (elsewhere, hall.home.enrolment_bytes),
            (good[:-1] + bytes([good[-1] ^ 1]), hall.home.enrolment_bytes),
            (signed, station.enrolment_bytes),
        ):
            with pytest.raises(IntakeRefused):
                client.put_surveys(wrong, enrolment)
        with intake.home.storage() as storage:
            assert len(storage.sheaves()) == 2
            # A stolen key fills no disk: beyond the bound they wait at the hall.
            storage._store.write(
                lambda db: db.executemany(
                    "INSERT INTO survey_sheaf VALUES (?, ?, x'', x'')",
                    [(bytes([0, n >> 8, n & 255]), key.key_id) for n in range(MAX_SHEAVES - 2)],
                )
            )
        more = sign_sheaf(Sheaf(*fields, ordered[:1]), key)
        with pytest.raises(IntakeUnavailable, match="as many surveys"):
            client.put_surveys(more, hall.home.enrolment_bytes)


def test_more_than_a_sheaf_goes_in_several(site: Site, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    key = site.station("survey-7").signing_key()
    made = [seal_survey(b"", site.package_hash, KEY.public) for _ in range(SHEAF_SIZE + 1)]
    rows = [(read_survey(each).number, 1, each) for each in made]
    store.write(
        lambda connection: connection.execute(
            "INSERT INTO sittings (id, title, exam, slot, package_hash, release_id, codes,"
            " not_before_s, salt, opened_ns) VALUES (1, '', '', ?, ?, x'', 1, 0, x'', 0)",
            (SLOT, site.package_hash),
        )
    )
    store.write(lambda db: db.executemany("INSERT INTO surveys VALUES (?, ?, ?)", rows))
    found = []
    while True:
        with store.reading() as connection:
            sheaf = surveys.next_sheaf(connection, 1, key, "C1")
        if sheaf is None:
            break
        found += [read_survey(each).number for each in parse_sheaf(sheaf[0]).surveys]
        assert len(canon.pack(parse_sheaf(sheaf[0]))) <= 1_200_000
        surveys.sent(store, sheaf[1])
    assert found == sorted(row[0] for row in rows)
    store.close()
