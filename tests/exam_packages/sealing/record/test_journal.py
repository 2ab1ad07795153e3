"""Writing, reading and opening a journal; the restore secret; who opens what."""

from __future__ import annotations

import pytest
from evidence_key import EVIDENCE
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.sealing.journal import (
    MAX_BODY,
    MAX_PICTURE,
    ROLE_OF,
    SEALED,
    ChainError,
    ChainFork,
    ChainGap,
    ChainPermit,
    Compartment,
    DiskFault,
    EvidenceStore,
    Frame,
    JournalError,
    JournalLocked,
    OpenError,
    epoch_header,
    first_context,
    forget_halves,
    next_context,
    open_frames,
    open_snapshot,
    read_frames,
    read_half,
    read_permit,
    refill,
    restore,
)
from exam_packages.sealing.journal_keys import Header, pad, unpad
from exam_packages.sealing.suite import SealingKey

R, E, P, I = (  # noqa: E741 - one letter each, as in the table below
    Compartment.RESPONSES,
    Compartment.EVENTS,
    Compartment.EVIDENCE,
    Compartment.IDENTITY,
)


@pytest.fixture
def written(attempt):
    """A short record with one entry of each kind, closed."""
    with_all = attempt.begin()
    for compartment in (I, E, R, P):
        with_all.append(attempt.stamp(), compartment.name.encode(), compartment)
    with_all.append_acknowledgement(attempt.stamp(), attempt.word(with_all.cursor))
    with_all.append(attempt.stamp(), b"second answer", R)
    with_all.commit()
    with_all.close()
    return attempt


def test_what_was_committed_is_read_again_as_it_was(written):
    recovered = read_frames(written.directory)
    assert recovered.note is None
    assert [Frame.parse(frame).sequence for frame in recovered.frames] == list(range(1, 8))
    assert recovered.cursor == written.verify().cursor
    assert recovered.heads[-1] == recovered.cursor.head


@pytest.mark.parametrize(
    ("role", "compartments", "stamps"),
    [
        ("scoring", (R,), False),
        ("integrity", (E, P), True),
        ("registrar", (I,), False),
    ],
)
def test_each_role_opens_its_own_compartments_and_nothing_else(written, role, compartments, stamps):
    key = getattr(written.people, role)
    opened = list(open_frames(written.frames(), written.keys(key, *compartments)))
    for one in opened:
        assert (one.stamp is not None) is stamps
        if one.compartment in SEALED:
            assert (one.body is not None) is (one.compartment in compartments)
    bodies = [one.body for one in opened if one.compartment in compartments]
    assert bodies[0] == compartments[0].name.encode()
    for other in set(SEALED) - set(compartments):
        with pytest.raises(OpenError):
            written.keys(key, other)


