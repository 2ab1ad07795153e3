"""The feedback survey of a test: its questions as they are asked, in the order written.

A survey measures nothing: no seed, nothing drawn, nothing shuffled. So every form of an exam
asks the same, and what is said to one can be counted with what is said to another.
"""

from __future__ import annotations

import msgspec

from exam_packages.assessment import Test
from exam_packages.content.survey import Survey, unasked
from exam_packages.forms.form import FormsError

__all__ = ["survey_of"]


def survey_of(test: Test) -> Survey | None:
    """The survey of *test*; ``None`` when it has none. Raises :class:`FormsError`."""
    asked = test.survey
    if asked is None:
        return None
    questions = [reference.question for reference in asked.references()]
    survey = Survey(
        asked.title,
        asked.language,
        asked.instructions,
        tuple(
            msgspec.structs.replace(each.item, language=each.item.language or asked.language)
            for each in questions
        ),
    )
    why = unasked(survey)
    if why is None and any(each.templates is not None for each in questions):
        why = "a question has template variables"
    if why is not None:
        raise FormsError(
            "The survey “{test}” cannot be asked: {why}. docs/before-and-after.md says what a "
            "survey may hold.",
            test=asked.identifier,
            why=why,
        )
    return survey
