"""What a neighbour brings of a silent station's exam: taken, refused, or kept apart."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from exam_packages import canon
from exam_packages.attempt.events import Beat, compartment, encode_event
from exam_packages.sealing.departures import DepartureError, Left, places_digest, read_departures
from exam_packages.sealing.journal import Frame, genesis
from exam_packages.sealing.journal_format import make_frame
from exam_packages.sealing.marks import Mark, sign_mark
from sync.link import HolderRefused
from sync.messages import Glimpse
from sync.near.keeping import Keeping, Limits
from sync.near.messages import (
    LATE_ROUTE,
    LEFT_ROUTE,
    MAX_KEPT_FRAMES,
    OFFER_ROUTE,
    AskLeft,
    Keep,
    Known,
    Late,
    Meet,
    Offer,
    ToldLeft,
    Wanted,
)
from sync.near.offering import Offering
from sync.web.wire import HttpError

from .conftest import CLOCK
from .test_glimpses import jpeg, pictures


def offer(neighbour, blind_id, sequence, head, frames=(), mark=b""):
    client = neighbour.client
    message = canon.pack(Offer(blind_id, sequence, head, tuple(frames), mark))
    return client._read(client._checked(client._send("POST", OFFER_ROUTE, message)), Wanted).after


def bring(neighbour, seat, frames, upto):
    """Offer frames up to a place that the station of *seat* marked."""
    blind_id, head = seat.seat.blind_id, seat.writer.head_at(upto)
    mark = sign_mark(Mark(blind_id, upto, head), seat.key)
    return offer(neighbour, blind_id, upto, head, frames, mark)


def record(seat):
    """The frames of a station's journal, and its head."""
    writer = seat.writer
    frames = writer.frames(0, 1 << 30)
    return frames, writer.head_at(len(frames))


def silent(seat, count=3):
    """Records that the station does not tick any more."""
    for _ in range(count):
        seat.writer.append(seat.stamp(), encode_event(Beat()), compartment(Beat()))
    seat.writer.commit()
    seat._flush()


def table(hall, query):
    with closing(sqlite3.connect(hall.home.directory / "hall.sqlite")) as database:
        return database.execute(query).fetchall()


def test_what_only_the_neighbour_has_is_taken(hall, station):
    seat, neighbour = station("s1").begin("code-0001"), station("s2")
    seat.tick()
    held = len(record(seat)[0])
    silent(seat)
    frames, head = record(seat)
    blind_id = seat.seat.blind_id
    assert offer(neighbour, blind_id, len(frames), head) == held
    assert bring(neighbour, seat, frames[held : held + 1], held + 1) == -1
    assert offer(neighbour, blind_id, len(frames), head) == held + 1
    assert bring(neighbour, seat, frames[held:], len(frames)) == -1
    assert offer(neighbour, blind_id, len(frames), head) == -1
    assert [
        frame
        for who, frame in table(hall, "SELECT blind_id, frame FROM frames ORDER BY sequence")
        if who == blind_id
    ] == list(frames)
    (words,) = {each for (each,) in table(hall, "SELECT words FROM alarms WHERE code='neighbour'")}
    assert "s1 is silent" in words and "station s2" in words
    # The station comes back, and finds that all of it is held.
    assert seat.tick().acknowledgement.sequence == len(frames)


def test_what_does_not_follow_is_refused(hall, station):
    seat, neighbour = station("s1").begin("code-0003"), station("s2")
    seat.tick()
    silent(seat)
    frames, head = record(seat)
    blind_id, held = seat.seat.blind_id, len(frames) - 3
    count = len(frames)
    assert bring(neighbour, seat, frames[held + 1 :], count) == held  # a gap
    torn = frames[-1][:-1] + bytes([frames[-1][-1] ^ 1])
    for wrong in ((*frames[held:-1], torn), (b"no frame",), (frames[held], frames[held])):
        with pytest.raises(HolderRefused) as refused:
            bring(neighbour, seat, wrong, count)
        assert refused.value.status == 422
    # Noise in the shape of a frame: the chain cannot tell, the station's mark does. And marks of
    # others, of another place, or none.
    last = Frame.parse(frames[-1])
    noise = make_frame(count, last.compartment, bytes(len(last.stamp)), bytes(len(last.body)))
    mark = sign_mark(Mark(blind_id, count, head), seat.key)
    its = Frame.parse(noise).head_after(seat.writer.head_at(count - 1))
    for wrong, at, by in (
        ((*frames[held:-1], noise), head, mark),
        ((*frames[held:-1], noise), its, mark),
        ((*frames[held:-1], noise), its, sign_mark(Mark(blind_id, count, its), neighbour.key)),
        (frames[held:], head, sign_mark(Mark(blind_id, count, head), neighbour.key)),
        (frames[held:-1], head, mark),
        (frames[held:], head, b""),
    ):
        with pytest.raises(HolderRefused) as refused:
            offer(neighbour, blind_id, count, at, wrong, by)
        assert refused.value.status == 422
    with pytest.raises(HolderRefused) as unknown:
        offer(neighbour, bytes(16), 1, genesis(bytes(16)), frames[:1])
    assert unknown.value.status == 404
    assert offer(neighbour, blind_id, len(frames), head) == held


