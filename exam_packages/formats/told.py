"""An import told to people: each item with what became of it, in sentences fit to show.

What is said comes from files of strangers, so nothing in it moves a cursor, turns the
direction of writing or runs on without end.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exam_packages.content.items import unshown
from exam_packages.errors import ExamError
from exam_packages.formats.report import Bank, Reading, Verdict
from exam_packages.language import ngettext, say

MAX_TEXT = 500
MAX_LINES = 200
"""Sentences told of one item; an author mends the first ones first."""
_WAITS = "Taken; stations of this version cannot show it yet: {kinds}."


@dataclass(frozen=True, slots=True)
class Told:
    """An item or a test, told. ``lines`` say what was changed or why it was refused;
    ``waits`` what a station of this version cannot show of it yet, or nothing."""

    file: str
    identifier: str
    title: str
    verdict: Verdict
    lines: tuple[str, ...]
    waits: str = ""


def items(bank: Bank) -> tuple[Told, ...]:
    """Every item of *bank*, in its order."""
    return tuple(_item(reading) for reading in bank.readings)


def tests(bank: Bank) -> tuple[Told, ...]:
    """Every test of *bank*, those that were taken first."""
    taken = []
    files = list(bank.test_changes.items())
    files += [("", ())] * (len(bank.tests) - len(files))
    for test, (file, changes) in zip(bank.tests, files, strict=False):
        limits = ", ".join(test.unkept())
        waits = say(_WAITS, kinds=safe(limits)) if limits else ""
        verdict = Verdict.CHANGED if changes else Verdict.TAKEN
        name, title = safe(test.identifier), safe(test.title)
        taken.append(Told(safe(file), name, title, verdict, tuple(_lines(changes)), waits))
    refused = [
        Told(safe(file), "", "", Verdict.REFUSED, (sentence(problem),))
        for file, problem in bank.refused_tests.items()
    ]
    return (*taken, *refused)


def counts(told: Iterable[Told]) -> dict[Verdict, int]:
    """How many of *told* have each verdict."""
    found = dict.fromkeys(Verdict, 0)
    for each in told:
        found[each.verdict] += 1
    return found


def to_text(bank: Bank, width: int = 0) -> str:
    """The import for a terminal: what was not simply taken, then the counts. Lines are at most
    *width* wide, where words allow it; 0 is as long as they are."""
    lines: list[str] = []
    told, examined = items(bank), tests(bank)
    for heading, group in ((say("Items"), told), (say("Tests"), examined)):
        notable = [each for each in group if each.lines or each.waits]
        if notable:
            lines += [heading, ""]
        for each in notable:
            name = each.identifier or each.file
            lines.append(f"{name}: {say(each.verdict.value)}")
            for line in filter(None, (*each.lines, each.waits)):
                lines += _wrapped(line, width)
        if notable:
            lines.append("")
    lines.append(_counted(f"{bank.format}: {ngettext('{n} item', '{n} items', len(told))}", told))
    if examined:
        lines.append(_counted(ngettext("{n} test", "{n} tests", len(examined)), examined))
    return "\n".join(lines) + "\n"


def _wrapped(line: str, width: int) -> list[str]:
    if not width:
        return [f"    {line}"]
    return textwrap.wrap(
        line,
        max(width, 30),
        initial_indent="    ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def to_json(bank: Bank) -> str:
    """The import for programs: an object with ``format``, ``counts``, ``items``, ``tests``."""
    told = items(bank)

    def each(one: Told) -> dict[str, object]:
        return {
            "file": one.file,
            "identifier": one.identifier,
            "title": one.title,
            "verdict": one.verdict.value,
            "said": list(one.lines),
            "waits": one.waits,
        }

    whole = {
        "format": bank.format,
        "counts": {verdict.value: count for verdict, count in counts(told).items()},
        "items": [each(one) for one in told],
        "tests": [each(one) for one in tests(bank)],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def safe(text: str) -> str:
    """*text* fit to show, in one line."""
    shown = "".join(char if char.isprintable() else "�" for char in text[:MAX_TEXT])
    return shown if len(text) <= MAX_TEXT else shown + "…"


def sentence(problem: ExamError) -> str:
    """What *problem* says, fit to show."""
    return safe(say(problem.template, **problem.fields))


def _item(reading: Reading) -> Told:
    lines: tuple[str, ...]
    waits = ""
    if reading.refusal is not None:
        lines = (sentence(reading.refusal),)
    else:
        lines = tuple(_lines(reading.changes))
    if reading.question is not None and (kinds := unshown(reading.question.item)):
        waits = say(_WAITS, kinds=", ".join(kinds))
    return Told(
        safe(reading.file),
        safe(reading.identifier),
        safe(reading.title),
        reading.verdict,
        lines,
        waits,
    )


def _lines(changes: Iterable[ExamError]) -> Iterator[str]:
    """The changes, what was said of several lines of a file once."""
    places: dict[object, list[str]] = {}
    first: dict[object, ExamError] = {}
    for change in changes:
        fields = {name: value for name, value in change.fields.items() if name != "line"}
        key: object = (
            change.template,
            tuple(sorted((n, str(value)) for n, value in fields.items())),
        )
        first.setdefault(key, change)
        if "line" in change.fields:
            places.setdefault(key, []).append(str(change.fields["line"]))
    for number, (key, change) in enumerate(first.items()):
        if number == MAX_LINES:
            yield say("… and {count} more.", count=len(first) - number)
            return
        said = list(dict.fromkeys(places.get(key, [])))
        if len(said) > 1:
            shown = ", ".join(said[:20]) + (" …" if len(said) > 20 else "")
            yield safe(say(change.template, **(change.fields | {"line": shown})))
        else:
            yield sentence(change)


def _counted(start: str, told: Iterable[Told]) -> str:
    parts = [f"{count} {say(verdict.value)}" for verdict, count in counts(told).items() if count]
    return f"{start}: {', '.join(parts)}." if parts else f"{start}."
