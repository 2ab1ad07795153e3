"""The client where it will stand: in foot under cage, without a screen or a graphics card.

Cage draws into memory, foot runs the candidate's client on a sample exam, keys are typed by
``relay.py`` between the two, and grim takes the pictures: what a candidate really sees, sixel
included.

    python tools/lab/cage.py OUT [--source BANK] [--font 12] [STEP…]

A STEP is a key (``f9``, ``space``, ``down``…), a text to type (``type:a b``), ``wait:S`` seconds,
or ``take:NAME``. Without steps it walks the whole sample and takes every question. Needs Debian's
cage (with xwayland, or it does not start), foot, grim and a monospaced font.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from exam_packages.samples import ALL_KINDS

PROGRAMS = ("cage", "foot", "grim", "Xwayland")
RELAY = Path(__file__).with_name("relay.py")
KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "tab": "\t",
    "enter": "\r",
    "space": " ",
    "escape": "\x1b",
    **{
        f"f{number}": f"\x1b[{code}~"
        for number, code in zip(range(5, 13), (15, 17, 18, 19, 20, 21, 23, 24), strict=True)
    },
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "home": "\x1b[H",
    "end": "\x1b[F",
}
WALK = 40
"""Questions that the walk takes at most."""


class Lab:
    """A running cage with foot in it; everything ends with the context."""

    def __init__(self, command: list[str], *, font: int | None) -> None:
        """Without *font*, *command* is cage's only client: no terminal is put around it."""
        self._command = command
        self._font = font
        self._stack = contextlib.ExitStack()
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Lab:
        runtime = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="cage-")))
        runtime.chmod(0o700)
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "XDG_RUNTIME_DIR": str(runtime),
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "LC_ALL": "C.UTF-8",
        }
        self._keys = runtime / "keys"
        os.mkfifo(self._keys)
        client = self._command
        if self._font is not None:
            foot = ["foot", "-c", "/dev/null", "-f", f"monospace:size={self._font}", "--"]
            client = [*foot, sys.executable, str(RELAY), str(self._keys), "--", *client]
        log = self._stack.enter_context((runtime / "log").open("wb"))
        self._cage = subprocess.Popen(
            [*_ordinary(), "cage", "--", *client],
            env=self.environment,
            stdout=log,
            stderr=log,
        )
        self._stack.callback(self._end)
        sockets: list[Path] = []
        for _ in range(100):
            sockets = [each for each in runtime.glob("wayland-?") if each.is_socket()]
            if sockets or self._cage.poll() is not None:
                break
            time.sleep(0.1)
        if not sockets:
            raise SystemExit((runtime / "log").read_text(errors="replace"))
        self.environment["WAYLAND_DISPLAY"] = sockets[0].name
        return self

    def __exit__(self, *_: Any) -> None:
        self._stack.close()

    def _end(self) -> None:
        self._cage.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._cage.wait(5)
            return
        self._cage.kill()
        self._cage.wait()

    def run(self, *command: str) -> None:
        subprocess.run(command, env=self.environment, check=True)

    def take(self, path: Path) -> bytes:
        """A picture of the whole screen."""
        self.run("grim", str(path))
        return path.read_bytes()

    def settle(self, path: Path, patience_s: float = 6) -> None:
        """Take pictures until two in a row are the same."""
        before, deadline = b"", time.monotonic() + patience_s
        while time.monotonic() < deadline:
            time.sleep(0.6)
            now = self.take(path)
            if now == before:
                return
            before = now

    def until(self, path: Path, true: Callable[[], bool], patience_s: float = 60) -> None:
        """Take pictures until one shows what is waited for."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            self.settle(path)
            if true():
                return
        raise TimeoutError(f"{path} never showed what was waited for")

    def type(self, keys: str) -> None:
        """Type: characters, or the sequences of :data:`KEYS`."""
        with self._keys.open("wb") as pipe:
            pipe.write(keys.encode())


def _ordinary() -> list[str]:
    """Cage does not start as root: in a name space of its own, root is somebody else."""
    if os.getuid():
        return []
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


def _walk() -> Iterator[str]:
    yield from ("wait:3", "take:before", "tab", "enter", "wait:2")
    for number in range(1, WALK + 1):
        yield f"take:question-{number:02}"
        yield "f9"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--source", type=Path, default=ALL_KINDS)
    parser.add_argument("--font", type=int, default=12)
    parser.add_argument("steps", nargs="*")
    asked = parser.parse_intermixed_args()
    missing = [each for each in PROGRAMS if shutil.which(each) is None]
    if missing:
        raise SystemExit(f"These programs are missing: {', '.join(missing)}.")
    asked.out.mkdir(parents=True, exist_ok=True)
    program = str(Path(sys.executable).parent / "exam-kiosk")
    command = [program, "package", "preview", str(asked.source)]
    with Lab(command, font=asked.font) as lab:
        for step in asked.steps or _walk():
            kind, _colon, value = step.partition(":")
            if kind == "wait":
                time.sleep(float(value))
            elif kind == "take":
                lab.settle(asked.out / f"{value}.png")
                print(asked.out / f"{value}.png", flush=True)
            else:
                lab.type(value if kind == "type" else KEYS.get(step, step))


if __name__ == "__main__":
    main()
