"""What a station keeps for others, and what it refuses: its rules, and the real process."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from centre import CLOCK, PACKAGE, Centre, HandedIn, Sitting, _begin
from click.testing import CliRunner
from msgspec import structs
from sitting import free_port

from exam_packages.attempt.events import MOVE, Beat, Opened
from exam_packages.clock import SECOND, Clock
from exam_packages.errors import ExamError
from exam_packages.sealing.departures import (
    DepartureError,
    Departures,
    Left,
    places_digest,
    sign_departures,
)
from exam_packages.sealing.journal import (
    Acknowledgement,
    Cursor,
    genesis,
    next_context,
    read_acknowledgement,
    read_frames,
    refill,
)
from exam_packages.sealing.marks import Mark, MarkError, read_mark, sign_mark
from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.trust import INTAKE
from exam_packages.verify.verify import verify
from kiosk.agent.kept import station as station_cli
from provisioning import authority, homes
from provisioning.station_home import StationHome
from sync.link import HolderRefused, Misbehaved, Unreachable
from sync.near.client import NearClient
from sync.near.keeping import LEAST_DAYS, Keeping, Limits
from sync.near.messages import MAX_KEPT_FRAMES, Keep, Known, Meet, Received
from sync.outbox import HolderFork, Outbox
from sync.web.wire import HttpError


class Later(Clock):
    """The machine's clock, turned forward."""

    def __init__(self) -> None:
        self.later_ns = 0

    def boot(self) -> bytes:
        return CLOCK.boot()

    def boottime_ns(self) -> int:
        return CLOCK.boottime_ns() + self.later_ns

    def wall_ns(self) -> int:
        return CLOCK.wall_ns() + self.later_ns


def enrolled(centre: Centre, directory: Path, name: str, place: str = "Lisbon") -> StationHome:
    request = homes.new_station(directory / name, name, place, "https://127.0.0.1:1", camera="none")
    _, answer = authority.enrol(centre.body, request, CLOCK)
    homes.install(
        StationHome.load(directory / name), answer, CLOCK, pinned=centre.body.trust().digest
    )
    return StationHome.load(directory / name)


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("near")


@pytest.fixture(scope="module")
def centre(where: Path) -> Centre:
    return Centre.found(where)


@pytest.fixture(scope="module")
def keeper(centre: Centre, where: Path) -> StationHome:
    home = enrolled(centre, where, "seat-2")
    path = home.settings_path
    path.write_text(f"{path.read_text()}\nneighbour_port = {free_port()}\n")
    return StationHome.load(home.directory)


@pytest.fixture(scope="module")
def stranger(centre: Centre, where: Path) -> StationHome:
    return enrolled(centre, where, "seat-3")


@pytest.fixture(scope="module")
def handed(centre: Centre, where: Path) -> HandedIn:
    return centre.hand_in(where / "attempt")


@pytest.fixture
def clock() -> Later:
    return Later()


Make = Callable[..., Keeping]


@pytest.fixture
def keep(centre: Centre, keeper: StationHome, clock: Later, tmp_path: Path) -> Iterator[Make]:
    """Make what keeps records at *keeper*; it has met the centre's station."""
    made: list[Keeping] = []

    def make(limits: Limits | None = None, name: str = "kept.sqlite") -> Keeping:
        keeping = Keeping(
            tmp_path / name,
            keeper.signing_key(),
            keeper.enrolment(),
            lambda: centre.trust,
            clock,
            limits or Limits(floor=0),
        )
        made.append(keeping)
        keeping.meet(certificate(centre.station), meeting(centre, centre.station))
        return keeping

    yield make
    for each in made:
        each.close()


def certificate(home: StationHome) -> bytes:
    return home.enrolment().tls_certificate


def meeting(centre: Centre, home: StationHome) -> Meet:
    return Meet(home.enrolment_bytes, (centre.hall.enrolment_bytes,), ())


def message(handed: HandedIn, after: int, upto: int) -> Keep:
    outbox = Outbox(handed.blind_id)
    outbox.put(1, handed.frames[:upto])
    outbox.send_again(upto)
    head = outbox.batch().head
    return Keep(handed.blind_id, PACKAGE, upto, head, handed.frames[after:upto], b"")


def marked(home: StationHome, message: Keep) -> Keep:
    """*message*, with the mark of the station that sends it."""
    if not message.frames:
        return message
    mark = Mark(message.blind_id, message.sequence, message.head)
    return structs.replace(message, mark=sign_mark(mark, home.signing_key()))


