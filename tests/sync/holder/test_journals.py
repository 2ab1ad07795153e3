"""A holder's rules, driven by a random network: frames late, twice, torn, forged."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest
from evidence_key import EVIDENCE
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages.clock import Stamp
from exam_packages.sealing.chain import ChainFork, start
from exam_packages.sealing.journal import (
    Compartment,
    Frame,
    JournalWriter,
    first_context,
    sign_permit,
)
from exam_packages.sealing.journal_format import make_frame
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust_root import OPENING_ROLES
from sync.holder.journals import SCHEMA, Held, header_frames, held_frames, held_state, hold

COUNT = 12


class Record:
    """One real journal, written once, that a holder is sent in every wrong way."""

    def __init__(self, directory: Path) -> None:
        self.station, self.hall = SigningKey.generate(pair=False), SigningKey.generate(pair=False)
        self.blind_id, self.package = secrets.token_bytes(16), secrets.token_bytes(32)
        boot = bytes(16)
        context = first_context(self.blind_id, self.station.key_id, self.package, boot)
        role = SealingKey.generate().public
        writer = JournalWriter.begin(
            directory,
            context,
            sign_permit(context, 1, 1, self.hall),
            station=self.station,
            openings=dict.fromkeys(OPENING_ROLES, role),
            evidence=EVIDENCE.public,
            hall=[role],
            neighbour=None,
            stamp=Stamp(boot, 1, 1, 0),
        )
        for number in range(COUNT - 1):
            writer.append(Stamp(boot, number, number, 0), b"event", Compartment.EVENTS)
        writer.commit()
        self.frames = writer.frames(0)
        self.heads = [writer.head_at(number) for number in range(COUNT + 1)]
        writer.close()

    def send(
        self, connection: apsw.Connection, frames: Any, sequence: int, head: bytes | None
    ) -> Held:
        state = held_state(connection, self.blind_id, self.package)
        return hold(
            connection,
            state,
            tuple(frames),
            sender=self.station.key_id,
            sequence=sequence,
            head=head or b"",
            stations={self.station.key_id: self.station.public}.get,
            commanders=[self.hall.public],
            time_ns=1,
        )

    def offer(self, connection: apsw.Connection, first: int, last: int) -> Held:
        """Frames *first* to *last*, as an honest station offers them."""
        return self.send(connection, self.frames[first - 1 : last], last, self.heads[last])


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return Record(tmp_path_factory.mktemp("record"))


@pytest.fixture
def holder() -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA)
    yield connection
    connection.close()


@given(st.lists(st.tuples(st.integers(1, COUNT), st.integers(0, COUNT)), max_size=20))
@settings(max_examples=60)
def test_any_order_of_honest_batches_holds_a_prefix_and_says_what_lacks(
    record: Record, batches: list[tuple[int, int]]
) -> None:
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA)
    reached = 0
    for first, last in batches:
        last = max(first - 1, last)
        held = record.offer(connection, first, last)
        assert held.refused is None
        if first <= reached + 1:
            reached = max(reached, last)
            assert held.need_after in (-1, reached)
        if last > reached:
            assert held.need_after == reached
        assert held.state.sequence == reached
        assert held.state.head == record.heads[reached]
        assert held_frames(connection, record.blind_id) == record.frames[:reached]
    record.offer(connection, 1, COUNT)
    assert held_frames(connection, record.blind_id) == record.frames
    assert header_frames(connection, record.blind_id) == record.frames[:1]
    connection.close()


@given(st.integers(0, COUNT - 1), st.data())
@settings(max_examples=80)
def test_no_altered_bit_gets_in(record: Record, place: int, data: st.DataObject) -> None:
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA)
    record.offer(connection, 1, place)
    frame = bytearray(record.frames[place])
    bit = data.draw(st.integers(0, len(frame) * 8 - 1))
    frame[bit // 8] ^= 1 << bit % 8
    held = record.send(connection, [bytes(frame)], place + 1, record.heads[place + 1])
    assert held.refused is not None
    assert held.state.sequence == place
    assert held_frames(connection, record.blind_id) == record.frames[:place]
    connection.close()


def remade(frame: bytes) -> bytes:
    """A whole frame of the same place with another body."""
    parsed = Frame.parse(frame)
    return make_frame(parsed.sequence, parsed.compartment, parsed.stamp, parsed.body[:-1] + b"\xee")


def test_a_held_frame_that_comes_changed_is_a_fork(record: Record, holder: apsw.Connection) -> None:
    record.offer(holder, 1, 5)
    other = remade(record.frames[3])
    held = record.send(holder, [other], 4, None)
    assert isinstance(held.refused, ChainFork)
    (kept,) = holder.execute("SELECT frames FROM refused_frames").fetchall()
    assert kept == (other,)


def test_a_new_frame_off_the_head_the_sender_names_is_a_fork(
    record: Record, holder: apsw.Connection
) -> None:
    record.offer(holder, 1, 5)
    held = record.send(holder, [remade(record.frames[5])], 6, record.heads[6])
    assert isinstance(held.refused, ChainFork)
    assert held.state.sequence == 5


def test_equal_counts_with_other_heads_are_a_fork(record: Record, holder: apsw.Connection) -> None:
    record.offer(holder, 1, 5)
    held = record.send(holder, [], 5, record.heads[4])
    assert isinstance(held.refused, ChainFork)


def test_refused_batches_are_kept_up_to_a_bound(record: Record, holder: apsw.Connection) -> None:
    record.offer(holder, 1, 5)
    for _ in range(40):
        assert record.send(holder, [remade(record.frames[3])], 4, None).refused
    assert holder.execute("SELECT count(*) FROM refused_frames").get == 16


def test_a_header_by_a_station_not_enrolled_is_refused(
    record: Record, holder: apsw.Connection
) -> None:
    state = start(record.blind_id, record.package)
    send = partial(
        hold,
        holder,
        state,
        record.frames[:1],
        sender=bytes(16),
        sequence=1,
        head=record.heads[1],
        time_ns=1,
    )
    assert send(stations={}.get, commanders=[record.hall.public]).refused
    stranger = SigningKey.generate(pair=False).public
    known = {record.station.key_id: record.station.public}
    assert send(stations=known.get, commanders=[stranger]).refused
    assert send(stations=known.get, commanders=[record.hall.public]).added == 1
