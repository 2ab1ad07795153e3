"""What of an interaction can be struck out: what its response could name, one by one."""

from __future__ import annotations

from exam_packages.content.items import (
    Choice,
    Hotspot,
    Hottext,
    InlineChoice,
    Interaction,
    Match,
)


def strikable(interaction: Interaction | None, name: str) -> bool:
    """Whether *name* is a choice that can be struck out: a choice's identifier, that of words in
    a text or of an area; of a match, a pair as its response writes it (``source target``)."""
    match interaction:
        case Choice(choices=choices) | InlineChoice(choices=choices):
            return any(each.identifier == name for each in choices)
        case Hotspot(areas=areas):
            return any(each.identifier == name for each in areas)
        case Hottext(words=words):
            return name in words
        case Match(sources=sources, targets=targets):
            source, _space, target = name.partition(" ")
            return any(each.identifier == source for each in sources) and any(
                each.identifier == target for each in targets
            )
        case _:
            return False
