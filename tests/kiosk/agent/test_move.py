"""An exam goes on at another station, or after it was handed in; and its keys die."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_exam
from sitting import (
    INVIGILATOR,
    Agent,
    Hall,
    Screen,
    Site,
    candidate,
    eventually,
    hall_running,
    sign_in_code,
)
from small_exam import chosen

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Begin, Flag, HandIn, Respond
from exam_packages.attempt.ledger import Kind, account
from exam_packages.attempt.state import Phase
from exam_packages.sealing.bundle import Answers, check_hand_in_code, verify_bundle
from exam_packages.sealing.journal import (
    Compartment,
    Frame,
    JournalError,
    epoch_header,
    read_frames,
    read_half,
)
from exam_packages.sealing.restore_keys import read_erasure
from kiosk.agent.shelf import AttemptDirectory, ShelfError
from kiosk.ipc import messages as ipc
from sync.hall.desk import DeskError

ITEMS = (
    small_exam.choice_item("one"),
    small_exam.choice_item("two", most=2),
    small_exam.essay_item("three"),
)


class Room:
    """A hall with three stations of its own; agents come and go."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.hall: Hall = site.hall
        self._agents = contextlib.ExitStack()

    def agent(self, number: int) -> Agent:
        return self._agents.enter_context(Agent(self.site.stations[number - 1]))

    def agents(self, *numbers: int) -> list[Agent]:
        """Agents that the hall knows and could use as neighbours."""
        made = [self.agent(number) for number in numbers]
        self.ready(*numbers)
        return made

    def ready(self, *numbers: int) -> None:
        wanted = {f"seat-{number}" for number in numbers}
        self.hall.until(lambda board: wanted <= set(board["idle"]), f"{wanted} are ready")

    def together(self, act: str, **fields: str) -> str:
        """An act of two people."""
        assert "second person" in self.hall.act(act, **fields)
        return self.hall.act(act, who=INVIGILATOR, **fields)

    def attempt(self, number: int) -> AttemptDirectory:
        """The one attempt at a station."""
        (path,) = (p for p in self.site.stations[number - 1].attempts.iterdir())
        return AttemptDirectory(path)

    def bundle(self) -> Answers:
        """The standing hand-in, as the hall relays it; there is one candidate."""
        database = sqlite3.connect(self.hall.home.directory / "hall.sqlite")
        with contextlib.closing(database):
            manifest, countersignature = database.execute(
                "SELECT manifest, countersignature FROM hand_ins WHERE reopened_ns IS NULL"
            ).fetchone()
            frames = database.execute("SELECT frame FROM frames ORDER BY sequence").fetchall()
            enrolments = database.execute("SELECT enrolment FROM stations").fetchall()
        return Answers(
            manifest,
            countersignature,
            (*(each for (each,) in enrolments), self.hall.home.enrolment_bytes),
            b"".join(frame for (frame,) in frames),
        )

    def late_frames(self) -> int:
        database = sqlite3.connect(self.hall.home.directory / "hall.sqlite")
        with contextlib.closing(database):
            found: int = database.execute("SELECT count(*) FROM late_frames").fetchone()[0]
        return found


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    paper = small_exam.paper(ITEMS, time_limit_s=600)
    site = Site.found(tmp_path, paper, ITEMS, stations=3, candidates=2)
    with hall_running(site):
        room = Room(site)
        with room._agents:
            yield room


def answered(screen: Screen, item: str, *members: str) -> None:
    assert isinstance(screen.do(Respond(item, chosen(*members))), ipc.Saved)


def safe(screen: Screen) -> None:
    """Everything saved is safe in the hall."""
    last = screen.entries[-1].sequence
    screen.await_(ipc.Status, lambda status: status.safe >= last)


def goes_on(screen: Screen, epoch: int) -> None:
    screen.await_(ipc.SignedIn)
    eventually(lambda: screen.attempt.epoch == epoch, f"epoch {epoch}")


