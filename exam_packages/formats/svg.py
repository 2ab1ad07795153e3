"""SVG drawings, taken in as the PNG that is drawn of them at import.

Only a still drawing that is complete in itself is taken: what another program, another
file or the fonts of another machine would decide is refused, because the author would not
see what candidates see. Everything is bounded before anything is drawn.
"""

from __future__ import annotations

import re

from lxml import etree

from exam_packages.formats.errors import FormatError
from exam_packages.formats.rendering import Drawn, RenderingError, draw_svg
from exam_packages.formats.xml import parse, split_name

SPACE = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
MAX_NATURAL = 8_000
"""Pixels that a drawing may ask for on a side."""
MOST_DRAWN, FINE_UP_TO, FINER = 4_000, 1_600, 4
"""Pixels drawn on the longer side: four times as fine as asked for, up to 1,600, so that a
small drawing can be enlarged; never more than 4,000."""
MAX_REPEATED = 50_000
"""Elements after each ``use`` was written out."""

_ELEMENTS = frozenset([
    "svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line",
    "polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop",
    "clipPath", "mask", "pattern", "marker", "image", "style", "title", "desc", "metadata",
    "filter", "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite",
    "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur",
    "feMerge", "feMergeNode", "feMorphology", "feOffset",
])  # fmt: skip
_MOVING = frozenset(("animate", "animateMotion", "animateTransform", "animateColor", "set"))
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}
_LENGTH = re.compile(r"\s*([0-9]{0,7}(?:\.[0-9]{1,9})?)(px|pt|pc|in|cm|mm)?\s*")
_DOCTYPE = re.compile(
    rb"<!DOCTYPE\s+svg\s+PUBLIC\s+\"[^\"<>\[\]]*\"\s+\"[^\"<>\[\]]*\"\s*(?:\[\s*\]\s*)?>"
)
"""The line that drawing programs write. Nothing of it is needed, and nothing is fetched."""
_EMBEDDED = re.compile(r"\s*data:image/(?:png|jpe?g);base64,", re.IGNORECASE)
_URL = re.compile(r"url\(\s*([\"']?)\s*([^)]{0,200})", re.IGNORECASE)
_FAMILY = re.compile(r"font(?:-family)?\s*:\s*([^;}]*)", re.IGNORECASE)
_THERE = ("dejavu sans", "sans-serif", "serif", "monospace", "system-ui", "cursive", "fantasy")
_GENERIC = re.compile(rf"(?:^|[\s,\"'])(?:{'|'.join(_THERE)})[\"']?\s*(?:,|$)")
_SIZE_ONLY = re.compile(r"[^,a-z]*|inherit|initial|unset", re.IGNORECASE)


def is_svg(data: bytes) -> bool:
    return re.search(rb"<(?:[A-Za-z0-9]+:)?svg[\s>]", data[:4096]) is not None


def drawn(name: str, data: bytes) -> Drawn:
    """The picture of the SVG *data*, which is called *name*, and the size it is meant to
    be seen in. Raises :class:`FormatError`, which says what to do."""
    root = parse(_DOCTYPE.sub(b"", data[:8192], count=1) + data[8192:], name).element
    if str(root.tag) != f"{{{SPACE}}}svg":
        raise _refused(name, "its root is no <svg> of SVG's namespace")
    for element in list(root.iter(etree.Element)):
        _check(name, element)
    _check_repeated(name, root)
    width, height = _size(name, root)
    root.set("width", str(width))
    root.set("height", str(height))
    longest = max(width, height)
    scale = min(MOST_DRAWN, max(longest, min(FINER * longest, FINE_UP_TO))) / longest
    try:
        made = draw_svg(
            etree.tostring(root, encoding="unicode"),
            max(1, round(width * scale)),
            max(1, round(height * scale)),
        )
    except RenderingError as problem:
        raise _refused(name, str(problem)) from None
    return Drawn(made.data, max(1, round(width)), max(1, round(height)))


def _refused(name: str, why: str) -> FormatError:
    return FormatError(
        "The SVG drawing {file} cannot be drawn as its author sees it: {why}. Change that, or"
        " export it as a PNG picture.",
        file=name,
        why=why,
    )