def test_an_exam_that_was_moved_is_fenced_against_a_neighbour_too(hall, station):
    seat, neighbour, other = station("s1"), station("s2"), station("s3")
    for each in (seat, neighbour, other):
        each.announce()
    seat.tick(), neighbour.tick(), other.tick()
    seat.begin("code-0004")
    seat.tick()
    held = len(record(seat)[0])
    silent(seat)
    frames, head = record(seat)
    neighbour.tick(), other.tick()
    seat.client.glimpse(Glimpse(seat.seat.blind_id, jpeg(), ()))
    (address,) = pictures(hall, "c-4")
    for who, kept in (("invigilator", True), ("chief", False)):  # the first only proposes it
        with hall.desk(who) as desk:
            desk.act("move", candidate="c-4", station="s3", reason="technical.station")
            # What the room saw of the station that was left is gone from the hall's memory.
            assert (desk._http.get(address).status_code == 200) is kept
    assert offer(neighbour, seat.seat.blind_id, len(frames), head) == held
    assert offer(neighbour, seat.seat.blind_id, len(frames), head, frames[held:]) == -1
    late = [
        frame
        for who, frame in table(hall, "SELECT blind_id, frame FROM late_frames ORDER BY sequence")
        if who == seat.seat.blind_id
    ]
    assert late == list(frames[held:])
    said = table(hall, "SELECT blind_id, words FROM alarms WHERE code = 'late-frames'")
    (words,) = [words for who, words in said if who == seat.seat.blind_id]
    assert "s2" in words and "kept apart" in words
    held_now = table(hall, "SELECT blind_id, max(sequence) FROM frames GROUP BY blind_id")
    assert dict(held_now)[seat.seat.blind_id] == held


def test_a_hall_names_the_next_in_the_ring_that_is_there_and_keeps(hall, station):
    first, second, third = station("s1"), station("s2"), station("s3")
    assert first.client.near(0).url == ""
    second.client.near(8447), third.client.near(8448)
    assert first.client.near(8446).url == "https://127.0.0.1:8447"
    assert first.client.near(8446).enrolment == second.home.enrolment_bytes
    assert second.client.near(8447).url == "https://127.0.0.1:8448"
    assert third.client.near(8448).url == "https://127.0.0.1:8446"
    # The readiness sheet names whose neighbour does not answer.
    ids = {each.home.id: each.home.enrolment().key_id for each in (first, second, third)}
    assert "No other station keeps" in readiness(hall)["found"]
    first.client.near(8446, ids["s2"]), second.client.near(8447, ids["s3"])
    third.client.near(8448, b"\0" * 16)  # one that is not in contact
    point = readiness(hall)
    assert point["state"] == "red"
    assert "s3" in point["found"] and "s1" not in point["found"]
    third.client.near(8448, ids["s1"])
    # Stations of other tests here do not keep: what is left over is not one of these.
    assert not {"s1", "s2", "s3"} & set(names(readiness(hall)["found"]))
    second.client.near(0)  # it keeps nothing any more
    assert first.client.near(8446).url == "https://127.0.0.1:8448"


