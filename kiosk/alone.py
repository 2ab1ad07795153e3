"""``exam-kiosk alone``: the hall inside the station's own machine."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from pathlib import Path

import click

from exam_packages.errors import ExamError

_HOME = click.Path(exists=True, file_okay=False, path_type=Path)
_HALL = "from sync.hall.cli import hall; hall()"
_END_S = 15
_PR_SET_PDEATHSIG = 1


class AloneError(ExamError):
    """The hall did not start beside the station."""


def _end_with_us() -> None:
    """In the child: the kernel ends it when this process is gone, however that came about."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@click.command()
@click.argument("station", type=_HOME)
@click.argument("hall", type=_HOME)
def alone(station: Path, hall: Path) -> None:
    """Run the hall in HALL and the agent of STATION on one machine, until told to end.

    The screen is started as usual. "Safe in the hall" then means this same disk.
    """
    from kiosk.agent.main import run

    child = subprocess.Popen(
        [sys.executable, "-c", _HALL, "serve", str(hall)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_end_with_us,
    )
    try:
        line = child.stdout.readline() if child.stdout is not None else ""
        if not line:
            raise AloneError("The hall in {home} did not start; see what it said.", home=str(hall))
        click.echo(line.strip())
        run(station)
    finally:
        child.terminate()
        try:
            child.wait(_END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()
