"""Practice has every kind that the form has."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from exam_packages import forms, language
from exam_packages.content import items as it
from exam_packages.content.items import problem, unshown
from exam_packages.content.values import Response
from exam_packages.formats.media import facts
from exam_packages.formats.qti.reader import read_test
from exam_packages.forms.form import DrawnForm, blobs
from exam_packages.forms.trial import PREFIX, with_every_kind
from exam_packages.samples import ALL_KINDS, FOOD_SAFETY


def _kinds(form: DrawnForm) -> set[type]:
    return {type(each) for item in form.items.values() for each in item.interactions}


def test_what_the_bodys_own_practice_lacks_is_added_and_no_more() -> None:
    test = read_test(FOOD_SAFETY)
    form, own = forms.draw(test, b"seed"), forms.practice(test, b"seed")
    assert own is not None
    trial = with_every_kind([form], own)
    assert trial is not None
    assert _kinds(form) <= _kinds(trial)
    assert {*own.items} < {*trial.items}
    added = {*trial.items} - {*own.items}
    assert len(added) == len(_kinds(form) - _kinds(own))  # one for each
    assert all(name.startswith(PREFIX) for name in added)
    assert [each.identifier for each in own.paper.references()] == [
        each.identifier for each in trial.paper.references()
    ][: len(own.items)]
    assert trial.paper.time_limit_s == 0
    assert with_every_kind([form], trial) is trial  # nothing is missing any more


def test_without_any_practice_all_of_it_is_made() -> None:
    form = forms.draw(read_test(ALL_KINDS), b"seed")
    trial = with_every_kind([form], None)
    assert trial is not None
    assert _kinds(trial) == _kinds(form) - {it.Media}
    assert len(_kinds(trial)) == len(get_args(it.Interaction)) - 1
    assert trial.paper.time_limit_s == 0
    assert trial.paper.instructions == ()
    for item in trial.items.values():
        assert unshown(item) == ()
        (interaction,) = item.interactions
        assert problem(interaction, Response("RESPONSE", ())) is None
    for name, data in trial.media.items():
        assert facts(name, data).width > 0  # a picture, as a package demands it
    assert blobs(trial)


@pytest.mark.parametrize(("code", "named"), [("fr-CA", "fr"), ("zh-CN", "zh_CN"), ("tlh", "en")])
def test_it_is_in_the_exams_language_where_there_is_one(code: str, named: str) -> None:
    form = forms.draw(read_test(FOOD_SAFETY), b"seed")
    foreign = replace(form, paper=type(form.paper)(*_with_language(form, code)))
    before = language.in_use()
    with language.speaking("en"):  # whoever draws it reads another
        trial = with_every_kind([foreign], None)
    assert language.in_use() == before
    assert trial is not None
    with language.speaking(named):
        assert trial.paper.parts[0].sections[0].title == language._("How to answer")
    assert {item.language for item in trial.items.values()} == {code}


def _with_language(form: DrawnForm, code: str) -> list[object]:
    fields = {name: getattr(form.paper, name) for name in form.paper.__struct_fields__}
    return list((fields | {"language": code}).values())
