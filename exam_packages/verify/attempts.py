"""Attempts, however they come: a bundle, an attempt's directory, the segments of a journal.

All three hold a record; a bundle and a finished directory hold what station and hall signed
over its end too. Damage anywhere is told, and the rest is still looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, Final

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import (
    MAX_FRAMES_SIZE,
    BundleError,
    Manifest,
    bundle_hash,
    hand_in_code,
    parse_manifest,
    read_countersignature,
    read_head,
    read_manifest,
)
from exam_packages.sealing.journal_files import Segments
from exam_packages.sealing.journal_format import frame_at
from exam_packages.sealing.journal_keys import blob_digest
from exam_packages.sealing.suite import SealingKey
from exam_packages.verify.findings import Record, Stretch, Subject, Times, Witness
from exam_packages.verify.machines import Machines
from exam_packages.verify.record import Walk, cut, moment
from exam_packages.verify.times import tell

_MAX_HEAD: Final = 8 * 1024 * 1024
_MAX_FILE: Final = 8 * 1024 * 1024


def enrolments_of(path: Path) -> tuple[bytes, ...]:
    """The enrolments that the bundle at *path* carries; none when it is too damaged."""
    with path.open("rb") as file:
        try:
            head, _ = read_head(file.read(12), file.read)
        except BundleError:
            return ()
    return head.enrolments


def bundle(subject: Subject, path: Path, machines: Machines, key: SealingKey | None) -> None:
    """A bundle, or the answers part of one. Raises :class:`OSError`."""
    with path.open("rb") as file:
        start = file.read(12)
        try:
            head, offset = read_head(start, file.read)
        except BundleError as problem:
            _headless(subject, file, int.from_bytes(start[8:12], "big"), problem, machines, key)
            return
        journal = file.read(head.frames_size)
        for wrong in machines.take_all(head.enrolments):
            subject.findings.problem("enrolment-not-signed", wrong)
        walk = Walk(machines, subject.findings)
        if len(journal) < head.frames_size:
            subject.findings.not_proven(
                "bundle-cut",
                "The bundle is cut short: {found} of the {all} bytes of its record are here.",
                found=len(journal),
                all=head.frames_size,
            )
        walk.follow(cut(journal))
        manifest = _finish(subject, walk, machines, key, head.manifest, head.countersignature)
        end = offset + head.frames_size
        if manifest is not None and len(journal) == head.frames_size:
            _pictures_in(subject, file, end, manifest)


def _headless(
    subject: Subject,
    file: BinaryIO,
    size: int,
    problem: BundleError,
    machines: Machines,
    key: SealingKey | None,
) -> None:
    """A bundle whose beginning is damaged: its record may still be there."""
    subject.findings.problem("bundle-head-damaged", problem)
    if size > _MAX_HEAD:
        return
    file.seek(12 + size)
    journal = file.read(MAX_FRAMES_SIZE)
    walk = Walk(machines, subject.findings)
    whole = takewhile(lambda frame: frame_at(frame, 0) is not None, cut(journal))
    walk.follow(whole)
    _finish(subject, walk, machines, key)


def directory(subject: Subject, path: Path, machines: Machines, key: SealingKey | None) -> None:
    """The directory of an attempt at a station. Raises :class:`OSError`."""
    manifest_bytes = _file(path / "manifest")
    walk = _from_segments(subject, path / "journal", machines)
    manifest = _finish(
        subject, walk, machines, key, manifest_bytes, _file(path / "countersignature")
    )
    if manifest is not None:
        store = path / "evidence"
        _pictures(subject, manifest, lambda digest, _: _file(store / digest.hex()))


def segments(subject: Subject, path: Path, machines: Machines, key: SealingKey | None) -> None:
    """The segments in the directory *path*, as one journal. Raises :class:`OSError`."""
    _finish(subject, _from_segments(subject, path, machines), machines, key)


def _from_segments(subject: Subject, path: Path, machines: Machines) -> Walk:
    walk = Walk(machines, subject.findings)
    recovered, conflict = Segments(path).salvage()
    if conflict is not None:
        subject.findings.problem("record-conflict", conflict)
    walk.follow(recovered.frames)
    if recovered.note is not None:
        subject.findings.problem("record-breaks-off", recovered.note)
    return walk


# --- What was signed over the end of a record --------------------------------------


def _finish(
    subject: Subject,
    walk: Walk,
    machines: Machines,
    key: SealingKey | None,
    manifest_bytes: bytes = b"",
    countersignature: bytes = b"",
) -> Manifest | None:
    """Compare *walk* with what was signed over its end; return the manifest if it is signed."""
    manifest = _manifest(subject, manifest_bytes, machines) if manifest_bytes else None
    ends = manifest is not None and _ends_at(subject, walk, manifest)
    if manifest is not None:
        _countersigned(subject, walk, machines, manifest, manifest_bytes, countersignature, ends)
    elif not manifest_bytes:
        subject.findings.note(
            "not-handed-in", "No station signed this record as handed in: there is no manifest."
        )
    vouched = walk.entries if ends else walk.signed_through()
    record = walk.record()
    if record is None:
        return manifest
    stands = min(walk.stands, vouched)
    if vouched < walk.stands:
        subject.findings.not_proven(
            "record-unsigned",
            "Nobody’s signature covers entries {first} to {last}: neither the station nor a "
            "holder vouches for them in what is here.",
            first=vouched + 1,
            last=walk.stands,
        )
    elif record.stretches and record.stretches[-1].witness is None and ends:
        subject.findings.note(
            "record-unwitnessed",
            "No holder witnessed entries {first} to {last}; the station alone signed them.",
            first=record.stretches[-1].first,
            last=record.stretches[-1].last,
        )
    record = replace(record, stands=stands)
    if key is not None:
        record = _with_times(subject, walk, machines, key, record, manifest if ends else None)
    subject.record = record
    if stands:
        subject.package_hash = subject.package_hash or record.package_hash
        subject.centre = subject.centre or record.centre
        subject.facts = {
            "attempt": record.blind_id.hex(),
            **subject.facts,
            "package": record.package_hash.hex(),
        }
    return manifest


def _manifest(subject: Subject, data: bytes, machines: Machines) -> Manifest | None:
    try:
        signed, manifest = parse_manifest(data)
        station = machines.station(manifest.station)
        if station is None or station.centre != manifest.centre:
            raise BundleError(
                "The station that signed the manifest is not an enrolled station of its centre, "
                "as far as enrolments are at hand."
            )
        read_manifest(data, station.verify_key)
    except ExamError as problem:
        subject.findings.problem("manifest-not-signed", problem)
        return None
    subject.bundle_hash = bundle_hash(signed.body)
    subject.package_hash, subject.centre = manifest.package_hash, manifest.centre
    subject.facts |= {
        "centre": manifest.centre,
        "station": machines.name(manifest.station),
        "finished": moment(manifest.finished_s * SECOND),
        "code": hand_in_code(subject.bundle_hash),
        "bundle": subject.bundle_hash.hex(),
        "equipment": manifest.equipment.hex() or "not hardware-checked",
    }
    subject.findings.proven(
        "manifest-signed",
        "{station} signed a record of {count} entries and {pictures} pictures as handed in.",
        station=machines.name(manifest.station),
        count=manifest.count,
        pictures=len(manifest.evidence),
    )
    return manifest


def _ends_at(subject: Subject, walk: Walk, manifest: Manifest) -> bool:
    """Whether the record is exactly the one that *manifest* names."""
    state = walk.state
    if state is None:
        return False
    if (state.cursor, state.station) == (manifest.cursor, manifest.station):
        subject.findings.proven(
            "record-handed-in",
            "The record ends exactly where the station signed that it ends, at entry {entry}.",
            entry=manifest.count,
        )
        return True
    if (state.blind_id, state.package_hash) != (manifest.blind_id, manifest.package_hash):
        subject.findings.not_proven(
            "record-foreign",
            "The record belongs to another attempt or package than the manifest names.",
        )
    elif walk.entries == manifest.count:
        subject.findings.not_proven(
            "record-altered",
            "The record has the {count} entries that the station signed, but not with the same "
            "content: something in it was exchanged.",
            count=manifest.count,
        )
    else:
        subject.findings.not_proven(
            "record-end",
            "The record can be followed to entry {found}; the station signed entry {count} as "
            "its last.",
            found=walk.entries,
            count=manifest.count,
        )
    return False


def _countersigned(
    subject: Subject,
    walk: Walk,
    machines: Machines,
    manifest: Manifest,
    manifest_bytes: bytes,
    countersignature: bytes,
    ends: bool,
) -> None:
    if not countersignature:
        subject.findings.note(
            "not-countersigned", "No hall signed that its own copy ends where this record ends."
        )
        return
    try:
        word = read_countersignature(
            countersignature, manifest_bytes, machines.halls(manifest.centre)
        )
    except ExamError as problem:
        subject.findings.problem("countersignature-not-signed", problem)
        return
    hall = machines.name(word.holder)
    subject.findings.proven(
        "countersigned",
        "{hall} signed at {time} that its own copy of the record ends at entry {entry}, with "
        "the content that the station signed.",
        hall=hall,
        time=moment(word.time_s * SECOND),
        entry=manifest.count,
    )
    if ends:
        walk.witnesses.append(
            Witness("countersignature", manifest.count, hall, word.time_s * SECOND, 0)
        )


# --- Pictures ----------------------------------------------------------------------


def _pictures_in(subject: Subject, file: BinaryIO, end: int, manifest: Manifest) -> None:
    """The pictures of a bundle file, which begin at *end*."""
    total = file.seek(0, 2)
    expected = sum(picture.size for picture in manifest.evidence)
    if total > end + expected:
        subject.findings.not_proven(
            "bundle-size", "Something was added behind the end of this bundle."
        )
    if total == end and manifest.evidence:
        subject.findings.note(
            "pictures-apart",
            "{count} pictures belong to this exam; this file is the part without them.",
            count=len(manifest.evidence),
        )
        return
    file.seek(end)
    _pictures(subject, manifest, lambda _, size: file.read(size))


def _pictures(subject: Subject, manifest: Manifest, read: Callable[[bytes, int], bytes]) -> None:
    """Compare the pictures that *read* gives, by digest and size, with the manifest."""
    missing, altered = [], []
    for place, picture in enumerate(manifest.evidence, 1):
        data = read(picture.digest, picture.size)
        if not data:
            missing.append(place)
        elif blob_digest(data) != picture.digest:
            altered.append(place)
    if altered:
        subject.findings.not_proven(
            "pictures-altered",
            "Pictures that are not the ones the station signed: {which}.",
            which=_listed(altered),
        )
    if missing:
        subject.findings.not_proven(
            "pictures-missing", "Pictures that are not here: {which}.", which=_listed(missing)
        )
    sound = len(manifest.evidence) - len(missing) - len(altered)
    if sound:
        subject.findings.proven(
            "pictures-whole",
            "{count} of {all} pictures are the ones that the station signed.",
            count=sound,
            all=len(manifest.evidence),
        )


def _listed(places: Sequence[int]) -> str:
    shown = ", ".join(str(place) for place in places[:20])
    return shown + (f" and {len(places) - 20} more" if len(places) > 20 else "")


# --- With the integrity key --------------------------------------------------------


def _with_times(
    subject: Subject,
    walk: Walk,
    machines: Machines,
    key: SealingKey,
    record: Record,
    manifest: Manifest | None,
) -> Record:
    told = tell(walk, key, machines)
    if told is None:
        return record
    if manifest is not None and told.times.to_entry == walk.entries:
        signed = {picture.digest for picture in manifest.evidence}
        if signed == set(told.pictures):
            subject.findings.proven(
                "pictures-agree",
                "The pictures that the record names are those that were handed in.",
            )
        else:
            subject.findings.not_proven(
                "pictures-differ",
                "The record names {taken} pictures, {missing} of which were not handed in, and "
                "{strange} were handed in that it does not name.",
                taken=len(told.pictures),
                missing=len(set(told.pictures) - signed),
                strange=len(signed - set(told.pictures)),
            )
    return replace(
        record,
        times=told.times,
        stretches=tuple(_dated(each, told.times) for each in record.stretches),
    )


def _dated(stretch: Stretch, times: Times) -> Stretch:
    return replace(
        stretch,
        from_wall_ns=times.wall_ns.get(stretch.first),
        to_wall_ns=times.wall_ns.get(stretch.last),
    )


def _file(path: Path) -> bytes:
    """The file at *path*, bounded; empty when there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE)
    except FileNotFoundError:
        return b""
