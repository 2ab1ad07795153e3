"""Whatever comes in, each reader gives a bank or one of our refusals, in linear work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from banks_at_random import READERS, SEEDS, read_any
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages.errors import ExamError
from exam_packages.formats.banks import bank_of

NAMES = sorted(READERS)


@pytest.mark.parametrize("name", NAMES)
def test_seeds_are_read(name: str) -> None:
    assert any(each.question for each in READERS[name](SEEDS[name]).readings)


@settings(max_examples=30)
@given(st.sampled_from(NAMES), st.binary(max_size=400))
def test_any_bytes(name: str, data: bytes) -> None:
    read_any(name, data)


@settings(max_examples=60)
@given(st.sampled_from(NAMES), st.data())
def test_changed_seeds(name: str, draw: st.DataObject) -> None:
    seed = SEEDS[name]
    at = draw.draw(st.integers(0, len(seed)))
    cut = draw.draw(st.integers(0, 20))
    put = draw.draw(st.text(" {}[]()<>&#~=%|:*\\\n-x1é", max_size=12)).encode()
    read_any(name, seed[:at] + put + seed[at + cut :])


@pytest.mark.parametrize("data", [b"<quiz:/>", b"<quiz><question:/></quiz>", b"<quiz a:=''/>"])
def test_names_that_end_in_a_colon(data: bytes) -> None:
    """lxml lets them in, and its QName does not."""
    read_any("moodle", data)
    read_any("canvas", data.replace(b"quiz", b"questestinterop"))


def steps(work: Callable[[], object]) -> int:
    """Lines of Python that *work* runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        work()
    except ExamError:
        pass
    finally:
        sys.settrace(before)
    return count


def xml(inside: str) -> str:
    text = f"<questiontext><text>{inside}</text></questiontext>"
    return f"<quiz><question type='cloze'>{text}</question></quiz>"


GROWING: dict[str, tuple[str, Callable[[int], str]]] = {
    "gift: open braces": ("a.gift", lambda n: "x{\n\n" * n),
    "gift: answers": ("a.gift", lambda n: "q{" + "~a" * n + "}"),
    "gift: one name": ("a.gift", lambda n: "::a::q{T}\n\n" * n),
    "gift: escapes": ("a.gift", lambda n: "q{=" + "\\=" * n + "}"),
    "aiken": ("a.aiken", lambda n: "q\nA. a\nANSWER: A\n" * n),
    "cloze: open": ("a.xml", lambda n: xml("{1:SA:" * n)),
    "cloze: escapes": ("a.xml", lambda n: xml("{1:SA:=" + "\\}" * n + "}")),
    "html: breaks": ("a.xml", lambda n: xml("a&lt;br&gt;" * n)),
    "html: styles": ("a.xml", lambda n: xml("&lt;i&gt;a&lt;/i&gt;" * n)),
    "markdown: headers": ("a.md", lambda n: "---\nid: a\n---\n" * n),
    "markdown: fields": ("a.md", lambda n: "---\n" + "id: a\n" * n),
    "markdown: open gaps": ("a.md", lambda n: "---\nid: a\n---\n" + "{=" * n),
    "markdown: lists": ("a.md", lambda n: "---\nid: a\n---\n" + "- a\n" * n),
    "table": ("a.csv", lambda n: "id,question\n" + "a,b\n" * n),
}


@pytest.mark.parametrize("name", GROWING)
def test_work_grows_with_the_file(name: str) -> None:
    file, make = GROWING[name]

    def work(size: int) -> int:
        return steps(lambda: bank_of({file: make(size).encode()}, file))

    small, large = work(40), work(160)
    assert large < 6 * small  # four times as much in, with room for what is fixed
