"""TLS certificates of a body's machines: one P-256 authority per body, one leaf per machine.

TLS is the door, not the identity: what machines say counts by the signature on it. So
these certificates carry nothing but a name and the hosts a server answers under. P-256
because ``ssl`` and every browser take it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from exam_packages.errors import ExamError

__all__ = [
    "CertificateError",
    "certificate_der",
    "certificate_pem",
    "issue",
    "key_from_secret",
    "key_pem",
    "key_secret",
    "new_authority",
    "new_key",
    "new_request",
    "read_certificate",
    "read_key",
    "read_request",
]

_AUTHORITY_DAYS = 3650
_LONGEST_NAME = 64
_BACKDATED = timedelta(minutes=5)
"""A machine whose clock is a little behind must not refuse a fresh certificate."""


class CertificateError(ExamError):
    """A certificate, a key or a request is not usable."""


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh TLS key."""
    return ec.generate_private_key(ec.SECP256R1())


def new_authority(key: ec.EllipticCurvePrivateKey, name: str) -> x509.Certificate:
    """The self-signed certificate of a body's TLS authority, good for ten years."""
    subject = _name(f"{name} machines")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _builder(subject, subject, key.public_key(), timedelta(days=_AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )


def new_request(
    key: ec.EllipticCurvePrivateKey, name: str, hosts: Sequence[str]
) -> x509.CertificateSigningRequest:
    """Ask for a certificate for *name*, answering under *hosts* (names or addresses)."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(name))
    if hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False
        )
    return builder.sign(key, hashes.SHA256())


def read_request(data: bytes) -> x509.CertificateSigningRequest:
    """Read a DER request whose maker proved to hold its key, a P-256 one."""
    try:
        request = x509.load_der_x509_csr(data)
        sound = request.is_signature_valid and _is_p256(request.public_key())
    except Exception:  # the parser raises ValueError, TypeError and its own kinds
        sound = False
    if not sound:
        raise CertificateError("The certificate request is damaged or not signed by its own key.")
    return request


def issue(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    request: x509.CertificateSigningRequest,
    lifetime: timedelta,
) -> x509.Certificate:
    """Certify the key and hosts of a *request* for servers and clients alike."""
    builder = (
        _builder(request.subject, authority.subject, request.public_key(), lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            ),
            critical=False,
        )
    )
    try:
        hosts = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        builder = builder.add_extension(hosts.value, critical=False)
    except x509.ExtensionNotFound:
        pass  # a machine that only connects has no host to answer under
    except ValueError:
        raise CertificateError("The hosts in the certificate request are damaged.") from None
    return builder.sign(authority_key, hashes.SHA256())


def certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def certificate_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def key_pem(key: ec.EllipticCurvePrivateKey, password: str = "") -> bytes:
    """The private key, in clear without a *password*: write it where only its owner may read."""
    sealed = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)


def key_secret(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The private number of a TLS key: 32 bytes, for a key file."""
    return key.private_numbers().private_value.to_bytes(32, "big")


def key_from_secret(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The TLS key with the private number *secret* (32 bytes)."""
    try:
        return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    except ValueError:
        raise CertificateError("A TLS key is damaged.") from None


def read_certificate(data: bytes) -> x509.Certificate:
    """Read a certificate in PEM or DER."""
    try:
        if data.startswith(b"-----"):
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError:
        raise CertificateError("A TLS certificate is damaged.") from None


def read_key(data: bytes, password: str = "") -> ec.EllipticCurvePrivateKey:
    """Read a P-256 private key in PEM, sealed under *password* if there is one."""
    try:
        key = load_pem_private_key(data, password=password.encode() or None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not _is_p256(key.public_key()):
        raise CertificateError("A TLS key is damaged or of another kind than P-256.")
    return key


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def _name(name: str) -> x509.Name:
    """A common name, cut to the 64 bytes X.509 has for it: a label, never an identity."""
    short = name.encode("utf-8", "replace")[:_LONGEST_NAME].decode("utf-8", "ignore")
    try:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, short)])
    except ValueError:
        raise CertificateError("A certificate needs a name.") from None


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError:
        raise CertificateError(
            "“{host}” is neither a host name nor an address.", host=host
        ) from None


def _builder(
    subject: x509.Name, issuer: x509.Name, key: object, lifetime: timedelta
) -> x509.CertificateBuilder:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise CertificateError("A TLS key is of another kind than P-256.")
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + lifetime)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
