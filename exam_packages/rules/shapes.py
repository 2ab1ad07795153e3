"""QTI's areas on a picture, in its pixels (as in HTML image maps), edges included."""

from __future__ import annotations

from exam_packages.rules.values import RulesError


def inside(shape: str, coordinates: tuple[int, ...], x: int, y: int) -> bool:
    """Whether the point lies in the area. Raises :class:`RulesError` for an unknown one."""
    match shape, coordinates:
        case "default", ():
            return True
        case "rect", (left, top, right, bottom):
            return left <= x <= right and top <= y <= bottom
        case "circle", (cx, cy, radius):
            return (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
        case "ellipse", (cx, cy, rx, ry):
            return ((x - cx) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2
        case "poly", _ if len(coordinates) >= 6 and len(coordinates) % 2 == 0:
            return _in_polygon(list(zip(coordinates[::2], coordinates[1::2], strict=True)), x, y)
    raise RulesError(
        "An area has the shape “{shape}” with {count} coordinates, which is none.",
        shape=shape,
        count=len(coordinates),
    )


def _in_polygon(corners: list[tuple[int, int]], x: int, y: int) -> bool:
    odd = False
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if turn == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True  # on the edge
        if (ay > y) != (by > y) and (turn > 0) == (by > ay):
            odd = not odd
    return odd
