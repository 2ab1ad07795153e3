"""The hall's word in the body's log: stated, proven, shown later; and the log watched."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from centre import Centre
from intake_process import Running, running
from running_hall import run_cli

from exam_packages.attempt.events import Beat
from exam_packages.clock import SECOND, SystemClock
from exam_packages.sealing.heads import HeadsError, read_anchors, verify_anchor, write_anchors
from exam_packages.sealing.journal import Frame, genesis
from exam_packages.sealing.log_entry import BUNDLE, HEADS, read_entry
from exam_packages.sealing.log_proof import ProofError
from exam_packages.sealing.tiles import ENTRIES, Place, split_entries
from exam_packages.sealing.trust import CHECKPOINT
from sync.hall.board import board
from sync.hall.keeper import CONTRADICTED, OVERDUE, ROOTS_OVERDUE, Keeper
from sync.hall.relay import Relay
from sync.hall.schema import open_store
from sync.hall.service import HallService
from sync.intake.checkpoint import sign_log
from sync.intake.client import IntakeClient, IntakeRefused, IntakeUnavailable
from sync.intake.home import IntakeHome
from sync.intake.log import Log

from .conftest import Hall, Site, Station

DAY = 24 * 3600


class Later(SystemClock):
    """The machine's wall clock, set forward by hand."""

    ahead_s = 0

    def wall_ns(self) -> int:
        return super().wall_ns() + self.ahead_s * SECOND


class Body:
    """The body's intake in a process of its own, and who signs its log."""

    def __init__(self, site: Site, directory: Path) -> None:
        self.site = site
        self.home = IntakeHome.create(directory / "intake", site.body, "127.0.0.1", 0, [])
        self.memory = directory / "signer"

    def sign(self) -> int:
        with self.home.storage() as storage:
            log = Log(storage, self.home.trust, SystemClock(), self.home.free)
            key = self.site.body.signing_key(CHECKPOINT)
            return sign_log(log, self.home.trust(), key, self.memory / "checkpoint").size

    def entries(self) -> list[tuple[str, tuple[bytes, ...]]]:
        with self.home.storage() as storage:
            count = storage.size()
            data = storage.tile(Place(ENTRIES, 0, count))
        found = [read_entry(entry) for entry in split_entries(data, count)]
        return [(each.kind, each.fields) for each in found]

    def database(self, statement: str, *bound: object) -> None:
        with contextlib.closing(sqlite3.connect(self.home.directory / "intake.sqlite")) as db, db:
            db.execute(statement, bound)


@pytest.fixture
def body(site: Site, tmp_path: Path) -> Body:
    return Body(site, tmp_path)


@pytest.fixture(scope="module")
def centre(site: Site) -> Centre:
    return Centre(site.body, site.hall("keeper-caller"), site.station("s1"))


@pytest.fixture
def serving(body: Body, centre: Centre) -> Iterator[Running]:
    with running(body.home, centre) as server:
        yield server


class At:
    """A hall with exams in it, at work in this process, and its keeper."""

    def __init__(self, hall: Hall, server: Running) -> None:
        self.clock = Later()
        self.store = open_store(hall.home.directory)
        self.hall = HallService(hall.home, self.store, self.clock)
        self.keeper = Keeper(self.hall)
        self.http = httpx.Client(
            base_url=server.url, verify=hall.home.client_tls(), trust_env=False, timeout=20
        )
        self.client = IntakeClient(self.http)

    def round(self) -> None:
        self.keeper.round(self.client)

    def relay(self) -> None:
        Relay(self.hall)._round(self.client)

    def alarms(self) -> list[str]:
        shown = board(self.hall)
        return [*shown.alarms, *(words for row in shown.rows for words in row.incidents)]

    def count(self, query: str) -> int:
        with self.store.reading() as connection:
            return int(connection.execute(query).get)

    def close(self) -> None:
        self.http.close()
        self.store.close()


Sat = tuple[Hall, list[Station]]


def hand_in(seat: Station) -> None:
    seat.add(Beat())
    drain(seat)
    seat.client.hand_in(seat.manifest())


def drain(seat: Station) -> None:
    while not seat.outbox.complete:
        seat.tick()


