"""``exam-kiosk station order``: with no hall left, the chief orders at the seat.

A command and not a screen: the candidate's screen must not be where a passphrase is typed, and
a second terminal (a console of the machine, or SSH) is there when a hall is not.
"""

from __future__ import annotations

import time
from pathlib import Path

import click

from exam_packages.passphrases import Passphrases, passphrase_option

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def station() -> None:
    """A candidate's workstation."""


@station.command()
@click.argument("home", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("what", type=click.Choice(["admit", "pause", "resume", "add-time", "stop"]))
@click.option("--minutes", type=click.IntRange(-240, 240), default=0, help="For add-time.")
@click.option("--key", type=_FILE, required=True, help="The chief's key.")
@click.option("--chief", "record", type=_FILE, required=True, help="The body's record of it.")
@click.option("--reason", default="technical.hall", show_default=True)
@click.option("--comment", default="")
@passphrase_option
def order(
    home: Path,
    what: str,
    minutes: int,
    key: Path,
    record: Path,
    reason: str,
    comment: str,
    passphrases: Passphrases,
) -> None:
    """With no hall left: order WHAT for the exam at the station in HOME, with the chief's key.

    The agent must run. From then on this station obeys that key, until command is given to a
    hall again with `hall command`.
    """
    from exam_packages.attempt.commands import AddTime, Admit, Order, Pause, Resume, Stop
    from exam_packages.sealing.keys import read_signing_key
    from exam_packages.sealing.mandate import MAX_MANDATE
    from kiosk.agent.shelf import attempts
    from provisioning.station_home import StationHome
    from sync.halls import Halls
    from sync.seat_orders import OrdersError, give

    orders: dict[str, Order] = {
        "admit": Admit(minutes * 60),
        "pause": Pause(),
        "resume": Resume(),
        "add-time": AddTime(minutes * 60),
        "stop": Stop(),
    }
    if (what == "add-time") != bool(minutes) and what != "admit":
        raise click.UsageError("--minutes goes with add-time, and add-time with --minutes.")
    machine = StationHome.load(home)
    urls = (machine.hall_url, *machine.standby_urls)
    halls = Halls(urls, machine.centre, machine.trust(), machine.halls_path)
    open_now = [
        (each, found)
        for each in attempts(machine.attempts)
        if not each.handed_in(found := each.recover()) and found.frames
    ]
    if len(open_now) != 1:
        raise OrdersError("No exam is open at this station.")
    ((directory, recovered),) = open_now
    give(
        machine.orders,
        halls,
        read_signing_key(key, passphrases.for_key),
        record.read_bytes()[: MAX_MANDATE + 1],
        directory.blind_id,
        recovered.epoch,
        orders[what],
        reason=reason,
        comment=comment,
        time_ns=time.time_ns(),
    )
    click.echo("The order is with the agent: look at the screen.")
