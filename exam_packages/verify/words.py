"""The report's words that terminal and page share: labels, and sentences about a record."""

from __future__ import annotations

from typing import Final

from exam_packages.attempt.ledger import Kind
from exam_packages.clock import SECOND
from exam_packages.language import say
from exam_packages.verify.findings import Ordered, Record, Report, Standing, Stretch, Times
from exam_packages.verify.record import moment

LABELS: Final = {
    "attempt": "Attempt",
    "attempts": "Attempts",
    "body": "Body",
    "bundle": "Bundle",
    "candidates": "Candidates",
    "centre": "Centre",
    "closed": "Closed",
    "code": "Hand-in code",
    "codes": "Release codes",
    "entries": "Entries",
    "entry": "Entry of the register",
    "equipment": "Equipment",
    "evidence key": "Evidence key",
    "exam": "Exam",
    "expires": "Expires",
    "due": "Kept until",
    "finished": "Handed in",
    "keys": "Keys",
    "officers": "Release officers",
    "form": "Form",
    "grant": "Grant",
    "halves": "Halves deleted",
    "hold": "Hold",
    "kept": "Preserved",
    "restore keys": "Restore keys",
    "log": "Log",
    "log entry": "Log entry",
    "machine": "Machine",
    "machines": "Machines",
    "operator": "Operator",
    "older": "Continues",
    "package": "Package",
    "pictures": "Pictures",
    "judgements": "Judgements",
    "question": "Question",
    "reason": "Reason",
    "remark": "Remark",
    "received": "Received",
    "reviewers": "Reviewers",
    "root": "Root",
    "sitting": "Sitting",
    "said": "Said",
    "sealed to": "Sealed to the key",
    "station": "Station",
    "valid": "Valid",
    "version": "Version",
    "window": "Window",
}
"""How a fact's code reads."""

KINDS: Final = {
    Kind.WAITING: "before the exam",
    Kind.RUNNING: "exam time",
    Kind.ON_BREAK: "break on the exam’s time",
    Kind.BREAK: "break, clock stopped",
    Kind.PAUSED: "stopped",
    Kind.OUTAGE: "outage",
    Kind.CLOSED: "after the end",
}
MARKS: Final = {Standing.PROVEN: "✓", Standing.NOT_PROVEN: "✗", Standing.NOTE: "–"}


def length(time_ns: int) -> str:
    """A length of time for people: ``1 h 02 min 03 s``, ``0.4 s``."""
    if time_ns < 0:
        return "−" + length(-time_ns)
    if not time_ns:
        return "0 s"
    if time_ns < 10 * SECOND:
        return f"{time_ns / SECOND:.1f} s"
    seconds = round(time_ns / SECOND)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if hours:
        return f"{hours} h {minutes:02} min {rest:02} s"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def fact_label(code: str) -> str:
    return say(LABELS.get(code, code))


def verdict(report: Report) -> str:
    """The whole report in one sentence."""
    count = sum(
        finding.standing is Standing.NOT_PROVEN
        for findings in (*(each.findings for each in report.subjects), report.relations)
        for finding in findings
    )
    if not count:
        return say("Everything given here is proven.")
    if count == 1:
        return say("Not everything is proven: one finding is marked ✗.")
    return say("Not everything is proven: {count} findings are marked ✗.", count=count)


def stands(record: Record) -> str:
    """What of a record is proven."""
    if not record.stands:
        return say("Nothing of the {entries} entries is proven.", entries=record.entries)
    if record.stands == record.entries:
        return say("All {entries} entries that are here.", entries=record.entries)
    return say(
        "Entries 1 to {stands} of the {entries} that can be followed.",
        stands=record.stands,
        entries=record.entries,
    )


def written_by(record: Record) -> list[str]:
    """Who wrote which entries, with whose leave."""
    lines = []
    for epoch in record.epochs:
        text = say(
            "{station}, entries {first} to {last}",
            station=epoch.station,
            first=epoch.first,
            last=epoch.last,
        )
        if epoch.proven:
            text += say(
                "; {hall} permitted it at {time}",
                hall=epoch.permitted_by,
                time=moment(epoch.permitted_s * SECOND),
            )
        else:
            text += say("; not proven")
        lines.append(text + ".")
    return lines


def witnessed_by(record: Record) -> list[str]:
    """Each holder that signed for the record: how often, how far, when last."""
    lines = []
    for holder in dict.fromkeys(each.holder for each in record.witnesses):
        words = [each for each in record.witnesses if each.holder == holder]
        last = max(words, key=lambda each: each.entry)
        lines.append(
            say(
                "{holder}: {count} signatures, the last at {time}, up to entry {entry}.",
                holder=holder,
                count=len(words),
                time=moment(last.time_ns),
                entry=last.entry,
            )
        )
    return lines or [say("Nobody.")]


def unwitnessed(record: Record) -> list[str]:
    """The stretches in which the station was alone, from–to."""
    return [_alone(each) for each in record.stretches if each.alone] or [
        say("Nothing: no stretch of more than two minutes went without a witness.")
    ]


def _alone(stretch: Stretch) -> str:
    text = say("Entries {first} to {last}", first=stretch.first, last=stretch.last)
    if stretch.from_wall_ns is not None and stretch.to_wall_ns is not None:
        text += say(
            ", made from {start} to {end} by the station’s clock",
            start=moment(stretch.from_wall_ns),
            end=moment(stretch.to_wall_ns),
        )
    if stretch.witness is None:
        return text + say(": nobody witnessed them.")
    return text + say(
        ": {holder} signed for them only at {time}, {waited} after the witness before.",
        holder=stretch.witness.holder,
        time=moment(stretch.witness.time_ns),
        waited=length(stretch.waited_ns),
    )


def time_sums(times: Times) -> list[tuple[str, str]]:
    """The ledger's sums, as labels and values."""
    if times.left_ns is None:
        return [(say("Exam time"), say("the exam had not begun"))]
    sums = [
        (say("Allowed at the beginning"), length(times.granted_s * SECOND)),
        (say("Added by the hall"), length(times.added_s * SECOND)),
        (say("Used"), length(times.spent_ns)),
        (say("Stopped, not charged"), length(times.total_ns(Kind.PAUSED))),
    ]
    if breaks_ns := times.total_ns(Kind.BREAK):
        sums.append((say("Breaks, not charged"), length(breaks_ns)))
    sums.append((say("Outages, given back"), length(times.total_ns(Kind.OUTAGE))))
    return [*sums, (_left(times), length(times.left_ns))]


def _left(times: Times) -> str:
    if times.closed:
        return say("Left at the end")
    return say("Left at entry {entry}", entry=times.to_entry)


def times_title(record: Record, times: Times) -> str:
    """What the ledger covers."""
    if times.to_entry == record.entries and times.closed:
        return say("Time")
    return say("Time, as far as entry {entry}", entry=times.to_entry)


def clock(time_ns: int) -> str:
    """The time of day of a moment, UTC."""
    return moment(time_ns)[11:19]


def ordered_by(command: Ordered) -> str:
    """By whom and why a command was given."""
    order = f"{command.operator}, {command.reason}"
    if command.comment:
        order += f": {command.comment}"
    if command.signed_by:
        return say("{order} (signed by {hall})", order=order, hall=command.signed_by)
    return say("{order} (NOT signed by a known hall)", order=order)
