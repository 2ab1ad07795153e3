"""Commands for keys in custody, of the group ``body``: passphrases, custodians, rehearsals."""

from __future__ import annotations

from pathlib import Path

import click

from exam_packages import custody as keeping
from exam_packages.body import Body
from exam_packages.clock import SystemClock
from exam_packages.errors import UsageError
from exam_packages.files import write_durably
from exam_packages.passphrases import Passphrases, media_option, passphrase_option
from exam_packages.sealing.keys import protect_again, read_sealing_key, write_sealing_key
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.trust_root import OPENING_ROLES

_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_new_option = click.option(
    "--new-passphrase-file",
    "new",
    type=_FILE,
    help="Holds the passphrase of what is written. Default: asked.",
)


@click.command("passphrase")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True, type=_FILE)
@click.option("--new-passphrase-file", "new", type=_FILE, help="Holds the new one. Default: asked.")
@passphrase_option
def passphrase(keys: tuple[Path, ...], new: Path | None, passphrases: Passphrases) -> None:
    """Put the key files KEY under another passphrase: yours, when you are handed a key.

    Copies keep the passphrase they were made under: destroy them, or change them too.
    """
    target = _new_passphrase(new, "These keys")
    for path in keys:
        protect_again(path, passphrases.for_key, target)
        click.echo(f"Under the new passphrase: {path}")


@click.group("custodian")
def custodian() -> None:
    """Three people of whom any two can bring back a lost key or code."""


@custodian.command("add")
@click.argument("directory", type=_DIRECTORY)
@click.argument("name")
@click.option("--key", type=_FILE, required=True, help="Their key, on their own medium.")
@click.option(
    "--root-key", "media", type=_FILE, multiple=True, help="A root holder's key, on its medium."
)
@_new_option
@passphrase_option
def custodian_add(
    directory: Path,
    name: str,
    key: Path,
    media: tuple[Path, ...],
    new: Path | None,
    passphrases: Passphrases,
) -> None:
    """Appoint NAME a custodian of the body in DIRECTORY. They choose the passphrase."""
    body = Body(directory, passphrases, media)
    made = keeping.add_custodian(body, name, key, _new_passphrase(new, f"The key of {name}"))
    click.echo(f"{name} is a custodian; their key {made.public.key_id.hex()} lies at {key}.")


@click.command("custody")
@click.argument("directory", type=_DIRECTORY)
@media_option
@passphrase_option
def custody(directory: Path, media: tuple[Path, ...], passphrases: Passphrases) -> None:
    """Seal every opening key to the three custodians: any two recover it, one learns nothing.

    From then on the codes of each new grant are kept in the same way. Do this again after a
    change of custodians, of opening keys or of root keys.
    """
    for path in keeping.keep_openings(Body(directory, passphrases, media)):
        click.echo(f"In custody: {path}")


@click.command("recover")
@click.argument("directory", type=_DIRECTORY)
@click.argument("what")
@click.option(
    "--custodian", "keys", type=_FILE, multiple=True, required=True, help="Twice: their key files."
)
@click.option("--out", type=_FILE, required=True, help="Where the key or the code goes.")
@_new_option
@passphrase_option
def recover(
    directory: Path,
    what: str,
    keys: tuple[Path, ...],
    out: Path,
    new: Path | None,
    passphrases: Passphrases,
) -> None:
    """Bring back WHAT is in custody, by two custodians: scoring, integrity, registrar, a code.

    A code is called as `package grant` said, without “.custody”. Needs no key of the body.
    """
    if out.exists():
        raise UsageError("There is something at {path} already; it is not replaced.", path=str(out))
    held = [read_sealing_key(path, passphrases.for_key) for path in keys]
    body = Body(directory)
    if what in OPENING_ROLES:
        key = keeping.recover_opening(body, what, held)
        write_sealing_key(out, key, _new_passphrase(new, f"The recovered key “{what}”"))
    else:
        write_durably(out, f"{keeping.recover_code(body, what, held)}\n".encode(), mode=0o600)
    click.echo(f"Recovered “{what}”: {out}")


@click.command("rehearse")
@click.argument("directory", type=_DIRECTORY)
@click.option("--key", "media", type=_FILE, multiple=True, help="An opening key on its medium.")
@click.option(
    "--recovered", type=_FILE, multiple=True, help="Also open with this key, which was recovered."
)
@passphrase_option
def rehearse(
    directory: Path,
    media: tuple[Path, ...],
    recovered: tuple[Path, ...],
    passphrases: Passphrases,
) -> None:
    """Seal a practice exam to the opening keys of the body in DIRECTORY, and open it.

    No release code is given out unless this was done in the last 30 days, with the keys that
    the root of trust names now.
    """
    from exam_packages.rehearsal import rehearse as hold

    held, back = (
        [read_sealing_key(path, passphrases.for_key) for path in paths]
        for paths in (media, recovered)
    )
    found = hold(Body(directory, passphrases), SystemClock(), media=held, recovered=back)
    for opened in found.opened:
        again = ", recovered" if opened.recovered else ""
        click.echo(f"The practice exam was opened by {opened.role}, {opened.key_id.hex()}{again}.")


@click.command("transcript")
@click.argument("directory", type=_DIRECTORY)
@click.option("--out", type=_FILE, required=True, help="The text file to write, print and sign.")
def transcript(directory: Path, out: Path) -> None:
    """Write what a key ceremony made in DIRECTORY, for those present to sign. No secrets."""
    from provisioning.transcript import transcript as write

    write_durably(out, write(Body(directory), SystemClock()).encode())
    click.echo(f"Print it, compare it with what was seen, and sign it: {out}")


def _new_passphrase(file: Path | None, what: str) -> Passphrase:
    return Passphrases([] if file is None else [file]).new(what)


COMMANDS = (passphrase, custodian, custody, recover, rehearse, transcript)
