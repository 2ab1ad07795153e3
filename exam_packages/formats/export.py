"""Writing a bank to a folder or a zip, and proving that it reads again as it was."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from exam_packages.assessment import Test
from exam_packages.blueprint import read_blueprint
from exam_packages.errors import ExamError, UsageError
from exam_packages.formats.errors import FormatError
from exam_packages.formats.markdown.writer import write_markdown
from exam_packages.formats.qti.item_writer import write_item
from exam_packages.formats.qti.reader import BLUEPRINT, read_files
from exam_packages.formats.qti.writer import whole_bank, write_test
from exam_packages.formats.report import Bank, Change, Reading
from exam_packages.formats.table.writer import write_table


@dataclass(frozen=True, slots=True)
class Written:
    """How many questions were written, and what a person must know about the others."""

    count: int
    told: tuple[str, ...]


def export_bank(bank: Bank, form: str, out: Path, blueprint: bytes = b"") -> Written:
    """Write *bank* as ``qti``, ``markdown`` or ``csv``. Raises ``ExamError``.

    A *blueprint* (its file) that lays out forms of the bank is copied beside it.
    """
    if out.exists():
        raise UsageError("{path} is there already; name a new one.", path=str(out))
    told: list[ExamError] = [each.refusal for each in bank.readings if each.refusal]
    told += bank.refused_tests.values()
    count = len(bank.questions())
    match form:
        case "markdown":
            files, left = write_markdown(bank)
        case "csv":
            files, left = write_table(bank)
        case _:
            files, left = write_qti(bank)
    if blueprint and read_blueprint(blueprint, BLUEPRINT).layout is not None:
        files.setdefault(BLUEPRINT, blueprint)
    _write(files, out)
    return Written(count - len(left), tuple(str(each) for each in (*told, *left)))


def write_qti(bank: Bank) -> tuple[dict[str, bytes], list[Change]]:
    """The files of a QTI 3 package, without the questions that QTI cannot say.

    A whole test is written whole, or not at all.
    """
    left: list[Change] = []
    if not bank.tests:
        good: list[Reading] = []
        taken: set[str] = set()
        for reading in bank.readings:
            if reading.question is None:
                continue
            name = reading.identifier
            if name.casefold() in taken:
                left.append(
                    Change(
                        "{name} in {file} was not written: another item has this identifier, in"
                        " any case of its letters.",
                        name=name,
                        file=reading.file,
                    )
                )
                continue
            taken.add(name.casefold())
            try:
                write_item(reading.question, media="", stimuli=dict.fromkeys(bank.exhibits, ""))
            except FormatError as problem:
                left.append(Change("{name} was not written: {why}", name=name, why=str(problem)))
            else:
                good.append(reading)
        bank = replace(bank, readings=tuple(good))
    test = whole_bank(bank)
    files = write_test(test)
    _prove(test, files)
    return files, left


def _prove(test: Test, files: dict[str, bytes]) -> None:
    found = read_files(files)
    again = {each.question.item.identifier: each.question for each in found.references()}
    for reference in test.references():
        name = reference.question.item.identifier
        if again.get(name) != reference.question:
            raise FormatError(
                "{name} would not be the same question when it is read again; nothing was"
                " written. Leave it out, and tell us.",
                name=name,
            )
    for what in (
        "parts",
        "instructions",
        "time_limit_s",
        "least_s",
        "processing",
        "blueprint",
    ):
        if getattr(found, what) != getattr(test, what):
            raise FormatError(
                "The test {name} would not be the same when it is read again ({what}); nothing"
                " was written. Tell us.",
                name=test.identifier,
                what=what,
            )


def _write(files: dict[str, bytes], out: Path) -> None:
    """What is written holds the answers, so only its owner may read it."""
    if out.suffix.lower() == ".zip":
        number = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name in sorted(files):
                archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
        return
    out.mkdir(mode=0o700, parents=True)
    for name, data in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
