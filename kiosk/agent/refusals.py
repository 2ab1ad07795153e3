"""Why something did not happen: sentences that more than one module of rules says."""

from __future__ import annotations

from dataclasses import dataclass

from exam_packages.clock import SECOND


@dataclass(frozen=True)
class Refusal:
    """Why something did not happen: a message id, and the fields that fill it."""

    template: str
    fields: tuple[tuple[str, str | int], ...] = ()

    def __str__(self) -> str:
        return self.template.format(**dict(self.fields))


NOT_RELEASED = Refusal("The exam has not been released yet; it will open by itself.")
NO_SUCH_ITEM = Refusal("There is no such question in this exam.")
NOT_IN_TURN = Refusal(
    "The questions of this part are taken one after the other, and there is no way back."
)
ELSEWHERE = Refusal("Only the question on the screen can be answered in this part.")
CLOSED = Refusal("This question is closed; its answer stands as it was.")
ON_BREAK = Refusal("You are on a break; come back first.")
NO_BREAK = Refusal("You are not on a break.")
NO_LEAVE = Refusal("No break can be taken now. The invigilator can allow one.")
NOT_SUBMITTED = Refusal("This question is not handed in by itself.")
EMPTY = Refusal("This question must be answered before it is handed in.")
INCOMPLETE = Refusal("The answer to this question is not complete yet.")
TOO_EARLY = Refusal("You may go on from here in {minutes} min {seconds} s at the earliest.")
"""Its fields are told by :func:`too_early`."""


def too_early(left_ns: int) -> Refusal:
    """That a least time has not passed: *left_ns* of it are left."""
    minutes, seconds = divmod(-(-left_ns // SECOND), 60)
    return Refusal(TOO_EARLY.template, (("minutes", minutes), ("seconds", seconds)))


def unanswered(numbers: list[int]) -> Refusal:
    """That questions of these *numbers* must be answered first."""
    shown = ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")
    return Refusal(
        "Questions that may not be left out have no answer yet: {numbers}.", (("numbers", shown),)
    )
