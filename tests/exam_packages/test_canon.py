"""One value, one byte string; bounds before work; only our errors."""

from __future__ import annotations

import enum
import pickle
import subprocess
import sys
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.canon import CanonError, decode, encode, pack, unpack

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
    | st.binary(max_size=40)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=20), max_leaves=60)


@given(values)
def test_what_is_encoded_decodes_to_the_same_value(value: Any) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_are_the_only_encoding_of_their_value(data: bytes) -> None:
    try:
        value = decode(data)
    except CanonError:
        return
    assert encode(value) == data


@given(values, st.data())
def test_no_altered_encoding_gives_the_same_value(value: Any, data: st.DataObject) -> None:
    packed = bytearray(encode(value))
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        other = decode(bytes(packed))
    except CanonError:
        return
    assert encode(other) != encode(value)


@given(values)
def test_every_cut_and_every_tail_is_refused(value: Any) -> None:
    packed = encode(value)
    for end in range(len(packed)):
        with pytest.raises(CanonError):
            decode(packed[:end])
    with pytest.raises(CanonError):
        decode(packed + b"\xc0")


@pytest.mark.parametrize(
    "data",
    [
        b"\xcc\x05",  # 5 in two bytes
        b"\xcd\x00\xff",  # 255 in three
        b"\xd3" + (5).to_bytes(8, "big"),  # 5, signed
        b"\xd0\x05",
        b"\xd9\x01a",  # a short string with a long header
        b"\xc5\x00\x01a",  # a short byte string with a long header
        b"\xdc\x00\x01\xc0",  # a short array with a long header
        b"\x80",  # maps, even empty
        b"\x81\x01\x02",
        b"\xca\x3f\x80\x00\x00",  # floats
        b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
        b"\xc7\x00\x05",  # extensions, even empty
        b"\xd4\x05\x00",
        b"\xd6\xff\x00\x00\x00\x01",  # a timestamp
        b"\xc1",  # never used
        b"\xa1\xff",  # not UTF-8
        b"\xa3\xed\xa0\x80",  # a lone surrogate
        b"",
    ],
)
def test_what_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises(CanonError):
        decode(data)


def test_text_that_is_not_utf_8_is_refused_where_text_is_expected() -> None:
    with pytest.raises(CanonError):
        unpack(b"\x92\xa1\xff\xa1a", tuple[str, ...])


