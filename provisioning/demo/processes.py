"""The demo's child processes: commands that end, servers that run, and a clean end for all."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from provisioning.demo.stages import DemoError

PATIENCE_S = 60
"""How long anything may take that is done in a second on a quiet machine."""
_STOP_S = 10
_TAIL_LINES = 15


def exam_kiosk() -> str:
    """The command of this very installation."""
    beside = Path(sys.executable).with_name("exam-kiosk")
    return str(beside) if beside.exists() else "exam-kiosk"


def command(*arguments: str | Path, secret: str | None = None) -> str:
    """Run one ``exam-kiosk`` command to its end; its output. *secret* goes to its input."""
    done = subprocess.run(
        [exam_kiosk(), *map(str, arguments)],
        input=secret or "",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DemoError(
            "`exam-kiosk {command}` ended with status {status}: {words}",
            command=" ".join(map(str, arguments)),
            status=done.returncode,
            words=(done.stderr or done.stdout).strip(),
        )
    return done.stdout


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until(happened: Callable[[], bool], words: str, patience_s: float = PATIENCE_S) -> None:
    """Poll until something *happened*. Raises :class:`DemoError` with *words*."""
    deadline = time.monotonic() + patience_s
    while not happened():
        if time.monotonic() > deadline:
            raise DemoError(
                "Waited {seconds} seconds in vain: {words}.", seconds=int(patience_s), words=words
            )
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of the loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Child:
    """A server process, in a session of its own so that Ctrl+C here does not reach it."""

    def __init__(self, name: str, arguments: Sequence[str | Path], log: Path) -> None:
        self.name = name
        self._program = [exam_kiosk()]
        self._arguments = [*map(str, arguments)]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def switch_on(self, boot: str) -> None:
        """Start it as on a machine that was off: from now on with this boot id, hexadecimal."""
        self._program = [sys.executable, "-m", "provisioning.demo.next_boot", boot]
        self.start()

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start it, or start it again."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._program, *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )

    @property
    def pid(self) -> int:
        """Its process id; 0 before it was started."""
        return self._process.pid if self._process is not None else 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def must_live(self) -> None:
        """Raise :class:`DemoError` with the last lines of its log when it has ended."""
        if not self.alive:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
            raise DemoError(
                "The {name} has ended; the last it said ({log}): {words}",
                name=self.name,
                log=str(self._log),
                words="\n".join(lines[-_TAIL_LINES:]) or "nothing",
            )

    def ready(self, happened: Callable[[], bool]) -> None:
        """Wait until it is ready, or has ended."""

        def look() -> bool:
            self.must_live()
            return happened()

        wait_until(look, f"the {self.name} is not ready")

    def kill(self) -> None:
        """SIGKILL, as a power cut of this one process."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM; SIGKILL when it does not listen."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Children:
    """All children of the demo; leaving the context ends each of them, the last one first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    def add(self, name: str, *arguments: str | Path) -> Child:
        """Start a child; its output goes to its log."""
        child = Child(name, arguments, self._logs / f"{name}.log")
        self._children.append(child)
        child.start()
        return child

    def named(self, name: str) -> Child:
        """The child of this name."""
        return next(child for child in self._children if child.name == name)

    def __enter__(self) -> Self:
        # A closed terminal or a `kill` must clean up just as Ctrl+C does.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _leave)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in reversed(self._children):
            child.stop()


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
