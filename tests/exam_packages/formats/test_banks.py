"""Any bank is known by what is in it; export by the command that people use."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from read_questions import PNG

from exam_packages import samples
from exam_packages.cli import package
from exam_packages.formats.banks import FORMATS, bank_of, read_bank
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.reader import read_test

SAMPLE = Path(samples.__file__).parent / "food_safety"
GIFT = "::a::One?{T}\n\nTwo?{=b}\n\nBroken {~a}\n"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.gift", b"a{T}", "GIFT"),
        ("a.txt", b"a{T}", "GIFT"),
        ("a.txt", b"Q\nA. a\nANSWER: A", "Aiken"),
        ("a.xml", b"<?xml version='1.0'?><!-- Moodle --><quiz/>", "Moodle XML"),
        ("a.xml", b"<questestinterop/>", "Canvas QTI 1.2"),
        ("a.xml.qti", b"<questestinterop/>", "Canvas QTI 1.2"),
        ("a.md", b"---\nid: q\n---\n{= a}", "Markdown"),
        ("a.csv", b"id,question\nq,{= a}", "Table"),
    ],
)
def test_formats_are_known(name: str, data: bytes, kind: str) -> None:
    assert bank_of({name: data}, name).format == kind
    assert kind in [each.name for each in FORMATS]


def test_what_lies_beside_a_bank_is_no_bank() -> None:
    files = {"a.gift": b"a{T}", "README.md": b"# About", "LICENSE.txt": b"Free.", "a.png": PNG}
    assert bank_of(files, "folder").format == "GIFT"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"a.png": PNG}, "no bank of questions"),
        ({"a.gift": b"a{T}", "b.csv": b"id,question"}, "several formats"),
        ({"a.gift": b"\xff\xff\xff"}, "UTF-8"),
    ],
)
def test_refused(files: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        bank_of(files, "bank")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read_bank(tmp_path / "none.gift")


def export(source: Path, out: Path, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(package, ["export", str(source), "--out", str(out), *more])
    return result.exit_code, result.output


@pytest.mark.parametrize(("form", "count"), [("qti", 2), ("markdown", 2), ("csv", 2)])
def test_export_tells_what_was_left(tmp_path: Path, form: str, count: int) -> None:
    source = tmp_path / "bank.gift"
    source.write_text(GIFT, "utf-8")
    status, output = export(source, tmp_path / "out", "--as", form)
    assert status == 1
    assert f"{count} of 3 questions" in output and "No choice earns a point" in output
    first, again = read_bank(source), read_bank(tmp_path / "out")
    assert again.questions() == first.questions()
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0  # the answers are in it


def test_export_of_the_sample_as_a_zip(tmp_path: Path) -> None:
    status, output = export(SAMPLE, tmp_path / "out.zip")
    assert (status, output) == (0, f"30 of 30 questions are in {tmp_path / 'out.zip'}.\n")
    assert read_test(tmp_path / "out.zip") == read_test(SAMPLE)
    assert (tmp_path / "out.zip").stat().st_mode & 0o077 == 0


def test_nothing_is_written_over(tmp_path: Path) -> None:
    status, _ = export(SAMPLE, tmp_path)
    assert status != 0
    assert list(tmp_path.iterdir()) == []


def test_a_blueprint_that_lays_out_forms_goes_along(tmp_path: Path) -> None:
    source = tmp_path / "bank"
    source.mkdir()
    (source / "bank.gift").write_text("::a::b{T}", "utf-8")
    layout = b'test = "t"\ncut_score = 1\n[layout]\ntitle = "T"\nlanguage = "en"\nminutes = 9\n'
    (source / "blueprint.toml").write_bytes(layout)
    for form in ("qti", "markdown"):
        status, _ = export(source, tmp_path / form, "--as", form)
        assert status == 0
        assert (tmp_path / form / "blueprint.toml").read_bytes() == layout
