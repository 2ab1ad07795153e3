"""Formulas in HTML as people write them: TeX between marks (as Moodle shows it), or MathML.

TeX becomes MathML, and from there is a formula like any other; the process that draws
pictures turns it. What it does not know stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from exam_packages.content.text import Formula, Picture
from exam_packages.formats import mathml
from exam_packages.formats.errors import FormatError
from exam_packages.formats.gathering import Notes
from exam_packages.formats.qti.inlines import printable
from exam_packages.formats.rendering import RenderingError, mathml_of

MAX_TEX = 4_000
MAX_MATHML = 20_000
_MARKED = re.compile(r"\$\$(.*?)\$\$|\\\((.*?)\\\)|\\\[(.*?)\\\]", re.DOTALL)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_LEFT = re.compile(r"\$\$|\\\(|\\\[")

DrawFormula = Callable[[str, str], "Picture | None"]
"""The picture of a formula in MathML, with the text that stands for it, or none."""


def marked(raw: str, notes: Notes, draw_formula: DrawFormula) -> Iterator[str | Formula]:
    """The pieces of a text: words, and each formula in TeX that could be read."""
    end = 0
    for found in _MARKED.finditer(raw):
        source = (found[1] or found[2] or found[3] or "").strip()
        formula = _formula(source, notes, draw_formula) if source else None
        if formula or not source:
            yield raw[end : found.start()]
            end = found.end()
        if formula:
            yield formula
    rest = raw[end:]
    if _LEFT.search(rest):
        notes.add(
            "A formula in TeX stays as it is written, source and all; write it in words or"
            " symbols, or as a picture."
        )
    yield rest


def equation(element: Any, notes: Notes, draw_formula: DrawFormula) -> Formula | None:
    """The formula of an ``img`` that Canvas draws on its own server from TeX, which it keeps
    beside; none of any other picture."""
    if "equation_image" not in (element.get("class") or "").split():
        return None
    written = element.get("data-equation-content") or (element.get("alt") or "")
    return _formula(written.removeprefix("LaTeX:").strip(), notes, draw_formula)


def from_mathml(element: Any, notes: Notes, draw_formula: DrawFormula) -> Formula:
    """The formula of a ``math`` element that stands in HTML. Raises ``FormatError``."""
    root = _copied(element)
    made = _made(root, notes, draw_formula)
    if made is None:
        raise FormatError("A formula is too long, or says nothing; write it anew.")
    return made


def _copied(element: Any) -> etree._Element:
    """*element* as XML: HTML knows no prefixes, and lets in what XML does not."""
    name = str(element.tag).rpartition(":")[2]
    if not _NAME.fullmatch(name):
        raise FormatError("A formula has an element that MathML does not know; write it anew.")
    made = etree.Element(name)
    made.text = printable(element.text or "")
    for key, value in element.attrib.items():
        if _NAME.fullmatch(str(key)):
            made.set(key, printable(str(value)))
    for child in element:
        if isinstance(child.tag, str):
            inner = _copied(child)
            inner.tail = printable(child.tail or "")
            made.append(inner)
    return made


def _formula(tex: str, notes: Notes, draw_formula: DrawFormula) -> Formula | None:
    if len(tex) > MAX_TEX:
        return None
    try:
        root = mathml.parsed(mathml_of(tex))
    except (RenderingError, etree.XMLSyntaxError):
        return None
    if "\\" in "".join(map(str, root.itertext())):
        return None  # a command that is not known stays as it is
    return _made(root, notes, draw_formula)


def _made(root: etree._Element, notes: Notes, draw_formula: DrawFormula) -> Formula | None:
    source, written = mathml.source(root), mathml.written(root)
    shown = printable(written.text)
    if len(source) > MAX_MATHML or not shown:
        return None
    if not written.enough and (picture := draw_formula(source, shown)):
        notes.add("A formula is shown as a picture, and read as “{text}”.", text=shown[:200])
        return Formula(source, shown, (), picture)
    notes.add("A formula is shown in one line as “{text}”.", text=shown[:200])
    return Formula(source, shown, (), None)
