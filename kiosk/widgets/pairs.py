"""Pairing things of one or two sets within the limits of an interaction. No screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exam_packages.content.items import SimpleChoice

Pair = tuple[str, str]
Pairs = frozenset[Pair]


def limits(choices: Iterable[SimpleChoice]) -> dict[str, int]:
    """How often each may be paired; 0 is any number of times."""
    return {choice.identifier: choice.match_max for choice in choices}


def read(members: Sequence[str]) -> Pairs:
    """The pairs of a response."""
    found = (member.partition(" ") for member in members)
    return frozenset((first, second) for first, _space, second in found)


def written(pairs: Pairs) -> tuple[str, ...]:
    """The members of a response, in their canonical order."""
    return tuple(sorted(f"{first} {second}" for first, second in pairs))


def add(
    pairs: Pairs,
    pair: Pair,
    firsts: Mapping[str, int],
    seconds: Mapping[str, int] | None,
    most: int,
) -> Pairs | int:
    """*pairs* with *pair*, or the limit that it would go beyond.

    Where an end may be paired only once the new pair takes the old one's place. Without
    *seconds* both ends are of the first set, and the order in a pair says nothing.
    """
    for side, end in enumerate(pair):
        limit = (firsts if side == 0 or seconds is None else seconds)[end]
        having = {each for each in pairs if _has(each, side, end, one_set=seconds is None)}
        if limit == 1:
            pairs -= having
        elif limit and len(having) >= limit:
            return limit
    if most and len(pairs) >= most:
        return most
    return pairs | {pair}


def _has(pair: Pair, side: int, end: str, *, one_set: bool) -> bool:
    return end in pair if one_set else pair[side] == end
