"""What the certification body does for machines: found itself, and enrol them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from exam_packages.body import TLS_KEY_KIND, Body, BodyError
from exam_packages.clock import SECOND, Clock
from exam_packages.files import write_durably
from exam_packages.passphrases import Passphrases
from exam_packages.sealing.keys import write_key_file, write_sealing_key, write_signing_key
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.suite import SealingKey, SealingPublic, SigningKey
from exam_packages.sealing.survey import SURVEY_KEY_ROLE
from exam_packages.sealing.trust import (
    PACKAGER,
    RELEASE,
    ROOT,
    Enrolment,
    Identity,
    Opening,
    RoleKeys,
    Trust,
    TrustRoot,
    sign_enrolment,
    sign_root,
)
from exam_packages.sealing.trust_root import OPENING_ROLES, PAIRED_ROLES, SIGNING_ROLES
from provisioning.enrol import Answer, Request, read_request, sign_answer
from sync.certificates import (
    certificate_der,
    certificate_pem,
    issue,
    key_from_secret,
    key_secret,
    new_authority,
    new_key,
    read_certificate,
)
from sync.certificates import read_request as read_certificate_request

HOLDERS: Final = {ROOT: 3, RELEASE: 2}
"""Roles that several people hold: two officers must sign a release of two codes."""
ROOT_THRESHOLD: Final = 2
MAX_NAME: Final = 200
ROOT_DAYS: Final = 365
ENROLMENT_DAYS: Final = 365
_DAY_S: Final = 86_400


def found_body(
    directory: Path, name: str, clock: Clock, passphrases: Passphrases | None = None
) -> Trust:
    """Make a body's directory: keys of every role, the root of trust, the TLS authority.

    The keys of roles are kept under a passphrase, when *passphrases* are given.
    Raises an :class:`~exam_packages.errors.ExamError`, also when one is there already.
    """
    body = Body(directory, passphrases)
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise BodyError(
            "A body's name is a printable text of at most {limit} characters.", limit=MAX_NAME
        )
    if body.keys.exists():
        raise BodyError("There is a body in {directory} already.", directory=str(directory))
    passphrase = body.new_passphrase("The keys of every role")
    for part in (directory, body.keys, body.root_path.parent, body.enrolments):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority_key = new_key()
    authority = new_authority(authority_key, name)

    signers: dict[str, list[SigningKey]] = {}
    identities = []
    for role in SIGNING_ROLES:
        count = HOLDERS.get(role, 1)
        holders = [f"{role}-{at}" for at in range(1, count + 1)] if count > 1 else [role]
        signers[role] = [SigningKey.generate(pair=role in PAIRED_ROLES) for _ in holders]
        for holder, key in zip(holders, signers[role], strict=True):
            write_signing_key(body.keys / f"{holder}.key", key, passphrase)
            identities.append(Identity(holder, key.public.ed25519, key.public.mldsa65))
    write_sealing_key(body.keeping_path(PACKAGER), SealingKey.generate(), passphrase)
    make_survey_key(body, passphrase)
    openings = []
    for role in OPENING_ROLES:
        opening = SealingKey.generate()
        write_sealing_key(body.opening_path(role), opening, passphrase)
        openings.append(Opening(role, opening.public.raw))

    now_s = clock.wall_ns() // SECOND
    root = TrustRoot(
        body=name,
        version=1,
        issued_s=now_s,
        expires_s=now_s + ROOT_DAYS * _DAY_S,
        identities=tuple(identities),
        roles=tuple(
            RoleKeys(role, ROOT_THRESHOLD if role == ROOT else 1, tuple(key.key_id for key in keys))
            for role, keys in signers.items()
        ),
        openings=tuple(openings),
        revoked=(),
    )
    write_key_file(body.tls_ca_key, TLS_KEY_KIND, (key_secret(authority_key),), passphrase)
    write_durably(body.tls_ca, certificate_pem(authority))
    write_durably(body.root_path, sign_root(root, signers[ROOT]))
    return body.trust()


def make_survey_key(body: Body, passphrase: Passphrase | None) -> SealingPublic:
    """Make the key that opens feedback surveys. Packages sealed from now on name it.

    Raises :class:`BodyError` when there is one: what was said to it would never be opened.
    """
    path = body.opening_path(SURVEY_KEY_ROLE)
    if path.exists() or body.survey_public_path.exists():
        raise BodyError(
            "There is a key for surveys in {directory} already; if it is to be replaced, move "
            "survey.key and survey.public away, and keep the first: it opens what was said so far.",
            directory=str(body.keys),
        )
    key = SealingKey.generate()
    write_sealing_key(path, key, passphrase)
    write_durably(body.survey_public_path, key.public.raw, mode=0o600)
    return key.public


def enrol(body: Body, data: bytes, clock: Clock) -> tuple[Request, bytes]:
    """Answer a machine's request: certify its TLS key and sign its enrolment record.

    Returns the request and the answer that travels back. Whether the machine is what it
    says is for the person who runs this to know. Raises an
    :class:`~exam_packages.errors.ExamError`.
    """
    request = read_request(data)
    if body.trust().is_revoked(request.verify_key.key_id):
        raise BodyError(
            "The keys of the machine “{machine}” of centre “{centre}” were revoked; make its home "
            "anew, with new keys, and send the new request.",
            machine=request.machine,
            centre=request.centre,
        )
    authority = read_certificate(body.tls_ca.read_bytes())
    certificate = issue(
        authority,
        key_from_secret(body.tls_secret()),
        read_certificate_request(request.certificate_request),
        timedelta(days=ENROLMENT_DAYS),
    )
    now_s = clock.wall_ns() // SECOND
    signer = body.signing_key("enrolment")
    record = sign_enrolment(
        Enrolment(
            machine=request.machine,
            kind=request.kind,
            centre=request.centre,
            ed25519=request.ed25519,
            sealing=request.sealing,
            tls_certificate=certificate_der(certificate),
            issued_s=now_s,
            expires_s=now_s + ENROLMENT_DAYS * _DAY_S,
            equipment=b"",
            protection=request.protection,
        ),
        [signer],
    )
    write_durably(body.enrolments / f"{request.file_name}.enrolment", record)
    return request, sign_answer(
        Answer(body.root_bytes(), certificate_der(authority), record), signer
    )
