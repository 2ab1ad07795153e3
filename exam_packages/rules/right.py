"""What the answer that the author calls correct scores: all points, or a key has a mistake."""

from __future__ import annotations

from exam_packages.content.items import Item
from exam_packages.content.values import Response
from exam_packages.rules.key import ItemKey
from exam_packages.rules.processing import ItemResult, score


def right(item: Item, key: ItemKey) -> tuple[Response, ...]:
    """The correct responses of *item*, as a candidate gives them."""
    return tuple(
        Response(each.identifier, each.right())
        for each in key.responses
        if item.interaction(each.identifier)
    )


def falls_short(item: Item, key: ItemKey) -> ItemResult | None:
    """What the correct answer scores where that is not the highest score; ``None`` where it
    is, where people mark the item, and where not every response has a correct answer."""
    if key.external or not all(each.members for each in right(item, key)):
        return None
    result = score(item, key, right(item, key))
    return None if result.score == result.max_score else result
