"""The key-watch's own work, over its real socket; the keyboards are scripted."""

from __future__ import annotations

import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from scripted_keys import Scripted, watching

from kiosk.ipc.channel import Channel, ChannelError
from kiosk.ipc.keywatch import Combination, FromKeyWatch, Pulse, Watching
from kiosk.lockdown import cli
from kiosk.lockdown.keywatch import MAX_KEYBOARDS, KeyWatch, KeyWatchError
from kiosk.lockdown.signals import Category, Key, Source, Watched

T = TypeVar("T")


class Ear:
    """An agent that listens."""

    def __init__(self, path: Path) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(20)
        self._sock.connect(str(path))
        self.channel: Channel[FromKeyWatch] = Channel(self._sock, FromKeyWatch)

    def before(self, kind: type[object]) -> list[object]:
        """What is told before the next message of *kind*."""
        told: list[object] = []
        while not isinstance(message := self.channel.receive(), kind):
            told.append(message)
        return told

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


def test_keyboards_beyond_its_bound_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    ears = Scripted(*(f"k{number}" for number in range(MAX_KEYBOARDS + 1)))
    with watching(ears, tmp_path / "k"):
        ear = Ear(tmp_path / "k")
        told: list[object] = [ear.until(Watching)]
        ears.press("k0", Key.PRINT)  # told once the first generated keys are judged
        told += ear.before(Combination)
        assert not any(isinstance(each, Watching) and _verified(each) for each in told)
        ears.present.remove("k0")  # unplugged: the last one takes its place
        assert ear.until(Watching, _verified).keyboards == MAX_KEYBOARDS
        ears.press(f"k{MAX_KEYBOARDS}", Key.PRINT)
        assert ear.until(Combination).category == Category.PRINT
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


def test_what_was_counted_is_told_before_it_ends(tmp_path: Path) -> None:
    ears = Scripted("a")
    with watching(ears, tmp_path / "k"):
        ear = Ear(tmp_path / "k")
        ear.until(Watching, _verified)
        for _ in range(50):
            ears.press("a", Key.PRINT)
    told = 0
    with pytest.raises(ChannelError):
        while True:
            told += ear.until(Combination).count
    ear.channel.close()
    assert told == 50


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


def test_a_machine_without_evdev_is_told_so_in_one_sentence() -> None:
    program = "import sys; sys.modules['evdev'] = None; from kiosk.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "keywatch", "run"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs the Python package evdev, which is not installed" in done.stderr
    assert "python3-evdev" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_group_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(KeyWatchError, match="There is no group “nobodys-group”"):
        cli._group("nobodys-group")
    assert cli._group("") is None


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_its_unit_is_well_formed_and_confined(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.keywatch, ["unit"])
    assert done.exit_code == 0
    assert "@EXAM_KIOSK@" not in done.output
    unit = tmp_path / cli.UNIT
    # The program that this test runs in stands in for the command.
    unit.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", done.output))
    verify = ["systemd-analyze", "verify", "--man=no", str(unit)]
    checked = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    security = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)]
    assert subprocess.run(security, capture_output=True, check=False).returncode == 0
