"""A survey at a real agent with a real hall: offered, sealed, sent, and never in the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_exam
from sitting import Seat, Site, eventually, hall_running

from exam_packages import canon
from exam_packages.attempt.acts import HandIn
from exam_packages.content.survey import SURVEY_BLOB, SURVEY_KEY_BLOB, Survey, read_given
from exam_packages.content.values import Response
from exam_packages.sealing.package import Blob
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.survey import open_survey, survey_digest
from kiosk.ipc import messages as ipc

ITEMS = (small_exam.choice_item("one"),)
PAPER = small_exam.paper(ITEMS, time_limit_s=65)
SURVEY = Survey(
    "How was it?",
    "en",
    (),
    (small_exam.choice_item("clear"), small_exam.essay_item("own")),
)
KEY = SealingKey(bytes(range(32)))
SAID = (Response("clear", ("B",)), Response("own", ("Less noise",)))


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    blobs = [
        *small_exam.blobs(PAPER, ITEMS),
        Blob(SURVEY_BLOB, small_exam.OBJECT_TYPE, canon.pack(SURVEY)),
        Blob(SURVEY_KEY_BLOB, small_exam.OBJECT_TYPE, KEY.public.raw),
    ]
    directory = tmp_path_factory.mktemp("asking")
    site = Site.found(directory, PAPER, ITEMS, stations=2, candidates=4, blobs=blobs)
    with hall_running(site):
        yield site


def _kept(site: Site) -> list[tuple[Response, ...]]:
    database = sqlite3.connect(site.hall.home.directory / "hall.sqlite")
    try:
        rows = database.execute("SELECT survey FROM surveys").fetchall()
    finally:
        database.close()
    given = [read_given(open_survey(row, KEY)) for (row,) in rows]
    assert {each.survey for each in given} <= {survey_digest(canon.pack(SURVEY))}
    return [each.responses for each in given]


def _waiting(site: Site, station: int) -> list[Path]:
    directory = site.stations[station].surveys
    return list(directory.iterdir()) if directory.exists() else []


def _seat(site: Site, number: int, station: int) -> Seat:
    return Seat(number, site.stations[station], site.hall, site)


def test_it_is_offered_again_after_a_crash_and_sent_when_the_candidate_goes(asking: Site) -> None:
    seat = _seat(asking, 1, 0)
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        assert not screen.all(ipc.Surveyed)
        screen.do(HandIn())
        screen.await_(ipc.Finished, lambda finished: finished.hall)
        assert screen.await_(ipc.Surveyed).survey == SURVEY
        agent.kill()
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Finished, lambda finished: finished.hall)
        assert screen.await_(ipc.Surveyed).survey == SURVEY  # once the paper is open again
        assert isinstance(screen.ask(lambda n: ipc.Answer(n, SAID)), ipc.Saved)
        screen.await_(ipc.Vacant)
        eventually(lambda: _kept(asking) == [SAID], "the hall keeps what was said")
        eventually(lambda: not _waiting(asking, 0), "nothing of it stays at the station")
        # The next candidate skips: one comes all the same, of the same size.
        screen.begin(seat.hall, 2)
        screen.do(HandIn())
        screen.await_(ipc.Surveyed)
        assert isinstance(screen.ask(ipc.Leave), ipc.Saved)
        eventually(lambda: sorted(_kept(asking)) == sorted([SAID, ()]), "another came")
        assert agent.end() == 0


def test_it_waits_while_the_hall_is_gone_and_nonsense_is_left_out(asking: Site) -> None:
    seat = _seat(asking, 3, 1)
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        before = _kept(asking)
        seat.hall.stop()
        screen.do(HandIn())
        screen.await_(ipc.Surveyed)
        nonsense = (Response("clear", ("Z",)),)
        assert isinstance(screen.ask(lambda n: ipc.Answer(n, nonsense)), ipc.Saved)
        screen.await_(ipc.Vacant)
        (path,) = _waiting(asking, 1)
        assert path.stat().st_mtime == 0
        blind_ids = [each.name for each in seat.station.attempts.iterdir()]
        data = path.read_bytes()
        assert not [each for each in blind_ids if bytes.fromhex(each) in data]
        seat.hall.start()
        eventually(lambda: len(_kept(asking)) == len(before) + 1, "it came when the hall was back")
        assert sorted(_kept(asking)) == sorted([*before, ()])  # what cannot be said was not said
        eventually(lambda: not _waiting(asking, 1), "it is gone from the station")
        assert agent.end() == 0
