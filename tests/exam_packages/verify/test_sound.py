"""A sound exam: everything is proven, and the report says by whom and when."""

from __future__ import annotations

import json
from collections import Counter

from appeal import SECRET_ANSWER, SECRET_NAME, Station

from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Kind
from exam_packages.clock import SECOND
from exam_packages.sealing.bundle import hand_in_code
from exam_packages.sealing.journal import ROLE_OF, Compartment, Frame, epoch_header, open_frames
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, SCORING
from exam_packages.verify.findings import Standing
from exam_packages.verify.machine import to_json
from exam_packages.verify.page import to_page
from exam_packages.verify.terminal import to_text

MINUTE = 60 * SECOND


def _of(report, kind):
    return next(each for each in report.subjects if each.kind == kind)


def test_every_kind_of_file_is_recognised_and_proven(appeal, look):
    report = look(*appeal.files, hand_in_code=hand_in_code(appeal.bundle_hash).lower())
    assert report.all_proven
    assert Counter(each.kind for each in report.subjects) == {
        "package": 1,
        "grant": 1,
        "bundle": 1,
        "attempt directory": 1,
        "receipt": 2,  # one lies in the attempt's directory
        "log proof": 1,
        "log checkpoint": 1,
    }
    assert not report.with_integrity_key


def test_all_files_are_shown_to_belong_together(appeal, look, all_codes):
    report = look(*appeal.files, hand_in_code=hand_in_code(appeal.bundle_hash))
    proven = Counter(each.code for each in report.relations)
    assert proven == {
        "names-package": 3,
        "granted": 2,
        "evidence-key-granted": 2,
        "within-window": 2,
        "received": 4,
        "records-agree": 1,
        "in-log": 1,
        "log-heads-agree": 1,
        "code-fits": 4,
    }
    assert all(each.standing is Standing.PROVEN for each in report.relations)


def test_the_record_says_who_wrote_and_who_witnessed_it(appeal, look):
    record = _of(look(appeal.bundle), "bundle").record
    assert record.entries == record.stands == len(appeal.frames)
    assert [each.number for each in record.epochs] == [1, 2]
    assert {each.station for each in record.epochs} == {"seat-1 (Lisbon)"}
    assert all(each.proven and each.permitted_by == "hall-1 (Lisbon)" for each in record.epochs)
    assert Counter(each.kind for each in record.witnesses)["countersignature"] == 1
    assert sum(each.last - each.first + 1 for each in record.stretches) == record.entries


def test_the_stretch_without_the_hall_is_told(appeal, look):
    record = _of(look(appeal.bundle), "bundle").record
    (alone,) = [each for each in record.stretches if each.alone]
    assert alone.waited_ns == 10 * MINUTE
    assert alone.from_wall_ns is None  # the times of entries are sealed
    record = _of(look(appeal.bundle, integrity_key=appeal.integrity), "bundle").record
    (dated,) = [each for each in record.stretches if each.alone]
    assert (dated.first, dated.last) == (alone.first, alone.last)
    assert dated.to_wall_ns - dated.from_wall_ns == 10 * MINUTE


def test_the_integrity_key_shows_every_interval_with_its_reason(appeal, look, wrong):
    report = look(appeal.bundle, integrity_key=appeal.integrity)
    assert wrong(report) == []
    times = _of(report, "bundle").record.times
    told = [(each.kind, each.length_ns, each.reason) for each in times.spans]
    assert told == [
        (Kind.WAITING, 2 * MINUTE, "The exam had not begun."),
        (Kind.RUNNING, 8 * MINUTE, "The candidate was working."),
        (Kind.PAUSED, 3 * MINUTE, "Paused by Ana (candidate.break: asked to leave the room)."),
        (Kind.RUNNING, 12 * MINUTE, "Resumed by Ana (candidate.break)."),
        (Kind.OUTAGE, 40 * SECOND, "The exam program was started again after it had ended."),
        (Kind.RUNNING, 15 * MINUTE + 10 * SECOND, "The exam went on after the outage."),
    ]
    assert (times.granted_s, times.added_s) == (3600, 120)
    assert times.spent_ns == 35 * MINUTE + 10 * SECOND
    assert times.left_ns == 62 * MINUTE - times.spent_ns
    assert times.closed == "The candidate handed in."


def test_incidents_and_commands_are_told_with_operator_and_reason(appeal, look):
    times = _of(look(appeal.bundle, integrity_key=appeal.integrity), "bundle").record.times
    assert [each.code for each in times.incidents] == ["hall-lost", "hall-back"]
    assert [(each.words, each.operator, each.reason) for each in times.commands] == [
        ("Admitted", "Ana", "routine.start"),
        ("Paused", "Ana", "candidate.break"),
        ("Resumed", "Ana", "candidate.break"),
        ("Added 2 min 00 s", "Ana", "technical.station"),
    ]
    assert all(each.signed_by == "hall-1 (Lisbon)" for each in times.commands)


