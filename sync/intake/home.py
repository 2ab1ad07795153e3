"""Intake's home: where it keeps its settings, its keys and all that it took in.

::

    intake.toml        address and port; log_port, where the log is for anyone to read
    keys/              intake.key signs receipts; tls.key
    tls/               tls.crt, and ca.crt that every caller's certificate is checked against
    trust/             the body's root of trust, highest version seen
    intake.sqlite      bundles, receipts, the log
    evidence/          sealed evidence, each piece under its digest

The key that signs the log's checkpoints is not here and must never be: whoever breaks
into intake could otherwise rewrite the log and sign it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from exam_packages.body import Body
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.keys import read_signing_key, write_signing_key
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import INTAKE, Trust, TrustStore
from sync import certificates
from sync.intake.sqlite_storage import SqliteStorage
from sync.machine import number_setting, read_settings, text_setting

__all__ = ["PORT", "IntakeHome", "IntakeHomeError"]

PORT: Final = 8445
_CERTIFICATE_DAYS = 365


class IntakeHomeError(ExamError):
    """This directory cannot be intake's home."""


@dataclass(frozen=True)
class IntakeHome:
    """Paths of intake's home, and what lies under them, read on demand."""

    directory: Path
    address: str
    port: int
    log_port: int | None = None

    @classmethod
    def load(cls, directory: Path) -> IntakeHome:
        """Read the settings in *directory*. Raises an :class:`ExamError`."""
        path = directory / "intake.toml"
        settings = read_settings(path, "intake")
        port = number_setting(settings, "port", path, PORT)
        log_port = number_setting(settings, "log_port", path, -1)
        address = text_setting(settings, "address", path)
        return cls(directory, address, port, None if log_port < 0 else log_port)

    @classmethod
    def create(
        cls,
        directory: Path,
        body: Body,
        address: str,
        port: int,
        hosts: Sequence[str],
        log_port: int | None = None,
    ) -> IntakeHome:
        """Make a home for *body*'s intake: its key of the role, trust, a TLS certificate.

        *hosts* are the names and addresses halls reach it under, beside *address*; *log_port*
        is where anyone may read the log. Raises an :class:`ExamError`, also when a home is
        there already.
        """
        if (directory / "intake.toml").exists():
            raise IntakeHomeError(
                "There is an intake in {directory} already; it is not replaced.",
                directory=str(directory),
            )
        trust = body.trust()
        for part in (directory, directory / "keys", directory / "tls", directory / "evidence"):
            make_directory(part, 0o700)
        home = cls(directory, address, port, log_port)
        TrustStore(home.trust_directory).install(body.root_bytes(), trust.digest)
        write_signing_key(home.key_path, body.signing_key(INTAKE))
        key = certificates.new_key()
        certificate = certificates.issue(
            certificates.read_certificate(body.tls_ca.read_bytes()),
            certificates.key_from_secret(body.tls_secret()),
            certificates.new_request(key, "intake", list(dict.fromkeys((address, *hosts)))),
            timedelta(days=_CERTIFICATE_DAYS),
        )
        write_durably(home.tls_key, certificates.key_pem(key), mode=0o600)
        write_durably(home.tls_cert, certificates.certificate_pem(certificate))
        write_durably(home.tls_ca, body.tls_ca.read_bytes())
        # Written last: a home without settings is one whose making broke off.
        settings = f"address = {json.dumps(address)}\nport = {port}\n"
        if log_port is not None:
            settings += f"log_port = {log_port}\n"
        write_durably(directory / "intake.toml", settings.encode())
        return home

    @property
    def key_path(self) -> Path:
        return self.directory / "keys" / "intake.key"

    @property
    def tls_key(self) -> Path:
        return self.directory / "keys" / "tls.key"

    @property
    def tls_cert(self) -> Path:
        return self.directory / "tls" / "tls.crt"

    @property
    def tls_ca(self) -> Path:
        return self.directory / "tls" / "ca.crt"

    @property
    def trust_directory(self) -> Path:
        return self.directory / "trust"

    def key(self) -> SigningKey:
        """The key that signs receipts."""
        return read_signing_key(self.key_path)

    def trust(self) -> Trust:
        """The body's root of trust, in the highest version seen here."""
        return TrustStore(self.trust_directory).load()

    def storage(self) -> SqliteStorage:
        """What was taken in. Close it after use."""
        return SqliteStorage(self.directory / "intake.sqlite", self.directory / "evidence")

    def free(self) -> int:
        """Bytes free on the disk of this home."""
        return shutil.disk_usage(self.directory).free
