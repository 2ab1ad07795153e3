"""Handing desks of the body their share.

The scoring desk gets answers, without evidence and without a name.

Of every attempt the longest bundle is handed over as an answers part. The one identity
record stays in the chain as the sealed bytes it is (a head covers them, and the desk
checks every head), but only the registrar's key opens it, and the desk has no such key.
"""

from __future__ import annotations

from pathlib import Path

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.bundle import answers_part, parse_manifest, write_bundle
from sync.intake.messages import Offer
from sync.intake.storage import Accepted, Storage

__all__ = ["SUFFIX", "ExportError", "export", "write_whole"]

SUFFIX = ".answers"


class ExportError(ExamError):
    """What is asked for cannot be handed out."""


def export(storage: Storage, directory: Path, package_hash: bytes | None = None) -> list[Path]:
    """Write the answers part of every attempt into *directory*; return the files.

    With *package_hash*, only of the attempts at that package. Running it again replaces
    each file by the same one, or by a longer one of a hand-in that was reopened.
    """
    make_directory(directory, 0o700)
    longest: dict[bytes, tuple[int, bytes]] = {}
    for bundle_hash in storage.bundles():
        bundle = _bundle(storage, bundle_hash)
        if package_hash is None or bundle.package_hash == package_hash:
            place = (bundle.frames, bundle_hash)
            longest[bundle.blind_id] = max(place, longest.get(bundle.blind_id, place))
    paths = []
    for blind_id, (_, bundle_hash) in sorted(longest.items()):
        bundle = _bundle(storage, bundle_hash)
        offer: Offer = canon.unpack(bundle.offer, Offer)
        part = answers_part(
            offer.manifest, offer.countersignature, offer.enrolments, [bundle.answers]
        )
        paths.append(directory / f"{blind_id.hex()}{SUFFIX}")
        write_durably(paths[-1], part, mode=0o600)
    return paths


def write_whole(storage: Storage, bundle_hash: bytes, path: Path) -> None:
    """Write a bundle with its pictures, all of them sealed as they came, to *path*.

    Raises :class:`ExportError` while pictures are missing.
    """
    bundle = _bundle(storage, bundle_hash)
    missing = storage.missing(bundle_hash)
    if missing:
        raise ExportError(
            "{count} pictures of this exam have not arrived from the hall yet; ask again later.",
            count=len(missing),
        )
    offer: Offer = canon.unpack(bundle.offer, Offer)
    pictures = parse_manifest(offer.manifest)[1].evidence
    write_bundle(
        path,
        offer.manifest,
        offer.countersignature,
        offer.enrolments,
        [bundle.answers],
        ((picture.digest, storage.evidence(picture.digest)) for picture in pictures),
    )


def _bundle(storage: Storage, bundle_hash: bytes) -> Accepted:
    bundle = storage.bundle(bundle_hash)
    assert bundle is not None, "a listed bundle is never deleted"  # noqa: S101
    return bundle