def moved_with_a_tail(hall, station, code, candidate, to):
    """An exam that two people moved away from s1, while s2 has more of it than the hall."""
    seat, neighbour, other = station("s1"), station("s2"), station(to)
    for each in (seat, neighbour, other):
        each.announce()
        each.tick()
    seat.begin(code)
    seat.tick()
    held = len(record(seat)[0])
    silent(seat)
    neighbour.tick(), other.tick()
    for who in ("invigilator", "chief"):
        with hall.desk(who) as desk:
            desk.act("move", candidate=candidate, station=to, reason="technical.station")
    return seat, neighbour, held


def told(neighbour, blind_id, known=()):
    client = neighbour.client
    message = canon.pack(AskLeft((Known(blind_id, places_digest(known)),)))
    return client._read(client._checked(client._send("POST", LEFT_ROUTE, message)), ToldLeft)


def test_a_neighbour_is_told_where_an_exam_left_its_station_and_brings_the_rest(
    hall, station, site, tmp_path
):
    seat, neighbour, held = moved_with_a_tail(hall, station, "code-0005", "c-5", "s4")
    frames, head = record(seat)
    blind_id, writer = seat.seat.blind_id, seat.home.enrolment().key_id
    (word,) = told(neighbour, blind_id).departures
    left = read_departures(word, [hall.home.enrolment().verify_key])
    assert left.blind_id == blind_id
    assert left.places == (Left(writer, 1, held),)
    with pytest.raises(DepartureError):
        read_departures(word, [seat.home.enrolment().verify_key])
    assert told(neighbour, blind_id, left.places).departures == ()
    assert told(neighbour, bytes(16)).departures == ()  # nothing was moved
    # The neighbour's own code asks, fences, and hands over what it has beyond.
    home = neighbour.home
    keeping = Keeping(
        tmp_path / "kept.sqlite",
        home.signing_key(),
        home.enrolment(),
        site.body.trust,
        CLOCK,
        Limits(floor=0),
    )
    offering = Offering(keeping, [hall.station_url], home.client_tls(), silent_s=0)
    try:
        met = Meet(seat.home.enrolment_bytes, (hall.home.enrolment_bytes,), ())
        keeping.meet(seat.home.enrolment().tls_certificate, met)
        sender = keeping.sender(seat.home.enrolment().tls_certificate)
        package = seat.welcome.package_hash
        mark = sign_mark(Mark(blind_id, len(frames), head), seat.key)
        message = Keep(blind_id, package, len(frames), head, tuple(frames), mark)
        assert asyncio.run(keeping.keep(sender, message)).need_after == -1
        offering.round()  # the first of ten asks
        assert keeping.frames(blind_id) == tuple(frames[:held])
        assert kept_apart(hall, blind_id) == list(frames[held:])
        # Ten rounds later it would ask again; that something does not fit makes it ask now.
        with pytest.raises(HttpError, match="was moved"):
            asyncio.run(keeping.keep(sender, message))
        offering.round()
        assert not keeping.doubt.is_set()
    finally:
        for http in offering._halls.values():
            http.close()
        keeping.close()
    late(neighbour, Late(blind_id, writer, 1, frames))  # once more
    assert kept_apart(hall, blind_id) == list(frames[held:])
    words = [
        words
        for who, words in table(hall, "SELECT blind_id, words FROM alarms WHERE code='late-frames'")
        if who == blind_id
    ]
    assert len(words) == 1 and "s2" in words[0] and "do not count" in words[0]
    for wrong, status in (
        (Late(blind_id, neighbour.home.enrolment().key_id, 1, frames), 409),
        (Late(blind_id, writer, 1, (b"no frame",)), 422),
        (Late(blind_id, writer, 1, (b"",) * (MAX_KEPT_FRAMES + 1)), 413),
    ):
        with pytest.raises(HolderRefused) as refused:
            late(neighbour, wrong)
        assert refused.value.status == status


def late(neighbour, message):
    client = neighbour.client
    client._checked(client._send("POST", LATE_ROUTE, canon.pack(message)))


def kept_apart(hall, blind_id):
    rows = table(hall, "SELECT blind_id, frame FROM late_frames ORDER BY sequence")
    return [frame for who, frame in rows if who == blind_id]


def readiness(hall):
    """The point of the sheet about records at neighbours."""
    with hall.desk() as desk:
        (sheet,) = desk.look("/readiness")
    return next(point for point in sheet["points"] if point["name"] == "keepers")


def names(found):
    return found.partition(": ")[2].strip(".").split(", ")
