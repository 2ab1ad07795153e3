"""The desk opens answers and nothing else, and notices when they are not whole."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from centre import Centre, HandedIn, choice, without, write_parts

from exam_packages.attempt.events import Concluded, Responded, decode_event
from exam_packages.sealing.journal import (
    SEALED,
    Compartment,
    EpochKeys,
    Frame,
    OpenError,
    epoch_header,
    open_frames,
)
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import SCORING
from scoring.blind import Desk, OpenedAttempt, batch_id, open_attempts, open_bundle


@pytest.fixture(scope="module")
def centre(exam) -> Centre:
    return exam.centre


@pytest.fixture(scope="module")
def key(centre: Centre) -> SealingKey:
    return centre.body.opening_key(SCORING)


def opened(handed: HandedIn, centre: Centre, key: SealingKey, directory: Path) -> OpenedAttempt:
    (path,) = write_parts(directory, [handed])
    return open_bundle(path, centre.trust, key, bytes(32))


def test_the_last_answer_to_each_item_stands(
    centre: Centre, key: SealingKey, attempts: Iterator[Path], tmp_path: Path
) -> None:
    answers = [("q1", choice("a")), ("q2", choice("b")), ("q1", choice("c")), ("q2", choice())]
    found = opened(centre.hand_in(next(attempts), answers), centre, key, tmp_path)
    assert found.responses == {"q1": choice("c"), "q2": choice()}
    assert (found.recorded, found.problems) == (4, ())


def test_the_scoring_key_opens_no_time_no_name_no_flag_and_no_picture(
    centre: Centre, key: SealingKey, attempts: Iterator[Path]
) -> None:
    handed = centre.hand_in(next(attempts), pictures=1)
    header = epoch_header(handed.frames[0])
    for compartment in set(SEALED) - {Compartment.RESPONSES}:
        with pytest.raises(OpenError, match="not the one that opens"):
            header.keys(key, [compartment])

    keys = header.keys(key, [Compartment.RESPONSES])
    found = list(open_frames(handed.frames, {1: keys}))
    assert {Frame.parse(each).compartment for each in handed.frames} == set(Compartment)
    assert all(each.stamp is None for each in found)
    for each in found:
        if each.compartment is Compartment.RESPONSES:
            assert isinstance(decode_event(each.body), Responded | Concluded)
        elif each.compartment in SEALED:
            assert each.body is None

    # Neither does the key it opened, put in the place of another.
    for compartment in set(SEALED) - {Compartment.RESPONSES}:
        forced = EpochKeys({compartment: keys[Compartment.RESPONSES]})
        with pytest.raises(OpenError):
            list(open_frames(handed.frames, {1: forced}))


def test_a_reopened_hand_in_is_concluded_again(
    centre: Centre, key: SealingKey, attempts: Iterator[Path], tmp_path: Path
) -> None:
    sitting = centre.sit(next(attempts))
    sitting.restart()
    sitting.answer("q2", choice("b"))
    unconcluded = sitting.hand_in()
    sitting.conclude()
    handed = sitting.hand_in()
    sitting.writer.close()
    found = opened(handed, centre, key, tmp_path)
    assert (len(found.responses), found.problems) == (2, ())
    assert opened(unconcluded, centre, key, tmp_path).problems == (
        "The answers end without the station's conclusion.",
    )


@pytest.mark.parametrize(
    ("concluded", "sentence"),
    [
        (None, "end without the station's conclusion"),
        (Concluded(2, bytes(32)), "concluded 2 recorded answers; 1 are here"),
        (Concluded(1, bytes(32)), "not those that the station concluded"),
    ],
)
def test_answers_that_are_not_those_concluded_hold_the_attempt(
    concluded: Concluded | None,
    sentence: str,
    centre: Centre,
    key: SealingKey,
    attempts: Iterator[Path],
    tmp_path: Path,
) -> None:
    handed = centre.hand_in(next(attempts), conclude=False, concluded=concluded)
    (problem,) = opened(handed, centre, key, tmp_path).problems
    assert sentence in problem


def test_ids_are_fresh_for_each_batch_and_say_nothing_about_the_blind_id() -> None:
    blind = secrets.token_bytes(16)
    first, second = secrets.token_bytes(32), secrets.token_bytes(32)
    assert batch_id(first, blind) == batch_id(first, blind) != batch_id(second, blind)
    assert batch_id(first, blind) != batch_id(first, secrets.token_bytes(16))


EXECUTORS: dict[str, Callable[[], Executor]] = {
    "threads": lambda: ThreadPoolExecutor(2),
    "processes": lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn")),
}


@pytest.mark.parametrize("workers", EXECUTORS)
def test_a_batch_is_opened_shuffled_and_names_what_would_not_open(
    workers: str,
    centre: Centre,
    key: SealingKey,
    attempts: Iterator[Path],
    tmp_path: Path,
) -> None:
    bundles = [centre.hand_in(next(attempts), [(f"q{at}", choice("a"))]) for at in range(40)]
    bad = centre.hand_in(next(attempts))
    paths = write_parts(tmp_path / "in", [*bundles, without(bad, frames=bad.frames[:-1])])
    desk = Desk.open(centre.body.root_bytes(), key)
    with EXECUTORS[workers]() as executor:
        found, problems = open_attempts(paths, desk, executor)
    assert [each.id for each in found] == sorted(
        batch_id(desk.batch_key, each.blind_id) for each in bundles
    )
    assert {item for each in found for item in each.responses} == {f"q{at}" for at in range(40)}
    (problem,) = problems
    assert bad.blind_id.hex() in problem
    assert "cut off, added or exchanged" in problem


def test_another_scoring_key_opens_nothing(
    centre: Centre, attempts: Iterator[Path], tmp_path: Path
) -> None:
    paths = write_parts(tmp_path / "in", [centre.hand_in(next(attempts))])
    desk = Desk.open(centre.body.root_bytes(), SealingKey.generate())
    with ThreadPoolExecutor(1) as executor:
        found, problems = open_attempts(paths, desk, executor)
    assert found == []
    assert "not the one that opens the responses part" in problems[0]


def test_a_desk_shows_no_secret(centre: Centre, key: SealingKey) -> None:
    desk = Desk.open(centre.body.root_bytes(), key)
    assert repr(desk) == "Desk()"
