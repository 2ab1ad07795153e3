"""The catalogues: every sentence a candidate can read, in every language, fields and all."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.pofile import read_po

from exam_packages import language

ROOT = Path(__file__).parents[2]
OTHERS = [name for name in language.languages() if name != language.SOURCE]


@pytest.fixture(scope="module")
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("catalogues", ROOT / "tools/catalogues.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["catalogues"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sentences(tool: Any) -> Any:
    return tool.extract()


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    language.use(language.SOURCE)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_there_are_french_and_chinese_under_their_own_names() -> None:
    there = language.languages()
    assert there["fr"] == "Français"
    assert there["zh_CN"] == "简体中文"
    assert next(iter(there)) == "en"


def test_what_candidates_read_is_gathered(sentences: Any) -> None:
    told = {each.id if isinstance(each.id, str) else each.id[0] for each in sentences}
    assert "✓ Saved here" in told  # a screen's
    assert "{n} question" in told  # with plural forms
    assert "The time is over." in told  # a refusal of the rules
    disk = "The disk under {path} is full, so this is not saved yet; make space and it will be."
    assert disk in told  # an error's template
    assert "The exam behind this sign-in code has been handed in already." in told  # the hall's
    assert "Your answers are saved. The hall is being brought up to date." in told  # marked


def forms_of(message: str | tuple[str, ...]) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)


def test_apostrophes_in_what_people_read_are_typographic(sentences: Any) -> None:
    assert [form for each in sentences for form in forms_of(each.id) if "'" in form] == []


@pytest.mark.parametrize("name", OTHERS)
def test_apostrophes_are_typographic_in_translations_too(name: str, tool: Any) -> None:
    with (tool.LOCALE / name / tool.NAME).open("rb") as file:
        catalogue = read_po(file, locale=name)
    assert [
        form for each in catalogue if each.id for form in forms_of(each.string) if "'" in form
    ] == []


def test_chinese_has_no_space_beside_its_brackets(tool: Any) -> None:
    with (tool.LOCALE / "zh_CN" / tool.NAME).open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    told = [form for each in catalogue if each.id for form in forms_of(each.string)]
    assert [form for form in told if " （" in form or "） " in form] == []


@pytest.mark.parametrize("name", OTHERS)
def test_a_catalogue_is_complete_and_its_fields_fit(name: str, tool: Any, sentences: Any) -> None:
    path = tool.LOCALE / name / tool.NAME
    with path.open("rb") as file:
        catalogue = read_po(file, locale=name)
    wanted = {each.id for each in sentences if each.id}
    assert {each.id for each in catalogue if each.id} == wanted, "run “make catalogues”"
    for each in catalogue:
        if not each.id:
            continue
        sources, forms = forms_of(each.id), forms_of(each.string)
        if isinstance(each.id, tuple):
            assert len(forms) == catalogue.num_plurals
        for form in forms:
            assert form, f"not translated: {sources[0]}"
            extra = fields(form) - fields(sources[0])
            assert not extra, f"{form}: {extra}"
            if not isinstance(each.id, tuple):  # “one” may be a word instead of a number
                assert fields(form) == fields(sources[0]), form
        assert all(form[0].isspace() == sources[0][0].isspace() for form in forms if name == "fr")


@pytest.mark.parametrize("name", OTHERS)
def test_the_compiled_catalogue_is_made_from_the_one_that_people_edit(
    name: str, tool: Any, sentences: Any
) -> None:
    path = tool.LOCALE / name / tool.NAME
    _catalogue, text, compiled = tool.renew(path, sentences)
    assert path.read_bytes() == text
    assert path.with_suffix(".mo").read_bytes() == compiled


def test_plural_forms_are_those_of_the_language() -> None:
    language.use("fr")
    assert language.ngettext("{n} question", "{n} questions", 0) == "0 question"
    assert language.ngettext("{n} question", "{n} questions", 2) == "2 questions"
    language.use("zh_CN")
    assert language.ngettext("{n} question", "{n} questions", 1) == "1 道题"


def test_a_language_that_is_not_there_reads_english() -> None:
    language.use("xx")
    assert language.in_use() == "en"
    assert language._("The time is over.") == "The time is over."


def test_a_sentence_filled_elsewhere_is_recognised_with_the_sentence_inside_it() -> None:
    inner = "No candidate of this sitting has that sign-in code; check it, and call an "
    inner += "invigilator if it is still refused."
    filled = f"The hall at https://hall:8443 does not answer ({inner})."
    language.use("fr")
    said = language.whole(filled)
    assert said.startswith("La salle à https://hall:8443 ne répond pas (Aucun candidat de")
    assert language.say("{why}", why=inner).startswith("Aucun candidat de cette session")
    assert language.whole("Nobody wrote this sentence.") == "Nobody wrote this sentence."


@pytest.mark.parametrize("hostile", ["", "{", "{why!r}", "(" * 600, "The hall at " * 60, "\n" * 99])
def test_what_is_no_sentence_of_ours_stays_as_it_is(hostile: str) -> None:
    language.use("zh_CN")
    assert language.whole(hostile) == hostile


def test_a_field_that_does_not_fit_shows_the_sentence_all_the_same() -> None:
    language.use("fr")
    assert language.say("{time} left.", other=1) == "{time} left."
