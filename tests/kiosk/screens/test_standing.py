"""What the last line says of the hall, from what the agent told and nothing more."""

from __future__ import annotations

from exam_packages.attempt.state import Attempt
from exam_packages.clock import SystemClock
from kiosk.ipc.messages import SignedIn, Status
from kiosk.screens.standing import safe
from kiosk.view import View


def view(sequence: int, saved: int, safe_: int) -> View:
    made = View(SystemClock())
    made.receive(SignedIn("C-1", "Ada"))
    made.attempt = Attempt(sequence=sequence)
    made.receive(Status(saved, safe_, 10, True, 0, -1, False, False, ""))
    return made


def test_an_answer_of_this_moment_is_not_called_safe_yet() -> None:
    """The agent saves an answer and says so; its next status says what the hall has."""
    assert "On its way" in safe(view(sequence=8, saved=7, safe_=7)).plain
    assert "Safe in the hall" in safe(view(sequence=8, saved=8, safe_=8)).plain
