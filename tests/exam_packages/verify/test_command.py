"""The command: what it takes, how it ends, what it leaves unread."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages.errors import UsageError
from exam_packages.sealing.bundle import hand_in_code
from exam_packages.verify.cli import verify

EXAM_KIOSK = Path(sys.executable).with_name("exam-kiosk")


@pytest.fixture
def run(appeal):
    root = appeal.centre.body.root_path

    def run(*arguments: object, trust: object = root):
        return CliRunner().invoke(verify, [*map(str, arguments), "--trust", str(trust)])

    return run


def test_it_ends_with_the_status_of_what_it_found(appeal, run, tmp_path):
    code = hand_in_code(appeal.bundle_hash)
    done = run(*appeal.files, "--hand-in-code", code)
    assert done.exit_code == 0
    assert "The hand-in code is that of" in done.output
    cut = tmp_path / "cut.bundle"
    cut.write_bytes(appeal.bundle.read_bytes()[:40_000])
    assert run(cut).exit_code == 1
    assert run(tmp_path / "missing").exit_code == 2
    assert run().exit_code == 2
    done = run(appeal.package, "--hand-in-code", code)
    assert isinstance(done.exception, UsageError)
    assert done.exception.exit_status == 2


def test_a_root_or_key_that_is_none_is_a_mistake_of_the_asker(appeal, run, tmp_path):
    done = run(appeal.bundle, trust=appeal.receipt)
    assert isinstance(done.exception, UsageError)
    assert "no root of trust that can be believed" in str(done.exception)
    done = run(appeal.bundle, "--integrity-key", appeal.centre.body.keys / "intake.key")
    assert isinstance(done.exception, UsageError)
    assert "a sealing key is needed here" in str(done.exception)


def test_it_writes_json_and_a_page(appeal, run, tmp_path):
    page = tmp_path / "report.html"
    key = appeal.centre.body.keys / "integrity.key"
    done = run(appeal.bundle, "--json", "--html", page, "--integrity-key", key)
    assert done.exit_code == 0
    assert json.loads(done.output)["with_integrity_key"] is True
    assert page.read_text().startswith("<!doctype html>")
    assert page.stat().st_mode & 0o777 == 0o600  # it tells what the integrity role may know
    run(appeal.bundle, "--html", page)
    assert page.stat().st_mode & 0o777 == 0o644


def test_it_is_a_command_of_exam_kiosk(appeal):
    done = subprocess.run(
        [
            str(EXAM_KIOSK), "verify", str(appeal.bundle),
            "--trust", str(appeal.centre.body.root_path),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Everything given here is proven." in done.stdout


def test_it_needs_nothing_that_scores_or_draws():
    program = (
        "import sys, exam_packages.verify.cli, exam_packages.verify.page; "
        "print(*(name for name in sys.modules if name.startswith(("
        "'exam_packages.rules', 'exam_packages.formats', 'sync', 'kiosk', 'scoring', 'cv2', "
        "'lxml', 'textual', 'starlette', 'httpx'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
