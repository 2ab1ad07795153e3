"""With no hall left a chief ordered at the seat: the record explains it by the body's word."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import pytest
import second_reader
from appeal import BLIND_ID, Station
from second import chiefs as second_chiefs
from second.journal import Journal
from second.suite import Opener, Refused

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.clock import SECOND, SystemClock
from exam_packages.sealing import journal as ours
from exam_packages.sealing.mandate import Mandate, first_authority, sign_mandate
from exam_packages.sealing.suite import SigningKey
from exam_packages.verify.machine import to_json
from exam_packages.verify.page import to_page
from exam_packages.verify.terminal import to_text
from provisioning import chiefs

CLOCK = SystemClock()
CHIEF = "Ana Chief"


@pytest.fixture(scope="module")
def chief():
    return SigningKey.generate(pair=False)


@pytest.fixture(scope="module")
def record(centre, chief):
    """The body's word about the chief."""
    request = chiefs.request_chief(chief, CHIEF, centre.station.centre)
    return chiefs.name_chief(centre.body, request, CLOCK.wall_ns() // SECOND)[1]


@pytest.fixture
def sit(centre, appeal, chief, record, tmp_path):
    """Files of an exam in which the chief pauses, resumes and adds time at the seat; the
    mandate is *mandate*, or none is in the record."""

    def run(key=chief, *, mandated=True, named=None, where="attempt"):
        station = Station(centre, tmp_path / where, appeal.package_hash)
        said = Mandate(
            centre.station.centre, 1, named or key.key_id, record, "technical.hall", "it burns",
            station.hall_ns() // SECOND,
        )  # fmt: skip

        def order(number, what):
            command = cmd.Command(
                BLIND_ID, 1, first_authority(1), number, CHIEF, station.hall_ns(),
                "technical.hall", "", what,
            )  # fmt: skip
            return ev.Commanded(cmd.sign_command(command, key))

        with closing(station.writer):
            station.add(ev.Opened(1, ev.START, False), ev.Began(600))
            station.order(cmd.Say("the hall is going"), "routine.message")
            station.wait(30)
            if mandated:
                station.add(ev.Mandated(sign_mandate(said, chief)))
            station.add(order(1, cmd.Pause()))
            station.wait(60)
            station.add(order(2, cmd.Resume()), order(3, cmd.AddTime(120)))
            station.wait(30)
            station.add(ev.Closed(ev.HANDED_IN))
        manifest = station.manifest()
        (station.directory / "manifest").write_bytes(manifest)
        paths = [station.directory]
        for number, data in enumerate(appeal.enrolments):
            paths.append(tmp_path / f"{number}.enrolment")
            paths[-1].write_bytes(data)
        return paths

    return run


def test_the_record_says_by_itself_whose_orders_they_were(look, appeal, sit, wrong):
    report = look(*sit(), integrity_key=appeal.integrity)
    assert wrong(report) == []
    told = json.loads(to_json(report))["files"][0]
    found = {each["code"]: each for each in told["findings"]}
    assert found["chief-commanded"]["fields"] == {"count": 3, "name": CHIEF}
    times = told["record"]["times"]
    by = [each["signed_by"] for each in times["commands"]]
    assert len(by) == 4 and len(set(by)) == 2
    assert all(CHIEF in each for each in by[1:])
    assert [each["code"] for each in times["turns"]] == ["opened", "began", "mandated", "closed"]
    assert "it burns" in times["turns"][2]["words"]
    for page in (to_text(report), to_page(report)):
        assert "named as a chief of this centre" in page


def test_without_the_mandate_the_record_of_the_chief_explains_it(
    look, appeal, sit, record, wrong, all_codes, tmp_path
):
    files = sit(mandated=False)
    assert wrong(look(*files, integrity_key=appeal.integrity)) == ["command-not-signed"] * 3
    given = tmp_path / "chief.record"
    given.write_bytes(record)
    report = look(*files, given, integrity_key=appeal.integrity)
    assert wrong(report) == []
    assert {"chief-signed", "chief-commanded"} <= set(all_codes(report))


def test_who_is_no_chief_explains_nothing(look, appeal, sit, wrong, chief, record, tmp_path):
    stranger = SigningKey.generate(pair=False)
    report = look(*sit(stranger), integrity_key=appeal.integrity)
    assert sorted(wrong(report)) == ["command-not-signed"] * 3 + ["mandate-not-signed"]
    report = look(*sit(named=bytes(16), where="other"), integrity_key=appeal.integrity)
    assert "mandate-not-signed" in wrong(report)
    damaged = tmp_path / "damaged.record"
    damaged.write_bytes(record[:-1] + bytes([record[-1] ^ 1]))
    assert wrong(look(damaged)) == ["chief-not-signed"]


def test_an_act_of_command_is_a_file_that_is_known(look, appeal, chief, record, wrong, tmp_path):
    hall = appeal.centre.hall
    said = Mandate(hall.centre, 3, hall.signing_key().key_id, record, "technical.hall", "", 10**9)
    act, other = tmp_path / "act", tmp_path / "other"
    act.write_bytes(sign_mandate(said, chief))
    other.write_bytes(sign_mandate(said, SigningKey.generate(pair=False)))
    enrolment = tmp_path / "hall.enrolment"
    enrolment.write_bytes(hall.enrolment_bytes)
    report = look(act, enrolment)
    assert wrong(report) == []
    assert "term 3" in to_text(report)
    assert wrong(look(other)) == ["mandate-not-signed"]


def test_a_second_reader_understands_it_alike(appeal, sit, centre):
    """Written from the documents alone; it knows nothing of this project's code."""
    root = second_reader.Root((centre.body.directory / "trust" / "root.trust").read_bytes())
    station, hall = (second_reader.Enrolled(data, root) for data in appeal.enrolments)

    def orders(files):
        frames = b"".join(ours.read_frames(files[0]).frames)
        journal = Journal(
            frames, BLIND_ID, appeal.package_hash, {station.key_id: station.who}, [hall.who]
        )
        opener = Opener(appeal.integrity.seed)
        keys = {epoch: each.keys(opener) for epoch, each in journal.headers.items()}
        events = [body for _, compartment, _, body in journal.opened(keys) if compartment == 3]
        return second_chiefs.orders(events, hall.centre, [hall.who], root.verify, root.revoked)

    assert orders(sit()) == [
        (5, "Ana", ""),
        (2, CHIEF, CHIEF),
        (3, CHIEF, CHIEF),
        (4, CHIEF, CHIEF),
    ]
    for wrong in (
        {"mandated": False, "where": "bare"},
        {"key": SigningKey.generate(pair=False), "where": "stranger"},
        {"named": bytes(16), "where": "another"},
    ):
        with pytest.raises(Refused):
            orders(sit(**wrong))
