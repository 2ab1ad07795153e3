"""Drawing: the same from the same seed, fair between orders, and only what was written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon, forms
from exam_packages.assessment import (
    PartPlan,
    Question,
    QuestionReference,
    SectionPlan,
    Shuffle,
    Test,
)
from exam_packages.blueprint import Blueprint
from exam_packages.content.items import Choice, Exhibit, Item, Match, SimpleChoice
from exam_packages.content.paper import NONLINEAR
from exam_packages.content.reading import read_item, read_paper
from exam_packages.rules.declarations import OutcomeDeclaration, ResponseDeclaration
from exam_packages.rules.expressions import Apply, BaseValue, Correct, Variable
from exam_packages.rules.key import Branch, Condition, ItemKey, SetOutcome, read_answer_key


def choices(names: str) -> tuple[SimpleChoice, ...]:
    return tuple(SimpleChoice(name, (), 1) for name in names)


def question(name: str, *, shuffle: bool = False, stay: str = "", **more: Any) -> Question:
    interaction = Choice("R", (), choices("abcde"), 0, 1)
    item = Item(name, name.upper(), "", (), (interaction,), more.get("exhibits", ()), ())
    declared = ResponseDeclaration("R", "identifier", "single", ("a",), None, None)
    rule = Condition(
        (
            Branch(
                Apply("match", (), (Variable("R"), Correct("R"))),
                (SetOutcome("SCORE", BaseValue("float", more.get("worth", "1"))),),
            ),
        ),
        (),
    )
    outcome = OutcomeDeclaration("SCORE", "float", "single", ())
    key = ItemKey(name, (declared,), (outcome,), (rule,), "1", False)
    shuffles = (Shuffle("R", frozenset(stay)),) if shuffle else ()
    return Question(item, key, shuffles, more.get("media", frozenset()), "c", "l")


def reference(name: str, **more: Any) -> QuestionReference:
    placed = {key: more.pop(key, False) for key in ("fixed", "required")}
    return QuestionReference(question(name, **more), "1", placed["fixed"], placed["required"])


def section(*members: Any, name: str = "s", **more: Any) -> SectionPlan:
    return SectionPlan(
        name,
        name,
        (),
        members,
        more.get("select"),
        more.get("shuffle", False),
        more.get("fixed", False),
        more.get("required", False),
    )


def a_test(*sections: SectionPlan, **more: Any) -> Test:
    values: dict[str, Any] = {
        "identifier": "test",
        "title": "T",
        "language": "fr",
        "time_limit_s": 60,
        "instructions": (),
        "parts": (PartPlan("p", NONLINEAR, sections),),
        "exhibits": {},
        "media": {},
        "exhibit_media": {},
        "blueprint": None,
        "practice": None,
    }
    return Test(**(values | more))


def order(test: Test, seed: bytes) -> list[str]:
    return [each.identifier for each in forms.draw(test, seed).paper.references()]


LETTERS = [reference(name) for name in "abcdefgh"]


@given(st.binary(max_size=40))
def test_the_same_seed_gives_the_same_form(seed: bytes) -> None:
    test = a_test(section(*LETTERS, select=5, shuffle=True))
    assert forms.draw(test, seed) == forms.draw(test, seed)
    drawn = order(test, seed)
    assert len(set(drawn)) == 5 and set(drawn) <= set("abcdefgh")


def test_drawing_stays_the_same_in_later_versions() -> None:
    # Written down once: an old seed must draw its old form for ever.
    test = a_test(
        section(*LETTERS, select=5, shuffle=True),
        section(reference("z", shuffle=True), name="more"),
    )
    form = forms.draw(test, b"golden")
    assert order(test, b"golden") == list("cgedaz")
    (interaction,) = form.items["z"].interactions
    assert isinstance(interaction, Choice)
    assert "".join(each.identifier for each in interaction.choices) == "cdaeb"
    assert form.paper.form == form.key.form


def test_every_order_is_about_equally_likely() -> None:
    test = a_test(section(*LETTERS[:3], shuffle=True))
    drawn = Counter("".join(order(test, seed.to_bytes(2, "big"))) for seed in range(1200))
    assert len(drawn) == 6
    # Six orders, 200 each expected; five standard deviations are about 65.
    assert all(135 < count < 265 for count in drawn.values())


@given(st.binary(max_size=8))
def test_fixed_members_stay_and_required_ones_are_drawn(seed: bytes) -> None:
    members = [reference("a"), reference("b", fixed=True, required=True), *LETTERS[2:6]]
    test = a_test(section(*members, shuffle=True))
    assert order(test, seed)[1] == "b"
    assert "b" in order(a_test(section(*members, select=2)), seed)


@given(st.binary(max_size=8))
def test_an_inner_section_stays_together(seed: bytes) -> None:
    inner = section(*LETTERS[4:7], name="inner", shuffle=True, select=2)
    drawn = "".join(order(a_test(section(*LETTERS[:4], inner, shuffle=True)), seed))
    places = [place for place, name in enumerate(drawn) if name in "efg"]
    assert len(drawn) == 6
    assert places[1] == places[0] + 1


@given(st.binary(max_size=8))
def test_choices_are_shuffled_except_the_fixed(seed: bytes) -> None:
    form = forms.draw(a_test(section(reference("q", shuffle=True, stay="e"))), seed)
    (interaction,) = form.items["q"].interactions
    assert isinstance(interaction, Choice)
    names = [each.identifier for each in interaction.choices]
    assert names[4] == "e" and sorted(names) == list("abcde")


def test_a_question_that_is_added_elsewhere_changes_nothing_here() -> None:
    one = a_test(section(*LETTERS, shuffle=True))
    two = a_test(section(*LETTERS, shuffle=True), section(reference("z"), name="more"))
    assert order(two, b"seed")[:8] == order(one, b"seed")


def test_both_sets_of_a_match_are_shuffled() -> None:
    plain = question("m")
    match = Match("R", (), choices("abcdefgh"), choices("stuvwxyz"), 0, 0)
    item = Item("m", "", "", (), (match,), (), ())
    mixed = replace(plain, item=item, shuffles=(Shuffle("R", frozenset()),))
    form = forms.draw(a_test(section(QuestionReference(mixed, "1", False, False))), b"seed")
    (drawn,) = form.items["m"].interactions
    assert isinstance(drawn, Match)
    for before, after in ((match.sources, drawn.sources), (match.targets, drawn.targets)):
        assert before != after
        assert sorted(each.identifier for each in after) == [each.identifier for each in before]


def test_the_form_id_follows_what_a_candidate_can_see() -> None:
    def form_id(**more: Any) -> str:
        return forms.draw(a_test(section(reference("q", **more))), b"").paper.form

    assert form_id() == form_id(worth="0.5")  # a corrected key scores the same form
    other = a_test(section(reference("q")), title="Other")
    assert forms.draw(other, b"").paper.form != form_id()
    assert form_id().startswith("test-")


def test_only_what_was_drawn_is_packed() -> None:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x04\0\0\0\x03"
    test = a_test(
        section(
            reference("q", exhibits=("e",), media=frozenset({"q.png"}), required=True),
            reference("r", exhibits=("f",), media=frozenset({"r.png"})),
            select=1,
        ),
        exhibits={"e": Exhibit("e", "E", (), ()), "f": Exhibit("f", "F", (), ())},
        media={"q.png": png, "r.png": png, "e.png": png},
        exhibit_media={"e": frozenset({"e.png"}), "f": frozenset()},
    )
    found = {name: (kind, data) for name, kind, data in forms.blobs(forms.draw(test, b""))}
    assert list(found) == ["paper", "item/q", "exhibit/e", "media/e.png", "media/q.png"]
    assert found["media/q.png"] == ("image/png", png)
    item = read_item(found["item/q"][1])
    assert item.language == "fr"  # the test's, where the item says none
    assert read_paper(found["paper"][1]).references()[0].identifier == "q"


@pytest.mark.parametrize(
    ("test", "why"),
    [
        (a_test(section(*LETTERS, select=9)), "selects 9 of 8"),
        (
            a_test(section(reference("a", required=True), reference("b", required=True), select=1)),
            "required",
        ),
        (a_test(section(reference("a")), section(reference("a"), name="t")), "drawn twice"),
        (a_test(section(reference("a/b"))), "cannot be a name"),
        (a_test(section(reference("a")), identifier="é"), "cannot be a name"),
        (a_test(section(reference("a")), time_limit_s=0), "no time limit"),
    ],
)
def test_what_cannot_be_drawn_is_said(test: Test, why: str) -> None:
    with pytest.raises(forms.FormsError, match=why):
        forms.draw(test, b"")


def test_practice_is_drawn_from_the_practice_test() -> None:
    inner = a_test(section(reference("p")), identifier="practice", time_limit_s=0)
    assert forms.practice(a_test(section(reference("a"))), b"") is None
    form = forms.practice(a_test(section(reference("a")), practice=inner), b"")
    assert form is not None
    assert (form.paper.time_limit_s, list(form.items)) == (0, ["p"])


def test_a_blueprint_is_held_against_the_form() -> None:
    form = forms.draw(a_test(section(reference("a"), reference("b", worth="2"))), b"")

    def problems(cut_score: str, **counts: int) -> list[str]:
        table = {("c", level): count for level, count in counts.items()}
        return forms.check(Blueprint("1", "test", "", cut_score, table), form)

    wrong_key = "The correct answer of the item “b” scores 2, not 1."
    assert problems("2", l=2) == [wrong_key]
    assert problems("2", l=1, m=1) == [
        "The blueprint asks for 1 of competence “c” at level “l”; the form has 2.",
        "The blueprint asks for 1 of competence “c” at level “m”; the form has 0.",
        wrong_key,
    ]
    assert problems("2.5", l=2) == [
        "The cut score is 2.5, and nobody can reach more than 2 points.",
        wrong_key,
    ]


@given(st.binary(max_size=8))
def test_paper_and_key_are_read_back_whole(seed: bytes) -> None:
    form = forms.draw(a_test(section(*LETTERS, shuffle=True)), seed)
    assert read_paper(canon.pack(form.paper)) == form.paper
    assert read_answer_key(canon.pack(form.key)) == form.key
