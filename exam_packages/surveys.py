"""Opening feedback surveys at the body, and counting them so that nobody stands alone.

What leaves this module are counts, and texts apart from them: never what one candidate said,
question by question. A group (the sitting of one centre) in which fewer than *least* answered
is counted together with the next smallest ones until they are that many, so that it cannot be
found by taking the others from the whole either.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exam_packages import canon
from exam_packages.content.items import Choice, Item
from exam_packages.content.survey import Survey, read_given, unfit
from exam_packages.content.text import plain, plain_inlines
from exam_packages.content.values import Response
from exam_packages.errors import ExamError
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.survey import Sheaf, SurveyError, open_survey, read_survey

__all__ = [
    "LEAST",
    "Counted",
    "Said",
    "SurveysError",
    "as_csv",
    "as_json",
    "count",
    "open_sheaves",
    "texts_as_csv",
]

LEAST: Final = 10
"""So many answered in a group that is shown, unless another number is asked for."""
TOGETHER: Final = "others together"
WHOLE: Final = "all"


class SurveysError(ExamError):
    """Surveys cannot be counted."""


@dataclass(frozen=True)
class Said:
    """What one candidate of a sitting said to a survey; nothing where it was left out."""

    centre: str
    slot: str
    survey: bytes
    responses: tuple[Response, ...]


@dataclass(frozen=True)
class Table:
    """Counts of one group: how many there were, how many answered anything, and for each
    question and choice how many chose it."""

    group: str
    sent: int
    answered: int
    choices: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Counted:
    """One survey. ``tables`` begin with the whole; there is none where too few answered.
    ``texts`` are by question, in the order of the alphabet, which says nothing."""

    survey: Survey
    sent: int
    answered: int
    tables: tuple[Table, ...]
    texts: Mapping[str, tuple[str, ...]]


def open_sheaves(sheaves: Iterable[Sheaf], key: SealingKey) -> tuple[list[Said], int]:
    """Everything in *sheaves*, each survey once, and how many do not open or are none."""
    opened: dict[bytes, Said] = {}
    problems = 0
    for sheaf in sheaves:
        for data in sheaf.surveys:
            number = read_survey(data).number
            if number in opened:
                continue  # a hall that was interrupted hands some on twice
            try:
                given = read_given(open_survey(data, key))
            except (SurveyError, canon.CanonError):
                problems += 1
                continue
            opened[number] = Said(sheaf.centre, sheaf.slot, given.survey, given.responses)
    return list(opened.values()), problems


def count(
    said: Iterable[Said], surveys: Mapping[bytes, Survey], least: int = LEAST
) -> tuple[list[Counted], int]:
    """The counts of each survey, and how many answers do not fit their questions.

    *surveys* are the questions by their digests. Raises :class:`SurveysError` when some that
    were answered are not among them.
    """
    by_survey: dict[bytes, list[Said]] = {}
    unfitting = 0
    for each in said:
        survey = surveys.get(each.survey)
        if survey is None:
            raise SurveysError(
                "The questions that were answered are not here (digest {digest}…); give the file "
                "“survey” of the form's paper with --survey.",
                digest=each.survey.hex()[:16],
            )
        if unfit(survey, each.responses) is not None:
            unfitting += 1
            continue
        by_survey.setdefault(each.survey, []).append(each)
    found = [_counted(surveys[name], by_survey[name], least) for name in sorted(by_survey)]
    return found, unfitting


def as_json(counted: Sequence[Counted]) -> bytes:
    """All of it, for programs."""
    return json.dumps([_plain(each) for each in counted], ensure_ascii=False, indent=2).encode()


def as_csv(counted: Sequence[Counted]) -> bytes:
    """The counts, a line for each choice of each group."""
    rows = [("survey", "group", "took part", "answered", "question", "choice", "count")]
    for each in counted:
        for table in each.tables:
            for question in each.survey.questions:
                for name, words in _choices(question):
                    chosen = table.choices[question.identifier][name]
                    figures = str(table.sent), str(table.answered)
                    rows.append(
                        (each.survey.title, table.group, *figures, _asked(question), words,
                         str(chosen))
                    )  # fmt: skip
    return _written(rows)


def texts_as_csv(counted: Sequence[Counted]) -> bytes:
    """What was said in candidates' own words."""
    rows = [("survey", "question", "text")]
    for each in counted:
        for question in each.survey.questions:
            asked = _asked(question)
            rows += [
                (each.survey.title, asked, text) for text in each.texts.get(question.identifier, ())
            ]
    return _written(rows)


def _counted(survey: Survey, said: list[Said], least: int) -> Counted:
    answered = sum(1 for each in said if each.responses)
    if answered < max(1, least):
        return Counted(survey, len(said), answered, (), {})
    groups: dict[str, list[Said]] = {}
    for each in said:
        groups.setdefault(f"{each.centre}, {each.slot}", []).append(each)
    tables = [_table(survey, WHOLE, said)]
    kept = _large_enough(groups, least)
    if len(kept) > 1:
        tables += [_table(survey, name, members) for name, members in kept]
    texts = {
        question.identifier: tuple(
            sorted(
                each.members[0]
                for one in said
                for each in one.responses
                if each.identifier == question.identifier
            )
        )
        for question in survey.questions
        if not isinstance(question.interactions[0], Choice)
    }
    return Counted(survey, len(said), answered, tuple(tables), texts)


def _large_enough(groups: dict[str, list[Said]], least: int) -> list[tuple[str, list[Said]]]:
    """The groups to show, the small ones together."""
    rest = sorted(groups.items(), key=lambda group: (_answered(group[1]), group[0]))
    together: list[Said] = []
    while rest and (_answered(rest[0][1]) < least or (together and _answered(together) < least)):
        together += rest.pop(0)[1]
    kept = sorted(rest)
    return [*kept, (TOGETHER, together)] if together else kept


def _answered(said: Sequence[Said]) -> int:
    return sum(1 for each in said if each.responses)


def _table(survey: Survey, group: str, said: list[Said]) -> Table:
    chosen: Counter[tuple[str, str]] = Counter(
        (each.identifier, member)
        for one in said
        for each in one.responses
        for member in each.members
    )
    return Table(
        group,
        len(said),
        _answered(said),
        {
            question.identifier: {
                name: chosen[question.identifier, name] for name, _ in _choices(question)
            }
            for question in survey.questions
        },
    )


def _choices(question: Item) -> list[tuple[str, str]]:
    interaction = question.interactions[0]
    if not isinstance(interaction, Choice):
        return []
    return [
        (each.identifier, _line(plain_inlines(each.body)) or each.identifier)
        for each in interaction.choices
    ]


def _asked(question: Item) -> str:
    """What the question says, in one line."""
    prompt = getattr(question.interactions[0], "prompt", ())
    return _line(plain((*question.body, *prompt))) or question.title


def _line(text: str) -> str:
    return " ".join(text.split())


def _plain(counted: Counted) -> dict[str, Any]:
    return {
        "survey": counted.survey.title,
        "sent": counted.sent,
        "answered": counted.answered,
        "questions": [
            {
                "question": question.identifier,
                "words": _asked(question),
                "choices": dict(_choices(question)),
                "texts": list(counted.texts.get(question.identifier, ())),
            }
            for question in counted.survey.questions
        ],
        "groups": [
            {
                "group": table.group,
                "sent": table.sent,
                "answered": table.answered,
                "counts": {name: dict(each) for name, each in table.choices.items() if each},
            }
            for table in counted.tables
        ],
    }


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([[_cell(each) for each in row] for row in rows])
    return file.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    """A spreadsheet takes what begins so for something to compute."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