@contextlib.contextmanager
def three_sit(site: Site, name: str, directory: Path, handed_in: int) -> Iterator[Sat]:
    """A hall whose process took in exams of three candidates and ended, and these."""
    hall = Hall(site.hall(name))
    hall.start()
    seats: list[Station] = []
    try:
        for number in range(3):
            seat = Station(site.station(f"s{number + 1}"), hall, directory / f"seat-{number}")
            seats.append(seat.begin(f"code-{number:04}"))
            drain(seat)
            if number < handed_in:
                hand_in(seat)
        hall.stop()
        yield hall, seats
    finally:
        for each in seats:
            each.close()
        hall.stop()


@pytest.fixture(scope="module")
def worked(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A hall that worked and ended; tests have copies of it."""
    with three_sit(site, "keeper-worked", tmp_path_factory.mktemp("worked"), 1) as (hall, _):
        yield hall


@pytest.fixture
def hall(worked: Hall, tmp_path: Path) -> Hall:
    shutil.copytree(worked.home.directory, tmp_path / "hall")
    return Hall(type(worked.home).load(tmp_path / "hall"))


@pytest.fixture
def at(hall: Hall, serving: Running) -> Iterator[At]:
    opened = At(hall, serving)
    yield opened
    opened.close()


@pytest.fixture
def sitting(site: Site, tmp_path: Path) -> Iterator[Sat]:
    with three_sit(site, "keeper-sitting", tmp_path, 0) as sat:
        yield sat


def test_each_root_covers_what_moved_and_is_shown_from_the_log(
    sitting: Sat, serving: Running, body: Body, site: Site, tmp_path: Path
) -> None:
    hall, seats = sitting
    first = At(hall, serving)
    first.round()
    first.round()  # nothing moved: nothing is stated
    assert [kind for kind, _ in body.entries()] == [HEADS]
    first.close()

    hall.start()  # one of them goes on
    seats[1].reconnect()
    seats[1].add(Beat(), Beat())
    drain(seats[1])
    hall.stop()
    # The intake takes one root of a hall in half a minute.
    again = At(hall, serving)
    again.round()
    assert len(body.entries()) == 1
    body.database("UPDATE heads SET received_s = received_s - 31")
    again.round()
    assert [kind for kind, _ in body.entries()] == [HEADS, HEADS]
    assert again.count("SELECT count(*) FROM anchored") == 3 + 1
    assert run_cli("anchors", hall.home.directory, "--out", tmp_path / "none") == (
        "0 exams are in the body's log; 3 wait for it.\n"
    )
    assert body.sign() == 2
    again.round()
    again.close()
    out = tmp_path / "anchors"
    assert "3 exams are in the body's log" in run_cli("anchors", hall.home.directory, "--out", out)

    trust, key = site.body.trust(), hall.home.enrolment().verify_key
    for seat, count in zip(seats, (1, 2, 1), strict=True):
        assert seat.seat is not None and seat.writer is not None
        data = (out / f"{seat.seat.blind_id.hex()}.anchors").read_bytes()
        blind_id, anchors = read_anchors(data)
        assert len(anchors) == count
        frames = seat.writer.frames(0)
        head = genesis(blind_id)
        heads = {0: head}
        for frame in frames:
            head = Frame.parse(frame).head_after(head)
            heads[Frame.parse(frame).sequence] = head
        for anchor in anchors:
            found = verify_anchor(blind_id, anchor, [key], trust)
            assert found.checkpoint.size == 2
            assert heads[anchor.sequence] == anchor.head
        with pytest.raises(HeadsError, match="not under the root"):
            verify_anchor(bytes(16), anchors[0], [key], trust)
        with pytest.raises(HeadsError, match="not known"):
            verify_anchor(blind_id, anchors[0], [], trust)
    other = read_anchors((out / f"{seats[0].seat.blind_id.hex()}.anchors").read_bytes())[1][0]
    for changes in (
        {"sequence": other.sequence + 1},
        {"head": bytes(32)},
        {"index": other.index + 1},
        {"path": ()},
    ):
        with pytest.raises(HeadsError):
            verify_anchor(
                seats[0].seat.blind_id, msgspec.structs.replace(other, **changes), [key], trust
            )
    with pytest.raises(ProofError):
        moved = msgspec.structs.replace(other, received_s=other.received_s + 1)
        verify_anchor(seats[0].seat.blind_id, moved, [key], trust)


def test_without_the_intake_nothing_is_stated_and_the_next_root_covers_all(
    at: At, body: Body, serving: Running
) -> None:
    down = IntakeClient(httpx.Client(base_url="https://127.0.0.1:1", trust_env=False))
    with down._http, pytest.raises(IntakeUnavailable):
        at.keeper.round(down)
    assert at.count("SELECT count(*) FROM roots") == 0
    at.round()
    assert at.count("SELECT count(*) FROM anchored") == 3


def test_a_receipt_without_inclusion_after_a_day_is_an_incident(at: At, body: Body) -> None:
    at.relay()
    at.round()
    assert [kind for kind, _ in body.entries()] == [BUNDLE, HEADS]
    at.clock.ahead_s = DAY - 60
    at.round()
    assert at.alarms() == []
    at.clock.ahead_s = DAY + 60
    at.round()
    at.round()  # said once
    assert sorted(at.alarms()) == sorted([OVERDUE, ROOTS_OVERDUE])


def test_a_receipt_in_the_log_is_none(at: At, body: Body) -> None:
    at.relay()
    at.round()
    body.sign()
    at.round()
    at.clock.ahead_s = DAY + 60
    at.round()
    assert at.alarms() == []
    assert at.count("SELECT count(*) FROM inclusions WHERE proof != ''") == 1
    assert at.count("SELECT count(*) FROM roots WHERE proof != ''") == 1


def test_anchors_of_a_finished_exam_go_to_the_body_once_they_are_proven(
    at: At, body: Body, site: Site, tmp_path: Path
) -> None:
    at.relay()
    at.round()
    with at.store.reading() as connection:
        named, blind_id = connection.execute("SELECT bundle_hash, blind_id FROM hand_ins").get
    with body.home.storage() as storage:
        assert storage.anchors(named) is None
        body.sign()
        at.round()
        kept = storage.anchors(named)
        assert kept is not None
        assert read_anchors(kept)[0] == blind_id
        at.round()
        assert at.count("SELECT sum(anchors_sent) FROM inclusions") == 1
        assert at.alarms() == []
        # Another head is refused, and so is a file that is another exam's, or says nothing.
        anchor = read_anchors(kept)[1][0]
        other = msgspec.structs.replace(anchor, sequence=anchor.sequence - 1)
        for wrong in (
            write_anchors(blind_id, [other]),
            write_anchors(bytes(16), [anchor]),
            write_anchors(blind_id, []),
            kept[:-1],
        ):
            with pytest.raises(IntakeRefused):
                at.client.put_anchors(named, wrong)
        with pytest.raises(IntakeUnavailable, match="not here"):
            at.client.put_anchors(bytes(32), kept)
        assert storage.anchors(named) == kept


def test_a_log_that_was_rewritten_is_an_alarm(at: At, body: Body) -> None:
    """Intake and signer together forget an entry, and sign another history."""
    at.relay()
    body.sign()
    at.round()
    assert at.alarms() == []
    body.database("UPDATE leaf SET hash = ?, entry = ?", bytes(32), b"another")
    body.database("DELETE FROM checkpoint")
    for path in body.memory.iterdir():
        path.unlink()
    body.sign()
    at.round()
    assert at.alarms() == [CONTRADICTED]


def test_a_halls_process_states_by_itself(hall: Hall, serving: Running, body: Body) -> None:
    settings = hall.home.settings_path
    text = re.sub(r'intake_url = ".*"', f'intake_url = "{serving.url}"', settings.read_text())
    settings.write_text(text)
    hall.home = type(hall.home).load(hall.home.directory)
    hall.start()
    try:
        deadline = time.monotonic() + 30
        while HEADS not in [kind for kind, _ in body.entries()]:
            assert time.monotonic() < deadline, "no root was stated"
            time.sleep(0.05)
    finally:
        hall.stop()
