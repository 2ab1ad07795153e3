"""The language of a station: from its settings to the first words on its screen."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from exam_packages import language
from provisioning.homes import new_station
from provisioning.station_home import StationHome
from sync.machine import MachineError

PROGRAM = (
    "import sys; from pathlib import Path; from kiosk.app import run; "
    "run(Path(sys.argv[1]), language=sys.argv[2])"
)


def _starting(named: str) -> str:
    before = language.in_use()
    language.use(named)
    try:
        return language._("This station is starting.")
    finally:
        language.use(before)


@pytest.mark.parametrize("named", ["fr", "zh_CN"])
def test_the_real_screen_begins_in_it(tmp_path: Path, named: str) -> None:
    new_station(tmp_path / "s", "s1", "C1", "https://127.0.0.1:1", camera="none", language=named)
    station = StationHome.load(tmp_path / "s")
    assert station.language == named
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        arguments = [sys.executable, "-c", PROGRAM, str(station.socket), station.language]
        os.execv(sys.executable, arguments)  # noqa: S606 - no shell is meant
    output = b""
    deadline = time.monotonic() + 30
    wanted = _starting(named).split()[0].encode()
    while wanted not in output:
        assert time.monotonic() < deadline, output[-800:]
        if select.select([terminal], [], [], 1)[0]:
            output += os.read(terminal, 1 << 16)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    assert _starting(named) != _starting("en")


def test_a_language_that_there_is_not_is_named(tmp_path: Path) -> None:
    new_station(tmp_path / "s", "s1", "C1", "https://127.0.0.1:1", camera="none")
    station = StationHome.load(tmp_path / "s")
    assert station.language == "en"
    path = station.settings_path
    path.write_text(path.read_text().replace('language = "en"', 'language = "tlh"'))
    with pytest.raises(MachineError, match="the language “tlh”; there are en"):
        _ = StationHome.load(tmp_path / "s").language
