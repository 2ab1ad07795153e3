"""A machine's secret through the real systemd-creds, with the key that every host has.

That a TPM seals it, and another does not open it, needs a TPM: ``tools/lab``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from exam_packages.sealing.machine_secret import MachineSecret
from sync import credentials
from sync.credentials import CredentialError, open_secret, seal_secret

NAME = "exam-kiosk.station"


def works() -> bool:
    if shutil.which("systemd-creds") is None or os.geteuid() != 0:
        return False
    probe = ["systemd-creds", "encrypt", "--with-key=host", "--name=probe", "-", "-"]
    return subprocess.run(probe, input=b"probe", capture_output=True, check=False).returncode == 0


needs_systemd_creds = pytest.mark.skipif(
    not works(), reason="systemd-creds cannot seal to this host (not root, or no systemd)"
)


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, MachineSecret]:
    secret = MachineSecret.generate()
    path = tmp_path / "machine.cred"
    path.write_bytes(seal_secret(secret, NAME, key="host"))
    return path, secret


@needs_systemd_creds
def test_it_opens_under_its_name_alone(sealed: tuple[Path, MachineSecret]) -> None:
    path, secret = sealed
    assert secret.raw not in path.read_bytes()
    assert open_secret(path, NAME).raw == secret.raw
    with pytest.raises(CredentialError, match="do not open here"):
        open_secret(path, "exam-kiosk.hall")


@needs_systemd_creds
def test_what_is_damaged_does_not_open(sealed: tuple[Path, MachineSecret]) -> None:
    path, secret = sealed
    data = path.read_bytes()
    for broken in (b"", data[: len(data) // 2], b"AAAA" + data[4:]):
        path.write_bytes(broken)
        with pytest.raises(CredentialError) as refused:
            open_secret(path, NAME)
        text = str(refused.value)
        assert text.endswith(".") and text.isprintable()
        assert secret.raw.hex() not in text


@needs_systemd_creds
def test_something_else_is_no_machine_secret(tmp_path: Path) -> None:
    command = ["systemd-creds", "encrypt", "--with-key=host", f"--name={NAME}", "-", "-"]
    made = subprocess.run(command, input=b"short", capture_output=True, check=True).stdout
    (tmp_path / "cred").write_bytes(made)
    with pytest.raises(CredentialError, match="something else"):
        open_secret(tmp_path / "cred", NAME)


def test_what_systemd_handed_over_is_taken_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under LoadCredentialEncrypted= in the unit of a service that is not root."""
    secret = MachineSecret.generate()
    (tmp_path / NAME).write_bytes(secret.raw)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert open_secret(tmp_path / "not looked at", NAME).raw == secret.raw
    (tmp_path / NAME).write_bytes(secret.raw + b"x")
    with pytest.raises(CredentialError, match="something else"):
        open_secret(tmp_path / "not looked at", NAME)


def test_without_the_tool_it_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not credentials.has_tpm()
    with pytest.raises(CredentialError, match="systemd-creds is not installed"):
        seal_secret(MachineSecret.generate(), NAME)
    with pytest.raises(CredentialError, match="systemd-creds is not installed"):
        open_secret(tmp_path / "cred", NAME)


def test_the_secret_is_in_no_argument_and_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process of this machine sees of the tool while it runs."""
    tool = tmp_path / "systemd-creds"
    seen = tmp_path / "seen"
    tool.write_text(
        f"#!/bin/sh\ntr '\\0' ' ' < /proc/$$/cmdline > {seen}\n"
        f"tr '\\0' ' ' < /proc/$$/environ >> {seen}\nexec cat\n"
    )
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    secret = MachineSecret(b"thirty-two bytes nobody may see!")
    assert seal_secret(secret, NAME) == secret.raw
    assert b"--with-key=tpm2" in seen.read_bytes()
    assert b"nobody may see" not in seen.read_bytes()
