"""The sample exam, drawn and sealed by a real body, as the scoring desk finds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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

    @classmethod
    def found(cls, directory: Path) -> Exam:
        """Found a body and a centre in *directory*; draw and seal the exam there."""
        centre = Centre.found(directory)
        name = import_exam(centre.body, FOOD_SAFETY, b"a seed").paper.form
        start = now_s()
        sealed = directory / "exam.package"
        seal_form(centre.body, name, sealed, Sitting(start, start + 3600, start, start + 3600))
        key = read_paper_key(centre.body.form_directory(name) / "paper.key")
        return cls(centre, load_form(centre.body, name), key.package_hash)

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
