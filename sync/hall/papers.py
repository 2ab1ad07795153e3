"""The papers of a sitting, as content: pure functions from its record to documents.

====================  ==========================================================
register              who is expected; each signs, with the time in and out
evacuation            by name: who is out, who is back; read aloud at the assembly point
finishing             when each one's time is over, with extra time
slips                 one to each candidate: what was handed in, and its code
seating               who sits where, by seat
cards                 what to do when something fails, without any screen
====================  ==========================================================

Each stands alone on paper when no screen works. How they become PDF or HTML is
:mod:`sync.printing`'s; the sitting report is :mod:`sync.hall.report`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from exam_packages.language import mark
from exam_packages.sealing.bundle import hand_in_code
from exam_packages.sealing.sitting_record import RecordedLine, SittingRecord
from sync.hall.room import NONE, RoomRules
from sync.printing.document import (
    Block,
    Code,
    Document,
    Facts,
    Heading,
    NewPage,
    Points,
    Table,
    Text,
    ToWrite,
)

__all__ = ["PAPERS", "paper"]

Maker = Callable[[SittingRecord, RoomRules], Document]


def register(record: SittingRecord, rules: RoomRules) -> Document:
    """Who is expected, with a column for each one's signature."""
    rows = tuple(
        (str(line.seat), line.candidate, line.name, "", "", "", " \n ") for line in record.lines
    )
    return _document(
        "Register",
        record,
        _heading(record, rules),
        Text(
            "Look at the identity document before you let somebody sign. Write the times from the "
            "clock of the room."
        ),
        Table(
            ("Seat", "Candidate", "Name", "Identity", "In", "Out", "Signature"),
            rows,
            (2, 4, 6, 3, 2, 2, 6),
        ),
        ToWrite(("Chief invigilator", "Invigilator")),
    )


def evacuation(record: SittingRecord, rules: RoomRules) -> Document:
    """By name, to be read aloud at the assembly point."""
    lines = sorted(record.lines, key=lambda line: (line.name.casefold(), line.candidate))
    return _document(
        "Evacuation roll",
        record,
        _heading(record, rules),
        Points(
            (
                "Pause every exam on the board if you can; leave everything, also this paper’s "
                "screen, and go.",
                "Nobody speaks of the exam, nobody uses a telephone.",
                "At the assembly point read each name; tick Out. Say at once who is missing.",
                "Before the exams go on, read each name again in the room; tick Back.",
            )
        ),
        ToWrite(("Alarm at", "Room empty at", "Back in the room at", "Goes on at", "Read by")),
        Table(
            ("Name", "Candidate", "Seat", "Out", "Back", "Remark"),
            tuple((line.name, line.candidate, str(line.seat), "", "", "") for line in lines),
            (6, 4, 2, 2, 2, 5),
        ),
    )


def finishing(record: SittingRecord, rules: RoomRules) -> Document:
    """When each one's time is over, as far as that is known before they begin."""
    rows = []
    for line in record.lines:
        extra = f"{line.extra_s // 60} min" if line.extra_s else ""
        end = ""
        if rules.start_s and rules.length_s:
            end = _time(rules.start_s + rules.length_s + line.extra_s + line.given_s)
        rows.append((str(line.seat), line.candidate, line.name, extra, "", end, ""))
    return _document(
        "Finishing times",
        record,
        _heading(record, rules),
        Text(
            "The station’s own clock decides. Write what is given or taken here too, with the "
            "reason: the board’s log has the same, and this paper is what is left without it."
        ),
        Table(
            ("Seat", "Candidate", "Name", "Extra", "Begun", "Ends", "Changes, and why"),
            tuple(rows),
            (2, 4, 6, 3, 3, 4, 6),
        ),
    )


def slips(record: SittingRecord, rules: RoomRules) -> Document:
    """A slip for each candidate: with the code of what was handed in, or lines to write it."""
    blocks: list[Block] = []
    for place, line in enumerate(record.lines):
        if place:
            blocks += [NewPage(), Heading("Hand-in slip")]
        blocks += _slip(record, line)
    return _document("Hand-in slip", record, *blocks)


def _slip(record: SittingRecord, line: RecordedLine) -> list[Block]:
    blocks: list[Block] = [
        Heading(f"{line.candidate}, {line.name}", 2),
        Facts(
            (
                ("Exam", record.exam),
                ("Sitting", f"{record.title}, {record.slot}"),
                ("Centre", record.centre),
                ("Seat", str(line.seat)),
            )
        ),
    ]
    if line.bundle_hash:
        blocks += [
            Text(f"Handed in at {_moment(line.handed_in_s)}, safe in the hall. Hand-in code:"),
            Code(hand_in_code(line.bundle_hash)),
        ]
    else:
        blocks.append(ToWrite(("Hand-in code", "Handed in at")))
    blocks += [
        Text(
            "Keep this slip. With the code the certification body shows you that exactly what you "
            "handed in arrived, and anybody can check it in the body’s public log. The code tells "
            "nothing of your answers."
        ),
        ToWrite(("Invigilator",)),
    ]
    return blocks


