"""Mutations of meaning: fields exchanged, dropped, doubled, stretched, and signed again.

Whoever holds a signing key can sign nonsense, by a bug or on purpose. A reader must then
refuse it with our own error or believe exactly what was signed; and nothing that was
altered after signing is ever believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgpack
import pytest
import readers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_packages.errors import ExamError
from exam_packages.sealing import chain
from exam_packages.sealing.journal import Frame, epoch_header, split_frames
from exam_packages.sealing.journal_format import HEADER_KIND, make_frame
from exam_packages.sealing.package_format import FILE_MAGIC, PACKAGE_KIND, aligned, decode_index
from exam_packages.sealing.release import MAX_RELEASE, RELEASE_KIND
from exam_packages.sealing.signed import read_signed, sign, split_signed
from exam_packages.sealing.suite import SigningKey

FIRST_CODE = split_signed(
    readers.vector("sitting.release"), RELEASE_KIND, most=2, max_size=MAX_RELEASE
)[0]
FIRST_FRAME = Frame.parse(next(split_frames(readers.vector("attempt.journal"))))


def _keys(*names: str) -> list[SigningKey]:
    return [readers.signing(name) for name in names]


def _signed_package() -> bytes:
    data = readers.vector("exam.package")
    size = int.from_bytes(data[len(FILE_MAGIC) :][:4], "big")
    return data[len(FILE_MAGIC) + 4 :][:size]


def _read_package(signed: bytes) -> None:
    """The package's file with another signed object at its front."""
    whole = readers.vector("exam.package")
    blobs = whole[aligned(len(FILE_MAGIC) + 4 + len(_signed_package())) :]
    front = FILE_MAGIC + len(signed).to_bytes(4, "big") + signed
    readers.READERS["package"][0](front.ljust(aligned(len(front)), b"\0") + blobs)


def _read_header(signed: bytes) -> None:
    """The journal's first frame with another signed header in it."""
    frame = make_frame(1, FIRST_FRAME.compartment, FIRST_FRAME.stamp, signed)
    header = epoch_header(frame)
    for role in ("scoring", "integrity", "registrar"):
        held = [wrap.compartment for wrap in header.parsed.body.wraps]
        try:
            header.keys(readers.sealing(role), held)
        except ExamError:
            continue
    header.half_for(readers.sealing("hall"))
    state = chain.start(readers.BLIND_ID, readers.PACKAGE_HASH)
    station = readers.signing("station 1").public
    chain.advance(state, frame, station, [readers.HALL])


def _read_release(signed: bytes) -> None:
    """The release with another first code in it."""
    second = readers.vector("sitting.release")[len(FIRST_CODE) :]
    readers.READERS["release"][0](signed + second)


KINDS: dict[str, tuple[str, bytes, Sequence[SigningKey], Callable[[bytes], None]]] = {
    name: (f"exam-kiosk/{kind}", data, keys, read)
    for name, kind, keys, (read, data) in (
        ("root of trust", "trust/v1", _keys("root 1", "root 2"), readers.READERS["root of trust"]),
        ("enrolment", "enrolment/v2", _keys("enrolment"), readers.READERS["enrolment"]),
        ("package", "package/v1", _keys("packager"), (_read_package, _signed_package())),
        ("custody", "custody/v1", _keys("root 1", "root 2"), readers.READERS["custody"]),
        ("grant", "grant/v2", _keys("packager"), readers.READERS["grant"]),
        ("release", "release/v2", _keys("release"), (_read_release, FIRST_CODE)),
        ("receipt", "receipt/v1", _keys("intake"), readers.READERS["receipt"]),
        ("permit", "permit/v1", _keys("hall"), readers.READERS["permit"]),
        ("command", "command/v1", _keys("hall"), readers.READERS["command"]),
        ("manifest", "manifest/v1", _keys("station 2"), readers.READERS["manifest"]),
        (
            "acknowledgement",
            "acknowledgement/v1",
            _keys("hall"),
            readers.READERS["acknowledgement"],
        ),
        (
            "countersignature",
            "countersignature/v1",
            _keys("hall"),
            readers.READERS["countersignature"],
        ),
        ("restore key", "restore-key/v1", _keys("hall"), readers.READERS["restore key"]),
        ("transfer", "transfer/v1", _keys("hall"), readers.READERS["transfer"]),
        ("erasure", "erasure/v1", _keys("hall"), readers.READERS["erasure"]),
        ("hold", "hold/v1", _keys("root 1", "root 2"), readers.READERS["hold"]),
        ("lifting", "lifting/v1", _keys("root 1", "root 2"), readers.READERS["lifting"]),
        ("deletion", "deletion/v1", _keys("root 1", "root 2"), readers.READERS["deletion"]),
        (
            "preservation",
            "preservation/v1",
            _keys("root 1", "root 2"),
            readers.READERS["preservation"],
        ),
        ("header", "journal-header/v2", _keys("station 1"), (_read_header, FIRST_FRAME.body)),
    )
}


