"""GIFT's grammar: against the public corpus of fuhrmanator/GIFT-grammar-PEG.js, when it lies
beside the project, and by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from corpora import GIFT

from exam_packages.formats.gift.grammar import Answer, Broken, Category, Entry, Text, parse

FILES = sorted(GIFT.glob("*.gift")) or [
    pytest.param(None, marks=pytest.mark.skip(reason=f"the GIFT corpus is not at {GIFT}"))
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem if file else "none")
def test_corpus(file: Path) -> None:
    expected = json.loads(file.with_suffix(".json").read_text("utf-8"))
    # An identifier or tag that is absent is written as null there, or not at all.
    wanted = [{key: value for key, value in each.items() if value is not None} for each in expected]
    assert [_as_json(each) for each in parse(file.read_text("utf-8"))] == wanted


def _as_json(entry: Category | Entry | Broken) -> dict[str, Any]:
    """The shape of that grammar's output, without what is null."""
    assert not isinstance(entry, Broken), str(entry.problem)
    if isinstance(entry, Category):
        return {"type": "Category", "title": entry.name}
    names = {"description": "Description", "essay": "Essay", "truth": "TF", "choice": "MC",
             "short": "Short", "number": "Numerical", "match": "Matching"}  # fmt: skip
    tail = entry.tail.strip()
    found: dict[str, Any] = {
        "type": names[entry.kind],
        "stem": _stem(entry, tail),
        "hasEmbeddedAnswers": bool(tail),
        "id": entry.identifier or None,
        "tags": list(entry.tags) or None,
        "title": entry.title or None,
        "globalFeedback": _text(entry.general),
    }
    match entry.kind:
        case "truth":
            told = [_text(each) if each.text else None for each in entry.feedback]
            found |= {"isTrue": entry.truth}
            found |= dict(zip(("trueFeedback", "falseFeedback"), told, strict=False))
        case "choice" | "short":
            found["choices"] = [_answer(each) for each in entry.answers]
        case "number":
            found["choices"] = _numbers(entry)
        case "match":
            found["matchPairs"] = [
                {"subquestion": _text(each.text), "subanswer": each.pair} for each in entry.answers
            ]
    return {key: value for key, value in found.items() if value is not None}


def _stem(entry: Entry, tail: str) -> dict[str, str]:
    text = f"{entry.stem.text} _____ {tail}" if tail else entry.stem.text
    return {"format": entry.stem.form, "text": _shown(entry.stem.form, text)}


def _text(text: Text | None) -> dict[str, str] | None:
    return text and {"format": text.form, "text": _shown(text.form, text.text)}


def _shown(form: str, text: str) -> str:
    """That grammar joins the lines of texts that are neither HTML nor Markdown."""
    return text.strip() if form in ("html", "markdown") else " ".join(text.split())


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "isCorrect": answer.right,
        "weight": float(answer.weight) if answer.weight else None,
        "text": _text(answer.text),
        "feedback": _text(answer.feedback),
    }


def _numbers(entry: Entry) -> object:
    first = entry.answers[0]
    if len(entry.answers) == 1 and first.feedback is None and not first.weight:
        return _number(first.text.text)
    return [
        _answer(each) | {"text": _number(each.text.text) if each.text.text else
                         {"format": entry.stem.form, "text": "*"}}
        for each in entry.answers
    ]  # fmt: skip


def _number(text: str) -> dict[str, Any]:
    if ".." in text:
        low, _, high = text.partition("..")
        return {"type": "high-low", "numberHigh": float(high), "numberLow": float(low)}
    if ":" in text:
        value, _, around = text.partition(":")
        return {"type": "range", "number": float(value), "range": float(around)}
    return {"type": "simple", "number": float(text)}
