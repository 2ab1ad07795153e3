"""What a verification finds. Data only: nothing here reads, checks or prints.

A *finding* is one sentence about one file, with a code that never changes its meaning
(``docs/verify.md`` lists them). Texts that come out of files are untrusted; whoever shows
them passes them through :func:`clean`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from exam_packages.attempt.ledger import Kind as TimeKind
from exam_packages.errors import ExamError
from exam_packages.language import say

LATE_NS: Final = 120 * 1_000_000_000
"""A stretch that nobody witnessed for longer than this is shown: the station was alone."""

_LONGEST = 2000


class Standing(Enum):
    """How a finding stands."""

    PROVEN = "proven"
    NOT_PROVEN = "not proven"
    NOTE = "note"  # neither: something that people should know


@dataclass(frozen=True)
class Finding:
    """One thing found. *template* is a whole sentence, *fields* fill it."""

    standing: Standing
    code: str
    template: str
    fields: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The sentence, in the language in use."""
        return say(self.template, **self.fields)


class Findings(list[Finding]):
    """The findings about one thing, in the order in which they were made."""

    def proven(self, code: str, template: str, /, **fields: str | int) -> None:
        self.append(Finding(Standing.PROVEN, code, template, fields))

    def not_proven(self, code: str, template: str, /, **fields: str | int) -> None:
        self.append(Finding(Standing.NOT_PROVEN, code, template, fields))

    def note(self, code: str, template: str, /, **fields: str | int) -> None:
        self.append(Finding(Standing.NOTE, code, template, fields))

    def problem(self, code: str, problem: ExamError) -> None:
        """*problem*, in its own words, as something not proven."""
        self.append(Finding(Standing.NOT_PROVEN, code, problem.template, problem.fields))

    @property
    def sound(self) -> bool:
        """Whether there is nothing that is not proven."""
        return all(each.standing is not Standing.NOT_PROVEN for each in self)


# --- A record ----------------------------------------------------------------------


@dataclass(frozen=True)
class Epoch:
    """A run of entries written by one station under one permit.

    ``station`` and ``permitted_by`` are names for people. ``proven`` says that the station
    signed its beginning and that a hall of its centre permitted it.
    """

    number: int
    first: int
    last: int
    station: str
    permitted_by: str
    permitted_s: int
    proven: bool


@dataclass(frozen=True)
class Witness:
    """A holder's signed word about the record up to ``entry``.

    ``kind`` is ``acknowledgement``, ``permit`` or ``countersignature``; ``found_in`` is the
    entry that carries it (0: none does). ``time_ns`` is by the holder's clock.
    """

    kind: str
    entry: int
    holder: str
    time_ns: int
    found_in: int


@dataclass(frozen=True)
class Stretch:
    """Entries that one witness was the first to vouch for; without one, nobody did.

    ``waited_ns`` is the time since the witness before, by the holders' clocks.
    ``from_wall_ns`` and ``to_wall_ns`` are when the first and last entry was made, by the
    station's clock: known only with the integrity key.
    """

    first: int
    last: int
    witness: Witness | None
    waited_ns: int = 0
    from_wall_ns: int | None = None
    to_wall_ns: int | None = None

    @property
    def alone(self) -> bool:
        """Whether the station was without a witness for long, or never had one."""
        return self.witness is None or self.waited_ns > LATE_NS


# --- Times -------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A stretch of an attempt's time, from the end of entry ``first`` to entry ``last``.

    ``start_ns`` counts from the first entry of the record. ``by_wall``: only the wall clock
    could measure it. ``reason`` is a sentence.
    """

    kind: TimeKind
    first: int
    last: int
    start_ns: int
    length_ns: int
    wall_from_ns: int
    wall_to_ns: int
    by_wall: bool
    reason: str


@dataclass(frozen=True)
class Moment:
    """Something that happened at one entry."""

    entry: int
    at_ns: int
    wall_ns: int
    code: str
    words: str


@dataclass(frozen=True)
class Ordered:
    """A command of the hall, as it was journaled. ``signed_by`` is empty when nobody known did."""

    entry: int
    at_ns: int
    wall_ns: int
    words: str
    operator: str
    reason: str
    comment: str
    signed_by: str


@dataclass(frozen=True)
class Times:
    """What the integrity key shows: the ledger, incidents, commands.

    ``to_entry`` is the last entry whose time could be opened. ``granted_s`` is what was
    allowed when the exam began, ``added_s`` what commands added or took back after that.
    ``left_ns`` is the time left at the end, None when the exam never began. ``at_ns`` has
    the moment of every entry that was opened.
    """

    to_entry: int
    wall_from_ns: int
    length_ns: int
    granted_s: int
    added_s: int
    spent_ns: int
    left_ns: int | None
    closed: str
    spans: tuple[Span, ...]
    turns: tuple[Moment, ...]
    incidents: tuple[Moment, ...]
    commands: tuple[Ordered, ...]
    at_ns: Mapping[int, int] = field(repr=False)
    wall_ns: Mapping[int, int] = field(repr=False)

    def total_ns(self, kind: TimeKind) -> int:
        """All the time of one kind."""
        return sum(span.length_ns for span in self.spans if span.kind is kind)


@dataclass(frozen=True)
class Record:
    """One attempt's journal. ``entries`` could be read in a row; ``stands`` are proven.

    ``heads`` has the head before the first entry, and after each.
    """

    blind_id: bytes
    package_hash: bytes
    centre: str
    station: bytes
    entries: int
    stands: int
    counts: Mapping[str, int]
    epochs: tuple[Epoch, ...]
    witnesses: tuple[Witness, ...]
    stretches: tuple[Stretch, ...]
    heads: tuple[bytes, ...] = field(repr=False)
    evidence_keys: frozenset[bytes] = frozenset()
    """The evidence keys that its pictures are sealed to."""
    restore_keys: frozenset[bytes] = frozenset()
    """The restore keys that halves of its epochs are sealed to."""
    times: Times | None = None


# --- The whole ---------------------------------------------------------------------


@dataclass
class Subject:
    """One file (or directory, or set of segments) that was looked at.

    ``facts`` are names and values for people, each with a code. The named hashes are what
    relations compare; they are there only when the file is what it says.
    """

    path: str
    kind: str
    facts: dict[str, str] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    record: Record | None = None
    package_hash: bytes = b""
    bundle_hash: bytes = b""
    centre: str = ""
    entry_digest: bytes = b""
    """Of an entry in the register of holds and deletions: what the log names it by."""
    held: object = None
    """The verified object itself (a grant, a receipt, a checkpoint, a proof), for relations."""


@dataclass(frozen=True)
class Report:
    """Everything found."""

    body: str
    trust_version: int
    trust_digest: bytes
    trust_expires_s: int
    verified_s: int
    with_integrity_key: bool
    subjects: tuple[Subject, ...]
    relations: Findings

    @property
    def all_proven(self) -> bool:
        """Whether nothing is left that is not proven."""
        return self.relations.sound and all(each.findings.sound for each in self.subjects)


def clean(text: str) -> str:
    """*text* from a file, fit to show: nothing that moves a cursor or turns the writing."""
    shown = "".join(char if char.isprintable() else "�" for char in text[:_LONGEST])
    return shown if len(text) <= _LONGEST else shown + "…"
