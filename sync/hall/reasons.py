"""Why an operator did something: two levels, a group and a reason in it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exam_packages.errors import ExamError

REASONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Routine": MappingProxyType(
            {
                "routine.identity": "Identity checked",
                "routine.start": "Start of the sitting",
                "routine.end": "End of the sitting",
            }
        ),
        "Candidate": MappingProxyType(
            {
                "candidate.accommodation": "Granted accommodation",
                "candidate.break": "Break",
                "candidate.ill": "Taken ill",
                "candidate.withdraws": "Wishes to stop",
                "candidate.question": "Question answered",
                "candidate.conduct": "Conduct being looked into",
            }
        ),
        "Technical": MappingProxyType(
            {
                "technical.station": "Station failed or restarted",
                "technical.power": "Power cut",
                "technical.camera": "Camera",
                "technical.network": "Network",
            }
        ),
        "Hall": MappingProxyType(
            {
                "hall.alarm": "Alarm or evacuation",
                "hall.noise": "Noise or disturbance",
                "hall.late": "Late start",
                "other": "Another reason, see the comment",
            }
        ),
    }
)
"""Group → code → words. Codes are what is signed and journaled; they never change meaning."""

_WORDS = {code: words for group in REASONS.values() for code, words in group.items()}


class ReasonError(ExamError):
    """An act without a usable reason."""


def check_reason(reason: str, comment: str) -> None:
    """Raise :class:`ReasonError` unless *reason* is known and *comment* is fit to keep."""
    if reason not in _WORDS:
        raise ReasonError("Choose one of the reasons.")
    if len(comment) > 500 or not comment.replace("\n", " ").isprintable():
        raise ReasonError("The comment must be plain text of at most 500 characters.")
    if reason == "other" and not comment.strip():
        raise ReasonError("“Another reason” needs a comment that says which.")


def reason_words(reason: str) -> str:
    """A reason in words."""
    return _WORDS.get(reason, reason)
