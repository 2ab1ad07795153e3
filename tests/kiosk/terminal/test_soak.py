"""A slice of the long attempt: ``make soak`` sits all of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

SOAK = Path(__file__).parents[3] / "tools" / "soak.py"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("soak", SOAK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_memory_is_flat_over_some_hundred_interactions(tmp_path: Path) -> None:
    lines = load().soak(tmp_path, 500)
    assert lines[-1][0] >= 500
    middle, end = lines[len(lines) // 2], lines[-1]
    assert end[3] - middle[3] < 3  # MB of the screen: dialogs once left 0.8 MB each
    assert end[4] - middle[4] < 3  # MB of the agent
