"""Make the test vectors in tests/vectors: one of each file that travels, with all keys.

``python tools/make_vectors.py DIR`` writes into a new directory; with ``--volumes``, what
lies in ``tests/vectors-volumes``: the same package in four volumes. What lies in
``tests/vectors`` is published: it shows that later versions still read what this one
wrote. It is made anew only when a format changes its number, and never edited.

Keys are derived from their names, so that anybody can have them; what sealing draws by
chance differs each time. ``manifest.json`` says what a reader must find.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vectors import keeping
from vectors.attempt import Record
from vectors.body import (
    BLIND_ID,
    CENTRE,
    ORIGIN,
    RELEASE_ID,
    SITTING,
    SLOT,
    START_S,
    Body,
    seed,
    sha256,
)

from exam_packages.sealing.bundle import (
    answers_part,
    bundle_hash,
    hand_in_code,
    manifest_hash,
    write_bundle,
)
from exam_packages.sealing.codes import spell
from exam_packages.sealing.grant import seal_grant
from exam_packages.sealing.log import (
    Tree,
    checkpoint_body,
    leaf_hash,
    sign_checkpoint,
)
from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.package import MAX_VOLUME_SIZE, Blob, Core, seal_package
from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.release import (
    SealedCode,
    join_release,
    read_code,
    release_secret,
    seal_code,
)
from exam_packages.sealing.suite import label
from exam_packages.sealing.trust import (
    Trust,
)

PRACTICE = (Blob("practice", "application/x-test", b"the practice sheet"),)
PAPER = (
    Blob("paper", "application/x-test", b"the paper"),
    Blob("item/1", "application/x-test", "Wie heißt die Hauptstadt?".encode()),
    Blob("media/chart", "image/test", bytes(range(256)) * 90),  # more than one chunk
    Blob("item/empty", "application/x-test", b""),
)
VOLUME_SIZE = 40 * 1024


class Maker:
    """Writes one file after another, and remembers what a reader must find in it."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.body = Body()
        self.facts: dict[str, Any] = {
            "about": "Made by tools/make_vectors.py. Never edited. Secrets are hexadecimal.",
            "keys": self.body.secrets,
        }

    def make(self) -> None:
        self.trust()
        package_hash = self.package()
        self.grant(package_hash)
        self.attempt(package_hash)
        self.manifest()

    def make_volumes(self) -> None:
        self.write("root-1.trust", self.body.root(1))
        self.package(VOLUME_SIZE)
        self.manifest()

    def manifest(self) -> None:
        self.facts["files"] = {
            path.name: sha256(path.read_bytes()) for path in sorted(self.out.iterdir())
        }
        text = json.dumps(self.facts, indent=1, ensure_ascii=False, sort_keys=True)
        self.write("manifest.json", f"{text}\n".encode())

    def write(self, name: str, data: bytes) -> None:
        (self.out / name).write_bytes(data)

    def trust(self) -> None:
        for version in (1, 2):
            self.write(f"root-{version}.trust", self.body.root(version))
        for machine in (self.body.hall, self.body.first, self.body.second, self.body.lost):
            self.write(f"{machine.name.replace(' ', '-')}.enrolment", machine.enrolment)
        trust = Trust.first((self.out / "root-1.trust").read_bytes(), pinned=None)
        self.facts["trust"] = {
            "pinned": trust.digest.hex(),
            "body": trust.root.body,
            "revoked by version 2": self.body.lost.signing.key_id.hex(),
        }

    def package(self, volume_size: int = MAX_VOLUME_SIZE) -> bytes:
        core = Core(
            suite=1,
            package_id=bytes(range(32, 48)),
            exam="Food safety",
            form="form-1",
            version=1,
            window_from_s=START_S,
            window_to_s=START_S + 20_000,
            not_before_s=START_S - 600,
            expires_s=START_S + 50_000,
            least_client=(0, 1, 0),
            least_trust=1,
            policy_hash=bytes(range(32)),
        )
        path, signers = self.out / "exam.package", [self.body.packager]
        key = seal_package(path, core, PRACTICE, PAPER, signers, volume_size=volume_size)
        self.paper_key = key.key
        self.facts["package"] = {
            "hash": key.package_hash.hex(),
            "paper key": key.key.hex(),
            **{
                part: [
                    [blob.name, blob.media_type, len(blob.data), sha256(blob.data)]
                    for blob in blobs
                ]
                for part, blobs in (("practice", PRACTICE), ("paper", PAPER))
            },
        }
        return key.package_hash

    def grant(self, package_hash: bytes) -> None:
        codes = [
            spell(
                seed(f"code {number}"),
                label("release", "code", package_hash, SLOT.encode(), bytes([number])),
            )
            for number in (1, 2)
        ]
        bits = [read_code(code, package_hash, SLOT, n) for n, code in enumerate(codes, 1)]
        secret = release_secret(bits, package_hash, SLOT, RELEASE_ID)
        stations = [self.body.first.recipient, self.body.second.recipient]
        self.write(
            "centre.grant",
            seal_grant(
                package_hash,
                CENTRE,
                SLOT,
                1,
                RELEASE_ID,
                START_S + 50_000,
                self.paper_key,
                secret,
                stations,
                [self.body.packager],
                evidence=self.body.evidence.public,
                codes=2,
            ),
        )
        parts = [
            seal_code(
                SealedCode(
                    package_hash=package_hash,
                    slot=SLOT,
                    release_id=RELEASE_ID,
                    number=number,
                    codes=2,
                    not_before_s=START_S - 600,
                    expires_s=START_S + 50_000,
                    time_s=START_S - 60,
                    shares=(),
                ),
                code,
                [self.body.hall.recipient],
                [officer],
            )
            for number, code, officer in zip(
                (1, 2), bits, (self.body.release, self.body.officer), strict=True
            )
        ]
        self.write("sitting.release", join_release(*parts))
        self.facts["grant"] = {
            "centre": CENTRE,
            "slot": SLOT,
            "issue": 1,
            "release id": RELEASE_ID.hex(),
            "codes": codes,
            "bits": [code.hex() for code in bits],
            "release secret": secret.hex(),
        }

    def attempt(self, package_hash: bytes) -> None:
        """A candidate begins at station 1, is moved to station 2, and hands in there."""
        with tempfile.TemporaryDirectory() as scratch:
            record = Record(self.body, Path(scratch), package_hash)
            record.sit()
            manifest, countersignature = record.hand_in()
            frames = record.frames
            pictures = [(blob.digest, blob.data) for blob in record.pictures]
            halves = record.halves
        enrolments = [
            machine.enrolment for machine in (self.body.first, self.body.second, self.body.hall)
        ]
        self.write("attempt.journal", b"".join(frames))
        self.write("attempt.answers", answers_part(manifest, countersignature, enrolments, frames))
        write_bundle(
            self.out / "attempt.bundle", manifest, countersignature, enrolments, frames, pictures
        )
        self.facts["journal"] = {
            "blind id": BLIND_ID.hex(),
            "package hash": package_hash.hex(),
            "head": record.cursor.head.hex(),
            "epoch": record.cursor.epoch,
            "count": record.cursor.sequence,
            "records": record.records,
            "halves 2": halves,
            "pictures": record.plain_pictures,
        }
        named = manifest_hash(manifest)
        self.facts["bundle"] = {
            "hash": named.hex(),
            "hand-in code": hand_in_code(named),
            "sitting": SITTING,
            "centre": CENTRE,
            "finished": record.wall_s,
        }
        for name, data in (
            *keeping.statements(self.body, package_hash),
            *keeping.register(self.body, package_hash, named, len(pictures), frames),
        ):
            self.write(name, data)
        self.facts["register"] = keeping.facts(self.body)
        self.log(named)

    def log(self, bundle: bytes) -> None:
        others = [bundle_hash(b"another manifest %d" % number) for number in range(6)]
        entries = [bundle_entry(each) for each in (*others[:3], bundle, *others[3:])]
        tree = Tree(leaf_hash(entry) for entry in entries)
        note = checkpoint_body(ORIGIN, len(tree), tree.root())
        self.write("log.checkpoint", sign_checkpoint(note, self.body.checkpoint).encode())
        self.write(
            "attempt.receipt",
            sign_receipt(Receipt(bundle, START_S + 9_000, 3), [self.body.intake]),
        )
        self.facts["log"] = {
            "origin": ORIGIN,
            "size": len(tree),
            "place": 3,
            "received": START_S + 9_000,
            "proof": [sibling.hex() for sibling in tree.inclusion(3)],
        }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make the test vectors.")
    parser.add_argument("out", type=Path, help="a directory that does not exist yet")
    parser.add_argument("--volumes", action="store_true", help="a package in four volumes only")
    options = parser.parse_args(arguments)
    out: Path = options.out
    if out.exists():
        sys.exit(f"{out} exists: vectors are never overwritten; choose a new directory.")
    out.mkdir(parents=True)
    maker = Maker(out)
    if options.volumes:
        maker.make_volumes()
    else:
        maker.make()
    print(f"{len(list(out.iterdir()))} files in {out}")


if __name__ == "__main__":
    main()
