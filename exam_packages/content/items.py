"""Items and their interactions, in QTI 3's terms and meaning.

Each interaction can say whether a response fits it (:func:`problem`), which is all
that a station needs to know about it; whether the response is right is nobody's
business there.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from exam_packages.canon import Object
from exam_packages.content.text import Block, Inline
from exam_packages.content.values import MAX_MEMBERS, MAX_TEXT, Response


class SimpleChoice(Object):
    """One thing that can be chosen, ordered or matched.

    ``match_max`` bounds how often it may be matched (0: any number of times).
    """

    identifier: str
    body: tuple[Inline, ...]
    match_max: int


class Choice(Object, tag=1):
    """qti-choice-interaction: one (``max_choices`` 1) or several (0: any number)."""

    response: str
    prompt: tuple[Block, ...]
    choices: tuple[SimpleChoice, ...]
    min_choices: int
    max_choices: int


class TextEntry(Object, tag=2):
    """qti-text-entry-interaction: a short answer inside a line of text.

    ``pattern`` is an XML Schema style pattern the whole answer must match, or empty;
    ``numeric`` says that the declaration's base type is a number.
    """

    response: str
    expected_length: int
    pattern: str
    placeholder: str
    numeric: bool


class ExtendedText(Object, tag=3):
    """qti-extended-text-interaction: a longer answer in the candidate's own words."""

    response: str
    prompt: tuple[Block, ...]
    expected_lines: int
    placeholder: str


class InlineChoice(Object, tag=4):
    """qti-inline-choice-interaction: one choice from a menu inside a line of text."""

    response: str
    choices: tuple[SimpleChoice, ...]


class Order(Object, tag=5):
    """qti-order-interaction: put the choices in order (all of them)."""

    response: str
    prompt: tuple[Block, ...]
    choices: tuple[SimpleChoice, ...]


class Match(Object, tag=6):
    """qti-match-interaction: pair members of the first set with members of the second."""

    response: str
    prompt: tuple[Block, ...]
    sources: tuple[SimpleChoice, ...]
    targets: tuple[SimpleChoice, ...]
    min_associations: int
    max_associations: int


Interaction: TypeAlias = Choice | TextEntry | ExtendedText | InlineChoice | Order | Match


class Exhibit(Object):
    """A stimulus shown beside items: a rule text, a table, a case."""

    identifier: str
    title: str
    body: tuple[Block, ...]


class Item(Object):
    """One question as the candidate may see it."""

    identifier: str
    title: str
    language: str
    body: tuple[Block, ...]
    interactions: tuple[Interaction, ...]
    exhibits: tuple[str, ...]

    def interaction(self, response: str) -> Interaction | None:
        """The interaction that *response* names."""
        return next((each for each in self.interactions if each.response == response), None)


def problem(interaction: Interaction, response: Response) -> str | None:
    """Why *response* cannot be an answer to *interaction*, or ``None`` when it can.

    An incomplete answer is not a problem; only one that the interaction could never
    have produced is. The sentence is for a log, not for a candidate.
    """
    members = response.members
    if len(members) > MAX_MEMBERS or any(len(member) > MAX_TEXT for member in members):
        return "the answer is too long"
    match interaction:
        case Choice(choices=choices, max_choices=most):
            known = {choice.identifier for choice in choices}
            return _among(members, known, most if most else len(known))
        case InlineChoice(choices=choices):
            return _among(members, {choice.identifier for choice in choices}, 1)
        case Order(choices=choices):
            return _among(members, {choice.identifier for choice in choices}, len(choices))
        case Match():
            return _pairs(interaction, members)
        case TextEntry() | ExtendedText():
            return None if len(members) <= 1 else "more than one text"


def complete(interaction: Interaction, response: Response) -> bool:
    """Whether *response* satisfies the interaction's own minimum."""
    count = len(response.members)
    match interaction:
        case Choice(min_choices=least):
            return count >= max(least, 1)
        case Order(choices=choices):
            return count == len(choices)
        case Match(min_associations=least):
            return count >= max(least, 1)
        case TextEntry(pattern=pattern):
            return count == 1 and (not pattern or bool(re.fullmatch(pattern, response.members[0])))
        case ExtendedText() | InlineChoice():
            return count == 1


def _among(members: tuple[str, ...], known: set[str], most: int) -> str | None:
    if len(members) > most:
        return "more choices than allowed"
    if len(set(members)) != len(members):
        return "a choice is named twice"
    if not known.issuperset(members):
        return "a choice that the question does not have"
    return None


def _pairs(interaction: Match, members: tuple[str, ...]) -> str | None:
    if interaction.max_associations and len(members) > interaction.max_associations:
        return "more pairs than allowed"
    if len(set(members)) != len(members):
        return "a pair is named twice"
    uses: dict[tuple[int, str], int] = {}
    for member in members:
        ends = member.split(" ")
        if len(ends) != 2:
            return "a pair without two ends"
        for side, end in enumerate(ends):
            uses[side, end] = uses.get((side, end), 0) + 1
    for side, choices in enumerate((interaction.sources, interaction.targets)):
        limits = {choice.identifier: choice.match_max for choice in choices}
        for (where, end), count in uses.items():
            if where == side:
                if end not in limits:
                    return "a pair with an end that the question does not have"
                if limits[end] and count > limits[end]:
                    return "a choice is matched more often than allowed"
    return None
