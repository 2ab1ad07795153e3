"""``exam-kiosk station devices`` and ``enrol-keyboards``: what is plugged in, and what belongs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from provisioning.devices.debugger import ptrace_scope
from provisioning.devices.keyboards import enrol, enrolled, keyboards
from provisioning.devices.screens import screens
from provisioning.devices.usb import usb_devices
from provisioning.station_home import StationHome

_HOME = click.Path(path_type=Path, file_okay=False, exists=True)
_SCOPES = {
    None: "not limited by Yama",
    0: "by any program of the same user",
    1: "by parents alone",
    2: "by administrators alone",
    3: "by nobody",
}


@click.group()
def station() -> None:
    """A candidate's workstation."""


@station.command("devices")
@click.argument("home", type=_HOME)
def station_devices(home: Path) -> None:
    """List the keyboards, screens and USB devices of the station in HOME."""
    own = enrolled(StationHome.load(home).enrolled_keyboards)
    left = Counter(own or ())
    for each in keyboards():
        if each.virtual:
            what = "virtual: a program makes its keys"
        elif left[each.identity]:
            left[each.identity] -= 1
            what = "enrolled"
        else:
            what = "not enrolled"
        click.echo(f"keyboard  {each.path}  {each.name}  {each.identity.ids}  ({what})")
    for identity in left.elements():
        click.echo(f"keyboard  {identity.ids}  (enrolled, and not connected)")
    for screen in screens():
        click.echo(f"screen    {screen}")
    for device in usb_devices():
        click.echo(f"USB       {device.words}")
    click.echo(f"debugging {_SCOPES.get(ptrace_scope(), 'unknown')}")


@station.command("enrol-keyboards")
@click.argument("home", type=_HOME)
def station_enrol_keyboards(home: Path) -> None:
    """Make the keyboards that are connected now those of the station in HOME.

    From then on another one, or the lack of one, stands in the record of every exam held here.
    """
    found = tuple(keyboards())
    enrol(StationHome.load(home).enrolled_keyboards, found)
    for each in found:
        click.echo(f"{each.name} ({each.identity.ids}) is enrolled.")
