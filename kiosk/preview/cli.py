"""The command ``exam-kiosk package preview``."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import click

from exam_packages import canon
from exam_packages.errors import UsageError
from exam_packages.files import make_directory, write_durably

MAX_PARTS = 512 * 1024 * 1024


@click.group()
def package() -> None:
    """Looking at papers."""


@package.command("preview")
@click.argument("what", metavar="FORM|SOURCE")
@click.option("--body", type=click.Path(file_okay=False), help="The body's directory of FORM.")
@click.option("--blueprint", type=click.Path(dir_okay=False), help="For SOURCE, as in draw.")
@click.option("--seed", help="For SOURCE: which form of it. Default: one that is drawn for this.")
@click.option(
    "--svg", type=click.Path(path_type=Path, file_okay=False), help="Write pictures there instead."
)
@click.option("--text", is_flag=True, help="Print the screens instead.")
@click.option("--size", default="120x36", show_default=True, help="Of pictures, in characters.")
def preview(
    what: str,
    body: str | None,
    blueprint: str | None,
    seed: str | None,
    svg: Path | None,
    text: bool,
    size: str,
) -> None:
    """Show a paper as the candidate will see it: on the candidate's own screen.

    With --body, FORM is a form that was drawn there; otherwise SOURCE is a test or bank, of
    which a form is drawn only to be looked at. No answer key is shown, and no answer is kept.
    """
    arguments = [what]
    for name, value in (("--body", body), ("--blueprint", blueprint), ("--seed", seed)):
        if value is not None:
            arguments += [name, value]
    width, height = _size(size)
    if svg is None and not text:
        from kiosk.app import ready_terminal

        ready_terminal()
    parts = _read(arguments)
    if svg is None and not text:
        _show(parts)
    else:
        _draw(parts, (width, height), svg, text)


def _read(arguments: list[str]) -> dict[int, dict[str, bytes]]:
    """What a candidate may see, read by a process of its own: this one never has a key."""
    done = subprocess.run(
        [sys.executable, "-m", "exam_packages.preview", *arguments],
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.returncode)  # it has said why
    kind = tuple[tuple[int, str, bytes], ...]
    blobs: tuple[tuple[int, str, bytes], ...] = canon.unpack(done.stdout, kind, max_size=MAX_PARTS)
    parts: dict[int, dict[str, bytes]] = {}
    for part, name, data in blobs:
        parts.setdefault(part, {})[name] = data
    return parts


def _show(parts: dict[int, dict[str, bytes]]) -> None:
    from kiosk.preview.client import Preview

    client = Preview(parts)
    client.run()
    if client.return_code:
        sys.exit(client.return_code)


def _draw(
    parts: dict[int, dict[str, bytes]], size: tuple[int, int], svg: Path | None, text: bool
) -> None:
    from kiosk.preview.pictures import Shot, shoot

    if svg is not None:
        make_directory(svg, 0o700)

    def take(shot: Shot) -> None:
        if svg is not None:
            path = svg / f"{shot.name}.svg"
            write_durably(path, shot.svg.encode(), mode=0o600)
            if not text:
                click.echo(str(path))
        if text:
            click.echo(f"── {shot.name}\n{shot.text}\n")

    asyncio.run(shoot(parts, take, size))


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9][0-9]{1,2})[x×]([1-9][0-9]{1,2})", text)
    if found is None or int(found[1]) < 80 or int(found[2]) < 24:
        raise UsageError("“{text}” is no size; write it like 120x36, at least 80x24.", text=text)
    return int(found[1]), int(found[2])
