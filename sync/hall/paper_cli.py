"""``exam-kiosk hall act``: readiness, papers, the report, notes, the rules of the room."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import click

from exam_packages.errors import UsageError
from exam_packages.files import make_directory, write_durably
from sync.hall import from_disk
from sync.hall.desk import Desk
from sync.hall.home import HallHome
from sync.hall.notes import NoteKind
from sync.hall.wording import name_of

_sitting = click.option("--sitting", default="", help="Its number, where there are several.")


def _number(desk: Desk, sitting: str) -> int:
    """The sitting meant: the one named, or the newest."""
    if sitting:
        return int(sitting) if sitting.isdecimal() else 0
    known: list[dict[str, Any]] = desk.look("/papers")
    if not known:
        raise UsageError("No sitting was opened in this hall yet.")
    return int(known[0]["sitting"])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The whole sheet, for scripts.")
@click.pass_obj
def readiness(desk: Desk, as_json: bool) -> None:
    """Show the readiness sheet; ends with status 1 while a point is red."""
    sheets = desk.look("/readiness")
    if as_json:
        click.echo(json.dumps(sheets, ensure_ascii=False))
    else:
        for sheet in sheets:
            click.echo(f"{sheet['sitting']}: {sheet['title']}")
            for point in sheet["points"]:
                mark = {"good": "✓", "red": "✗", "waived": "~"}[point["state"]]
                do = f" {point['do']}" if point["state"] == "red" else ""
                click.echo(f"  {mark} {point['title']}: {point['found']}{do}")
                if point["waived_by"]:
                    click.echo(f"      waived by {point['waived_by']}: {point['waived_why']}")
    sys.exit(1 if any(sheet["red"] for sheet in sheets) else 0)


@click.command()
@click.argument("point")
@click.option("--why", required=True, help="Why it is waived.")
@_sitting
@click.pass_obj
def waive(desk: Desk, point: str, why: str, sitting: str) -> None:
    """Waive a red POINT of the readiness sheet by name (the chief)."""
    click.echo(desk.act("waive", point=point, why=why, sitting=sitting))


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@_sitting
@click.pass_obj
def papers(desk: Desk, out: Path, sitting: str) -> None:
    """Write every paper and the sitting report to OUT, as PDF, HTML and JSON.

    Once the sitting is closed, the hall's signed record is among them.
    """
    number = _number(desk, sitting)
    with zipfile.ZipFile(io.BytesIO(desk.download(f"/papers/{number}/everything.zip"))) as archive:
        make_directory(out)
        for name in archive.namelist():
            write_durably(out / Path(name).name, archive.read(name))
        click.echo(f"{len(archive.namelist())} files written to {out}.")


@click.command("sign-report")
@_sitting
@click.pass_obj
def sign_report(desk: Desk, sitting: str) -> None:
    """Put your name to the report of a closed sitting. Two people do."""
    click.echo(desk.act("sign-report", sitting=str(_number(desk, sitting))))


@click.command()
@click.option("--kind", type=click.Choice([name_of(each) for each in NoteKind]), required=True)
@click.option("--words", required=True)
@click.option("--candidate", default="")
@click.option("--happened", default="", help="When, such as 2026-11-23T09:40 (UTC); else now.")
@click.option("--paper", default="", help="The paper it is typed in from.")
@click.option("--writer", default="", help="Who wrote it there.")
@_sitting
@click.pass_obj
def note(
    desk: Desk,
    kind: str,
    words: str,
    candidate: str,
    happened: str,
    paper: str,
    writer: str,
    sitting: str,
) -> None:
    """Write down an incident, the room's conditions, or what stands on a paper."""
    fields = {
        "kind": kind,
        "words": words,
        "candidate": candidate,
        "happened": happened,
        "paper": paper,
        "writer": writer,
    }
    click.echo(desk.act("note", sitting=str(_number(desk, sitting)), **fields))


@click.command()
@click.argument("words")
@_sitting
@click.pass_obj
def confirm(desk: Desk, words: str, sitting: str) -> None:
    """Confirm in WORDS the exam, form and language to be sat; two people do."""
    click.echo(desk.act("confirm-exam", words=words, sitting=sitting))


@click.command()
@click.argument("station")
@click.option("--sitting", default="", help="Its number; without it, whichever comes.")
@click.pass_obj
def keep(desk: Desk, station: str, sitting: str) -> None:
    """Keep STATION for one of several sittings."""
    click.echo(desk.act("keep-station", station=station, sitting=sitting))


@click.command("replace")
@click.argument("candidate")
@click.option("--reason", default="technical.station", show_default=True)
@click.option("--comment", default="")
@click.pass_obj
def replace_(desk: Desk, candidate: str, reason: str, comment: str) -> None:
    """Let the exam of CANDIDATE go on at a spare, which the hall chooses. Two people do."""
    fields = {"candidate": candidate, "reason": reason, "comment": comment}
    click.echo(desk.act("replace-station", **fields))


@click.command("papers")
@click.argument("home", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--sitting", type=click.IntRange(1), help="Its number; without it, the newest.")
def papers_from_disk(home: Path, out: Path, sitting: int | None) -> None:
    """Write every paper of a hall that does not run to OUT, from the disk of its HOME.

    Nothing in HOME is changed, so it may be a disk that is mounted read-only. As PDF, HTML and
    JSON; once the sitting was closed, with the record that the hall signed.
    """
    found = from_disk.files(HallHome.load(home), sitting)
    make_directory(out)
    for name, data in found.files.items():
        write_durably(out / name, data, 0o600)
    state = "as the hall signed it" if found.signed else "a draft: the sitting was not closed"
    click.echo(f"Sitting {found.sitting}, {found.title} ({state}).")
    click.echo(f"{len(found.files)} files written to {out}.")


COMMANDS = (readiness, waive, papers, sign_report, note, confirm, keep, replace_)
