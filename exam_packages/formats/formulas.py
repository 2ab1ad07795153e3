"""Formulas that one line of Unicode cannot carry, drawn as pictures.

The picture stands beside the line, which is its alternative text; what draws it has a
mathematical font of its own. Where it cannot draw a formula as the author meant it, the
line stays alone.
"""

from __future__ import annotations

import hashlib

import msgspec
from lxml import etree

from exam_packages.content.items import Item
from exam_packages.content.text import Formula, Picture, changed
from exam_packages.formats import mathml
from exam_packages.formats.rendering import RenderingError, draw_formula
from exam_packages.formats.xml import split_name

_DRAWN = frozenset([
    "math", "mrow", "mi", "mn", "mo", "mtext", "ms", "mspace", "mfrac", "msqrt", "mroot",
    "msup", "msub", "msubsup", "munder", "mover", "munderover", "mmultiscripts",
    "mprescripts", "none", "mtable", "mtr", "mtd", "mfenced", "menclose", "mphantom",
    "mstyle", "mpadded",
])  # fmt: skip
_KEPT = frozenset([
    "mathvariant", "linethickness", "displaystyle", "display", "open", "close", "separators",
    "columnalign", "rowalign", "fence", "stretchy", "form", "accent", "accentunder",
    "notation", "largeop", "movablelimits",
])  # fmt: skip
"""Attributes that change what is meant; sizes, colours and spaces are left to what draws."""


def pictured(source: str, text: str) -> tuple[Picture, bytes] | None:
    """The picture of a formula in MathML and its bytes, or ``None`` when it cannot be drawn."""
    plain = _plain(mathml.parsed(source))
    if plain is None:
        return None
    try:
        drawn = draw_formula(etree.tostring(plain, encoding="unicode"))
    except RenderingError:
        return None
    name = f"formula-{hashlib.sha256(drawn.data).hexdigest()[:16]}.png"
    return Picture(name, text, drawn.width, drawn.height), drawn.data


def draw_formulas(item: Item) -> tuple[Item, dict[str, bytes]]:
    """*item* with the pictures that its formulas still need, and those by their names.

    A formula with template variables needs one when their values are known.
    """
    media: dict[str, bytes] = {}
    made: Item = changed(item, Formula, lambda each: (_with_picture(each, media),))
    return made, media


def _with_picture(formula: Formula, media: dict[str, bytes]) -> Formula:
    if formula.picture is not None or formula.variables:
        return formula
    enough = mathml.written(mathml.parsed(formula.mathml)).enough
    if enough or not (found := pictured(formula.mathml, formula.text)):
        return formula
    picture, data = found
    media[picture.media] = data
    return msgspec.structs.replace(formula, picture=picture)


def _plain(node: etree._Element) -> etree._Element | None:
    """*node* as it is drawn, or ``None`` when something in it is not."""
    name = split_name(str(node.tag))[1]
    if name == "semantics" and len(node):
        return _plain(node[0])
    if name not in _DRAWN:
        return None
    made = etree.Element(name)
    made.text = node.text
    if name == "mo":  # a minus, as authors type it
        made.text = (node.text or "").strip().replace("-", "−")
    for key, value in node.attrib.items():
        if key in _KEPT and len(str(value)) <= 40:
            made.set(key, value)
    for child in node:
        if not isinstance(child.tag, str):
            continue
        if (inner := _plain(child)) is None:
            return None
        made.append(inner)
    return made
