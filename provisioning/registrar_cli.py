"""Commands of the registrar, of the group ``body``: ``outcomes``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from exam_packages.body import Body
from exam_packages.errors import UsageError
from exam_packages.files import make_directory, write_durably
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.sitting_record import MAX_SEALED, parse_sealed, read_record, unseal
from exam_packages.sealing.trust import HALL, Enrolment, read_enrolment
from exam_packages.sealing.trust_root import REGISTRAR
from exam_packages.sitting_words import OUTCOMES, VERDICTS, as_json

_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_MAX_ENROLMENT = 64 * 1024


@click.command("outcomes")
@click.argument("directory", type=_DIRECTORY)
@click.argument("records", type=_DIRECTORY)
@click.option("--out", type=_DIRECTORY, required=True, help="A new directory.")
@passphrase_option
def outcomes(directory: Path, records: Path, out: Path, passphrases: Passphrases) -> None:
    """Open the RECORDS of sittings that `exam-kiosk intake records` wrote, as the registrar.

    Prints how many lines ended how, and writes each record to OUT: as the hall signed it, and
    as JSON.
    """
    body = Body(directory, passphrases)
    trust = body.trust()
    key = body.opening_key(REGISTRAR)
    if out.exists():
        raise UsageError("{path} is there already; name a new directory.", path=str(out))
    halls: dict[bytes, Enrolment] = {}
    for path in sorted(records.glob("*.enrolment")):
        hall = read_enrolment(_read(path, _MAX_ENROLMENT), trust, now_s=None)
        if hall.kind == HALL:
            halls[hall.key_id] = hall
    found = sorted(records.glob("*.record"))
    if not found:
        raise UsageError("There are no records of sittings in {path}.", path=str(records))
    make_directory(out, 0o700)
    for path in found:
        data = _read(path, MAX_SEALED)
        machine = halls.get(parse_sealed(data).machine)
        if machine is None:
            raise UsageError(
                "The enrolment of the hall that signed {path} is not beside it.", path=str(path)
            )
        signed = unseal(data, machine.verify_key, key)
        record = read_record(signed, machine.verify_key)
        write_durably(out / path.name, signed, mode=0o600)
        plain = json.dumps(as_json(record), ensure_ascii=False, indent=2).encode() + b"\n"
        write_durably(out / f"{path.stem}.json", plain, mode=0o600)
        click.echo(f"{record.title}, {record.slot}, {record.centre}, record {record.number}:")
        counts: dict[tuple[int, int], int] = {}
        for line in record.lines:
            place = (line.outcome, line.verdict)
            counts[place] = counts.get(place, 0) + 1
        for (outcome, verdict), count in sorted(counts.items()):
            words = OUTCOMES.get(outcome, "open"), VERDICTS.get(verdict, "–")
            click.echo(f"  {count:>5}  {words[0]}: {words[1]}")


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise UsageError("The file {path} is too large.", path=str(path))
    return data


COMMANDS = (outcomes,)
