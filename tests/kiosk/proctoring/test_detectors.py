"""Each detector on films of what it is for, and on films of what it is not for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.content.proctoring import (
    CHANGED,
    DETECTORS,
    LOOPED,
    NO_FACE,
    SEVERAL_FACES,
)
from exam_packages.content.signals import OVER, RAISED, words
from kiosk.proctoring.detectors import repetition, scene
from kiosk.proctoring.detectors.faces import Count, ModelError, cascade, yunet
from kiosk.proctoring.detectors.sight import see
from kiosk.proctoring.detectors.watch import begin, look
from kiosk.proctoring.detectors.window import Standing, Window, settle
from kiosk.proctoring.rates.conditions import FILMS
from kiosk.proctoring.rates.faces import drawn
from kiosk.proctoring.rates.measure import LOOK_NS, signals
from kiosk.proctoring.rates.scenes import Condition, film


@pytest.fixture(scope="module")
def count() -> Count:
    return cascade()


SHOWN = {
    "as usual": 40,
    "lens covered": 20,
    "almost no light": 24,
    "over-exposed": 24,
    "out of focus, σ 10 px": 24,
    "picture freezes": 30,
    "recording repeats": 45,
    "nobody there": 45,
    "second person": 25,
    "camera turned away": 60,
}
"""Films, and how many looks of each: one for every detector."""


@pytest.mark.parametrize("name", SHOWN)
def test_a_film_raises_what_it_shows_and_nothing_else(name: str, count: Count) -> None:
    (condition,) = (each for each in FILMS if each.name == name)
    shown = film(replace(condition, looks=SHOWN[name]), drawn, 3)
    assert signals(shown, count) == condition.raises


def test_movement_that_comes_again_under_fresh_noise_is_found() -> None:
    frames = Condition("again", trick="noisy loop", looks=105, noise=6)
    reel, said = repetition.Reel(), []
    for number, pixels in enumerate(film(frames, drawn, 5)):
        reel, found = repetition.looped(reel, see(pixels, number * LOOK_NS))
        said.append(found)
    assert len(reel.digests) == 105  # no frame came twice
    assert any(said)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repetition, "REMEMBERED", 120)
    monkeypatch.setattr(repetition, "HISTORY", 70)
    reel = repetition.Reel()
    for number in range(170):
        pixels = np.full((12, 16), number % 250, np.uint8)
        pixels[0, 0], pixels[0, 1] = number % 256, number // 256
        reel, _ = repetition.looped(reel, see(pixels, number))
    assert len(reel.digests) == repetition.REMEMBERED
    assert len(reel.grids) == repetition.HISTORY


@given(st.integers(0, 2**32 - 1), st.integers(30, 90))
def test_the_likeness_of_movement_is_that_of_the_plain_definition(seed: int, more: int) -> None:
    """The quick sum over all starts against correlation as anybody would write it."""
    random = np.random.default_rng(seed)
    grids = random.uniform(0, 255, (repetition.SERIES + more, 192)).astype(np.float32)
    now = grids[-repetition.SERIES :] - grids[-repetition.SERIES :].mean(axis=0)
    best = -1.0
    for start in range(more - repetition.SERIES + 1):
        then = grids[start : start + repetition.SERIES]
        then = then - then.mean(axis=0)
        alike = (now * then).sum() / np.sqrt((now * now).sum() * (then * then).sum())
        best = max(best, float(alike))
    found = repetition.likeness(grids)
    assert found == pytest.approx(best, abs=1e-3)


def test_more_light_is_no_other_scene() -> None:
    grid = np.random.default_rng(1).uniform(20, 120, (12, 16)).astype(np.float32)
    assert scene.likeness(grid, grid * 1.8 + 10) == pytest.approx(1.0, abs=1e-4)
    assert scene.likeness(grid, np.full_like(grid, 90)) is None


def test_a_tilted_head_is_there(count: Count) -> None:
    for tilt in (-35, -20, 20, 35):
        (pixels,) = film(Condition("tilted", tilt=tilt, looks=1), drawn, 4)
        assert count(pixels) == 1


def test_detectors_that_are_left_out_say_nothing_and_the_others_remember(count: Count) -> None:
    frames = [*film(Condition("nobody", faces=0, looks=30), drawn, 2)]
    watch = begin(DETECTORS)
    for number, pixels in enumerate(frames):
        faces = count(pixels) if number % 10 == 0 else None
        watch, _ = look(watch, see(pixels, number * LOOK_NS, faces))
    spared = begin((LOOPED, CHANGED, "of a later version"), watch)
    assert set(spared.memories) == {LOOPED, CHANGED}
    assert spared.memories[CHANGED] is watch.memories[CHANGED]
    again = begin(DETECTORS, spared)
    assert again.standings[NO_FACE] == Standing()


windows = st.integers(1, 12).flatmap(
    lambda of: st.integers(1, of).flatmap(
        lambda enough: st.builds(Window, st.just(enough), st.just(of), st.integers(0, enough - 1))
    )
)


@given(windows, st.lists(st.sampled_from((True, False, None)), max_size=60))
def test_a_signal_is_raised_and_taken_back_by_the_last_looks_alone(
    window: Window, said: list[bool | None]
) -> None:
    standing = Standing()
    for number, each in enumerate(said, 1):
        before, standing = standing, settle(window, standing, each)
        last = [one for one in said[:number] if one is not None][-window.of :]
        assert standing.last == tuple(last)
        agreeing = sum(last)
        if standing.raised and not before.raised:
            assert agreeing >= window.enough
        if before.raised and not standing.raised:
            assert agreeing <= window.few
        if len(last) == window.of and agreeing >= window.enough:
            assert standing.raised
        if len(last) == window.of and agreeing <= window.few:
            assert not standing.raised


def test_one_look_is_never_a_signal_of_faces() -> None:
    frames = [*film(Condition("one", looks=1), drawn, 1)]
    watch, changes = look(begin(DETECTORS), see(frames[0], 0, faces=2))
    assert (watch.raised, changes) == ((), ())
    watch, _ = look(watch, see(frames[0], 1, faces=2))
    watch, changes = look(watch, see(frames[0], 2, faces=1))
    assert [change.code for change in changes if change.on] == [SEVERAL_FACES]


def test_a_window_that_could_never_settle_is_refused() -> None:
    for enough, of, few in ((0, 3, 0), (4, 3, 0), (2, 3, 2)):
        with pytest.raises(ValueError, match="few < enough"):
            Window(enough, of, few)


def test_every_signal_has_its_words() -> None:
    assert set(RAISED) == set(OVER) == set(DETECTORS)
    assert words("of a later version", True) == "Signal “of a later version”: raised."


def test_a_face_model_must_be_the_file_that_was_written_down(tmp_path: Path) -> None:
    path = tmp_path / "yunet.onnx"
    with pytest.raises(ModelError, match="cannot be read"):
        yunet(path, "0" * 64)
    path.write_bytes(b"no model")
    with pytest.raises(ModelError, match="not the file"):
        yunet(path, "0" * 64)
    with pytest.raises(ModelError, match="none that OpenCV can use"):
        yunet(path, hashlib.sha256(b"no model").hexdigest())
