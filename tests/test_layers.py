"""The rooms' layering, checked as the rules say, and by what is really imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_imports_go_down_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = _run(str(lint), "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "foreign"),
    [
        ("kiosk.cli", {"textual", "cv2", "starlette", "httpx", "cryptography", "lxml"}),
        ("kiosk.agent.main", {"textual", "cv2", "asyncio", "lxml", "exam_packages.rules.key"}),
        ("kiosk.ipc.channel", {"textual", "cv2", "httpx"}),
        ("kiosk.app", {"cv2", "httpx", "lxml", "exam_packages.rules.key"}),
        (
            "kiosk.preview.client",
            {"cv2", "httpx", "lxml", "exam_packages.rules.key", "exam_packages.forms"},
        ),
        ("exam_packages.sealing.journal", {"exam_packages.content", "exam_packages.attempt"}),
        ("sync.hall.service", {"textual", "cv2", "kiosk", "exam_packages.rules.key"}),
        ("sync.intake.service", {"textual", "cv2", "kiosk", "exam_packages.rules.key"}),
        ("scoring.blind", {"textual", "cv2", "kiosk"}),
    ],
)
def test_a_room_stays_without(module: str, foreign: set[str]) -> None:
    """Import the module alone, and see what came with it."""
    program = f"import sys, {module}; print(*sorted({foreign!r} & set(sys.modules)))"
    done = _run(sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'); {program}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
