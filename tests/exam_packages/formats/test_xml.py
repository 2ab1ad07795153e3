"""XML that a stranger made to hurt is refused, in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.formats import xml
from exam_packages.formats.errors import FormatError

LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a><a/>",
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>',
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a b="&l9;"/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]><a/>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        '<!DOCTYPE a PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x.dtd"><a/>',
        f'<!DOCTYPE a [<!ATTLIST a b CDATA "{"x" * 1000}">]><a/>',
    ],
)
def test_a_doctype_is_refused(text: str) -> None:
    for data in (text.encode(), text.encode("utf-16")):
        with pytest.raises(FormatError, match=r"DOCTYPE|well-formed"):
            xml.parse(data, "a.xml")


def test_nothing_is_fetched_or_included() -> None:
    text = (
        '<a xmlns:xi="http://www.w3.org/2001/XInclude">'
        '<xi:include href="/etc/passwd" parse="text"/></a>'
    )
    root = xml.parse(text.encode(), "a.xml")
    assert root.all_text() == ""


@pytest.mark.parametrize("text", ["", "<a>", "<a></b>", "text", "<a>&nbsp;</a>", "<a b=c/>"])
def test_what_is_not_well_formed_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(FormatError, match=r"a\.xml, line \d+"):
        xml.parse(text.encode(), "a.xml")


def test_size_depth_and_count_are_bounded() -> None:
    with pytest.raises(FormatError, match="bytes"):
        xml.parse(b"<a>" + b" " * xml.MAX_SIZE + b"</a>", "a.xml")
    deep = "<a>" * (xml.MAX_DEPTH + 1) + "</a>" * (xml.MAX_DEPTH + 1)
    with pytest.raises(FormatError, match="deep"):
        xml.parse(deep.encode(), "a.xml")
    with pytest.raises(FormatError):
        xml.parse(("<a>" * 100_000 + "</a>" * 100_000).encode(), "a.xml")
    with pytest.raises(FormatError, match="too many"):
        xml.parse(b"<a>" + b"<b/>" * (xml.MAX_ELEMENTS + 1) + b"</a>", "a.xml")


def test_every_attribute_must_be_known() -> None:
    node = xml.parse(b'<qti-a\nhref="x" class="wide" data-x="1" xml:lang="en"/>', "a.xml")
    assert node.attributes(href=None, other="none") == {"href": "x", "other": "none"}
    assert node.language == "en"
    assert not node.changes
    with pytest.raises(FormatError, match="<qti-a>: the attribute href"):
        node.attributes()
    with pytest.raises(FormatError, match="other is missing"):
        node.attributes(href=None, other=None)


def test_a_base_for_names_is_refused() -> None:
    with pytest.raises(FormatError, match="base"):
        xml.parse(b'<a xml:base="http://x/"/>', "a.xml").attributes()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('<a class="qti-labels-none"/>', "presentation"),
        ('<a onclick="x"/>', "onclick"),
        ('<qti-a style="x"/>', "style"),
        ('<qti-a xmlns:f="urn:f" f:own="x"/>', "own"),
    ],
)
def test_attributes_that_only_concern_looks_are_told(text: str, what: str) -> None:
    node = xml.parse(text.encode(), "a.xml")
    assert node.attributes() == {}
    (change,) = node.changes
    assert what in str(change)
    assert str(change).startswith("a.xml, line 1, <")


def test_text_between_elements_is_not_dropped() -> None:
    for text in ("<a>lost<b/></a>", "<a><b/>lost</a>"):
        with pytest.raises(FormatError, match="text"):
            xml.parse(text.encode(), "a.xml").children()


def test_comments_do_not_cut_text() -> None:
    assert xml.parse(b"<a>one<!-- x --> two<?pi x?></a>", "a.xml").only_text() == "one two"


@given(st.one_of(st.binary(max_size=100), st.text(max_size=100).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        root = xml.parse(b"<a>" + data + b"</a>", "a.xml")
    except FormatError as problem:
        assert str(problem)
        return
    assert root.name == "a"
