"""Elements and files of QTI 3, to write."""

from __future__ import annotations

from typing import Any

from lxml import etree

from exam_packages.formats.errors import FormatError
from exam_packages.formats.xml import XML, split_name
from exam_packages.rules.numbers import number

Element = etree._Element

_LAID_OUT = frozenset(
    (
        *("manifest", "metadata", "organizations", "resources", "resource", "lom"),
        *("classification", "purpose", "taxonPath", "taxon"),
        *("qti-assessment-item", "qti-assessment-test", "qti-assessment-stimulus"),
        *("qti-test-part", "qti-assessment-section", "qti-assessment-item-ref"),
        *("qti-item-body", "qti-stimulus-body", "qti-content-body", "qti-rubric-block"),
        *("qti-response-declaration", "qti-outcome-declaration", "qti-template-declaration"),
        *("qti-correct-response", "qti-default-value", "qti-mapping", "qti-area-mapping"),
        *("qti-match-table", "qti-interpolation-table"),
        *("qti-response-processing", "qti-template-processing", "qti-outcome-processing"),
        *("qti-response-condition", "qti-response-if", "qti-response-else-if"),
        *("qti-response-else", "qti-template-condition", "qti-template-if"),
        *("qti-template-else-if", "qti-template-else", "qti-outcome-condition"),
        *("qti-outcome-if", "qti-outcome-else-if", "qti-outcome-else", "qti-set-outcome-value"),
        *("qti-choice-interaction", "qti-order-interaction", "qti-match-interaction"),
        *("qti-simple-match-set", "qti-associate-interaction", "qti-extended-text-interaction"),
        *("qti-gap-match-interaction", "qti-hottext-interaction", "qti-slider-interaction"),
        *("qti-hotspot-interaction", "qti-graphic-order-interaction", "qti-media-interaction"),
        *("qti-graphic-associate-interaction", "qti-graphic-gap-match-interaction"),
        *("qti-select-point-interaction", "qti-position-object-stage"),
        *("qti-prompt", "qti-template-block", "qti-catalog-info", "qti-catalog", "qti-card"),
        *("qti-html-content", "ul", "ol", "li", "dl", "dd", "blockquote", "figure", "details"),
        *("table", "tbody", "tr"),
    )
)
"""Elements in which white space between the others says nothing. Elsewhere it is text."""


def element(name: str, attributes: dict[str, str] | None = None, *children: Element) -> Element:
    """An element; attributes that are empty are left out."""
    made = etree.Element(name)
    for key, value in (attributes or {}).items():
        if value:
            made.set(key, value)
    made.extend(children)
    return made


def leaf(name: str, content: str, **attributes: str) -> Element:
    """An element that holds text alone."""
    made = element(name, attributes)
    made.text = content
    return made


def unless(value: int, usual: int) -> str:
    """*value* as an attribute, empty when it is the *usual* one."""
    return "" if value == usual else str(value)


def decimal(text: str) -> str:
    """The exact number *text* as an attribute. Raises ``FormatError`` where no decimal that a
    reader takes is that number."""
    if text and number(text) is None:
        raise FormatError("The number {number} has no end as a decimal.", number=text[:80])
    return text


def document(root: Element, namespace: str, language: str = "") -> bytes:
    """The file whose root is *root*, all in *namespace* unless it says otherwise."""
    for each in root.iter():
        if isinstance(each.tag, str) and not each.tag.startswith("{"):
            each.tag = f"{{{namespace}}}{each.tag}"
    default: Any = {None: namespace}  # lxml-stubs know no default namespace
    whole = etree.Element(root.tag, nsmap=default)
    for key, value in root.attrib.items():
        whole.set(key, value)
    if language:
        whole.set(f"{{{XML}}}lang", language)
    whole.extend(list(root))
    _lay_out(whole)
    etree.cleanup_namespaces(whole, top_nsmap=default)
    return bytes(etree.tostring(whole, xml_declaration=True, encoding="UTF-8")) + b"\n"


def _lay_out(root: Element) -> None:
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        if not len(node) or split_name(str(node.tag))[1] not in _LAID_OUT:
            continue
        node.text = "\n" + "  " * (depth + 1)
        for child in node:
            child.tail = node.text
            pending.append((child, depth + 1))
        node[-1].tail = "\n" + "  " * depth
