"""``exam-kiosk demo``: one exam there and back, on this machine; or its bad day."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from exam_packages.errors import UsageError
from provisioning.demo.site import Site, plan_site
from provisioning.demo.stages import DemoError, Stages
from provisioning.demo.video import make_video

MOST_CANDIDATES = 40


@click.command()
@click.option("--auto", is_flag=True, help="Scripted candidates; needs no terminal.")
@click.option(
    "--candidates",
    type=click.IntRange(1, MOST_CANDIDATES),
    default=1,
    show_default=True,
    help="How many sit at once (with --auto).",
)
@click.option(
    "--kill-at",
    type=click.IntRange(0),
    default=0,
    help="Kill the screen at this answer and the agent at the next (with --auto).",
)
@click.option("--hall-down", is_flag=True, help="Second half without the hall (with --auto).")
@click.option(
    "--hall-dies", is_flag=True, help="Kill the hall; a standby takes over (with --auto)."
)
@click.option(
    "--bad-day",
    is_flag=True,
    help="Everything fails that can, beside the console; with --auto nobody is waited for.",
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-site"),
    show_default=True,
    help="Where the throwaway site is made.",
)
def demo(
    auto: bool,
    candidates: int,
    kill_at: int,
    hall_down: bool,
    hall_dies: bool,
    bad_day: bool,
    directory: Path,
) -> None:
    """Make a throwaway body, hall and station; sit the sample exam; score it.

    Without --auto you are the candidate, in this terminal.
    """
    if not auto and (candidates > 1 or kill_at or hall_down or hall_dies):
        raise UsageError("--candidates, --kill-at, --hall-down and --hall-dies belong to --auto.")
    if hall_down and hall_dies:
        raise UsageError("Choose --hall-down or --hall-dies: the hall comes back, or it does not.")
    if bad_day and (candidates > 1 or kill_at or hall_down or hall_dies):
        raise UsageError("--bad-day has candidates and faults of its own; give --auto at most.")
    stages = Stages()
    if bad_day:
        _need_pyte()
        from provisioning.demo.badday import CANDIDATES, BadDay

        site = _site(directory, CANDIDATES)
        site.standby = site.two_people = site.neighbours = True
        BadDay(site, stages, watched=not auto).run()
        click.echo(f"\nAll {stages.count} stages held.")
        return
    if auto:
        _need_pyte()
        from provisioning.demo.auto import AutoRun, Faults

        site = _site(directory, candidates)
        site.standby = hall_dies
        AutoRun(site, Faults(kill_at, hall_down, hall_dies), stages).run()
        click.echo(f"\nAll {stages.count} stages held.")
        return
    from provisioning.demo.interactive import sit

    sit(directory, stages)


def _need_pyte() -> None:
    if find_spec("pyte") is None:
        raise DemoError(
            "The scripted candidates need the package pyte to read their screens; install "
            "it with: pip install 'exam-kiosk[demo]'"
        )


def _site(directory: Path, candidates: int) -> Site:
    """A site for scripted candidates, who look at a test picture's camera."""
    site = plan_site(directory, candidates, "")
    site.camera = str(site.directory / "test-picture.avi")
    make_video(Path(site.camera))
    return site
