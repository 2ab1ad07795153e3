"""Areas of a picture for people: what each is called, where it is, whether a point is in it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from string import ascii_uppercase

from exam_packages.content import text as rich
from exam_packages.content.items import Area, SimpleChoice
from exam_packages.language import _, say

Point = tuple[int, int]


def letter(number: int) -> str:
    """What the choice *number* is called, from 0: A to Z, then AA, AB… The single ones are
    keys to press."""
    above, rest = divmod(number, len(ascii_uppercase))
    return (ascii_uppercase[above - 1] if above else "") + ascii_uppercase[rest]


def number_of(character: str) -> int:
    """Which choice a letter key means, from 0; -1 when none."""
    return ascii_uppercase.find(character.upper()) if character else -1


def choices(areas: Sequence[Area], picture: rich.Picture) -> tuple[SimpleChoice, ...]:
    """The areas as what can be chosen from a list, by their labels or by where they are."""
    return tuple(
        SimpleChoice(area.identifier, (rich.Text(words(area, picture), 0),), area.match_max)
        for area in areas
    )


def words(area: Area, picture: rich.Picture) -> str:
    """What an area is called: by its author, else by where it is."""
    if area.label.strip():
        return area.label
    if area.shape == "default":
        return _("the rest of the picture")
    return say(_("the place {where}"), where=where(middle(area), picture))


def where(at: Point, picture: rich.Picture) -> str:
    """In which of nine parts of the picture a point lies."""
    across = min(2, max(0, 3 * at[0] // max(1, picture.width)))
    down = min(2, max(0, 3 * at[1] // max(1, picture.height)))
    return (
        (_("at the top left"), _("at the top"), _("at the top right")),
        (_("at the left"), _("in the middle"), _("at the right")),
        (_("at the bottom left"), _("at the bottom"), _("at the bottom right")),
    )[down][across]


def middle(area: Area) -> Point:
    """The point at which an area is labelled."""
    numbers = area.coordinates
    match area.shape:
        case "rect":
            return (numbers[0] + numbers[2]) // 2, (numbers[1] + numbers[3]) // 2
        case "circle" | "ellipse":
            return numbers[0], numbers[1]
        case "poly":
            across, down = numbers[::2], numbers[1::2]
            return (min(across) + max(across)) // 2, (min(down) + max(down)) // 2
        case _:
            return 0, 0


def area_at(areas: Sequence[Area], at: Point) -> Area | None:
    """The smallest area that has the point in it."""
    found = [(_size(area), number) for number, area in enumerate(areas) if _holds(area, at)]
    return areas[min(found)[1]] if found else None


def _size(area: Area) -> float:
    numbers = area.coordinates
    match area.shape:
        case "rect":
            return abs(numbers[2] - numbers[0]) * abs(numbers[3] - numbers[1])
        case "circle" | "ellipse":
            return 3.1416 * numbers[2] * numbers[-1]
        case "poly":
            return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(_corners(area)))) / 2
        case _:
            return float("inf")


def _holds(area: Area, at: Point) -> bool:
    numbers = area.coordinates
    x, y = at
    match area.shape:
        case "rect":
            left, right = sorted((numbers[0], numbers[2]))
            top, bottom = sorted((numbers[1], numbers[3]))
            return left <= x <= right and top <= y <= bottom
        case "circle" | "ellipse":
            across, down = x - numbers[0], y - numbers[1]
            wide, high = numbers[2], numbers[-1]
            return (across * high) ** 2 + (down * wide) ** 2 <= (wide * high) ** 2
        case "poly":
            odd = False
            for (ax, ay), (bx, by) in pairwise(_corners(area)):
                turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
                if (ay > y) != (by > y) and (turn > 0) == (by > ay):
                    odd = not odd
            return odd
        case _:
            return True


def _corners(area: Area) -> list[Point]:
    numbers = area.coordinates
    corners = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [*corners, corners[0]]
