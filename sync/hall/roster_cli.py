"""``exam-kiosk hall letters``: admission letters from a roster, and the codes in them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from exam_packages.files import write_durably
from exam_packages.language import ngettext
from sync.hall.letters import Occasion, draw_code, letters
from sync.hall.roster import MAX_ROSTER, Line, Profile, RosterError, filled, read_roster

MAX_RULES = 64 * 1024
MAX_PROFILE = 256 * 1024

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)

profiles_option = click.option(
    "--profiles",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory of the AfA PNP files that the roster names.",
)
minutes_option = click.option(
    "--minutes",
    type=click.IntRange(0, 24 * 60),
    default=0,
    help="The exam's time limit, where the roster grants a factor of it.",
)


@click.group()
def hall() -> None:
    """Rosters and admission letters."""


@hall.command("letters")
@click.argument("roster", type=_FILE)
@click.option("--out", type=_NEW, required=True, help="The PDF to write: a page for each.")
@click.option("--exam", required=True, help="The name of the exam.")
@click.option("--title", required=True, help="What the sitting is called.")
@click.option("--place", required=True, help="Where to come: room, street, town.")
@click.option("--when", default="", help="Day and hour, in words.")
@click.option("--body", default="", help="Who invites: stands on each page.")
@click.option("--rules", type=_FILE, help="Your own rules: a text file, one on each line.")
@click.option(
    "--roster-out", type=_NEW, help="Draw the codes that are missing, and write the roster here."
)
@click.option("--font", "font_files", type=_FILE, multiple=True, help="A font's file; repeatable.")
@profiles_option
@minutes_option
def letters_(
    roster: Path,
    out: Path,
    exam: str,
    title: str,
    place: str,
    when: str,
    body: str,
    rules: Path | None,
    roster_out: Path | None,
    font_files: tuple[Path, ...],
    profiles: Path | None,
    minutes: int,
) -> None:
    """Print the admission letters of the candidates in ROSTER, with their sign-in codes.

    Keep both files to yourself: whoever has a code can sign in.
    """
    from sync.printing import fonts, pdf  # costs a third of a second: for this command alone

    data = bounded(roster, MAX_ROSTER)
    lines = read_roster(
        data,
        profile_reader(profiles),
        minutes=minutes,
        draw=draw_code if roster_out is not None else None,
    )
    own = _rules(rules) if rules is not None else ()
    document = letters(lines, Occasion(exam, title, place, when, body, own))
    printed = pdf.render(document, fonts.find(document.characters(), font_files))
    if roster_out is not None:
        write_durably(roster_out, filled(data, lines), 0o600)
    write_durably(out, printed, 0o600)
    tell_others(lines)
    click.echo(
        ngettext("{n} admission letter written.", "{n} admission letters written.", len(lines))
    )


def profile_reader(directory: Path | None) -> partial[Profile] | None:
    """What reads the profiles that a roster names, from *directory* and nowhere else."""
    return None if directory is None else partial(_profile, directory)


def tell_others(lines: tuple[Line, ...]) -> None:
    """Say what of the profiles no station does, for people to arrange."""
    for line in lines:
        if line.others:
            click.echo(f"{line.candidate}: to be arranged by people: {', '.join(line.others)}")


def bounded(path: Path, limit: int) -> bytes:
    """A file of at most *limit* bytes. Raises :class:`RosterError`."""
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise RosterError("The file {path} is too large.", path=str(path))
    return data


def _profile(directory: Path, name: str) -> Profile:
    from sync.hall.profile import read_profile

    if Path(name).name != name or name in (".", ".."):
        raise RosterError("The profile {name} must be the name of a file alone.", name=name[:80])
    try:
        return read_profile(bounded(directory / name, MAX_PROFILE), name)
    except OSError:
        raise RosterError("The profile {name} cannot be read.", name=name[:80]) from None


def _rules(path: Path) -> tuple[str, ...]:
    try:
        text = bounded(path, MAX_RULES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RosterError("The file {path} is not UTF-8 text.", path=str(path)) from None
    rules = tuple(" ".join(line.split()) for line in text.splitlines() if line.strip())
    if not rules or not all(rule.isprintable() for rule in rules):
        raise RosterError("The file {path} must have one rule on each line.", path=str(path))
    return rules
