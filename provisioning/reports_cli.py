"""A command of the integrity desk, of the group ``body``: ``reports``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from exam_packages.body import Body
from exam_packages.errors import UsageError
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.question_report import MAX_SEALED_REPORT, open_report
from exam_packages.sealing.trust import HALL, read_enrolment
from exam_packages.sealing.trust_root import INTEGRITY

_MAX_ENROLMENT = 64 * 1024


@click.command("reports")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.argument("given", metavar="REPORTS", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@passphrase_option
def reports(directory: Path, given: Path, as_json: bool, passphrases: Passphrases) -> None:
    """Open the REPORTS of faulty questions that `exam-kiosk intake reports` wrote.

    With the integrity key: who holds it also opens what the candidates themselves wrote.
    Prints each remark with the number of its question in the form, from 1.
    """
    body = Body(directory, passphrases)
    trust = body.trust()
    found = sorted(given.glob("*.report"))
    if not found:
        raise UsageError("There are no reports of questions in {path}.", path=str(given))
    key = body.opening_key(INTEGRITY)
    opened = []
    for path in found:
        hall = read_enrolment(
            _read(path.with_suffix(".enrolment"), _MAX_ENROLMENT), trust, now_s=None
        )
        if hall.kind != HALL:
            raise UsageError("The report {path} is not a hall's.", path=str(path))
        report = open_report(_read(path, MAX_SEALED_REPORT), hall.verify_key, key)
        opened.append(
            {
                "centre": report.centre,
                "slot": report.slot,
                "package": report.package_hash.hex(),
                "attempt": report.blind_id.hex(),
                "question": report.question,
                "remark": report.remark,
                "operator": report.operator,
                "time": datetime.fromtimestamp(report.time_s, UTC).isoformat(),
            }
        )
    if as_json:
        click.echo(json.dumps(opened, ensure_ascii=False, indent=2))
        return
    for each in opened:
        package = str(each["package"])[:16]
        click.echo(
            f"{each['time']}  {each['centre']}, {each['slot']}, package {package}…, "
            f"question {each['question']} ({each['operator']}):\n    {each['remark']}"
        )


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise UsageError("The file {path} is not there.", path=str(path)) from None
    if len(data) > limit:
        raise UsageError("The file {path} is too large.", path=str(path))
    return data


COMMANDS = (reports,)
