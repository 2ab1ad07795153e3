"""The bundle: a finished attempt on its way to the body. Nothing in it is encrypted again.

The station signs a *manifest* that names everything. The *bundle hash* is over the
manifest's body alone, so it exists at hand-in, offline: its first 100 bits are the
*hand-in code*. The hall's countersignature says that its own copy ends at the same head.

A bundle file is the *answers part*, then every sealed picture in the manifest's order::

    magic ‖ u32 length ‖ [manifest, countersignature, [enrolment …], frames size] ‖ frames
    ‖ picture ‖ picture …

The manifest tells the pictures' sizes and digests, so there is no table; a file that ends
after the frames is the answers part alone, which travels first.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Id
from exam_packages.files import sync_directory, write_all
from exam_packages.sealing import chain, codes
from exam_packages.sealing.journal_format import (
    Cursor,
    JournalError,
    Number,
    split_frames,
)
from exam_packages.sealing.journal_keys import MAX_PICTURE, blob_digest
from exam_packages.sealing.signed import Signed, SignedError, read_signed, sign
from exam_packages.sealing.suite import (
    SealingError,
    SigningKey,
    VerifyKey,
    digest,
    label,
)
from exam_packages.sealing.trust import HALL, STATION, Enrolment, Trust, read_enrolment

MANIFEST_KIND: Final = "exam-kiosk/manifest/v1"
COUNTERSIGNATURE_KIND: Final = "exam-kiosk/countersignature/v1"

MAX_FRAMES_SIZE: Final = 256 * 1024 * 1024
"""Bytes of all frames of one attempt."""
MAX_EVIDENCE: Final = 50_000
"""Pictures of one attempt."""

_MAGIC = b"EXKBNDL1"
_MAX_MANIFEST = 4 * 1024 * 1024
_MAX_HEAD = 8 * 1024 * 1024
_MAX_ENROLMENTS = 16
_MAX_SEALED_PICTURE = MAX_PICTURE + 64 * 1024
_CODE = label("bundle", "hand-in-code")


class BundleError(SealingError):
    """This is not a whole, untouched bundle of one attempt."""


class Evidence(canon.Object):
    """One sealed picture: the SHA-256 of its sealed bytes, and how many there are."""

    digest: Hash
    size: Annotated[int, Meta(ge=1, le=_MAX_SEALED_PICTURE)]


class Manifest(canon.Object):
    """What a station signs at hand-in.

    ``station`` is its key id; ``head``, ``epoch`` and ``count`` are the journal's last
    place; ``equipment`` is the hash of the equipment report (empty: not hardware-checked);
    ``finished_s`` is the station's wall clock at the end.
    """

    sitting: Annotated[str, Meta(max_length=200)]
    centre: Annotated[str, Meta(max_length=200)]
    station: Id
    blind_id: Id
    package_hash: Hash
    head: Hash
    epoch: Number
    count: Number
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=MAX_EVIDENCE)]
    equipment: Annotated[bytes, Meta(max_length=32)]
    finished_s: Number

    @property
    def cursor(self) -> Cursor:
        """The last place of the journal that was handed in."""
        return Cursor(self.blind_id, self.epoch, self.count, self.head)


class Countersignature(canon.Object):
    """A hall's word that the journal it holds ends where the manifest says."""

    bundle_hash: Hash
    head: Hash
    holder: Id
    time_s: Number


def sign_manifest(manifest: Manifest, station: SigningKey) -> bytes:
    """Sign *manifest* as the station it names."""
    if manifest.station != station.key_id:
        raise ValueError("a manifest is signed by the station it names")
    return sign(MANIFEST_KIND, canon.pack(manifest), [station])


def read_manifest(data: bytes, station: VerifyKey) -> Manifest:
    """The manifest that *station* signed. Raises :class:`BundleError`."""
    signed, manifest = parse_manifest(data)
    if manifest.station != station.key_id or not signed.signers([station]):
        raise BundleError("The manifest is not signed by the station that it names.")
    return manifest


