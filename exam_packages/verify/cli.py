"""The command ``exam-kiosk verify``."""

from __future__ import annotations

from pathlib import Path

import click

from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import ExamError, UsageError
from exam_packages.files import write_durably
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.keys import read_sealing_key
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import Trust
from exam_packages.sealing.trust_root import MAX_ROOT_SIZE
from exam_packages.verify.machine import to_json
from exam_packages.verify.terminal import to_text
from exam_packages.verify.verify import verify as verify_files

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
)
@click.option("--trust", "root", type=_FILE, required=True, help="The body's root of trust.")
@click.option(
    "--integrity-key",
    "key_file",
    type=_FILE,
    help="Also shows times, incidents and commands. Opens no answers and no names.",
)
@click.option("--hand-in-code", help="The code that the candidate took home.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option(
    "--html",
    "page_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the report as one page.",
)
@passphrase_option
def verify(
    files: tuple[Path, ...],
    root: Path,
    key_file: Path | None,
    hand_in_code: str | None,
    as_json: bool,
    page_file: Path | None,
    passphrases: Passphrases,
) -> None:
    """Verify exams and sealed files, and say what is proven and by whom. Needs no key.

    FILE is a package, grant, release, enrolment, journal segment, attempt's directory,
    bundle, manifest, receipt, an attempt's anchors, a statement about keys that died, or of
    the log a checkpoint, a proof of place or of growth, or a directory with a copy of it;
    several are also compared with one another. Damage is told, and what stands in spite of it.

    Ends with status 0 when everything is proven, 1 when something is not, 2 when it was
    asked for something that cannot be meant.
    """
    report = verify_files(
        files,
        _trust(root),
        now_s=SystemClock().wall_ns() // SECOND,
        integrity_key=None if key_file is None else _key(key_file, passphrases),
        hand_in_code=hand_in_code,
    )
    if page_file is not None:
        from exam_packages.verify.page import to_page

        # With the key it tells what only the integrity role may know.
        write_durably(page_file, to_page(report).encode(), 0o644 if key_file is None else 0o600)
    click.echo(to_json(report) if as_json else to_text(report), nl=False)
    if not report.all_proven:
        raise SystemExit(1)


def _trust(path: Path) -> Trust:
    with path.open("rb") as file:
        data = file.read(MAX_ROOT_SIZE + 1)
    try:
        return Trust.first(data, pinned=None)
    except ExamError as problem:
        raise UsageError(
            "{path} is no root of trust that can be believed: {why}",
            path=str(path),
            why=str(problem),
        ) from None


def _key(path: Path, passphrases: Passphrases) -> SealingKey:
    try:
        return read_sealing_key(path, passphrases.for_key)
    except ExamError as problem:
        raise UsageError(problem.template, **problem.fields) from None
