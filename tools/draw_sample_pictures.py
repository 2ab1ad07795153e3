"""Draws the pictures of the samples: `python tools/draw_sample_pictures.py`.

Needs the development dependency resvg-py and the font DejaVu Sans.
"""

from __future__ import annotations

from pathlib import Path

import resvg_py

SAMPLES = Path(__file__).parent.parent / "exam_packages/samples"

FOODS = [
    ("Cooked ham, covered", "A", "4.1 °C", "#e9a5a0", True),
    ("Raw chicken, open tray", "B", "4.4 °C", "#f1cfae", False),
    ("Washed salad, open bowl", "C", "4.6 °C", "#9ccb86", False),
    ("Raw fish, covered", "D", "3.8 °C", "#a8bfd0", True),
]
LOG = [
    (6.0, 3.0),
    (7.0, 3.2),
    (8.0, 3.5),
    (8.5, 4.0),
    (9.0, 5.0),
    (9.5, 7.0),
    (10.0, 8.5),
    (10.5, 9.0),
    (11.0, 7.5),
    (11.5, 5.0),
    (12.0, 4.0),
    (13.0, 3.2),
    (14.0, 3.0),
]


def text(x: float, y: float, words: str, size: int = 18, anchor: str = "start", **more: str) -> str:
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}"{extra}>{words}</text>'


def rect(x: float, y: float, width: float, height: float, fill: str, line: str = "#333") -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}"'
        f' stroke="{line}" stroke-width="2"/>'
    )


def probe(x: float, y: float, letter: str, reading: str, side: str = "end") -> str:
    """A probe in a food: a line to a round label with its reading beside it."""
    return (
        f'<line x1="{x}" y1="{y}" x2="{x}" y2="{y - 44}" stroke="#b00020" stroke-width="3"/>'
        f'<circle cx="{x}" cy="{y - 56}" r="14" fill="#b00020"/>'
        + text(x, y - 50, letter, 17, "middle", fill="#fff", font_weight="bold")
        + text(x + (22 if side == "start" else -22), y - 50, reading, 17, side, fill="#b00020")
    )


def fridge() -> str:
    parts = [rect(40, 30, 490, 540, "#dfe7ec"), rect(60, 50, 450, 500, "#f7fbfd")]
    for index, (name, letter, reading, colour, covered) in enumerate(FOODS):
        shelf = 170 + index * 123
        parts.append(rect(60, shelf, 450, 8, "#8fa3ad"))
        parts.append(rect(90, shelf - 38, 330, 38, colour))
        if covered:
            parts.append(rect(84, shelf - 46, 342, 8, "#ffffff"))
        parts.append(text(235, shelf - 13, name, 18, "middle"))
        parts.append(probe(385, shelf - 20, letter, reading, "start"))
    parts += [
        '<path d="M530 30 L760 70 L760 550 L530 570 Z" fill="#cfd9df" stroke="#333"'
        ' stroke-width="2"/>',
        rect(600, 96, 110, 44, "#14212b"),
        text(655, 126, "2.0 °C", 24, "middle", fill="#7cf29c"),
        text(655, 162, "display", 16, "middle"),
        rect(560, 440, 180, 10, "#8fa3ad"),
        rect(600, 352, 70, 88, "#ffffff"),
        text(635, 410, "Milk", 18, "middle"),
        probe(655, 372, "E", "7.9 °C"),
    ]
    return svg(800, 600, parts)


