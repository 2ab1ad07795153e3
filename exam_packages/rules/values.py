"""Typed values while rules run (QTI: base type and cardinality).

NULL is ``None``; an empty container and an empty string *are* NULL, as QTI says. A
value is made from lexical forms by :func:`bind` and compared by QTI's meaning of
*match*: ordered containers member by member, multiple ones as bags, records field by
field.

Numbers are exact fractions, and so are durations, in seconds. A record has no base type
of its own (``""``); each of its members is a name and a single value.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias, get_args

from exam_packages.errors import ExamError
from exam_packages.rules.numbers import exact, integer, number, written

BaseType: TypeAlias = Literal[
    "identifier",
    "boolean",
    "integer",
    "float",
    "string",
    "point",
    "pair",
    "directedPair",
    "duration",
    "file",
    "uri",
    "intOrIdentifier",
    "",
]
Cardinality: TypeAlias = Literal["single", "multiple", "ordered", "record"]

Member: TypeAlias = (
    "bool | str | Fraction | tuple[str, str] | tuple[Fraction, Fraction] | tuple[str, Value]"
)

BASE_TYPES: dict[str, BaseType] = {name: name for name in get_args(BaseType) if name}
CARDINALITIES: dict[str, Cardinality] = {name: name for name in get_args(Cardinality)}
NUMERIC = ("integer", "float")

_ISO = re.compile(
    r"P(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?"
)


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
        case "identifier" | "uri" | "file":
            return text.strip() or None
        case "string":
            return normal(text) or None
        case "boolean":
            return {"true": True, "1": True, "false": False, "0": False}.get(text.strip())
        case "integer":
            return integer(text)
        case "float":
            return number(text)
        case "duration":
            return _duration(text)
        case "intOrIdentifier":
            whole = integer(text)
            return (text.strip() or None) if whole is None else whole
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
        case "":
            return _field(text)


def bind(base_type: BaseType, cardinality: Cardinality, texts: tuple[str, ...]) -> Value | None:
    """The value of lexical forms, NULL when there are none.

    Raises :class:`RulesError` for a text that its base type cannot hold.
    """
    if not texts:
        return None
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
    return _made(base_type, cardinality, members)


def constant(base_type: BaseType, cardinality: Cardinality, texts: tuple[str, ...]) -> Value | None:
    """:func:`bind` for what stands in a key, where a number may also be a fraction.

    A template can give an item the correct answer 1/3, which no decimal is.
    """
    if base_type not in ("float", "duration"):
        return bind(base_type, cardinality, texts)
    members: list[Member] = []
    for text in texts:
        each = member(base_type, text)
        try:
            members.append(exact(text) if each is None else each)
        except ValueError:
            raise RulesError(
                "“{text}” is not a value of the type {type}.", text=text[:60], type=base_type
            ) from None
    return _made(base_type, cardinality, members)


def lexical(value: Value | None) -> tuple[str, ...]:
    """The texts that :func:`constant` reads as *value*."""
    return () if value is None else tuple(map(_lexical, value.members))


def record(fields: Iterable[tuple[str, Value | None]]) -> Value | None:
    """A record of named single values; a field that is NULL is not there."""
    members = sorted((name, value) for name, value in fields if value is not None)
    return Value("", "record", tuple(members)) if members else None


def numeric_record(text: str) -> Value | None:
    """What a candidate typed, as the record that QTI's string interactions give.

    ``stringValue`` is always there; the others when the text is a number.
    """
    typed = normal(text)
    if not typed:
        return None
    fields: list[tuple[str, Value | None]] = [("stringValue", single("string", typed))]
    value = number(typed)
    if value is not None:
        mantissa, _, power = typed.lower().lstrip("+-\N{MINUS SIGN}").partition("e")
        left, _, right = mantissa.partition(".")
        digits = (left + right).lstrip("0")
        exponent = integer(power)
        counts: dict[str, Fraction | int] = {
            "leftDigits": len(left),
            "rightDigits": len(right),
            "ndp": max(0, len(right) - (exponent or 0)),
            "nsf": len(digits),
        }
        if exponent is not None:
            counts["exponent"] = exponent
        if integer(typed) is not None:
            counts["integerValue"] = value
        fields.append(("floatValue", single("float", value)))
        fields += [(name, single("integer", Fraction(count))) for name, count in counts.items()]
    return record(fields)


def single(base_type: BaseType, value: Member) -> Value:
    return Value(base_type, "single", (value,))


def truth(value: bool) -> Value:
    return _TRUE if value else _FALSE


_TRUE = Value("boolean", "single", (True,))
_FALSE = Value("boolean", "single", (False,))


def comparable(first: BaseType, second: BaseType) -> bool:
    """Whether values of these types can be compared: equal types, or two numbers."""
    if first == second or {first, second} == {"integer", "float"}:
        return True
    return "intOrIdentifier" in (first, second) and {first, second} <= {
        "intOrIdentifier",
        "integer",
        "identifier",
    }


def same(first: Value, second: Value) -> bool:
    """QTI *match*: equal members, in order unless the cardinality is multiple."""
    if first.cardinality != second.cardinality:
        raise RulesError(
            "A {first} value is compared with a {second} value.",
            first=first.cardinality,
            second=second.cardinality,
        )
    if not comparable(first.base_type, second.base_type):
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
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()


def _made(base_type: BaseType, cardinality: Cardinality, members: list[Member]) -> Value | None:
    if not members:
        return None
    if cardinality == "record":
        members.sort(key=lambda each: each[0])  # type: ignore[index]  # fields
    return Value(base_type, cardinality, tuple(members))


def _duration(text: str) -> Fraction | None:
    """Seconds as a number, as QTI writes them; ISO 8601 as well, as some engines do."""
    seconds = number(text)
    found = _ISO.fullmatch(text.strip()) if seconds is None else None
    if found is not None and any(found.groups()):
        days, hours, minutes, rest = (Fraction(part or 0) for part in found.groups())
        seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    return seconds if seconds is not None and seconds >= 0 else None


def _field(text: str) -> tuple[str, Value] | None:
    """A record's field: its name, its base type and its text, with a space between."""
    name, _, rest = text.partition(" ")
    base_type, _, inner = rest.partition(" ")
    if not name or base_type not in BASE_TYPES:
        return None
    value = constant(BASE_TYPES[base_type], "single", (inner,))
    return None if value is None else (name, value)


def _lexical(one: Member) -> str:
    match one:
        case bool():
            return "true" if one else "false"
        case Fraction():
            return written(one)
        case str():
            return one
        case (str() as name, Value() as value):
            return f"{name} {value.base_type} {_lexical(value.members[0])}"
        case (first, second):
            return " ".join(
                written(each) if isinstance(each, Fraction) else str(each)
                for each in (first, second)
            )
