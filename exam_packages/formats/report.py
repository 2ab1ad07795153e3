"""What became of each item of a foreign bank: taken, taken with a change, or refused.

Every reader of a bank gives a :class:`Bank`. One item that cannot be taken in never
spoils the others: its refusal stands beside them, with what its author can do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from exam_packages.assessment import Question, Test
from exam_packages.content.items import Exhibit
from exam_packages.errors import ExamError

__all__ = ["Bank", "Change", "Reading", "Verdict"]


class Verdict(Enum):
    """What happened to an item."""

    TAKEN = "taken"
    CHANGED = "taken with a change"
    REFUSED = "refused"


class Change(ExamError):
    """Something that was taken in differently than it was written: what, and where.

    Never raised; it has an error's template and fields, so that it can be said in any
    language.
    """


@dataclass(frozen=True, slots=True)
class Reading:
    """One item of a bank, as its reader left it.

    ``file`` and ``identifier`` say which; ``identifier`` may be empty when the item was
    refused before it could be read. Either ``question`` or ``refusal`` is there, or the item
    asks nothing and became the ``exhibits``.
    """

    file: str
    identifier: str
    title: str
    question: Question | None
    changes: tuple[Change, ...] = ()
    refusal: ExamError | None = None
    exhibits: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        if self.question is None and not self.exhibits:
            return Verdict.REFUSED
        return Verdict.CHANGED if self.changes else Verdict.TAKEN


@dataclass(frozen=True, slots=True)
class Bank:
    """All that one import read.

    ``format`` names the format for people (“QTI 2.2”, “GIFT”). ``tests`` are whole tests,
    where the format has them; ``refused_tests`` says for a test's file why it cannot be
    one, ``test_changes`` what was changed in one. ``media`` are the pictures by name,
    ``exhibits`` the stimuli by identifier.
    """

    format: str
    readings: tuple[Reading, ...]
    tests: tuple[Test, ...] = ()
    refused_tests: dict[str, ExamError] = field(default_factory=dict)
    exhibits: dict[str, Exhibit] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    exhibit_media: dict[str, frozenset[str]] = field(default_factory=dict)
    test_changes: dict[str, tuple[Change, ...]] = field(default_factory=dict)

    def questions(self) -> tuple[Question, ...]:
        """The items that were taken, in the order of the bank."""
        return tuple(each.question for each in self.readings if each.question is not None)
