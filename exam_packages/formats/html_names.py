"""What HTML's elements are to a reader of questions."""

from __future__ import annotations

from exam_packages.content import text as styles
from exam_packages.formats.qti.body import STYLES

INLINE = STYLES | {
    "font": 0, "small": 0, "big": 0, "mark": 0, "label": 0, "nobr": 0, "wbr": 0, "bdi": 0,
    "ins": styles.UNDERLINE, "tt": styles.CODE, "q": 0, "time": 0, "data": 0, "acronym": 0,
}  # fmt: skip
"""Those that stand in a line, and the style that each gives."""
FLOW = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "aside",
        "nav",
        "figure",
        "figcaption",
        "address",
        "center",
        "dl",
        "dt",
        "dd",
        "fieldset",
        "legend",
        "details",
        "summary",
        "body",
        "html",
        "form",
        "hr",
        "li",
        "tr",
        "td",
        "th",
        "tbody",
        "thead",
        "tfoot",
        "caption",
    ]
)
"""Those that begin and end a paragraph."""
DROPPED = frozenset(
    ["script", "style", "head", "title", "meta", "link", "noscript", "template", "base"]
)
"""Those that nobody reads."""
MEDIA = frozenset(
    ["video", "audio", "iframe", "object", "embed", "applet", "canvas", "svg", "source", "track"]
)
"""Those that play or embed something: refused."""
FORM = frozenset(["input", "select", "textarea", "button", "option"])
"""Those of forms, which are left out."""
