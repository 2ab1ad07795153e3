"""The rules of recordings, against a model that counts with its fingers."""

from __future__ import annotations

from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from exam_packages.attempt import events as ev
from exam_packages.attempt.plays import NONE, Plays, left, played
from exam_packages.content.items import Media
from exam_packages.content.text import Recording
from kiosk import playing

PLACE = ("item", "R")
LENGTH = 60_000


def media(most: int) -> Media:
    return Media("R", (), Recording("a.ogg", "audio/ogg", ""), 0, most, False, False)


def fold(plays: Plays, events: tuple[ev.Event, ...]) -> Plays:
    for event in events:
        if isinstance(event, ev.Played | ev.Heard):
            plays = played(plays, event)
    return plays


@given(
    st.integers(0, 4),
    st.lists(st.sampled_from(["play", "tick", "stop", "end", "crash"]), max_size=40),
    st.data(),
)
def test_no_play_is_got_for_nothing_and_none_is_lost(
    most: int, steps: list[str], data: st.DataObject
) -> None:
    plays: Plays = MappingProxyType({})
    begun, at, sounding, over, told = 0, 0, False, True, 0
    for step in steps:
        match step:
            case "play" if not sounding:
                events = playing.begin(plays, "item", media(most))
                if over and most and begun == most:
                    assert events is None  # refused, and nothing else changes
                    continue
                assert events is not None
                begun += over
                first = events[-1]
                # It goes on where it broke off, or at most so much before as was not told.
                assert (first.number, first.from_ms) == (begun, 0 if over else told)
                at = told = first.from_ms
                sounding, over = True, False
                plays = fold(plays, events)
            case "tick" | "stop" | "end" if sounding:
                at += data.draw(st.integers(0, 9_000))
                how = {"tick": ev.GOES_ON, "stop": ev.STOPPED_AT, "end": ev.HEARD_ALL}[step]
                plays = fold(plays, playing.heard(plays, *PLACE, at, how))
                told = at
                sounding, over = step == "tick", step == "end"
            case "crash" if sounding:
                at += data.draw(st.integers(0, 5_000))  # heard, and nobody was told
                sounding = False
        play = plays.get(PLACE, NONE)
        assert play.number == begun
        assert play.unfinished is (begun > 0 and not over)
        assert left(play, most) == (max(0, most - begun) if most else None)
        members = playing.counted(plays, "item", media(most)).members
        assert members == ((str(begun),) if begun else ())


def test_what_broke_off_without_a_word_is_an_incident_as_it_goes_on() -> None:
    plays = fold(MappingProxyType({}), playing.begin(MappingProxyType({}), "item", media(1)) or ())
    plays = fold(plays, playing.heard(plays, *PLACE, 12_300, ev.GOES_ON))
    noticed, going_on = playing.begin(plays, "item", media(1)) or ()
    assert isinstance(noticed, ev.Noticed) and noticed.code == playing.CUT
    assert "goes on from 12 s, and does not count again" in noticed.words
    assert going_on == ev.Played("item", "R", 1, 12_300)
    stopped = fold(plays, playing.heard(plays, *PLACE, 13_000, ev.STOPPED_AT))
    assert playing.begin(stopped, "item", media(1)) == (ev.Played("item", "R", 1, 13_000),)


def test_what_makes_no_sense_is_no_event() -> None:
    none: Plays = MappingProxyType({})
    assert playing.heard(none, *PLACE, 5, ev.HEARD_ALL) == ()  # nothing was begun
    plays = fold(none, playing.begin(none, "item", media(2)) or ())
    for at_ms, how in ((-1, ev.GOES_ON), (1 << 40, ev.GOES_ON), (5, 3), (5, -1), (0, ev.GOES_ON)):
        assert playing.heard(plays, *PLACE, at_ms, how) == ()
    plays = fold(plays, playing.heard(plays, *PLACE, 9_000, ev.GOES_ON))
    back = playing.heard(plays, *PLACE, 4_000, ev.STOPPED_AT)
    assert back == (ev.Heard(*PLACE, 1, 9_000, ev.STOPPED_AT),)  # never a step back
