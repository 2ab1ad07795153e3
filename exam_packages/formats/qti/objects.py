"""Pictures, sounds and films: ``img``, ``picture``, ``object``, ``audio``, ``video``."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from exam_packages.content.text import Picture, Recording
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.inlines import one_line
from exam_packages.formats.xml import Node

if TYPE_CHECKING:
    from exam_packages.formats.qti.body import Body

_LOOKS = {"hspace": "", "vspace": "", "border": "", "align": "", "usemap": ""}
_PLAYER = ("controls", "autoplay", "loop", "preload", "muted", "poster", "crossorigin")


def shown(body: Body, node: Node) -> Picture | Recording:
    """What the element *node* shows or plays. Raises ``FormatError``."""
    match node.name:
        case "img":
            return _picture(body, node, "src")
        case "picture":
            node.attributes()
            images = [child for child in node.children() if child.name == "img"]
            if len(images) != 1:
                raise node.error("a picture needs exactly one <img>.")
            if len(node.mixed()) > 1:
                node.change("of the versions of the picture, the plain <img> was taken.")
            return _picture(body, images[0], "src")
        case "object":
            return _object(body, node)
    return _recording(body, node)


def picture(body: Body, node: Node) -> Picture:
    """The picture that *node* shows. Raises ``FormatError`` when it is none."""
    if node.name in ("img", "picture", "object") and isinstance(
        found := shown(body, node), Picture
    ):
        return found
    raise node.error("a picture is expected here.")


def recording(body: Body, node: Node) -> Recording:
    """The recording that *node* plays. Raises ``FormatError`` when it is none."""
    if node.name in ("audio", "video", "object") and isinstance(
        found := shown(body, node), Recording
    ):
        return found
    raise node.error("a recording is expected here.")


def drawing(body: Body, node: Node) -> Picture:
    """The picture of an ``svg`` that stands in the text itself. Raises ``FormatError``."""
    name, width, height = body.library.drawing(node)
    body.media.add(name)
    titles = [child.all_text() for child in node.mixed() if child.name in ("title", "desc")]
    words = one_line(node.get("aria-label") or " ".join(titles))
    if not words:
        words = "SVG"
        node.change(
            "the drawing has no <title>; say in one what a person must know who cannot see it."
        )
    return Picture(name, words, width, height)


def _object(body: Body, node: Node) -> Picture | Recording:
    kind = (node.get("type") or "").strip().lower()
    inner = [child for child in node.mixed() if child.name in ("object", "img", "audio", "video")]
    try:
        if kind.startswith("image/") or (not kind and node.get("data")):
            return _picture(body, node, "data")
        if kind.startswith(("audio/", "video/")):
            return _recording(body, node)
    except FormatError:
        if not inner:
            raise
    if inner:
        node.change("the object was left out for what its author gives in its place.")
        return shown(body, inner[0])
    raise node.error("objects of the type “{kind}” are not shown at stations.", kind=kind[:60])


def _picture(body: Body, node: Node, source: str) -> Picture:
    given = node.attributes(
        **{source: None, "alt": "", "width": "", "height": "", "longdesc": "", "type": ""}, **_LOOKS
    )
    name, width, height = body.library.picture(node, given[source])
    body.media.add(name)
    words = one_line(given["alt"] or node.get("aria-label") or _words(node))
    if not words and (node.name == "object" or node.get("alt") is None):
        words = posixpath.basename(given[source])[:80]
        node.change(
            "the picture has no alternative text, so its file name stands for it; say what a"
            " person must know who cannot see it."
        )
    wide, high = _pixels(given["width"]), _pixels(given["height"])
    if wide and not high:
        high = max(1, round(height * wide / width))
    elif high and not wide:
        wide = max(1, round(width * high / height))
    return Picture(name, one_line(words), wide or width, high or height)


def _recording(body: Body, node: Node) -> Recording:
    given = node.attributes(
        **dict.fromkeys(_PLAYER, ""), src="", data="", type="", width="", height=""
    )
    sources = [child for child in node.mixed() if child.name == "source"]
    if any(child.name == "track" for child in node.mixed()):
        node.change("captions and other tracks were left out.")
    hrefs = [href for href in (given["src"] or given["data"],) if href]
    hrefs += [child.get("src") or "" for child in sources]
    refusal: FormatError | None = None
    for href in hrefs:
        try:
            name, kind = body.library.recording(node, href)
        except FormatError as problem:
            refusal = refusal or problem
            continue
        body.media.add(name)
        words = node.get("aria-label") or node.get("title") or _words(node)
        return Recording(name, kind, one_line(words))
    raise refusal or node.error("there is no file to play.")


def _words(node: Node) -> str:
    """What stands in an object in the place of what it shows."""
    return node.all_text() if node.name in ("object", "audio", "video") else ""


def _pixels(value: str) -> int:
    """A length in pixels; 0 for one that a station does not follow (a percentage)."""
    found = re.fullmatch(r"([0-9]{1,5})(?:\.[0-9]+)?(?:px)?", value)
    return int(found[1]) if found else 0
