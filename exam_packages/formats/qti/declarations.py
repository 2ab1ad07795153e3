"""Response and outcome declarations: types, correct responses, mappings, defaults."""

from __future__ import annotations

import unicodedata

from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import (
    AreaEntry,
    AreaMapping,
    LookupTable,
    MapEntry,
    Mapping,
    OutcomeDeclaration,
    ResponseDeclaration,
    TableEntry,
)
from exam_packages.rules.numbers import number, written
from exam_packages.rules.shapes import inside
from exam_packages.rules.values import (
    BASE_TYPES,
    CARDINALITIES,
    BaseType,
    Cardinality,
    RulesError,
    bind,
)


def read_response(node: Node, *, beforehand: bool = False) -> ResponseDeclaration:
    """A qti-response-declaration. Raises ``FormatError``.

    *beforehand*: whether the interaction can show an answer that is given by default.
    """
    given = node.attributes(identifier=None, cardinality=None, base_type="")
    base_type, cardinality = read_type(node, given["base_type"], given["cardinality"])
    correct: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    mapping, areas = None, None
    for child in node.children():
        match child.name:
            case "qti-correct-response":
                child.attributes(interpretation="")
                correct = read_values(child, base_type, cardinality)
            case "qti-mapping":
                mapping = _mapping(child, base_type)
            case "qti-area-mapping":
                areas = _area_mapping(child, base_type)
            case "qti-default-value":
                child.attributes(interpretation="")
                default = read_values(child, base_type, cardinality)
                if default and not beforehand:
                    raise child.error("an answer given beforehand is not supported; leave it out.")
            case _:
                raise child.unsupported()
    name = node.identifier("identifier", given["identifier"])
    return ResponseDeclaration(name, base_type, cardinality, correct, mapping, areas, default)


def read_outcome(node: Node) -> tuple[OutcomeDeclaration, str, bool]:
    """A qti-outcome-declaration, its normal-maximum (or empty), and whether a person
    gives it. Raises ``FormatError``."""
    given = node.attributes(
        identifier=None,
        cardinality=None,
        base_type="",
        normal_maximum="",
        normal_minimum="",
        mastery_value="",
        external_scored="",
        interpretation="",
        long_interpretation="",
        view="",
    )
    base_type, cardinality = read_type(node, given["base_type"], given["cardinality"])
    default: tuple[str, ...] = ()
    table: LookupTable | None = None
    for child in node.children():
        match child.name:
            case "qti-default-value":
                child.attributes(interpretation="")
                default = read_values(child, base_type, cardinality)
            case "qti-match-table" | "qti-interpolation-table" if table is None:
                table = _table(child, base_type, cardinality)
            case _:
                raise child.unsupported()
    if given["external_scored"] not in ("", "human"):
        raise node.error("external-scored can only be human: no other machine scores here.")
    name = node.identifier("identifier", given["identifier"])
    least = _number(node, "normal-minimum", given["normal_minimum"])
    most = _number(node, "normal-maximum", given["normal_maximum"])
    declaration = OutcomeDeclaration(name, base_type, cardinality, default, least, most, table)
    return declaration, most, given["external_scored"] == "human"


def read_type(node: Node, base_type: str, cardinality: str) -> tuple[BaseType, Cardinality]:
    """What a declaration says of a variable; a record has no base type of its own."""
    if cardinality not in CARDINALITIES:
        raise node.error("the cardinality “{text}” is not supported.", text=cardinality[:40])
    if (cardinality == "record") != (base_type == ""):
        raise node.error(
            "a variable of the cardinality “{text}” has the base type “{type}”; a record must"
            " have none, and any other must have one.",
            text=cardinality,
            type=base_type[:40],
        )
    if base_type and base_type not in BASE_TYPES:
        raise node.error("the base type “{text}” is not supported.", text=base_type[:40])
    return BASE_TYPES.get(base_type, ""), CARDINALITIES[cardinality]


