"""A body with the sample exam drawn and sealed, and a centre where it is sat."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from centre import Centre, now_s

from exam_packages.content.items import ExtendedText
from exam_packages.content.values import Response
from exam_packages.packaging import Sitting, import_exam, seal_form
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.package import read_paper_key
from scoring.forms import load_form
from scoring.score import ScoringForm

Answered = dict[str, tuple[Response, ...]]


@dataclass(frozen=True)
class Exam:
    """The sample exam, sealed by a body."""

    centre: Centre
    form: ScoringForm
    package_hash: bytes

    def perfect(self, essay: str = "") -> Answered:
        """Every correct answer, and *essay* wherever words are asked for."""
        answers: Answered = {}
        for entry in self.form.key.entries:
            item = self.form.items[entry.key.item]
            correct = {each.identifier: each.correct for each in entry.key.responses}
            members = {
                each.response: ((essay,) if essay else ())
                if isinstance(each, ExtendedText)
                else correct[each.response]
                for each in item.interactions
            }
            answers[item.identifier] = tuple(
                Response(identifier, given) for identifier, given in members.items()
            )
        return answers


@pytest.fixture(scope="session")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Exam:
    centre = Centre.found(tmp_path_factory.mktemp("exam"))
    name = import_exam(centre.body, FOOD_SAFETY, b"a seed").paper.form
    start = now_s()
    sealed = tmp_path_factory.mktemp("packages") / "exam.package"
    seal_form(centre.body, name, sealed, Sitting(start, start + 3600, start, start + 3600))
    key = read_paper_key(centre.body.form_directory(name) / "paper.key")
    return Exam(centre, load_form(centre.body, name), key.package_hash)


@pytest.fixture
def attempts(tmp_path: Path) -> Iterator[Path]:
    """Directories for the journals of new attempts."""
    return (tmp_path / f"attempt-{number}" for number in itertools.count())
