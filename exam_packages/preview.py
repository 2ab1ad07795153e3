"""Reading a paper to be looked at: ``python -m exam_packages.preview FORM|SOURCE``.

Writes what a candidate may see of it to standard output: one canonical array of
``[part, name, bytes]``, part 1 the practice, part 2 the paper. A process of its own reads
it, so that whoever shows it never holds an answer key.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from exam_packages import canon
from exam_packages.body import PAPER_PART, PRACTICE_PART, Body
from exam_packages.drawing import draw_forms, read_source
from exam_packages.errors import ExamError
from exam_packages.forms import DrawnForm, History, blobs
from exam_packages.packaging import read_part

PRACTICE, PAPER = 1, 2
_SEED: Final = b"preview"

Blobs = Iterator[tuple[int, str, bytes]]


def of_form(body: Body, form: str) -> Blobs:
    """What is kept of *form*. Raises an :class:`ExamError` when there is no such form."""
    directory = body.form_directory(form)
    for part, name in ((PAPER, PAPER_PART), (PRACTICE, PRACTICE_PART)):
        if part == PAPER or (directory / name).is_dir():
            for blob in read_part(directory / name, form):
                yield part, blob.name, blob.data


def of_source(path: Path, seed: bytes = _SEED, blueprint: Path | None = None) -> Blobs:
    """A form that is drawn only for this. Raises the reader's error, or ``FormsError``."""
    drawn = draw_forms(read_source(path, blueprint), seed, 1, History())
    yield from _of(PAPER, drawn.forms[0])
    if drawn.practice is not None:
        yield from _of(PRACTICE, drawn.practice)


def _of(part: int, form: DrawnForm) -> Blobs:
    for name, _, data in blobs(form):
        yield part, name, data


def main() -> None:
    """Entry point; ends with the status of the error that it tells."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what")
    parser.add_argument("--body", type=Path)
    parser.add_argument("--blueprint", type=Path)
    parser.add_argument("--seed", default="")
    asked = parser.parse_args()
    try:
        if asked.body is not None:
            found = of_form(Body(asked.body), asked.what)
        else:
            seed = asked.seed.encode() or _SEED
            found = of_source(Path(asked.what), seed, asked.blueprint)
        sys.stdout.buffer.write(canon.encode([list(blob) for blob in found]))
    except ExamError as problem:
        sys.stderr.write(f"exam-kiosk: {problem}\n")
        sys.exit(problem.exit_status)
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        sys.stderr.write(f"exam-kiosk: {where}{problem.strerror or problem}.\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