def seating(record: SittingRecord, rules: RoomRules) -> Document:
    """Who sits where."""
    return _document(
        "Seating plan",
        record,
        _heading(record, rules),
        Text("Hang it at the door. A seat without a station takes any free one."),
        Table(
            ("Seat", "Station", "Candidate", "Name"),
            tuple(
                (str(line.seat), line.station, line.candidate, line.name) for line in record.lines
            ),
            (2, 4, 4, 7),
        ),
    )


CARDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "The power is gone": (
            "Tell everybody to stay seated and quiet. Write the time down.",
            "When it is back, switch on the hall first, then the stations.",
            "The stations show where each exam stood. On the board, two people let the interrupted "
            "exams go on.",
            "The time of the outage is given back by itself. Do not add it again.",
        ),
        "The internet is gone": (
            "Nothing changes in the room. Go on.",
            "An exam that is not released yet is released by spoken codes: call the certification "
            "body.",
            "Finished exams wait in the hall and go when the internet is back.",
        ),
        "The hall’s machine fails": (
            "The exams go on by themselves; answers are saved at the stations. Nobody can sign in.",
            "Restart the machine and start the hall. Sign in again.",
            "If it does not come back: leave every station switched on, and call who administers "
            "the machines.",
        ),
        "A station fails": (
            "Seat the candidate at the spare station. Write the time down.",
            "On the seat’s page, two people move the exam to that station, each under their own "
            "name.",
            "It goes on there with everything that was safe in the hall; the time between is given "
            "back. Leave the failed station off.",
        ),
        "A keyboard, a mouse or a camera fails": (
            "Pause the exam of this candidate, with the reason, and replace the part.",
            "Without a camera the exam goes on; a person watches. Write it down as an incident.",
        ),
        "The room must be left": (
            "Pause all on the board, if that takes no time. Take the evacuation roll and go.",
            "Nobody takes anything along, nobody speaks of the exam. Read the names outside.",
            "Before going on, read the names again. Two people resume. Write every time down.",
        ),
        "A candidate is taken ill": (
            "Help first. Pause the exam, with the reason.",
            "Goes on: resume; the pause costs no time. Cannot go on: stop and hand in, and close "
            "the line as ill.",
        ),
        "You suspect misconduct": (
            "Do not stop the exam, do not accuse. Write down what you saw, when, and who saw it "
            "too.",
            "Write the statement on the seat’s page. The result is held; the exam goes on.",
            "After the hand-in, show the candidate the statement and write down the reply in the "
            "candidate’s own words, or that there is none.",
        ),
        "The person does not match the papers": (
            "Look with a second person. In doubt admit provisionally: the result is held until the "
            "certification body has looked.",
            "Only the chief invigilator refuses. Write down what does not match.",
        ),
        "A question is faulty": (
            "Do not explain the question. The candidate answers as well as possible.",
            "Write down which question and what is wrong; the certification body decides for all.",
        ),
    }
)
"""What to do when…: each a few sentences that need no screen."""


def cards(record: SittingRecord, rules: RoomRules) -> Document:
    """What to do when something fails."""
    blocks: list[Block] = [
        Text("Everything a candidate has answered is saved at the station within a second."),
        ToWrite(("Certification body, telephone", "Who administers the machines, telephone")),
    ]
    for title, steps in CARDS.items():
        blocks += [Heading(title, 2), Points(steps)]
    return _document("What to do when…", record, *blocks)


PAPERS: Mapping[str, tuple[str, Maker]] = MappingProxyType(
    {
        "register": (mark("Register"), register),
        "seating": (mark("Seating plan"), seating),
        "evacuation": (mark("Evacuation roll"), evacuation),
        "finishing": (mark("Finishing times"), finishing),
        "slips": (mark("Hand-in slips"), slips),
        "cards": (mark("What to do when…"), cards),
    }
)
"""Every paper but the report, by its name: its title, and what makes it."""


def paper(name: str, record: SittingRecord, rules: RoomRules) -> Document:
    """One of :data:`PAPERS`."""
    return PAPERS[name][1](record, rules)


def _document(title: str, record: SittingRecord, *blocks: Block) -> Document:
    return Document(title, (Heading(title), *blocks), footer=f"{record.title} · {record.centre}")


def _heading(record: SittingRecord, rules: RoomRules) -> Facts:
    rows = [
        ("Exam", record.exam),
        ("Sitting", f"{record.title}, {record.slot}"),
        ("Centre", record.centre),
        ("Candidates", str(len(record.lines))),
    ]
    if rules.start_s:
        rows.append(("Start", _moment(rules.start_s)))
    if rules.latest_s != NONE:
        rows.append(("Latest admission", _moment(rules.start_s + rules.latest_s)))
    if rules.earliest_s != NONE:
        rows.append(("Earliest departure", _moment(rules.start_s + rules.earliest_s)))
    if rules.common_end:
        rows.append(("Common end", _moment(rules.start_s + rules.length_s)))
    return Facts(tuple(rows))


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M} UTC"
