"""Declarations of variables as QTI 3 writes them."""

from __future__ import annotations

from collections.abc import Sequence

from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.elements import Element, decimal, element, leaf
from exam_packages.rules.declarations import (
    AreaMapping,
    LookupTable,
    Mapping,
    OutcomeDeclaration,
    ResponseDeclaration,
    TemplateDeclaration,
)
from exam_packages.rules.values import Cardinality


def write_response(declared: ResponseDeclaration) -> Element:
    """Raises ``FormatError`` for what a reader would not take."""
    if declared.default:
        raise FormatError(
            "The answer {name} is given beforehand, which no reader here takes in.",
            name=declared.identifier,
        )
    made = _declaration("response", declared)
    if declared.correct:
        values = _values(declared.correct, declared.cardinality)
        made.append(element("qti-correct-response", {}, *values))
    if declared.mapping:
        made.append(_mapping(declared.mapping))
    if declared.areas:
        made.append(_areas(declared.areas))
    return made


def write_outcome(declared: OutcomeDeclaration, *, external: bool = False) -> Element:
    """*external*: a person gives it. Raises ``FormatError``."""
    made = _declaration("outcome", declared)
    bounds = {"normal-minimum": declared.minimum, "normal-maximum": declared.maximum}
    for name, bound in bounds.items():
        if bound:
            made.set(name, decimal(bound))
    if external:
        made.set("external-scored", "human")
    made.extend(_default(declared))
    if declared.table:
        made.append(_table(declared.table))
    return made


def write_template(declared: TemplateDeclaration, *, formula: bool) -> Element:
    """*formula*: whether its value stands in formulas."""
    made = _declaration("template", declared)
    if formula:
        made.set("math-variable", "true")
    made.extend(_default(declared))
    return made


def _declaration(
    kind: str, declared: ResponseDeclaration | OutcomeDeclaration | TemplateDeclaration
) -> Element:
    return element(
        f"qti-{kind}-declaration",
        {
            "identifier": declared.identifier,
            "cardinality": declared.cardinality,
            "base-type": declared.base_type,
        },
    )


def _default(declared: OutcomeDeclaration | TemplateDeclaration) -> list[Element]:
    if not declared.default:
        return []
    values = _values(declared.default, declared.cardinality)
    return [element("qti-default-value", {}, *values)]


def _values(texts: Sequence[str], cardinality: Cardinality) -> list[Element]:
    if cardinality != "record":
        return [leaf("qti-value", each) for each in texts]
    made = []
    for each in texts:
        field, kind, text = each.split(" ", 2)
        value = leaf("qti-value", text)
        value.set("field-identifier", field)
        value.set("base-type", kind)
        made.append(value)
    return made


def _bounds(mapping: Mapping | AreaMapping) -> dict[str, str]:
    return {
        "lower-bound": decimal(mapping.lower),
        "upper-bound": decimal(mapping.upper),
        "default-value": decimal(mapping.default),
    }


def _mapping(mapping: Mapping) -> Element:
    entries = []
    for entry in mapping.entries:
        given = {"map-key": entry.member, "mapped-value": decimal(entry.value)}
        if not entry.case_sensitive:
            given["case-sensitive"] = "false"
        entries.append(element("qti-map-entry", given))
    return element("qti-mapping", _bounds(mapping), *entries)


def _areas(areas: AreaMapping) -> Element:
    made = element("qti-area-mapping", _bounds(areas))
    for entry in areas.entries:
        one = element("qti-area-map-entry", {"shape": entry.shape})
        # The area of the shape “default” has no coordinates, and says so.
        one.set("coords", ",".join(map(str, entry.coordinates)))
        one.set("mapped-value", decimal(entry.value))
        made.append(one)
    return made


def _table(table: LookupTable) -> Element:
    kind = "qti-interpolation-table" if table.interpolates else "qti-match-table"
    made = element(kind, {"default-value": table.default})
    for entry in table.entries:
        row = {"source-value": decimal(entry.source), "target-value": entry.target}
        if not entry.included:
            row["include-boundary"] = "false"
        made.append(element(f"{kind}-entry", row))
    return made
