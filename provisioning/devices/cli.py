"""``exam-kiosk station cameras`` and ``enrol-camera``: which cameras there are, and whose."""

from __future__ import annotations

from pathlib import Path

import click

from provisioning.devices.camera import CameraError, cameras, enrol, enrolled, holders, look
from provisioning.station_home import StationHome

_HOME = click.Path(path_type=Path, file_okay=False, exists=True)


@click.group()
def station() -> None:
    """A candidate's workstation."""


@station.command("cameras")
@click.argument("home", type=_HOME)
def station_cameras(home: Path) -> None:
    """List the cameras of this machine, and which one is enrolled for the station in HOME."""
    own = enrolled(StationHome.load(home).enrolled_camera)
    found = list(cameras())
    for camera in found:
        of = camera.identity
        if camera.virtual:
            what = "virtual: a program makes its pictures"
        elif own is not None and own.same(of):
            what = "enrolled"
        else:
            what = "another camera than the enrolled one" if own is not None else "not enrolled"
        click.echo(f"{camera.path}  {camera.name}  ({what})")
        click.echo(f"    driver {of.driver}, bus {of.bus or '–'}")
        click.echo(f"    USB {of.ids or '–'}, serial {of.serial or '–'}")
        if busy := holders(camera.path):
            click.echo(f"    in use by {', '.join(busy)}")
    if not found:
        click.echo("There is no camera that this user may open.")
    if own is not None and not any(own.same(camera.identity) for camera in found):
        click.echo(f"The enrolled camera ({own.ids or own.driver}, serial {own.serial}) is absent.")


@station.command("enrol-camera")
@click.argument("home", type=_HOME)
@click.argument("device", type=click.Path(path_type=Path, dir_okay=False))
def station_enrol_camera(home: Path, device: Path) -> None:
    """Make DEVICE, like /dev/video0, the camera of the station in HOME.

    Where an exam's rules refuse other cameras, this one alone takes pictures; elsewhere another
    is used, and every picture says so.
    """
    machine = StationHome.load(home)
    camera = look(device)
    if not camera.captures:
        raise CameraError(
            "{device} gives no pictures; a camera has several devices, `station cameras` lists "
            "the right ones.",
            device=str(device),
        )
    enrol(machine.enrolled_camera, camera)
    click.echo(f"{camera.name} ({camera.identity.ids or camera.identity.driver}) is enrolled.")
