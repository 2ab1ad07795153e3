"""A letter held up to a real station: read by the camera process, signed in at the hall."""

from __future__ import annotations

import re

from held_up import held_up, write_frames
from sitting import Agent, Seat, candidate, sign_in_code

from exam_packages.attempt.events import NO_CAMERA, Noticed
from kiosk.ipc import messages as ipc


def _give_camera(seat: Seat, holds: str) -> None:
    frames = [held_up(holds, side=150 + 10 * n, angle=5 * n, noise=2) for n in range(6)]
    video = seat.station.directory / "letter.avi"
    write_frames(video, frames)
    path = seat.station.settings_path
    text, found = re.subn(r'camera = "none"', f'camera = "{video}"', path.read_text())
    assert found == 1
    path.write_text(text)


def test_what_the_camera_reads_signs_in_and_is_not_kept(seat: Seat) -> None:
    _give_camera(seat, sign_in_code(seat.number))
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Welcome, lambda welcome: bool(welcome.exam))
        screen.await_(ipc.Status, lambda status: status.camera != NO_CAMERA)
        seen = screen.ask(lambda n: ipc.Look(n, 40, 30))
        while not seen.text:
            seen = screen.ask(lambda n: ipc.Look(n, 40, 30))
            assert isinstance(seen, ipc.Seen)
            assert (seen.width, seen.height, len(seen.pixels)) == (40, 30, 3600)
        named = screen.ask(lambda n: ipc.SignIn(n, seen.text))
        assert isinstance(named, ipc.Named)
        assert named.candidate == candidate(seat.number)
        assert isinstance(screen.ask(lambda n: ipc.Confirm(n, yes=True)), ipc.Saved)
        screen.await_(ipc.SignedIn)
        # From now on the camera's pictures are evidence, and no screen sees them.
        refused = screen.ask(lambda n: ipc.Look(n, 40, 30))
        assert isinstance(refused, ipc.Refused)
        assert not [p for p in seat.station.attempts.rglob("*") if p.suffix in (".jpg", ".sealed")]


def test_a_question_beyond_all_bounds_is_answered_within_them(seat: Seat) -> None:
    _give_camera(seat, "x")
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera != NO_CAMERA)
        seen = screen.ask(lambda n: ipc.Look(n, 1 << 40, -3))
        assert isinstance(seen, ipc.Seen)
        assert seen.height == 1


def test_a_station_without_a_camera_says_so(seat: Seat) -> None:
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Vacant)
        refused = screen.ask(lambda n: ipc.Look(n, 40, 30))
        assert isinstance(refused, ipc.Refused)
        assert "type the code" in refused.template


HOLDS = """
import sys
from pathlib import Path
from exam_packages.attempt.events import NO_CAMERA, Noticed
from kiosk.agent import main
from kiosk.agent.inbox import CameraChanged

class Camera(main.Camera):
    def start(self):
        self._post(CameraChanged(NO_CAMERA, "Camera video0: HD is held by guvcview", held=True))
    def follow(self, plan):
        super().follow(plan)
        self.start()

main.Camera = Camera
main.run(Path(sys.argv[1]), tick_s=0.2)
"""
"""The agent as it is, whose camera says that another program has the device. The lab has one."""


def test_who_holds_the_camera_is_told_to_candidate_invigilator_and_record(seat: Seat) -> None:
    words = "Camera video0: HD is held by guvcview"
    with Agent(seat.station, program=HOLDS) as agent:
        screen = agent.screen()
        screen.await_(ipc.Welcome, lambda welcome: bool(welcome.exam))
        refused = screen.ask(lambda n: ipc.Look(n, 40, 30))
        assert isinstance(refused, ipc.Refused)
        assert dict(refused.fields) == {"why": words}
        screen.begin(seat.hall, seat.number)
        seat.hall.until(
            lambda board: [row for row in board["rows"] if words in row["incidents"]], "the board"
        )
        told = (entry.event for entry in screen.entries)
        assert Noticed("camera-held", words) in told