# --- Trees -------------------------------------------------------------------------

odd_values = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 255, 256, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1),
        *(-(2**63), "", "a", "\0", "\x85", "{why}", "…" * 200, "x" * 100_000, b"", b"\0" * 16),
        *(b"\0" * 31, b"\xff" * 32, b"\0" * 1216, b"\xff" * 1952, b"\0" * 100_000, [], [[]]),
        *([0] * 1000, [[0, b"", b""]], [b"\0" * 16] * 65),
    ]
)


def places(tree: Any, here: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    yield here
    if isinstance(tree, list):
        for number, member in enumerate(tree):
            yield from places(member, (*here, number))


def at(tree: Any, place: tuple[int, ...]) -> Any:
    for number in place:
        tree = tree[number]
    return tree


def replaced(tree: Any, place: tuple[int, ...], value: Any) -> Any:
    if not place:
        return value
    first, *rest = place
    return [
        replaced(member, tuple(rest), value) if number == first else member
        for number, member in enumerate(tree)
    ]


@st.composite
def mutated(draw: st.DrawFn, tree: Any) -> Any:
    """*tree* with one to three things in it replaced, dropped, doubled, nested or exchanged."""
    for _ in range(draw(st.integers(1, 3))):
        every = list(places(tree))
        place = draw(st.sampled_from(every))
        found = at(tree, place)
        match draw(st.sampled_from(["odd", "drop", "double", "nest", "exchange", "bump"])):
            case "odd":
                tree = replaced(tree, place, draw(odd_values))
            case "drop" if isinstance(found, list) and found:
                cut = draw(st.integers(0, len(found) - 1))
                tree = replaced(tree, place, found[:cut] + found[cut + 1 :])
            case "double" if isinstance(found, list) and found:
                tree = replaced(tree, place, [*found, draw(st.sampled_from(found))])
            case "nest":
                for _ in range(draw(st.sampled_from([1, 40]))):
                    found = [found]
                tree = replaced(tree, place, found)
            case "exchange":
                other = draw(st.sampled_from(every))
                if place[: len(other)] != other and other[: len(place)] != place:
                    moved = at(tree, other)
                    tree = replaced(replaced(tree, other, found), place, moved)
            case "bump" if isinstance(found, int) and -(2**63) < found < 2**64 - 1:
                tree = replaced(tree, place, int(found) + draw(st.sampled_from([1, -1])))
            case _:
                tree = replaced(tree, place, draw(odd_values))
    return tree


def _one_sentence(problem: ExamError) -> None:
    text = str(problem)
    assert text.isprintable(), text
    assert len(text) < 1200, text


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_signed_nonsense_is_refused_or_is_what_was_signed(name: str, data: st.DataObject) -> None:
    kind, signed, keys, read = KINDS[name]
    whole = read_signed(signed, kind)
    tree = msgpack.unpackb(whole.body)
    body = msgpack.packb(data.draw(mutated(tree)))
    try:
        read(sign(kind, body, keys))
    except ExamError as problem:
        _one_sentence(problem)
    if body != whole.body:
        tail = signed[len(kind) + 5 + len(whole.body) :]
        forged = kind.encode() + b"\n" + len(body).to_bytes(4, "big") + body + tail
        with pytest.raises(ExamError) as caught:
            read(forged)
        _one_sentence(caught.value)


def stretched(tree: Any, place: tuple[int, ...]) -> bytes:
    """*tree* encoded with the one value at *place* in its longest form."""
    if place:
        assert isinstance(tree, list)
        head = msgpack.Packer().pack_array_header(len(tree))
        first, *rest = place
        return bytes(head) + b"".join(
            stretched(member, tuple(rest)) if number == first else msgpack.packb(member)
            for number, member in enumerate(tree)
        )
    match tree:
        case bool() | None:
            return b""  # has one form only
        case int():
            return b"\xcf" + tree.to_bytes(8, "big")
        case str():
            return b"\xdb" + len(tree.encode()).to_bytes(4, "big") + tree.encode()
        case bytes():
            return b"\xc6" + len(tree).to_bytes(4, "big") + tree
        case _:
            members = b"".join(msgpack.packb(member) for member in tree)
            return b"\xdd" + len(tree).to_bytes(4, "big") + members


@pytest.mark.parametrize("name", KINDS)
def test_a_longer_encoding_of_the_same_is_refused_even_signed(name: str) -> None:
    kind, signed, keys, read = KINDS[name]
    body = read_signed(signed, kind).body
    tree = msgpack.unpackb(body)
    read(sign(kind, body, keys))
    every = list(places(tree))
    for place in every[:: max(1, len(every) // 40)]:
        longer = stretched(tree, place)
        if longer == body or len(longer) == len(body):
            continue  # is its shortest form already
        with pytest.raises(ExamError):
            read(sign(kind, longer, keys))


SIGNERS = ["root 1", "packager", "release", "enrolment", "intake", "checkpoint", "hall"]


@pytest.mark.parametrize("name", KINDS)
def test_every_other_role_is_the_wrong_one(name: str) -> None:
    """One signer alone, whoever else it is; for the root also the two algorithms of one."""
    kind, signed, keys, read = KINDS[name]
    body = read_signed(signed, kind).body
    right = {key.key_id for key in keys} if len(keys) == 1 else set()
    for signer in [*SIGNERS, "station 1", "station 2", "station 3"]:
        key = readers.signing(signer)
        if key.key_id not in right:
            with pytest.raises(ExamError, match=r"sign|record|permit|receipt"):
                read(sign(kind, body, [key]))
    with pytest.raises(ExamError):
        read(sign(kind, body, []))


@pytest.mark.parametrize("name", KINDS)
def test_one_kind_is_never_taken_for_another(name: str) -> None:
    """The right people's signature over the same body under another kind."""
    kind, signed, keys, read = KINDS[name]
    body = read_signed(signed, kind).body
    for other, _, _, _ in KINDS.values():
        if other != kind:
            relabelled = sign(other, body, keys)
            with pytest.raises(ExamError):
                read(relabelled)
            with pytest.raises(ExamError):
                read(kind.encode() + relabelled[len(other) :])


@given(data=st.data())
@settings(max_examples=150)
def test_a_mutated_index_agrees_or_is_refused(data: st.DataObject) -> None:
    """What lies sealed in a package may be nonsense too."""
    index = [[1, "a", "text/plain", 5], [2, "b", "image/png", 70_000]]
    body = msgpack.packb(data.draw(mutated(index)))
    try:
        decode_index(len(body).to_bytes(4, "big") + body, ())
    except ExamError as problem:
        _one_sentence(problem)


def test_kinds_are_all_there() -> None:
    """Nothing that is signed was forgotten here."""
    assert {kind for kind, *_ in KINDS.values()} >= {PACKAGE_KIND, HEADER_KIND}
    assert len(KINDS) == 20
