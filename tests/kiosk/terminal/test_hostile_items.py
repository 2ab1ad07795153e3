"""Questions that mean harm, sealed, released and opened on a real terminal."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from exam_stations import FORM, Station
from hostile_items import HOSTILE, hostile_item, hostile_kinds
from msgspec.structs import replace
from sitting import Seat, Site, hall_running

from exam_packages import forms
from exam_packages.attempt import events as ev
from exam_packages.attempt.state import Phase
from exam_packages.content import items as it
from exam_packages.content import text as rich
from exam_packages.content.paper import NONLINEAR, ItemReference, Section, TestPart
from exam_packages.forms.form import DrawnForm
from exam_packages.sealing.package import Blob

LONG = 100_000
PAINTING = re.compile(
    "\x1b\\[[0-9;?<>=:]*[ -/]*[@-~]|\x1b\\]22;[a-z-]*\x07|\x1b[()][0AB]|\x1b[=>78]"
)
"""What a terminal may be told: to paint, its modes, and the shape of the pointer."""


def _long() -> it.Item:
    words = (HOSTILE[2] + HOSTILE[3] + "Z\u200d\u200dé temperature ") * (LONG // 100)
    body = (rich.Paragraph((rich.Text(words[:LONG], 0),)), rich.Slot("R"))
    choices = tuple(it.SimpleChoice(name, (rich.Text(words[:9000], 0),), 1) for name in "ab")
    return it.Item("long", "Long", "en", body, (it.Choice("R", (), choices, 0, 1),), (), ())


def _form() -> DrawnForm:
    everything = "".join(HOSTILE)
    picture = next(iter(FORM.media.values()))
    items = [replace(hostile_item(words), identifier=f"h{n}") for n, words in enumerate(HOSTILE)]
    items += [*hostile_kinds(everything), _long()]
    references = tuple(ItemReference(each.identifier, each.title) for each in items)
    part = TestPart("p", NONLINEAR, (Section("s", everything, (), references),))
    paper = replace(FORM.paper, title=everything, parts=(part,))
    return DrawnForm(
        paper, {each.identifier: each for each in items}, {}, {"chart.png": picture}, FORM.key
    )


@pytest.mark.slow
def test_no_question_drives_the_terminal(tmp_path: Path) -> None:
    """Markup, escape sequences, marks that hide and reorder, towers of accents, 100,000
    characters: every question opens, takes keys, and writes nothing but painting."""
    form = _form()
    items = [form.items[each.identifier] for each in form.paper.references()]
    blobs = [Blob(*each) for each in forms.blobs(form)]
    site = Site.found(tmp_path, form.paper, (), stations=1, candidates=1, blobs=blobs)
    with hall_running(site):
        s = Station(Seat(1, site.stations[0], site.hall, site), [], {})
        try:
            s.agent.screen().begin(site.hall, 1)
            s.terminal.start()
            for number in range(1, len(items) + 1):
                s.terminal.until(f"Question {number} of {len(items)}")
                s.terminal.press("space", "down", "space", "a", "f7", "\x1b", "f9")
            s.terminal.until("Review before handing in")
            s.terminal.press("\x1b")
            s.alive()
            written = PAINTING.sub("", s.terminal.output.decode())
            kept = {each for each in written if unicodedata.category(each) in ("Cc", "Cf", "Cs")}
            assert kept <= set("\r\n\b"), kept
            attempt = s.attempt()
            assert attempt.phase is Phase.RUNNING
            assert attempt.place == items[-1].identifier
            assert not [
                each
                for each in s.told()
                if isinstance(each.event, ev.Noticed) and each.event.code == "screen-fault"
            ]
        finally:
            s.close()
