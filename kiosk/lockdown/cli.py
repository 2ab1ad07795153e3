"""``exam-kiosk keywatch``: the watch over a station's keyboards, and its unit for systemd."""

from __future__ import annotations

import grp
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import click

from kiosk.ipc.keywatch import SOCKET
from kiosk.lockdown.keywatch import KeyWatch, KeyWatchError
from kiosk.lockdown.listeners import kernel, x_server
from provisioning.devices.keyboards import keyboards

KERNEL, X, AUTO = "kernel", "x", "auto"
UNIT = "exam-keywatch.service"


@click.group()
def keywatch() -> None:
    """Watch the keyboards of a station. It sees and tells, and blocks nothing."""


@keywatch.command("run")
@click.option("--socket", type=click.Path(path_type=Path, dir_okay=False), default=Path(SOCKET))
@click.option("--group", default="", help="The agent's group: it alone may listen.")
@click.option(
    "--backend",
    type=click.Choice([KERNEL, X, AUTO]),
    default=KERNEL,
    help="The kernel's keyboards (needs root), or an X server's; auto: X where DISPLAY is set.",
)
def run(socket: Path, group: str, backend: str) -> None:
    """Tell the agent what kinds of forbidden key combinations are pressed, until told to end.

    Never which keys, and never a character.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    through_x = backend == X or (backend == AUTO and bool(os.environ.get("DISPLAY")))
    ears = x_server() if through_x else kernel()
    present: Callable[[], Sequence[str]] = _of_x if through_x else _of_kernel
    watch = KeyWatch(ears, present, socket, group=_group(group))
    watch.open()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watch.stop())
    watch.run()


@keywatch.command("unit")
def unit() -> None:
    """Print the unit for systemd; it belongs in /etc/systemd/system/exam-keywatch.service."""
    text = files("kiosk.lockdown").joinpath(UNIT).read_text(encoding="utf-8")
    program = Path(sys.argv[0]).resolve()
    click.echo(text.replace("@EXAM_KIOSK@", str(program)), nl=False)


def _of_kernel() -> list[str]:
    # What a program makes is watched too: it types like any other.
    return [str(each.path) for each in keyboards()]


def _of_x() -> list[str]:
    return ["x"]


def _group(name: str) -> int | None:
    if not name:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise KeyWatchError(
            "There is no group “{group}” on this machine; name the group that the agent runs as.",
            group=name,
        ) from None
