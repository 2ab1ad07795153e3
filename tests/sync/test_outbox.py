"""The outbox: what a holder has is a head, never a count."""

from __future__ import annotations

import secrets
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from exam_packages.sealing.journal import Acknowledgement, Compartment, Frame, genesis
from exam_packages.sealing.journal_format import make_frame
from sync import outbox as outbox_module
from sync.outbox import HolderFork, Outbox

BLIND_ID = b"b" * 16
HOLDER = b"h" * 16


def frames(count: int, first: int = 1, size: int = 10) -> list[bytes]:
    return [
        make_frame(first + place, Compartment.EVENTS, b"stamp", secrets.token_bytes(size))
        for place in range(count)
    ]


def head_of(sent: list[bytes]) -> bytes:
    head = genesis(BLIND_ID)
    for data in sent:
        head = Frame.parse(data).head_after(head)
    return head


def word(sent: list[bytes], holder_epoch: int = 1) -> Acknowledgement:
    """The acknowledgement of a holder that has exactly *sent*."""
    return Acknowledgement(BLIND_ID, 1, len(sent), head_of(sent), HOLDER, holder_epoch, 1)


def test_a_batch_says_where_it_ends() -> None:
    outbox = Outbox(BLIND_ID)
    sent = frames(3)
    outbox.put(1, sent[:2])
    outbox.put(2, sent[2:])
    batch = outbox.batch()
    assert (batch.frames, batch.sequence, batch.head) == (tuple(sent), 3, head_of(sent))
    assert (batch.epoch, batch.more) == (2, False)
    assert outbox.acknowledge(word(sent))
    assert outbox.complete
    empty = outbox.batch()
    assert (empty.frames, empty.sequence, empty.head) == ((), 3, head_of(sent))


def test_what_is_not_acknowledged_is_sent_again() -> None:
    outbox = Outbox(BLIND_ID)
    outbox.put(1, frames(3))
    assert outbox.batch() == outbox.batch()


def test_batches_are_bounded_and_a_long_frame_still_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MAX_BATCH", 100)
    outbox = Outbox(BLIND_ID)
    sent = [*frames(1, size=500), *frames(20, first=2, size=30)]
    outbox.put(1, sent)
    arrived: list[bytes] = []
    batches = 0
    while not outbox.complete:
        batch = outbox.batch()
        assert len(batch.frames) == 1 or sum(map(len, batch.frames)) <= 100
        assert batch.more == (batch.sequence < len(sent))
        arrived += batch.frames
        outbox.acknowledge(word(arrived))
        batches += 1
    assert arrived == sent
    assert batches > 5


def test_frames_out_of_order_are_a_mistake_of_ours() -> None:
    outbox = Outbox(BLIND_ID)
    with pytest.raises(ValueError, match="frame 2"):
        outbox.put(1, frames(1, first=2))


def test_another_history_is_a_fork() -> None:
    outbox = Outbox(BLIND_ID)
    sent = frames(3)
    outbox.put(1, sent)
    with pytest.raises(HolderFork):
        outbox.acknowledge(word([*sent[:2], *frames(1, first=3)]))
    with pytest.raises(HolderFork):
        outbox.acknowledge(word([*sent, *frames(1, first=4)]))
    assert outbox.held == 0


def test_a_late_word_moves_nothing_back_and_a_restored_holder_does() -> None:
    outbox = Outbox(BLIND_ID)
    sent = frames(5)
    outbox.put(1, sent)
    outbox.acknowledge(word(sent))
    assert not outbox.acknowledge(word(sent[:2]))
    assert outbox.held == 5
    outbox.acknowledge(word(sent[:2], holder_epoch=2))
    assert outbox.held == 2
    assert outbox.batch().frames == tuple(sent[2:])
    assert not outbox.acknowledge(word(sent, holder_epoch=1))  # from before it was restored
    assert outbox.held == 2


@given(st.integers(-5, 20))
def test_asked_to_send_again_it_does(after: int) -> None:
    outbox = Outbox(BLIND_ID)
    sent = frames(6)
    outbox.put(1, sent)
    outbox.acknowledge(word(sent))
    outbox.send_again(after)
    assert outbox.batch().frames == tuple(sent[max(0, after) :])


class Link(RuleBasedStateMachine):
    """A holder that loses requests, answers late and is restored from old copies."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(BLIND_ID)
        self.written: list[bytes] = []
        self.held: list[bytes] = []
        self.copy: list[bytes] = []
        self.epoch = 1
        self.late: list[Acknowledgement] = []

    @rule(count=st.integers(1, 5))
    def station_writes(self, count: int) -> None:
        fresh = frames(count, first=len(self.written) + 1)
        self.written += fresh
        self.outbox.put(1, fresh)

    @rule(answered=st.booleans())
    def ticks(self, answered: bool) -> None:
        batch = self.outbox.batch()
        first = batch.sequence - len(batch.frames)
        need = -1
        if first > len(self.held):
            need = len(self.held)
        else:
            self.held += batch.frames[len(self.held) - first :]
        acknowledgement = word(self.held, self.epoch)
        if not answered:
            self.late.append(acknowledgement)
            return
        self.outbox.acknowledge(acknowledgement)
        if need >= 0:
            self.outbox.send_again(need)

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def a_late_answer_comes(self, data: st.DataObject) -> None:
        self.outbox.acknowledge(data.draw(st.sampled_from(self.late)))

    @rule()
    def holder_is_copied(self) -> None:
        self.copy = list(self.held)

    @rule()
    def holder_is_restored(self) -> None:
        self.held = list(self.copy)
        self.epoch += 1

    @invariant()
    def the_holder_has_a_beginning_of_what_was_written(self) -> None:
        assert self.held == self.written[: len(self.held)]

    def teardown(self) -> None:
        """Left alone, everything arrives."""
        for _ in range(4):
            self.ticks(answered=True)
        assert self.held == self.written
        assert self.outbox.complete


TestLink = Link.TestCase


def test_heads_differ() -> None:
    sent = frames(4)
    heads = [head_of(sent[:count]) for count in range(5)]
    assert all(one != other for one, other in pairwise(heads))
