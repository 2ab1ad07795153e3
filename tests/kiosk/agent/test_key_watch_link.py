"""The agent's ear for the key-watch: whom it believes, and for how long."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from kiosk.agent.inbox import KeysWatched, Message, Signalled
from kiosk.agent.keys import NOBODY, KeyWatchLink
from kiosk.ipc.channel import frame
from kiosk.ipc.keywatch import Combination, Pulse, Watching
from kiosk.lockdown.signals import Source, Watched

VERIFIED = Watching(Source.KERNEL, Watched.VERIFIED, 1)


class Watch:
    """The other end, saying what a test wants, and what came of it."""

    def __init__(self, path: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        self.listener.settimeout(20)
        self.posted: SimpleQueue[Message] = SimpleQueue()
        self.link = KeyWatchLink(path, self.posted.put, first_wait_s=0.01)
        self.link.start()

    def say(self, data: bytes) -> None:
        """In a connection of its own, which the agent has let go of afterwards."""
        taken, _ = self.listener.accept()
        with taken:
            taken.settimeout(20)
            taken.sendall(data)
            taken.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):  # it hung up on what is left unread
                assert taken.recv(1) == b""

    def next(self) -> Message:
        return self.posted.get(timeout=20)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    watch = Watch(tmp_path / "k")
    yield watch
    watch.listener.close()
    watch.link.stop()


def test_what_it_says_is_posted_and_its_end_too(watch: Watch) -> None:
    messages = VERIFIED, Combination(3, 7), Pulse(599, 0), Pulse(604, 0), Pulse(2, 40)
    watch.say(b"".join(map(frame, messages)))
    assert watch.next() == KeysWatched(Source.KERNEL, Watched.VERIFIED, 1)
    printed = watch.next()
    assert isinstance(printed, Signalled)
    assert (printed.signal.code, printed.count) == ("keys-print", 7)
    codes = [
        said.signal.code for said in (watch.next(), watch.next()) if isinstance(said, Signalled)
    ]
    assert codes == ["keys-idle", "keys-active"]
    assert watch.next() == NOBODY


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff\xff\xff",
        b"\0\0\0\2\xff\xff",
        frame(Watching(77, 2, 1)),
        frame(Watching(1, 3, 1)),
        frame(Combination(200, 1)),
        frame(VERIFIED)[:-1],
    ],
)
def test_what_is_not_understood_is_nobody(watch: Watch, data: bytes) -> None:
    watch.say(data)
    watch.say(frame(VERIFIED))  # it is looked for again
    assert watch.next() == KeysWatched(Source.KERNEL, Watched.VERIFIED, 1)
    assert watch.next() == NOBODY


def test_what_it_said_before_nonsense_counts_no_longer(watch: Watch) -> None:
    watch.say(frame(VERIFIED) + frame(Combination(200, 1)) + frame(Combination(3, 1)))
    assert watch.next() == KeysWatched(Source.KERNEL, Watched.VERIFIED, 1)
    assert watch.next() == NOBODY


def test_stopping_does_not_wait_for_a_silent_one(watch: Watch) -> None:
    taken, _ = watch.listener.accept()
    with taken:
        taken.sendall(frame(VERIFIED))
        assert watch.next() == KeysWatched(Source.KERNEL, Watched.VERIFIED, 1)
        watch.link.stop()
