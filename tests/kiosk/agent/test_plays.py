"""Recordings at a real agent: counted in its journal before they sound, through its death."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from histories import commanded
from sitting import Seat, Site, eventually, hall_running

from exam_packages import forms
from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Enlarge, Hear, Move, Play, Respond
from exam_packages.attempt.commands import EnlargeText
from exam_packages.attempt.ledger import Ledger
from exam_packages.attempt.plays import Play as Playing
from exam_packages.clock import Stamp
from exam_packages.content.values import Response
from exam_packages.formats.qti.reader import read_test
from exam_packages.rules.processing import score
from exam_packages.samples import LISTENING
from exam_packages.sealing.package import Blob
from kiosk.agent.session import NO_SUCH_DISPLAY, Exam, session
from kiosk.ipc import messages as ipc

BELL = ("bell", "PLAYS")


def refused(reply: Any) -> str:
    assert isinstance(reply, ipc.Refused), reply
    return reply.template


def test_a_play_is_counted_before_it_sounds_and_goes_on_after_a_crash(tmp_path: Path) -> None:
    form = forms.draw(read_test(LISTENING), b"plays")
    assert {name: kind for name, kind, _ in forms.blobs(form)}["media/bell.ogg"] == "audio/ogg"
    blobs = [Blob(*each) for each in forms.blobs(form)]
    site = Site.found(tmp_path, form.paper, (), stations=1, candidates=1, blobs=blobs)
    with hall_running(site):
        seat = Seat(1, site.stations[0], site.hall, site)
        with seat.agent() as agent:
            screen = agent.screen()
            screen.begin(seat.hall, seat.number)
            assert isinstance(screen.do(Move("bell")), ipc.Saved)
            assert isinstance(screen.do(Play(*BELL)), ipc.Saved)
            assert isinstance(screen.do(Hear(*BELL, 1_500, ev.GOES_ON)), ipc.Saved)
            answers = (Response("RESPONSE", ("lower",)), Response("PLAYS", ("0",)))
            assert isinstance(screen.do(Respond("bell", answers)), ipc.Saved)
            agent.kill()
        with seat.agent() as agent:
            screen = agent.screen()
            eventually(lambda: screen.attempt.epoch == 2, "a new epoch")
            assert screen.attempt.plays == {BELL: Playing(1, 1_500, ev.GOES_ON)}
            assert isinstance(screen.do(Play(*BELL)), ipc.Saved)
            assert screen.attempt.plays == {BELL: Playing(1, 1_500, ev.GOES_ON)}

            def incidents() -> list[str]:
                return list(seat.hall.row(seat.candidate)["incidents"])

            eventually(
                lambda: any("broke off; it goes on from 1 s" in each for each in incidents()),
                "the invigilators see it",
            )
            assert isinstance(screen.do(Hear(*BELL, 3_200, ev.HEARD_ALL)), ipc.Saved)
            assert isinstance(screen.do(Play(*BELL)), ipc.Saved)
            assert isinstance(screen.do(Hear(*BELL, 3_200, ev.HEARD_ALL)), ipc.Saved)
            assert "as often as this question allows" in refused(screen.do(Play(*BELL)))
            standing = screen.attempt.responses["bell"]
            assert {each.identifier: each.members for each in standing} == {
                "RESPONSE": ("lower",),
                "PLAYS": ("2",),  # counted by the agent, whatever the screen said
            }
            key = {entry.key.item: entry.key for entry in form.key.entries}["bell"]
            assert score(form.items["bell"], key, standing).score == 1
            assert "no such recording" in refused(screen.do(Play("bell", "RESPONSE")))
            assert isinstance(screen.do(Move("bell-in-text")), ipc.Saved)
            assert "no such recording" in refused(screen.do(Play(*BELL)))


def test_letters_are_chosen_and_granted_within_what_there_is() -> None:
    now = Stamp(bytes(16), 0, 0, 0)
    assert session(Exam(), Ledger(), now, Enlarge(150)) == (ev.Enlarged(150),)
    assert session(Exam(), Ledger(), now, Enlarge(99)) == NO_SUCH_DISPLAY
    granted = commanded(1, EnlargeText(200))
    assert session(Exam(), Ledger(), now, granted) == (ev.Commanded(granted),)
    assert session(Exam(), Ledger(), now, commanded(1, EnlargeText(7))) == NO_SUCH_DISPLAY
