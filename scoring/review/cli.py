"""The commands ``exam-kiosk review``: the desk of an appeals panel."""

from __future__ import annotations

from pathlib import Path

import click

from exam_packages.body import Body
from exam_packages.clock import SystemClock
from exam_packages.passphrases import Passphrases, media_option, passphrase_option
from scoring.review import reviewers
from scoring.review.app import ADDRESS, review_app
from scoring.review.attempt import integrity_key, open_attempt
from scoring.review.site import Desk, Site
from sync.web.server import Listener, bind, run

_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def review() -> None:
    """An attempt before an appeals panel: look, judge, hand on a case file."""


@review.command("appoint")
@click.argument("directory", type=_DIRECTORY)
@click.argument("name")
@click.option(
    "--reviewer-key",
    "key",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The reviewer's key file to make, on a medium of their own.",
)
@media_option
@passphrase_option
def appoint(
    directory: Path, name: str, key: Path, media: tuple[Path, ...], passphrases: Passphrases
) -> None:
    """Appoint NAME as a reviewer of the body in DIRECTORY. Root holders sign."""
    body = Body(directory, passphrases, media)
    passphrase = passphrases.new(f"the key of the reviewer {name}")
    made = reviewers.appoint(body, name, key, passphrase, SystemClock())
    click.echo(f"“{made.name}” may judge, with the key {made.key_id.hex()}: {key}")


@review.command("open")
@click.argument("directory", type=_DIRECTORY)
@click.argument("bundles", nargs=-1, required=True, type=_FILE)
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="What else belongs to them: a receipt, anchors, the grant. Several: once for each.",
)
@click.option(
    "--reviewer",
    "keys",
    multiple=True,
    type=_FILE,
    help="The key of a reviewer who sits here. Without one nothing can be judged.",
)
@click.option("--out", type=_DIRECTORY, help="Where case files are written.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Default: any free one.")
@media_option
@passphrase_option
def open_(
    directory: Path,
    bundles: tuple[Path, ...],
    beside: tuple[Path, ...],
    keys: tuple[Path, ...],
    out: Path | None,
    port: int,
    media: tuple[Path, ...],
    passphrases: Passphrases,
) -> None:
    """Open BUNDLES at the integrity desk in DIRECTORY, and show them in a browser here.

    Takes the integrity role's key, and the sittings' evidence keys for pictures. Opens no
    answer and no name. Prints an address that is good for one browser of this machine, and
    serves it until it is ended with Ctrl-C. Judgements go into a file beside each bundle.
    """
    clock = SystemClock()
    body = Body(directory, passphrases, media)
    integrity = integrity_key(body)
    seated = reviewers.seat(body, keys, passphrases)
    attempts = tuple(
        open_attempt(number, body, integrity, path, beside, clock)
        for number, path in enumerate(bundles, 1)
    )
    site = Site(Desk(body, attempts, seated, out, clock))
    listener = Listener(review_app(site), bind(ADDRESS, port), None)
    address = f"http://{ADDRESS}:{listener.port}/enter/{site.link}"
    run([listener], lambda: click.echo(f"Open this address in a browser here, once:\n{address}"))
