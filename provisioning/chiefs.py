"""The chief's key: made at the chief's desk, named by the body, used when a hall dies.

::

    exam-kiosk body chief-key KEY --name NAME --centre CENTRE --out REQUEST   at the chief's desk
    exam-kiosk body chief DIRECTORY REQUEST --out RECORD                       at the body
    exam-kiosk hall command HOME --key KEY --chief RECORD                      at the standby

The key lies on a medium of the chief's, under their passphrase, and never in a hall's home.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click

from exam_packages import canon
from exam_packages.body import Body
from exam_packages.canon import Text
from exam_packages.clock import SECOND
from exam_packages.files import write_durably
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.keys import read_signing_key, write_signing_key
from exam_packages.sealing.mandate import (
    MAX_MANDATE,
    Chief,
    Mandate,
    MandateError,
    read_chief,
    sign_chief,
    sign_mandate,
)
from exam_packages.sealing.signed import read_signed, sign, verify
from exam_packages.sealing.suite import SigningKey, VerifyKey
from exam_packages.sealing.trust import ENROLMENT
from sync.hall.command import Command
from sync.hall.home import HallHome
from sync.hall.schema import open_store

CHIEF_DAYS: Final = 365
_REQUEST_KIND: Final = "exam-kiosk/chief-request/v1"
_DAY_S: Final = 86_400
_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


class ChiefRequest(canon.Object):
    """Who asks to be named chief of which centre, and the public half of their key."""

    name: Text
    centre: Text
    ed25519: bytes


def request_chief(key: SigningKey, name: str, centre: str) -> bytes:
    """What a chief sends to the body: signed, to prove that they hold the key."""
    request = ChiefRequest(name, centre, key.public.ed25519)
    return sign(_REQUEST_KIND, canon.pack(request), [key])


def name_chief(body: Body, data: bytes, now_s: int) -> tuple[ChiefRequest, bytes]:
    """The body's signed word about the chief who made this request.

    Whether it is them is for the person who runs this to know. Raises an ``ExamError``.
    """
    signed = read_signed(data, _REQUEST_KIND, max_size=MAX_MANDATE)
    request: ChiefRequest = canon.unpack(signed.body, ChiefRequest, max_size=MAX_MANDATE)
    verify(data, _REQUEST_KIND, [VerifyKey(request.ed25519, b"")], max_size=MAX_MANDATE)
    chief = Chief(request.name, request.centre, request.ed25519, now_s, now_s + CHIEF_DAYS * _DAY_S)
    record = sign_chief(chief, [body.signing_key(ENROLMENT)])
    read_chief(record, body.trust(), now_s=now_s)
    return request, record


def give_command(
    home: HallHome, key: SigningKey, chief: bytes, reason: str, comment: str, time_ns: int
) -> tuple[int, bytes]:
    """Give command to the hall in *home*, in the turn after the last one known there: the
    turn, and the signed act. The hall need not run. Raises an ``ExamError``."""
    trust = home.trust()
    if read_chief(chief, trust, now_s=time_ns // SECOND).key_id != key.key_id:
        raise MandateError("The body's record is about another key than this one.")
    store = open_store(home.directory)
    try:
        own = home.enrolment()
        command = Command(store, own.verify_key, home.centre, standby=home.standby)
        turn = command.term + 1
        mandate = Mandate(home.centre, turn, own.key_id, chief, reason, comment, time_ns // SECOND)
        signed = sign_mandate(mandate, key)
        command.take(signed, trust, time_ns)
    finally:
        store.close()
    return turn, signed


@click.command("chief-key")
@click.argument("key", type=_FILE)
@click.option("--name", required=True, help="Whose key it is.")
@click.option("--centre", required=True, help="The centre they are chief of.")
@click.option("--out", type=_FILE, required=True, help="The request to send to the body.")
@passphrase_option
def chief_key(key: Path, name: str, centre: str, out: Path, passphrases: Passphrases) -> None:
    """Make KEY, the key of a chief invigilator, at their own desk.

    It stays on their medium, under their passphrase. With it they give command to another
    hall of the centre when one has died.
    """
    made = SigningKey.generate(pair=False)
    write_signing_key(key, made, passphrases.new(f"The key {key.name}"))
    write_durably(out, request_chief(made, name, centre))
    click.echo(f"The key {made.key_id.hex()} lies at {key}.")
    click.echo(f"Send this request to the certification body: {out}")


@click.command("chief")
@click.argument("directory", type=_DIRECTORY)
@click.argument("request", type=_FILE)
@click.option("--out", type=_FILE, required=True, help="The record for the chief.")
@passphrase_option
def chief(directory: Path, request: Path, out: Path, passphrases: Passphrases) -> None:
    """Name the chief whose REQUEST you have checked: they may say who commands."""
    at = Body(directory, passphrases)
    asked, record = name_chief(at, _bounded(request), time.time_ns() // SECOND)
    write_durably(out, record)
    click.echo(f"“{asked.name}” is a chief of the centre “{asked.centre}”: {out}")


@click.command("command")
@click.argument("home", type=_DIRECTORY)
@click.option("--key", type=_FILE, required=True, help="The chief's key.")
@click.option("--chief", "record", type=_FILE, required=True, help="The body's record of it.")
@click.option("--reason", default="technical.hall", show_default=True)
@click.option("--comment", default="")
@click.option("--out", type=_FILE, help="Write the signed act here, too.")
@passphrase_option
def command(
    home: Path,
    key: Path,
    record: Path,
    reason: str,
    comment: str,
    out: Path | None,
    passphrases: Passphrases,
) -> None:
    """Give command to the hall in HOME, whether it runs or not.

    From then on stations that hear of it obey this hall alone; the one that commanded before
    is deposed as soon as it hears of it, and becomes the standby.
    """
    signing = read_signing_key(key, passphrases.for_key)
    machine = HallHome.load(home)
    turn, signed = give_command(machine, signing, _bounded(record), reason, comment, time.time_ns())
    if out is not None:
        write_durably(out, signed)
    click.echo(f"The hall “{machine.id}” commands the centre “{machine.centre}” (turn {turn}).")


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_MANDATE + 1)
