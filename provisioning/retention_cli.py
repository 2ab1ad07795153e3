"""Commands about keeping and destroying pictures, of the group ``body``: ``retention``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from exam_packages import holds as desk
from exam_packages import retention as ending
from exam_packages.body import Body
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import UsageError
from exam_packages.files import make_directory, write_durably
from exam_packages.passphrases import Passphrases, passphrase_option
from exam_packages.sealing.retention import CAUSES, Deletion, Hold, Lifting

_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


def _said(command: Callable[..., Any]) -> Callable[..., Any]:
    """Who says so and why: what every entry of the register holds."""
    command = click.option("--by", required=True, help="Who asked for it.")(command)
    return click.option("--reason", required=True, help="One line, such as a file number.")(command)


@click.group("retention")
def retention() -> None:
    """How long pictures are kept: held back, destroyed by key, certified."""


@retention.command("list")
@click.argument("directory", type=_DIRECTORY)
def list_(directory: Path) -> None:
    """Say which sittings' pictures are due, what is held, and what was destroyed."""
    body, now_s = Body(directory), SystemClock().wall_ns() // SECOND
    register = desk.register(body)
    for each in ending.due(body):
        facts, due_s = each.key.facts, each.key.facts.policy.due_s
        click.echo(
            f"{each.key.key_id.hex()}  {facts.sitting.slot}, {facts.sitting.centre}"
            f"{', preserved attempts' if facts.origin else ''}: "
            f"{'DUE since' if due_s <= now_s else 'until'} {_day(due_s)}"
        )
        for hold in each.holds:
            what = f"attempt {hold.attempts[0].hex()}" if hold.attempts else "everything"
            click.echo(f"    held by entry {hold.number}: {what}, {hold.why}, {hold.reason}")
    for key_id in ending.unfinished(body):
        click.echo(f"{key_id.hex()}  BEING DESTROYED: give `retention destroy` again.")
    for written in register.entries:
        click.echo(_line(written.entry) + ("" if written.believed else "  NOT SIGNED as today"))


@retention.command("hold")
@click.argument("directory", type=_DIRECTORY)
@click.option("--cause", type=click.Choice(sorted(CAUSES)), required=True)
@click.option("--key", help="The sitting's evidence key, as `list` prints it. Default: all.")
@click.option("--attempt", help="One attempt of it, as `exam-kiosk verify` prints it.")
@_said
@passphrase_option
def hold(
    directory: Path,
    cause: str,
    key: str | None,
    attempt: str | None,
    reason: str,
    by: str,
    passphrases: Passphrases,
) -> None:
    """Hold back pictures while an appeal, complaint or investigation is open.

    Root holders sign. A held attempt is preserved when the others' pictures are destroyed;
    while a whole sitting is held, none of it is.
    """
    made = desk.hold(
        Body(directory, passphrases),
        SystemClock(),
        cause,
        key=_id(key),
        attempt=_id(attempt),
        reason=reason,
        by=by,
    )
    click.echo(_line(made))


@retention.command("lift")
@click.argument("directory", type=_DIRECTORY)
@click.argument("number", type=click.IntRange(1))
@_said
@passphrase_option
def lift(directory: Path, number: int, reason: str, by: str, passphrases: Passphrases) -> None:
    """Lift the hold of entry NUMBER. Two root holders sign."""
    body = Body(directory, passphrases)
    click.echo(_line(desk.lift(body, SystemClock(), number, reason=reason, by=by)))


@retention.command("destroy")
@click.argument("directory", type=_DIRECTORY)
@click.argument("key")
@click.option(
    "--answers",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="What `exam-kiosk intake export` wrote, today: names what is destroyed.",
)
@click.option("--out", type=_FILE, required=True, help="The certificate of deletion to write.")
@passphrase_option
def destroy(
    directory: Path, key: str, answers: Path | None, out: Path, passphrases: Passphrases
) -> None:
    """Destroy the evidence key KEY: no key of the body opens its sitting's pictures any more.

    Takes the integrity role's key and two root holders'. Attempts that are held are preserved
    first, under a key of their own. Broken off, the same command finishes.
    """
    paths = None if answers is None else sorted(answers.glob("*.answers"))
    body = Body(directory, passphrases)
    done = ending.destroy(body, _id(key), paths, SystemClock())
    data = next(each.data for each in desk.register(body).entries if each.entry == done)
    make_directory(out.absolute().parent)
    write_durably(out, data)
    click.echo(_line(done))
    for preserved in done.preserved:
        click.echo(f"{len(preserved.attempts)} attempts are kept: {preserved.key.hex()}")
    if done.elsewhere:
        click.echo(
            f"{len(done.elsewhere)} attempts of the same package and centre have pictures under "
            "another key: nothing is certified of those."
        )
    click.echo(f"The certificate: {out}")


@click.command("pictures")
@click.argument("directory", type=_DIRECTORY)
@click.argument("bundle", type=_FILE)
@click.option("--out", type=_DIRECTORY, required=True, help="A new directory for the pictures.")
@passphrase_option
def pictures(directory: Path, bundle: Path, out: Path, passphrases: Passphrases) -> None:
    """Open the pictures in BUNDLE, for an appeals panel, with the integrity role's key."""
    from exam_packages.pictures import open_pictures
    from exam_packages.sealing.bundle import BundleFile, verify_bundle

    body = Body(directory, passphrases)
    file = BundleFile.open(bundle)
    verify_bundle(file, body.trust())
    if out.exists():
        raise UsageError("{path} is there already; name a new directory.", path=str(out))
    count = 0
    for picture in open_pictures(body, file):
        make_directory(out, 0o700)
        name = f"{picture.epoch:03}-{picture.number:06}-entry-{picture.entry}.jpg"
        write_durably(out / name, picture.data, mode=0o600)
        count += 1
    click.echo(f"Opened {count} pictures: {out}")


def _line(entry: Hold | Lifting | Deletion) -> str:
    """An entry of the register, in one line."""
    start = f"{entry.number:>4}  {_day(entry.time_s)}  "
    match entry:
        case Hold():
            what = f"attempt {entry.attempts[0].hex()}" if entry.attempts else "every attempt"
            where = f"of {entry.keys[0].hex()}" if entry.keys else "of every sitting"
            return f"{start}held: {what} {where}; {entry.why}, {entry.reason} ({entry.by})"
        case Lifting():
            return f"{start}lifted: entry {entry.hold}; {entry.reason} ({entry.by})"
        case Deletion():
            return (
                f"{start}destroyed: {entry.key.hex()}, {entry.sitting.slot}, "
                f"{entry.sitting.centre}: {entry.pictures} pictures of {len(entry.bundles)} "
                "attempts"
            )


def _id(text: str | None) -> bytes:
    try:
        value = bytes.fromhex(text or "")
    except ValueError:
        value = b"?"
    if len(value) not in (0, 16):
        raise UsageError("“{text}” is no id: 32 hexadecimal digits.", text=str(text)[:100])
    return value


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


COMMANDS = (retention, pictures)
