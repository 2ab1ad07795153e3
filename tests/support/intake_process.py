"""The real intake, in a process of its own."""

from __future__ import annotations

import contextlib
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from centre import Centre

from sync.intake.client import IntakeClient
from sync.intake.home import IntakeHome

_SERVE = "from sync.intake.cli import intake; intake()"


@dataclass
class Running:
    """An intake process, and how to call it."""

    process: subprocess.Popen[str]
    url: str
    centre: Centre
    log_url: str = ""
    """The prefix of the public log, where the home has one."""

    def http(self, tls: ssl.SSLContext | None = None) -> httpx.Client:
        context = tls or self.centre.hall.client_tls()
        return httpx.Client(base_url=self.url, verify=context, timeout=20, trust_env=False)

    @contextlib.contextmanager
    def client(self) -> Iterator[IntakeClient]:
        with self.http() as http:
            yield IntakeClient(http)


@contextlib.contextmanager
def running(home: IntakeHome, centre: Centre) -> Iterator[Running]:
    """The real intake of *home*, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, "serve", str(home.directory)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"https://\S+", line)
        assert match, f"the intake did not start: {line!r}"
        public = ""
        if home.log_port is not None:
            found = re.search(r"https://\S+", process.stdout.readline())
            public = found[0] if found else ""
        yield Running(process, match[0], centre, public)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