def put(keeping: Keeping, home: StationHome, message: Keep) -> tuple[Acknowledgement, int]:
    sender = keeping.sender(certificate(home))
    kept = asyncio.run(keeping.keep(sender, marked(home, message)))
    word = read_acknowledgement(kept.acknowledgement, keeping._own.verify_key)
    return word, kept.need_after


def test_it_acknowledges_what_it_synced_and_asks_for_what_is_missing(
    keep: Make, centre: Centre, handed: HandedIn
) -> None:
    keeping = keep()
    word, need = put(keeping, centre.station, message(handed, 0, 3))
    assert (word.sequence, need) == (3, -1)
    word, need = put(keeping, centre.station, message(handed, 5, 7))
    assert (word.sequence, need) == (3, 3)
    word, need = put(keeping, centre.station, message(handed, 3, 7))
    assert (word.sequence, need) == (7, -1)
    again, _ = put(keeping, centre.station, message(handed, 0, 7))
    assert again.head == word.head
    assert keeping.frames(handed.blind_id, 2) == handed.frames[2:7]


def test_a_word_without_frames_writes_nothing_and_is_heard(
    keep: Make, centre: Centre, handed: HandedIn, clock: Later
) -> None:
    keeping = keep()
    put(keeping, centre.station, message(handed, 0, 3))
    with keeping.store.reading() as connection:
        before = connection.execute("PRAGMA data_version").get
    clock.later_ns = 3 * SECOND
    put(keeping, centre.station, message(handed, 3, 3))
    with keeping.store.reading() as connection:
        assert connection.execute("PRAGMA data_version").get == before
    clock.later_ns = 6 * SECOND
    assert keeping.silent(4) == ()
    clock.later_ns = 8 * SECOND
    (silent,) = keeping.silent(4)
    assert (silent.blind_id, silent.sequence) == (handed.blind_id, 3)
    keeping.close()
    assert keep().silent(4) == (silent,)  # after a start nobody was heard yet


def test_after_a_start_a_sender_believes_what_it_has_now(
    keep: Make, centre: Centre, handed: HandedIn
) -> None:
    """Also when the whole file was lost: the cursor goes back, and everything is sent again."""
    outbox = Outbox(handed.blind_id)
    outbox.put(1, handed.frames)
    for name in ("kept.sqlite", "another.sqlite"):
        keeping = keep(name=name)
        word, _ = put(keeping, centre.station, message(handed, 0, 0))
        outbox.acknowledge(word)
        assert outbox.held == 0
        word, _ = put(keeping, centre.station, message(handed, 0, len(handed.frames)))
        outbox.acknowledge(word)
        assert outbox.complete
    keeping.close()
    keeping = keep(name="another.sqlite")
    word, _ = put(keeping, centre.station, message(handed, 0, 0))
    assert word.sequence == len(handed.frames)


def test_only_who_writes_a_record_brings_it(
    keep: Make, centre: Centre, stranger: StationHome, handed: HandedIn, where: Path
) -> None:
    keeping = keep()
    with pytest.raises(HttpError) as refused:
        keeping.sender(certificate(stranger))
    assert refused.value.status == 401
    with pytest.raises(HttpError, match="another machine"):
        keeping.meet(certificate(stranger), meeting(centre, centre.station))
    foreign = enrolled(centre, where, "seat-9", "Porto")
    with pytest.raises(HttpError, match="own centre"):
        keeping.meet(certificate(foreign), meeting(centre, foreign))
    with pytest.raises(HttpError, match="own centre"):
        hall = centre.hall.enrolment()
        keeping.meet(hall.tls_certificate, Meet(centre.hall.enrolment_bytes, (), ()))
    keeping.meet(certificate(stranger), meeting(centre, stranger))
    for after, upto in ((0, 3), (0, 1)):
        with pytest.raises(HttpError, match="Another station writes"):
            put(keeping, stranger, message(handed, after, upto))
    put(keeping, centre.station, message(handed, 0, 3))
    with pytest.raises(HttpError, match="Another station writes"):
        put(keeping, stranger, message(handed, 3, 5))
    with keeping.store.reading() as connection:
        assert not connection.execute("SELECT count(*) FROM refused_frames").get


