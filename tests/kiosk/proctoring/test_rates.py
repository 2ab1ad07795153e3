"""The measuring of error rates: counting, labels, tables, outside pictures."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.content.proctoring import DETECTORS
from kiosk.cli import cli
from kiosk.proctoring.rates import tables
from kiosk.proctoring.rates.conditions import COUNTS, FACES, FILMS
from kiosk.proctoring.rates.counting import Rate
from kiosk.proctoring.rates.faces import SIDE, PicturesError, crops, drawn
from kiosk.proctoring.rates.measure import Counted, Filmed
from kiosk.proctoring.rates.scenes import Condition, film


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    low, high = Rate(1, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.0179, 0.4042)
    assert Rate(0, 0).interval == (0.0, 1.0)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share(hits: int, more: int) -> None:
    n = hits + more - 1 if more > 1 else max(1, hits)
    low, high = Rate(hits, n).interval
    assert 0 <= low <= hits / n <= high <= 1


def test_the_same_seed_gives_the_same_film_and_another_seed_another() -> None:
    def first(seed: int) -> bytes:
        return next(film(Condition("any", looks=1), drawn, seed)).tobytes()

    assert first(1) == first(1) != first(2)


def test_every_detector_has_a_film_and_every_condition_a_name_of_its_own() -> None:
    assert {code for each in FILMS for code in each.raises} == set(DETECTORS)
    for conditions in (FACES, COUNTS, FILMS):
        names = [each.name for each in conditions]
        assert len(set(names)) == len(names)


def test_tables_go_between_their_marks_and_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "rates.md"
    first, last = tables.BEGIN.format(name="films"), tables.END.format(name="films")
    path.write_text(f"# Rates\n\n{first}\nold\n{last}\n\nThe end.\n", encoding="utf-8")
    table = tables.filmed([Filmed("as usual", 4, {"dark": Rate(3, 4)}, {})])
    tables.put(path, [("films", table)])
    text = path.read_text(encoding="utf-8")
    assert "| as usual | 4 | dark: 75 % (30–95) | none |" in text
    assert "old" not in text
    assert text.startswith("# Rates") and text.endswith("The end.\n")
    with pytest.raises(PicturesError, match="no place for the table “one face”"):
        tables.put(path, [("one face", tables.counted([]))])


def test_a_table_of_counts() -> None:
    row = Counted("as usual", Rate(0, 2), Rate(2, 2), Rate(0, 2))
    assert tables.counted([row]).splitlines()[-1] == (
        "| as usual | 2 | 0 % (0–66) | 100 % (34–100) | 0 % (0–66) |"
    )


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    for label, faces in (("0", 0), ("1", 1)):
        (tmp_path / label).mkdir()
        for seed in range(2):
            (pixels,) = film(Condition("any", faces=faces, looks=1), drawn, seed)
            cv2.imwrite(str(tmp_path / label / f"{seed}.png"), pixels)
    return tmp_path


def test_outside_pictures_are_counted_by_the_names_of_their_folders(labelled: Path) -> None:
    done = CliRunner().invoke(cli, ["proctoring", "rates", "--pictures", str(labelled)])
    assert done.exit_code == 0, done.output
    assert re.search(r"\| 0 \| 2 \| 100 %", done.stdout)
    assert re.search(r"\| 1 \| 2 \| 0 % \(0–66\) \| 100 %", done.stdout)
    assert done.stderr == "pictures: 0\npictures: 1\n"


def test_at_a_terminal_a_bar_shows_how_far_it_is(labelled: Path) -> None:
    leader, follower = pty.openpty()
    program = Path(sys.executable).parent / "exam-kiosk"
    command = [program, "proctoring", "rates", "--pictures", labelled]
    try:
        subprocess.run(
            command,
            stderr=follower,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm"},
            check=True,
        )
        shown = os.read(leader, 65536).decode()
    finally:
        os.close(leader)
        os.close(follower)
    assert re.search(r"pictures +\[-+\] +0%", shown)
    assert re.search(r"pictures +\[#+\] +100% +1", shown)


def test_outside_faces_are_put_into_rooms(tmp_path: Path) -> None:
    face, _ = drawn(np.random.default_rng(1))
    cv2.imwrite(str(tmp_path / "one.png"), face)
    draw, many = crops(tmp_path)
    assert many == 1
    assert draw(np.random.default_rng(1))[0].shape == (SIDE, SIDE, 3)


def test_folders_and_files_that_are_of_no_use(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match="no pictures"):
        crops(tmp_path)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(PicturesError, match="cannot be read"):
        crops(tmp_path)
    done = CliRunner().invoke(cli, ["proctoring", "rates", "--pictures", str(tmp_path)])
    assert isinstance(done.exception, PicturesError)
