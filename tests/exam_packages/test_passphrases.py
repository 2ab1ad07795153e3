"""Passphrases from files and from people."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from exam_packages.passphrases import Passphrases, read_passphrase_file
from exam_packages.sealing import protection
from exam_packages.sealing.keys import KeyFileError, read_key_file, write_key_file
from exam_packages.sealing.protection import MAX_PASSPHRASE, Passphrase, PassphraseError

WORDS = "seven quiet otters count"
SEED = bytes(range(32))


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection, "MEMORY_KIB", 32)
    monkeypatch.setattr(protection, "PASSES", 1)


def secret_file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def person(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Somebody who types *answers*, and the prompts they saw."""
    prompts: list[str] = []
    typed = iter(answers)

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return next(typed)

    return ask, prompts


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_file_holds_one_line(tmp_path: Path, end: bytes) -> None:
    path = secret_file(tmp_path / "phrase", "sept loutres à l’eau".encode() + end)
    assert read_passphrase_file(path) == "sept loutres à l’eau"


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"two\nlines of it all", b"too short", b"\xff" * 20, b"x" * (MAX_PASSPHRASE + 9)],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PassphraseError):
        read_passphrase_file(secret_file(tmp_path / "phrase", content))


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = secret_file(tmp_path / "phrase", WORDS.encode())
    path.chmod(0o640)
    with pytest.raises(PassphraseError, match="chmod 600"):
        read_passphrase_file(path)
    with pytest.raises(PassphraseError, match="cannot be read"):
        read_passphrase_file(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(PassphraseError):
        read_passphrase_file(tmp_path / "pipe")


def test_a_new_passphrase_is_typed_twice_and_then_known(tmp_path: Path) -> None:
    ask, prompts = person(WORDS, WORDS)
    given = Passphrases(ask=ask)
    write_key_file(tmp_path / "key", "batch", (SEED,), given.new("The batch key"))
    assert "The batch key" in prompts[0]
    assert read_key_file(tmp_path / "key", "batch", (32,), unlock=given.for_key) == (SEED,)
    assert len(prompts) == 2


@pytest.mark.parametrize("answers", [(WORDS, WORDS + "!"), ("too short", "too short")])
def test_a_new_passphrase_that_will_not_do(answers: tuple[str, str]) -> None:
    with pytest.raises(PassphraseError):
        Passphrases(ask=person(*answers)[0]).new("The key")


def test_people_are_asked_by_key_and_once_each(tmp_path: Path) -> None:
    """Two people's keys: the file given opens one, the other is asked for, by its name."""
    for name, words in (("mine", WORDS), ("yours", "a phrase of somebody else")):
        write_key_file(tmp_path / name, "batch", (SEED,), Passphrase(words))
    phrase = secret_file(tmp_path / "phrase", WORDS.encode())
    ask, prompts = person("a slip of the finger", "a phrase of somebody else")
    given = Passphrases([phrase], ask=ask)
    for name in ("mine", "yours", "yours"):
        assert read_key_file(tmp_path / name, "batch", (32,), unlock=given.for_key) == (SEED,)
    assert len(prompts) == 2
    assert all("yours" in prompt for prompt in prompts)


def test_after_three_wrong_ones_it_ends(tmp_path: Path) -> None:
    write_key_file(tmp_path / "key", "batch", (SEED,), Passphrase(WORDS))
    ask, prompts = person("one", "two", "three", WORDS)
    with pytest.raises(KeyFileError, match="does not open"):
        read_key_file(tmp_path / "key", "batch", (32,), unlock=Passphrases(ask=ask).for_key)
    assert len(prompts) == 3


def test_without_file_and_terminal_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(PassphraseError, match="--passphrase-file"):
        Passphrases().new("The keys")
    assert list(Passphrases().for_key(Path("key"))) == []
