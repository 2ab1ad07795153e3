"""The sealed files that are one signed thing: what each proves, and what it says.

Each function takes a file's bytes (or its path, where it may be large) and fills a
:class:`~exam_packages.verify.findings.Subject`. Nothing it says about a file is taken from
an object whose signatures do not hold.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.addendum import read_addendum
from exam_packages.sealing.arrivals import read_arrivals
from exam_packages.sealing.bundle import bundle_hash, hand_in_code, parse_manifest, read_manifest
from exam_packages.sealing.correction import read_correction
from exam_packages.sealing.grant import read_grant
from exam_packages.sealing.package_format import (
    MAX_HEADER_SIZE,
    Entry,
    PackageError,
    aligned,
    announced_kind,
    decode_body,
    decode_core,
    package_hash,
    volume_sizes,
)
from exam_packages.sealing.package_volumes import Volumes
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.release import read_release
from exam_packages.sealing.trust import HALL, PACKAGER, Trust
from exam_packages.verify.findings import Subject
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import moment

_PIECE = 1024 * 1024


def package(subject: Subject, path: Path, trust: Trust) -> None:
    """A package: its packager's signatures, then every blob, the sound and the damaged.

    The further volumes of a large one are read from beside it.
    """
    try:
        with closing(Volumes(path)) as volumes:
            _package(subject, volumes, trust)
    except PackageError as problem:
        subject.findings.problem("package-damaged", problem)


def _package(subject: Subject, volumes: Volumes, trust: Trust) -> None:
    header = volumes.read_header()
    kind = announced_kind(header)
    try:
        body = trust.verify(header, kind, PACKAGER, max_size=MAX_HEADER_SIZE)
        decoded = decode_body(body, kind)
        core = decode_core(decoded.core)
    except ExamError as problem:
        subject.findings.problem("package-not-signed", problem)
        return
    subject.package_hash = package_hash(body)
    subject.facts |= {
        "exam": core.exam,
        "form": f"{core.form}, version {core.version}",
        "window": f"{_time(core.window_from_s)} to {_time(core.window_to_s)}",
        "expires": _time(core.expires_s),
        "package": subject.package_hash.hex(),
    }
    subject.held = core
    subject.findings.proven(
        "package-signed", "The packager of “{body}” signed this package.", body=trust.root.body
    )
    troubles = list(volumes.join(volume_sizes(decoded), subject.package_hash))
    wrong = [entry for entry in decoded.blobs if not _blob_holds(volumes, entry)]
    _tell_blobs(subject, decoded.blobs, wrong)
    for trouble in troubles:
        subject.findings.problem("package-size", trouble)


def _tell_blobs(subject: Subject, blobs: tuple[Entry, ...], wrong: list[Entry]) -> None:
    for entry in wrong[:20]:
        subject.findings.not_proven(
            "package-blob",
            "Blob {number} (of the {part}) is not the one that was signed.",
            number=entry.number,
            part=entry.part,
        )
    if len(wrong) > 20:
        subject.findings.not_proven(
            "package-blobs", "{count} further blobs are damaged.", count=len(wrong) - 20
        )
    if not wrong:
        subject.findings.proven(
            "package-whole", "All {count} blobs are the ones that were signed.", count=len(blobs)
        )
    elif len(wrong) < len(blobs):
        subject.findings.proven(
            "package-part",
            "The other {count} of {all} blobs are the ones that were signed.",
            count=len(blobs) - len(wrong),
            all=len(blobs),
        )


def _blob_holds(volumes: Volumes, entry: Entry) -> bool:
    buffer = memoryview(bytearray(min(_PIECE, aligned(entry.length))))
    sha256 = hashlib.sha256()
    try:
        for done in range(0, entry.length, _PIECE):
            piece = buffer[: entry.length - done]
            volumes.read_into(entry.offset + done, piece)
            sha256.update(piece)
        gap = volumes.read(entry.offset + entry.length, aligned(entry.length) - entry.length)
    except PackageError:
        return False
    return sha256.digest() == entry.sha256 and not any(gap)


def grant(subject: Subject, data: bytes, trust: Trust, machines: Machines) -> None:
    """A grant: signed by the packager, for which machines."""
    try:
        found = read_grant(data, trust, now_s=None)
    except ExamError as problem:
        subject.findings.problem("grant-not-signed", problem)
        return
    subject.held, subject.package_hash, subject.centre = found, found.package_hash, found.centre
    subject.facts |= {
        "centre": found.centre,
        "sitting": f"{found.slot}, issue {found.issue}",
        "expires": _time(found.expires_s),
        "codes": str(found.codes),
        "evidence key": found.evidence_key.key_id.hex(),
        "machines": ", ".join(machines.name(share.machine) for share in found.shares[:20])
        + (f" and {len(found.shares) - 20} more" if len(found.shares) > 20 else ""),
        "package": found.package_hash.hex(),
    }
    subject.findings.proven(
        "grant-signed",
        "The packager of “{body}” granted one package to the machines named.",
        body=trust.root.body,
    )


def addendum(subject: Subject, data: bytes, trust: Trust, machines: Machines) -> None:
    """What names one more machine in a grant."""
    try:
        found = read_addendum(data, trust)
    except ExamError as problem:
        subject.findings.problem("addendum-not-signed", problem)
        return
    subject.held = found
    subject.facts |= {
        "machine": machines.name(found.share.machine),
        "grant": found.grant_hash.hex(),
    }
    subject.findings.proven(
        "addendum-signed",
        "The packager of “{body}” named one more machine in a grant.",
        body=trust.root.body,
    )


def correction(subject: Subject, data: bytes, trust: Trust) -> None:
    """What the body says about an item of a package."""
    try:
        found = read_correction(data, trust)
    except ExamError as problem:
        subject.findings.problem("correction-not-signed", problem)
        return
    subject.held, subject.package_hash = found, found.package_hash
    subject.facts |= {
        "item": found.item,
        "text": found.text,
        "signed": _time(found.time_s),
        "package": found.package_hash.hex(),
    }
    subject.findings.proven(
        "correction-signed",
        "The packager of “{body}” corrected one item of a package.",
        body=trust.root.body,
    )


def release(subject: Subject, data: bytes, trust: Trust) -> None:
    """A signed release."""
    try:
        found = read_release(data, trust, now_s=None)
    except ExamError as problem:
        subject.findings.problem("release-not-signed", problem)
        return
    subject.held, subject.package_hash = found, found.package_hash
    subject.facts |= {
        "sitting": found.slot,
        "codes": str(found.codes),
        "officers": str(len(found.officers)),
        "valid": f"{_time(found.not_before_s)} to {_time(found.expires_s)}",
        "package": found.package_hash.hex(),
    }
    subject.findings.proven(
        "release-signed",
        "Release officers of “{body}” ({count}) signed this release, the last one at {time}.",
        body=trust.root.body,
        count=len(found.officers),
        time=_time(max(code.time_s for code in found.sealed)),
    )


def arrivals(subject: Subject, data: bytes, trust: Trust) -> None:
    """The intake's word for what came on a stick."""
    try:
        found = read_arrivals(data, trust)
    except ExamError as problem:
        subject.findings.problem("arrivals-not-signed", problem)
        return
    subject.findings.proven(
        "arrivals-signed",
        "The intake of “{body}” signed that it keeps {count} statements, records and reports of a "
        "stick, at {time}.",
        body=trust.root.body,
        count=len(found.digests),
        time=_time(found.time_s),
    )


