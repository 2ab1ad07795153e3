"""The verifier on a package in several volumes: one subject, and every volume told by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from exam_packages.sealing.trust import Trust
from exam_packages.verify.findings import Report
from exam_packages.verify.terminal import to_text

VECTORS = Path(__file__).parents[2] / "vectors-volumes"
NAMES = ["exam.package", *(f"exam.package.{number}" for number in (2, 3, 4))]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in NAMES:
        shutil.copy(VECTORS / name, tmp_path)
    return tmp_path / "exam.package"


@pytest.fixture
def told(look: Callable[..., Report]) -> Callable[..., Report]:
    trust = Trust.first((VECTORS / "root-1.trust").read_bytes(), pinned=None)
    return lambda *paths: look(*paths, trust=trust)


def test_all_volumes_are_one_package(package, told, wrong) -> None:
    for given in ([package], sorted(package.parent.iterdir()), [package.with_name(NAMES[2])]):
        report = told(*given)
        assert [each.path for each in report.subjects] == [str(package)]
        assert not wrong(report)
        assert "All 7 blobs are the ones that were signed." in to_text(report)


def test_a_missing_volume_is_told_and_the_others_stand(package, told, wrong) -> None:
    package.with_name(NAMES[2]).unlink()
    report = told(package)
    assert wrong(report) == ["package-blob", "package-size"]
    text = " ".join(to_text(report).split())
    assert "Volume 3 of 4 is missing: copy exam.package.3 beside" in text
    assert "The other 6 of 7 blobs are the ones that were signed." in text


def test_two_swapped_volumes_are_both_told(package, told, wrong) -> None:
    second, fourth = (package.with_name(NAMES[place]).read_bytes() for place in (1, 3))
    package.with_name(NAMES[1]).write_bytes(fourth)
    package.with_name(NAMES[3]).write_bytes(second)
    assert wrong(told(package)) == [*["package-blob"] * 2, *["package-size"] * 2]


def test_damage_in_a_volume_names_its_blob(package, told, wrong) -> None:
    volume = package.with_name(NAMES[2])
    data = bytearray(volume.read_bytes())
    data[9000] ^= 1
    volume.write_bytes(data)
    assert wrong(told(package)) == ["package-blob"]
    volume.write_bytes(data[:-1])
    assert wrong(told(package)) == ["package-blob", "package-size"]


def test_a_volume_without_its_first_proves_nothing(package, told, wrong) -> None:
    package.unlink()
    assert wrong(told(package.with_name(NAMES[1]))) == ["needs-its-whole"]
