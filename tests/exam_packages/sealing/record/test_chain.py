"""The keyless verifier, and the attacks it must refuse."""

from __future__ import annotations

import zlib
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.sealing import chain
from exam_packages.sealing.chain import (
    ChainDamage,
    ChainError,
    ChainForgery,
    ChainFork,
    ChainGap,
    ChainPermit,
    ChainState,
)
from exam_packages.sealing.journal import (
    Compartment,
    Context,
    Frame,
    next_context,
    read_frames,
    refill,
    sign_permit,
    split_frames,
)
from exam_packages.sealing.journal_format import make_frame, parse_acknowledgement, sign_header
from exam_packages.sealing.journal_keys import draw_epoch
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import SigningKey


def write(attempt):
    """Two epochs, answers and an acknowledgement, closed."""
    writer = attempt.begin()
    attempt.add(writer, b"one", b"two")
    writer.append_acknowledgement(attempt.stamp(), attempt.word(writer.cursor))
    writer.commit()
    writer.close()
    writer = attempt.begin()
    attempt.add(writer, b"three")
    writer.close()
    return attempt


@pytest.fixture
def written(attempt):
    return write(attempt)


@pytest.fixture(scope="module")
def shared(make_attempt, tmp_path_factory):
    """One such record, and its frames, for many questions: nobody writes to it."""
    attempt = write(make_attempt(tmp_path_factory.mktemp("shared") / "attempt"))
    return attempt, attempt.frames()


def sealed_again(frame: bytes) -> bytes:
    """The same entry with another sealed body, and a right checksum."""
    return with_core(frame[4:-5] + bytes([frame[-5] ^ 1]))


def with_core(core: bytes) -> bytes:
    framed = len(core).to_bytes(4, "big") + core
    return framed + zlib.crc32(framed).to_bytes(4, "big")


def test_an_honest_record_is_accepted_frame_by_frame(written):
    state = chain.start(written.blind_id, written.package_hash)
    station, commanders = written.machine.signing.public, [written.hall.signing.public]
    for frame in written.frames():
        # a holder keeps the state as bytes in between
        stored = canon.pack(state)
        assert len(stored) < 200
        state = chain.advance(canon.unpack(stored, ChainState), frame, station, commanders)
    assert state == written.verify()
    assert state.cursor == read_frames(written.directory).cursor
    assert (state.epoch, state.sequence) == (2, 6)


def test_frames_travel_as_one_run(written):
    frames = written.frames()
    run = b"".join(frames)
    assert tuple(split_frames(run)) == frames
    ends = set(accumulate(len(frame) for frame in frames))
    for cut in range(1, len(run)):
        if cut not in ends:
            with pytest.raises(ChainDamage):
                tuple(split_frames(run[:cut]))


@given(data=st.data())
@settings(deadline=None)
def test_frames_dropped_doubled_or_reordered_are_refused(data, shared):
    attempt, frames = shared
    order = data.draw(st.lists(st.integers(0, len(frames) - 1), min_size=1, max_size=8))
    if order == list(range(len(order))):
        attempt.verify([frames[place] for place in order])
    else:
        with pytest.raises(ChainError):
            attempt.verify([frames[place] for place in order])


@given(junk=st.binary(max_size=300))
def test_junk_is_refused_with_our_error(junk):
    for frame in (junk, with_core(junk)):
        with pytest.raises(ChainError):
            Frame.parse(frame)