def test_a_dead_station_is_replaced_by_another_with_the_time_given_back(room: Room) -> None:
    old, _, new = room.agents(1, 2, 3)
    screen = old.screen()
    screen.begin(room.hall, 1)
    answered(screen, "one", "B")
    assert isinstance(screen.do(Flag("two", on=True)), ipc.Saved)
    room.hall.act("grant-tools", candidate=candidate(1), **{"tool-calculator": "1"})
    eventually(lambda: screen.attempt.tools == {"calculator"}, "granted")
    safe(screen)
    before = screen.attempt
    old.kill()
    there = new.screen()
    with pytest.raises(DeskError, match="is at that station"):
        room.hall.act("move", candidate=candidate(1), station="seat-1")
    words = {"candidate": candidate(1), "station": "seat-3"}
    assert "second person" in room.hall.act("move", **words)
    assert "second person" in room.hall.act("move", **words)  # the same person is not two
    assert any("second person" in each for each in room.hall.row(candidate(1))["incidents"])
    assert not there.all(ipc.SignedIn)
    assert "goes on at seat-3" in room.hall.act("move", who=INVIGILATOR, **words)
    goes_on(there, 2)
    assert there.attempt.responses == before.responses
    assert (there.attempt.flags, there.attempt.place) == (before.flags, before.place)
    assert there.attempt.tools == {"calculator"}
    assert there.attempt.phase is Phase.RUNNING
    opened = [e.event for e in there.entries if isinstance(e.event, ev.Opened)]
    assert opened == [ev.Opened(1, ev.START, held=False), ev.Opened(2, ev.MOVE, held=False)]
    ledger = account(there.entries)
    assert ledger.total_ns(Kind.OUTAGE) > 0
    assert ledger.countdown is not None
    assert ledger.countdown.left_ns == ledger.allowed_ns - ledger.total_ns(Kind.RUNNING)
    answered(there, "two", "C")
    # It restarts in place there, by itself, with the halves it was given.
    safe(there)
    new.kill()
    again = room.agent(3).screen()
    goes_on(again, 3)
    assert again.attempt.responses == there.attempt.responses
    assert isinstance(again.do(HandIn()), ipc.Saved)
    code = again.await_(ipc.Finished, lambda finished: finished.hall).code
    bundle = room.bundle()
    manifest = verify_bundle(bundle, room.site.body.trust())
    assert check_hand_in_code(code, bundle.bundle_hash)
    assert manifest.station == room.site.stations[2].enrolment().key_id
    assert manifest.epoch == 3


def test_what_the_station_that_was_left_still_has_is_kept_apart(room: Room) -> None:
    old, _, new = room.agents(1, 2, 3)
    screen = old.screen()
    screen.begin(room.hall, 1)
    answered(screen, "one", "B")
    safe(screen)
    known = len(read_frames(room.attempt(1).path).frames)
    room.hall.stop()
    answered(screen, "one", "C")  # only this station has it
    answered(screen, "three", "more")
    old.kill()
    room.hall.start()
    room.ready(2, 3)
    room.together("move", candidate=candidate(1), station="seat-3")
    there = new.screen()
    goes_on(there, 2)
    assert there.attempt.responses["one"] == chosen("B")
    back = room.agent(1)
    screen = back.screen()
    screen.await_(ipc.Vacant)
    assert not screen.all(ipc.SignedIn)
    left = room.attempt(1)
    assert left.path.name.endswith(".left-1")
    recorded = len(read_frames(left.path).frames)
    assert recorded > known
    eventually(lambda: room.late_frames() == recorded - known, "the late frames are kept")
    row = room.hall.row(candidate(1))
    assert any("kept apart" in words for words in row["incidents"])
    answered(there, "one", "A")
    assert isinstance(there.do(HandIn()), ipc.Saved)
    there.await_(ipc.Finished, lambda finished: finished.hall)
    verify_bundle(room.bundle(), room.site.body.trust())
    # And the station that was left serves another candidate.
    named = screen.ask(lambda number: ipc.SignIn(number, sign_in_code(2)))
    assert isinstance(named, ipc.Named)


def test_a_running_station_that_is_shut_out_lets_go(room: Room) -> None:
    old, _, _ = room.agents(1, 2, 3)
    screen = old.screen()
    screen.begin(room.hall, 1)
    answered(screen, "one", "B")
    safe(screen)
    vacant = len(screen.all(ipc.Vacant))
    room.together("move", candidate=candidate(1), station="seat-2")  # the neighbour itself
    eventually(lambda: len(screen.all(ipc.Vacant)) > vacant, "it is vacant again")
    assert isinstance(screen.do(Flag("two", on=True)), ipc.Refused)
    working = room.hall.until(
        lambda board: [row for row in board["rows"] if row["state"] == "Working"], "it goes on"
    )
    assert [row["station"] for row in working] == ["seat-2"]


def test_without_the_neighbour_nothing_is_moved(room: Room) -> None:
    old, neighbour, new = room.agents(1, 2, 3)
    screen = old.screen()
    screen.begin(room.hall, 1)
    safe(screen)
    header = epoch_header(read_frames(room.attempt(1).path).frames[0])
    assert len(header.parsed.body.neighbour) == 1
    neighbour.kill()
    words = {"candidate": candidate(1), "station": "seat-3"}

    room.hall.until(lambda board: "seat-2" not in board["idle"], "the neighbour is missed")
    with pytest.raises(DeskError, match="“seat-2” is needed"):
        room.hall.act("move", **words)
    room.agents(2)
    room.together("move", **words)
    goes_on(new.screen(), 2)


