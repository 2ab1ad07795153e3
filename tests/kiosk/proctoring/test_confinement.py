"""What the camera process cannot do, tried from inside a confined process."""

from __future__ import annotations

import subprocess
import sys

import pytest

TRIED = """
import os, socket, subprocess, sys
from kiosk.proctoring.confinement import confine
here, there = socket.socketpair()
confine()
try:
    {what}
except (PermissionError, OSError) as problem:
    print(type(problem).__name__)
else:
    print("done")
"""


def tried(what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TRIED.format(what=what)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "what",
    [
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "here.connect('/tmp/somewhere')",
        "os.execv('/bin/true', ['true'])",
        "subprocess.run(['true'])",
    ],
)
def test_no_network_and_no_other_program(what: str) -> None:
    assert tried(what).stdout.strip() == "PermissionError"


def test_no_file_is_written() -> None:
    ended = tried("os.write(os.open('/tmp/exam-kiosk-confined', os.O_WRONLY | os.O_CREAT), b'x')")
    assert "done" not in ended.stdout


def test_what_it_was_given_still_works() -> None:
    assert tried("here.sendall(b'x'); assert there.recv(1) == b'x'").stdout.strip() == "done"
