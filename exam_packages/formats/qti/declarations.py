"""Response and outcome declarations: types, correct responses, mappings, defaults."""

from __future__ import annotations

import unicodedata
from typing import get_args

from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import (
    AreaEntry,
    AreaMapping,
    MapEntry,
    Mapping,
    OutcomeDeclaration,
    ResponseDeclaration,
)
from exam_packages.rules.numbers import number, written
from exam_packages.rules.shapes import inside
from exam_packages.rules.values import BaseType, Cardinality, RulesError, bind

BASE_TYPES: dict[str, BaseType] = {name: name for name in get_args(BaseType)}
CARDINALITIES: dict[str, Cardinality] = {name: name for name in get_args(Cardinality)}


def read_response(node: Node) -> ResponseDeclaration:
    """A qti-response-declaration. Raises ``FormatError``."""
    given = node.attributes(identifier=None, cardinality=None, base_type=None)
    base_type = _base_type(node, given["base_type"])
    cardinality = _cardinality(node, given["cardinality"])
    correct: tuple[str, ...] = ()
    mapping, areas = None, None
    for child in node.children():
        match child.name:
            case "qti-correct-response":
                child.attributes(interpretation="")
                correct = _values(child, base_type, cardinality)
            case "qti-mapping":
                mapping = _mapping(child, base_type)
            case "qti-area-mapping":
                areas = _area_mapping(child, base_type)
            case "qti-default-value":
                raise child.error("an answer given beforehand is not supported; leave it out.")
            case _:
                raise child.unsupported()
    name = node.identifier("identifier", given["identifier"])
    return ResponseDeclaration(name, base_type, cardinality, correct, mapping, areas)


def read_outcome(node: Node) -> tuple[OutcomeDeclaration, str, bool]:
    """A qti-outcome-declaration, its normal-maximum (or empty), and whether a person
    gives it. Raises ``FormatError``."""
    given = node.attributes(
        identifier=None,
        cardinality=None,
        base_type=None,
        normal_maximum="",
        normal_minimum="",
        external_scored="",
        interpretation="",
        view="",
    )
    base_type = _base_type(node, given["base_type"])
    cardinality = _cardinality(node, given["cardinality"])
    default: tuple[str, ...] = ()
    for child in node.children():
        if child.name != "qti-default-value":
            raise child.unsupported()
        child.attributes(interpretation="")
        default = _values(child, base_type, cardinality)
    if given["external_scored"] not in ("", "human"):
        raise node.error("external-scored can only be human: no other machine scores here.")
    name = node.identifier("identifier", given["identifier"])
    most = _number(node, "normal-maximum", given["normal_maximum"])
    declaration = OutcomeDeclaration(name, base_type, cardinality, default)
    return declaration, most, given["external_scored"] == "human"


def _values(node: Node, base_type: BaseType, cardinality: Cardinality) -> tuple[str, ...]:
    texts = []
    for child in node.children():
        if child.name != "qti-value":
            raise child.unsupported()
        child.attributes()
        texts.append(_member(child, base_type, child.only_text()))
    if cardinality == "single" and len(texts) > 1:
        raise node.error("a single value has several <qti-value>; leave one.")
    return tuple(texts)


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


def _base_type(node: Node, text: str) -> BaseType:
    if text not in BASE_TYPES:
        raise node.error("the base type “{text}” is not supported.", text=text[:40])
    return BASE_TYPES[text]


def _cardinality(node: Node, text: str) -> Cardinality:
    if text not in CARDINALITIES:
        raise node.error("the cardinality “{text}” is not supported.", text=text[:40])
    return CARDINALITIES[text]
