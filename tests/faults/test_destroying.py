"""The power goes in the middle of destroying an evidence key: before every call, and inside
every write. There is a certificate only when the key is gone; given again, it finishes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from centre import CLOCK
from cut_disk import CutDisk, Fate, PowerCut, State
from desk_of_integrity import PICTURES, Desk

from exam_packages import evidence, holds
from exam_packages.errors import ExamError
from exam_packages.sealing.retention import RetentionError


class Watched(CutDisk):
    """Remembers where its calls were, to have the power go there."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.calls: list[int] = []

    def _spend(self) -> None:
        self.calls.append(self.spent)
        super()._spend()

    def _pwrite_(self, descriptor: int, data: object, offset: int) -> int:
        self.calls += [self.spent + 1, self.spent + len(data) // 2]  # type: ignore[arg-type]
        return super()._pwrite_(descriptor, data, offset)


def _read(directory: Path) -> State:
    return {str(path): path.read_bytes() for path in sorted(directory.iterdir())}


class Scene:
    """A desk of whose three attempts one is held, on a disk whose power can go."""

    def __init__(self, directory: Path) -> None:
        self.desk = Desk.after(directory / "desk")
        self.desk.hold(1)
        body = self.desk.body
        self.places = (body.evidence, body.retention)
        self.before = [_read(place) for place in self.places]
        self.secret = (body.evidence / f"{self.desk.key.hex()}.key").read_bytes()

    def again(self) -> Watched:
        """Everything as it was, on a new disk."""
        disk = Watched(self.desk.body.directory)
        for place, state in zip(self.places, self.before, strict=True):
            shutil.rmtree(place, ignore_errors=True)
            disk.put_back(place, state)
        return disk

    def break_off(self, disk: Watched, fuse: int, fate: Fate) -> None:
        disk.fuse = fuse
        with disk.watching(), pytest.raises(PowerCut):
            self.desk.destroy()
        for place in self.places:
            disk.cut(place, fate)

    @property
    def pending(self) -> Path:
        return self.desk.body.retention / f"{self.desk.key.hex()}.pending"

    def certified(self) -> bool:
        return self.desk.key in holds.register(self.desk.body).deletions()

    def key_is_there(self) -> bool:
        """Whether the sealed key lies anywhere in the directory, under whatever name."""
        return any(self.secret in path.read_bytes() for path in self.desk.body.evidence.iterdir())

    def opens(self, number: int) -> bool:
        try:
            return self.desk.pictures(number) == PICTURES
        except ExamError:
            return False

    def check_finished(self) -> None:
        assert self.certified()
        assert not self.key_is_there()
        assert [self.opens(number) for number in range(3)] == [False, True, False]
        done = holds.register(self.desk.body).deletions()[self.desk.key]
        assert [key.key_id for key in evidence.keys(self.desk.body)] == [done.preserved[0].key]
        assert not self.pending.exists()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("destroying"))


@pytest.fixture(scope="module")
def places(scene: Scene) -> list[int]:
    """Where the power can go, from the first call to the last."""
    disk = scene.again()
    with disk.watching():
        scene.desk.destroy()
    scene.check_finished()
    return sorted(set(disk.calls))


def _everything() -> bool:
    return True


def _nothing() -> bool:
    return False


@pytest.mark.parametrize(
    ("lasts", "every"),
    [
        (_nothing, 4),
        (_everything, 5),
        pytest.param(_nothing, 1, marks=pytest.mark.slow),
        pytest.param(_everything, 1, marks=pytest.mark.slow),
    ],
)
def test_the_power_goes_at_every_step(
    scene: Scene, places: list[int], lasts: Fate, every: int
) -> None:
    assert len(places) > 30
    states = set()
    for fuse in places[::-every]:  # the last steps, which are the few after the certificate, too
        disk = scene.again()
        scene.break_off(disk, fuse, lasts)
        certified, there = scene.certified(), scene.key_is_there()
        states.add((certified, there))
        assert not (certified and there), fuse
        assert scene.opens(1), fuse  # what is held opens at every moment
        if (
            not certified
            or (scene.desk.body.retention / f"{scene.desk.key.hex()}.pending").exists()
        ):
            scene.desk.destroy()
        scene.check_finished()
    assert states == {(False, True), (False, False), (True, False)}


def test_twice_in_one_night(scene: Scene, places: list[int]) -> None:
    """It breaks off, is begun again, and breaks off again."""
    for first in places[::9]:
        for second in (3, 20_000, 45_000):
            disk = scene.again()
            scene.break_off(disk, first, _nothing)
            disk.fuse = second
            try:
                with disk.watching():
                    scene.desk.destroy()
            except (PowerCut, RetentionError):
                pass
            for place in scene.places:
                disk.cut(place, _everything)
            assert not (scene.certified() and scene.key_is_there())
            if not scene.certified():
                with disk.watching():
                    scene.desk.destroy()
            assert scene.certified()
            assert [scene.opens(number) for number in range(3)] == [False, True, False]


def test_a_hold_that_came_after_it_broke_off_counts(scene: Scene, places: list[int]) -> None:
    last = _before_the_rename(scene, places)
    scene.break_off(scene.again(), last, _everything)
    assert scene.key_is_there()
    scene.desk.hold(2, cause="complaint")
    done = scene.desk.destroy()
    assert len(done.preserved[0].attempts) == 2
    assert [scene.opens(number) for number in range(3)] == [False, True, True]
    assert [key.key_id for key in evidence.keys(scene.desk.body)] == [done.preserved[0].key]


def test_a_hold_that_was_lifted_after_it_broke_off_keeps_nothing(
    scene: Scene, places: list[int]
) -> None:
    """What the command that broke off had preserved already goes too."""
    last = _before_the_rename(scene, places)
    scene.break_off(scene.again(), last, _everything)
    assert len(list(evidence.keys(scene.desk.body))) == 2
    holds.lift(scene.desk.body, CLOCK, 1, reason="decided", by="Ben")
    assert len(scene.desk.destroy().bundles) == 3
    assert not any(scene.opens(number) for number in range(3))
    assert not list(scene.desk.body.evidence.iterdir())


def _before_the_rename(scene: Scene, places: list[int]) -> int:
    """The last place at which the key is in use still."""
    for fuse in reversed(places):
        scene.break_off(scene.again(), fuse, _everything)
        if not evidence.out_of_use(scene.desk.body, scene.desk.key):
            return fuse
    raise AssertionError("the key was never in use")