def test_a_hand_in_is_reopened_by_two_people_with_the_time_that_was_left(room: Room) -> None:
    (agent,) = room.agents(1)
    screen = agent.screen()
    screen.begin(room.hall, 1)
    answered(screen, "one", "A")
    assert isinstance(screen.do(HandIn()), ipc.Saved)
    code = screen.await_(ipc.Finished, lambda finished: finished.hall).code
    first = room.bundle()
    assert check_hand_in_code(code, first.bundle_hash)
    left_ns = account(screen.entries).countdown.left_ns  # type: ignore[union-attr]
    assert "opens again" in room.together("reopen", candidate=candidate(1))
    eventually(lambda: screen.ended, "the screen is told anew")
    screen = agent.screen()
    goes_on(screen, 2)
    assert screen.attempt.phase is Phase.PAUSED
    assert screen.attempt.responses["one"] == chosen("A")
    assert account(screen.entries).countdown.left_ns == left_ns  # type: ignore[union-attr]
    with pytest.raises(DeskError, match="is not handed in"):
        room.hall.act("reopen", candidate=candidate(1))
    # A restart in the reopened exam goes on in it.
    safe(screen)
    agent.kill()
    screen = room.agent(1).screen()
    goes_on(screen, 3)
    assert screen.attempt.phase is Phase.PAUSED
    room.hall.act("resume", candidate=candidate(1))
    screen.await_phase(Phase.RUNNING)
    answered(screen, "one", "B")
    assert isinstance(screen.do(HandIn()), ipc.Saved)
    second_code = screen.await_(ipc.Finished, lambda finished: finished.hall).code
    second = room.bundle()
    assert code != second_code
    assert check_hand_in_code(second_code, second.bundle_hash)
    manifest = verify_bundle(second, room.site.body.trust())
    assert second.frames()[: first.manifest.count] == first.frames()[: first.manifest.count]
    assert manifest.count > first.manifest.count
    earlier = room.attempt(1).path / "earlier"
    assert sorted(path.name for path in earlier.iterdir()) == ["countersignature-1", "manifest-1"]


def test_reopened_after_the_candidate_left_and_moved_besides(room: Room) -> None:
    agent, _, other = room.agents(1, 2, 3)
    screen = agent.screen()
    screen.begin(room.hall, 1)
    answered(screen, "one", "A")
    assert isinstance(screen.do(HandIn()), ipc.Saved)
    screen.await_(ipc.Finished, lambda finished: finished.hall)
    assert isinstance(screen.ask(ipc.Leave), ipc.Saved)
    agent.kill()
    room.together("reopen", candidate=candidate(1))
    assert "Reopened" in room.hall.row(candidate(1))["state"]
    room.together("move", candidate=candidate(1), station="seat-3")
    there = other.screen()
    goes_on(there, 2)
    assert there.attempt.phase is Phase.PAUSED
    assert there.attempt.responses["one"] == chosen("A")
    room.hall.act("resume", candidate=candidate(1))
    there.await_phase(Phase.RUNNING)
    assert isinstance(there.do(HandIn()), ipc.Saved)
    there.await_(ipc.Finished, lambda finished: finished.hall)
    verify_bundle(room.bundle(), room.site.body.trust())


def test_a_station_that_lost_its_tail_gets_it_back(room: Room) -> None:
    (agent,) = room.agents(1)
    screen = agent.screen()
    screen.begin(room.hall, 1)
    answered(screen, "one", "B")
    answered(screen, "three", "gone")
    safe(screen)
    agent.kill()
    directory = room.attempt(1).path
    whole = read_frames(directory).frames
    _cut(directory, whole, len(whole) - 3)
    assert len(read_frames(directory).frames) == len(whole) - 3
    screen = room.agent(1).screen()
    goes_on(screen, 2)
    assert screen.attempt.responses["three"] == chosen("gone")
    assert read_frames(directory).frames[: len(whole)] == whole
    assert isinstance(screen.do(HandIn()), ipc.Saved)
    screen.await_(ipc.Finished, lambda finished: finished.hall)


def _cut(directory: Path, frames: tuple[bytes, ...], keep: int) -> None:
    """What a failing disk does: the last entries turn to zeros."""
    lost = b"".join(frames[keep:])
    for segment in (directory / "journal").iterdir():
        data = segment.read_bytes()
        place = data.find(lost)
        if place >= 0:
            segment.write_bytes(data[:place] + bytes(len(data) - place))


