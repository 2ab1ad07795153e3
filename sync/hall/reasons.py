"""Why an operator did something: two levels, a group and a reason in it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exam_packages.errors import ExamError
from exam_packages.language import mark

REASONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        mark("Staff"): MappingProxyType(
            {
                "routine.start": mark("Start of the sitting"),
                "routine.identity": mark("Identity checked"),
                "routine.end": mark("End of the sitting"),
                "hall.late": mark("Late start"),
                "staff.mistake": mark("A mistake of ours, put right"),
                "staff.instruction": mark("Instruction of the certification body"),
                "other": mark("Another reason of the staff, see the comment"),
            }
        ),
        mark("Candidate"): MappingProxyType(
            {
                "candidate.accommodation": mark("Granted accommodation"),
                "candidate.break": mark("Break"),
                "candidate.ill": mark("Taken ill"),
                "candidate.withdraws": mark("Wishes to stop"),
                "candidate.question": mark("Question answered"),
                "candidate.conduct": mark("Conduct being looked into"),
                "candidate.identity": mark("Identity does not fit"),
                "candidate.item": mark("Says that a question is faulty"),
                "candidate.other": mark("Another reason of the candidate, see the comment"),
            }
        ),
        mark("Environment"): MappingProxyType(
            {
                "hall.alarm": mark("Alarm or evacuation"),
                "hall.noise": mark("Noise or disturbance"),
                "environment.climate": mark("Heat, cold or air"),
                "environment.light": mark("Light"),
                "environment.other": mark("Another reason of the room, see the comment"),
            }
        ),
        mark("Technical"): MappingProxyType(
            {
                "technical.station": mark("Station failed or restarted"),
                "technical.power": mark("Power cut"),
                "technical.camera": mark("Camera"),
                "technical.keyboard": mark("Keyboard or mouse"),
                "technical.network": mark("Network"),
                "technical.hall": mark("The hall’s own server"),
                "technical.other": mark("Another technical reason, see the comment"),
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
    if reason.endswith("other") and not comment.strip():
        raise ReasonError("“Another reason” needs a comment that says which.")


def reason_words(reason: str) -> str:
    """A reason in words."""
    return _WORDS.get(reason, reason)