def _check(name: str, element: etree._Element) -> None:
    space, local = split_name(str(element.tag))
    if space != SPACE:  # notes of drawing programs, which nothing draws
        if space == "http://www.w3.org/1999/xhtml":
            raise _refused(name, "it holds a piece of a web page; draw its text as SVG")
        return
    if local in _MOVING:
        raise _refused(name, "it moves; keep one still picture of it")
    if local in ("script", "foreignObject"):
        raise _refused(name, f"<{local}> needs a browser; leave it out")
    if local not in _ELEMENTS:
        raise _refused(name, f"<{local}> is not drawn; leave it out")
    for key, value in element.attrib.items():
        space, attribute = split_name(str(key))
        words = str(value)
        if space not in ("", SPACE, _XLINK):
            continue
        if attribute.lower().startswith("on"):
            raise _refused(name, f"{attribute} runs a program; leave it out")
        inside = words.strip().startswith("#") or (local == "image" and _EMBEDDED.match(words))
        if attribute == "href" and not inside:
            raise _refused(name, f"it needs another file ({words[:60]}); embed it")
        if attribute == "font-family":
            _family(name, words)
        _styles(name, words)
    if local == "style":
        if "@" in (element.text or ""):
            raise _refused(name, "its style sheet has rules that begin with @; leave them out")
        _styles(name, element.text or "")


def _styles(name: str, words: str) -> None:
    for found in _URL.finditer(words):
        if not found[2].startswith("#"):
            raise _refused(name, f"it needs another file ({found[2][:60]}); embed it")
    for family in _FAMILY.findall(words):
        _family(name, family)


def _family(name: str, words: str) -> None:
    """The letters of a machine that is not there would look otherwise, and take other room."""
    if not _GENERIC.search(words.lower()) and not _SIZE_ONLY.fullmatch(words.strip()):
        raise _refused(
            name,
            f"its letters are of the font {words.strip()[:60]}, which is not here; make paths of"
            " its texts, or let the font be sans-serif",
        )


def _check_repeated(name: str, root: etree._Element) -> None:
    """Refuse a ``use`` that uses itself, or more elements than can be drawn."""
    named = {str(each.get("id")): each for each in root.iter(etree.Element) if each.get("id")}
    known: dict[etree._Element, int] = {}
    open_: set[etree._Element] = set()

    def count(element: etree._Element) -> int:
        if element in known:
            return known[element]
        if element in open_ or len(open_) > 200:
            raise _refused(name, "it uses itself, or nests too deeply; flatten it")
        open_.add(element)
        total = 1 + sum(count(child) for child in element if isinstance(child.tag, str))
        for key in ("href", f"{{{_XLINK}}}href", f"{{{SPACE}}}href"):
            target = named.get(str(element.get(key) or "").strip().lstrip("#"))
            if target is not None:
                total += count(target)
        open_.discard(element)
        if total > MAX_REPEATED:
            raise _refused(name, "it repeats too many elements; flatten it, or draw less")
        known[element] = total
        return total

    count(root)


def _size(name: str, root: etree._Element) -> tuple[float, float]:
    box = [float(word) for word in re.findall(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?", _box(root))]
    asked = [_pixels(str(root.get(key) or "")) for key in ("width", "height")]
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        wide, high = asked
        if wide and not high:
            asked[1] = wide * box[3] / box[2]
        elif high and not wide:
            asked[0] = high * box[2] / box[3]
        elif not wide:
            asked = box[2:]
    width, height = asked
    if not (1 <= width <= MAX_NATURAL and 1 <= height <= MAX_NATURAL):
        raise _refused(
            name, f"it says no size from 1 to {MAX_NATURAL} pixels; give it width and height"
        )
    return width, height


def _box(root: etree._Element) -> str:
    return str(root.get("viewBox") or "")[:200]


def _pixels(value: str) -> float:
    """A length in pixels, or 0 for one that depends on what is around."""
    found = _LENGTH.fullmatch(value[:40])
    return float(found[1]) * _UNITS[found[2] or ""] if found and found[1] not in ("", ".") else 0.0
