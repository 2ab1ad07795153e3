"""The door: screens come, go, read slowly or shout; the agent never waits for one."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from sitting import eventually

from kiosk.agent import door as door_module
from kiosk.agent.door import Door, DoorError, Screen
from kiosk.ipc import messages as ipc
from kiosk.ipc.channel import Channel, ChannelError, frame

Heard = tuple[Screen, ipc.FromScreen | None]


@pytest.fixture
def heard() -> SimpleQueue[Heard]:
    return SimpleQueue()


@pytest.fixture
def path(tmp_path: Path, heard: SimpleQueue[Heard]) -> Iterator[Path]:
    where = tmp_path / "agent.sock"
    door = Door(
        where,
        lambda screen, message: heard.put((screen, message)),
        lambda screen: heard.put((screen, None)),
    )
    door.open()
    yield where
    door.close()
    assert not where.exists()


def connect(path: Path) -> Channel[ipc.FromAgent]:
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(path))
    return Channel(sock, ipc.FromAgent)


def test_only_this_user_may_knock(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_screens_are_heard_and_told_and_seen_off(path: Path, heard: SimpleQueue[Heard]) -> None:
    channel = connect(path)
    channel.send(ipc.Hello(1))
    screen, message = heard.get(timeout=10)
    assert message == ipc.Hello(1)
    screen.tell(ipc.Vacant())
    assert channel.receive() == ipc.Vacant()
    channel.close()
    assert heard.get(timeout=10) == (screen, None)
    screen.tell(ipc.Vacant())  # into the void, without an error


def test_nonsense_ends_that_connection_alone(path: Path, heard: SimpleQueue[Heard]) -> None:
    good = connect(path)
    bad = socket.socket(socket.AF_UNIX)
    bad.connect(str(path))
    bad.sendall(b"\xff\xff\xff\xffnonsense")
    assert heard.get(timeout=10)[1] is None
    bad.close()
    good.send(ipc.Hello(1))
    assert heard.get(timeout=10)[1] == ipc.Hello(1)
    good.close()


def test_much_is_told_to_a_screen_that_reads_late(path: Path, heard: SimpleQueue[Heard]) -> None:
    channel = connect(path)
    channel.send(ipc.Hello(1))
    screen, _ = heard.get(timeout=10)
    told = [ipc.Data(number, 0, bytes(200_000)) for number in range(20)]
    for message in told:
        screen.tell(message)
    assert [channel.receive() for _ in told] == told
    channel.close()


def test_a_screen_that_reads_nothing_is_dropped_not_waited_for(
    path: Path, heard: SimpleQueue[Heard]
) -> None:
    channel = connect(path)
    channel.send(ipc.Hello(1))
    screen, _ = heard.get(timeout=10)
    message = ipc.Data(1, 0, bytes(1_000_000))
    for _ in range(2 * door_module.MAX_BACKLOG // 1_000_000):
        screen.tell(message)
    assert heard.get(timeout=10) == (screen, None)
    with pytest.raises(ChannelError):
        while True:
            channel.receive()
    channel.close()


def test_a_screen_that_stops_reading_is_dropped_after_a_while(
    path: Path, heard: SimpleQueue[Heard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "PATIENCE_S", 0.1)
    channel = connect(path)
    channel.send(ipc.Hello(1))
    screen, _ = heard.get(timeout=10)
    screen.tell(ipc.Data(1, 0, bytes(1_000_000)))
    assert heard.get(timeout=10) == (screen, None)
    channel.close()


def test_a_screen_that_shouts_is_not_read_on(path: Path, heard: SimpleQueue[Heard]) -> None:
    """What waits for the session thread is bounded; the rest waits in the screen's socket."""
    channel = connect(path)
    sock = channel._sock
    sock.settimeout(0.5)
    sent = 0
    with pytest.raises(TimeoutError):
        while True:
            sock.sendall(frame(ipc.SignIn(sent, "x" * 50_000)))
            sent += 1
            assert sent < 10_000
    assert heard.qsize() == door_module.MAX_UNHEARD
    screen, _ = heard.get()
    screen.unheard.release()
    eventually(lambda: heard.qsize() == door_module.MAX_UNHEARD, "one more is read")
    channel.close()


def test_the_oldest_of_too_many_goes(path: Path, heard: SimpleQueue[Heard]) -> None:
    channels = [connect(path) for _ in range(door_module.MAX_SCREENS + 1)]
    assert heard.get(timeout=10)[1] is None
    for channel in channels:
        channel.close()


def test_a_place_where_nothing_can_be_made_is_one_sentence(tmp_path: Path) -> None:
    door = Door(tmp_path / "missing" / "agent.sock", lambda *_: None, lambda *_: None)
    with pytest.raises(DoorError, match="cannot listen for its screen"):
        door.open()
    door._listener.close()
