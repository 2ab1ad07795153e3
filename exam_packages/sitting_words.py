"""The record of a sitting in words, and as plain data for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from exam_packages.sealing.sitting_record import SittingRecord

OUTCOMES: Mapping[int, str] = MappingProxyType(
    {
        1: "Handed in",
        2: "Time over",
        3: "Absent",
        4: "Refused",
        5: "Withdrawn",
        6: "Ill",
        7: "Interrupted by the centre",
        8: "Wrong form",
        9: "Suspected misconduct",
    }
)
VERDICTS: Mapping[int, str] = MappingProxyType(
    {1: "Score", 2: "Hold the result", 3: "Void", 4: "Re-sit"}
)
STATEMENTS: Mapping[int, str] = MappingProxyType({1: "Suspected misconduct", 2: "Identity"})
NOTES: Mapping[int, str] = MappingProxyType(
    {1: "Incident", 2: "Room conditions", 3: "Time", 4: "Attendance", 5: "Other"}
)


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
