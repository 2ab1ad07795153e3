"""A redacted case file: what others may see of an attempt, and a list of what was left out.

Nothing is in it that was not chosen: an event, a judgement or a picture is shown because
somebody chose it. The attempt's id, its bundle's hash (of which the candidate's hand-in code is
the beginning) and the names of people are left out unless asked for. Every picture keeps the
digest by which the journal names it, also one that is covered, left out or destroyed: whoever
has the bundle can match them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jinja2

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.language import _, mark, say, whole
from exam_packages.pictures import Taken
from exam_packages.sealing.review import Review
from exam_packages.verify import words
from exam_packages.verify.findings import Subject, Times, clean
from exam_packages.verify.record import moment
from exam_packages.verify.words import length
from scoring.review import ledger
from scoring.review.attempt import Attempt
from scoring.review.casepaper import paper
from scoring.review.happenings import KINDS, Happening
from scoring.review.images import Region, covered
from scoring.review.keeping import Keeping
from scoring.review.reasons import RULING_WORDS, reason_words

FORMAT: Final = "exam-kiosk/case-file/v1"
LEFT_OUT, WHOLE, COVERED = "left-out", "whole", "covered"
WHY: Final[Mapping[str, str]] = {
    "matter": mark("It is not about the matter"),
    "others": mark("It shows or tells of other people"),
    "candidate": mark("It protects the candidate"),
    "security": mark("It would tell of questions or of how the exam is guarded"),
    "other": mark("Another reason"),
}
"""Why something is left out or covered: code → words."""
_IDENTIFYING: Final = frozenset({"attempt", "bundle", "code", "package"})
"""Facts of a file that name the attempt, or what it can be found by."""


@dataclass(frozen=True)
class Treatment:
    """What the case file shows of one picture, and why not all of it."""

    what: str = LEFT_OUT
    why: str = "matter"
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class Choice:
    """What was chosen. ``events`` are places in the attempt's happenings, ``judgements`` are
    numbers, ``treatments`` go by the place of a picture, from 1. ``why`` is why the other events
    are left out."""

    title: str
    events: frozenset[int]
    judgements: frozenset[int]
    treatments: Mapping[int, Treatment]
    why: str = "matter"
    with_id: bool = False
    with_names: bool = False
    on_paper: bool = False


@dataclass(frozen=True)
class CaseFile:
    """A case file: its values, and the pictures by file name. ``on_paper`` adds a PDF."""

    values: Mapping[str, Any]
    pictures: Mapping[str, bytes] = field(repr=False)
    on_paper: bool = False

    def page(self) -> str:
        """The case file as one page beside its pictures: no script, nothing from elsewhere."""
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=shown,
        )
        environment.globals.update(_=_, say=say, whole=whole)
        page = environment.get_template("casefile.html").render(case=self.values)
        return page.lstrip() + "\n"

    def json(self) -> str:
        """The same for programs, in ASCII."""
        return json.dumps(self.values, indent=2) + "\n"

    def write(self, directory: Path) -> Path:
        """Write everything into a new directory under *directory*, readable by its owner alone.

        Raises :class:`OSError`, or :class:`~sync.printing.fonts.FontError` when there is to be
        a PDF and this machine cannot print a character of it; then nothing was written.
        """
        printed = paper(self.values) if self.on_paper else b""
        make_directory(directory, 0o700)
        number = 1
        while (path := directory / f"case-{number:03}").exists():
            number += 1
        make_directory(path, 0o700)
        for name, data in self.pictures.items():
            write_durably(path / name, data, mode=0o600)
        if printed:
            write_durably(path / "case.pdf", printed, mode=0o600)
        write_durably(path / "case.json", self.json().encode(), mode=0o600)
        write_durably(path / "case.html", self.page().encode(), mode=0o600)
        return path


def shown(value: object) -> object:
    """What a template shows of *value*: of text nothing that turns the writing; lines stay."""
    if type(value) is not str:
        return value
    return "\n".join(clean(line) for line in value.split("\n"))


class Names:
    """People's names, or what stands for them: the same person has the same stand-in."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._known: dict[tuple[str, str], str] = {}

    def of(self, role: str, name: str) -> str:
        if self._shown or not name:
            return name
        number = sum(each == role for each, _name in self._known) + 1
        return self._known.setdefault((role, name), f"{role} {number}")


