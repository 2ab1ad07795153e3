"""Making a machine's home: its keys and request, the body's answer, the sealed packages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding

from exam_packages.clock import SECOND, Clock
from exam_packages.files import write_durably
from exam_packages.language import SOURCE
from exam_packages.sealing.keys import write_sealing_key, write_signing_key
from exam_packages.sealing.machine_secret import MachineSecret
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import BY_TPM, IN_FILES, Trust, TrustStore, read_enrolment
from provisioning.enrol import EnrolError, Request, read_answer, sign_request
from provisioning.station_home import CAMERA_AUTO, StationHome
from sync.certificates import certificate_pem, key_pem, new_key, new_request, read_certificate
from sync.certificates import read_key as read_tls_key
from sync.credentials import seal_secret
from sync.machine import HallMachine, MachineError, MachineHome

Machine = TypeVar("Machine", bound=MachineHome)

Settings: TypeAlias = Mapping[str, str | int | Sequence[str]]

STATION_PORT, CONSOLE_PORT = 8443, 8444
REQUEST_NAME = "request.enrolment"
MAX_NAME = 64


def new_station(
    directory: Path,
    id: str,
    centre: str,
    hall_url: str,
    *,
    standbys: Sequence[str] = (),
    neighbour_port: int = 0,
    camera: str = CAMERA_AUTO,
    language: str = SOURCE,
    tpm: bool = False,
) -> bytes:
    """Make a station's home and its keys; the request to send to the body.

    ``standbys`` are where other halls of the centre answer; ``neighbour_port``, ``camera`` and
    ``language`` as in :class:`StationHome`; with ``tpm``, this machine's TPM seals the keys.
    Raises :class:`MachineError`, or a :class:`~sync.credentials.CredentialError`.
    """
    settings: Settings = {
        "id": id,
        "centre": centre,
        "hall_url": hall_url,
        **({"standby_urls": list(standbys)} if standbys else {}),
        **({"neighbour_port": neighbour_port} if neighbour_port else {}),
        "camera": camera,
        "language": language,
        "socket": "",
    }
    return _new_home(StationHome, directory, settings, hosts=(), tpm=tpm)


def new_hall(
    directory: Path,
    id: str,
    centre: str,
    address: str,
    intake_url: str,
    *,
    station_port: int = STATION_PORT,
    console_port: int = CONSOLE_PORT,
    others: Sequence[str] = (),
    standby: bool = False,
    tpm: bool = False,
) -> bytes:
    """Make a hall's home and its keys; the request to send to the body.

    ``address`` is the host name or address that stations and browsers reach it under;
    ``others`` are where the centre's other halls answer, of which one commands when this one
    is the ``standby``; with ``tpm``, this machine's TPM seals the keys. Raises like
    :func:`new_station`.
    """
    settings: Settings = {
        "id": id,
        "centre": centre,
        "address": address,
        "station_port": station_port,
        "console_port": console_port,
        "intake_url": intake_url,
        **({"other_halls": list(others), "standby": standby} if others or standby else {}),
    }
    return _new_home(HallMachine, directory, settings, hosts=(address,), tpm=tpm)


def install(home: MachineHome, data: bytes, clock: Clock, *, pinned: bytes) -> None:
    """Take the body's answer: root of trust, TLS certificate, enrolment record.

    Everything is verified first, also that the answer was made for this machine's keys.
    Raises an :class:`~exam_packages.errors.ExamError`.
    """
    answer, trust = read_answer(data, pinned=pinned)
    now_s = clock.wall_ns() // SECOND
    trust.check_time(now_s)
    record = read_enrolment(answer.enrolment, trust, now_s=now_s)
    certificate = read_certificate(record.tls_certificate)
    authority = read_certificate(answer.authority)
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # InvalidSignature, ValueError or TypeError: not issued by it
        raise EnrolError(
            "The TLS certificate in this answer was not issued by the body's authority."
        ) from None
    own_tls = read_tls_key(home.tls_key.read_bytes(), home.tls_password)
    own = (
        record.machine == home.id
        and record.centre == home.centre
        and record.kind == home.kind
        and record.verify_key == home.signing_key().public
        and record.sealing_public == home.sealing_key().public
        and certificate.public_key() == own_tls.public_key()
    )
    if not own:
        raise EnrolError(
            "This answer enrols “{machine}” of centre “{centre}” with other keys than those in "
            "{directory}; take the answer to this machine's own, latest request.",
            machine=record.machine,
            centre=record.centre,
            directory=str(home.directory),
        )
    TrustStore(home.trust_directory).install(answer.root, pinned)
    home.enrolment_path.parent.mkdir(mode=0o700, exist_ok=True)
    write_durably(home.tls_ca, certificate_pem(authority))
    write_durably(home.tls_cert, certificate_pem(certificate))
    write_durably(home.enrolment_path, answer.enrolment)


def follow_trust(home: MachineHome, roots: Sequence[bytes]) -> Trust:
    """Take the roots of trust that follow the one of *home*, in their order.

    Raises an :class:`~exam_packages.errors.ExamError` at the first that does not follow; those
    before it stay. An earlier root than the stored one is never taken.
    """
    trust = home.trust()
    for data in roots:
        trust = TrustStore(home.trust_directory).install(data)
    return trust


def _new_home(
    machine: type[Machine],
    directory: Path,
    settings: Settings,
    hosts: tuple[str, ...],
    *,
    tpm: bool,
) -> bytes:
    for what in ("id", "centre"):
        name = str(settings[what])
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            raise MachineError(
                "A machine's {what} is a printable text of at most {limit} characters.",
                what=what,
                limit=MAX_NAME,
            )
    if (directory / "keys").exists():
        raise MachineError(
            "There is a machine in {directory} already; its keys are not replaced.",
            directory=str(directory),
        )
    secret = MachineSecret.generate() if tpm else None
    sealed = b"" if secret is None else seal_secret(secret, machine.secret_name())
    (directory / "keys").mkdir(mode=0o700, parents=True)
    directory.chmod(0o700)
    write_durably(directory / f"{machine.word}.toml", _toml(settings))
    home = machine.load(directory)
    signing, sealing, tls = SigningKey.generate(pair=False), SealingKey.generate(), new_key()
    if sealed:
        write_durably(home.secret_path, sealed, mode=0o600)
    write_signing_key(home.signing_path, signing, home.secret)  # as it will be opened again
    write_sealing_key(home.sealing_path, sealing, home.secret)
    write_durably(home.tls_key, key_pem(tls, home.tls_password), mode=0o600)
    request = Request(
        machine=home.id,
        kind=home.kind,
        centre=home.centre,
        ed25519=signing.public.ed25519,
        sealing=sealing.public.raw,
        certificate_request=new_request(tls, home.id, hosts).public_bytes(Encoding.DER),
        protection=BY_TPM if tpm else IN_FILES,
    )
    data = sign_request(request, signing)
    write_durably(directory / REQUEST_NAME, data)
    return data


def _toml(settings: Settings) -> bytes:
    """TOML of texts, lists of them, truths and whole numbers; JSON's quoting is TOML's, but for
    DEL."""
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()
    ]
    text = "\n".join(lines).replace("\x7f", "\\u007f") + "\n"
    return text.encode()
