"""The rules of recordings: which play begins, which goes on, which is refused. Pure.

The agent's session asks here, and so does the practice, which has no agent. The rules are
those of :mod:`exam_packages.attempt.plays`:

1.  A recording with ``max_plays`` is begun at most so many times; 0 is any number of times.
2.  A play that is not over goes on, however often it broke off, and does not count again.
3.  One that broke off without a word (a crash) is an incident as it goes on, so that the
    invigilators see it.
4.  The interaction's response is how many plays were begun; nobody can give another.
"""

from __future__ import annotations

from exam_packages.attempt import events as ev
from exam_packages.attempt.plays import NONE, Plays, left
from exam_packages.content.items import Item, Media
from exam_packages.content.values import Response
from exam_packages.recordings import MAX_LENGTH_MS

CUT = "recording-cut"
"""The code of the incident of rule 3."""

Begun = tuple[ev.Played] | tuple[ev.Noticed, ev.Played]


def media(item: Item, response: str) -> Media | None:
    """The media interaction that *response* names."""
    found = item.interaction(response)
    return found if isinstance(found, Media) else None


def begin(plays: Plays, item: str, interaction: Media) -> Begun | None:
    """What happens when the recording is to be played; ``None``: every play was used."""
    place = (item, interaction.response)
    play = plays.get(place, NONE)
    if not play.unfinished:
        if left(play, interaction.max_plays) == 0:
            return None
        return (ev.Played(*place, play.number + 1, 0),)
    going_on = ev.Played(*place, play.number, play.at_ms)
    if not play.cut:
        return (going_on,)
    words = (
        f"Play {play.number} of a recording of “{item}” broke off; it goes on from "
        f"{play.at_ms // 1000} s, and does not count again."
    )
    return (ev.Noticed(CUT, words), going_on)


def heard(plays: Plays, item: str, response: str, at_ms: int, how: int) -> tuple[ev.Event, ...]:
    """What is recorded of how far a recording has come; nothing for one that does not play,
    and never a step back."""
    play = plays.get((item, response), NONE)
    sane = how in (ev.GOES_ON, ev.STOPPED_AT, ev.HEARD_ALL) and 0 <= at_ms <= MAX_LENGTH_MS
    if not play.cut or not sane:
        return ()
    at_ms = max(at_ms, play.at_ms)
    if how == ev.GOES_ON and at_ms == play.at_ms:
        return ()
    return (ev.Heard(item, response, play.number, at_ms, how),)


def counted(plays: Plays, item: str, interaction: Media) -> Response:
    """The response of a media interaction: how often it was begun."""
    number = plays.get((item, interaction.response), NONE).number
    return Response(interaction.response, (str(number),) if number else ())