def test_a_fork_is_refused_kept_and_counted(
    keep: Make, centre: Centre, handed: HandedIn, tmp_path: Path
) -> None:
    keeping = keep()
    put(keeping, centre.station, message(handed, 0, 5))
    changed = replace(handed, frames=(*handed.frames[:4], handed.frames[4][:-1] + b"\xff"))
    with pytest.raises((HttpError, ExamError)):
        put(keeping, centre.station, replace_frames(message(handed, 0, 5), changed.frames))
    word, _ = put(keeping, centre.station, message(handed, 0, 5))
    assert word.sequence == 5
    with pytest.raises(HttpError, match="another package"):
        put(
            keeping,
            centre.station,
            Keep(handed.blind_id, bytes(32), 0, genesis(handed.blind_id), (), b""),
        )


def replace_frames(message: Keep, frames: tuple[bytes, ...]) -> Keep:
    return structs.replace(message, frames=frames)


def test_room_is_bounded_for_each_sender_and_for_all(
    keep: Make, centre: Centre, handed: HandedIn, clock: Later, where: Path, tmp_path: Path
) -> None:
    size = sum(len(frame) + 64 for frame in handed.frames)
    keeping = keep(Limits(sender=size - 1, floor=0), "small.sqlite")
    with pytest.raises(HttpError) as full:
        put(keeping, centre.station, message(handed, 0, len(handed.frames)))
    assert full.value.status == 507
    put(keeping, centre.station, message(handed, 0, 5))  # what fits is still taken
    free = shutil.disk_usage(tmp_path).free
    keeping = keep(Limits(floor=free * 2), "floor.sqlite")
    with pytest.raises(HttpError, match="own candidate"):
        put(keeping, centre.station, message(handed, 0, 1))
    # All senders together; and what was silent long enough makes room, nothing else.
    other = centre.hand_in(where / secrets.token_hex(4))
    keeping = keep(Limits(total=size + 400, floor=0), "all.sqlite")
    whole = message(handed, 0, len(handed.frames))
    put(keeping, centre.station, whole)
    with pytest.raises(HttpError) as full:
        put(keeping, centre.station, message(other, 0, len(other.frames)))
    assert full.value.status == 507
    clock.later_ns = (LEAST_DAYS + 1) * 86_400 * SECOND
    word, _ = put(keeping, centre.station, message(other, 0, len(other.frames)))
    assert word.sequence == len(other.frames)
    assert not keeping.frames(handed.blind_id)


def test_who_asks_too_often_waits_and_holds_up_nobody(
    keep: Make, centre: Centre, stranger: StationHome, clock: Later
) -> None:
    keeping = keep(Limits(requests=2, burst=3, floor=0))
    keeping.meet(certificate(stranger), meeting(centre, stranger))
    with pytest.raises(HttpError) as busy:
        for _ in range(200):
            keeping.sender(certificate(centre.station))
    assert (busy.value.status, busy.value.retry_after_s) == (429, 1)
    keeping.sender(certificate(stranger))
    clock.later_ns = 2 * SECOND
    keeping.sender(certificate(centre.station))


def test_a_copy_goes_when_the_body_has_the_record_and_not_before(
    keep: Make, centre: Centre, stranger: StationHome, handed: HandedIn
) -> None:
    keeping = keep()
    put(keeping, centre.station, message(handed, 0, len(handed.frames)))
    sender = keeping.sender(certificate(centre.station))
    intake = [centre.body.signing_key(INTAKE)]
    other = sign_receipt(Receipt(bytes(32), 1, 0), intake)
    forged = sign_receipt(Receipt(handed.bundle_hash, 1, 0), [stranger.signing_key()])
    right = sign_receipt(Receipt(handed.bundle_hash, 1, 0), intake)
    for receipt in (other, forged, b""):
        with pytest.raises(ExamError):
            asyncio.run(keeping.received(sender, Received(handed.manifest, receipt)))
    with pytest.raises(HttpError, match="Another station"):
        asyncio.run(keeping.received(stranger.enrolment(), Received(handed.manifest, right)))
    assert keeping.frames(handed.blind_id)
    asyncio.run(keeping.received(sender, Received(handed.manifest, right)))
    assert not keeping.frames(handed.blind_id)
    assert keeping.silent(0) == ()


