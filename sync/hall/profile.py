"""A candidate's needs and preferences from a 1EdTech AfA PNP 3.0 file, as far as a station
can meet them.

=============================  ========================================================
``language-of-interface``      the language of the screen's own words
``high-contrast``              the theme of highest contrast
``invert-display-polarity``    the same, or its dark twin where the ground asked for is dark
``spoken``                     reading aloud
``calculator-on-screen``       the calculator, or the scientific one
``glossary-on-screen``         the glossary
``keyword-translation``        the translation of words
``note-taking-on-screen``      notes and the scratchpad
``additional-testing-time``    minutes; or a factor, of the exam's time limit
=============================  ========================================================

Everything else in the file is told by its name, for people to arrange: nothing that somebody
was granted is passed over in silence. What ``prohibit-set`` names is not granted. Source:
1EdTech *Access for All Personal Needs and Preferences* for QTI 3.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from exam_packages.attempt.preferences import Accommodation
from exam_packages.content import paper
from exam_packages.formats.xml import XML, Node, parse
from exam_packages.language import languages
from sync.hall.roster import MAX_FACTOR, Profile

ROOT: Final = "access-for-all-pnp"
LIGHT, DARK = "contrast-light", "contrast-dark"

CALCULATORS: Final = {
    "basic": paper.CALCULATOR,
    "standard": paper.CALCULATOR,
    "scientific": paper.SCIENTIFIC,
}
"""Types of ``calculator-on-screen``; one that draws graphs there is not."""
SUPPORTS: Final = {
    "glossary-on-screen": (paper.GLOSSARY,),
    "keyword-translation": (paper.TRANSLATION,),
    "note-taking-on-screen": (paper.NOTES, paper.SCRATCHPAD),
}

_SETS: Final = ("activate-at-initialization-set", "activate-as-option-set", "prohibit-set")
_NUMBER: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")


def read_profile(data: bytes, file: str) -> Profile:
    """Read a PNP. Raises :class:`~exam_packages.formats.errors.FormatError`."""
    root = parse(data, file)
    if root.name != ROOT:
        raise root.error(
            "this is no profile of needs and preferences; its root is {root}.", root=ROOT
        )
    children = root.children()
    barred = {
        support.name
        for each in children
        if each.name == "prohibit-set"
        for support in each.children()
    }
    wanted = {each.name: each for each in children if each.name not in _SETS}
    asked = {name: node for name, node in wanted.items() if name not in barred}
    factor, minutes = Decimal(1), 0
    others: list[str] = []
    language = theme = ""
    aloud = False
    tools: set[str] = set()
    for name, node in asked.items():
        match name:
            case "language-of-interface":
                language = _language(node)
                if not language:
                    others.append(name)
            case "high-contrast":
                theme = theme or LIGHT
            case "invert-display-polarity":
                theme = DARK if _dark(node) else LIGHT
            case "spoken":
                aloud = True
            case "calculator-on-screen" if tool := CALCULATORS.get(
                node.get("calculator-type") or "basic"
            ):
                tools.add(tool)
            case _ if name in SUPPORTS:
                tools.update(SUPPORTS[name])
            case "additional-testing-time":
                factor, minutes = _time(node)
            case _:
                others.append(name)
    return Profile(
        Accommodation(language, theme, aloud), factor, minutes, tuple(others), frozenset(tools)
    )


def _language(node: Node) -> str:
    """The language of ours that a tag such as ``fr-CA`` or ``zh-Hans`` asks for, or nothing."""
    tag = (node.get(f"{{{XML}}}lang") or node.only_text()).replace("-", "_").casefold()
    ours: Mapping[str, str] = {name.casefold(): name for name in languages()}
    if tag in ours:
        return ours[tag]
    first = tag.partition("_")[0]
    return next((name for key, name in ours.items() if key.partition("_")[0] == first), "")


def _dark(node: Node) -> bool:
    for child in node.children():
        if child.name == "background":
            return _lightness(child.only_text()) < 128
    return True  # inverted, and no colour said


def _lightness(colour: str) -> int:
    found = re.fullmatch(r"#?([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})", colour)
    return sum(int(each, 16) for each in found.groups()) // 3 if found else 0


def _time(node: Node) -> tuple[Decimal, int]:
    children = node.children()
    if len(children) != 1:
        raise node.error("one kind of additional time must stand here, not {n}.", n=len(children))
    (child,) = children
    text = child.only_text()
    if child.name == "unlimited":
        raise child.error(
            "time without a limit cannot be granted; write fixed-minutes or time-multiplier."
        )
    if child.name not in ("time-multiplier", "fixed-minutes") or not _NUMBER.fullmatch(text):
        raise child.error("this must be a number of minutes, or what multiplies the time.")
    number = Decimal(text)
    if child.name == "fixed-minutes":
        return Decimal(1), int(number.to_integral_value("ROUND_CEILING"))
    if not 1 <= number <= MAX_FACTOR:
        raise child.error("time is multiplied by 1 to {limit}.", limit=MAX_FACTOR)
    return number, 0
