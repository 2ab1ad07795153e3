"""Why a reviewer judged as they did: two levels, a group and a reason in it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from exam_packages.language import mark
from exam_packages.sealing.review import MAX_COMMENT, ReviewError

REASONS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        mark("Pictures"): MappingProxyType(
            {
                "pictures.show": mark("The pictures show it"),
                "pictures.do-not-show": mark("The pictures show that it was not so"),
                "pictures.unclear": mark("Too dark, blurred or covered to tell"),
                "pictures.none": mark("There is no picture of that time"),
                "pictures.destroyed": mark("The pictures were destroyed"),
            }
        ),
        mark("Record"): MappingProxyType(
            {
                "record.shows": mark("The record shows it"),
                "record.other-cause": mark("The record shows another cause"),
                "record.unwitnessed": mark("Nobody witnessed that time"),
                "record.not-proven": mark("The record is not proven there"),
            }
        ),
        mark("Technical"): MappingProxyType(
            {
                "technical.detector": mark("The detector was mistaken"),
                "technical.camera": mark("The camera or the light"),
                "technical.station": mark("The station failed"),
                "technical.network": mark("The network failed"),
            }
        ),
        mark("Candidate"): MappingProxyType(
            {
                "candidate.conduct": mark("What the candidate did"),
                "candidate.accommodation": mark("A granted accommodation explains it"),
                "candidate.explained": mark("The candidate’s explanation is believed"),
            }
        ),
        mark("Hall"): MappingProxyType(
            {
                "hall.statement": mark("What an invigilator stated"),
                "hall.allowed": mark("An invigilator had allowed it"),
                "hall.disturbance": mark("A disturbance in the room"),
            }
        ),
        mark("Other"): MappingProxyType({"other": mark("Another reason, see the comment")}),
    }
)
"""Group → code → words. Codes are what is signed; they never change meaning."""

RULING_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "founded": mark("Founded"),
        "unfounded": mark("Unfounded"),
        "cannot-be-said": mark("Cannot be said"),
    }
)

_WORDS = {code: words for group in REASONS.values() for code, words in group.items()}


def check_reason(reason: str, comment: str) -> None:
    """Raise :class:`ReviewError` unless *reason* is known and *comment* is fit to be signed."""
    if reason not in _WORDS:
        raise ReviewError("Choose one of the reasons.")
    if len(comment) > MAX_COMMENT or not comment.replace("\n", " ").isprintable():
        raise ReviewError(
            "The comment must be plain text of at most {limit} characters.", limit=MAX_COMMENT
        )
    if reason == "other" and not comment.strip():
        raise ReviewError("“Another reason” needs a comment that says which.")


def reason_words(reason: str) -> str:
    """A reason in words; a code of a later version as it is."""
    return _WORDS.get(reason, reason)
