"""A feedback survey: a few questions about the exam, asked once it is handed in.

Its questions are items in QTI's terms: a choice, of one or of several, or a text in the
candidate's own words. What is said to them is no part of the attempt and is kept apart from it
(:mod:`exam_packages.sealing.survey`), so everything is bounded: whatever is said fits into one
size, and its size says nothing.

It lies in the paper of a package as the blob ``survey``, and beside it, as ``survey.public``,
the public key that what is said is sealed to.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from exam_packages import canon
from exam_packages.canon import Hash, Object
from exam_packages.content.items import Choice, ExtendedText, Item, problem, unshown
from exam_packages.content.text import Block, Formula, Gap, Picture, Recording, walk
from exam_packages.content.values import Response

__all__ = [
    "MAX_GIVEN",
    "MAX_QUESTIONS",
    "MAX_SURVEY",
    "MAX_WORDS",
    "SURVEY_BLOB",
    "SURVEY_KEY_BLOB",
    "Given",
    "Survey",
    "read_given",
    "unasked",
    "unfit",
]

SURVEY_BLOB, SURVEY_KEY_BLOB = "survey", "survey.public"
MAX_QUESTIONS: Final = 12
MAX_WORDS: Final = 1000
"""Characters of one answer in the candidate's own words."""
MAX_SURVEY: Final = 128 * 1024
"""Bytes of a survey."""
MAX_GIVEN: Final = 32_000
"""Bytes of what is said to one, at most: see :func:`unasked`."""
_LONGEST: Final = "\U0010ffff"
"""A character that takes as many bytes as one can."""


class Survey(Object):
    """The questions, each with one interaction; ``introduction`` stands before them."""

    title: str
    language: str
    introduction: tuple[Block, ...]
    questions: tuple[Item, ...]


class Given(Object):
    """What one candidate said: for each question that was answered, by the question's
    identifier, the members of its response. None at all: the survey was left out.

    ``survey`` is the digest of the blob it was said to.
    """

    survey: Hash
    responses: tuple[Response, ...]


def read_given(data: bytes) -> Given:
    """What was sealed. Raises ``CanonError``."""
    given: Given = canon.unpack(data, Given, max_size=MAX_GIVEN)
    return given


def unasked(survey: Survey) -> str | None:
    """Why *survey* cannot be asked, for its author, or ``None`` when it can."""
    names = {question.identifier for question in survey.questions}
    if not 1 <= len(survey.questions) <= MAX_QUESTIONS or len(names) != len(survey.questions):
        return f"a survey has from 1 to {MAX_QUESTIONS} questions, each once"
    for question in survey.questions:
        if why := _unasked(question):
            return f"its question “{question.identifier}” {why}"
    for part in walk(survey.introduction):
        if isinstance(part, Picture | Recording | Formula):
            return "its introduction has a picture, a formula or a recording"
    longest = Given(bytes(32), tuple(map(_longest, survey.questions)))
    if len(canon.pack(longest)) > MAX_GIVEN:
        return f"what can be said to it takes more than {MAX_GIVEN} bytes; ask less of it"
    if len(canon.pack(survey)) > MAX_SURVEY:
        return f"it takes more than {MAX_SURVEY} bytes"
    return None


def unfit(survey: Survey, responses: tuple[Response, ...]) -> str | None:
    """Why *responses* cannot have been given to *survey*, or ``None`` when they can."""
    questions = {question.identifier: question.interactions[0] for question in survey.questions}
    if len({each.identifier for each in responses}) != len(responses):
        return "a question is answered twice"
    for each in responses:
        interaction = questions.get(each.identifier)
        if interaction is None:
            return "a question is answered that was not asked"
        if not each.members or len(set(each.members)) != len(each.members):
            return "an answer is empty, or says a thing twice"
        if why := problem(interaction, Response(interaction.response, each.members)):
            return why
        if isinstance(interaction, ExtendedText) and len(each.members[0]) > MAX_WORDS:
            return f"an answer has more than {MAX_WORDS} characters"
    return None


def _unasked(question: Item) -> str | None:
    if len(question.interactions) != 1:
        return "must have one interaction"
    interaction = question.interactions[0]
    match interaction:
        case Choice() | ExtendedText(max_strings=1, numeric=False, pattern=""):
            pass
        case _:
            return "must be a choice, or one text in the candidate’s own words, in any form"
    if question.exhibits or unshown(question):
        return "has an exhibit, or something that stations cannot show"
    for part in chain(walk(question.body), walk(interaction)):
        if isinstance(part, Picture | Recording | Formula | Gap):
            return "has a picture, a formula, a recording or a gap; it must be words alone"
    return None


def _longest(question: Item) -> Response:
    """The longest answer there is to *question*."""
    interaction = question.interactions[0]
    if isinstance(interaction, Choice):
        names = sorted((each.identifier for each in interaction.choices), key=_size)
        most = interaction.max_choices or len(names)
        return Response(question.identifier, tuple(names[-most:]))
    return Response(question.identifier, (_LONGEST * MAX_WORDS,))


def _size(text: str) -> int:
    return len(text.encode())
