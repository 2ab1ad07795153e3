"""Scoring what a reader made, as a candidate's answer would be."""

from __future__ import annotations

from fractions import Fraction

from exam_packages.assessment import Question
from exam_packages.content.values import Response
from exam_packages.formats.banks import bank_of
from exam_packages.formats.report import Bank, Reading
from exam_packages.rules.processing import score

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x04\0\0\0\x03"


def points(question: Question, *members: str, **more: tuple[str, ...]) -> Fraction | None:
    """The points for *members* as the answer to RESPONSE, and *more* to others by name."""
    given = {"RESPONSE": members} | more if members else more
    responses = tuple(Response(name, tuple(each)) for name, each in given.items())
    return score(question.item, question.key, responses).score


def read(text: str, name: str) -> Bank:
    return bank_of({name: text.encode()}, name)


def only(bank: Bank) -> Question:
    """The one question of *bank*, which was taken."""
    (reading,) = bank.readings
    assert reading.refusal is None, str(reading.refusal)
    assert reading.question is not None
    return reading.question


def why(reading: Reading) -> str:
    return str(reading.refusal)


def told(reading: Reading) -> list[str]:
    return [str(change) for change in reading.changes]
