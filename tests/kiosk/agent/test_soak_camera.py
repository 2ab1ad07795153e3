"""A slice of the camera's long day: ``make soak-camera`` sits all of it."""

from __future__ import annotations

import importlib.util
import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

SOAK = Path(__file__).parents[3] / "tools" / "soak_camera.py"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("soak_camera", SOAK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak_camera"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_picture_of_a_bad_day_is_accounted_for(tmp_path: Path) -> None:
    arguments = Namespace(unplug=3, fill=1, pictures=60, interval=1, hours=0.0)
    assert load().soak(tmp_path, arguments) == []


def test_a_picture_in_clear_is_found_wherever_it_stands(tmp_path: Path) -> None:
    soak = load()
    path = tmp_path / "file"
    path.write_bytes(bytes((1 << 20) - 5) + soak.CLEAR + bytes(100))  # across two reads
    assert soak.shows(path)
    path.write_bytes(bytes((1 << 20) - 5) + soak.CLEAR[:-1] + bytes(100))
    assert not soak.shows(path)


def test_a_file_that_is_open_for_writing_elsewhere_is_told(tmp_path: Path) -> None:
    soak = load()
    other = tmp_path / "elsewhere"
    with other.open("w"), other.open():
        assert str(other) in soak.elsewhere(os.getpid(), tmp_path / "here")
        assert str(other) not in soak.elsewhere(os.getpid(), tmp_path)


def test_a_process_that_grows_is_told() -> None:
    soak = load()
    flat, growing = [(50 << 20, 90 << 20)] * 60, [(50 << 20, (90 + n) << 20) for n in range(60)]
    assert soak.grown(flat) == []
    assert soak.grown(growing) == ["the camera grew from 132096 to 152576 KB"]
