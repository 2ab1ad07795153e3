"""Typed values while rules run (QTI: base type and cardinality).

NULL is ``None``; an empty container and an empty string *are* NULL, as QTI says. A
value is made from lexical forms by :func:`bind` and compared by QTI's meaning of
*match*: ordered containers member by member, multiple ones as bags.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from exam_packages.errors import ExamError
from exam_packages.rules.numbers import integer, number

BaseType: TypeAlias = Literal[
    "identifier", "boolean", "integer", "float", "string", "point", "pair", "directedPair"
]
Cardinality: TypeAlias = Literal["single", "multiple", "ordered"]

Member: TypeAlias = bool | str | Fraction | tuple[str, str] | tuple[Fraction, Fraction]


class RulesError(ExamError):
    """The rules of an item cannot be followed: an author's mistake, not a candidate's."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is not NULL, so it has at least one member."""

    base_type: BaseType
    cardinality: Cardinality
    members: tuple[Member, ...]


def member(base_type: BaseType, text: str) -> Member | None:
    """The member that *text* is the lexical form of; ``None`` when it is none."""
    match base_type:
        case "identifier":
            return text.strip() or None
        case "string":
            return normal(text) or None
        case "boolean":
            return {"true": True, "1": True, "false": False, "0": False}.get(text.strip())
        case "integer":
            return integer(text)
        case "float":
            return number(text)
        case "point":
            ends = [integer(part) for part in text.split()]
            if len(ends) != 2 or ends[0] is None or ends[1] is None:
                return None
            return (ends[0], ends[1])
        case "pair" | "directedPair":
            names = text.split()
            if len(names) != 2:
                return None
            first, second = names if base_type == "directedPair" else sorted(names)
            return (first, second)


def bind(base_type: BaseType, cardinality: Cardinality, texts: tuple[str, ...]) -> Value | None:
    """The value of lexical forms, NULL when there are none.

    Raises :class:`RulesError` for a text that its base type cannot hold.
    """
    members: list[Member] = []
    for text in texts:
        each = member(base_type, text)
        if each is None and text.strip():
            raise RulesError(
                "“{text}” is not a value of the type {type}.", text=text[:60], type=base_type
            )
        if each is not None:
            members.append(each)
    if cardinality == "single" and len(members) > 1:
        raise RulesError("A single value has {count} members.", count=len(members))
    return Value(base_type, cardinality, tuple(members)) if members else None


def single(base_type: BaseType, value: Member) -> Value:
    return Value(base_type, "single", (value,))


def truth(value: bool) -> Value:
    return Value("boolean", "single", (value,))


def same(first: Value, second: Value) -> bool:
    """QTI *match*: equal members, in order unless the cardinality is multiple."""
    if first.cardinality != second.cardinality:
        raise RulesError(
            "A {first} value is compared with a {second} value.",
            first=first.cardinality,
            second=second.cardinality,
        )
    if {first.base_type, second.base_type} not in (
        {first.base_type},
        {"integer", "float"},
    ):
        raise RulesError(
            "A value of the type {first} is compared with one of the type {second}.",
            first=first.base_type,
            second=second.base_type,
        )
    if first.cardinality == "multiple":
        return Counter(first.members) == Counter(second.members)
    return first.members == second.members


def normal(text: str) -> str:
    """A typed string as it is compared: NFC, no space around it.

    A candidate cannot see either difference, so neither may cost a mark.
    """
    return unicodedata.normalize("NFC", text).strip()
