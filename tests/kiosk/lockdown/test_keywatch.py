"""The key-watch's own work, over its real socket; the keyboards are scripted."""

from __future__ import annotations

import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from scripted_keys import Scripted, watching

from kiosk.ipc.channel import Channel, ChannelError
from kiosk.ipc.keywatch import Combination, FromKeyWatch, Pulse, Watching
from kiosk.lockdown.keywatch import KeyWatch, KeyWatchError
from kiosk.lockdown.signals import Category, Key, Source, Watched

T = TypeVar("T")


class Ear:
    """An agent that listens."""

    def __init__(self, path: Path) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(20)
        self._sock.connect(str(path))
        self.channel: Channel[FromKeyWatch] = Channel(self._sock, FromKeyWatch)

    def until(self, kind: type[T], where: Callable[[T], bool] = lambda _: True) -> T:
        while True:
            message = self.channel.receive()
            if isinstance(message, kind) and where(message):
                return message


def _verified(told: Watching) -> bool:
    return told.watched == Watched.VERIFIED


def test_it_proves_itself_and_tells_categories_and_counts(tmp_path: Path) -> None:
    ears = Scripted("a")
    with watching(ears, tmp_path / "k"):
        ear = Ear(tmp_path / "k")
        assert ear.until(Watching, _verified) == Watching(Source.KERNEL, Watched.VERIFIED, 1)
        ears.press("a", Key.TYPED)
        ears.press("a", Key.ALT, Key.TAB)
        assert ear.until(Combination) == Combination(Category.LEAVE_SCREEN, 1)
        pulse = ear.until(Pulse)
        assert pulse.presses == 3
        assert pulse.idle_s <= 20
        ear.channel.close()


def test_one_keyboard_that_is_not_heard_is_enough_not_to_be_verified(tmp_path: Path) -> None:
    ears = Scripted("a")
    with watching(ears, tmp_path / "k"):
        ear = Ear(tmp_path / "k")
        ear.until(Watching, _verified)
        ears.deaf.add("b")
        ears.present.append("b")
        ear.until(Watching, lambda told: told.keyboards == 2 and not _verified(told))
        ears.present.remove("b")  # unplugged
        assert ear.until(Watching, _verified).keyboards == 1
        ears.broken.add("c")
        ears.present.append("c")
        ear.until(Watching, lambda told: not _verified(told))
        ear.channel.close()


def test_keys_of_two_keyboards_make_no_combination(tmp_path: Path) -> None:
    ears = Scripted("a", "b")
    with watching(ears, tmp_path / "k"):
        ear = Ear(tmp_path / "k")
        ear.until(Watching, lambda told: _verified(told) and told.keyboards == 2)
        ears._heard["a"]("a", Key.ALT, True)
        ears._heard["b"]("b", Key.TAB, True)
        ears.press("b", Key.PRINT)
        assert ear.until(Combination).category == Category.PRINT
        ear.channel.close()


def test_a_new_agent_takes_over_and_hears_nothing_from_before(tmp_path: Path) -> None:
    ears = Scripted("a")
    with watching(ears, tmp_path / "k"):
        first = Ear(tmp_path / "k")
        first.until(Watching, _verified)
        second = Ear(tmp_path / "k")
        with pytest.raises(ChannelError):
            while True:
                first.channel.receive()
        first.channel.close()
        assert second.until(Watching).keyboards == 1
        ears.press("a", Key.PRINT)
        assert second.until(Combination) == Combination(Category.PRINT, 1)
        second.channel.close()


def test_a_flood_of_combinations_is_told_as_counts(tmp_path: Path) -> None:
    ears = Scripted("a")
    with watching(ears, tmp_path / "k"):
        ear = Ear(tmp_path / "k")
        ear.until(Watching, _verified)
        for _ in range(2000):
            ears.press("a", Key.PRINT)
        told, messages = 0, 0
        while told < 2000:
            told += ear.until(Combination).count
            messages += 1
        assert told == 2000
        assert messages < 20
        ear.channel.close()


def test_its_socket_is_its_own_and_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "k"
    with watching(Scripted(), path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        ear = Ear(path)
        assert ear.until(Watching) == Watching(Source.KERNEL, Watched.UNVERIFIED, 0)
        ear.channel.close()
    assert not path.exists()


def test_a_place_where_it_cannot_listen_is_said_in_a_sentence(tmp_path: Path) -> None:
    watch = KeyWatch(Scripted(), list, tmp_path / "nowhere" / "k")
    with pytest.raises(KeyWatchError, match="cannot listen for the agent at"):
        watch.open()
    watch._listener.close()
