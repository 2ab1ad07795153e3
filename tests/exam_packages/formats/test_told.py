"""What an import tells: in the terminal, as a page, as JSON; none of it can hurt."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.assessment import PartPlan, Question, Test
from exam_packages.content import text
from exam_packages.content.items import Choice, Item, Media, SimpleChoice
from exam_packages.formats import told
from exam_packages.formats.errors import FormatError
from exam_packages.formats.page import to_page
from exam_packages.formats.report import Bank, Change, Reading, Verdict
from exam_packages.rules.key import ItemKey, TestProcessing

HOSTILE = "<script>x</script>\x1b[2J\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH JOINER}{title}%s"


def question(name: str, *more: Media) -> Question:
    choice = Choice("R", (), (SimpleChoice("a", (text.Text("A", 0),), 1),), 0, 1)
    item = Item(name, name.upper(), "en", (text.Slot("R"),), (choice, *more), (), ())
    return Question(item, ItemKey(name, (), (), (), "1", False), (), frozenset(), "", "")


def change(line: int, what: str) -> Change:
    return Change("{file}, line {line}: {what} was left out.", file="b.xml", line=line, what=what)


def bank(words: str = "plain") -> Bank:
    bell = text.Recording("a.mp4", "video/mp4", "A bell")
    media = Media("S", (), bell, 0, 0, False, False)
    own = TestProcessing((), ())
    test = Test("t", "T", "en", 0, (), (PartPlan("p", 1, ()),), {}, {}, {}, None, None, own)
    return Bank(
        "QTI 2.2",
        (
            Reading("a.xml", "a", "A", question("a")),
            Reading(
                "b.xml", "b", "B", question("b"),
                (change(3, "x"), change(7, "x"), change(9, words)),
            ),
            Reading("c.xml", "c", "C", question("c", media)),
            Reading(f"{words}.xml", words, words, None, (), FormatError("No {why}.", why=words)),
        ),
        (test,),
        {"u.xml": FormatError("The test has no part.")},
        test_changes={"t.xml": ()},
    )  # fmt: skip


def test_the_terminal_tells_what_was_not_simply_taken() -> None:
    shown = told.to_text(bank())
    assert shown.splitlines() == [
        "Items",
        "",
        "b: taken with a change",
        "    b.xml, line 3, 7: x was left out.",
        "    b.xml, line 9: plain was left out.",
        "c: taken",
        "    Taken; stations of this version cannot show it yet: film.",
        "plain: refused",
        "    No plain.",
        "",
        "Tests",
        "",
        "t: taken",
        "    Taken; stations of this version cannot show it yet: outcome processing of its own.",
        "u.xml: refused",
        "    The test has no part.",
        "",
        "QTI 2.2: 4 items: 2 taken, 1 taken with a change, 1 refused.",
        "2 tests: 1 taken, 1 refused.",
    ]


class Page(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_stands_alone_and_is_labelled() -> None:
    source = to_page(bank(), "bank.zip")
    page = Page(source)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "link", "iframe", "object"}
    assert not re.search(r"(?:src|href)=|url\(|@import| on[a-z]+=", source)
    assert ("html", {"lang": "en"}) in page.tags
    inputs = [attributes for tag, attributes in page.tags if tag == "input"]
    assert len(inputs) == 5 and sum("checked" in each for each in inputs) == 1
    assert len([tag for tag, _ in page.tags if tag == "label"]) == len(inputs)
    marked = [str(a.get("class", "")).strip() for tag, a in page.tags if tag == "li" and a]
    assert marked == ["taken waits", "refused", "taken", "changed", "taken waits", "refused"]
    for line in ("b.xml, line 3, 7: x was left out.", "No plain.", "cannot show it yet: film"):
        assert line in page.words


@pytest.mark.parametrize("words", [HOSTILE, "x" * 100_000, "\ud800", "e" + "\u0301" * 50])
def test_hostile_words_only_look_like_words(words: str) -> None:
    found = bank(words)
    page = to_page(found, words)
    assert "<script" not in page
    for shown in (told.to_text(found), page, told.to_json(found)):
        shown.encode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200d\u202e]", shown)
        assert len(shown) < 40_000


@given(st.text(max_size=40))
def test_the_json_is_json(words: str) -> None:
    read = json.loads(told.to_json(bank(words)))
    assert read["format"] == "QTI 2.2"
    assert read["counts"] == {"taken": 2, "taken with a change": 1, "refused": 1}
    assert [each["verdict"] for each in read["items"]][-1] == "refused"
    assert len(read["tests"]) == 2


def test_many_changes_are_told_in_part() -> None:
    changes = tuple(change(1, str(number)) for number in range(1000))
    lines = told.items(Bank("x", (Reading("a", "a", "A", question("a"), changes),)))[0].lines
    assert len(lines) == told.MAX_LINES + 1
    assert lines[-1] == "… and 800 more."
    assert told.counts(told.items(bank()))[Verdict.TAKEN] == 2


def test_lines_are_broken_between_words_at_a_terminal() -> None:
    problem = FormatError("items/a-rather-long-name.xml, line 7: {why}", why="word " * 40)
    bank = Bank("QTI 3.0", (Reading("a.xml", "a", "", None, (), problem),))
    lines = told.to_text(bank, 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()) == " ".join(told.to_text(bank).split())
    assert lines[-1] == "QTI 3.0: 1 item: 1 refused."