def test_when_the_chief_closes_the_sitting_what_opens_it_again_dies(room: Room) -> None:
    agent, _, _ = room.agents(1, 2, 3)
    screen = agent.screen()
    screen.begin(room.hall, 1)
    answered(screen, "one", "A")
    with pytest.raises(DeskError, match="still open"):
        room.hall.act("close", all="1")
    assert isinstance(screen.do(HandIn()), ipc.Saved)
    screen.await_(ipc.Finished, lambda finished: finished.hall)
    assert isinstance(screen.ask(ipc.Leave), ipc.Saved)
    keys = [
        home.signing_path.parent
        for home in (room.hall.home, room.site.stations[0], room.site.stations[1])
    ]
    assert all(list(each.glob("restore-*")) for each in keys)
    header = epoch_header(read_frames(room.attempt(1).path).frames[0])
    assert read_half(room.attempt(1).path, header)
    with pytest.raises(DeskError, match="Only the chief"):
        room.hall.act("close", who=INVIGILATOR, all="1")
    room.hall.act("absent")
    assert "closed" in room.hall.act("close", all="1")
    assert not list(keys[0].glob("restore-*"))
    room.hall.until(
        lambda board: board["erased"] == ["seat-1", "seat-2", "seat-3"],
        "every station stated that it deleted its keys",
    )
    assert not any(list(each.glob("restore-*")) for each in keys)
    with pytest.raises(JournalError, match="sitting was closed"):
        read_half(room.attempt(1).path, header)
    statements = _statements(room.hall)
    hall = read_erasure(statements[""], room.hall.home.enrolment().verify_key)
    assert (hall.operator, hall.reason, len(hall.keys)) == ("Ana", "routine.start", 1)
    own = read_erasure(statements["seat-1"], room.site.stations[0].enrolment().verify_key)
    assert (own.operator, own.halves, len(own.keys)) == ("Ana", 1, 1)
    beside = read_erasure(statements["seat-2"], room.site.stations[1].enrolment().verify_key)
    assert (beside.halves, len(beside.keys)) == (0, 1)
    for act in ("reopen", "move"):
        with pytest.raises(DeskError, match="No sitting is open"):
            room.hall.act(act, candidate=candidate(1), station="seat-3")
    # The journal stays until the body has confirmed it.
    left = room.attempt(1)
    assert any(Frame.parse(f).compartment is Compartment.RESPONSES for f in left.recover().frames)
    with pytest.raises(ShelfError, match="has not confirmed"):
        left.delete(room.site.body.trust())
    assert left.path.exists()


def _statements(hall: Hall) -> dict[str, bytes]:
    database = sqlite3.connect(hall.home.directory / "hall.sqlite")
    with contextlib.closing(database):
        found = dict(
            database.execute(
                "SELECT machine, erasures.erasure FROM erasures JOIN stations ON key_id = station"
            ).fetchall()
        )
        found[""] = database.execute("SELECT erasure FROM sittings").fetchone()[0]
    return found


def test_no_two_exams_are_moved_to_one_station(room: Room) -> None:
    agents = room.agents(1, 2, 3)
    screens = [agents[number].screen() for number in (0, 1)]
    for number, screen in enumerate(screens, 1):
        screen.begin(room.hall, number)
        safe(screen)
    for number in (1, 2):
        words = {"candidate": candidate(number), "station": "seat-3"}
        assert "second person" in room.hall.act("move", **words)
    first, second = ({"candidate": candidate(n), "station": "seat-3"} for n in (1, 2))
    agents[2].process.send_signal(signal.SIGSTOP)  # it does not say yet that it is taken
    assert "goes on at seat-3" in room.hall.act("move", who=INVIGILATOR, **first)
    with pytest.raises(DeskError, match="not free"):
        room.hall.act("move", who=INVIGILATOR, **second)
    agents[2].process.send_signal(signal.SIGCONT)
    goes_on(agents[2].screen(), 2)
    assert isinstance(screens[1].do(Flag("two", on=True)), ipc.Saved)


def test_before_anything_was_recorded_a_move_is_a_new_sign_in(room: Room) -> None:
    old, _, new = room.agents(1, 2, 3)
    screen = old.screen()
    screen.sign_in(1)
    safe(screen)
    old.kill()
    room.together("move", candidate=candidate(1), station="seat-3")
    there = new.screen()
    goes_on(there, 2)
    assert there.attempt.phase is Phase.WAITING
    room.hall.act("admit", candidate=candidate(1))
    there.await_phase(Phase.ADMITTED)
    there.await_(ipc.PartOpen, lambda part: part.part == ipc.PAPER)
    assert isinstance(there.do(Begin()), ipc.Saved)
