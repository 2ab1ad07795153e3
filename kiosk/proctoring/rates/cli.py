"""``exam-kiosk proctoring``: the detectors' error rates, measured on this machine."""

from __future__ import annotations

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

    def tell(name: str) -> None:
        click.echo(f"  {name}", err=True)

    if folder is not None:
        found = [("pictures", tables.counted(measure.count_folder(folder, count)))]
    elif faces is not None:
        draw, many = crops(faces)
        tell(f"{many} faces")
        rows = measure.count_faces(conditions.FACES, draw, count, frames, tell)
        found = [("given faces", tables.counted(rows))]
    else:
        found = []
        if frames:
            for name, given in (
                ("one face", conditions.FACES),
                ("several faces", conditions.COUNTS),
            ):
                rows = measure.count_faces(given, drawn, count, frames, tell)
                found.append((name, tables.counted(rows)))
        if films:
            seen = measure.watch_films(conditions.FILMS, drawn, count, films, tell)
            found.append(("films", tables.filmed(seen)))
    if into is not None:
        tables.put(into, found)
        return
    for name, table in found:
        click.echo(f"\n{name}\n\n{table}")
