"""Everything that happened in an attempt, in words, in the order of the record.

The words for what the verifier tells (turns, incidents, commands) are its own. What is added
are the small things: where the candidate went, that a picture was taken, that an answer was
saved. What an answer, a note or a struck-out choice says is not told: an answer is sealed to
another key, and notes and choices would tell of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from exam_packages.attempt import events as ev
from exam_packages.canon import CanonError
from exam_packages.language import _, mark, say
from exam_packages.sealing.journal import Compartment, EpochKeys, open_frames
from exam_packages.verify import words
from exam_packages.verify.findings import Record, Witness
from sync.hall.reasons import reason_words

KINDS: Final[Mapping[str, str]] = {
    "incident": mark("Incidents"),
    "command": mark("Acts of invigilators"),
    "turn": mark("Turns of the exam"),
    "picture": mark("Pictures"),
    "witness": mark("Acknowledged by the hall"),
    "small": mark("What the candidate did"),
}
"""The kinds of happening, with the words for them; the first are what panels ask for first."""

SOURCES: Final[Mapping[int, str]] = {
    ev.DEVICE: mark("a camera"),
    ev.VIDEO_FILE: mark("a video file, not a camera"),
    ev.VIRTUAL: mark("a device whose pictures a program makes"),
    ev.OTHER_DEVICE: mark("another camera than the one enrolled"),
}
"""Where a picture came from, by the number that its record has."""
_WITNESSED: Final = {
    "acknowledgement": mark("{holder} acknowledged the record up to entry {entry}."),
    "permit": mark("{holder} permitted the record to go on after entry {entry}."),
    "countersignature": mark("{holder} countersigned the record as it ends, at entry {entry}."),
}


@dataclass(frozen=True)
class Happening:
    """One thing that happened at one entry (0: after the last). ``wall_ns`` is by the station's
    clock, ``at_ns`` counts from the first entry. ``detail`` says by whom and why; ``digest``
    names a picture; ``operator`` is who gave a command."""

    entry: int
    at_ns: int
    wall_ns: int
    kind: str
    words: str
    detail: str = ""
    code: str = ""
    digest: bytes = b""
    operator: str = ""


def happenings(
    record: Record, keys: Mapping[int, EpochKeys] | None, frames: Sequence[bytes]
) -> tuple[Happening, ...]:
    """What happened in *record*; the small things as far as *frames* open with *keys*."""
    times = record.times
    found = [_witnessed(each, record) for each in record.witnesses]
    if times is not None:
        found += [
            Happening(each.entry, each.at_ns, each.wall_ns, "turn", each.words, code=each.code)
            for each in times.turns
        ]
        found += [
            Happening(each.entry, each.at_ns, each.wall_ns, "incident", each.words, code=each.code)
            for each in times.incidents
        ]
        found += [
            Happening(
                each.entry,
                each.at_ns,
                each.wall_ns,
                "command",
                each.words,
                words.ordered_by(replace(each, reason=_(reason_words(each.reason)))),
                each.reason,
                operator=each.operator,
            )
            for each in times.commands
        ]
        told = {each.entry for each in found if each.kind != "witness"}
        if keys is not None:
            found += _small(record, keys, frames, told)
    return tuple(sorted(found, key=lambda each: (not each.entry, each.entry, each.kind)))


def _small(
    record: Record, keys: Mapping[int, EpochKeys], frames: Sequence[bytes], told: set[int]
) -> list[Happening]:
    times = record.times
    found: list[Happening] = []
    opened_frames = open_frames(frames, keys)
    for opened in takewhile(lambda each: each.stamp is not None, opened_frames):
        entry = opened.sequence
        if times is None or entry in told or opened.stamp is None:
            continue
        kind, said, digest = "small", "", b""
        if opened.compartment is Compartment.RESPONSES:
            said = say("Something was added to the answers; what it says is sealed.")
        elif opened.body is not None and opened.compartment in (
            Compartment.EVENTS,
            Compartment.EVIDENCE,
        ):
            try:
                event = ev.decode_event(opened.body)
            except CanonError:
                continue  # of a later version: the verifier says so
            if isinstance(event, ev.SnapshotTaken):
                kind, digest = "picture", event.digest
            said = _words(event)
        if said:
            at_ns = times.at_ns.get(entry, 0)
            found.append(Happening(entry, at_ns, opened.stamp.wall_ns, kind, said, digest=digest))
    return found


def _words(event: ev.Event) -> str:
    """A small thing in words; empty for what only keeps the record going."""
    match event:
        case ev.Beat() | ev.Opened():
            return ""
        case ev.SnapshotTaken(number=number, source=ev.DEVICE):
            return say("Picture {number} was taken.", number=number)
        case ev.SnapshotTaken(number=number, source=source):
            source_words = _(SOURCES.get(source, mark("a source that is not known")))
            return say(
                "Picture {number} was taken, from {source}.", number=number, source=source_words
            )
        case ev.PictureTold(number=number, reason=reason, signals=()):
            return say("Why picture {number} was taken: {reason}.", number=number, reason=reason)
        case ev.PictureTold(number=number, reason=reason, signals=signals):
            return say(
                "Why picture {number} was taken: {reason}; signals then: {signals}.",
                number=number,
                reason=reason,
                signals=", ".join(signals),
            )
        case ev.Signalled(words=words):
            return say("A signal ended: {words}", words=words)
        case ev.CameraTold(driver=driver, bus=bus, ids=ids):
            return say(
                "The camera says it is {ids}, at {bus}, driven by {driver}.",
                ids=ids or "–",
                bus=bus or "–",
                driver=driver or "–",
            )
        case ev.Practised():
            return say("Opened the practice questions.")
        case ev.Moved(item=item):
            return say("Went to “{item}”.", item=item)
        case ev.Flagged(item=item, on=True):
            return say("Flagged “{item}”.", item=item)
        case ev.Flagged(item=item):
            return say("Took the flag from “{item}”.", item=item)
        case ev.StruckOut(item=item):
            return say("Struck out a choice of “{item}”, or took that back.", item=item)
        case ev.Noted(item=item):
            return say("Wrote a note on “{item}”.", item=item)
        case ev.Jotted():
            return say("Wrote on the scratchpad.")
        case ev.Highlighted(blob=blob):
            return say("Highlighted words of “{text}”.", text=blob)
        case ev.Called(on=False):
            return say("Took back the call for an invigilator.")
        case ev.Preferred() | ev.Enlarged():
            return say("Changed how the screen is read.")
        case ev.Submitted(item=item):
            return say("Submitted “{item}”.", item=item)
        case ev.BreakOver():
            return say("The time of the break was over.")
        case ev.Played(item=item, number=number):
            return say(
                "A recording of “{item}” began to sound, play {number}.", item=item, number=number
            )
        case ev.Heard(item=item, number=number, at_ms=at_ms):
            return say(
                "Play {number} of a recording of “{item}” had come to {seconds} s.",
                item=item,
                number=number,
                seconds=at_ms // 1000,
            )
        case _:
            return say("Something else was recorded ({kind}).", kind=type(event).__name__)


def _witnessed(witness: Witness, record: Record) -> Happening:
    times = record.times
    at_ns = 0
    if times is not None:
        at_ns = times.at_ns.get(witness.found_in, times.length_ns)
    said = say(
        _WITNESSED.get(witness.kind, "{holder}, up to entry {entry}."),
        holder=witness.holder,
        entry=witness.entry,
    )
    return Happening(witness.found_in, at_ns, witness.time_ns, "witness", said, code=witness.kind)
