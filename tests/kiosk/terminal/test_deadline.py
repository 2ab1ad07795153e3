"""The end of the time, at a terminal that takes nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from exam_stations import FORM, Station
from msgspec.structs import replace
from sitting import CLOCK, Seat, Site, eventually, hall_running

from exam_packages import forms
from exam_packages.clock import SECOND
from exam_packages.sealing.package import Blob

LIMIT_S, DEAF_S = 100, 65


@pytest.mark.slow
def test_the_deadline_passes_while_the_terminal_takes_nothing_for_a_minute(
    tmp_path: Path,
) -> None:
    """Typed text is journalled, the attempt closed and signed by the agent at its time; when the
    terminal takes what is painted again, the screen says so."""
    form = dataclasses.replace(FORM, paper=replace(FORM.paper, time_limit_s=LIMIT_S))
    blobs = [Blob(*each) for each in forms.blobs(form)]
    site = Site.found(tmp_path, form.paper, (), stations=1, candidates=1, blobs=blobs)
    with hall_running(site):
        s = Station(Seat(1, site.stations[0], site.hall, site), [], {})
        try:
            s.begin()
            s.terminal.silence(LIMIT_S - DEAF_S)
            s.terminal.deafen()
            deaf_ns = CLOCK.boottime_ns()
            for _ in range(60):
                s.terminal.send(b"\x1b[15~\x1b[15~")  # more than a terminal holds
            s.terminal.quiet()
            s.terminal.send(b"b")  # a choice, made in the dark
            row = s.hall.until(_answered, "the answer is journalled, and the hall knows")
            assert row["candidate"] == s.seat.candidate
            attempts = s.seat.station.attempts
            assert not list(attempts.glob("*/manifest"))
            eventually(lambda: list(attempts.glob("*/manifest")), "closed and signed", LIMIT_S)
            closed_ns = CLOCK.boottime_ns()
            s.terminal.hear()
            s.terminal.until("The time is over: your exam is handed in")
            assert closed_ns - deaf_ns > (DEAF_S - 10) * SECOND
        finally:
            s.close()


def _answered(board: dict[str, Any]) -> dict[str, Any] | None:
    return next((row for row in board["rows"] if row["answered"]), None)
