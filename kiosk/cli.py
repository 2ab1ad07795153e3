"""The command ``exam-kiosk``: one table of groups, each loaded only when it is used.

A group may be made of several rooms' commands; a room never knows the rooms above it,
so they meet here. Errors for people end a command with their sentence and exit status.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import click

from exam_packages.errors import ExamError


class Part(NamedTuple):
    """A lazy command: a line for the overview, and where its parts are."""

    help: str
    places: tuple[str, ...]
    """``module:attribute``; several groups are merged into one."""


COMMANDS: Final[Mapping[str, Part]] = {
    "body": Part("Found a certification body, enrol its machines.", ("provisioning.cli:body",)),
    "package": Part(
        "Import, draw, preview, seal, grant and check exams.",
        ("exam_packages.cli:package", "kiosk.preview.cli:package"),
    ),
    "station": Part(
        "Make and check a candidate's workstation.",
        (
            "provisioning.cli:station",
            "provisioning.devices.cli:station",
            "provisioning.devices.keyboards_cli:station",
            "kiosk.agent.clearing:station",
            "kiosk.agent.chief:station",
            "kiosk.agent.kept:station",
        ),
    ),
    "hall": Part(
        "Run a centre's server and its sittings.",
        ("provisioning.cli:hall", "sync.hall.cli:hall", "sync.hall.roster_cli:hall"),
    ),
    "proctoring": Part(
        "Measure how often the camera's detectors err.", ("kiosk.proctoring.rates.cli:proctoring",)
    ),
    "intake": Part("Run the body's intake and its log.", ("sync.intake.cli:intake",)),
    "log": Part("Watch the body's log: it only grows, nothing is missing.", ("sync.log.cli:log",)),
    "score": Part("Score handed-in attempts, blind.", ("scoring.cli:score",)),
    "review": Part("Show an attempt to an appeals panel.", ("scoring.review.cli:review",)),
    "verify": Part("Verify exams and sealed files.", ("exam_packages.verify.cli:verify",)),
    "keywatch": Part("Watch the keyboards of a station.", ("kiosk.lockdown.cli:keywatch",)),
    "alone": Part("Run the hall and the agent on one machine.", ("kiosk.alone:alone",)),
    "demo": Part("One exam there and back on this machine.", ("provisioning.demo.cli:demo",)),
}
"""The table: a module is imported only when one of its commands is used."""


class LazyGroup(click.Group):
    """A group that also has the commands of :data:`COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        part = COMMANDS[cmd_name]
        commands = [_load(place) for place in part.places]
        if len(commands) == 1:
            return commands[0]
        groups = [command for command in commands if isinstance(command, click.Group)]
        return click.CommandCollection(cmd_name, groups, help=part.help)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, from the table alone."""
        rows = {name: part.help for name, part in COMMANDS.items()}
        rows |= {name: command.get_short_help_str() for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


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
@click.option("--once", is_flag=True, help="End when the candidate leaves.")
@click.option("--sound", default="", metavar="DEVICE", help="The ALSA device of recordings.")
@click.option("--letters", default="", hidden=True)
def screen(home: Path, once: bool, sound: str, letters: str) -> None:
    """Run the candidate's screen of the station in HOME, in this terminal.

    The screen holds nothing: it may be ended and started again at any moment.
    """
    from kiosk.app import run
    from provisioning.station_home import StationHome

    station = StationHome.load(home)
    run(station.socket, once=once, language=station.language, sound=sound, letters=letters)


@cli.command()
@click.argument("home", type=click.Path(path_type=Path))
@click.option("--font", default="monospace", show_default=True)
@click.option("--size", default=14, show_default=True, help="Of the letters, in points.")
def session(home: Path, font: str, size: int) -> None:
    """Run the screen of the station in HOME in a terminal of its own, foot.

    All keys of the terminal itself are off, and the candidate, or an invigilator, can have larger
    letters. On a station: cage -- exam-kiosk session HOME.
    """
    from kiosk.session.launcher import main

    main(home, font, size)


def main() -> None:
    """Entry point of the ``exam-kiosk`` command."""
    try:
        cli(prog_name="exam-kiosk")
    except ExamError as problem:
        click.echo(f"exam-kiosk: {problem}", err=True)
        sys.exit(problem.exit_status)
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        click.echo(f"exam-kiosk: {where}{problem.strerror or problem}.", err=True)
        sys.exit(1)
