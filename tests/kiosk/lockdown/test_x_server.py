"""pynput's xorg backend on a real X server: the whole command, with keys that a person presses."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from sitting import eventually

from kiosk.ipc.channel import Channel
from kiosk.ipc.keywatch import Combination, FromKeyWatch, Pulse, Watching
from kiosk.lockdown.signals import Category, Source, Watched

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("Xvfb", "xdotool"))), reason="no Xvfb and xdotool here"
)

SECRET = "the cold chain must not be broken"
CHORDS = {
    "alt+Tab": Category.LEAVE_SCREEN,
    "super": Category.LEAVE_SCREEN,
    "alt+F4": Category.LEAVE_SCREEN,
    "Print": Category.PRINT,
    "alt+Print": Category.SYSTEM_REQUEST,
    "ctrl+alt+F3": Category.SWITCH_CONSOLE,
    "ctrl+alt+Delete": Category.RESTART,
    "ctrl+shift+n": Category.TERMINAL,
}


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x8", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        yield f":{told.readline().strip()}"
    server.terminate()
    server.wait()


class Watch:
    """The command, its socket, and all the bytes it wrote anywhere."""

    def __init__(self, display: str, path: Path) -> None:
        self._log = (path.parent / "log").open("wb+")
        self.environment = {"PATH": os.environ["PATH"], "DISPLAY": display}
        program = "from kiosk.cli import main; main()"
        arguments = ["keywatch", "run", "--backend", "x", "--socket", str(path)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env=self.environment,
            stdout=self._log,
            stderr=self._log,
        )
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(20)
        eventually(lambda: sock.connect_ex(str(path)) == 0, "the key-watch listens")
        self.channel: Channel[FromKeyWatch] = Channel(sock, FromKeyWatch)
        self.told: list[FromKeyWatch] = []

    def hear(self) -> FromKeyWatch:
        self.told.append(self.channel.receive())
        return self.told[-1]

    def verified(self) -> None:
        while self.hear() != Watching(Source.X_SERVER, Watched.VERIFIED, 1):
            pass

    def xdotool(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=self.environment, check=True)

    def end(self) -> bytes:
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.channel.close()
        self._log.seek(0)
        with self._log:
            return self._log.read()


def test_combinations_are_seen_by_category_and_no_character_anywhere(
    display: str, tmp_path: Path
) -> None:
    watch = Watch(display, tmp_path / "k")
    watch.verified()
    for chord, category in CHORDS.items():
        watch.xdotool("key", chord)
        while not isinstance(heard := watch.hear(), Combination):
            pass
        assert (chord, heard) == (chord, Combination(category, 1))
    told = len(watch.told)
    watch.xdotool("type", "--delay", "1", SECRET)
    presses = 0
    while presses < len(SECRET):
        heard = watch.hear()
        assert not isinstance(heard, Combination), "typing is no signal"
        presses += heard.presses if isinstance(heard, Pulse) else 0
    assert told < len(watch.told)
    log = watch.end()
    assert log == b""
    everything = repr(watch.told)
    assert not [word for word in SECRET.split() if word in everything.lower()]


def test_a_window_that_grabs_the_keyboard_does_not_hide_them(display: str, tmp_path: Path) -> None:
    watch = Watch(display, tmp_path / "k")
    watch.verified()
    grab = (
        "from Xlib import X, display; d = display.Display(); "
        "print(d.screen().root.grab_keyboard(True, X.GrabModeAsync, X.GrabModeAsync, "
        "X.CurrentTime), flush=True); d.sync(); input()"
    )
    grabbing = subprocess.Popen(
        [sys.executable, "-c", grab],
        env=watch.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert grabbing.stdout is not None
    assert grabbing.stdout.readline().strip() == b"0"  # GrabSuccess
    watch.xdotool("key", "Print")
    while not isinstance(heard := watch.hear(), Combination):
        pass
    assert heard == Combination(Category.PRINT, 1)
    grabbing.communicate(b"\n")
    watch.end()


def test_without_an_x_server_it_says_so_in_a_sentence(tmp_path: Path) -> None:
    program = "from kiosk.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "keywatch", "run", "--backend", "x"],
        env={"PATH": os.environ["PATH"], "DISPLAY": ":9999"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pynput cannot watch keys" in done.stderr
    assert "needs a running X server" in done.stderr
    assert "Traceback" not in done.stderr