def parse_manifest(data: bytes) -> tuple[Signed, Manifest]:
    """A manifest, its signature not yet verified. Raises :class:`BundleError`."""
    try:
        signed = read_signed(data, MANIFEST_KIND, max_size=_MAX_MANIFEST)
        manifest: Manifest = canon.unpack(signed.body, Manifest, max_size=_MAX_MANIFEST)
    except (SignedError, canon.CanonError):
        raise BundleError("The manifest of this bundle is damaged.") from None
    return signed, manifest


def bundle_hash(manifest_body: bytes) -> bytes:
    """What names a bundle: the hash of its manifest's body, without any signature."""
    return digest(label("bundle", "hash"), manifest_body)


def manifest_hash(manifest: bytes) -> bytes:
    """The bundle hash of a signed manifest. Raises :class:`BundleError`."""
    return bundle_hash(parse_manifest(manifest)[0].body)


# --- Hand-in code ------------------------------------------------------------------


def hand_in_code(bundle: bytes) -> str:
    """The first 100 bits of a bundle hash, with checks: what the candidate takes home."""
    return codes.spell(bundle, _CODE)


def check_hand_in_code(text: str, bundle: bytes) -> bool:
    """Whether *text*, as a person typed it, is the hand-in code of this bundle hash."""
    try:
        bits = codes.read(text, _CODE)
    except codes.CodeError:
        return False
    return codes.spell(bits, _CODE) == codes.spell(bundle, _CODE)


# --- Countersignature --------------------------------------------------------------


def countersign(
    manifest: bytes, held: Cursor, station: VerifyKey, hall: SigningKey, time_s: int
) -> bytes:
    """Countersign as *hall*, which holds this journal up to *held*.

    Raises :class:`BundleError` unless *station* signed the manifest and the journal it
    hands in ends exactly where the hall's own copy does: missing frames are sent first.
    """
    handed_in = read_manifest(manifest, station)
    if handed_in.cursor != held:
        raise BundleError(
            "The exam handed in ends at entry {count}, which is not where the hall's own copy "
            "of the record ends; the hall does not countersign it.",
            count=handed_in.count,
        )
    word = Countersignature(manifest_hash(manifest), held.head, hall.key_id, time_s)
    return sign(COUNTERSIGNATURE_KIND, canon.pack(word), [hall])


def read_countersignature(
    data: bytes, manifest: bytes, halls: Sequence[VerifyKey]
) -> Countersignature:
    """The countersignature under *manifest* by one of *halls*. Raises :class:`BundleError`."""
    signed, handed_in = parse_manifest(manifest)
    try:
        envelope = read_signed(data, COUNTERSIGNATURE_KIND, max_size=_MAX_MANIFEST)
        word: Countersignature = canon.unpack(envelope.body, Countersignature)
    except (SignedError, canon.CanonError):
        raise BundleError("The hall's countersignature is damaged.") from None
    if word.holder not in envelope.signers(halls):
        raise BundleError("The countersignature is not by an enrolled hall of this centre.")
    if (word.bundle_hash, word.head) != (bundle_hash(signed.body), handed_in.head):
        raise BundleError("The hall countersigned another bundle than this.")
    return word


# --- The file ----------------------------------------------------------------------


class Head(canon.Object):
    """What stands before the frames of a bundle file; nothing in it is verified."""

    manifest: bytes
    countersignature: bytes
    enrolments: Annotated[tuple[bytes, ...], Meta(max_length=_MAX_ENROLMENTS)]
    frames_size: Annotated[int, Meta(ge=0, le=MAX_FRAMES_SIZE)]


@dataclass(frozen=True)
class Answers:
    """The answers part: everything but the pictures. Nothing in it is verified yet.

    ``countersignature`` is empty when no hall gave one; ``enrolments`` are those of every
    station and hall whose signatures are inside.
    """

    manifest_bytes: bytes
    countersignature: bytes
    enrolments: tuple[bytes, ...]
    journal: bytes

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest, its signature not verified. Raises :class:`BundleError`."""
        return parse_manifest(self.manifest_bytes)[1]

    @property
    def bundle_hash(self) -> bytes:
        """What names this bundle. Raises :class:`BundleError`."""
        return manifest_hash(self.manifest_bytes)

    def frames(self) -> tuple[bytes, ...]:
        """The journal's frames. Raises :class:`ChainDamage`."""
        return tuple(split_frames(self.journal))


