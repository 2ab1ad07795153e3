"""A whole exam before an appeals panel, and the verifier run on its files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from appeal import Appeal, sat
from centre import Centre

from exam_packages.verify.findings import Report, Standing
from exam_packages.verify.verify import verify


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    return Centre.found(tmp_path_factory.mktemp("centre"))


@pytest.fixture(scope="session")
def appeal(centre: Centre, tmp_path_factory: pytest.TempPathFactory) -> Appeal:
    return sat(centre, tmp_path_factory.mktemp("appeal"))


Verify = Callable[..., Report]


@pytest.fixture(scope="session")
def look(appeal: Appeal) -> Verify:
    """Verify files, believing the appeal's body."""

    def run(*paths: Path, **options: object) -> Report:
        trust = options.pop("trust", appeal.trust)
        return verify(paths, trust, now_s=1_800_000_000, **options)  # type: ignore[arg-type]

    return run


def codes(report: Report, standing: Standing | None = None) -> list[str]:
    """The codes of all findings (of one standing)."""
    return [
        finding.code
        for findings in (*(each.findings for each in report.subjects), report.relations)
        for finding in findings
        if standing in (None, finding.standing)
    ]


@pytest.fixture(scope="session")
def wrong() -> Callable[[Report], list[str]]:
    """The codes of what is not proven."""
    return lambda report: codes(report, Standing.NOT_PROVEN)


@pytest.fixture(scope="session")
def all_codes() -> Callable[[Report], list[str]]:
    return codes