def read_values(node: Node, base_type: BaseType, cardinality: Cardinality) -> tuple[str, ...]:
    """The qti-value elements of a default or correct response, in their lexical form.

    An empty one is NULL, and so nothing.
    """
    texts = []
    for child in node.children():
        if child.name != "qti-value":
            raise child.unsupported()
        given = child.attributes(field_identifier="", base_type="")
        text = child.only_text()
        if cardinality == "record":
            field = child.identifier("field-identifier", given["field_identifier"])
            if given["base_type"] not in BASE_TYPES:
                raise child.error("a field of a record needs a base-type.")
            kind = BASE_TYPES[given["base_type"]]
            texts += [f"{field} {kind} {_member(child, kind, text)}"] if text else []
        elif given["base_type"] not in ("", base_type) or given["field_identifier"]:
            raise child.error("only a value of a record has a field and a type of its own.")
        elif text:
            texts.append(_member(child, base_type, text))
    if cardinality == "single" and len(texts) > 1:
        raise node.error("a single value has several <qti-value>; leave one.")
    if len({text.partition(" ")[0] for text in texts}) < len(texts) and cardinality == "record":
        raise node.error("a field of the record has two values; leave one.")
    return tuple(texts)


def _table(node: Node, base_type: BaseType, cardinality: Cardinality) -> LookupTable:
    if cardinality != "single":
        raise node.error("only an outcome of single cardinality can have a lookup table.")
    interpolates = node.name == "qti-interpolation-table"
    given = node.attributes(default_value="")
    entries = []
    for child in node.children():
        if child.name != f"{node.name}-entry":
            raise child.unsupported()
        known = {"include_boundary": "true"} if interpolates else {}
        row = child.attributes(source_value=None, target_value=None, **known)
        source = _number(child, "source-value", row["source_value"], needed=True)
        included = child.truth("include-boundary", row.get("include_boundary", "true"))
        target = _member(child, base_type, row["target_value"])
        entries.append(TableEntry(source, target, included))
    if not entries:
        raise node.error("a lookup table needs entries.")
    default = given["default_value"]
    return LookupTable(
        interpolates, _member(node, base_type, default) if default else "", tuple(entries)
    )


def _mapping(node: Node, base_type: BaseType) -> Mapping:
    given = node.attributes(lower_bound="", upper_bound="", default_value="0")
    entries = []
    for child in node.children():
        if child.name != "qti-map-entry":
            raise child.unsupported()
        entry = child.attributes(map_key=None, mapped_value=None, case_sensitive="true")
        if child.children():
            raise child.children()[0].unsupported()
        entries.append(
            MapEntry(
                _member(child, base_type, entry["map_key"]),
                _number(child, "mapped-value", entry["mapped_value"], needed=True),
                child.truth("case-sensitive", entry["case_sensitive"]),
            )
        )
    if not entries or len({entry.member for entry in entries}) != len(entries):
        raise node.error("a mapping needs entries, each with a map-key of its own.")
    return Mapping(
        _number(node, "lower-bound", given["lower_bound"]),
        _number(node, "upper-bound", given["upper_bound"]),
        _number(node, "default-value", given["default_value"], needed=True),
        tuple(entries),
    )


def _area_mapping(node: Node, base_type: BaseType) -> AreaMapping:
    if base_type != "point":
        raise node.error("an area mapping needs a response of the base type point.")
    given = node.attributes(lower_bound="", upper_bound="", default_value="0")
    entries = []
    for child in node.children():
        if child.name != "qti-area-map-entry":
            raise child.unsupported()
        entry = child.attributes(shape=None, coords=None, mapped_value=None)
        parts = entry["coords"].split(",") if entry["coords"] else []
        coordinates = tuple(child.number("coords", part.strip(), 100_000) for part in parts)
        try:
            inside(entry["shape"], coordinates, 0, 0)
        except RulesError as problem:
            raise child.error("{why}", why=str(problem)) from None
        value = _number(child, "mapped-value", entry["mapped_value"], needed=True)
        entries.append(AreaEntry(entry["shape"], coordinates, value))
    return AreaMapping(
        _number(node, "lower-bound", given["lower_bound"]),
        _number(node, "upper-bound", given["upper_bound"]),
        _number(node, "default-value", given["default_value"], needed=True),
        tuple(entries),
    )


def _member(node: Node, base_type: BaseType, text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    try:
        if bind(base_type, "single", (text,)) is not None:
            return " ".join(text.split()) if "air" in base_type else text
    except RulesError:
        pass
    raise node.error("“{text}” is not a value of the type {type}.", text=text[:80], type=base_type)


def _number(node: Node, name: str, text: str, *, needed: bool = False) -> str:
    if not text and not needed:
        return ""
    value = number(text)
    if value is None:
        raise node.error("{name}=“{text}” must be a number.", name=name, text=text[:40])
    return written(value)
