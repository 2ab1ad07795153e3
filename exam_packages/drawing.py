"""The packager's desk: draw forms from a test or a bank, check them, keep them.

A drawn form lies in the body's directory in two halves that never meet again outside
it: ``paper/`` and ``practice/`` are what a package seals, ``answer.key`` is what scores.
Beside them lies ``draw.key``, how it was drawn: the seed, and what else a draw depends
on. With it the same form can be drawn again, by whoever may see the paper.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import msgspec

from exam_packages import canon, register
from exam_packages.assessment import Test
from exam_packages.blueprint import Blueprint, read_blueprint
from exam_packages.body import PAPER_PART, PRACTICE_PART, Body
from exam_packages.files import make_directory, write_durably
from exam_packages.formats import archive
from exam_packages.formats.banks import bank_of
from exam_packages.formats.qti.reader import BLUEPRINT, choose
from exam_packages.formats.report import Bank
from exam_packages.forms import (
    DrawnForm,
    FormsError,
    History,
    Statistics,
    blobs,
    check,
    draw,
    draw_from_bank,
    practice,
    read_statistics,
)
from exam_packages.forms.bank import Draw
from exam_packages.forms.trial import with_every_kind

ANSWER_KEY, DRAW_KEY = "answer.key", "draw.key"
MAX_SEED: Final = 1024
_DAY_S: Final = 86_400
_NO_DIGEST: Final = bytes(32)


class Used(canon.Object):
    """How often an item had been used when the form was drawn."""

    identifier: canon.Text
    times: canon.Count


class Drawing(canon.Object):
    """How a form was drawn: number ``number`` of ``forms`` in one draw with this seed.

    ``source``, ``blueprint`` and ``statistics`` are digests of what it was drawn from, zeros
    where there was none of its own. ``windows`` and ``used`` are the exposure that counted.
    """

    seed: Annotated[bytes, msgspec.Meta(max_length=MAX_SEED)]
    number: canon.Count
    forms: canon.Count
    source: canon.Hash
    blueprint: canon.Hash
    statistics: canon.Hash
    windows: canon.Count
    used: tuple[Used, ...]

    def history(self) -> History:
        return History(self.windows, {each.identifier: each.times for each in self.used})


@dataclass(frozen=True, slots=True)
class Source:
    """What forms are drawn from, read: a whole ``test``, or a ``bank`` where the blueprint
    lays out the form itself. ``digests`` are those of :class:`Drawing`."""

    test: Test | None
    bank: Bank | None
    blueprint: Blueprint | None
    statistics: Statistics
    digests: tuple[bytes, bytes, bytes]

    def items(self) -> set[str]:
        """The names of the items that can be drawn, and of their versions."""
        if self.bank is not None:
            questions = list(self.bank.questions())
        else:
            references = self.test.references() if self.test is not None else ()
            questions = [reference.question for reference in references]
        found = {question.item.identifier for question in questions}
        return found.union(*(self.blueprint.versions if self.blueprint is not None else ()))


def read_source(
    path: Path, blueprint: Path | None = None, statistics: Path | None = None
) -> Source:
    """Read the test or bank at *path*, a folder or a zip.

    *blueprint* replaces the one that lies inside. Raises the reader's error, which names
    file and line, or :class:`FormsError`.
    """
    files = archive.load_any(path)
    source = _digest_of(files)
    given = blueprint.read_bytes() if blueprint is not None else b""
    if blueprint is not None:
        files[BLUEPRINT] = given
    table = statistics.read_bytes() if statistics is not None else b""
    plan = (
        read_blueprint(files[BLUEPRINT], str(blueprint or BLUEPRINT))
        if BLUEPRINT in files
        else None
    )
    from_bank = plan is not None and plan.layout is not None
    bank = bank_of(files, path.name)
    return Source(
        None if from_bank else choose(bank, files),
        bank if from_bank else None,
        plan,
        read_statistics(table, str(statistics)) if statistics is not None else {},
        (
            source,
            sha256(given).digest() if given else _NO_DIGEST,
            sha256(table).digest() if table else _NO_DIGEST,
        ),
    )


def draw_forms(source: Source, seed: bytes, count: int, history: History) -> Draw:
    """Draw *count* forms, each checked against the blueprint if there is one, and practice
    for every kind of question in them. Raises :class:`FormsError`.
    """
    drawn = _draw_forms(source, seed, count, history)
    return replace(drawn, practice=with_every_kind(drawn.forms, drawn.practice))


def _draw_forms(source: Source, seed: bytes, count: int, history: History) -> Draw:
    test, blueprint = source.test, source.blueprint
    if source.bank is not None and blueprint is not None:
        return draw_from_bank(
            source.bank,
            blueprint,
            seed,
            forms=count,
            statistics=source.statistics,
            history=history,
        )
    if test is None:
        raise FormsError("There is neither a test nor a bank with a blueprint to draw from.")
    if count != 1:
        raise FormsError(
            "Several forms at once are drawn by a blueprint with the table [layout]; the one of"
            " “{test}” has none. Add it, or draw one form after the other with other seeds.",
            test=test.identifier,
        )
    form = draw(test, seed, statistics=source.statistics)
    if test.blueprint is not None:
        problems = check(test.blueprint, form, source.statistics)
        if problems:
            raise FormsError(
                "The form does not keep its blueprint: {problems}", problems=" ".join(problems)
            )
    return Draw((form,), practice(test, seed))


def draw_exam(
    body: Body,
    source: Source,
    seed: bytes,
    *,
    now_s: int,
    count: int = 1,
) -> Draw:
    """Draw *count* forms from *source* for *body*, and keep them in its directory.

    Raises :class:`FormsError`: without a blueprint nothing is drawn for a body.
    """
    if source.blueprint is None:
        raise FormsError(
            "The test “{test}” has no blueprint.toml beside it, so neither its content nor its "
            "cut score can be checked; write one.",
            test=source.test.identifier if source.test is not None else "",
        )
    if len(seed) > MAX_SEED:
        raise FormsError("A seed has at most {limit} bytes.", limit=MAX_SEED)
    history = exposure(body, source, now_s)
    drawn = draw_forms(source, seed, count, history)
    _keep_all(body, source, drawn, seed, history)
    return drawn


def draw_again(body: Body, source: Source, form: str) -> Draw:
    """Draw *form* and those of its draw again, as they were drawn, and keep them.

    The exposure is what it was then, not what the register says now. Raises
    :class:`FormsError` when *source* is not what they were drawn from.
    """
    how = read_drawing(body, form)
    for then, now, what in zip(
        (how.source, how.blueprint, how.statistics),
        source.digests,
        ("source", "blueprint", "table of statistics"),
        strict=True,
    ):
        if then != now:
            raise FormsError(
                "The form “{form}” was drawn from another {what}; give the one it was drawn from.",
                form=form,
                what=what,
            )
    drawn = draw_forms(source, how.seed, how.forms, how.history())
    if form not in {each.paper.form for each in drawn.forms}:
        raise FormsError(
            "This version of the program, or this machine, draws another form than “{form}” from"
            " the same source; nothing was kept. Draw it again with the version that drew it.",
            form=form,
        )
    _keep_all(body, source, drawn, how.seed, how.history())
    return drawn


def exposure(body: Body, source: Source, now_s: int) -> History:
    """How often the items of *source* were used, by the register of *body*.

    The windows that count are those in which any of its items was used, of the days that
    the blueprint looks back. Raises ``RegisterError``.
    """
    blueprint = source.blueprint
    days = blueprint.exposure.days if blueprint is not None else None
    since = 0 if days is None else now_s - days * _DAY_S
    known = source.items()
    windows, uses = 0, dict[str, int]()
    for use in register.items_used(body):
        names = {item.identifier for item in use.items} & known
        if names and use.window_from_s >= since:
            windows += 1
            for name in names:
                uses[name] = uses.get(name, 0) + 1
    return History(windows, uses)


def read_drawing(body: Body, form: str) -> Drawing:
    """How *form* was drawn. Raises :class:`FormsError`."""
    path = body.form_directory(form) / DRAW_KEY
    try:
        found: Drawing = canon.unpack(path.read_bytes(), Drawing)
    except FileNotFoundError:
        raise FormsError(
            "There is no record of how the form “{form}” was drawn ({path}).",
            form=form,
            path=str(path),
        ) from None
    return found


def _keep_all(body: Body, source: Source, drawn: Draw, seed: bytes, history: History) -> None:
    used = tuple(Used(name, times) for name, times in sorted(history.uses.items()))
    for number, form in enumerate(drawn.forms, start=1):
        directory = body.form_directory(form.paper.form)
        make_directory(directory.parent, mode=0o700)
        write_part(directory / PAPER_PART, form)
        if drawn.practice is not None:
            write_part(directory / PRACTICE_PART, drawn.practice)
        how = Drawing(seed, number, len(drawn.forms), *source.digests, history.windows, used)
        write_durably(directory / DRAW_KEY, canon.pack(how), mode=0o600)
        write_durably(directory / ANSWER_KEY, canon.pack(form.key), mode=0o600)


def write_part(directory: Path, form: DrawnForm) -> None:
    """Write what a candidate may see of *form* into *directory*, one file for each blob."""
    for name, _, data in blobs(form):
        path = directory / name
        make_directory(path.parent, mode=0o700)
        write_durably(path, data, mode=0o600)


def _digest_of(files: dict[str, bytes]) -> bytes:
    whole = sha256(b"exam-kiosk/source/v1\0")
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()