def compose(
    attempt: Attempt, review: Review, keeping: Keeping, choice: Choice, now_s: int
) -> CaseFile:
    """The case file of *attempt* as it was chosen. Raises an
    :class:`~exam_packages.errors.ExamError` when a picture that was chosen cannot be shown."""
    names = Names(choice.with_names)
    record, times = attempt.record, attempt.record.times
    pictures, files = _pictures(attempt, keeping, choice)
    shown = [each for place, each in enumerate(attempt.happenings) if place in choice.events]
    values: dict[str, Any] = {
        "format": FORMAT,
        "title": choice.title,
        "made_s": now_s,
        "made": moment(now_s * SECOND),
        "body": attempt.report.body,
        "trust": attempt.report.trust_digest.hex(),
        "attempt": record.blind_id.hex() if choice.with_id else None,
        "bundle": attempt.subject.bundle_hash.hex() if choice.with_id else None,
        "proven": not attempt.wrong,
        "verdict": words.verdict(attempt.report),
        "facts": [
            {"code": code, "label": words.fact_label(code), "value": value}
            for code, value in attempt.subject.facts.items()
            if choice.with_id or code not in _IDENTIFYING
        ],
        "findings": _findings(attempt, choice.with_id),
        "stands": words.stands(record),
        "times": None if times is None else _times(times),
        "events": [_event(each, names) for each in shown],
        "judgements": [
            {
                "number": each.judgement.number,
                "entry": each.judgement.entry,
                "ruling": each.judgement.word,
                "words": _(RULING_WORDS[each.judgement.word]),
                "reason": each.judgement.reason,
                "reason_words": _(reason_words(each.judgement.reason)),
                "comment": each.judgement.comment,
                "reviewer": names.of(_("Reviewer"), each.reviewer.name),
                "said": moment(each.judgement.time_s * SECOND),
                "corrects": each.judgement.corrects,
                "stands": each in review.standing(),
                "pictures": [digest.hex() for digest in each.judgement.pictures],
            }
            for each in review.judgements
            if each.judgement.number in choice.judgements
        ],
        "pictures": pictures,
        "left_out": _left_out(attempt, review, choice, pictures),
        "holds": [{"entry": each.number, "cause": each.why} for each in keeping.holds],
    }
    return CaseFile(values, files, choice.on_paper)


