"""Two real halls with two sittings: what goes on, and who signs, when the second takes over."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sitting import eventually, free_port

from exam_packages.attempt.commands import AddTime, Evacuate, Order, Resume, Return
from exam_packages.attempt.events import RESTART, Beat
from exam_packages.clock import SECOND
from exam_packages.sealing.journal import next_context
from exam_packages.sealing.mandate import term_of
from exam_packages.sealing.sitting_record import parse_record, read_record
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import read_enrolment
from provisioning import authority, chiefs, homes
from sync.hall import halves, seats
from sync.hall.desk import DeskError
from sync.hall.home import HallHome
from sync.hall.schema import open_store
from sync.link import HolderRefused
from sync.messages import Tick

from .conftest import CLOCK, Hall, Site, Station, found_site, run_cli, status

OTHER = ("o-1,Other One,other-01,0", "o-2,Other Two,other-02,0")
ALARM = {"reason": "hall.alarm"}


@dataclass
class Pair:
    """Hall ``a`` in command of two sittings, hall ``b`` beside it, and the chief's key."""

    site: Site
    a: Hall
    b: Hall
    chief: SigningKey
    record: bytes

    def take_command(self, hall: Hall) -> None:
        turn, _ = chiefs.give_command(
            hall.home, self.chief, self.record, "technical.hall", "", CLOCK.wall_ns()
        )
        eventually(lambda: self.look(hall, "SELECT max(term) FROM mandates") == turn, "command")

        def commands() -> bool:
            with hall.desk() as desk:
                return bool(desk.board()["halls"]["mine"])

        eventually(commands, "the hall knows that it commands")

    @staticmethod
    def look(hall: Hall, query: str) -> Any:
        """One cell of a hall's database."""
        database = sqlite3.connect(hall.home.directory / "hall.sqlite")
        try:
            return database.execute(query).fetchone()[0]
        finally:
            database.close()

    def both(self, query: str) -> bool:
        """Whether the two halls answer the same."""
        return bool(self.look(self.a, query) == self.look(self.b, query))

    def followed(self, open_sittings: int = 2) -> None:
        """Wait until the second hall has every frame, and its half of every epoch."""
        eventually(lambda: self.both("SELECT count(*) FROM frames"), "the standby has it all")
        keys = self.b.home.restore_keys()
        store = open_store(self.b.home.directory)

        def whole() -> bool:
            with store.reading() as connection:
                sittings = seats.open_sittings(connection)
                return len(sittings) == open_sittings and not any(
                    halves.lacking(connection, each.id, keys) for each in sittings
                )

        try:
            eventually(whole, "the standby has its halves")
        finally:
            store.close()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    first = found_site(tmp_path)
    second = first.another("Second exam", "2026-11-23/B")
    ports = free_port(), free_port()
    a = first.hall("hall-a", 3)
    roster = a.directory / "second.csv"
    roster.write_text("candidate,name,code,extra_minutes\n" + "\n".join(OTHER) + "\n")
    run_cli(
        "sitting", a.directory, "--package", second.package, "--grant", second.grant,
        "--roster", roster, "--title", "The other one",
    )  # fmt: skip
    where = tmp_path / "hall-b"
    request = homes.new_hall(
        where, "hall-b", "C1", "127.0.0.1", "", station_port=ports[1], console_port=0, standby=True
    )
    homes.install(
        HallHome.load(where), authority.enrol(first.body, request, CLOCK)[1], CLOCK,
        pinned=first.digest,
    )  # fmt: skip
    for home, own, other in ((a.directory, ports[0], ports[1]), (where, ports[1], ports[0])):
        path = HallHome.load(home).settings_path
        kept = [
            line
            for line in path.read_text().splitlines()
            if not line.startswith(("station_port", "other_halls"))
        ]
        kept += [f"station_port = {own}", f'other_halls = ["https://127.0.0.1:{other}"]']
        path.write_text("\n".join(kept) + "\n")
    chief = SigningKey.generate(pair=False)
    request = chiefs.request_chief(chief, "Ana Chief", "C1")
    _, record = chiefs.name_chief(first.body, request, CLOCK.wall_ns() // SECOND)
    made = Pair(first, Hall(HallHome.load(a.directory)), Hall(HallHome.load(where)), chief, record)
    made.a.start()
    yield made
    made.a.stop()
    made.b.stop()


@pytest.fixture
def station(pair: Pair, tmp_path: Path) -> Iterator[Callable[[str, str], Station]]:
    """Stations that have begun the exam behind a code, and go to one hall at a time."""
    made: list[Station] = []

    def make(name: str, code: str) -> Station:
        seat = Station(pair.site.station(name), pair.a, tmp_path / f"{name}-seat")
        made.append(seat)
        if code.startswith("other"):
            with pytest.raises(HolderRefused, match="gets ready for it now"):
                seat.client.sign_in(code)
            seat.reconnect()
        seat.begin(code).tick()
        return seat

    yield make
    for each in made:
        each.close()


def turn_to(hall: Hall, *stations: Station) -> None:
    for each in stations:
        each.hall = hall
        each.reconnect()


def orders(seat: Station, **said: Any) -> list[Order]:
    return [command.order for command, _ in seat.tick(**said).commands]


def twice(hall: Hall, act: str, **fields: str) -> str:
    """An act that takes two people."""
    words = ""
    for name in ("invigilator", "chief"):
        with hall.desk(name) as desk:
            words = desk.act(act, **fields)
    return words


def test_two_sittings_go_on_at_the_standby_and_each_record_is_signed_once(
    pair: Pair, station: Callable[[str, str], Station]
) -> None:
    a, b = pair.a, pair.b
    one, other = station("s1", "code-0001"), station("s2", "other-01")
    with a.desk() as desk:
        assert [p["state"] for p in desk.look("/readiness")[0]["points"] if p["name"] == "standby"]
        desk.act("admit", all="1", reason="routine.identity")
    b.start()  # late: every epoch was sealed without it
    pair.followed()
    with b.desk() as desk:
        halls = desk.board()["halls"]
        assert (halls["mine"], halls["others"][0]["machine"]) == (False, "hall-a")
        for act, fields in (
            ("pause", {"all": "1"}), ("absent", {}), ("sign-report", {"sitting": "2"}),
            ("waive", {"point": "spare", "why": "none"}), ("note", {"words": "x"}),
        ):  # fmt: skip
            with pytest.raises(DeskError, match="does not command"):
                desk.act(act, reason="hall.noise", **fields)
    with a.desk() as desk:
        (halls,) = [desk.board()["halls"]]
        assert (halls["mine"], halls["others"][0]["follows"]) == (True, True)
        sheet = {point["name"]: point for point in desk.look("/readiness")[0]["points"]}
        assert (sheet["standby"]["state"], "hall-b" in sheet["standby"]["found"]) == ("good", True)
        # The second sitting ends under the first hall, which signs its record.
        for _ in range(2):
            one.tick()
            other.tick()
        other.client.hand_in(other.manifest())
        desk.act("outcome", candidate="o-2", outcome="ill", reason="candidate.ill")
        desk.act("close", all="1", sitting="2", reason="routine.end")
        done = "SELECT count(*) || max(number) FROM records"
        eventually(lambda: pair.look(a, done) == "11" and pair.both(done), "the record is there")
        assert pair.both("SELECT record FROM records")
    roles = "SELECT group_concat(operator || role || act) FROM audit"
    eventually(lambda: pair.both(roles), "the audit with its roles is followed")
    assert pair.look(b, "SELECT count(*) FROM audit WHERE role = 'chief'") >= 3
    eventually(
        lambda: pair.look(b, "SELECT count(*) FROM sittings WHERE erasure IS NOT NULL"),
        "the standby states that its key of the closed sitting is gone",
    )
    erasure = pair.look(b, "SELECT erasure FROM sittings WHERE id = 2")
    b.stop()
    b.start()  # takes everything anew, and says nothing a second time
    pair.followed(1)
    assert pair.look(b, "SELECT erasure FROM sittings WHERE id = 2") == erasure
    assert pair.look(b, done) == "11"

    a.kill()
    pair.take_command(b)
    turn_to(b, one)
    with b.desk() as desk:
        desk.act("add-time", candidate="c-1", minutes="4", reason="technical.hall")
    ((command, _),) = one.tick().commands
    assert (command.order, term_of(command.authority)) == (AddTime(240), 1)
    one.tick()
    # It goes on in a new epoch with the half that was given to the standby; the hall knows that
    # the station was there a moment ago although another one commanded then.
    assert one.restart(RESTART).permit
    one.tick()
    one.client.hand_in(one.manifest())
    with b.desk() as desk:
        desk.act("absent", sitting="1", reason="routine.end")
        desk.act("close", all="1", sitting="1", reason="routine.end")
        # A report that the first hall signed is printed and signed on under the second.
        zipped = zipfile.ZipFile(BytesIO(desk.download("/papers/2/everything.zip")))
        machine = read_enrolment(zipped.read("hall.enrolment"), pair.site.body.trust(), now_s=None)
        assert machine.machine == "hall-a"
        assert read_record(zipped.read("sitting.record"), machine.verify_key).number == 1
        desk.act("sign-report", sitting="2")
        plain = json.loads(desk.download("/papers/2/report.json"))
        assert (plain["number"], [each["name"] for each in plain["signers"]]) == (2, ["chief"])
    signed = pair.look(b, "SELECT group_concat(sitting || '.' || number, ' ') FROM records")
    assert signed == "1.1 2.1 2.2"
    newest = pair.look(b, "SELECT record FROM records WHERE sitting = 2 AND number = 2")
    assert parse_record(newest).machine == b.home.enrolment().key_id
    # The first hall comes back, follows, and signs nothing.
    a.start()
    everything = "SELECT group_concat(hex(record)) FROM (SELECT record FROM records ORDER BY 1)"
    eventually(lambda: pair.both(everything), "the first hall has what the second signed")
    assert pair.look(a, "SELECT count(*) FROM records") == 3


def test_an_evacuation_and_a_power_cut_go_on_under_the_standby(
    pair: Pair, station: Callable[[str, str], Station]
) -> None:
    a, b = pair.a, pair.b
    b.start()
    told, untold = station("s1", "code-0001"), station("s2", "other-01")
    with a.desk() as desk:
        desk.act("admit", all="1", reason="routine.identity")
    for each in (told, untold):
        each.tick()
        each.tick()
    with a.desk() as desk:
        desk.act("evacuate", ago="5", **ALARM)
    assert [type(order) for order in orders(told)] == [Evacuate]
    told.tick()
    followed = "SELECT count(*) || sum(journaled) FROM commands WHERE act = 'evacuate'"
    eventually(lambda: pair.look(a, followed) == "21" and pair.both(followed), "it is followed")
    pair.followed()
    a.kill()
    pair.take_command(b)
    turn_to(b, told, untold)
    assert orders(told) == []
    # The one that may not have heard of it is told again, with the time of the same alarm.
    assert [type(order) for order in orders(untold)] == [Evacuate]
    untold.tick()
    with b.desk() as desk:
        roll = desk.look("/roll-call")
        assert {line["candidate"]: line["told"] for line in roll["roll_call"]["lines"]} == {
            "c-1": True, "o-1": True,
        }  # fmt: skip
        for candidate in ("c-1", "o-1"):
            desk.act("present", candidate=candidate, **ALARM)
    assert "over" in twice(b, "end-evacuation", **ALARM)
    for each in (told, untold):
        assert orders(each) == [Return(), Resume()]
        each.tick()
    # And everything was off: two people let all go on, whatever hall they were let in by.
    assert told.writer is not None
    context = next_context(
        told.writer.synced_cursor, told.key.key_id, told.welcome.package_hash, b"another boot...."
    )
    with pytest.raises(HolderRefused, match="invigilator must allow it"):
        told.client.permit(context, RESTART)
    assert "c-1" in twice(b, "power-cut", minutes="2", reason="technical.power")
    assert told.client.permit(context, RESTART).permit


@pytest.mark.slow
def test_a_standby_that_held_more_than_the_hall_when_an_exam_was_moved_follows_it(
    pair: Pair, tmp_path: Path
) -> None:
    a, b = pair.a, pair.b
    b.start()
    three = [Station(pair.site.station(name), a, tmp_path / name) for name in ("s1", "s2", "s3")]
    one, _, other = three
    for each in three:
        each.announce()
        each.tick()
    one.begin("code-0001").tick()
    assert one.seat is not None and one.writer is not None
    pair.followed()
    held, blind_id = one.outbox.held, one.seat.blind_id
    place = one.writer.head_at(held)
    turn_to(b, one)
    one.add(*[Beat()] * 3)  # which only the standby gets
    one.tick()
    assert one.outbox.held == held + 3
    for each in three[1:]:
        each.tick()
    moved = twice(a, "move", candidate="c-1", station="s3", reason="technical.station")
    assert "goes on at s3" in moved
    eventually(lambda: pair.both("SELECT count(*) FROM departures"), "the move is followed")
    turn_to(b, other)
    answer = other.client.tick(Tick(blind_id, 2, held, place, (), 0, 0, status(phase="waiting")))
    word = answer.acknowledgement
    assert word is not None and (word.sequence, word.head) == (held, place)
    assert pair.look(b, "SELECT count(*) FROM late_frames") == 3
    assert pair.both("SELECT max(sequence) FROM frames")
    for each in three:
        each.close()
