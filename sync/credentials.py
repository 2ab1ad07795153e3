"""A machine's secret, kept by systemd's credentials: sealed by the TPM where there is one.

``systemd-creds`` seals the secret to this machine's TPM 2.0 and binds it to a name. At start
the secret is taken from where systemd put it (``LoadCredentialEncrypted=`` in the unit, for
services that are not root), or ``systemd-creds`` opens it. It travels through pipes alone:
never in an argument, an environment variable, a log or a file in clear.

The TPM is asked without a policy over what was booted (no PCRs): an update of the firmware
must not lock a hall out on the morning of an exam. So a stolen disk is stopped, and not a
stolen machine whose owner may boot what they like.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from exam_packages.errors import ExamError
from exam_packages.sealing.machine_secret import SECRET_SIZE, MachineSecret

__all__ = ["MAX_CREDENTIAL", "TPM", "CredentialError", "has_tpm", "open_secret", "seal_secret"]

TPM: Final = "tpm2"
"""systemd's name of the key that only this machine's TPM has."""
MAX_CREDENTIAL: Final = 16 * 1024
"""Bytes of a sealed credential."""

_TOOL: Final = "systemd-creds"
_DEVICE: Final = Path("/dev/tpmrm0")
_PATIENCE_S: Final = 60
_LONGEST_REASON: Final = 200


class CredentialError(ExamError):
    """A machine's secret cannot be sealed, or does not open here."""


def has_tpm() -> bool:
    """Whether this machine has a TPM 2.0 and systemd can seal to it: it is tried."""
    if not _DEVICE.exists() or shutil.which(_TOOL) is None:
        return False
    try:
        seal_secret(MachineSecret.generate(), "exam-kiosk.probe")
    except CredentialError:
        return False
    return True


def seal_secret(secret: MachineSecret, name: str, *, key: str = TPM) -> bytes:
    """*secret* as a credential called *name*, sealed by *key* (as systemd-creds names it).

    Raises :class:`CredentialError`.
    """
    pcrs = ["--tpm2-pcrs="] if key == TPM else []
    sealed = _run(
        [_TOOL, "encrypt", f"--with-key={key}", *pcrs, f"--name={name}", "-", "-"],
        secret.raw,
        "This machine's keys cannot be sealed by its TPM: {why}. Seal them with the TPM enabled "
        "in the firmware and systemd 252 or newer, or keep them in files with "
        "--key-protection file.",
    )
    if not 0 < len(sealed) <= MAX_CREDENTIAL:
        raise CredentialError("systemd-creds gave no credential that could be kept.")
    return sealed


def open_secret(path: Path, name: str) -> MachineSecret:
    """The secret in the credential file at *path*, called *name*.

    Raises :class:`CredentialError` when it does not open: on another machine, with another
    TPM, under another name, damaged.
    """
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    if given is not None and (handed := Path(given) / name).is_file():
        with handed.open("rb") as file:
            data = file.read(SECRET_SIZE + 1)
    else:
        data = _run(
            [_TOOL, "decrypt", f"--name={name}", str(path), "-"],
            b"",
            "The keys in {directory} are sealed to the TPM of the machine they were made on, and "
            "do not open here: {why}. On that machine, and as root or under the unit that hands "
            "them over, they do; if it is gone, or its TPM was cleared, make a new home and "
            "enrol it.",
            directory=str(path.parent),
        )
    if len(data) != SECRET_SIZE:
        raise CredentialError(
            "The credential {path} holds something else than a machine's secret.", path=str(path)
        )
    return MachineSecret(data)


def _run(command: list[str], data: bytes, words: str, **fields: str) -> bytes:
    """What *command* prints for *data*; *words* say what it means when it fails."""
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise CredentialError(words, why="systemd-creds is not installed", **fields) from None
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise CredentialError(words, why=type(problem).__name__, **fields) from None
    if done.returncode:
        raise CredentialError(words, why=_reason(done.stderr), **fields)
    return done.stdout


def _reason(stderr: bytes) -> str:
    """The last line that systemd-creds said: its secrets go to standard output alone."""
    lines = stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    text = "".join(each if each.isprintable() else " " for each in lines[-1]).strip()
    return text[:_LONGEST_REASON].rstrip(".")
