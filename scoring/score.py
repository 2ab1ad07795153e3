"""Scoring a batch: the answer key applied to opened answers, on any executor.

What the rules cannot decide is left to people, never guessed. Whether a score reaches the
cut score is said as such and is no decision: people decide, who neither trained nor
examined the candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import Enum
from typing import Final

from exam_packages.content.items import Item
from exam_packages.rules.key import AnswerKey
from exam_packages.rules.processing import FormResult, ItemResult, score_form, total
from exam_packages.rules.values import RulesError
from scoring.blind import OpenedAttempt

__all__ = ["ScoredAttempt", "ScoringForm", "Standing", "score_attempts"]

_AT_ONCE: Final = 64


class Standing(Enum):
    """Where an attempt's points stand. Provisional: nothing here is a decision."""

    REACHES = "reaches the cut score"
    BELOW = "below the cut score"
    OPEN = "open until people have marked"
    HELD = "held for people to look at"


@dataclass(frozen=True)
class ScoringForm:
    """A form as the desk scores it: its items and its answer key."""

    items: Mapping[str, Item]
    key: AnswerKey


@dataclass(frozen=True)
class ScoredAttempt:
    """One attempt with the result of every item; ``items`` and ``total`` are None when it
    could not be scored at all, and ``problems`` says why."""

    attempt: OpenedAttempt
    items: Mapping[str, ItemResult] | None
    total: FormResult | None
    problems: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.attempt.id

    @property
    def standing(self) -> Standing:
        if self.problems or self.total is None:
            return Standing.HELD
        reaches = self.total.reaches_cut
        if reaches is None:
            return Standing.OPEN
        return Standing.REACHES if reaches else Standing.BELOW


def score_attempts(
    form: ScoringForm, attempts: Sequence[OpenedAttempt], executor: Executor
) -> list[ScoredAttempt]:
    """Score *attempts*, in their order."""
    groups = [attempts[start : start + _AT_ONCE] for start in range(0, len(attempts), _AT_ONCE)]
    scored = executor.map(_score_group, [(form, group) for group in groups])
    return [attempt for group in scored for attempt in group]


def score_attempt(form: ScoringForm, attempt: OpenedAttempt) -> ScoredAttempt:
    """Score one attempt. Answers that are not of this form hold it."""
    try:
        items = score_form(form.items, form.key, attempt.responses)
        return ScoredAttempt(attempt, items, total(form.key, items), attempt.problems)
    except RulesError as problem:
        return ScoredAttempt(attempt, None, None, (*attempt.problems, str(problem)))


def _score_group(task: tuple[ScoringForm, Sequence[OpenedAttempt]]) -> list[ScoredAttempt]:
    form, attempts = task
    return [score_attempt(form, attempt) for attempt in attempts]
