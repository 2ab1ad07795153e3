"""Commands for whoever watches the body's log: ``exam-kiosk log``. No key, no account."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import UsageError
from exam_packages.sealing.log_files import LogDirectory
from exam_packages.sealing.log_proof import verify_checkpoint
from exam_packages.sealing.receipt import Receipt, read_receipt
from exam_packages.sealing.tiles import TileTree
from exam_packages.sealing.trust import Trust
from exam_packages.sealing.trust_root import MAX_ROOT_SIZE
from sync.log.audit import Audit, Memory, Source, audit
from sync.log.site import LogSite

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_MAX_RECEIPT = 64 * 1024

_source = click.argument("source", metavar="URL|DIR")
_trust = click.option("--trust", "root", type=_FILE, required=True, help="The root of trust.")
_ca = click.option("--ca", type=_FILE, help="The authority of the site's certificate (PEM).")


@click.group()
def log() -> None:
    """Watch the body's log: that it only grows, and that nothing is missing."""


@log.command("audit")
@_source
@_trust
@click.option(
    "--memory",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where this watcher keeps every checkpoint it saw.",
)
@click.option("--receipt", "receipts", type=_FILE, multiple=True, help="Must be in the log.")
@click.option("--code", "codes", multiple=True, help="A hand-in code; must be in the log.")
@_ca
def audit_(
    source: str,
    root: Path,
    directory: Path,
    receipts: tuple[Path, ...],
    codes: tuple[str, ...],
    ca: Path | None,
) -> None:
    """Look at the log at URL (its prefix) or in DIR, and compare it with what was seen before.

    Ends with status 0 when the log is as it must be and has everything asked for.
    """
    trust = _believed(root)
    with _opened(source, ca) as reader:
        found = audit(
            reader,
            Memory(directory, trust),
            trust,
            now_s=SystemClock().wall_ns() // SECOND,
            receipts={str(path): _receipt(path, trust) for path in receipts},
            codes=codes,
        )
    click.echo(sentence(found))
    if found.missing:
        raise SystemExit(1)


@log.command("copy")
@_source
@_trust
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@_ca
def copy(source: str, root: Path, out: Path, ca: Path | None) -> None:
    """Copy the log to OUT as files (C2SP tlog-tiles), each compared with the signed head."""
    trust = _believed(root)
    with _opened(source, ca) as reader:
        text = reader.checkpoint()
        checkpoint = verify_checkpoint(text, trust)
        tree = TileTree(checkpoint, reader.tile)
        count = LogDirectory(out).write(checkpoint, text, tree.verified)
    click.echo(f"The log of {checkpoint.size} entries is in {out}; {count} files are new.")


def sentence(found: Audit) -> str:
    """What a look at the log showed, in words."""
    name, size = found.checkpoint.origin, found.checkpoint.size
    if found.before is None:
        words = f"The log “{name}” has {size} entries; it is seen here for the first time."
    else:
        words = f"The log “{name}” has {size} entries and continues the {found.before.size} seen."
    if found.kinds:
        words += " New: " + ", ".join(f"{count} {kind}" for kind, count in found.kinds) + "."
    if found.found:
        words += f" In it: {', '.join(found.found)}."
    if found.waiting:
        words += f" Not in it yet, and not due: {', '.join(found.waiting)}."
    if found.missing:
        words += (
            f" MISSING: {', '.join(found.missing)}. What was received more than a day ago must be "
            "in the log; tell the certification body, and keep the receipt."
        )
    return words


@contextlib.contextmanager
def _opened(source: str, ca: Path | None) -> Iterator[Source]:
    if "://" in source:
        with LogSite(source, ca) as site:
            yield site
    else:
        yield LogDirectory(Path(source))


def _believed(path: Path) -> Trust:
    with path.open("rb") as file:
        return Trust.first(file.read(MAX_ROOT_SIZE + 1), pinned=None)


def _receipt(path: Path, trust: Trust) -> Receipt:
    with path.open("rb") as file:
        data = file.read(_MAX_RECEIPT + 1)
    if len(data) > _MAX_RECEIPT:
        raise UsageError("{path} is too long for a receipt.", path=str(path))
    return read_receipt(data, trust)
