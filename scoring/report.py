"""Saying what came out: JSON for programs, a page and a table for people.

Everything is under the ids of the batch. Scores are exact texts (``2.5``, ``1/3``), so
that nothing is rounded on its way; figures about the form are rounded, and say so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import jinja2

from exam_packages.content.values import Response
from exam_packages.files import write_durably
from exam_packages.rules.numbers import written
from exam_packages.rules.processing import EXTERNAL, RULES, UNFIT, UNREADABLE
from scoring.figures import LEAST_ATTEMPTS, FormFigures, figures
from scoring.score import ScoredAttempt, ScoringForm, Standing

__all__ = ["Batch", "answers_json", "marking_json", "page", "results_json", "table", "write"]

REASONS: Final = {
    EXTERNAL: "written answer, marked by people",
    UNREADABLE: "the answer is not of the kind the rules need",
    UNFIT: "the answer is not one the question could have produced",
    RULES: "the question's own rules cannot be followed",
}
PROVISIONAL: Final = (
    "Provisional, for those who decide. Whoever trained or examined a candidate takes no "
    "part in the decision (ISO/IEC 17024)."
)


class Batch:
    """One form's attempts of one batch, scored, with their figures."""

    def __init__(self, form: ScoringForm, scored: Sequence[ScoredAttempt], scored_s: int) -> None:
        self.form = form
        self.scored = tuple(scored)
        self.scored_s = scored_s
        self.figures: FormFigures = figures(form, scored)

    @property
    def name(self) -> str:
        return self.form.key.form

    @property
    def title(self) -> str:
        return self.form.key.title


def write(batch: Batch, directory: Path) -> dict[str, Path]:
    """Write all of a batch into *directory*; the paths by what they are.

    What holds candidates' words (answers, the markers' list) is readable by its owner alone.
    """
    files = {
        "results": ("results.json", _dumps(results_json(batch)), 0o644),
        "page": ("report.html", page(batch), 0o644),
        "marking": ("marking.json", _dumps(marking_json(batch)), 0o600),
        "answers": ("answers.json", _dumps(answers_json(batch)), 0o600),
    }
    paths = {}
    for what, (name, text, mode) in files.items():
        paths[what] = directory / name
        write_durably(paths[what], text.encode(), mode=mode)
    return paths


def results_json(batch: Batch) -> dict[str, Any]:
    """Scores and figures. No answers."""
    found = batch.figures
    return {
        "form": batch.name,
        "title": batch.title,
        "scored_s": batch.scored_s,
        "provisional": PROVISIONAL,
        "max_score": written(found.max_score),
        "cut_score": written(found.cut_score),
        "standings": {each.name.lower(): count for each, count in found.standings.items()},
        "mean": _rounded(found.mean),
        "standard_deviation": _rounded(found.deviation),
        "attempts": [_attempt(attempt) for attempt in batch.scored],
        "items": [
            {
                "item": item.item,
                "competence": item.competence,
                "max_score": written(item.max_score),
                "answered": item.answered,
                "scored": item.scored,
                "pending": item.pending,
                "facility": _rounded(item.facility),
                "discrimination": _rounded(item.discrimination),
            }
            for item in found.items
        ],
        "least_attempts_for_discrimination": LEAST_ATTEMPTS,
    }


def marking_json(batch: Batch) -> dict[str, Any]:
    """The markers' work-list: item by item, the answers that a person must score."""
    tasks = []
    for entry in batch.form.key.entries:
        name = entry.key.item
        waiting = [
            {
                "attempt": attempt.id,
                "reason": REASONS.get(attempt.items[name].person, attempt.items[name].person),
                "responses": _responses(attempt.attempt.responses.get(name, ())),
            }
            for attempt in batch.scored
            if attempt.items is not None and attempt.items[name].person
        ]
        if waiting:
            tasks.append({"item": name, "max_score": entry.key.max_score, "answers": waiting})
    return {"form": batch.name, "title": batch.title, "items": tasks}


def answers_json(batch: Batch) -> dict[str, Any]:
    """The answers as they were opened, under the ids of the batch."""
    return {
        "form": batch.name,
        "attempts": [
            {
                "attempt": attempt.id,
                "recorded": attempt.attempt.recorded,
                "items": {
                    item: _responses(responses)
                    for item, responses in sorted(attempt.attempt.responses.items())
                },
            }
            for attempt in batch.scored
        ],
    }


def table(batch: Batch) -> str:
    """The batch as a table for the terminal."""
    found = batch.figures
    lines = [
        f"{batch.title} (form {batch.name})",
        f"Cut score {written(found.cut_score)} of {written(found.max_score)} points; "
        + ", ".join(f"{each.value}: {count}" for each, count in found.standings.items() if count)
        + ".",
        "",
    ]
    rows: list[tuple[str, ...]] = [("Attempt", "Points", "To mark", "Standing (provisional)")]
    for attempt in batch.scored:
        result = attempt.total
        rows.append(
            (
                attempt.id,
                "–" if result is None else f"{written(result.score)} / {written(result.max_score)}",
                str(len(result.pending)) if result else "–",
                attempt.standing.value,
            )
        )
        rows.extend(("", "", "", problem) for problem in attempt.problems)
    lines += _columns(rows)
    lines.append("")
    rows = [("Item", "Answered", "Facility", "Discrimination", "To mark")]
    for item in found.items:
        rows.append(
            (
                item.item,
                f"{item.answered} / {found.counted}",
                _figure(item.facility),
                _figure(item.discrimination),
                str(item.pending) if item.pending else "",
            )
        )
    lines += _columns(rows)
    if found.counted < LEAST_ATTEMPTS:
        lines += ["", _too_few(found.counted)]
    lines += ["", PROVISIONAL]
    return "\n".join(lines) + "\n"


def page(batch: Batch) -> str:
    """The batch as one HTML page without scripts or anything loaded from elsewhere."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": written, "figure": _figure}
    return environment.get_template("report.html").render(
        batch=batch,
        found=batch.figures,
        Standing=Standing,
        provisional=PROVISIONAL,
        too_few=_too_few(batch.figures.counted) if batch.figures.counted < LEAST_ATTEMPTS else None,
        when=datetime.fromtimestamp(batch.scored_s, UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def _attempt(attempt: ScoredAttempt) -> dict[str, Any]:
    result = attempt.total
    return {
        "attempt": attempt.id,
        "standing": attempt.standing.name.lower(),
        "problems": list(attempt.problems),
        "score": None if result is None else written(result.score),
        "max_score": None if result is None else written(result.max_score),
        "pending": [] if result is None else list(result.pending),
        "pending_max": None if result is None else written(result.pending_max),
        "sections": []
        if result is None
        else [
            {
                "section": each.identifier,
                "title": each.title,
                "score": written(each.score),
                "max_score": written(each.max_score),
            }
            for each in result.sections
        ],
        "items": {}
        if attempt.items is None
        else {
            name: {
                "score": None if each.score is None else written(each.score),
                "max_score": written(each.max_score),
                "answered": each.answered,
                "person": each.person,
            }
            for name, each in attempt.items.items()
        },
    }


def _responses(responses: Sequence[Response]) -> dict[str, list[str]]:
    return {each.identifier: list(each.members) for each in responses}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _figure(value: float | Fraction | None) -> str:
    return "–" if value is None else f"{float(value):.2f}"


def _too_few(count: int) -> str:
    return (
        f"Too few attempts for discrimination: {count} of the {LEAST_ATTEMPTS} below which it "
        "would say more about chance than about a question."
    )


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
