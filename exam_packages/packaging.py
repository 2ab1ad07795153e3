"""The packager's desk: draw a form, seal it, grant it to a centre.

A drawn form lies in the body's directory in two halves that never meet again outside
it: ``paper/`` and ``practice/`` are what a package seals, ``answer.key`` is what scores.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exam_packages import canon
from exam_packages.body import Body, BodyError
from exam_packages.clock import SECOND, Clock
from exam_packages.content.paper import Paper
from exam_packages.content.reading import read_paper
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.formats.media import facts
from exam_packages.formats.qti.reader import read_test
from exam_packages.forms import OBJECT_TYPE, DrawnForm, blobs, check, draw, practice
from exam_packages.sealing.grant import Recipient, seal_grant
from exam_packages.sealing.package import (
    Blob,
    Core,
    Package,
    PaperKey,
    read_paper_key,
    seal_package,
    write_paper_key,
)
from exam_packages.sealing.release import new_code, read_code, release_secret
from exam_packages.sealing.suite import digest, label
from exam_packages.sealing.trust import PACKAGER, STATION, Enrolment, TrustError, read_enrolment

PAPER_PART, PRACTICE_PART = "paper", "practice"
LEAST_CLIENT: Final = (0, 1, 0)
FIRST_ISSUE: Final = 1


class PackagingError(ExamError):
    """A form cannot be imported, sealed or granted as asked."""


@dataclass(frozen=True)
class Sitting:
    """When a package may be sat, in Unix seconds."""

    from_s: int
    to_s: int
    not_before_s: int
    expires_s: int


@dataclass(frozen=True)
class Granted:
    """A grant and the codes that release it: keep them apart."""

    data: bytes
    codes: tuple[str, ...]
    stations: tuple[str, ...]


def import_exam(body: Body, source: Path, seed: bytes) -> DrawnForm:
    """Read the test in *source* (a QTI 3 folder or zip), draw the form of *seed*, keep it.

    The form is checked against the test's blueprint first. Raises
    :class:`PackagingError`, or the reader's error that names file and line.
    """
    test = read_test(source)
    form = draw(test, seed)
    if test.blueprint is None:
        raise PackagingError(
            "The test “{test}” has no blueprint.toml beside it, so neither its content nor its "
            "cut score can be checked; write one.",
            test=test.identifier,
        )
    problems = check(test.blueprint, form)
    if problems:
        raise PackagingError(
            "The form does not keep its blueprint: {problems}", problems=" ".join(problems)
        )
    directory = body.form_directory(form.paper.form)
    make_directory(directory.parent, mode=0o700)
    _write_part(directory / PAPER_PART, form)
    trial = practice(test, seed)
    if trial is not None:
        _write_part(directory / PRACTICE_PART, trial)
    write_durably(directory / "answer.key", canon.pack(form.key), mode=0o600)
    return form


def seal_form(body: Body, form: str, out: Path, sitting: Sitting) -> Core:
    """Seal *form* into the package file *out*; its secret stays beside the form.

    A form is sealed once: its keys are common to all centres, so a second window would
    be released by the first. Raises an :class:`~exam_packages.errors.ExamError`.
    """
    directory = body.form_directory(form)
    secret = directory / "paper.key"
    if secret.exists():
        raise PackagingError(
            "The form “{form}” is sealed already, and one form is used in one window only; "
            "draw another one with another seed.",
            form=form,
        )
    paper = _read_part(directory / PAPER_PART, form)
    trial = _read_part(directory / PRACTICE_PART, form) if _has_practice(directory) else ()
    sheet: Paper = read_paper(next(blob.data for blob in paper if blob.name == PAPER_PART))
    core = Core(
        suite=1,
        package_id=secrets.token_bytes(16),
        exam=sheet.title,
        form=form,
        version=1,
        window_from_s=sitting.from_s,
        window_to_s=sitting.to_s,
        not_before_s=sitting.not_before_s,
        expires_s=sitting.expires_s,
        least_client=LEAST_CLIENT,
        least_trust=body.trust().root.version,
        policy_hash=digest(label("package", "policy"), canon.pack(sheet.policy)),
    )
    key = seal_package(out, core, trial, paper, [body.signing_key(PACKAGER)])
    write_paper_key(secret, key)
    return core


def grant_package(
    body: Body, package: Path, centre: str, slot: str, clock: Clock, *, people: int
) -> Granted:
    """Grant *package* to every enrolled station of *centre*, under fresh release codes.

    *people* complete codes release it. Raises an :class:`~exam_packages.errors.ExamError`.
    """
    now_s = clock.wall_ns() // SECOND
    trust = body.trust()
    with Package.open(package, trust, now_s=now_s) as opened:
        package_hash, expires_s = opened.package_hash, opened.core.expires_s
        paper_key = _paper_key(body, opened.core.form, package_hash)
    stations = _stations(body, centre, now_s)
    if not stations:
        raise PackagingError(
            "No station of centre “{centre}” is enrolled, so nothing could open the package "
            "there; enrol its stations first with `exam-kiosk body enrol`.",
            centre=centre,
        )
    codes = tuple(new_code(package_hash, slot, number) for number in range(1, people + 1))
    release_id = secrets.token_bytes(16)
    read = [
        read_code(code, package_hash, slot, number) for number, code in enumerate(codes, start=1)
    ]
    data = seal_grant(
        package_hash,
        centre,
        slot,
        FIRST_ISSUE,
        release_id,
        expires_s,
        paper_key.key,
        release_secret(read, package_hash, slot, release_id),
        [Recipient(each.key_id, each.sealing_public) for each in stations],
        [body.signing_key(PACKAGER)],
        codes=people,
    )
    return Granted(data, codes, tuple(each.machine for each in stations))


def _write_part(directory: Path, form: DrawnForm) -> None:
    for name, _, data in blobs(form):
        path = directory / name
        make_directory(path.parent, mode=0o700)
        write_durably(path, data, mode=0o600)


def _has_practice(directory: Path) -> bool:
    return (directory / PRACTICE_PART).is_dir()


def _read_part(directory: Path, form: str) -> tuple[Blob, ...]:
    """The blobs of a part, the paper first. Raises :class:`BodyError`."""
    if not (directory / PAPER_PART).is_file():
        raise BodyError(
            "There is no form “{form}” in {directory}; import it with `exam-kiosk package import`.",
            form=form,
            directory=str(directory.parent.parent.parent),
        )
    names = sorted(
        (str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()),
        key=lambda name: (name != PAPER_PART, name),
    )
    return tuple(_blob(name, (directory / name).read_bytes()) for name in names)


def _blob(name: str, data: bytes) -> Blob:
    picture = name.startswith("media/")
    return Blob(name, facts(name, data).media_type if picture else OBJECT_TYPE, data)


def _paper_key(body: Body, form: str, package_hash: bytes) -> PaperKey:
    key = read_paper_key(body.form_directory(form) / "paper.key")
    if key.package_hash != package_hash:
        raise PackagingError(
            "The package of the form “{form}” is not the one that was sealed here.", form=form
        )
    return key


def _stations(body: Body, centre: str, now_s: int) -> list[Enrolment]:
    """The stations of *centre* whose enrolment holds, by name."""
    trust = body.trust()
    found = []
    for path in body.enrolments.glob("*.enrolment"):
        try:
            record = read_enrolment(path.read_bytes(), trust, now_s=now_s)
        except TrustError:
            continue  # expired or revoked: it gets no package
        if record.kind == STATION and record.centre == centre:
            found.append(record)
    return sorted(found, key=lambda record: (record.machine, record.key_id))
