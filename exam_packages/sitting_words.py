"""The record of a sitting in words, and as plain data for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from exam_packages.language import mark
from exam_packages.sealing.sitting_record import SittingRecord

OUTCOMES: Mapping[int, str] = MappingProxyType(
    {
        1: mark("Handed in"),
        2: mark("Time over"),
        3: mark("Absent"),
        4: mark("Refused"),
        5: mark("Withdrawn"),
        6: mark("Ill"),
        7: mark("Interrupted by the centre"),
        8: mark("Wrong form"),
        9: mark("Suspected misconduct"),
    }
)
VERDICTS: Mapping[int, str] = MappingProxyType(
    {1: mark("Score"), 2: mark("Hold the result"), 3: mark("Void"), 4: mark("Re-sit")}
)
STATEMENTS: Mapping[int, str] = MappingProxyType(
    {
        1: mark("Suspected misconduct"),
        2: mark("Identity"),
        3: mark("Admission refused"),
        4: mark("Not counted"),
    }
)
NOTES: Mapping[int, str] = MappingProxyType(
    {
        1: mark("Incident"),
        2: mark("Room conditions"),
        3: mark("Time"),
        4: mark("Attendance"),
        5: mark("Other"),
    }
)
"""What the numbers of outcomes, verdicts, statements and notes mean."""


def as_json(record: SittingRecord) -> dict[str, Any]:
    """Every field by its name; bytes in hexadecimal, what is numbered in words besides."""
    plain: dict[str, Any] = _plain(record)
    for line in plain["lines"]:
        line["outcome_words"] = OUTCOMES.get(line["outcome"], "")
        line["verdict_words"] = VERDICTS.get(line["verdict"], "")
        for statement in line["statements"]:
            statement["kind_words"] = STATEMENTS.get(statement["kind"], "")
    for note in plain["notes"]:
        note["kind_words"] = NOTES.get(note["kind"], "")
        note["transcribed"] = bool(note["paper"])
    return plain


def _plain(thing: Any) -> Any:
    match thing:
        case msgspec.Struct():
            return {name: _plain(getattr(thing, name)) for name in type(thing).__struct_fields__}
        case bytes():
            return thing.hex()
        case tuple():
            return [_plain(each) for each in thing]
        case _:
            return thing
