"""The body's commands with keys under a passphrase: from files, and typed at a terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages.body import Body
from exam_packages.passphrases import Passphrases
from exam_packages.sealing.keys import KeyFileError
from exam_packages.sealing.trust import PACKAGER, SCORING
from provisioning.cli import body as body_cli
from provisioning.demo.processes import exam_kiosk
from provisioning.homes import new_station

WORDS = "seven quiet otters count"
PATIENCE_S = 60


def phrase_file(path: Path, text: str) -> Path:
    path.write_text(f"{text}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def run(*arguments: str | Path, status: int = 0) -> str:
    result = CliRunner().invoke(body_cli, [str(each) for each in arguments])
    if status:
        assert result.exception is not None
        return str(result.exception)
    assert result.exit_code == 0, result.exception
    return result.output


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A body whose keys are under WORDS, to copy."""
    directory = tmp_path_factory.mktemp("founded")
    phrase = phrase_file(directory / "phrase", WORDS)
    run("init", directory / "body", "--name", "Board", "--passphrase-file", phrase)
    return directory


def test_every_key_of_a_new_body_is_protected(founded: Path) -> None:
    keys = sorted((founded / "body" / "keys").glob("*.key"))
    assert len(keys) == 14
    for path in (*keys, founded / "body" / "tls-ca.key"):
        assert path.read_bytes()[1:20].endswith(b"exam-kiosk/key/v1\x01"), path
    with pytest.raises(KeyFileError, match="--passphrase-file"):
        Body(founded / "body").signing_key(PACKAGER)
    body = Body(founded / "body", Passphrases([founded / "phrase"]))
    assert body.opening_key(SCORING).public == body.trust().opening(SCORING)


def test_without_a_passphrase_no_body_is_founded(tmp_path: Path) -> None:
    said = run("init", tmp_path / "body", "--name", "Board", status=1)
    assert "--passphrase-file" in said
    assert not (tmp_path / "body").exists()


def test_commands_refuse_without_the_passphrase(founded: Path, tmp_path: Path) -> None:
    new_station(tmp_path / "s1", "s1", "C1", "https://127.0.0.1:1", camera="none")
    enrolling = ("enrol", founded / "body", tmp_path / "s1" / "request.enrolment")
    assert "protected by a passphrase" in run(*enrolling, "--out", tmp_path / "out", status=1)
    wrong = phrase_file(tmp_path / "wrong", "six quiet otters count")
    said = run(*enrolling, "--out", tmp_path / "out", "--passphrase-file", wrong, status=1)
    assert "does not open" in said
    assert "otters" not in said
    right = ("--passphrase-file", founded / "phrase")
    run(*enrolling, "--out", tmp_path / "out", "--passphrase-file", wrong, *right)
    assert len(list((tmp_path / "out").glob("*.answer"))) == 1


def test_a_holder_takes_a_key_over(founded: Path, tmp_path: Path) -> None:
    shutil.copytree(founded / "body", tmp_path / "body")
    mine = phrase_file(tmp_path / "mine", "a phrase of my own making")
    key = tmp_path / "body" / "keys" / "packager.key"
    old = ("--passphrase-file", founded / "phrase")
    said = run("passphrase", key, "--new-passphrase-file", mine, *old)
    assert "otters" not in said
    assert "my own" not in said
    assert Body(tmp_path / "body", Passphrases([mine])).signing_key(PACKAGER).public
    with pytest.raises(KeyFileError):
        Body(tmp_path / "body", Passphrases([founded / "phrase"])).signing_key(PACKAGER)


def test_a_passphrase_typed_at_a_terminal_is_not_shown(tmp_path: Path) -> None:
    """The real command on a real terminal: asked twice, then once to rotate the root."""
    directory = str(tmp_path / "body")
    founding = [exam_kiosk(), "body", "init", directory, "--name", "Board"]
    status, shown = at_terminal(founding, [WORDS, WORDS])
    assert (status, "is founded" in shown, "otters" in shown) == (0, True, False), shown
    rotating = [exam_kiosk(), "body", "trust", "rotate", directory]
    status, shown = at_terminal(rotating, [WORDS])
    assert (status, "version 2" in shown, "otters" in shown) == (0, True, False), shown


def at_terminal(arguments: list[str], answers: list[str]) -> tuple[int, str]:
    """Run a command on a terminal of its own, answering each prompt; status, and what it showed."""
    terminal, theirs = pty.openpty()
    child = subprocess.Popen(
        arguments, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown, left = b"", [answer.encode() for answer in answers]
    prompts, deadline = 0, time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the terminal is closed: the command has ended
            break
        if not data:
            break
        shown += data
        if shown.count(b": ") > prompts and shown.endswith(b": ") and left:
            prompts = shown.count(b": ")
            os.write(terminal, left.pop(0) + b"\n")
    status = child.wait(PATIENCE_S)
    os.close(terminal)
    return status, shown.decode()