def answers_part(
    manifest: bytes,
    countersignature: bytes,
    enrolments: Sequence[bytes],
    frames: Iterable[bytes],
) -> bytes:
    """The bytes of an answers part. Raises :class:`BundleError` when the journal is too long."""
    journal = b"".join(frames)
    if len(journal) > MAX_FRAMES_SIZE:
        raise BundleError("The record of this exam is too long for a bundle.")
    head = canon.pack(Head(manifest, countersignature, tuple(enrolments), len(journal)))
    return _MAGIC + len(head).to_bytes(4, "big") + head + journal


def read_answers(data: bytes) -> Answers:
    """Take an answers part apart. Raises :class:`BundleError` unless *data* is exactly one."""
    head, offset = read_head(data[:12], lambda size: data[12 : 12 + size])
    if len(data) != offset + head.frames_size:
        raise _incomplete()
    return Answers(head.manifest, head.countersignature, head.enrolments, data[offset:])


def write_bundle(
    path: Path,
    manifest: bytes,
    countersignature: bytes,
    enrolments: Sequence[bytes],
    frames: Iterable[bytes],
    evidence: Iterable[tuple[bytes, bytes]],
) -> None:
    """Write a bundle to *path*, durably, whole or not at all.

    *evidence* gives (digest, sealed bytes) in the manifest's order; with none at all the
    file is the answers part. Raises :class:`BundleError` when the pictures are not those
    of the manifest, :class:`OSError` when the disk will not.
    """
    expected = parse_manifest(manifest)[1].evidence
    part = answers_part(manifest, countersignature, enrolments, frames)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        try:
            write_all(descriptor, part)
            count = 0
            for place, (name, data) in enumerate(evidence):
                if place >= len(expected) or expected[place] != Evidence(name, len(data)):
                    raise _wrong_picture(place + 1)
                write_all(descriptor, data)
                count += 1
            if count not in (0, len(expected)):
                raise _wrong_picture(count + 1)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


@dataclass(frozen=True)
class BundleFile:
    """A bundle on disk. Its answers part is in memory, its pictures are read when asked for."""

    path: Path
    answers: Answers
    has_evidence: bool
    """False when the file is the answers part alone while the manifest names pictures."""

    _evidence_offset: int

    @classmethod
    def open(cls, path: Path) -> BundleFile:
        """Open the bundle at *path*; nothing is verified yet.

        Raises :class:`BundleError` when it is cut short, has something after its end, or is
        none; :class:`OSError` when it cannot be read.
        """
        with path.open("rb") as file:
            head, offset = read_head(file.read(12), file.read)
            journal = file.read(head.frames_size)
            total = file.seek(0, os.SEEK_END)
        answers = Answers(head.manifest, head.countersignature, head.enrolments, journal)
        end = offset + head.frames_size
        pictures = sum(picture.size for picture in answers.manifest.evidence)
        if len(journal) != head.frames_size or total not in (end, end + pictures):
            raise _incomplete()
        return cls(path, answers, total == end + pictures, end)

    @property
    def manifest(self) -> Manifest:
        """The manifest, not verified."""
        return self.answers.manifest

    def frames(self) -> tuple[bytes, ...]:
        """The journal's frames. Raises :class:`ChainDamage`."""
        return self.answers.frames()

    def evidence(self) -> Iterator[tuple[bytes, bytes]]:
        """Each sealed picture as (digest, bytes), checked; none in an answers part alone.

        Raises :class:`BundleError` when one was altered.
        """
        if not self.has_evidence:
            return
        with self.path.open("rb") as file:
            file.seek(self._evidence_offset)
            for place, picture in enumerate(self.manifest.evidence):
                data = file.read(picture.size)
                if blob_digest(data) != picture.digest:
                    raise _wrong_picture(place + 1)
                yield picture.digest, data

    def picture(self, digest: bytes) -> bytes | None:
        """The sealed picture of this digest, checked; None when it is not in this file.

        Raises :class:`BundleError` when it was altered.
        """
        offset = self._evidence_offset
        for place, picture in enumerate(self.manifest.evidence if self.has_evidence else ()):
            if picture.digest == digest:
                with self.path.open("rb") as file:
                    file.seek(offset)
                    data = file.read(picture.size)
                if blob_digest(data) != digest:
                    raise _wrong_picture(place + 1)
                return data
            offset += picture.size
        return None


