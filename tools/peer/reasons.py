"""Why the peer scores something differently: what it does, held against the standard.

Each was found by looking into one difference and holds for all of its kind; a difference
that none of them explains is called so, and is ours to look into.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from items import CorpusItem

from exam_packages.rules.values import Value

UNEXPLAINED = "unexplained"


def reason(
    item: CorpusItem,
    outcome: str,
    answers: Mapping[str, tuple[str, ...]],
    ours: Value | None,
    theirs: object,
) -> str:
    """One sentence. *theirs* is the peer's value, or its error's text."""
    names, text = item.names(), json.dumps(theirs)
    given = [each for texts in answers.values() for each in texts]
    if "process is not a function" in text:
        return "the peer does not know qti-exit-response, or another rule of the item"
    if "object Object" in text or (isinstance(theirs, list) and any("," in x for x in theirs)):
        return "the peer's qti-multiple does not take the members out of containers in it"
    if theirs is None and ours is not None and ours.members == (0,):
        return "a number without a default begins at 0; the peer leaves it NULL"
    if "qti-template-processing" in names:
        return (
            "the peer draws other values of template variables, or none: ours are the first of each"
        )
    if template(item) not in ("", "match_correct", "map_response", "map_response_point"):
        return "the peer knows only three of the standard templates"
    if isinstance(theirs, str) and theirs.replace(",", "") != theirs:
        return "the peer writes a thousand with a comma, so its own number is none"
    if any(" " in each for each in given) and _types(item) & {"pair", "directedPair"}:
        return "the peer compares directed pairs without their direction, and their spaces as well"
    if "qti-string-match" in names and "substring" in _attributes(item, "qti-string-match"):
        return "the peer looks for no substring in qti-string-match"
    if "qti-any-n" in names:
        return "the peer's qti-any-n counts variables alone, not what an expression gives"
    if "qti-map-response" in names and len(set(given)) < len(given):
        return (
            "qti-map-response counts a value once; the peer counts it as often as it stands there"
        )
    if "case-sensitive" not in _attributes(item, "qti-map-entry") and _folds(item, given):
        return "a mapping tells upper from lower case unless it says otherwise; the peer does not"
    if "toString" in text or "toLowerCase" in text:
        return "the peer fails where an operand is NULL"
    if "boolean" in _types(item):
        return "the peer takes the text “false” of a boolean variable for true"
    if names & {"qti-is-null", "qti-subtract", "qti-divide", "qti-sum"} and "qti-null" in names:
        return "arithmetic with NULL is NULL; the peer computes with it"
    return UNEXPLAINED


def template(item: CorpusItem) -> str:
    """The last part of the address of the item's template."""
    for node in item.root.children():
        if node.name == "qti-response-processing":
            address = node.get("template") or node.get("template-location") or ""
            return address.rpartition("/")[2].removesuffix(".xml")
    return ""


def _types(item: CorpusItem) -> set[str | None]:
    return {node.get("base-type") for node in item.root.children()}


def _attributes(item: CorpusItem, name: str) -> set[str]:
    return {str(key) for each in item.root.element.iter(name) for key in each.attrib}


def _folds(item: CorpusItem, given: list[str]) -> bool:
    """Whether an answer is the key of a mapping but for its case."""
    keys = [str(each.get("map-key")) for each in item.root.element.iter("qti-map-entry")]
    return any(key != one and key.casefold() == one.casefold() for key in keys for one in given)
