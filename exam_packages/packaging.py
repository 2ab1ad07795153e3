"""The packager's desk: seal a drawn form (:mod:`exam_packages.drawing`) into a package."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from exam_packages import canon, register
from exam_packages.body import PAPER_PART, PRACTICE_PART, Body, BodyError
from exam_packages.clock import SECOND, SystemClock
from exam_packages.content.paper import Paper, item_blob
from exam_packages.content.reading import read_paper
from exam_packages.content.survey import SURVEY_BLOB, SURVEY_KEY_BLOB
from exam_packages.drawing import draw_exam, read_source
from exam_packages.errors import ExamError
from exam_packages.formats.media import media_type
from exam_packages.forms import OBJECT_TYPE, DrawnForm
from exam_packages.sealing.package import (
    MAX_VOLUME_SIZE,
    Blob,
    Core,
    seal_package,
    write_paper_key,
)
from exam_packages.sealing.suite import digest, label
from exam_packages.sealing.trust import PACKAGER

ITEM_PREFIX: Final = item_blob("")
LEAST_CLIENT: Final = (0, 1, 0)


class PackagingError(ExamError):
    """A form cannot be sealed, granted or released as asked."""


@dataclass(frozen=True)
class Sitting:
    """When a package may be sat, in Unix seconds."""

    from_s: int
    to_s: int
    not_before_s: int
    expires_s: int


def import_exam(body: Body, source: Path, seed: bytes) -> DrawnForm:
    """Draw the form of *seed* from the test in *source*, check it, keep it.

    Raises the reader's error, which names file and line, or ``FormsError``.
    """
    now_s = SystemClock().wall_ns() // SECOND
    return draw_exam(body, read_source(source), seed, now_s=now_s).forms[0]


def seal_form(
    body: Body,
    form: str,
    out: Path,
    sitting: Sitting,
    *,
    volume_size: int = MAX_VOLUME_SIZE,
) -> Core:
    """Seal *form* into the package file *out*; its secret stays beside the form.

    A package of more than *volume_size* bytes goes on in further files beside *out*.

    A form is sealed once, whatever it is called: its keys are common to all centres, so a
    second window would be released by the first (:mod:`exam_packages.register`). Raises an
    :class:`~exam_packages.errors.ExamError`.
    """
    directory = body.form_directory(form)
    paper = read_part(directory / PAPER_PART, form)
    told = register.paper_digest(paper)
    used = register.use_of_paper(body, told)
    if used is not None:
        raise PackagingError(
            "The form “{form}” is sealed already (as “{name}”), for the window from {start} to "
            "{end}. One form is used in one window only: its key is common to all centres, so "
            "whoever sits first could open it for those who sit later. Draw another form with "
            "another seed.",
            form=form,
            name=used.form,
            start=_when(used.window_from_s),
            end=_when(used.window_to_s),
        )
    survey_key = _survey_key(body, paper)  # read first: it may not be there
    trial = read_part(directory / PRACTICE_PART, form) if _has_practice(directory) else ()
    sheet: Paper = read_paper(next(blob.data for blob in paper if blob.name == PAPER_PART))
    secret = directory / "paper.key"
    if secret.exists():
        raise PackagingError(
            "The form “{form}” is sealed already, but it is not in the register: an earlier "
            "command broke off. Draw another form with another seed.",
            form=form,
        )
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
    register.add_items(
        body,
        register.ItemsUse(form, told, core.window_from_s, _item_uses(paper)),
    )
    signers = [body.signing_key(PACKAGER)]
    key = seal_package(out, core, trial, (*paper, *survey_key), signers, volume_size=volume_size)
    write_paper_key(secret, key)
    register.add_use(
        body,
        register.FormUse(
            form=form,
            paper=told,
            package_hash=key.package_hash,
            window_from_s=core.window_from_s,
            window_to_s=core.window_to_s,
            not_before_s=core.not_before_s,
            expires_s=core.expires_s,
        ),
    )
    return core


def _item_uses(paper: tuple[Blob, ...]) -> tuple[register.ItemUse, ...]:
    return tuple(
        register.ItemUse(blob.name.removeprefix(ITEM_PREFIX), sha256(blob.data).digest())
        for blob in paper
        if blob.name.startswith(ITEM_PREFIX)
    )


def _survey_key(body: Body, paper: tuple[Blob, ...]) -> tuple[Blob, ...]:
    """What the survey in *paper* is answered to: the body's key of the day, which belongs to
    the package and not to the form. Nothing where no survey is asked."""
    if not any(blob.name == SURVEY_BLOB for blob in paper):
        return ()
    return (Blob(SURVEY_KEY_BLOB, "application/octet-stream", body.survey_public().raw),)


def _has_practice(directory: Path) -> bool:
    return (directory / PRACTICE_PART).is_dir()


def read_part(directory: Path, form: str) -> tuple[Blob, ...]:
    """The blobs of a part, the paper first. Raises :class:`BodyError`."""
    if not (directory / PAPER_PART).is_file():
        raise BodyError(
            "There is no form “{form}” in {directory}; draw it with `exam-kiosk package draw`.",
            form=form,
            directory=str(directory.parent.parent.parent),
        )
    names = sorted(
        (str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()),
        key=lambda name: (name != PAPER_PART, name),
    )
    return tuple(_blob(name, (directory / name).read_bytes()) for name in names)


def _blob(name: str, data: bytes) -> Blob:
    media = name.startswith("media/")
    return Blob(name, media_type(name, data) if media else OBJECT_TYPE, data)


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