def root(subject: Subject, data: bytes, trust: Trust) -> None:
    """Another copy of a root of trust: the one believed, the one after it, or a stranger's."""
    try:
        found = Trust.first(data, pinned=None)
        if found.digest != trust.digest:
            trust.update(data)
    except ExamError as problem:
        subject.findings.problem("trust-not-signed", problem)
        return
    subject.facts |= {"body": found.root.body, "version": str(found.root.version)}
    if found.digest == trust.digest:
        subject.findings.proven("trust-same", "This is the root of trust that is believed here.")
    else:
        subject.findings.proven(
            "trust-next", "This root of trust was signed by the one that is believed here."
        )


def enrolment(subject: Subject, data: bytes, machines: Machines) -> None:
    """A machine's enrolment."""
    try:
        found = machines.take(data)
    except ExamError as problem:
        subject.findings.problem("enrolment-not-signed", problem)
        return
    subject.centre = found.centre
    subject.facts |= {
        "machine": f"{found.machine} ({'hall' if found.kind == HALL else 'station'})",
        "centre": found.centre,
        "valid": f"{_time(found.issued_s)} to {_time(found.expires_s)}",
        "equipment": found.equipment.hex() or "not hardware-checked",
        "keys": found.keys_words,
    }
    subject.findings.proven("enrolment-signed", "The certification body enrolled this machine.")


def manifest(subject: Subject, data: bytes, machines: Machines) -> None:
    """A station's manifest by itself."""
    try:
        signed, found = parse_manifest(data)
    except ExamError as problem:
        subject.findings.problem("manifest-damaged", problem)
        return
    station = machines.station(found.station)
    if station is None or station.centre != found.centre:
        subject.findings.not_proven(
            "station-unknown",
            "Who signed this manifest is not shown: the enrolment of its station ({station}…) "
            "is not among these files. Give it too.",
            station=found.station.hex()[:8],
        )
        return
    try:
        read_manifest(data, station.verify_key)
    except ExamError as problem:
        subject.findings.problem("manifest-not-signed", problem)
        return
    subject.bundle_hash = bundle_hash(signed.body)
    subject.package_hash, subject.centre = found.package_hash, found.centre
    subject.facts |= {
        "centre": found.centre,
        "finished": _time(found.finished_s),
        "code": hand_in_code(subject.bundle_hash),
        "bundle": subject.bundle_hash.hex(),
    }
    subject.findings.proven(
        "manifest-signed",
        "{station} signed what was handed in.",
        station=machines.name(found.station),
    )


def receipt(subject: Subject, data: bytes, trust: Trust) -> None:
    """The body's receipt."""
    try:
        found = read_receipt(data, trust)
    except ExamError as problem:
        subject.findings.problem("receipt-not-signed", problem)
        return
    subject.held, subject.bundle_hash = found, found.bundle_hash
    subject.facts |= {
        "received": _time(found.time_s),
        "log entry": str(found.leaf),
        "code": hand_in_code(found.bundle_hash),
        "bundle": found.bundle_hash.hex(),
    }
    subject.findings.proven(
        "receipt-signed",
        "“{body}” signed that it received this exam at {time}.",
        body=trust.root.body,
        time=_time(found.time_s),
    )


def _time(seconds: int) -> str:
    return moment(seconds * SECOND)
