"""Signals that come as fast as they can: answers are saved all the while, and the record, the
disk and the memory of the agent stay small."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sitting import Agent, Screen, Seat, eventually
from small_exam import chosen
from terminals import resident
from video import write_video

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import HandIn, Respond
from exam_packages.attempt.events import VIDEO_FILE
from exam_packages.content.proctoring import FOCUS_LOST
from kiosk.agent.camera import Camera
from kiosk.agent.inbox import Message, SignalChanged
from kiosk.agent.pace import BURST, Pace
from kiosk.ipc import messages as ipc
from kiosk.ipc.channel import Channel, frame
from kiosk.ipc.keywatch import Combination, Watching
from kiosk.lockdown.signals import Source, Watched
from kiosk.proctoring.messages import Found, FromCamera, Signal
from provisioning.devices.camera import NOT_ONE
from provisioning.station_home import StationHome

FLOOD = 20_000
SEGMENT = 1 << 20
"""Bytes of a journal's first file, which is made at its full size."""
LINES = 40
"""Lines that all of a flood may make in the record."""


def settings(seat: Seat, before: str, after: str) -> None:
    path = seat.station.settings_path
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    seat.station = StationHome.load(seat.station.directory)


def noticed(screen: Screen, code: str) -> list[str]:
    found = (entry.event for entry in screen.entries)
    return [each.words for each in found if isinstance(each, ev.Noticed) and each.code == code]


def small(seat: Seat, agent: Agent, screen: Screen, before: int) -> None:
    """The record has few lines and the agent's memory is what it was."""
    assert len(screen.entries) < LINES + 50
    assert resident(agent.process.pid) < before + (24 << 20)
    sizes = [p.stat().st_size for p in seat.station.attempts.rglob("*") if p.is_file()]
    assert sum(sizes) < SEGMENT + (1 << 18)


@contextlib.contextmanager
def key_watch(path: Path) -> Iterator[threading.Thread]:
    """A key-watch at a keyboard that presses combinations as fast as a socket takes them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        go = threading.Event()

        def press() -> None:
            taken, _ = listener.accept()
            with taken:
                taken.sendall(frame(Watching(Source.KERNEL, Watched.VERIFIED, 1)))
                go.wait()
                taken.sendall(b"".join(frame(Combination(1 + n % 7, 1)) for n in range(FLOOD)))
                with contextlib.suppress(ConnectionResetError):
                    taken.recv(1)

        thread = threading.Thread(target=press, daemon=True)
        thread.start()
        thread.flood = go.set  # type: ignore[attr-defined]
        yield thread


def test_a_keyboard_that_presses_combinations_without_end(seat: Seat, tmp_path: Path) -> None:
    path = tmp_path / "k"
    settings(seat, "language", f'key_watch = "{path}"\nlanguage')
    with key_watch(path) as watch, seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        eventually(lambda: noticed(screen, "keys-watch"), "keys are watched")
        before = resident(agent.process.pid)
        watch.flood()  # type: ignore[attr-defined]
        for letter in "ABC" * 5:
            assert isinstance(screen.do(Respond("one", chosen(letter))), ipc.Saved)
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        assert len(noticed(screen, "keys-leave")) <= 3
        small(seat, agent, screen, before)


def test_a_window_that_flickers_without_end_takes_one_picture(seat: Seat, tmp_path: Path) -> None:
    write_video(tmp_path / "room.avi")
    settings(seat, 'camera = "none"', f'camera = "{tmp_path / "room.avi"}"')
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera == VIDEO_FILE)
        screen.begin(seat.hall, seat.number)
        before = resident(agent.process.pid)
        for number in range(2000):
            screen.channel.send(ipc.Focus(bool(number % 2)))
            if number % 200 == 0:
                assert isinstance(screen.do(Respond("one", chosen("ABC"[number % 3]))), ipc.Saved)

        def of_that_moment() -> int:
            told = (entry.event for entry in screen.entries)
            return [e.reason for e in told if isinstance(e, ev.PictureTold)].count(FOCUS_LOST)

        eventually(of_that_moment, "a picture of that moment")
        assert isinstance(screen.do(HandIn()), ipc.Saved)
        assert of_that_moment() == 1
        assert len(noticed(screen, "focus-lost")) == 2
        small(seat, agent, screen, before)


def test_a_camera_process_gone_wild_is_slowed_down_by_its_own_socket() -> None:
    posted: SimpleQueue[Message] = SimpleQueue()
    camera = Camera("none", posted.put)
    ours, theirs = socket.socketpair()
    wild: Channel[FromCamera] = Channel(theirs, FromCamera)
    ended = threading.Thread(target=camera._listen, args=(Channel(ours, FromCamera), ours))
    ended.start()
    wild.send(Found(VIDEO_FILE, "Wild", NOT_ONE, False))
    theirs.settimeout(0.05)
    sent = 0
    with pytest.raises(TimeoutError):
        while True:
            theirs.sendall(frame(Signal("covered", bool(sent % 2), b"")))
            sent += 1
    assert sent > BURST + 20  # the rest lie in the socket, and no more of them fit
    assert posted.qsize() < BURST + 20
    theirs.close()
    camera._stop.set()
    ended.join()
    ours.close()
    signals = [m for m in iter_of(posted) if isinstance(m, SignalChanged)]
    assert [each.on for each in signals[:4]] == [False, True, False, True]


def iter_of(queue: SimpleQueue[Message]) -> Iterator[Message]:
    while not queue.empty():
        yield queue.get()


@given(
    st.lists(st.floats(0, 5), min_size=1, max_size=200),
    st.floats(1, 50),
    st.floats(0.1, 10),
)
def test_a_pace_lets_no_more_through_than_it_says(
    gaps: list[float], burst: float, per_s: float
) -> None:
    pace, now_s = Pace(burst, per_s), 1000.0
    heard = []
    for gap in gaps:
        now_s += gap
        now_s += pace.take(now_s)
        heard.append(now_s)
    for first in range(len(heard)):
        for last in range(first, len(heard)):
            time_s = heard[last] - heard[first]
            assert last - first + 1 <= burst + per_s * time_s + 1.001