def _pictures(
    attempt: Attempt, keeping: Keeping, choice: Choice
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    listed, files = [], {}
    for place, taken in enumerate(attempt.shots, 1):
        treatment = choice.treatments.get(place, Treatment())
        name, digest, gone = "", "", ""
        if treatment.what != LEFT_OUT:
            name, data, gone = _shown(attempt, keeping, place, taken, treatment)
            if data:
                files[name] = data
                digest = hashlib.sha256(data).hexdigest()
        listed.append(
            {
                "number": place,
                "entry": taken.entry,
                "time": _when(attempt, taken.entry),
                "digest": taken.digest.hex(),
                "shown": LEFT_OUT if gone else treatment.what,
                "why": "destroyed" if gone else treatment.why if treatment.what != WHOLE else "",
                "why_words": gone or (_(WHY[treatment.why]) if treatment.what != WHOLE else ""),
                "covered": len(treatment.regions) if treatment.what == COVERED else 0,
                "file": name if digest else "",
                "file_sha256": digest,
            }
        )
    return listed, files


def _shown(
    attempt: Attempt, keeping: Keeping, place: int, taken: Taken, treatment: Treatment
) -> tuple[str, bytes, str]:
    """The name and bytes of a picture that was chosen; or why it is gone."""
    certificates = [each.certificate for each in keeping.keys if each.gone]
    if attempt.pictures is None:
        return "", b"", attempt.unopened
    try:
        data = attempt.pictures.open(taken)
    except ExamError as problem:
        if not certificates:
            raise
        return "", b"", str(problem)
    # A whole picture is drawn anew too: what else its file holds is not for others.
    regions = treatment.regions if treatment.what == COVERED else ()
    return f"picture-{place:04}.jpg", covered(data, regions), ""


def _when(attempt: Attempt, entry: int) -> str:
    times = attempt.record.times
    wall_ns = times.wall_ns.get(entry) if times is not None else None
    return moment(wall_ns) if wall_ns is not None else ""


def _event(each: Happening, names: Names) -> dict[str, Any]:
    operator = names.of(_("Invigilator"), each.operator)
    detail = each.detail
    if each.operator and operator != each.operator:
        detail = operator + detail.removeprefix(each.operator)
    return {
        "entry": each.entry,
        "time": moment(each.wall_ns),
        "kind": each.kind,
        "kind_words": _(KINDS[each.kind]),
        "code": each.code,
        "words": each.words,
        "detail": detail,
        "picture": each.digest.hex(),
    }


def _findings(attempt: Attempt, with_id: bool) -> list[dict[str, str]]:
    """The verifier's findings; paths are replaced by what the files are: names can be anything."""
    subjects = attempt.report.subjects
    kinds = {each.path: say("the {kind}", kind=each.kind) for each in subjects}
    found = [each for subject in subjects for each in subject.findings]
    return [
        {
            "standing": each.standing.value,
            "code": each.code,
            "words": say(each.template, **_without_paths(each.fields, kinds)),
        }
        for each in (*found, *attempt.report.relations)
        if with_id or not _names_it(each.fields, subjects)
    ]


def _without_paths(
    fields: Mapping[str, str | int], kinds: Mapping[str, str]
) -> dict[str, str | int]:
    return {
        name: kinds.get(value, value) if isinstance(value, str) else value
        for name, value in fields.items()
    }


def _names_it(fields: Mapping[str, str | int], subjects: tuple[Subject, ...]) -> bool:
    ids = {each.facts.get(code) for each in subjects for code in _IDENTIFYING} - {None}
    return any(value in ids for value in fields.values())


def _times(times: Times) -> dict[str, Any]:
    return {
        "from": moment(times.wall_from_ns),
        "to": moment(times.wall_from_ns + times.length_ns),
        "sums": [{"label": label, "value": value} for label, value in words.time_sums(times)],
        "spans": [
            {
                "from": words.clock(span.wall_from_ns),
                "to": words.clock(span.wall_to_ns),
                "length": length(span.length_ns),
                "kind": span.kind.value,
                "words": words.KINDS[span.kind],
            }
            for span in times.spans
        ],
        "width": ledger.WIDTH,
        "blocks": [_plain(each) for each in ledger.blocks(times)],
        "legend": [_plain(each) for each in ledger.legend(times)],
    }


def _plain(each: ledger.Block | ledger.Look) -> dict[str, Any]:
    return {name: getattr(each, name) for name in each.__dataclass_fields__}


def _left_out(
    attempt: Attempt, review: Review, choice: Choice, pictures: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What is not in the case file: how many of which kind, and why."""
    found = []
    for kind, label in KINDS.items():
        count = sum(
            each.kind == kind and place not in choice.events
            for place, each in enumerate(attempt.happenings)
        )
        if count:
            found.append((say("Events: {kind}", kind=_(label)), count, _(WHY[choice.why])))
    judgements = sum(each.judgement.number not in choice.judgements for each in review.judgements)
    if judgements:
        found.append((_("Judgements"), judgements, _(WHY[choice.why])))
    missing: dict[str, int] = {}
    for picture in pictures:
        if picture["shown"] == LEFT_OUT:
            missing[picture["why_words"]] = missing.get(picture["why_words"], 0) + 1
    found += [(_("Pictures themselves"), count, why) for why, count in missing.items()]
    protects = _(WHY["candidate"])
    if not choice.with_id:
        found.append(
            (_("What the attempt can be found by: its id, its bundle’s hash"), 1, protects)
        )
    if not choice.with_names:
        found.append((_("Names of invigilators and reviewers"), 1, protects))
    found.append((_("Answers, and the candidate’s name"), 1, _("They are sealed to other roles")))
    return [{"what": what, "count": count, "why": why} for what, count, why in found]