# --- Verifying ---------------------------------------------------------------------


def verify_bundle(bundle: BundleFile | Answers, trust: Trust) -> Manifest:
    """Check everything that can be checked without a key; return the manifest.

    The enrolments by *trust*; the station's signature; the whole chain, with the halls
    enrolled here as those who permit; its end, count and epoch; the acknowledgements
    journaled by machines enrolled here; the countersignature, where there is one; every
    picture, where they are here. Raises :class:`BundleError`, or
    :class:`TrustError` or :class:`SignedError` for an enrolment.
    """
    answers = bundle if isinstance(bundle, Answers) else bundle.answers
    manifest = answers.manifest
    machines = [read_enrolment(data, trust, now_s=None) for data in answers.enrolments]
    stations = _keys_of(machines, STATION, manifest.centre)
    halls = _keys_of(machines, HALL, manifest.centre)
    station = stations.get(manifest.station)
    if station is None:
        raise BundleError("The station that handed in is not an enrolled station of its centre.")
    read_manifest(answers.manifest_bytes, station)
    if answers.countersignature:
        read_countersignature(
            answers.countersignature, answers.manifest_bytes, tuple(halls.values())
        )
    try:
        frames = answers.frames()
        state = chain.extend(
            chain.start(manifest.blind_id, manifest.package_hash),
            frames,
            stations.get,
            tuple(halls.values()),
        )
        chain.witnesses(frames, (stations | halls).values())
    except JournalError as problem:
        raise BundleError(
            "The record in this bundle is not whole and untouched: {why}", why=str(problem)
        ) from problem
    if state.cursor != manifest.cursor or state.station != manifest.station:
        raise BundleError(
            "The record in this bundle ends at entry {found}, and the station signed entry "
            "{count} as its last; something was cut off, added or exchanged.",
            found=state.sequence,
            count=manifest.count,
        )
    if isinstance(bundle, BundleFile):
        for _ in bundle.evidence():
            pass
    return manifest


def _keys_of(machines: Iterable[Enrolment], kind: int, centre: str) -> dict[bytes, VerifyKey]:
    return {
        machine.key_id: machine.verify_key
        for machine in machines
        if machine.kind == kind and machine.centre == centre
    }


def read_head(start: bytes, read: Callable[[int], bytes]) -> tuple[Head, int]:
    """The head of an answers part, and the offset at which its frames begin.

    *start* is the first 12 bytes; *read* gives as many as it is asked for after them.
    Raises :class:`BundleError`.
    """
    size = int.from_bytes(start[8:12], "big")
    if len(start) != 12 or start[:8] != _MAGIC or size > _MAX_HEAD:
        raise BundleError("This is not a bundle.")
    data = read(size)
    if len(data) != size:
        raise _incomplete()
    try:
        head: Head = canon.unpack(data, Head, max_size=_MAX_HEAD)
    except canon.CanonError:
        raise BundleError("The beginning of this bundle is damaged.") from None
    return head, 12 + size


def _incomplete() -> BundleError:
    return BundleError("This bundle is incomplete, or something was added to it; copy it again.")


def _wrong_picture(place: int) -> BundleError:
    return BundleError(
        "Picture {place} of this bundle is not the one that the station signed.", place=place
    )
