"""Answers of every kind at a real agent: kept in its record, opened by the scoring role alone,
and worth every point."""

from __future__ import annotations

from pathlib import Path

from sitting import Seat, Site, hall_running

from exam_packages import forms
from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import HandIn, Respond
from exam_packages.content.items import ExtendedText
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_test
from exam_packages.rules.processing import EXTERNAL, score
from exam_packages.samples import ALL_KINDS
from exam_packages.sealing.journal import (
    Compartment,
    Frame,
    epoch_header,
    open_frames,
    read_frames,
)
from exam_packages.sealing.trust import SCORING
from kiosk.ipc import messages as ipc


def test_right_answers_of_every_kind_reach_the_scoring_desk(tmp_path: Path) -> None:
    form = forms.draw(read_test(ALL_KINDS), b"a seed")
    keys = {entry.key.item: entry.key for entry in form.key.entries}
    site = Site.found(tmp_path, form.paper, tuple(form.items.values()), stations=1, candidates=1)
    with hall_running(site):
        seat = Seat(1, site.stations[0], site.hall, site)
        with seat.agent() as agent:
            screen = agent.screen()
            screen.begin(seat.hall, seat.number)
            for name, key in keys.items():
                (interaction,) = form.items[name].interactions
                members = key.responses[0].correct
                if isinstance(interaction, ExtendedText):
                    members = ("Warm.", "Torn.")[: interaction.max_strings]
                given = (Response(interaction.response, members),)
                assert isinstance(screen.do(Respond(name, given)), ipc.Saved), name
            screen.do(HandIn())
            screen.await_(ipc.Finished, lambda finished: finished.hall)
            assert agent.end() == 0
    frames = read_frames(next(seat.station.attempts.iterdir())).frames
    (header,) = (
        epoch_header(frame)
        for frame in frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    )
    opening = header.keys(site.body.opening_key(SCORING), [Compartment.RESPONSES])
    opened = [
        ev.decode_event(frame.body)
        for frame in open_frames(frames, {header.context.epoch: opening})
        if frame.body is not None and frame.compartment is Compartment.RESPONSES
    ]
    standing = {e.item: e.responses for e in opened if isinstance(e, ev.Responded)}
    assert set(standing) == set(form.items)
    for name, responses in standing.items():
        result = score(form.items[name], keys[name], responses)
        if keys[name].external:
            assert result.person == EXTERNAL
        else:
            assert result.score == result.max_score > 0, name