def test_more_than_the_body_received_stays(
    keep: Make, centre: Centre, where: Path, tmp_path: Path
) -> None:
    """A hand-in that was reopened: the receipt is for a part of what is kept."""
    sitting = centre.sit(where / secrets.token_hex(4))
    first = sitting.hand_in()
    sitting.restart()
    frames = sitting.frames()
    sitting.writer.close()
    keeping = keep()
    put(keeping, centre.station, message(replace(first, frames=frames), 0, len(frames)))
    right = sign_receipt(Receipt(first.bundle_hash, 1, 0), [centre.body.signing_key(INTAKE)])
    sender = keeping.sender(certificate(centre.station))
    with pytest.raises(HttpError, match="More of this record"):
        asyncio.run(keeping.received(sender, Received(first.manifest, right)))
    assert len(keeping.frames(first.blind_id)) == len(frames)


def test_too_many_frames_are_refused_before_any_is_looked_at(
    keep: Make, centre: Centre, handed: HandedIn
) -> None:
    many = Keep(handed.blind_id, PACKAGE, 1, bytes(32), (b"",) * (MAX_KEPT_FRAMES + 1), b"")
    with pytest.raises(HttpError) as refused:
        put(keep(), centre.station, many)
    assert refused.value.status == 413


# --- Marks ---------------------------------------------------------------------------


def test_frames_without_their_stations_mark_are_not_kept(
    keep: Make, centre: Centre, stranger: StationHome, handed: HandedIn
) -> None:
    keeping, right = keep(), message(handed, 0, 4)
    sender = keeping.sender(certificate(centre.station))
    elsewhere = marked(centre.station, message(handed, 0, 3)).mark
    for mark in (b"", marked(stranger, right).mark, elsewhere):
        with pytest.raises(ExamError):
            asyncio.run(keeping.keep(sender, structs.replace(right, mark=mark)))
    assert keeping.frames(handed.blind_id) == ()
    put(keeping, centre.station, right)
    assert keeping.frames(handed.blind_id) == handed.frames[:4]


