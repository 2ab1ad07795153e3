"""What a scripted candidate answers, and the keys a person would press for it.

The script knows the answer key, because it belongs to the same throwaway site: so some of
its answers are right and some are wrong on purpose, and every score can be foretold.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Final

from exam_packages.body import Body
from exam_packages.content.items import (
    Choice,
    ExtendedText,
    InlineChoice,
    Interaction,
    Item,
    Match,
    Order,
    TextEntry,
)
from exam_packages.content.paper import PAPER_BLOB, Paper, item_blob
from exam_packages.content.reading import read_item, read_paper
from exam_packages.content.text import plain
from exam_packages.content.values import Response

_WORDS: Final = 3
WRONG_EVERY: Final = 5
"""One item in so many is answered wrongly."""

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """One item of the script: its number in the paper, and what is answered."""

    number: int
    item: Item
    responses: tuple[Response, ...]


def write_script(body: Body, form: str, candidate: str, offset: int) -> tuple[Turn, ...]:
    """The answers of one candidate to a form; *offset* varies which are wrong."""
    directory = body.form_directory(form) / PAPER_BLOB
    paper: Paper = read_paper((directory / PAPER_BLOB).read_bytes())
    key = body.answer_key(form)
    turns = []
    for number, reference in enumerate(paper.references(), start=1):
        item = read_item((directory / item_blob(reference.identifier)).read_bytes())
        entry = key.entry(item.identifier)
        right = (
            {} if entry is None else {each.identifier: each.correct for each in entry.key.responses}
        )
        wrong = (number + offset) % WRONG_EVERY == 0
        responses = tuple(
            Response(each.response, _answer(each, right.get(each.response, ()), wrong, candidate))
            for each in item.interactions
        )
        turns.append(Turn(number, item, responses))
    return tuple(turns)


def _answer(
    interaction: Interaction, right: tuple[str, ...], wrong: bool, candidate: str
) -> tuple[str, ...]:
    """The members of an answer, in the order in which a station records them."""
    match interaction:
        case ExtendedText():
            return (
                f"At 09:40 the walk-in refrigerator read 9.5 °C; the log shows 4 °C. ({candidate})",
            )
        case TextEntry():
            return ("1",) if wrong else right
        case Choice(choices=choices) | InlineChoice(choices=choices):
            if wrong:
                return (next(each.identifier for each in choices if each.identifier not in right),)
            return tuple(sorted(right))
        case Order():
            return right[::-1] if wrong else right
        case Match():
            return tuple(sorted(right[1:] if wrong else right))
        case _:  # the sample exam, which is what the script sits, has no other kind
            raise NotImplementedError(type(interaction).__name__)


def first_words(item: Item) -> frozenset[str]:
    """The words that paragraphs and prompts of an item open with; too few to be wrapped."""
    prompts = [getattr(each, "prompt", ()) for each in item.interactions]
    lines = plain((*item.body, *chain(*prompts))).splitlines()
    openings = (
        " ".join(takewhile(lambda word: "_" not in word, line.split()[:_WORDS])) for line in lines
    )
    return frozenset(filter(None, openings))


def keys(interaction: Interaction, members: tuple[str, ...], *, grid: bool) -> Keys:
    """The keys that answer *interaction*, from a fresh cursor on it.

    *grid* says that a match interaction is drawn as a grid, not as a list.
    """
    match interaction:
        case Choice(choices=choices):
            places = [each.identifier for each in choices]
            return tuple("abcdefghijklmnopqrstuvwxyz"[places.index(each)] for each in members)
        case InlineChoice(choices=choices):
            places = [each.identifier for each in choices]
            return ("space", "home", *["down"] * (places.index(members[0]) + 1), "space")
        case TextEntry() | ExtendedText():
            return tuple(members[0])
        case Order(choices=choices):
            return _order([each.identifier for each in choices], members)
        case Match():
            return _match(interaction, members, grid)
        case _:  # as above
            raise NotImplementedError(type(interaction).__name__)


def _order(choices: list[str], wanted: tuple[str, ...]) -> Keys:
    """Go to each in turn, below those already placed, and place it."""
    pressed: list[str] = []
    rest = list(choices)
    for placed, identifier in enumerate(wanted):
        pressed += ["home", *["down"] * (placed + rest.index(identifier)), "space"]
        rest.remove(identifier)
    return tuple(pressed)


def _match(interaction: Match, members: tuple[str, ...], grid: bool) -> Keys:
    sources = [each.identifier for each in interaction.sources]
    targets = [each.identifier for each in interaction.targets]
    pressed: list[str] = []
    for member in members:
        source, target = member.split(" ")
        down, across = ["down"] * sources.index(source), targets.index(target)
        if grid:
            left = ["left"] * len(targets)
            pressed += ["home", *down, *left, *["right"] * across, "space"]
        else:
            # Open the line, choose below it, close it again.
            pressed += ["home", *down, "space", *["down"] * (across + 1), "space"]
            pressed += ["home", *down, "space"]
    return tuple(pressed)
