"""How a report reads: 80 columns, one page, nothing from a file that acts on a screen."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from appeal import Station
from lxml import etree, html

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.clock import SECOND
from exam_packages.verify.findings import clean
from exam_packages.verify.machine import to_json
from exam_packages.verify.page import to_page
from exam_packages.verify.terminal import to_text
from exam_packages.verify.words import length

EVIL = "\x1b[2J\x1b]0;owned\x07 <script>alert(1)</script> \u202egnp.exe \x9b31m"


@pytest.fixture(scope="module")
def evil(centre, appeal, tmp_path_factory):
    """A record whose every text is an attack on whoever shows it."""
    directory = tmp_path_factory.mktemp("evil")
    station = Station(centre, directory / "at\x1b[31mtempt", appeal.package_hash)
    with closing(station.writer):
        station.add(ev.Opened(1, ev.START, False), ev.CameraFound(ev.DEVICE, EVIL))
        station.add(ev.Began(600), ev.Noticed(EVIL, EVIL), ev.Reported(EVIL, EVIL))
        station.order(cmd.Say(EVIL), EVIL, EVIL)
        station.order(cmd.Pause(), EVIL, EVIL)
        station.work(60)
        station.add(ev.Closed(ev.STOPPED))
        station.acknowledged()
    paths = [station.directory]
    for number, data in enumerate(appeal.enrolments):
        paths.append(directory / f"{number}.enrolment")
        paths[-1].write_bytes(data)
    return paths


def test_no_line_is_longer_than_eighty_columns(appeal, look, evil, tmp_path):
    cut = tmp_path / "cut.bundle"
    cut.write_bytes(appeal.bundle.read_bytes()[:30_000])
    for key in (None, appeal.integrity):
        report = look(*appeal.files, cut, *evil, integrity_key=key)
        lines = to_text(report).splitlines()
        assert [line for line in lines if len(line) > 80 and "/" not in line] == []
        assert [line for line in lines if line != line.rstrip()] == []


def test_nothing_from_a_file_acts_on_a_terminal(look, evil, appeal):
    report = look(*evil, integrity_key=appeal.integrity)
    for shown in (to_text(report), to_json(report)):
        assert all(char.isprintable() or char == "\n" for char in shown)
    assert "script" in to_text(report)  # it is shown, as text
    assert "reported a fault of" in to_text(report)
    assert (
        json.loads(to_json(report))["files"][0]["record"]["times"]["incidents"][0]["code"] == EVIL
    )


def test_nothing_from_a_file_acts_on_the_page(look, evil, appeal):
    page = to_page(look(*evil, integrity_key=appeal.integrity))
    assert "<script" not in page
    assert all(char.isprintable() or char == "\n" for char in page)


def test_the_terminal_report_of_a_whole_exam(appeal, look):
    text = " ".join(to_text(look(*appeal.files, integrity_key=appeal.integrity)).split())
    for words in (
        "All 170 entries that are here.",
        "seat-1 (Lisbon), entries 1 to 100; hall-1 (Lisbon) permitted it at",
        "Entries 70 to 98, made from",
        "10 min 00 s after the witness before.",
        "Allowed at the beginning 1 h 00 min 00 s",
        "Outages, given back 40 s",
        "stopped, 3 min 00 s. Paused by Ana (candidate.break: asked to leave the room).",
        "Added 2 min 00 s: Ana, technical.station: the program had to be started again",
        "The hall does not answer; the exam goes on. (hall-lost, entry 71)",
        "Everything given here is proven.",
    ):
        assert words in text
    assert "Made without any key" not in text


def test_a_report_without_key_says_what_it_does_not_show(appeal, look):
    text = " ".join(to_text(look(appeal.bundle)).split())
    assert "Made without any key: times of entries, incidents and commands stay sealed" in text
    assert "Incidents" not in text


def _page(appeal, look, *more, **options):
    return html.document_fromstring(
        to_page(look(*appeal.files, *more, **options)), parser=html.HTMLParser(recover=False)
    )


def test_the_page_loads_nothing_and_runs_nothing(appeal, look):
    page = _page(appeal, look, integrity_key=appeal.integrity)
    assert page.xpath("//script|//link|//img|//iframe|//object|//@onclick|//@onload") == []
    assert [each for each in page.xpath("//@href|//@src") if not each.startswith("#")] == []
    assert "http" not in "".join(page.xpath("//style/text()"))


def test_the_page_can_be_read_without_seeing_it(appeal, look):
    page = _page(appeal, look, integrity_key=appeal.integrity)
    assert page.get("lang") == "en"
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    named = [each for value in page.xpath("//@aria-labelledby") for each in value.split()]
    assert set(named) <= set(ids)
    drawings = page.xpath("//figure//svg")
    assert len(drawings) == 2  # the bundle's and the directory's
    for drawing in drawings:
        assert drawing.get("role") == "img"
        (said,) = drawing.xpath("./desc/text()")
        assert "Used: 35 min 10 s." in said
    assert all(each.get("scope") for each in page.xpath("//th"))
    # What a mark says by its look is also said in words.
    assert {each.text_content() for each in page.xpath("//span[@class='spoken']")} == {"proven: "}


def test_the_timeline_draws_the_ledger_to_scale(appeal, look):
    page = _page(appeal, look, integrity_key=appeal.integrity)
    drawing = page.xpath("//figure//svg")[0]
    bars = [
        (each.get("class"), float(each.get("x")), float(each.get("width")))
        for each in drawing.xpath("./rect")
        if each.get("class") in ("waiting", "running", "paused", "outage")
    ]
    whole = 2450  # seconds, from the first entry to the last
    expected = [
        ("waiting", 0, 120), ("running", 120, 480), ("paused", 600, 180), ("running", 780, 720),
        ("outage", 1500, 40), ("running", 1540, 910),
    ]  # fmt: skip
    assert [each[0] for each in bars] == [each[0] for each in expected]
    for (_, x, width), (_, start, lasting) in zip(bars, expected, strict=True):
        assert x == pytest.approx(1000 * start / whole, abs=0.2)
        assert width == pytest.approx(1000 * lasting / whole, abs=0.2)
    (alone,) = drawing.xpath("./rect[@class='alone']")
    assert float(alone.get("x")) == pytest.approx(1000 * 900 / whole, abs=0.2)
    assert float(alone.get("width")) == pytest.approx(1000 * 600 / whole, abs=0.2)


def test_without_a_key_the_timeline_shows_the_witnesses(appeal, look):
    page = _page(appeal, look)
    drawing = page.xpath("//figure//svg")[0]
    assert drawing.xpath("./rect[@class='running']") == []
    assert len(drawing.xpath("./line[@class='witness']|./circle[@class='witness']")) == 61
    assert len(drawing.xpath("./rect[@class='alone']")) == 1


def test_the_page_is_well_formed(appeal, look, evil):
    page = to_page(look(*appeal.files, *evil, integrity_key=appeal.integrity))
    for start in ("<figure>", "<section", "<table>"):
        assert page.count(start) == page.count(f"</{start.strip('<>')}>")
    for drawing in page.split("<svg")[1:]:
        etree.fromstring("<svg" + drawing.split("</svg>")[0] + "</svg>")


@pytest.mark.parametrize(
    ("time_ns", "words"),
    [
        (0, "0 s"),
        (SECOND // 4, "0.2 s"),
        (59 * SECOND, "59 s"),
        (-30 * SECOND, "−30 s"),
        (60 * SECOND, "1 min 00 s"),
        (3661 * SECOND, "1 h 01 min 01 s"),
    ],
)
def test_lengths_of_time_are_read_easily(time_ns, words):
    assert length(time_ns) == words


def test_cleaning_keeps_words_and_bounds_them():
    assert clean("Ça va, 東京 ✓") == "Ça va, 東京 ✓"
    assert clean("a\x1bb\u202ec\nd") == "a�b�c�d"
    assert len(clean("x" * 10_000)) == 2001


def test_every_code_is_documented():
    """Codes are promised to programs: each that can be found stands in the document's table."""
    root = Path(__file__).parents[3]
    made = set()
    for path in (root / "exam_packages" / "verify").glob("*.py"):
        made |= set(
            re.findall(
                r'(?:\.proven|not_proven|\.note|\.problem)\(\s*"([a-z-]+)"', path.read_text()
            )
        )
    made |= {"record-gap", "record-fork", "record-damaged"}  # chosen by the kind of damage
    table = (root / "docs" / "verify.md").read_text().split("Codes of findings:")[1]
    assert made == set(re.findall(r"`([a-z-]+)`", table))
