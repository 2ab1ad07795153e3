"""Drawing for a body: what is kept, drawn again, and counted as used once it is sealed."""

from __future__ import annotations

import shutil
import stat
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages import packaging, register
from exam_packages.body import Body
from exam_packages.cli import package
from exam_packages.clock import SECOND, SystemClock
from exam_packages.drawing import draw_again, draw_exam, read_drawing, read_source
from exam_packages.forms import FormsError
from exam_packages.packaging import Sitting
from exam_packages.samples import FOOD_SAFETY
from provisioning.authority import found_body

CLOCK = SystemClock()

BLUEPRINT = """
test = "inspector"
practice = "food-safety-practice"
cut_score = 3
enemies = [["cooling-time", "growth-range"]]

[counts.temperature]
recall = 1
apply = 1

[counts.hygiene]
apply = 1

[exposure]
most = 1

[layout]
title = "Inspector, short"
language = "en"
minutes = 10
"""


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


def sitting() -> Sitting:
    return Sitting(now_s() - 60, now_s() + 3600, now_s() - 60, now_s() + 3600)


@pytest.fixture
def body(tmp_path: Path) -> Body:
    found_body(tmp_path / "body", "Board", CLOCK)
    return Body(tmp_path / "body")


@pytest.fixture
def blueprint(tmp_path: Path) -> Path:
    path = tmp_path / "short.toml"
    # The practice test is the package's; the test itself comes from the bank.
    path.write_text(BLUEPRINT)
    return path


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def draw(body: Body, blueprint: Path, *more: str) -> list[str]:
    """Run the command; the forms it printed."""
    arguments = ["draw", str(FOOD_SAFETY), "--body", str(body.directory)]
    done = CliRunner().invoke(
        package, [*arguments, "--blueprint", str(blueprint), *more], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return [word for word in done.output.split() if word.startswith("inspector-")]


def test_a_seed_draws_the_same_files_again(body: Body, blueprint: Path, tmp_path: Path) -> None:
    (form,) = draw(body, blueprint, "--seed", "a secret")
    kept = files(body.form_directory(form))
    assert {"answer.key", "draw.key", "paper/paper", "practice/paper"} <= set(kept)
    shutil.rmtree(body.form_directory(form))
    assert draw(body, blueprint, "--seed", "a secret") == [form]
    assert files(body.form_directory(form)) == kept


def test_the_seed_is_kept_as_secret_as_the_paper(body: Body, blueprint: Path) -> None:
    forms = draw(body, blueprint, "--forms", "2")
    for number, form in enumerate(forms, start=1):
        path = body.form_directory(form) / "draw.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        how = read_drawing(body, form)
        assert (how.number, how.forms, len(how.seed)) == (number, 2, 32)
    # A package is made of the two parts alone.
    sealed = body.directory / "a.package"
    packaging.seal_form(body, forms[0], sealed, sitting())
    assert read_drawing(body, forms[0]).seed not in sealed.read_bytes()


def test_an_item_counts_as_used_once_its_form_is_sealed(body: Body, blueprint: Path) -> None:
    first, second = draw(body, blueprint, "--forms", "2", "--seed", "s")
    assert register.items_used(body) == ()
    packaging.seal_form(body, first, body.directory / "a.package", sitting())
    (use,) = register.items_used(body)
    items = {entry.key.item for entry in body.answer_key(first).entries}
    assert (use.form, {item.identifier for item in use.items}) == (first, items)
    # Each item may be used once: what is drawn now is new.
    source = read_source(FOOD_SAFETY, blueprint)
    (other,) = draw_exam(body, source, b"t", now_s=now_s()).forms
    assert not set(other.items) & items
    assert read_drawing(body, other.paper.form).windows == 1
    # The second form of the first draw is drawn again as it was, with what was known then.
    kept = files(body.form_directory(second))
    shutil.rmtree(body.form_directory(second))
    assert [form.paper.form for form in draw_again(body, source, first).forms] == [first, second]
    assert files(body.form_directory(second)) == kept


def test_exposure_looks_back_over_days(body: Body, blueprint: Path) -> None:
    (form,) = draw(body, blueprint)
    packaging.seal_form(body, form, body.directory / "a.package", sitting())
    blueprint.write_text(BLUEPRINT.replace("most = 1", "most = 1\ndays = 30"))
    source = read_source(FOOD_SAFETY, blueprint)
    later = now_s() + 31 * 86_400
    draw_exam(body, source, b"x", now_s=later)  # the items are free again
    with pytest.raises(FormsError, match="used too often"):
        draw_exam(body, source, b"x", now_s=now_s(), count=2)


def test_another_source_does_not_pass_for_the_first(body: Body, blueprint: Path) -> None:
    (form,) = draw(body, blueprint)
    blueprint.write_text(BLUEPRINT.replace("cut_score = 3", "cut_score = 2"))
    with pytest.raises(FormsError, match="drawn from another blueprint"):
        draw_again(body, read_source(FOOD_SAFETY, blueprint), form)


def test_an_interrupted_sealing_uses_no_items(body: Body, blueprint: Path) -> None:
    (form,) = draw(body, blueprint)
    packaging.seal_form(body, form, body.directory / "a.package", sitting())
    shutil.rmtree(body.register / "forms")
    assert register.items_used(body) == ()


def test_a_damaged_entry_is_not_passed_over(body: Body, blueprint: Path) -> None:
    (form,) = draw(body, blueprint)
    packaging.seal_form(body, form, body.directory / "a.package", sitting())
    (path,) = (body.register / "items").iterdir()
    path.write_bytes(path.read_bytes()[:-90])
    with pytest.raises(register.RegisterError, match="cannot be believed"):
        register.items_used(body)


def test_a_seed_that_would_not_be_kept_is_refused(body: Body) -> None:
    with pytest.raises(FormsError, match="at most 1024 bytes"):
        draw_exam(body, read_source(FOOD_SAFETY), bytes(1025), now_s=now_s())


def test_several_forms_need_a_layout(body: Body) -> None:
    with pytest.raises(FormsError, match=r"table \[layout\]"):
        draw_exam(body, read_source(FOOD_SAFETY), b"s", now_s=now_s(), count=2)


def test_the_table_says_what_the_forms_share(body: Body, blueprint: Path, tmp_path: Path) -> None:
    blueprint.write_text(
        "overlap = 2\nrequired = ['cooling-time']\n" + BLUEPRINT.replace("most = 1", "most = 9")
    )
    arguments = ["draw", str(FOOD_SAFETY), "--body", str(body.directory), "--forms", "3"]
    done = CliRunner().invoke(package, [*arguments, "--blueprint", str(blueprint)])
    assert "Items that two forms share:" in done.output
    rows = done.output[done.output.index("share:") :].splitlines()[1:]
    assert [len(row.split()) for row in rows if row] == [2, 2, 3]