def log() -> str:
    left, top, width, height = 80, 40, 790, 370

    def x(hour: float) -> float:
        return left + (hour - 6) / 8 * width

    def y(degrees: float) -> float:
        return top + height - degrees / 10 * height

    parts = [rect(left, top, width, height, "#ffffff")]
    for half in range(17):
        hour = 6 + half / 2
        parts.append(
            f'<line x1="{x(hour)}" y1="{top}" x2="{x(hour)}" y2="{top + height}" stroke="#ddd"/>'
        )
        if half % 2 == 0:
            parts.append(text(x(hour), top + height + 26, f"{int(hour):02}:00", 16, "middle"))
    for degrees in range(11):
        parts.append(
            f'<line x1="{left}" y1="{y(degrees)}" x2="{left + width}" y2="{y(degrees)}"'
            ' stroke="#ddd"/>'
        )
        parts.append(text(left - 10, y(degrees) + 6, f"{degrees}", 16, "end"))
    points = " ".join(f"{x(hour)},{y(degrees)}" for hour, degrees in LOG)
    parts += [
        f'<line x1="{left}" y1="{y(5)}" x2="{left + width}" y2="{y(5)}" stroke="#b00020"'
        ' stroke-width="3" stroke-dasharray="10 6"/>',
        text(left + width - 8, y(5) - 10, "limit 5 °C", 17, "end", fill="#b00020"),
        f'<polyline points="{points}" fill="none" stroke="#1255a5" stroke-width="4"/>',
        *(
            f'<circle cx="{x(hour)}" cy="{y(degrees)}" r="5" fill="#1255a5"/>'
            for hour, degrees in LOG
        ),
        f'<line x1="{x(8.5)}" y1="{y(4) - 8}" x2="{x(8.5)}" y2="{y(8)}" stroke="#333"/>',
        text(x(8.5), y(8) - 8, "display filled", 16, "middle"),
        text(30, 30, "°C", 17),
        text(left + width / 2, top + height + 56, "Time of day", 17, "middle"),
    ]
    return svg(900, 480, parts)


def svg(width: int, height: int, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' font-family="DejaVu Sans"><rect width="{width}" height="{height}" fill="#fff"/>'
        f"{''.join(parts)}</svg>"
    )


def kitchen() -> str:
    """The plan that the graphic questions of the sample of all kinds are asked on."""
    parts = [
        '<rect x="8" y="8" width="584" height="384" fill="#fdfdfb" stroke="#333"'
        ' stroke-width="6"/>',
        '<rect x="0" y="165" width="18" height="70" fill="#c98a3c"/>',
        text(26, 206, "Delivery", 17),
        rect(30, 20, 150, 120, "#bcdcf2"),
        text(105, 86, "Cold room", 19, "middle"),
        rect(230, 30, 130, 70, "#e6d7b8"),
        text(295, 72, "Preparation", 17, "middle"),
        rect(430, 20, 140, 90, "#f0b0a0"),
        text(500, 72, "Cooker", 19, "middle"),
        rect(480, 180, 100, 80, "#d0d4d8"),
        text(530, 226, "Dishes", 17, "middle"),
        '<circle cx="530" cy="340" r="40" fill="#ffffff" stroke="#333" stroke-width="2"/>',
        text(530, 346, "Hands", 17, "middle"),
        rect(250, 300, 130, 80, "#c9c0b0"),
        text(315, 346, "Waste", 19, "middle"),
        '<path d="M30 250 L170 250 L170 330 L120 380 L30 380 Z" fill="#e9dfa8" stroke="#333"'
        ' stroke-width="2"/>',
        text(92, 320, "Dry store", 19, "middle"),
    ]
    return svg(600, 400, parts)


def trap() -> str:
    return svg(
        40,
        24,
        [
            rect(1, 4, 38, 18, "#b98550"),
            '<path d="M6 13 L34 13 M20 7 L20 20" stroke="#222" stroke-width="3"/>',
        ],
    )


def cup() -> str:
    return svg(
        40,
        40,
        [
            '<path d="M8 10 L10 34 L26 34 L28 10 Z" fill="#6b9bd1" stroke="#222"'
            ' stroke-width="2"/>',
            '<circle cx="30" cy="20" r="6" fill="none" stroke="#222" stroke-width="3"/>',
        ],
    )


DRAWINGS = {
    "food_safety/media/fridge.png": fridge,
    "food_safety/media/temperature-log.png": log,
    "all_kinds/media/kitchen.png": kitchen,
    "all_kinds/media/trap.png": trap,
    "all_kinds/media/cup.png": cup,
}


def main() -> None:
    for name, drawing in DRAWINGS.items():
        picture = bytes(resvg_py.svg_to_bytes(svg_string=drawing()))
        (SAMPLES / name).write_bytes(picture)
        print(f"{SAMPLES / name}: {len(picture)} bytes")


if __name__ == "__main__":
    main()
