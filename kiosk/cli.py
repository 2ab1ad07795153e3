"""The command ``exam-kiosk``: one table of groups, each loaded only when it is used.

A group may be made of several rooms' commands; a room never knows the rooms above it,
so they meet here. Errors for people end a command with their sentence and exit status.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from exam_packages.errors import ExamError

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "body": ("provisioning.cli:body",),
    "package": ("exam_packages.cli:package",),
    "station": ("provisioning.cli:station",),
    "hall": ("provisioning.cli:hall", "sync.hall.cli:hall"),
    "intake": ("sync.intake.cli:intake",),
    "score": ("scoring.cli:score",),
    "demo": ("provisioning.demo.cli:demo",),
}
"""Command name → where its parts are, ``module:attribute``; several groups are merged."""


class LazyGroup(click.Group):
    """A group whose commands of :data:`GROUPS` are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *GROUPS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        parts = [_load(where) for where in GROUPS[cmd_name]]
        if len(parts) == 1:
            return parts[0]
        groups = [part for part in parts if isinstance(part, click.Group)]
        return click.CommandCollection(cmd_name, groups, help=parts[-1].help)


def _load(where: str) -> click.Command:
    module, _, attribute = where.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="exam-kiosk")
def cli() -> None:
    """The open exam station for certification bodies."""


@cli.command()
@click.argument("home", type=click.Path(path_type=Path))
def agent(home: Path) -> None:
    """Run the agent of the station in HOME.

    The agent holds the station's keys, the journal and the clock, and talks to the hall.
    """
    from kiosk.agent.main import run

    run(home)


@cli.command()
@click.argument("home", type=click.Path(path_type=Path))
def screen(home: Path) -> None:
    """Run the candidate's screen of the station in HOME, in this terminal.

    The screen holds nothing: it may be ended and started again at any moment.
    """
    from kiosk.app import run
    from provisioning.station_home import StationHome

    run(StationHome.load(home).socket)


def main() -> None:
    """Entry point of the ``exam-kiosk`` command."""
    try:
        cli(prog_name="exam-kiosk")
    except ExamError as problem:
        click.echo(f"exam-kiosk: {problem}", err=True)
        sys.exit(problem.exit_status)
