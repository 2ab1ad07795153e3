"""Commands about feedback surveys, of the group ``body``: ``survey-key``, ``surveys``."""

from __future__ import annotations

from pathlib import Path

import click

from exam_packages.body import PAPER_PART, Body
from exam_packages.content.reading import read_survey
from exam_packages.content.survey import MAX_SURVEY, SURVEY_BLOB, Survey
from exam_packages.errors import UsageError
from exam_packages.files import make_directory, write_durably
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.survey import (
    MAX_SHEAF,
    SURVEY_KEY_ROLE,
    Sheaf,
    parse_sheaf,
    read_sheaf,
    survey_digest,
)
from exam_packages.sealing.trust import HALL, Enrolment, read_enrolment
from exam_packages.surveys import LEAST, as_csv, as_json, count, open_sheaves, texts_as_csv
from provisioning.authority import make_survey_key

_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_MAX_ENROLMENT = 64 * 1024


@click.command("survey-key")
@click.argument("directory", type=_DIRECTORY)
@passphrase_option
def survey_key(directory: Path, passphrases: Passphrases) -> None:
    """Make the key that opens feedback surveys, for a body that has none.

    A body that is founded today has one. Whoever reads surveys keeps survey.key; the packager
    needs survey.public alone.
    """
    body = Body(directory, passphrases)
    body.root_bytes()  # says so where there is no body
    make_survey_key(body, body.new_passphrase("The key that opens feedback surveys"))
    click.echo(f"{body.opening_path(SURVEY_KEY_ROLE)}")
    click.echo(f"{body.survey_public_path}")


@click.command("surveys")
@click.argument("directory", type=_DIRECTORY)
@click.argument("sheaves", type=_DIRECTORY)
@click.option("--out", type=_DIRECTORY, required=True, help="A new directory.")
@click.option(
    "--least",
    type=click.IntRange(1, 1000),
    default=LEAST,
    show_default=True,
    help="Groups in which fewer answered are not shown by themselves.",
)
@click.option(
    "--survey",
    "questions",
    type=_FILE,
    multiple=True,
    help="The questions, where the form does not lie here: the file “survey” of its paper.",
)
@passphrase_option
def surveys(
    directory: Path,
    sheaves: Path,
    out: Path,
    least: int,
    questions: tuple[Path, ...],
    passphrases: Passphrases,
) -> None:
    """Open the surveys in SHEAVES that `exam-kiosk intake surveys` wrote, and count them.

    Writes surveys.json, counts.csv and texts.csv to OUT: how many chose what, and apart from
    that what was written. Nowhere stands what one candidate said to several questions.
    """
    body = Body(directory, passphrases)
    if out.exists():
        raise UsageError("{path} is there already; name a new directory.", path=str(out))
    key = body.opening_key(SURVEY_KEY_ROLE)
    said, unopened = open_sheaves(_sheaves(body, sheaves), key)
    counted, unfitting = count(said, _questions(body, questions), least)
    make_directory(out, 0o700)
    for name, data in (
        ("surveys.json", as_json(counted)),
        ("counts.csv", as_csv(counted)),
        ("texts.csv", texts_as_csv(counted)),
    ):
        write_durably(out / name, data, mode=0o600)
    for each in counted:
        click.echo(f"{each.survey.title}: {each.sent} came, {each.answered} with answers.")
        if not each.tables:
            click.echo(
                f"  Fewer than {least} answered, so nothing of it is shown; with --least 1 it is."
            )
    if unopened or unfitting:
        click.echo(f"{unopened} do not open with this key; {unfitting} do not fit the questions.")


def _sheaves(body: Body, directory: Path) -> list[Sheaf]:
    """Every sheaf in *directory*, verified."""
    trust = body.trust()
    halls: dict[bytes, Enrolment] = {}
    for path in sorted(directory.glob("*.enrolment")):
        hall = read_enrolment(_read(path, _MAX_ENROLMENT), trust, now_s=None)
        if hall.kind == HALL:
            halls[hall.key_id] = hall
    found = []
    for path in sorted(directory.glob("*.surveys")):
        data = _read(path, MAX_SHEAF)
        machine = halls.get(parse_sheaf(data).machine)
        if machine is None:
            raise UsageError(
                "The enrolment of the hall that signed {path} is not beside it.", path=str(path)
            )
        found.append(read_sheaf(data, machine.verify_key))
    if not found:
        raise UsageError("There are no surveys in {path}.", path=str(directory))
    return found


def _questions(body: Body, files: tuple[Path, ...]) -> dict[bytes, Survey]:
    """The questions of every survey that is known here, by their digests."""
    kept = sorted((body.directory / "forms").glob(f"*/{PAPER_PART}/{SURVEY_BLOB}"))
    blobs = [_read(path, MAX_SURVEY) for path in (*kept, *files)]
    return {survey_digest(blob): read_survey(blob) for blob in blobs}


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise UsageError("The file {path} is too large.", path=str(path))
    return data


COMMANDS = (survey_key, surveys)