def test_what_is_offered_ends_where_the_station_marked_it(
    keep: Make, centre: Centre, handed: HandedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping, count = keep(), len(handed.frames)
    monkeypatch.setattr("sync.near.marks._SPAN", max(map(len, handed.frames)) + 1_000)
    for upto in range(1, count + 1):
        put(keeping, centre.station, message(handed, upto - 1, upto))
    with keeping.store.reading() as connection:
        places = [row[0] for row in connection.execute("SELECT sequence FROM marks")]
    assert places[-1] == count
    assert 1 < len(places) < count  # thinned out, and not all away
    key = centre.station.enrolment().verify_key
    for after in range(count):
        got, reached = list(handed.frames[:after]), after
        while (piece := keeping.piece(handed.blind_id, reached)) is not None:
            assert read_mark(piece.mark, key) == Mark(handed.blind_id, piece.sequence, piece.head)
            got += piece.frames
            assert len(got) == piece.sequence > reached
            reached = piece.sequence
        assert tuple(got) == handed.frames
    with pytest.raises(MarkError):
        read_mark(b"", key)


# --- Exams that were moved -----------------------------------------------------------


def cursor(handed: HandedIn, sequence: int) -> Cursor:
    return Cursor(handed.blind_id, 1, sequence, message(handed, sequence, sequence).head)


def went_on(
    centre: Centre, at: StationHome, handed: HandedIn, left: int, where: Path
) -> tuple[bytes, ...]:
    """The record as it goes on at another station, which copied it up to *left*."""
    there = replace(centre, station=at)
    refill(where, handed.frames[:left])
    place = cursor(handed, left)
    context = next_context(place, at.enrolment().key_id, PACKAGE, CLOCK.boot())
    sitting = Sitting(there, where, _begin(there, where, context), PACKAGE)
    sitting.add(Opened(2, MOVE, False), Beat())
    frames = tuple(sitting.writer.frames(left))
    sitting.writer.close()
    return (*handed.frames[:left], *frames)


def departures(
    centre: Centre, handed: HandedIn, left: int, authority: int = 1, *others: Left
) -> bytes:
    place = Left(centre.station.enrolment().key_id, 1, left)
    word = Departures(handed.blind_id, authority, (place, *others))
    return sign_departures(word, centre.hall.signing_key())


def apart(keeping: Keeping) -> list[bytes]:
    _, late = keeping.late(0, 1 << 30)
    return [] if late is None else list(late.frames)


def test_what_a_station_wrote_beyond_a_move_is_set_apart_and_the_record_goes_on(
    keep: Make, centre: Centre, stranger: StationHome, handed: HandedIn, tmp_path: Path
) -> None:
    keeping, left = keep(), 4
    put(keeping, centre.station, message(handed, 0, 7))
    moved = went_on(centre, stranger, handed, left, tmp_path / "moved")
    there = replace(handed, frames=moved)
    keeping.meet(
        certificate(stranger),
        Meet(
            stranger.enrolment_bytes,
            (centre.hall.enrolment_bytes,),
            (centre.station.enrolment_bytes,),
        ),
    )
    keeping.doubt.clear()
    with pytest.raises(HttpError, match="Another station writes"):
        put(keeping, stranger, message(there, 0, len(moved)))
    assert keeping.doubt.is_set()  # so the halls are asked now
    (known,) = keeping.known()
    assert known == Known(handed.blind_id, places_digest(()))

    keeping.departed(departures(centre, handed, left))
    (known,) = keeping.known()
    assert known.digest == places_digest((Left(centre.station.enrolment().key_id, 1, left),))
    assert keeping.frames(handed.blind_id) == handed.frames[:left]
    assert apart(keeping) == list(handed.frames[left:7])
    word, need = put(keeping, stranger, message(there, 0, len(moved)))
    assert (word.epoch, word.sequence, need) == (2, len(moved), -1)
    assert keeping.frames(handed.blind_id) == moved
    assert apart(keeping) == list(handed.frames[left:7])


def test_a_station_that_an_exam_has_left_is_told_and_its_records_are_kept_apart(
    keep: Make, centre: Centre, handed: HandedIn
) -> None:
    keeping = keep()
    put(keeping, centre.station, message(handed, 0, 4))
    keeping.departed(departures(centre, handed, 4))
    for _ in range(2):
        with pytest.raises(HttpError, match="was moved to another station") as gone:
            put(keeping, centre.station, message(handed, 2, 6))
        assert gone.value.status == 410
    assert keeping.frames(handed.blind_id) == handed.frames[:4]
    assert apart(keeping) == list(handed.frames[4:6])
    # Two people move it back: it is fenced there no more, and the hall says so.
    keeping.departed(sign_departures(Departures(handed.blind_id, 1, ()), centre.hall.signing_key()))
    word, _ = put(keeping, centre.station, message(handed, 4, 6))
    assert word.sequence == 6


def test_only_a_hall_that_commands_fences(
    keep: Make, centre: Centre, stranger: StationHome, handed: HandedIn
) -> None:
    keeping = keep()
    put(keeping, centre.station, message(handed, 0, 5))
    place = Left(centre.station.enrolment().key_id, 1, 2)
    word = Departures(handed.blind_id, 1, (place,))
    forged = sign_departures(word, stranger.signing_key())
    for wrong in (forged, b"", departures(centre, handed, 2)[:-1]):
        with pytest.raises(DepartureError):
            keeping.departed(wrong)
    keeping.departed(departures(centre, handed, 3, 1 << 20))
    keeping.departed(departures(centre, handed, 2, 5))  # of a hall that was deposed since
    assert keeping.frames(handed.blind_id) == handed.frames[:3]
    other = sign_departures(Departures(bytes(16), 1, (place,)), centre.hall.signing_key())
    keeping.departed(other)  # of an exam that is not kept here
    assert [each.blind_id for each in keeping.known()] == [handed.blind_id]


def test_an_exam_of_which_the_hall_had_nothing_begins_anew(
    keep: Make, centre: Centre, stranger: StationHome, handed: HandedIn, tmp_path: Path
) -> None:
    keeping = keep()
    put(keeping, centre.station, message(handed, 0, 7))
    keeping.departed(departures(centre, handed, 0))
    assert keeping.frames(handed.blind_id) == ()
    assert apart(keeping) == list(handed.frames[:7])
    word, need = put(
        keeping,
        stranger_met(keeping, centre, stranger),
        Keep(handed.blind_id, PACKAGE, 0, genesis(handed.blind_id), (), b""),
    )
    assert (word.sequence, need) == (0, -1)


def stranger_met(keeping: Keeping, centre: Centre, stranger: StationHome) -> StationHome:
    keeping.meet(certificate(stranger), meeting(centre, stranger))
    return stranger


def test_what_was_set_apart_is_handed_over_in_pieces(
    keep: Make, centre: Centre, handed: HandedIn
) -> None:
    keeping = keep()
    put(keeping, centre.station, message(handed, 0, 7))
    keeping.departed(departures(centre, handed, 2))
    got: list[bytes] = []
    place, late = keeping.late(0, 1)
    while late is not None:
        assert late.station == centre.station.enrolment().key_id
        got += late.frames
        place, late = keeping.late(place, 1)
    assert got == list(handed.frames[2:7])


# --- The real process, over TLS -----------------------------------------------------


@pytest.fixture
def url(keeper: StationHome) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "kiosk.keeping", str(keeper.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline()
    yield f"https://127.0.0.1:{keeper.neighbour_port}"
    process.stdin.close()  # as when the agent is killed
    process.stdout.close()
    assert process.wait(30) == 0


def client(centre: Centre, home: StationHome, url: str, named: StationHome) -> NearClient:
    return NearClient(
        url,
        named.enrolment_bytes,
        home.client_tls(),
        enrolment=home.enrolment_bytes,
        centre="Lisbon",
        trust=centre.trust,
    )


def test_the_process_keeps_and_is_known_by_its_certificate(
    centre: Centre, keeper: StationHome, stranger: StationHome, handed: HandedIn, url: str
) -> None:
    near = client(centre, centre.station, url, keeper)
    with pytest.raises(HolderRefused) as unknown:
        near.keep(marked(centre.station, message(handed, 0, 2)))
    assert unknown.value.status == 401
    near.meet([centre.hall.enrolment_bytes], [])
    word, need = near.keep(marked(centre.station, message(handed, 0, 2)))
    assert (word.sequence, word.holder, need) == (2, keeper.enrolment().key_id, -1)
    with pytest.raises(HolderRefused):
        near.keep(replace_frames(message(handed, 0, 2), (bytes(2 * 1024 * 1024),)))
    near.close()
    # Another machine of the body at that address is not the neighbour that was named.
    wrong = client(centre, centre.station, url, stranger)
    with pytest.raises(Misbehaved, match="not the neighbour"):
        wrong.meet([centre.hall.enrolment_bytes], [])
    wrong.close()
    gone = client(centre, centre.station, f"https://127.0.0.1:{free_port()}", keeper)
    with pytest.raises(Unreachable):
        gone.meet([], [])
    gone.close()
    with pytest.raises(Misbehaved, match="no station"):
        NearClient(
            url,
            centre.hall.enrolment_bytes,
            centre.station.client_tls(),
            enrolment=centre.station.enrolment_bytes,
            centre="Lisbon",
            trust=centre.trust,
        )


def test_what_is_kept_can_be_taken_out_and_verified(
    centre: Centre, keeper: StationHome, handed: HandedIn, url: str, tmp_path: Path
) -> None:
    near = client(centre, centre.station, url, keeper)
    near.meet([centre.hall.enrolment_bytes], [])
    near.keep(marked(centre.station, message(handed, 0, 6)))
    near.close()
    for _ in range(2):  # the second time it is there already
        done = CliRunner().invoke(station_cli, ["kept", str(keeper.directory), str(tmp_path)])
        assert done.exit_code == 0, done.output
    assert "left as it is" in done.output
    out = tmp_path / handed.blind_id.hex()
    assert read_frames(out).frames == handed.frames[:6]
    enrolments = [tmp_path / "station", tmp_path / "hall"]
    for path, data in zip(enrolments, handed.enrolments, strict=True):
        path.write_bytes(data)
    report = verify([out, *enrolments], centre.trust, now_s=1_800_000_000)
    record = report.subjects[0].record
    assert record is not None and (record.entries, record.blind_id) == (6, handed.blind_id)


def test_a_neighbour_that_acknowledges_another_history_is_a_fork(
    centre: Centre, keeper: StationHome, handed: HandedIn
) -> None:
    outbox = Outbox(handed.blind_id)
    outbox.put(1, handed.frames)
    lie = Acknowledgement(
        handed.blind_id, 1, 2, bytes(32), keeper.enrolment().key_id, 5, CLOCK.wall_ns()
    )
    with pytest.raises(HolderFork):
        outbox.acknowledge(lie)


def test_an_outbox_knows_whose_epoch_is_the_last(centre: Centre, handed: HandedIn) -> None:
    outbox = Outbox(handed.blind_id)
    assert outbox.writer == b""
    outbox.put(1, handed.frames)
    assert outbox.writer == outbox.beside().writer == centre.station.enrolment().key_id
