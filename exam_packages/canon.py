"""Canonical msgpack: one value, one byte string, and bounds before any work.

Everything we sign, seal or send is a msgpack array of nil, booleans, 64-bit
integers, UTF-8 strings, byte strings and arrays: no maps, no floats, no extensions.
A reader takes only the shortest encoding of each value, which it proves by encoding
what it read again and comparing the bytes, so two programs can never read one file
in two ways.

Typed objects are msgspec structs with ``array_like=True`` and
``forbid_unknown_fields=True``: positional, exact length, no conversions. Bytes are read
as the type that is expected, so that nothing of another shape is ever built: an empty
array is one byte on the wire and fifty-six in memory.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, TypeAlias, TypeVar, dataclass_transform

import msgpack
import msgspec

from exam_packages.errors import ExamError

Value: TypeAlias = "bool | int | str | bytes | list[Value] | tuple[Value, ...] | None"

MAX_SIZE = 16 * 1024 * 1024
MAX_DEPTH = 32
MAX_COUNT = 1_000_000

Id: TypeAlias = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
"""Sixteen bytes that name a key, a package, an attempt."""
Hash: TypeAlias = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
"""A SHA-256 digest."""
Seconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
"""Unix time in whole seconds."""
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
"""A number of things, or of bytes."""
Text: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")
]
"""A short line that people read: no control characters, so that it is safe to print."""

T = TypeVar("T")


class CanonError(ExamError):
    """These bytes are not a canonical value, or not the one expected."""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Object(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of every typed object that is encoded: a positional array of exact length."""


def encode(value: Value) -> bytes:
    """Encode a plain value. Raises :class:`CanonError` for a type outside the format."""
    _check(value, 0)
    try:
        return bytes(msgpack.packb(value, use_bin_type=True))
    except (OverflowError, UnicodeEncodeError, ValueError) as problem:
        raise CanonError("A value cannot be encoded: {why}.", why=str(problem)) from None


def decode(data: bytes, *, max_size: int = MAX_SIZE, max_count: int = MAX_COUNT) -> Value:
    """Decode one value and prove that *data* is its only encoding.

    Raises :class:`CanonError` when *data* is longer than *max_size* bytes, holds an
    array of more than *max_count* members, nests deeper than ``MAX_DEPTH``, or is not
    canonical. A value may take some eighty times the memory of its bytes: what comes from
    strangers is read by :func:`unpack`.
    """
    _check_size(data, max_size)
    try:
        value: Value = msgpack.unpackb(
            data,
            raw=False,
            use_list=True,
            strict_map_key=True,
            max_array_len=min(max_count, len(data)),
            max_map_len=0,
            max_ext_len=0,
            max_str_len=len(data),
            max_bin_len=len(data),
        )
    except (ValueError, RecursionError, msgpack.UnpackException) as problem:
        # StackError, ExtraData, FormatError and UnicodeDecodeError all end here.
        raise _damaged(problem) from None
    if encode(value) != data:
        raise CanonError("The data is not in its canonical form.")
    return value


def pack(thing: msgspec.Struct) -> bytes:
    """Encode a typed object. Raises :class:`CanonError` for what the format does not have."""
    kind = type(thing)
    if _is_plain(kind):
        # What comes out is read again, since nothing checks what a struct is made of.
        with contextlib.suppress(msgspec.MsgspecError, TypeError, ValueError, OverflowError):
            data = _encode_plain(thing)
            _decoder(kind).decode(data)
            return data
    return encode(msgspec.to_builtins(thing, builtin_types=(bytes,)))


def unpack(
    data: bytes, kind: type[T] | Any, *, max_size: int = MAX_SIZE, max_count: int = MAX_COUNT
) -> T:
    """Decode *data* as a *kind* (a struct, or a union of tagged structs).

    Raises :class:`CanonError` when it is anything else.
    """
    _check_size(data, max_size)
    try:
        typed: T = _decoder(kind).decode(data)  # type: ignore[arg-type]  # types have hashes
    except msgspec.ValidationError as problem:
        raise CanonError(
            "The data does not have the expected shape: {why}.", why=str(problem)
        ) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as problem:
        # ValueError: text that is not UTF-8 is told by its codec.
        raise _damaged(problem) from None
    # Types have hashes, which mypy does not know of their unions.
    plain = len(data) <= max_count and _is_plain(kind)  # type: ignore[arg-type]
    if not (plain and _encode_plain(typed) == data):
        decode(data, max_size=max_size, max_count=max_count)
    return typed


_encode_plain = msgspec.msgpack.Encoder().encode
"""For a plain kind it writes what :func:`encode` writes, at a fiftieth of its cost."""
_making = threading.Lock()


@cache
def _is_plain(kind: Any) -> bool:
    """Whether a value of *kind* can be nothing but what the format has, never nested too deep:
    then it is checked by its type alone. A tree is not plain."""
    with _making:
        depth = _depth(msgspec.inspect.type_info(kind), {})
    return depth is not None and depth <= MAX_DEPTH


def _depth(kind: msgspec.inspect.Type, found: dict[type, int | None]) -> int | None:
    """How deep a value of *kind* nests at most; None for what has no end, or may be anything.

    *found* has the depth of each struct seen before, None as long as it is looked into.
    """
    inspect = msgspec.inspect
    own = 1
    match kind:
        case inspect.NoneType() | inspect.BoolType() | inspect.StrType() | inspect.BytesType():
            return 0
        case inspect.IntType() | inspect.LiteralType() | inspect.EnumType():
            return 0
        case inspect.UnionType(types=members):
            own = 0
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            members = (item,)
        case inspect.TupleType(item_types=members):
            pass
        case inspect.StructType(cls=cls, fields=fields, array_like=True):
            if cls not in found:
                found[cls] = None
                found[cls] = _deepest((each.type for each in fields), found, 1)
            return found[cls]
        case _:
            return None
    return _deepest(members, found, own)


def _deepest(
    members: Iterable[msgspec.inspect.Type], found: dict[type, int | None], own: int
) -> int | None:
    deepest = 0
    for each in members:
        depth = _depth(each, found)
        if depth is None:
            return None
        deepest = max(deepest, depth)
    return own + deepest


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    # msgspec puts what it knows of a class (and of those in it) where every thread finds it
    # before it is whole, and reads it there without a look: one thread at a time.
    with _making:
        return msgspec.msgpack.Decoder(kind)


def _check_size(data: bytes, max_size: int) -> None:
    if len(data) > max_size:
        raise CanonError(
            "The data is {size} bytes long; at most {limit} are allowed here.",
            size=len(data),
            limit=max_size,
        )


def _damaged(problem: Exception) -> CanonError:
    return CanonError(
        "The data is damaged or not in the expected form ({why}).", why=type(problem).__name__
    )


def _check(value: Value, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CanonError("The data nests more than {limit} deep.", limit=MAX_DEPTH)
    # msgpack's extension type is a named tuple; an empty one passes ``max_ext_len``.
    if isinstance(value, list | tuple) and not isinstance(value, msgpack.ExtType):
        for member in value:
            _check(member, depth + 1)
    elif value is not None and not isinstance(value, bool | int | str | bytes):
        raise CanonError("A {kind} cannot be encoded.", kind=type(value).__name__)
