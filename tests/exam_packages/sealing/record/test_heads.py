"""Roots of heads, and the anchors that lead to them."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.sealing.heads import (
    Anchor,
    Head,
    Heads,
    HeadsError,
    heads_tree,
    parse_heads,
    read_anchors,
    read_heads,
    sign_heads,
    write_anchors,
)
from exam_packages.sealing.log import leaf_hash, verify_inclusion
from exam_packages.sealing.suite import SigningKey, label

KEY, OTHER = SigningKey(bytes(range(32))), SigningKey(bytes(32))


def head(number: int, **changes: object) -> Head:
    made = Head(number.to_bytes(16, "big"), 1, 10 + number, bytes([number]) * 32)
    return made._replace(**changes)


def test_a_leaf_is_what_the_document_says():
    one = head(7)
    entry = label(
        *("heads", "head", one.blind_id),
        *((1).to_bytes(8, "big"), (17).to_bytes(8, "big"), one.head),
    )
    assert heads_tree([one]).root() == leaf_hash(entry)


@given(st.sets(st.integers(0, 200), min_size=1, max_size=60))
def test_every_head_is_under_the_root_and_no_other_is(numbers):
    heads = [head(number) for number in sorted(numbers)]
    tree = heads_tree(heads)
    for index, each in enumerate(heads):
        verify_inclusion(each.leaf, index, len(heads), tree.inclusion(index), tree.root())
        for changed in (
            each._replace(head=b"\xff" * 32),
            each._replace(sequence=each.sequence + 1),
            each._replace(epoch=2),
            each._replace(blind_id=b"\xff" * 16),
        ):
            assert changed.leaf not in {one.leaf for one in heads}


def test_heads_stand_in_order_each_journal_once():
    good = [head(1), head(2)]
    for wrong in ([], good[::-1], [*good, head(2, sequence=99)]):
        with pytest.raises(HeadsError):
            heads_tree(wrong)
    assert all(a.blind_id < b.blind_id for a, b in pairwise(good))


def test_a_statement_is_read_as_it_was_signed():
    heads = Heads(bytes(32), 3, KEY.key_id, 1_790_000_000)
    data = sign_heads(heads, KEY)
    assert read_heads(data, KEY.public) == parse_heads(data) == heads
    with pytest.raises(HeadsError):
        read_heads(data, OTHER.public)
    with pytest.raises(HeadsError):  # signed by another than it names
        read_heads(sign_heads(heads, OTHER), OTHER.public)
    for place in range(len(data)):
        for wrong in (data[:place], data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]):
            with pytest.raises(HeadsError):
                read_heads(wrong, KEY.public)


def test_anchors_read_back_and_damage_is_said():
    statement = sign_heads(Heads(bytes(32), 3, KEY.key_id, 5), KEY)
    anchor = Anchor(1, 9, bytes(32), 2, (bytes(32),) * 2, statement, 6, "")
    data = write_anchors(bytes(16), [anchor, msgspec.structs.replace(anchor, sequence=10)])
    blind_id, found = read_anchors(data)
    assert (blind_id, found[0], found[1].sequence) == (bytes(16), anchor, 10)
    for wrong in (b"", data[:-1], data + b"x", b"EXKANCH2" + data[8:], data[:20]):
        with pytest.raises(HeadsError):
            read_anchors(wrong)
    many = write_anchors(bytes(16), [msgspec.structs.replace(anchor, path=(bytes(32),) * 65)])
    with pytest.raises(HeadsError):
        read_anchors(many)
