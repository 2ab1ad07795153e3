"""A report for people at a terminal: 80 columns, plain words, no colour needed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from exam_packages.clock import SECOND
from exam_packages.language import say
from exam_packages.verify import words
from exam_packages.verify.findings import Finding, Findings, Record, Report, Subject, Times, clean
from exam_packages.verify.record import moment
from exam_packages.verify.words import length

WIDTH = 80


def to_text(report: Report) -> str:
    """The report as lines of at most 80 columns."""
    lines = [
        *_wrapped(say("Verified at {time}.", time=moment(report.verified_s * SECOND)), ""),
        *_wrapped(
            say(
                "Believed: the root of trust of “{body}”, version {version}. It is the right one "
                "if the certification body publishes this digest:",
                body=report.body,
                version=report.trust_version,
            ),
            "",
        ),
        f"    {report.trust_digest.hex()}",
    ]
    if report.trust_expires_s <= report.verified_s:
        lines += _wrapped(say("It has expired since; what was signed under it stays so."), "    ")
    for subject in report.subjects:
        lines += ["", *_subject(subject)]
    if report.relations:
        lines += ["", _rule(say("Together")), *_findings(report.relations)]
    lines += ["", _rule(say("Result")), *_wrapped(words.verdict(report), "  ")]
    lines += _wrapped(say("✓ proven   ✗ not proven   – for information"), "  ")
    if not report.with_integrity_key:
        lines += _wrapped(
            say(
                "Made without any key: times of entries, incidents and commands stay sealed "
                "until the integrity role’s key is given. No key given here opens answers or "
                "names."
            ),
            "  ",
        )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _subject(subject: Subject) -> list[str]:
    lines = [_rule(subject.kind.capitalize()), *_wrapped(subject.path, "  ")]
    lines += _table((words.fact_label(code), value) for code, value in subject.facts.items())
    lines += _findings(subject.findings)
    if subject.record is not None:
        lines += _record(subject.record)
    return lines


def _record(record: Record) -> list[str]:
    lines = ["", *_titled(say("What stands"), [words.stands(record)])]
    lines += _titled(say("Written by"), words.written_by(record))
    lines += _titled(say("Witnessed by"), words.witnessed_by(record))
    lines += _titled(say("Unwitnessed"), words.unwitnessed(record))
    if record.times is not None:
        lines += _times(record, record.times)
    return lines


def _times(record: Record, times: Times) -> list[str]:
    lines = ["", *_titled(words.times_title(record, times), []), *_table(words.time_sums(times))]
    lines += _titled(say("Every interval, by the station’s clock (UTC)"), [])
    for span in times.spans:
        lasted = length(span.length_ns)
        if span.by_wall:
            lasted = say("{length} (by the wall clock)", length=lasted)
        lines += _wrapped(
            f"{words.clock(span.wall_from_ns)}–{words.clock(span.wall_to_ns)}  "
            f"{words.KINDS[span.kind]}, {lasted}. {span.reason}",
            "    ",
            "      ",
        )
    lines += _titled(say("Incidents"), [] if times.incidents else [say("None.")])
    for each in times.incidents:
        lines += _wrapped(
            f"{words.clock(each.wall_ns)}  {each.words} ({each.code}, entry {each.entry})",
            "    ",
            "      ",
        )
    lines += _titled(say("Commands"), [] if times.commands else [say("None.")])
    for command in times.commands:
        lines += _wrapped(
            f"{words.clock(command.wall_ns)}  {command.words}: {words.ordered_by(command)}",
            "    ",
            "      ",
        )
    return lines


def _findings(findings: Findings) -> list[str]:
    lines = []
    for finding in findings:
        lines += _finding(finding)
    return lines


def _finding(finding: Finding) -> list[str]:
    return _wrapped(f"{words.MARKS[finding.standing]} {finding.words}", "  ", "    ")


def _titled(title: str, texts: Iterable[str]) -> list[str]:
    lines = [f"  {title}"]
    for text in texts:
        lines += _wrapped(text, "    ", "      ")
    return lines


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(rows)
    width = max((len(label) for label, _ in listed), default=0)
    lines = []
    for label, value in listed:
        if " " not in value and len(value) + width + 6 > WIDTH:  # a digest: never broken
            lines += [f"    {label}", f"      {clean(value)}"]
        else:
            lines += _wrapped(f"{label.ljust(width)}  {value}", "    ", " " * (width + 6))
    return lines


def _rule(title: str) -> str:
    return f"── {title} ".ljust(WIDTH, "─")


def _wrapped(text: str, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        clean(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_on_hyphens=False,
        expand_tabs=False,
        drop_whitespace=True,
    ) or [first]
