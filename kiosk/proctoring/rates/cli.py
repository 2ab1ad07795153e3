"""``exam-kiosk proctoring``: the detectors' error rates, measured on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

_DIRECTORY = click.Path(path_type=Path, file_okay=False, exists=True)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def proctoring() -> None:
    """What the camera's detectors say, and how often they err."""


@proctoring.command()
@click.option("--frames", default=100, show_default=True, help="Frames of each condition; 0: none.")
@click.option("--films", default=10, show_default=True, help="Films of each condition; 0: none.")
@click.option("--faces", type=_DIRECTORY, help="Pictures of one face each, instead of drawn ones.")
@click.option(
    "--pictures",
    "folder",
    type=_DIRECTORY,
    help="Labelled pictures: folders named 0, 1, 2 … after the number of faces to be seen.",
)
@click.option("--yunet", type=_FILE, help="A YuNet model to measure instead of the cascade.")
@click.option("--checksum", default="", help="Its SHA-256.")
@click.option("--into", type=_FILE, help="A document whose tables are replaced; else printed.")
def rates(
    frames: int,
    films: int,
    faces: Path | None,
    folder: Path | None,
    yunet: Path | None,
    checksum: str,
    into: Path | None,
) -> None:
    """Measure every detector on every condition, with n and 95 % intervals.

    With --faces, only the counting of faces is measured, on those pictures put into drawn
    rooms. With --pictures, only those pictures, as they are.
    """
    import cv2

    from kiosk.proctoring.detectors import faces as counters
    from kiosk.proctoring.rates import conditions, measure, tables
    from kiosk.proctoring.rates.faces import crops, drawn

    cv2.setNumThreads(1)
    count = counters.yunet(yunet, checksum) if yunet is not None else counters.cascade()

    found: list[tuple[str, str]] = []

    def add(name: str, table: str) -> None:
        found.append((name, table))
        if into is None:
            click.echo(f"\n{name}\n\n{table}")

    if folder is not None:
        given = measure.labelled(folder)
        with telling("pictures", sum(map(len, given.values()))) as tell:
            table = tables.counted(measure.count_labelled(given, count, tell))
        add("pictures", table)
    elif faces is not None:
        draw, many = crops(faces)
        with telling(f"{many} faces", frames * len(conditions.FACES)) as tell:
            rows = measure.count_faces(conditions.FACES, draw, count, frames, tell)
            table = tables.counted(rows)
        add("given faces", table)
    else:
        for name, drawn_as in (
            ("one face", conditions.FACES),
            ("several faces", conditions.COUNTS),
        ):
            if frames:
                with telling(name, frames * len(drawn_as)) as tell:
                    rows = measure.count_faces(drawn_as, drawn, count, frames, tell)
                    table = tables.counted(rows)
                add(name, table)
        if films:
            with telling("films", films * len(conditions.FILMS)) as tell:
                seen = measure.watch_films(conditions.FILMS, drawn, count, films, tell)
                table = tables.filmed(seen)
            add("films", table)
    if into is not None:
        tables.put(into, found)


@contextmanager
def telling(what: str, steps: int) -> Iterator[Callable[[str], None]]:
    """How far it is, on standard error: a bar with the time left at a terminal, elsewhere a line
    for each condition once something of it is measured."""
    if sys.stderr.isatty():
        with click.progressbar(
            length=steps, label=what, width=0, file=sys.stderr, item_show_func=lambda name: name
        ) as bar:
            yield lambda name: bar.update(1, name)
        return
    told: set[str] = set()

    def tell(name: str) -> None:
        if name not in told:
            told.add(name)
            click.echo(f"{what}: {name}", err=True)

    yield tell
