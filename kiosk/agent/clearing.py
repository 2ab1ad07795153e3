"""``exam-kiosk station clear``: make room, of what the certification body has for certain."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def station() -> None:
    """Make and check a candidate's workstation."""


@station.command()
@click.argument("home", type=click.Path(exists=True, file_okay=False, path_type=Path))
def clear(home: Path) -> None:
    """Delete the exams in HOME that the certification body has confirmed.

    An exam whose receipt is not here stays, and so does one that was moved away. Ends with
    status 1 when anything stays. The agent must not be running.
    """
    # Imported here: the overview of all commands must not load the agent.
    from exam_packages.errors import ExamError
    from kiosk.agent.main import only_agent
    from kiosk.agent.shelf import every_attempt
    from provisioning.station_home import StationHome

    machine = StationHome.load(home)
    trust = machine.trust()
    deleted, kept = 0, 0
    with only_agent(home):
        for directory in every_attempt(machine.attempts):
            try:
                directory.delete(trust)
                deleted += 1
            except ExamError as problem:
                kept += 1
                click.echo(str(problem))
    click.echo(f"Exams deleted: {deleted}; kept: {kept}.")
    if kept:
        raise SystemExit(1)
