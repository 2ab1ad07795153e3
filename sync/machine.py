"""A machine's home: where a station or a hall keeps its name, keys, trust and enrolment.

::

    station.toml or hall.toml     who this machine is
    keys/                         signing.key, sealing.key, tls.key: made here, never leave;
                                  machine.cred: what they are sealed under, where a TPM keeps it
    trust/                        the body's trust root, highest version seen
    enrolment/                    the body's word about this machine, and its TLS certificate

The rooms that run on a machine read it through :class:`MachineHome`; making and
enrolling a home is :mod:`provisioning.enrol`.
"""

from __future__ import annotations

import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from exam_packages.errors import ExamError
from exam_packages.sealing.keys import read_sealing_key, read_signing_key
from exam_packages.sealing.machine_secret import MachineSecret
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import HALL, STATION, Enrolment, Trust, TrustStore, read_enrolment
from sync.credentials import open_secret
from sync.holder.keyring import RestoreKeys

MAX_SETTINGS = 64 * 1024
"""Bytes of a machine's settings file."""


class MachineError(ExamError):
    """This directory is not the home of such a machine, or something is missing in it."""


@dataclass(frozen=True)
class MachineHome:
    """The home of a station or a hall: paths, and what lies under them, read on demand.

    Every reader raises an :class:`~exam_packages.errors.ExamError` that says what is
    missing and which command puts it there.
    """

    directory: Path
    id: str
    centre: str
    settings: Mapping[str, Any]

    kind: ClassVar[int]
    """``STATION`` or ``HALL``, as enrolments say it."""
    word: ClassVar[str]
    """The machine's word on the command line, and the name of its settings file."""

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the settings in *directory*. Raises :class:`MachineError`."""
        path = directory / f"{cls.word}.toml"
        settings = read_settings(path, cls.word)
        return cls(
            directory=directory,
            id=text_setting(settings, "id", path),
            centre=text_setting(settings, "centre", path),
            settings=settings,
        )

    @property
    def settings_path(self) -> Path:
        return self.directory / f"{self.word}.toml"

    @property
    def signing_path(self) -> Path:
        return self.directory / "keys" / "signing.key"

    @property
    def sealing_path(self) -> Path:
        return self.directory / "keys" / "sealing.key"

    @property
    def tls_key(self) -> Path:
        """The TLS private key (PEM)."""
        return self.directory / "keys" / "tls.key"

    @property
    def tls_cert(self) -> Path:
        """The TLS certificate (PEM)."""
        return self.directory / "enrolment" / "tls.crt"

    @property
    def tls_ca(self) -> Path:
        """The certificate (PEM) that every machine of this body is checked against."""
        return self.directory / "enrolment" / "ca.crt"

    @property
    def trust_directory(self) -> Path:
        return self.directory / "trust"

    @property
    def enrolment_path(self) -> Path:
        return self.directory / "enrolment" / f"{self.word}.enrolment"

    @property
    def secret_path(self) -> Path:
        """The machine's secret, sealed by its TPM; absent where the keys lie in files alone."""
        return self.directory / "keys" / "machine.cred"

    @classmethod
    def secret_name(cls) -> str:
        """The name that the sealed secret is bound to."""
        return f"exam-kiosk.{cls.word}"

    @cached_property
    def secret(self) -> MachineSecret | None:
        """What this machine's keys are sealed under; None where they lie in files alone.

        Opened once: a TPM is slow. Raises a
        :class:`~sync.credentials.CredentialError`.
        """
        if not self.secret_path.exists():
            return None
        return open_secret(self.secret_path, self.secret_name())

    @property
    def tls_password(self) -> str:
        """The password of the TLS key's file; empty where it has none."""
        return "" if self.secret is None else self.secret.tls_password

    def signing_key(self) -> SigningKey:
        return read_signing_key(self.signing_path, self.secret)

    def sealing_key(self) -> SealingKey:
        return read_sealing_key(self.sealing_path, self.secret)

    def restore_keys(self) -> RestoreKeys:
        """The restore keys of this machine, one for each sitting."""
        return RestoreKeys(self.signing_path.parent, self.secret)

    def trust(self) -> Trust:
        """The body's trust root, in the highest version this machine has seen."""
        self._enrolled()
        return TrustStore(self.trust_directory).load()

    @property
    def enrolment_bytes(self) -> bytes:
        """The signed enrolment record, as it is shown to other machines."""
        self._enrolled()
        return self.enrolment_path.read_bytes()

    def enrolment(self, *, now_s: int | None = None) -> Enrolment:
        """The verified enrolment record; expiry is checked when *now_s* is given."""
        return read_enrolment(self.enrolment_bytes, self.trust(), now_s=now_s)

    def client_tls(self) -> ssl.SSLContext:
        """TLS as a client: shows this machine's certificate, trusts the body's CA alone."""
        return self._tls(ssl.Purpose.SERVER_AUTH)

    def server_tls(self) -> ssl.SSLContext:
        """TLS as a server that demands a certificate of the body's CA from its client."""
        context = self._tls(ssl.Purpose.CLIENT_AUTH)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _tls(self, purpose: ssl.Purpose) -> ssl.SSLContext:
        self._enrolled()
        context = ssl.create_default_context(purpose, cafile=str(self.tls_ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.tls_cert, self.tls_key, self.tls_password)
        return context

    def _enrolled(self) -> None:
        if not self.enrolment_path.is_file():
            raise MachineError(
                "The {word} “{id}” in {directory} is not enrolled yet; send its request to the "
                "certification body and install the answer with `exam-kiosk {word} install`.",
                word=self.word,
                id=self.id,
                directory=str(self.directory),
            )


class HallMachine(MachineHome):
    """The home of a hall, as far as every machine's home goes."""

    kind = HALL
    word = "hall"


class StationMachine(MachineHome):
    """The home of a station, as far as every machine's home goes."""

    kind = STATION
    word = "station"


def read_settings(path: Path, word: str) -> dict[str, Any]:
    """Read a machine's settings file. Raises :class:`MachineError`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MachineError(
            "There is no {word} in {directory}; make one with `exam-kiosk {word} init`.",
            word=word,
            directory=str(path.parent),
        ) from None
    except OSError as problem:
        raise MachineError(
            "The settings in {path} cannot be read: {why}.",
            path=str(path),
            why=problem.strerror or type(problem).__name__,
        ) from None
    try:
        if len(data) > MAX_SETTINGS:
            raise ValueError(f"longer than {MAX_SETTINGS} bytes")
        return tomllib.loads(data.decode("utf-8"))
    except ValueError as problem:  # TOMLDecodeError and UnicodeDecodeError are both
        raise MachineError(
            "The settings in {path} are not valid TOML: {why}.", path=str(path), why=str(problem)
        ) from None


def text_setting(
    settings: Mapping[str, Any], name: str, path: Path, default: str | None = None
) -> str:
    """One text of *settings*; required unless a *default* is given."""
    value = settings.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise MachineError(
            "The settings in {path} need “{name}”, a text in quotes.", path=str(path), name=name
        )
    return value


def number_setting(settings: Mapping[str, Any], name: str, path: Path, default: int) -> int:
    """One whole number of *settings*."""
    value = settings.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MachineError(
            "The settings in {path} need “{name}”, a whole number.", path=str(path), name=name
        )
    return value
