"""The scoring desk's command: ``exam-kiosk score``."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click

from exam_packages.body import Body
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import UsageError
from exam_packages.files import make_directory
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.keys import write_key_file
from exam_packages.sealing.trust import SCORING
from scoring.assessment_result import write_results
from scoring.blind import Desk, OpenedAttempt, open_attempts
from scoring.forms import form_of, load_form
from scoring.report import Batch, table, write
from scoring.score import score_attempts

_DIRECTORY = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("answers", type=_DIRECTORY)
@click.option("--body", "directory", type=_DIRECTORY, required=True)
@click.option("--out", type=_DIRECTORY, required=True, help="A new directory for this batch.")
@click.option("--form", "only", help="Only attempts at this form.")
@click.option(
    "--qti", type=_DIRECTORY, help="Also write QTI 3 assessmentResults there, for other systems."
)
@click.option("--workers", type=click.IntRange(1), help="Processes. Default: one per core.")
@passphrase_option
def score(
    answers: Path,
    directory: Path,
    out: Path,
    only: str | None,
    qti: Path | None,
    workers: int | None,
    passphrases: Passphrases,
) -> None:
    """Score the attempts in ANSWERS, blind, and write results and report for each form.

    ANSWERS is what `exam-kiosk intake export` wrote. Only responses are opened, under ids
    made for this batch; results are provisional, for those who decide.
    """
    paths = sorted(answers.glob("*.answers"))
    if not paths:
        raise UsageError(
            "There are no answers in {path}; hand them over with `exam-kiosk intake export`.",
            path=str(answers),
        )
    body = Body(directory, passphrases)
    desk = Desk.open(body.root_bytes(), body.opening_key(SCORING))
    # Spawned, not forked: the desk may be called from a program that has threads.
    processes = min(workers or os.cpu_count() or 1, len(paths))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as executor:
        attempts, problems = open_attempts(paths, desk, executor)
        forms: dict[str, list[OpenedAttempt]] = defaultdict(list)
        for attempt in attempts:
            forms[form_of(body, attempt.package_hash)].append(attempt)
        make_directory(out, 0o700)
        write_key_file(out / "batch.key", "batch", (desk.batch_key,))
        for name, group in sorted(forms.items()):
            if only is None or name == only:
                form = load_form(body, name)
                scored = score_attempts(form, group, executor)
                batch = Batch(form, scored, SystemClock().wall_ns() // SECOND)
                place = out / name
                make_directory(place, 0o700)
                files = write(batch, place)
                click.echo(table(batch))
                for path in files.values():
                    click.echo(str(path))
                if qti is not None:
                    count = len(write_results(batch, qti / name))
                    click.echo(f"{qti / name}: {count} results as QTI 3")
    if problems:
        click.echo(f"{len(problems)} bundles could not be opened; people must look at them:")
        for problem in problems:
            click.echo(f"  {problem}")
        raise SystemExit(1)
