"""Painting a picture: in half cells, in sixel, by kitty's protocol; beside a bare write of the
same bytes into the same pseudo-terminal, which somebody reads. One run, ratios printed."""

from __future__ import annotations

import os
import pty
import threading
import time
import tty
from collections.abc import Callable

from PIL import Image
from textual.style import Style

from kiosk.graphics import kitty, sixel
from kiosk.widgets.picture import half_cells

COLUMNS, ROWS, CELL = 80, 24, (8, 16)
TIMES = 12


def drawing() -> Image.Image:
    """Like what items show: areas of a few colours, with soft edges."""
    image = Image.new("RGB", (600, 400), "white")
    for number in range(40):
        left, top = number * 53 % 560, number * 37 % 370
        colour = (number * 61 % 256, number * 29 % 256, number * 97 % 256)
        image.paste(colour, (left, top, left + 40, top + 30))
    return image


def photograph() -> Image.Image:
    """The worst there is: noise laid over a slope."""
    noise = Image.effect_noise((600, 400), 60)
    return Image.merge("RGB", (noise, Image.linear_gradient("L").resize((600, 400)), noise))


def best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print what each way costs."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    threading.Thread(target=_read, args=(master,), daemon=True).start()

    def write(data: str) -> None:
        raw = data.encode()
        while raw:
            raw = raw[os.write(slave, raw) :]

    def cells(image: Image.Image) -> str:
        small = image.resize((COLUMNS, ROWS * 2), Image.Resampling.LANCZOS)
        plain = Style()
        lines = [line.render_segments(plain) for line in half_cells(small)]
        return "\n".join(
            "".join(part.style.render(part.text) if part.style else part.text for part in line)
            for line in lines
        )

    def fine(image: Image.Image) -> Image.Image:
        size = COLUMNS * CELL[0], ROWS * CELL[1]
        return image.resize(size, Image.Resampling.LANCZOS)

    ways: dict[str, Callable[[Image.Image], str]] = {
        "half cells": cells,
        "sixel": lambda image: sixel.encode(fine(image)),
        "kitty": lambda image: kitty.encode(fine(image), COLUMNS, ROWS),
    }
    print(f"one picture in {COLUMNS}×{ROWS} cells, best of {TIMES}")
    print(f"{'':24} {'bytes':>9} {'made and written':>17} {'bare write':>11} {'ratio':>7}")
    for what, image in (("drawing", drawing()), ("photograph", photograph())):
        for name, way in ways.items():
            data = way(image)
            made = best(lambda way=way, image=image: write(way(image)))
            bare = best(lambda data=data: write(data))
            label = f"{what}, {name}"
            figures = f"{len(data.encode()):9} {made * 1e3:14.1f} ms {bare * 1e3:8.2f} ms"
            print(f"{label:24} {figures} {made / bare:7.1f}")


def _read(master: int) -> None:
    while os.read(master, 1 << 16):
        pass


if __name__ == "__main__":
    main()
