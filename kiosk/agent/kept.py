"""``exam-kiosk station kept``: take out what this station keeps of others' exams.

For the day on which every hall is gone for good, and so is the station where somebody sat: the
record then is here alone. What is written can be verified, and the certification body opens it.
"""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def station() -> None:
    """A candidate's workstation."""


@station.command()
@click.argument("home", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def kept(home: Path, out: Path) -> None:
    """Write the sealed records that the station in HOME keeps of others into OUT.

    One directory for each exam, named by its blind id, as `exam-kiosk verify` reads it. The agent
    may run meanwhile; what lies in OUT already is left as it is.
    """
    from exam_packages.sealing.journal import refill
    from provisioning.station_home import StationHome
    from sync.near.keeping import kept_records

    count = 0
    for blind_id, frames in kept_records(StationHome.load(home).kept_path):
        where = out / blind_id.hex()
        if where.exists():
            click.echo(f"{where} is there already, and is left as it is.")
            continue
        where.mkdir(parents=True)
        refill(where, frames)
        count += 1
        click.echo(f"{where}: {len(frames)} entries")
    click.echo(f"Written: {count}. Check them with `exam-kiosk verify`, and send them to the body.")
