"""The fuzzer's targets, without the fuzzer: examples, scraps, and splices of both."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fuzz
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TOOL = Path(__file__).parents[2] / "tools" / "fuzz.py"


@pytest.mark.parametrize("name", fuzz.names())
@given(data=st.data())
@settings(max_examples=40)
def test_only_our_error_leaves_a_reader(name: str, data: st.DataObject) -> None:
    one_input = fuzz.target(name)
    _, example = fuzz.known()[name]
    one_input(example)
    start = data.draw(st.integers(0, len(example)))
    end = data.draw(st.integers(start, len(example)))
    scrap = data.draw(st.binary(max_size=60) | st.sampled_from(list(fuzz.known().values())).map(
        lambda reader: reader[1]
    ))  # fmt: skip
    one_input(scrap)
    one_input(example[:start] + scrap + example[end:])


def test_without_a_name_or_the_fuzzer_it_says_what_to_do() -> None:
    done = subprocess.run([sys.executable, TOOL], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install atheris" in done.stdout or "Name one reader" in done.stdout