def test_nothing_shows_an_answer_or_a_name(appeal, look):
    assert SECRET_ANSWER.encode() in _opened(appeal, SCORING)  # they are there, under other keys
    assert SECRET_NAME.encode() in _opened(appeal, REGISTRAR)
    for role in (None, INTEGRITY, SCORING, REGISTRAR):
        key = None if role is None else appeal.centre.body.opening_key(role)
        report = look(*appeal.files, integrity_key=key)
        for shown in (to_text(report), to_json(report), to_page(report), repr(report)):
            assert SECRET_ANSWER not in shown
            assert SECRET_NAME not in shown
            assert ("routine.start" in shown) is (role == INTEGRITY)


def _opened(appeal, role):
    """Everything that the key of *role* opens."""
    key = appeal.centre.body.opening_key(role)
    compartments = [each for each, holder in ROLE_OF.items() if holder == role]
    headers = [
        epoch_header(frame)
        for frame in appeal.frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    ]
    keys = {each.context.epoch: each.keys(key, compartments) for each in headers}
    return b"".join(each.body or b"" for each in open_frames(appeal.frames, keys))


def test_only_the_integrity_key_opens_the_times(appeal, look, wrong):
    for role in (SCORING, REGISTRAR):
        report = look(appeal.bundle, integrity_key=appeal.centre.body.opening_key(role))
        assert wrong(report) == ["integrity-key-unfit"]
        assert _of(report, "bundle").record.times is None


def test_a_clock_that_runs_wrong_is_compared_with_the_halls(centre, tmp_path, look, appeal):
    station = Station(centre, tmp_path / "attempt", appeal.package_hash, drift=0.25)
    station.start_s -= 7200  # and is two hours behind
    hall_ns = station.hall_ns
    station.hall_ns = lambda: hall_ns() + 7200 * SECOND
    station.add(ev.Opened(1, ev.START, False), ev.Began(3600))
    station.acknowledged()
    station.work(600)
    station.add(ev.Closed(ev.HANDED_IN))
    station.acknowledged()
    station.writer.close()
    report = look(
        tmp_path / "attempt", *_enrolments(appeal, tmp_path), integrity_key=appeal.integrity
    )
    (note,) = [each for each in report.subjects[0].findings if each.code == "clocks-differ"]
    assert note.fields["drift"] == "2 min 30 s"
    assert note.fields["covered"] == "12 min 30 s"
    assert note.fields["offset"] == "1 h 57 min 30 s"


def _enrolments(appeal, directory):
    for number, data in enumerate(appeal.enrolments):
        path = directory / f"{number}.enrolment"
        path.write_bytes(data)
        yield path


def test_an_exam_still_open_stands_as_far_as_it_was_witnessed(
    centre, appeal, tmp_path, look, wrong
):
    station = Station(centre, tmp_path / "attempt", appeal.package_hash)
    station.add(ev.Opened(1, ev.START, False), ev.Began(3600))
    station.acknowledged()
    at = station.writer.sequence
    station.add(ev.Beat())
    enrolments = list(_enrolments(appeal, tmp_path))
    report = look(tmp_path / "attempt", *enrolments)
    assert wrong(report) == ["record-unsigned"]
    record = report.subjects[0].record
    assert (record.entries, record.stands) == (at + 1, at - 1)
    assert record.stretches[-1].witness is None
    station.acknowledged()
    station.writer.close()
    # Segments by themselves are the same record.
    segments = sorted((tmp_path / "attempt" / "journal").glob("*.segment"))
    alone = look(*segments, *enrolments)
    assert [each.kind for each in alone.subjects] == ["journal", "enrolment", "enrolment"]
    assert alone.subjects[0].record.stands == at + 1


def test_json_is_what_the_report_holds(appeal, look):
    report = look(*appeal.files, integrity_key=appeal.integrity)
    shown = json.loads(to_json(report))
    assert shown["format"] == "exam-kiosk/verification/v1"
    assert shown["all_proven"] is True
    assert [each["kind"] for each in shown["files"]] == [each.kind for each in report.subjects]
    times = shown["files"][2]["record"]["times"]
    assert times["totals_ns"] == {
        "waiting": 120 * SECOND,
        "running": 2110 * SECOND,
        "on-break": 0,
        "break": 0,
        "paused": 180 * SECOND,
        "outage": 40 * SECOND,
        "closed": 0,
    }
    assert sum(each["length_ns"] for each in times["spans"]) == times["length_ns"]