def test_every_bit_flipped_in_a_small_record_is_refused(shared):
    """In the frame as it stands, and with the checksum made right again."""
    attempt, frames = shared
    head = attempt.verify(frames).head
    for place, frame in enumerate(frames):
        # a header's signatures cost time: one bit of each of its bytes, every bit elsewhere
        step = 8 if len(frame) > 2000 else 1
        for bit in range(place % 8, len(frame) * 8, step):
            flipped = bytearray(frame)
            flipped[bit // 8] ^= 1 << bit % 8
            with pytest.raises(ChainDamage):
                Frame.parse(bytes(flipped))
            if 4 <= bit // 8 < len(frame) - 4 and (step == 1 or bit // 8 % 7 == 0):
                forged = with_core(bytes(flipped[4:-4]))
                with pytest.raises(ChainError):
                    attempt.verify([*frames[:place], forged, *frames[place + 1 :]], head=head)


# --- Attacks -------------------------------------------------------------------------


def test_a_fork_of_equal_length_is_refused_by_its_head(written):
    """Attack: as many frames as the holder has, but other ones."""
    frames = written.frames()
    other = [*frames[:-1], sealed_again(frames[-1])]
    assert written.verify(other).sequence == written.verify().sequence
    with pytest.raises(ChainFork):
        written.verify(other, head=written.verify().head)
    # the holder took one line; the station says that its frames follow the other
    held, shown = written.verify(frames), written.verify(other).cursor
    with pytest.raises(ChainFork):
        chain.extend(held, [], {}.get, [], onto=shown)
    assert chain.extend(held, [], {}.get, [], onto=held.cursor, head=held.head) == held


def test_a_fork_before_a_new_epoch_is_refused(written):
    """Frames sealed again before a header: the header shows what it follows."""
    frames = list(written.frames())
    frames[2] = sealed_again(frames[2])
    with pytest.raises(ChainFork):
        written.verify(frames)


def test_the_tail_cut_and_a_restart_faked_is_refused(attempt, make_attempt, tmp_path):
    """Attack: drop what one regrets, then restart; every check but the permit would pass."""
    writer = attempt.begin()
    attempt.add(writer, b"regretted")
    writer.close()
    held = attempt.verify()
    cut = make_attempt(tmp_path / "cut")
    cut.directory.mkdir()
    refill(cut.directory, attempt.frames()[:1])
    # signed by the station itself, for want of the hall
    context = cut.context()
    own = sign_permit(context, 1, 1, cut.machine.signing)
    cut.add(cut.begin(context, own), b"better")
    with pytest.raises(ChainPermit, match="not signed by anyone who may"):
        cut.verify()
    # and the hall's true permit does not fit what was cut
    true = next_context(held.cursor, *_rest(context))
    forged = _forge_header(cut, true, attempt.permit(true))
    with pytest.raises(ChainGap):
        cut.verify([*attempt.frames()[:1], forged])
    # nor when the thief numbers it to fit
    with pytest.raises(ChainFork):
        cut.verify([*attempt.frames()[:1], with_core(_renumbered(forged, 2))])


def _rest(context: Context) -> tuple[bytes, bytes, bytes]:
    return context.station, context.package_hash, context.boot


def test_a_permit_replayed_is_refused(attempt):
    """Attack: the permit of a former restart opens another epoch, later or elsewhere."""
    attempt.begin().close()
    context = attempt.context()
    permit = attempt.permit(context)
    attempt.begin(context, permit).close()
    frames = attempt.frames()
    # the very header again, at the end of the record
    with pytest.raises(ChainGap):
        attempt.verify([*frames, frames[1]])
    # a new header around the old permit
    forged = _forge_header(attempt, attempt.context(), permit)
    with pytest.raises(ChainPermit, match="another place or station"):
        attempt.verify([*frames, forged])
    # under the old context at the new place
    with pytest.raises(ChainError):
        attempt.verify([*frames, with_core(_renumbered(frames[1], 3))])


def _renumbered(frame: bytes, sequence: int) -> bytes:
    parsed = Frame.parse(frame)
    return canon.encode([sequence, int(parsed.compartment), parsed.stamp, parsed.body])


def _forge_header(attempt, context, permit, station: SigningKey | None = None) -> bytes:
    """A header frame for *context* whatever the permit says, as a thief would make it."""
    halls = [attempt.hall.sealing.public]
    epoch = draw_epoch(context, permit, 1, attempt.openings, halls[0], halls, None)
    signed = sign_header(epoch.body, station or attempt.machine.signing)
    return make_frame(context.sequence, Compartment.HEADER, b"", signed)


def _changed(context: Context, **changes) -> Context:
    fields = {name: getattr(context, name) for name in context.__struct_fields__}
    return Context(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"epoch": 2}, ChainPermit),
        ({"epoch": 1}, ChainPermit),
        ({"blind_id": bytes(16)}, ChainForgery),
        ({"package_hash": bytes(32)}, ChainForgery),
        ({"previous_head": bytes(32)}, ChainFork),
        ({"sequence": 8}, ChainGap),
        ({"station": bytes(16)}, ChainForgery),
    ],
)
def test_a_header_of_another_place_is_refused_even_with_its_permit(written, changes, error):
    context = _changed(written.context(), **changes)
    forged = _forge_header(written, context, written.permit(context))
    with pytest.raises(error):
        written.verify([*written.frames(), forged], written.machine.signing.public)


