"""What was acknowledged is never lost: killed halls, old copies, gaps, forks."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from exam_packages import canon
from exam_packages.attempt.events import RESTART, Beat
from exam_packages.sealing.journal import Compartment, Frame, next_context, read_acknowledgement
from exam_packages.sealing.journal_format import make_frame
from sync.hall import seats
from sync.hall.schema import open_store
from sync.link import HolderRefused, LinkError
from sync.messages import Refusal, Tick

from .conftest import Hall, Site, Station, status

Start = Callable[[str], Hall]


@pytest.fixture
def fresh(site: Site) -> Iterator[Start]:
    """Makes halls of their own, which a test may kill; all are ended afterwards."""
    made: list[Hall] = []

    def make(name: str) -> Hall:
        made.append(Hall(site.hall(name)))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop()


def sit(site: Site, hall: Hall, tmp_path: Path, code: str, name: str = "s1") -> Station:
    return Station(site.station(name), hall, tmp_path / f"{name}-{code}").begin(code)


def held(hall: Hall, blind_id: bytes) -> list[tuple[int, bytes]]:
    """The frames in the database of a hall that is not running."""
    database = sqlite3.connect(hall.home.directory / "hall.sqlite")
    try:
        return database.execute(
            "SELECT sequence, frame FROM frames WHERE blind_id = ? ORDER BY sequence", (blind_id,)
        ).fetchall()
    finally:
        database.close()


def test_a_killed_hall_has_lost_nothing_it_acknowledged(
    fresh: Start, site: Site, tmp_path: Path
) -> None:
    hall = fresh("killed")
    stations = [sit(site, hall, tmp_path, f"code-{n:04}", f"s{n + 1}") for n in range(4)]
    acknowledged = [0] * 4
    enough = threading.Semaphore(0)

    def work(place: int) -> None:
        seat = stations[place]
        try:
            while True:
                seat.add(Beat(), Beat())
                answer = seat.tick()
                acknowledged[place] = answer.acknowledgement.sequence
                enough.release()
        except LinkError:
            return

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        assert enough.acquire(timeout=20)
    hall.kill()  # in the middle of their ticks
    for thread in threads:
        thread.join(20)
    for seat, sequence in zip(stations, acknowledged, strict=True):
        frames = held(hall, seat.seat.blind_id)
        assert [number for number, _ in frames] == list(range(1, len(frames) + 1))
        assert len(frames) >= sequence > 1
    hall.start()
    for seat in stations:  # and every one goes on where it stood
        seat.reconnect()
        seat.add(Beat())
        while not seat.outbox.complete:
            assert seat.tick().acknowledgement.holder_epoch == seat.welcome.holder_epoch
        seat.close()
    with hall.desk() as desk:
        assert not desk.board()["alarms"]  # it forgot nothing


def test_a_hall_put_back_from_a_copy_raises_its_epoch_and_gets_everything_again(
    fresh: Start, site: Site, tmp_path: Path
) -> None:
    hall = fresh("restored")
    seat = sit(site, hall, tmp_path, "code-0000")
    seat.tick()
    hall.stop()
    copy = tmp_path / "copy.sqlite"
    shutil.copy(hall.home.directory / "hall.sqlite", copy)
    hall.start()
    seat.reconnect()
    epoch, authority = seat.welcome.holder_epoch, seat.welcome.authority
    with hall.desk() as desk:
        desk.act("add-time", candidate="c-0", minutes="5", reason="candidate.break")
    seat.add(Beat(), Beat(), Beat())
    seat.tick()
    assert seat.command == 1
    seat.tick()
    assert seat.outbox.complete
    before = seat.outbox.held
    hall.stop()
    for name in ("hall.sqlite-wal", "hall.sqlite-shm"):
        (hall.home.directory / name).unlink(missing_ok=True)
    shutil.copy(copy, hall.home.directory / "hall.sqlite")
    hall.start()
    seat.reconnect()
    assert seat.welcome.holder_epoch > epoch
    assert seat.welcome.authority > authority
    answer = seat.tick()
    assert answer.acknowledgement.sequence < before  # the cursor moves back, under this epoch
    assert answer.acknowledgement.holder_epoch == seat.welcome.holder_epoch
    while not seat.outbox.complete:
        seat.tick()
    assert seat.outbox.held == before
    with hall.desk() as desk:
        assert any("older copy" in words for words in desk.board()["alarms"])
        desk.act("pause", candidate="c-0", reason="hall.noise")
    ((command, _),) = seat.tick().commands
    assert (command.authority, command.number) == (seat.welcome.authority, 1)
    seat.close()


def test_an_old_copy_is_noticed_even_without_the_counter_beside_it(
    fresh: Start, site: Site, tmp_path: Path
) -> None:
    """The whole home was put back: only the stations know better."""
    hall = fresh("rolled-back")
    seat = sit(site, hall, tmp_path, "code-0000")
    seat.tick()
    other = sit(site, hall, tmp_path, "code-0001", "s2")
    other.tick()
    hall.stop()
    copy = tmp_path / "home"
    shutil.copytree(hall.home.directory, copy)
    hall.start()
    seat.reconnect()
    other.reconnect()
    for each in (seat, other):
        each.add(Beat(), Beat())
        epoch = each.tick().acknowledgement.holder_epoch
    hall.stop()
    shutil.rmtree(hall.home.directory)
    shutil.copytree(copy, hall.home.directory)
    hall.start()
    seat.reconnect()
    assert seat.welcome.holder_epoch == epoch  # nobody has noticed yet
    seat.add(Beat())
    seat.tick()  # offers frames from beyond what the hall has
    while not seat.outbox.complete:
        assert seat.tick().acknowledgement.holder_epoch == epoch + 1
    with hall.desk() as desk:
        desk.act("add-time", candidate="c-0", minutes="5", reason="technical.station")
    other.reconnect()
    other.add(Beat())
    other.tick()  # has the same cause: the epoch does not rise again, no order is dropped
    while not other.outbox.complete:
        assert other.tick().acknowledgement.holder_epoch == epoch + 1
    assert seat.tick().commands
    with hall.desk() as desk:
        assert len(desk.board()["alarms"]) == 1
    other.close()
    seat.close()


def test_a_gap_is_asked_for(hall: Hall, site: Site, tmp_path: Path) -> None:
    seat = sit(site, hall, tmp_path, "code-0000")
    seat.add(Beat(), Beat(), Beat())
    assert seat.writer is not None
    frames = seat.writer.frames(0)
    at = seat.writer.synced_cursor
    late = Tick(
        seat.seat.blind_id, 1, at.sequence, at.head, frames[2:], 0, 0, status(phase="waiting")
    )
    answer = seat.client.tick(late)
    assert answer.need_after == 0
    assert answer.acknowledgement.sequence == 0
    seat.tick()
    assert seat.outbox.complete
    seat.close()


def test_a_fork_is_refused_kept_and_alarmed(hall: Hall, site: Site, tmp_path: Path) -> None:
    seat = sit(site, hall, tmp_path, "code-0001")
    seat.tick()
    seat.add(Beat())
    seat.tick()
    blind_id = seat.seat.blind_id
    assert seat.writer is not None
    good = seat.writer.synced_cursor
    changed = bytearray(seat.writer.frames(good.sequence - 1)[0])
    # A frame of the same place with other bytes, as a second machine would write it.
    frame = Frame.parse(bytes(changed))
    other = make_frame(frame.sequence, Compartment.EVENTS, frame.stamp, frame.body[:-1] + b"\0")
    parsed = Frame.parse(other)
    head = parsed.head_after(seat.writer.head_at(good.sequence - 1))
    forked = Tick(blind_id, 1, frame.sequence, head, (other,), 0, 0, status(phase="running"))
    with pytest.raises(HolderRefused, match="other content") as refused:
        seat.client.tick(forked)
    assert refused.value.status == 422
    with pytest.raises(HolderRefused, match="Two different records") as refused:
        seat.client.tick(Tick(blind_id, 1, good.sequence, head, (), 0, 0, status()))
    assert seat.tick().acknowledgement.head == good.head  # the true record goes on
    with hall.desk("observer") as desk:
        (row,) = [row for row in desk.board()["rows"] if row["candidate"] == "c-1"]
    assert row["concern"] == "alarm"
    assert any("other content" in words for words in row["incidents"])
    database = sqlite3.connect(hall.home.directory / "hall.sqlite")
    kept = database.execute("SELECT frames FROM refused_frames ORDER BY id").fetchall()
    database.close()
    assert (other,) in kept
    seat.close()


def test_a_replayed_tick_changes_nothing(hall: Hall, site: Site, tmp_path: Path) -> None:
    seat = sit(site, hall, tmp_path, "code-0002")
    assert seat.writer is not None
    at = seat.writer.synced_cursor
    tick = Tick(seat.seat.blind_id, 1, at.sequence, at.head, seat.writer.frames(0), 0, 0, status())
    first, second = seat.client.tick(tick), seat.client.tick(tick)
    assert first.acknowledgement.cursor == second.acknowledgement.cursor
    seat.close()


def test_frames_may_come_late_but_nothing_comes_after_a_hand_in_unseen(
    fresh: Start, site: Site, tmp_path: Path
) -> None:
    hall = fresh("late")
    seat = sit(site, hall, tmp_path, "code-0000")
    seat.tick()
    manifest = seat.manifest()
    seat.client.hand_in(manifest)
    hall.stop()
    hall.start()
    seat.reconnect()
    first = seat.client.hand_in(manifest)  # the answer was lost on the way: asked again
    assert seat.client.hand_in(manifest) == first
    seat.add(Beat())
    with pytest.raises(HolderRefused, match="nothing can be added"):
        seat.tick()
    with httpx.Client(
        base_url=hall.station_url, verify=seat.home.client_tls(), trust_env=False
    ) as http:
        response = http.post("/v1/hand-in", content=canon.pack(Refusal("x", ())))
    assert response.status_code == 400
    seat.close()


def test_a_released_exam_stays_released_over_a_restart(
    fresh: Start, site: Site, tmp_path: Path
) -> None:
    hall = fresh("released")
    hall.release(site)
    hall.kill()
    hall.start()
    seat = Station(site.station("s1"), hall, tmp_path / "s1")
    assert len(seat.tick().releases) == 1
    seat.close()


def test_acknowledgements_verify_against_the_enrolled_key_alone(
    hall: Hall, site: Site, tmp_path: Path
) -> None:
    seat = sit(site, hall, tmp_path, "code-0003")
    data = seat.tick().acknowledgement_bytes
    key = hall.home.enrolment().verify_key
    assert read_acknowledgement(data, key)
    for bit in range(0, len(data) * 8, 97):
        spoilt = bytearray(data)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Exception, match=r"acknowledgement"):
            read_acknowledgement(bytes(spoilt), key)
    seat.close()


def test_a_hall_that_dies_while_closing_deletes_its_keys_when_it_starts_again(
    fresh: Start, site: Site, tmp_path: Path
) -> None:
    hall = fresh("closing")
    seat = sit(site, hall, tmp_path, "code-0000")
    seat.tick()
    assert seat.client.restore_key is not None
    sealed_to = seat.client.restore_key.sealing.key_id
    keys = hall.home.signing_path.parent
    assert len(list(keys.glob("restore-*.key"))) == 1
    hall.kill()
    store = open_store(hall.home.directory)
    store.write(lambda connection: seats.close_sitting(connection, 1, 1, "chief", "routine.end"))
    store.close()
    hall.start()
    assert not list(keys.glob("restore-*.key"))
    seat.reconnect()
    (order,) = seat.client.closed
    assert (order.operator, order.keys) == ("chief", (sealed_to,))
    assert seat.writer is not None
    context = next_context(
        seat.writer.synced_cursor, seat.key.key_id, site.package_hash, seat.stamp().boot
    )
    with pytest.raises(HolderRefused, match="has closed this sitting"):
        seat.client.permit(context, RESTART)
    seat.close()
