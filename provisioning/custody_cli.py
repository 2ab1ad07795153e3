"""Commands for keys in custody, of the group ``body``: passphrases, custodians, rehearsals."""

from __future__ import annotations

from pathlib import Path

import click

from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.keys import protect_again

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("passphrase")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True, type=_FILE)
@click.option("--new-passphrase-file", "new", type=_FILE, help="Holds the new one. Default: asked.")
@passphrase_option
def passphrase(keys: tuple[Path, ...], new: Path | None, passphrases: Passphrases) -> None:
    """Put the key files KEY under another passphrase: yours, when you are handed a key.

    Copies keep the passphrase they were made under: destroy them, or change them too.
    """
    target = Passphrases([new] if new is not None else []).new("the keys")
    for path in keys:
        protect_again(path, passphrases.for_key, target)
        click.echo(f"Under the new passphrase: {path}")
