"""Custodians by the real commands: appointed, and bringing back what was lost."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages.body import Body
from exam_packages.passphrases import Passphrases
from exam_packages.sealing.keys import KeyFileError, read_sealing_key, write_sealing_key
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import SCORING
from exam_packages.sealing.trust_root import OPENING_ROLES
from provisioning.cli import body as body_cli

NAMES = ("Ann", "Ben", "Cem")


@dataclass(frozen=True)
class Vault:
    """A body with three custodians, whose keys lie each on a medium of their own."""

    directory: Path

    @property
    def body(self) -> Path:
        return self.directory / "body"

    def key(self, name: str) -> Path:
        return self.directory / f"stick-{name}" / "custodian.key"

    def phrase(self, name: str) -> Path:
        path = self.directory / f"{name}.phrase"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(f"the words of {name} alone")
        return path

    def run(self, *arguments: str | Path, by: tuple[str, ...] = ("body",)) -> str:
        files = [part for name in by for part in ("--passphrase-file", self.phrase(name))]
        words = [str(each) for each in (*arguments, *files)]
        result = CliRunner().invoke(body_cli, words)
        if result.exception is not None:
            raise result.exception
        return result.output

    def appoint(self, name: str) -> str:
        self.key(name).parent.mkdir()
        new = ("--new-passphrase-file", self.phrase(name))
        return self.run("custodian", "add", self.body, name, "--key", self.key(name), *new)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    vault = Vault(tmp_path_factory.mktemp("vault"))
    vault.run("init", vault.body, "--name", "Board")
    for name in NAMES:
        vault.appoint(name)
    vault.run("custody", vault.body)
    return vault.directory


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Vault:
    shutil.copytree(made, tmp_path / "vault")
    return Vault(tmp_path / "vault")


def recovering(vault: Vault, what: str, names: tuple[str, ...]) -> str:
    keys = [part for name in names for part in ("--custodian", vault.key(name))]
    out = ("--out", vault.directory / "back", "--new-passphrase-file", vault.phrase("new"))
    return vault.run("recover", vault.body, what, *keys, *out, by=names)


@pytest.mark.parametrize(
    ("role", "names"), list(zip(OPENING_ROLES, combinations(NAMES, 2), strict=True))
)
def test_any_two_custodians_bring_a_lost_key_back(
    vault: Vault, role: str, names: tuple[str, ...]
) -> None:
    for key in (vault.body / "keys").glob("*.key"):
        key.unlink()  # nothing of the body's keys is needed
    recovering(vault, role, names)
    with pytest.raises(KeyFileError):
        read_sealing_key(vault.directory / "back")
    unlock = Passphrases([vault.phrase("new")]).for_key
    back = read_sealing_key(vault.directory / "back", unlock)
    assert back.public == Body(vault.body).trust().opening(role)


def test_one_custodian_recovers_nothing(vault: Vault) -> None:
    for names in (("Ann",), ("Ann", "Ann")):
        with pytest.raises(Exception, match="the keys given are of Ann"):
            recovering(vault, SCORING, names)
    assert not (vault.directory / "back").exists()


def test_recovering_says_what_there_is(vault: Vault) -> None:
    with pytest.raises(Exception, match="there is of: integrity, registrar, scoring"):
        recovering(vault, "../root", ("Ann", "Ben"))
    shutil.copy(vault.body / "custody" / "integrity.custody", vault.body / "custody" / "x.custody")
    with pytest.raises(Exception, match="packager"):
        recovering(vault, "x", ("Ann", "Ben"))


def test_a_renamed_custody_is_not_believed(vault: Vault) -> None:
    custody = vault.body / "custody"
    (custody / "integrity.custody").replace(custody / "scoring.custody")
    with pytest.raises(Exception, match="the custody of “integrity”, not of “scoring”"):
        recovering(vault, SCORING, ("Ann", "Ben"))


def test_custodians_are_three_and_keep_their_keys_elsewhere(vault: Vault) -> None:
    with pytest.raises(Exception, match="The custodians are Ann, Ben, Cem already"):
        vault.appoint("Dan")
    (vault.body / "custodians" / "Cem.custodian").unlink()
    with pytest.raises(Exception, match="exactly 3"):
        vault.run("custody", vault.body)
    inside = ("--key", vault.body / "keys" / "Dan.key", "--new-passphrase-file")
    with pytest.raises(Exception, match="their own medium"):
        vault.run("custodian", "add", vault.body, "Dan", *inside, vault.phrase("Dan"))
    (vault.body / "keys" / "root-1.key").unlink()
    (vault.body / "keys" / "root-2.key").unlink()
    with pytest.raises(Exception, match="appointed by the root holders"):
        vault.run(
            *("custodian", "add", vault.body, "Dan", "--key", vault.directory / "dan.key"),
            *("--new-passphrase-file", vault.phrase("Dan")),
        )
    assert not (vault.directory / "dan.key").exists()


def test_a_replaced_custodian_recovers_nothing_new(vault: Vault) -> None:
    (vault.body / "custodians" / "Cem.custodian").unlink()
    vault.appoint("Dan")
    vault.run("custody", vault.body)
    with pytest.raises(Exception, match="the keys given are of Ann"):
        recovering(vault, SCORING, ("Ann", "Cem"))
    assert "Recovered" in recovering(vault, SCORING, ("Ann", "Dan"))


def test_the_transcript_names_everything_and_no_secret(vault: Vault) -> None:
    vault.run("rehearse", vault.body)
    out = vault.directory / "transcript.txt"
    vault.run("transcript", vault.body, "--out", out, by=())
    text, body = out.read_text(encoding="utf-8"), Body(vault.body)
    trust = body.trust()
    assert trust.digest.hex() in text
    for identity in trust.root.identities:
        assert identity.key_id.hex() in text
    for role in OPENING_ROLES:
        assert trust.opening(role).key_id.hex() in text
        assert sha256((body.custody / f"{role}.custody").read_bytes()).hexdigest() in text
    assert "scoring, integrity, registrar" in text
    assert text.count("passphrase\n") == 15
    above, told = text.split("SHA-256 of everything above this line:\n  ")
    assert sha256(above.removesuffix("\n").encode()).hexdigest() == told[:64]
    for name in NAMES:
        assert f"{name} " in told  # a line to sign
    unlock = Passphrases([vault.phrase("body")]).for_key
    for role in OPENING_ROLES:
        assert read_sealing_key(body.opening_path(role), unlock).seed.hex() not in text


def test_a_transcript_says_what_is_missing(vault: Vault) -> None:
    shutil.rmtree(vault.body / "custodians")
    write_sealing_key(vault.body / "keys" / "spare.key", SealingKey.generate())
    out = vault.directory / "transcript.txt"
    vault.run("transcript", vault.body, "--out", out, by=())
    text = out.read_text(encoding="utf-8")
    assert "a key that is lost is lost" in text
    assert "spare.key                UNPROTECTED" in text
