"""``exam-kiosk demo``: one exam there and back, on this machine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from exam_packages.errors import UsageError
from provisioning.demo.site import plan_site
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
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-site"),
    show_default=True,
    help="Where the throwaway site is made.",
)
def demo(
    auto: bool, candidates: int, kill_at: int, hall_down: bool, hall_dies: bool, directory: Path
) -> None:
    """Make a throwaway body, hall and station; sit the sample exam; score it.

    Without --auto you are the candidate, in this terminal.
    """
    if not auto and (candidates > 1 or kill_at or hall_down or hall_dies):
        raise UsageError("--candidates, --kill-at, --hall-down and --hall-dies belong to --auto.")
    if hall_down and hall_dies:
        raise UsageError("Choose --hall-down or --hall-dies: the hall comes back, or it does not.")
    stages = Stages()
    if auto:
        if find_spec("pyte") is None:
            raise DemoError(
                "The scripted candidates need the package pyte to read their screens; install "
                "it with: pip install 'exam-kiosk[demo]'"
            )
        from provisioning.demo.auto import AutoRun, Faults

        site = plan_site(directory, candidates, "")
        site.camera = str(site.directory / "test-picture.avi")
        make_video(Path(site.camera))
        site.standby = hall_dies
        AutoRun(site, Faults(kill_at, hall_down, hall_dies), stages).run()
        click.echo(f"\nAll {stages.count} stages held.")
        return
    from provisioning.demo.interactive import sit

    sit(directory, stages)
