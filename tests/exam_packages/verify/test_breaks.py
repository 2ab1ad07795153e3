"""What a panel reads of limits and breaks: each interval by its kind, and why."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from appeal import Station

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.clock import SECOND
from exam_packages.verify.machine import to_json
from exam_packages.verify.page import to_page
from exam_packages.verify.terminal import to_text


@pytest.fixture(scope="module")
def files(centre, appeal, tmp_path_factory):
    directory = tmp_path_factory.mktemp("breaks")
    station = Station(centre, directory / "attempt", appeal.package_hash)
    with closing(station.writer):
        station.add(ev.Opened(1, ev.START, False), ev.Began(600))
        station.add(ev.Entered("section/s", 60, 0), ev.Moved("a"))
        station.wait(60)
        station.add(ev.Left("section/s", ev.SPENT), ev.BreakBegan("a", 100, True, True))
        station.wait(100)
        station.add(ev.BreakOver())
        station.wait(20)
        station.add(ev.Returned())
        station.order(cmd.LetBack(), "routine.identity")
        station.add(ev.BreakEnded(), ev.Moved("b"))
        station.wait(30)
        station.order(cmd.AllowBreaks(1), "candidate.ill")
        station.add(ev.BreakBegan("", 300, False, False))
        station.wait(40)
        station.add(ev.BreakEnded())
        station.wait(10)
        station.add(ev.Closed(ev.HANDED_IN))
    paths = [station.directory]
    for number, data in enumerate(appeal.enrolments):
        paths.append(directory / f"{number}.enrolment")
        paths[-1].write_bytes(data)
    return paths


def test_every_interval_has_its_kind_and_reason(look, appeal, files):
    report = look(*files, integrity_key=appeal.integrity)
    times = json.loads(to_json(report))["files"][0]["record"]["times"]
    spans = [(each["kind"], each["length_ns"] // SECOND) for each in times["spans"]]
    assert spans == [
        ("running", 60),
        ("break", 100),
        ("on-break", 20),
        ("running", 30),
        ("on-break", 40),
        ("running", 10),
    ]
    assert times["spent_ns"] == 160 * SECOND
    reasons = [each["reason"] for each in times["spans"]]
    assert "clock stood" in reasons[1]
    assert "was not back" in reasons[2]
    assert "asked for" in reasons[4]
    turns = [each["words"] for each in times["turns"]]
    assert "The time of “section/s” was over; it was closed." in turns
    assert "The candidate was back, and waited to be let in." in turns


def test_the_report_says_it_on_a_terminal_and_on_a_page(look, appeal, files):
    report = look(*files, integrity_key=appeal.integrity)
    text = to_text(report)
    assert "Breaks, not charged" in text
    assert "Let back in after a break" in text
    assert "Allowed breaks: 1" in text
    page = to_page(report)
    assert 'class="break"' in page and 'class="on-break"' in page