def test_stamps_are_those_given_whatever_the_body_is(written):
    opened = open_frames(written.frames(), written.keys(written.people.integrity, E))
    assert [one.stamp.boottime_ns // 1_000_000_000 for one in opened] == list(range(1, 8))


def test_roles_of_the_compartments_are_all_named():
    assert set(ROLE_OF) == set(SEALED)


def test_lengths_show_only_buckets(attempt):
    writer = attempt.begin()
    attempt.add(writer, b"", b"x" * 50, b"y" * 124, b"z" * 125)
    writer.append(attempt.stamp(), b"an event", E)
    writer.commit()
    sizes = [len(frame) for frame in attempt.frames()[1:]]
    assert sizes[0] == sizes[1] == sizes[2] == sizes[4] < sizes[3]


@given(st.binary(max_size=1000), st.sampled_from([64, 128]))
def test_padding_comes_off_again(data, least):
    padded = pad(data, least)
    assert unpad(padded, least) == data
    assert len(padded) >= least
    assert len(padded) & (len(padded) - 1) == 0
    for broken in (padded[:-1] + b"\1", padded + bytes(len(padded)), b"\xff" + padded[1:]):
        with pytest.raises(OpenError):
            unpad(broken, least)


def test_equal_answers_look_different(attempt):
    writer = attempt.begin()
    attempt.add(writer, b"A", b"A")
    first, second = (Frame.parse(frame) for frame in attempt.frames()[1:])
    assert first.body != second.body


def test_a_body_too_long_is_refused_and_the_record_goes_on(attempt):
    writer = attempt.begin()
    attempt.add(writer, b"x" * MAX_BODY)
    with pytest.raises(JournalError, match="too long"):
        writer.append(attempt.stamp(), b"x" * (MAX_BODY + 1), R)
    attempt.add(writer, b"short")
    assert [len(answer) for answer in attempt.answers()] == [MAX_BODY, 5]


def test_headers_and_acknowledgements_cannot_be_appended_as_bodies(attempt):
    writer = attempt.begin()
    for compartment in (Compartment.HEADER, Compartment.ACKNOWLEDGEMENT):
        with pytest.raises(ValueError, match="nothing is appended"):
            writer.append(attempt.stamp(), b"", compartment)


def test_only_what_is_committed_is_shown_to_holders(attempt):
    writer = attempt.begin()
    attempt.add(writer, b"one")
    writer.append(attempt.stamp(), b"two", R)
    assert (writer.sequence, writer.synced) == (3, 2)
    assert len(writer.frames(0)) == 2
    assert writer.synced_cursor == attempt.verify(writer.frames(0)).cursor
    writer.commit()
    assert writer.synced_cursor == writer.cursor
    assert writer.frames(2) == attempt.frames()[2:]
    assert writer.frames(3) == ()


def test_holders_are_sent_batches_of_bounded_size(attempt):
    writer = attempt.begin()
    attempt.add(writer, *(bytes([number]) for number in range(20)))
    size = len(attempt.frames()[-1])
    assert len(writer.frames(1, size * 3)) == 3
    assert len(writer.frames(1, 1)) == 1
    collected = []
    while batch := writer.frames(len(collected), size * 4):
        collected += batch
    assert tuple(collected) == attempt.frames()


def test_heads_of_the_past_can_be_compared(attempt):
    writer = attempt.begin()
    attempt.add(writer, b"one", b"two")
    writer.close()
    writer = attempt.begin()
    heads = read_frames(attempt.directory).heads
    assert [writer.head_at(sequence) for sequence in range(5)] == list(heads)
    assert writer.head_at(5) is None
    assert writer.head_at(-1) is None


def test_a_segment_that_is_full_is_followed_by_another(attempt):
    writer = attempt.begin()
    bodies = [bytes([number]) * 200_000 for number in range(12)]
    for body in bodies:
        attempt.add(writer, body)
    assert len(list((attempt.directory / "journal").iterdir())) > 1
    assert attempt.answers() == bodies
    assert writer.frames(0, 2**30) == attempt.frames()


# --- One writer, at its place --------------------------------------------------------


def test_there_is_one_writer(attempt):
    writer = attempt.begin()
    context = attempt.context()
    with pytest.raises(JournalLocked):
        attempt.begin(context)
    writer.close()
    attempt.begin(context).close()


def test_an_epoch_begins_only_where_the_record_ends(attempt, other_station):
    station = attempt.machine.signing.key_id
    attempt.begin().close()
    cursor = read_frames(attempt.directory).cursor
    start = first_context(attempt.blind_id, station, attempt.package_hash, attempt.boot)
    right = next_context(cursor, station, attempt.package_hash, attempt.boot)

    def altered(**changes):
        fields = {name: getattr(right, name) for name in right.__struct_fields__}
        return type(right)(**{**fields, **changes})

    for wrong, error in (
        (start, ChainGap),
        (altered(sequence=3), ChainGap),
        (altered(previous_head=bytes(32)), ChainFork),
        (altered(blind_id=bytes(16)), ChainFork),
        (altered(epoch=1), ChainPermit),
        (altered(boot=bytes(16)), ChainPermit),
        (altered(station=other_station.signing.key_id), ChainPermit),
    ):
        with pytest.raises(error):
            attempt.begin(wrong)
    with pytest.raises(ChainPermit):
        attempt.begin(right, attempt.permit(altered(epoch=9)))
    with pytest.raises(ChainPermit):
        attempt.begin(right, b"no permit")
    assert len(attempt.frames()) == 1
    attempt.begin(right).close()


def test_a_permit_is_read_only_as_its_commander_signed_it(attempt, other_station):
    context = attempt.context()
    permit = attempt.permit(context)
    assert read_permit(permit, attempt.hall.signing.public).context == context
    for data, key in (
        (permit, other_station.signing.public),
        (permit[:-1], attempt.hall.signing.public),
    ):
        with pytest.raises(ChainPermit):
            read_permit(data, key)


def test_an_acknowledgement_of_another_record_is_not_journaled(attempt):
    writer = attempt.begin()
    attempt.add(writer, b"one")
    good = writer.cursor
    for changes in (
        {"head": bytes(32)},
        {"blind_id": bytes(16)},
        {"sequence": 9},
        {"sequence": 1},
    ):
        with pytest.raises(ChainFork):
            writer.append_acknowledgement(attempt.stamp(), attempt.word(good, **changes))
    with pytest.raises(ChainError):
        writer.append_acknowledgement(attempt.stamp(), b"no acknowledgement")
    writer.append_acknowledgement(attempt.stamp(), attempt.word(good))
    writer.commit()
    assert attempt.verify().sequence == 3


# --- Restoring -----------------------------------------------------------------------


def test_after_a_restart_both_halves_open_answers_and_events_and_no_more(written):
    keys = written.restored()
    assert set(keys[1]) == {R, E}
    opened = list(open_frames(written.frames(), keys))
    assert all(one.stamp is not None for one in opened)
    assert {one.compartment for one in opened if one.body is None} == {P, I}
    assert [one.body for one in opened if one.compartment is R] == [b"RESPONSES", b"second answer"]


def test_the_record_goes_on_in_a_new_epoch(written):
    writer = written.begin()
    written.add(writer, b"after the restart")
    assert (writer.epoch, writer.sequence) == (2, 9)
    assert written.answers() == [b"RESPONSES", b"second answer", b"after the restart"]
    assert written.verify().epoch == 2
    assert [one.body for one in open_frames(written.frames(), written.restored())][-1] == (
        b"after the restart"
    )


def test_wraps_of_one_epoch_are_of_no_use_in_another(attempt):
    """Attack: the restore wrap, the halves or the wraps of an epoch used again in the next."""
    attempt.begin().close()
    attempt.begin().close()
    first, second = (epoch_header(frame) for frame in attempt.frames())
    halves = {
        header: (header.half_for(attempt.hall.sealing), read_half(attempt.directory, header))
        for header in (first, second)
    }
    for half1 in (halves[first][0], halves[second][0]):
        for half2 in (halves[first][1], halves[second][1]):
            if (half1, half2) != halves[second]:
                with pytest.raises(OpenError):
                    restore(second, half1, half2)
    grafted = grafted_header(second, restore=first.parsed.body.restore)
    with pytest.raises(OpenError):
        restore(grafted, *halves[first])
    grafted = grafted_header(second, wraps=first.parsed.body.wraps)
    with pytest.raises(OpenError):
        grafted.keys(attempt.people.scoring, [R])
    grafted = grafted_header(second, halves=first.parsed.body.halves)
    with pytest.raises(OpenError):
        grafted.half_for(attempt.hall.sealing)


def grafted_header(header: Header, **parts) -> Header:
    body = header.parsed.body
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    parsed = type(header.parsed)(
        header.parsed.signed, type(body)(**{**fields, **parts}), header.digest
    )
    return Header(parsed)


def test_a_wrap_of_one_compartment_does_not_open_as_another(attempt):
    """Both are sealed to the integrity role; the label keeps them apart."""
    attempt.begin().close()
    header = epoch_header(attempt.frames()[0])
    wraps = header.parsed.body.wraps
    swapped = tuple(
        type(wrap)(wrap.compartment, wrap.key_id, other.sealed)
        for wrap, other in zip(wraps, (wraps[0], wraps[2], wraps[1], wraps[3]), strict=True)
    )
    with pytest.raises(OpenError):
        grafted_header(header, wraps=swapped).keys(attempt.people.integrity, [E])


def test_halves_go_only_to_whom_they_were_sealed(attempt):
    neighbour, stranger = SealingKey.generate(), SealingKey.generate()
    attempt.begin(neighbour=neighbour.public).close()
    header = epoch_header(attempt.frames()[0])
    half2 = read_half(attempt.directory, header)
    assert header.half_for_neighbour(neighbour) == half2
    assert header.half_for(attempt.hall.sealing) != half2
    for take in (header.half_for, header.half_for_neighbour):
        with pytest.raises(OpenError):
            take(stranger)
    with pytest.raises(OpenError):
        header.half_for(neighbour)
    for halves in ((half2, half2), (b"", half2)):
        with pytest.raises(OpenError):
            restore(header, *halves)


def test_the_kept_half_is_private_and_dies_when_told(attempt):
    attempt.begin().close()
    header = epoch_header(attempt.frames()[0])
    (path,) = (attempt.directory / "halves").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert forget_halves(attempt.directory) == 1
    assert forget_halves(attempt.directory) == 0
    with pytest.raises(JournalError, match="does not keep"):
        read_half(attempt.directory, header)


def test_an_attempt_moves_to_another_station(attempt, other_station, make_attempt, tmp_path):
    writer = attempt.begin()
    attempt.add(writer, b"written at the first seat")
    writer.close()
    header = epoch_header(attempt.frames()[0])
    half2 = read_half(attempt.directory, header)

    moved = make_attempt(tmp_path / "elsewhere")
    moved.machine = other_station
    moved.directory.mkdir()
    assert refill(moved.directory, attempt.frames()).cursor == attempt.verify().cursor
    keys = {1: restore(header, header.half_for(attempt.hall.sealing), half2)}
    assert [one.body for one in open_frames(moved.frames(), keys)][
        1
    ] == b"written at the first seat"
    writer = moved.begin()
    moved.add(writer, b"written at the second")
    assert moved.answers() == [b"written at the first seat", b"written at the second"]
    both = (attempt.machine.signing.public, other_station.signing.public)
    assert moved.verify(None, *both).station == other_station.signing.key_id


# --- Opening what was altered --------------------------------------------------------


def test_an_altered_or_exchanged_seal_does_not_open(written):
    from exam_packages.sealing.journal_format import make_frame

    frames = written.frames()
    keys = written.keys(written.people.scoring, R)
    answers = [place for place, f in enumerate(frames) if Frame.parse(f).compartment is R]
    first, last = (Frame.parse(frames[place]) for place in answers)
    flipped = first.body[:-1] + bytes([first.body[-1] ^ 1])
    for place, frame, body in (
        (answers[0], first, flipped),
        (answers[0], first, last.body),
        (answers[0], first, b""),
        (answers[1], last, first.body),
    ):
        forged = make_frame(frame.sequence, R, frame.stamp, body)
        with pytest.raises(OpenError):
            list(open_frames((*frames[:place], forged, *frames[place + 1 :]), keys))
    # altered before it: the answer itself is untouched, what it follows is not
    events = Frame.parse(frames[2])
    forged = make_frame(events.sequence, E, events.stamp, events.body[:-1] + b"\0")
    with pytest.raises(OpenError):
        list(open_frames((*frames[:2], forged, *frames[3:]), keys))


def test_frames_that_are_no_run_are_refused(written):
    frames = written.frames()
    for wrong in (frames[1:], frames[:2] + frames[3:], (frames[0], frames[0]), (b"",)):
        with pytest.raises(ChainError):
            list(open_frames(wrong, {}))


# --- Pictures ------------------------------------------------------------------------


def test_a_snapshot_opens_with_both_keys_under_its_number(attempt):
    writer = attempt.begin()
    picture = b"\xff\xd8 a picture" * 5000
    blob = writer.seal_snapshot(7, picture)
    store = EvidenceStore(attempt.directory)
    path = store.put(blob)
    assert store.put(blob) == path
    assert path.name == blob.digest.hex()
    header = epoch_header(attempt.frames()[0])
    keys = header.keys(attempt.people.integrity, [P])
    pictures = header.pictures_key(keys, header.pictures_part(EVIDENCE))
    data = store.get(blob.digest)
    assert open_snapshot(header, pictures, 7, data) == picture
    flipped = bytearray(data)
    flipped[100] ^= 4
    for number, altered in ((8, data), (7, bytes(flipped)), (7, data[:-1]), (7, b"")):
        with pytest.raises(OpenError):
            open_snapshot(header, pictures, number, altered)
    path.write_bytes(bytes(flipped))
    with pytest.raises(DiskFault):
        store.get(blob.digest)
    with pytest.raises(DiskFault):
        store.get(bytes(32))


def test_a_picture_too_big_is_refused(attempt):
    writer = attempt.begin()
    with pytest.raises(JournalError, match="too big"):
        writer.seal_snapshot(1, bytes(MAX_PICTURE + 1))


# --- Secrets -------------------------------------------------------------------------


def test_keys_are_in_no_repr(attempt):
    writer = attempt.begin()
    keys = attempt.keys(attempt.people.scoring, R)[1]
    assert keys[R].hex() not in repr(keys)
    assert repr(keys) == "EpochKeys(RESPONSES)"
    assert repr(keys[R]) not in repr(keys) + repr(writer) + repr(vars(writer))


def test_after_closing_nothing_is_sealed(attempt):
    writer = attempt.begin()
    writer.close()
    writer.close()
    with pytest.raises(KeyError):
        writer.append(attempt.stamp(), b"", R)
