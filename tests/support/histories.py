"""Whole histories of attempts for hypothesis: any order of events, time that only grows."""

from __future__ import annotations

from hypothesis import strategies as st

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.preferences import Accommodation, Preferences
from exam_packages.clock import SECOND, Stamp
from exam_packages.content.values import Response
from exam_packages.sealing.suite import SigningKey

HALL = SigningKey(b"h" * 32)
BLIND_ID = b"b" * 16
ITEMS = ("one", "two", "three")
BOOTS = (b"1" * 16, b"2" * 16)

items = st.sampled_from(ITEMS)
scopes = st.sampled_from(("part/p", "section/s", "item/one"))
responses = st.lists(
    st.builds(
        Response,
        st.just("RESPONSE"),
        st.lists(st.sampled_from("ABC"), max_size=2).map(tuple),
    ),
    max_size=1,
).map(tuple)
names = st.sampled_from(("", "fr", "zh_CN", "no-such"))
preferences = st.builds(Preferences, names, names, st.booleans(), st.integers(0, 500))
granted = st.builds(Accommodation, names, names, st.booleans())
orders = st.one_of(
    st.builds(cmd.Accommodate, granted),
    st.builds(cmd.EnlargeText, st.sampled_from((0, 100, 150))),
    st.builds(cmd.Admit, st.integers(0, 600)),
    st.builds(cmd.Pause),
    st.builds(cmd.Resume),
    st.builds(cmd.AddTime, st.integers(-120, 600)),
    st.builds(cmd.AllowBreaks, st.integers(-2, 3)),
    st.builds(cmd.LetBack),
    st.builds(cmd.Say, st.text(max_size=10)),
    st.builds(cmd.Attend, st.text(max_size=10)),
    st.builds(cmd.Evacuate, st.integers(0, 2_000 * SECOND)),
    st.builds(cmd.Return),
    st.builds(cmd.GrantTools, st.sampled_from(((), ("calculator",), ("glossary", "no-such")))),
    st.builds(cmd.Replace, st.sampled_from(cmd.DEVICES), st.booleans()),
)


def commanded(number: int, order: cmd.Order, authority: int = 1, epoch: int = 1) -> bytes:
    """A signed command, as the hall would send it."""
    command = cmd.Command(BLIND_ID, epoch, authority, number, "Ana", 1, "routine.start", "", order)
    return cmd.sign_command(command, HALL)


plain_events = st.one_of(
    st.builds(ev.Responded, items, responses),
    st.builds(ev.Opened, st.integers(1, 9), st.just(ev.RESTART), st.booleans()),
    st.builds(ev.Practised),
    st.builds(ev.Began, st.integers(0, 3600)),
    st.builds(ev.Moved, items),
    st.builds(ev.Flagged, items, st.booleans()),
    st.builds(ev.StruckOut, items, st.just("R"), st.sampled_from("ab"), st.booleans()),
    st.builds(ev.Noted, items, st.text(max_size=10)),
    st.builds(ev.Jotted, st.text(max_size=10)),
    st.builds(ev.Highlighted, items, st.just(((0, 2),))),
    st.builds(ev.Reported, items, st.text(max_size=10)),
    st.builds(ev.Called, st.booleans()),
    st.builds(ev.Entered, scopes, st.integers(0, 900), st.integers(0, 60)),
    st.builds(ev.Left, scopes, st.sampled_from((ev.STEPPED_OUT, ev.LEFT, ev.SPENT))),
    st.builds(ev.Submitted, items),
    st.builds(
        ev.BreakBegan, st.sampled_from(("", *ITEMS)), st.just(60), st.booleans(), st.booleans()
    ),
    st.builds(ev.BreakOver),
    st.builds(ev.Returned),
    st.builds(ev.BreakEnded),
    st.builds(ev.Beat),
    st.builds(ev.Preferred, preferences),
    st.builds(ev.Accepted, st.binary(min_size=32, max_size=32)),
    st.builds(ev.GivenBack, st.integers(0, 600)),
    st.builds(ev.Noticed, st.just("camera-lost"), st.text(max_size=10)),
    st.builds(ev.CameraFound, st.sampled_from((0, 1, 2)), st.text(max_size=10)),
    st.builds(ev.PictureTold, st.integers(1, 9), st.just("time"), st.just(("dark",))),
    st.builds(ev.Signalled, st.just("dark"), st.booleans(), st.text(max_size=9), st.just((1,))),
    st.builds(ev.PicturesMissed, st.integers(1, 9), st.text(max_size=9)),
    st.builds(ev.Mandated, st.binary(max_size=9)),
    st.builds(ev.SnapshotTaken, st.integers(1, 9), st.just(b"d" * 32), st.just(9), st.just(1)),
    st.builds(ev.Identified, st.text(max_size=10), st.text(max_size=10)),
)


@st.composite
def histories(draw: st.DrawFn, *, closes: bool = True) -> list[ev.Entry]:
    """Entries in any order, also ones that no session would allow: folds must not mind."""
    entries: list[ev.Entry] = []
    boottime, wall, boot, number = draw(st.integers(0, SECOND)), 1_000 * SECOND, 0, 0
    for sequence in range(1, draw(st.integers(0, 25)) + 1):
        step = draw(st.integers(0, 400 * SECOND))
        boottime += step
        wall += step + draw(st.integers(-2 * SECOND, 2 * SECOND))
        if boot + 1 < len(BOOTS) and draw(st.integers(0, 9)) == 0:
            boot, boottime = boot + 1, draw(st.integers(0, 60 * SECOND))
        if draw(st.booleans()):
            number += 1
            event: ev.Event = ev.Commanded(commanded(number, draw(orders)))
        else:
            event = draw(plain_events)
        entries.append(ev.Entry(sequence, Stamp(BOOTS[boot], boottime, wall, 0), event))
    if closes and entries and draw(st.booleans()):
        last = entries[-1]
        entries.append(ev.Entry(last.sequence + 1, last.stamp, ev.Closed(ev.HANDED_IN)))
    return entries