def test_a_header_signed_by_another_station_is_refused(written, other_station):
    context = written.context()
    forged = _forge_header(written, context, written.permit(context), other_station.signing)
    with pytest.raises(ChainForgery):
        written.verify([*written.frames(), forged])


def test_a_permit_of_an_authority_that_was_replaced_is_refused(written):
    written.authority = 2
    written.begin().close()
    assert written.verify().authority == 2
    written.authority = 1
    written.begin().close()
    with pytest.raises(ChainPermit, match="replaced"):
        written.verify()


def test_a_permit_by_someone_who_may_not_is_refused(written, other_station):
    state = chain.start(written.blind_id, written.package_hash)
    for commanders in ([], [other_station.signing.public]):
        with pytest.raises(ChainPermit):
            chain.advance(state, written.frames()[0], written.machine.signing.public, commanders)


def test_a_dead_station_that_comes_back_cannot_write_into_the_moved_attempt(
    attempt, other_station, make_attempt, tmp_path
):
    writer = attempt.begin()
    attempt.add(writer, b"at the first seat")
    moved = make_attempt(tmp_path / "moved")
    moved.machine = other_station
    moved.directory.mkdir()
    refill(moved.directory, attempt.frames())
    moved.begin().close()
    both = (attempt.machine.signing.public, other_station.signing.public)
    held = moved.verify(None, *both)
    attempt.add(writer, b"too late", b"far too late")
    late = attempt.frames()[-1]
    assert Frame.parse(late).sequence == held.sequence + 1
    with pytest.raises(ChainForgery, match="no longer writes"):
        chain.advance(held, late, both[0], [attempt.hall.signing.public])


def test_a_station_that_is_not_enrolled_is_refused(written, other_station):
    with pytest.raises(ChainForgery, match="not enrolled"):
        written.verify(None, other_station.signing.public)


def test_a_record_does_not_begin_in_the_middle(written):
    state = chain.start(written.blind_id, written.package_hash)
    first = with_core(_renumbered(written.frames()[1], 1))
    with pytest.raises(ChainDamage, match="begin"):
        chain.advance(state, first, written.machine.signing.public, [])


# --- Witnesses -----------------------------------------------------------------------


def test_journaled_acknowledgements_witness_the_record(written, other_station):
    keys = [written.hall.signing.public, other_station.signing.public]
    (word,) = chain.witnesses(written.frames(), keys)
    assert word.sequence == 3
    assert word.head == read_frames(written.directory).heads[3]
    assert chain.witnesses(written.frames(), keys[1:]) == ()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"head": bytes(32), "sequence": 2}, ChainFork),
        ({"head": bytes(32)}, ChainFork),
        ({"sequence": 2}, ChainFork),
        ({"sequence": 4}, ChainForgery),
        ({"epoch": 2}, ChainForgery),
        ({"blind_id": bytes(16)}, ChainForgery),
    ],
)
def test_a_holder_who_acknowledged_another_history_gives_it_away(attempt, changes, error):
    writer = attempt.begin()
    attempt.add(writer, b"one", b"two")
    word = attempt.word(writer.cursor, **changes)
    writer.close()
    frames = [*attempt.frames(), make_frame(4, Compartment.ACKNOWLEDGEMENT, b"", word)]
    with pytest.raises(error):
        attempt.verify(frames)
        chain.witnesses(frames, [attempt.hall.signing.public])


def test_a_forged_acknowledgement_is_no_witness(attempt, other_station):
    writer = attempt.begin()
    attempt.add(writer, b"one")
    honest = attempt.word(writer.cursor)
    writer.close()
    body = parse_acknowledgement(honest)[0].body
    forged = sign("exam-kiosk/acknowledgement/v1", body, [other_station.signing])
    frames = [*attempt.frames(), make_frame(3, Compartment.ACKNOWLEDGEMENT, b"", forged)]
    attempt.verify(frames)
    with pytest.raises(ChainForgery):
        chain.witnesses(frames, [attempt.hall.signing.public])