@pytest.mark.parametrize("depth", [canon.MAX_DEPTH + 1, 500, 1025, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(CanonError):
        decode(b"\x91" * depth + b"\xc0")


def test_nesting_up_to_the_limit_is_taken() -> None:
    data = b"\x91" * canon.MAX_DEPTH + b"\xc0"
    assert encode(decode(data)) == data
    value: Any = None
    for _ in range(canon.MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(CanonError):
        encode(value)


@pytest.mark.parametrize("head", [b"\xdd", b"\xdf", b"\xc6", b"\xdb"])
def test_a_giant_count_is_refused(head: bytes) -> None:
    for nested in (1, 30):
        with pytest.raises(CanonError):
            decode((head + b"\xff\xff\xff\xff") * nested + bytes(100))


def test_bounds_of_the_caller_hold() -> None:
    assert decode(encode([1, 2, 3]), max_size=4, max_count=3) == [1, 2, 3]
    with pytest.raises(CanonError):
        decode(encode([1, 2, 3]), max_size=3)
    with pytest.raises(CanonError):
        decode(encode([1, 2, 3]), max_count=2)


@pytest.mark.parametrize(
    "value",
    [1.5, {}, {1}, object(), 2**64, -(2**63) - 1, "\ud800", [[1.0]], msgpack.ExtType(1, b"")],
)
def test_values_outside_the_format_are_not_encoded(value: Any) -> None:
    with pytest.raises(CanonError):
        encode(value)


class _Colour(enum.IntEnum):
    RED = 1


class _Thing(canon.Object):
    number: int
    name: str
    raw: bytes
    colour: _Colour
    inner: tuple[int, ...]


THING = _Thing(7, "seven", b"\x07", _Colour.RED, (1, 2))


def test_an_object_is_its_fields_in_order() -> None:
    assert pack(THING) == encode([7, "seven", b"\x07", 1, [1, 2]])
    assert unpack(pack(THING), _Thing) == THING


@pytest.mark.parametrize(
    "fields",
    [
        ["7", "seven", b"\x07", 1, [1, 2]],
        [True, "seven", b"\x07", 1, [1, 2]],
        [7, b"seven", b"\x07", 1, [1, 2]],
        [7, "seven", "\x07", 1, [1, 2]],
        [7, "seven", b"\x07", 2, [1, 2]],
        [7, "seven", b"\x07", 1, [1, "2"]],
        [7, "seven", b"\x07", 1],
        [7, "seven", b"\x07", 1, [1, 2], None],
        [7, "seven", b"\x07", 1, None],
        7,
        None,
    ],
)
def test_another_shape_is_refused(fields: Any) -> None:
    with pytest.raises(CanonError):
        unpack(encode(fields), _Thing)


class _Circle(canon.Object, tag=1):
    radius: int
    name: str


class _Note(canon.Object, tag=2):
    raw: bytes | None
    seen: bool
    circles: tuple[_Circle, ...] = ()


_shapes = st.builds(_Circle, st.integers(-(2**63), 2**63 - 1), st.text(max_size=300)) | st.builds(
    _Note,
    st.none() | st.binary(max_size=300),
    st.booleans(),
    st.lists(st.builds(_Circle, st.integers(0, 300), st.text(max_size=3)), max_size=20).map(tuple),
)


class _Tree(canon.Object):
    branches: tuple[_Tree, ...]


class _Anything(canon.Object):
    what: Any


class _Share(canon.Object):
    of: float


class _Table(canon.Object):
    rows: dict[str, int]


@given(_shapes)
def test_a_plain_object_is_written_as_its_fields_are(thing: _Circle | _Note) -> None:
    assert canon._is_plain(type(thing))
    packed = pack(thing)
    assert packed == encode(msgspec.to_builtins(thing, builtin_types=(bytes,)))
    assert unpack(packed, _Circle | _Note) == thing


@given(_shapes, st.data())
def test_no_longer_encoding_of_a_plain_object_is_read(
    thing: _Circle | _Note, data: st.DataObject
) -> None:
    """Every value may be written with a longer head than it needs: that is refused."""
    longer = False

    def write(value: Any) -> bytes:
        nonlocal longer
        packed = encode(value) if not isinstance(value, list | tuple) else b""
        stretch = data.draw(st.booleans())
        if isinstance(value, bool) or value is None:
            return packed
        longer = longer or stretch
        if isinstance(value, int):
            if not -(2**31) <= value < 2**31:
                return packed
            return b"\xd3" + value.to_bytes(8, "big", signed=True) if stretch else packed
        if isinstance(value, list | tuple):
            size = len(value)
            head = (
                b"\xdd" + size.to_bytes(4, "big") if stretch else encode([0] * size)[: -size or 9]
            )
            return head + b"".join(write(each) for each in value)
        if not stretch:
            return packed
        raw, mark = (value, b"\xc6") if isinstance(value, bytes) else (value.encode(), b"\xdb")
        return mark + len(raw).to_bytes(4, "big") + raw

    packed = write(msgspec.to_builtins(thing, builtin_types=(bytes,)))
    if packed == pack(thing):
        return
    with pytest.raises(CanonError):
        unpack(packed, _Circle | _Note)


def test_what_is_left_out_at_the_end_has_its_default() -> None:
    assert unpack(encode([2, None, True]), _Note) == _Note(None, True)


def test_a_tree_and_what_may_be_anything_are_looked_through() -> None:
    assert not any(canon._is_plain(kind) for kind in (_Tree, _Anything, _Share, _Table))
    with pytest.raises(CanonError, match="cannot be encoded"):
        pack(_Share(1.5))
    with pytest.raises(CanonError):
        pack(_Table({"a": 1}))
    tree = _Tree(())
    for _ in range(20):
        tree = _Tree((tree,))
    with pytest.raises(CanonError, match="deep"):
        pack(tree)


@pytest.mark.parametrize("wrong", [1.5, {"a": 1}, 2**64])
def test_what_a_plain_object_should_not_hold_is_not_encoded(wrong: Any) -> None:
    with pytest.raises(CanonError):
        pack(_Circle(wrong, "x"))
    with pytest.raises(CanonError):
        pack(_Circle(1, "\ud800"))


def test_objects_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        THING.number = 8  # type: ignore[misc]


class _Line(canon.Object):
    text: canon.Text


@pytest.mark.parametrize("text", ["", "a\nb", "end\n", "\x1b[2J", "\x9b2J", "\x7f", "x" * 201])
def test_a_line_for_people_holds_no_control_characters(text: str) -> None:
    with pytest.raises(CanonError):
        unpack(encode([text]), _Line)
    assert unpack(encode(["2026-11-23/A – Łódź"]), _Line).text


def test_an_error_says_its_fields_and_survives_pickling() -> None:
    with pytest.raises(CanonError) as caught:
        decode(bytes(5), max_size=4)
    assert "5 bytes" in str(caught.value)
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(copy) == str(caught.value)
    assert copy.fields == {"size": 5, "limit": 4}


_FIRST_READERS = """
import sys, threading
from exam_packages.canon import Object, pack, unpack

sys.setswitchinterval(1e-6)


def kinds():
    class Leaf(Object):
        a: bytes
        b: int

    class Branch(Object):
        one: Leaf
        two: tuple[Leaf, ...]

    class Tree(Object):
        left: Branch
        right: Branch
        more: tuple[Branch, ...]

    leaf = Leaf(b"x", 1)
    branch = Branch(leaf, (leaf,))
    return Tree, pack(Tree(branch, branch, (branch,)))


for _ in range(60):
    kind, data = kinds()
    start = threading.Barrier(6)

    def read():
        start.wait()
        unpack(data, kind)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
"""


def test_the_first_readers_of_a_kind_may_come_at_once() -> None:
    # msgspec fills in what it knows of a class while other threads may already see it:
    # two that made a decoder of one class at a time ended the process (SIGSEGV).
    done = subprocess.run([sys.executable, "-c", _FIRST_READERS], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
