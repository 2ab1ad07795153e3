"""The sitting report as a document, drawn from the record of the sitting. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from exam_packages.sealing.sitting_record import RecordedLine, SittingRecord
from exam_packages.sitting_words import NOTES, OUTCOMES, STATEMENTS, VERDICTS
from sync.hall.reasons import reason_words
from sync.printing.document import (
    Block,
    Document,
    Facts,
    Heading,
    Points,
    Table,
    Text,
    ToWrite,
)

__all__ = ["document"]


def document(record: SittingRecord, *, signed: bool) -> Document:
    """The report as a document. Pure."""
    return Document(
        "Sitting report",
        tuple(_blocks(record, signed)),
        footer=f"{record.title} · {record.centre} · record {record.number}",
    )


def _blocks(record: SittingRecord, signed: bool) -> Iterator[Block]:
    yield Heading("Sitting report")
    ended = _moment(record.closed_s) if record.closed_s else "the sitting is open"
    yield Facts(
        (
            ("Exam", record.exam),
            ("Sitting", f"{record.title}, {record.slot}"),
            ("Centre", record.centre),
            ("Opened", _moment(record.opened_s)),
            ("Closed", ended),
            ("Closed by", record.operator or "–"),
            ("Record", str(record.number)),
            ("Package", record.package_hash.hex()),
        )
    )
    if not signed:
        yield Text("DRAFT: the sitting is not closed, and nothing of this is signed.")
    yield from _outcomes(record)
    yield from _times(record)
    yield from _safe(record)
    yield from _statements(record)
    yield from _notes(record)
    yield from _waivers(record)
    yield from _acts(record)
    yield from _people(record, signed)


def _outcomes(record: SittingRecord) -> Iterator[Block]:
    yield Heading("How each line ended")
    counts: dict[tuple[int, int], int] = {}
    for line in record.lines:
        place = (line.outcome, line.verdict)
        counts[place] = counts.get(place, 0) + 1
    yield Facts(
        tuple(
            (f"{_outcome(outcome)}: {VERDICTS.get(verdict, '–')}", str(count))
            for (outcome, verdict), count in sorted(counts.items())
        )
    )
    yield Table(
        ("Seat", "Candidate", "Name", "Outcome", "Result", "Said by", "Why"),
        tuple(
            (
                str(line.seat),
                line.candidate,
                line.name,
                _outcome(line.outcome),
                VERDICTS.get(line.verdict, "–"),
                ", ".join(filter(None, (line.operator, line.second))) or "by itself",
                _why(line.reason, line.comment),
            )
            for line in record.lines
        ),
        (2, 4, 5, 4, 4, 4, 5),
    )


def _times(record: SittingRecord) -> Iterator[Block]:
    yield Heading("Time of each candidate")
    yield Text(
        "As far as the hall knows. Every second is in the candidate’s own sealed record, and the "
        "certification body computes the time from there.",
        quiet=True,
    )
    yield Table(
        ("Seat", "Candidate", "Signed in", "Let in", "Handed in", "Extra", "Given", "Changes"),
        tuple(
            (
                str(line.seat),
                line.candidate,
                _time(line.signed_in_s),
                _time(line.admitted_s),
                _time(line.handed_in_s),
                _minutes(line.extra_s),
                _minutes(line.given_s),
                _changes(record, line),
            )
            for line in record.lines
        ),
        (3, 5, 4, 4, 4, 3, 3, 6),
    )


_TIME_ACTS = ("pause", "resume", "add-time", "stop", "move", "reopen", "allow-restart")


def _changes(record: SittingRecord, line: RecordedLine) -> str:
    return "; ".join(
        f"{_time(act.time_s)} {act.act}"
        for act in record.acts
        if act.candidate == line.candidate and act.act.split()[0] in _TIME_ACTS
    )


def _safe(record: SittingRecord) -> Iterator[Block]:
    yield Heading("What is safe where")
    begun = [line for line in record.lines if line.frames]
    there = [line for line in begun if line.at_body]
    waiting = [line for line in begun if line.bundle_hash and not line.at_body]
    unfinished = [line for line in begun if not line.bundle_hash]
    yield Facts(
        (
            ("Exams begun", str(len(begun))),
            ("Safe at the certification body", str(len(there))),
            ("Safe in the hall, on its way", str(len(waiting))),
            ("In the hall, not handed in", str(len(unfinished))),
        )
    )
    if waiting or unfinished:
        yield Points(
            tuple(
                f"Seat {line.seat}, {line.candidate}: {line.frames} entries, "
                f"{'waits for the body' if line.bundle_hash else 'not handed in'}"
                for line in (*waiting, *unfinished)
            )
        )


def _statements(record: SittingRecord) -> Iterator[Block]:
    written = [(line, each) for line in record.lines for each in line.statements]
    yield Heading("Statements")
    if not written:
        yield Text("None.")
    for line, each in written:
        yield Heading(
            f"{each.number}: {STATEMENTS.get(each.kind, '')}, {line.candidate} {line.name}", 2
        )
        yield Text(each.words)
        source = f", typed in from {each.paper}" if each.paper else ""
        yield Text(
            f"Seen {_moment(each.seen_s)} by {each.witness}; written down by {each.operator} "
            f"{_moment(each.written_s)}{source}.",
            quiet=True,
        )
        if each.reply == 1:
            yield Text(f"The candidate replies: {each.reply_words}")
        elif each.reply == 2:
            yield Text("The candidate declined to reply.")
        else:
            yield Text("The candidate was not asked for a reply.")
        if each.lifted_by:
            yield Text(f"Taken back by {each.lifted_by}: {each.lifted_why}")


def _notes(record: SittingRecord) -> Iterator[Block]:
    yield Heading("Incidents and room conditions")
    if not record.notes:
        yield Text("None were written down.")
        return
    yield Table(
        ("When", "What", "Candidate", "Words", "Written by"),
        tuple(
            (
                _moment(note.happened_s),
                NOTES.get(note.kind, ""),
                note.candidate,
                note.words,
                f"{note.writer} on {note.paper}; transcribed by {note.operator} "
                f"{_moment(note.typed_s)}"
                if note.paper
                else note.writer,
            )
            for note in record.notes
        ),
        (3, 2, 2, 6, 4),
    )


def _waivers(record: SittingRecord) -> Iterator[Block]:
    if record.waivers:
        yield Heading("Waived on the readiness sheet")
        yield Table(
            ("Point", "What was found", "Waived by", "Why"),
            tuple(
                (each.point, each.found, f"{each.person.name} {_moment(each.person.time_s)}",
                 each.why)
                for each in record.waivers
            ),
            (2, 5, 3, 5),
        )  # fmt: skip


def _acts(record: SittingRecord) -> Iterator[Block]:
    yield Heading("What was done")
    yield Table(
        ("When", "Who", "Act", "Candidate", "Why"),
        tuple(
            (
                _moment(act.time_s),
                act.operator or "–",
                act.act,
                act.candidate or "–",
                _why(act.reason, act.comment),
            )
            for act in record.acts
        ),
        (4, 3, 5, 3, 5),
    )


def _people(record: SittingRecord, signed: bool) -> Iterator[Block]:
    yield Heading("Signed")
    for person in record.signers:
        yield Text(
            f"{person.name} ({person.role}), signed in at the hall, {_moment(person.time_s)}"
        )
    yield ToWrite(("Chief invigilator, signature", "Second person, signature", "Date"))
    if signed:
        yield Text(
            f"The hall signed this as record {record.number}; the file sitting.record beside this "
            "paper is what counts, and `exam-kiosk verify` checks it.",
            quiet=True,
        )


def _outcome(number: int) -> str:
    return OUTCOMES.get(number, "open")


def _why(reason: str, comment: str) -> str:
    return ": ".join(filter(None, (reason_words(reason) if reason else "", comment)))


def _moment(seconds: int) -> str:
    if not seconds:
        return "–"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}" if seconds else "–"


def _minutes(seconds: int) -> str:
    if not seconds:
        return "–"
    return f"{seconds / 60:+.0f} min"
