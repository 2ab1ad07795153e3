"""A second reader, written from docs/formats.md and docs/formats-journal.md alone.

It imports nothing of this project (``second/`` is its other half): ``cryptography`` for the
algorithms, ``msgpack`` for the bytes, and the standard library. Where it reads what our
code wrote, the documents say enough; where it could not, they were mended.

``python tests/second_reader.py DIR`` opens everything in a directory of test vectors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from second import keeping
from second.journal import Journal
from second.log import leaf, read_log, root_of
from second.suite import (
    Opener,
    Refused,
    Who,
    canonical,
    cobblestone,
    digest,
    field,
    hkdf,
    label,
    lp,
    need,
    signed_by,
    u32,
    u64,
    unseal,
    value,
    verified,
)

# --- Root of trust, enrolment ------------------------------------------------------


class Root:
    """A root of trust, believed because its digest is pinned or the one before signed it."""

    def __init__(self, data: bytes, pinned: bytes | None = None, before: Root | None = None):
        body = field(data[len("exam-kiosk/trust/v1\n") :])[0]
        self.digest = digest(label("trust", "root"), body)
        name, version, issued, expires, identities, roles, openings, revoked = value(body, 8)
        people = [Who(classical, lattice) for _, classical, lattice in identities]
        self.people = {who.key_id: who for who in people}
        self.roles = {role: (threshold, ids) for role, threshold, ids in roles}
        self.openings = dict(openings)
        self.name, self.version, self.revoked = name, version, set(revoked)
        need(issued < expires, "expires before it is issued")
        # rule 2
        need(len(self.roles) == len(roles), "a role twice")
        for role, (threshold, ids) in self.roles.items():
            need(len(set(ids)) == len(ids) and set(ids) <= self.people.keys(), "who signs")
            need(1 <= threshold <= len(ids), "a threshold out of reach")
            if role in ("root", "packager", "release"):  # rule 4
                need(all(len(self.people[one].algorithms) == 2 for one in ids), "half a pair")
        # rule 3
        for algorithm in (1, 2):
            keys = [who.algorithms[algorithm] for who in people if algorithm in who.algorithms]
            need(len(set(keys)) == len(keys), "a shared key")
        self.verify(data, "exam-kiosk/trust/v1", "root")  # rule 1
        if before is not None:  # rule 5
            before.verify(data, "exam-kiosk/trust/v1", "root")
            need((name, version) == (before.name, before.version + 1), "not the next root")
        if pinned is not None:
            need(self.digest == pinned, "not the root that is pinned")

    def verify(self, data: bytes, kind: str, role: str, people: int = 1) -> bytes:
        body, valid = self.signers(data, kind, role)
        threshold = max(self.roles[role][0], people)
        need(len(valid) >= threshold, f"{len(valid)} of {threshold} signatures of this {kind}")
        return body

    def signers(self, data: bytes, kind: str, role: str) -> tuple[bytes, set[bytes]]:
        need(role in self.roles, f"nobody is {role}")
        return signed_by(data, kind, [self.people[one] for one in self.roles[role][1]])


class Enrolled:
    """A machine that the body enrolled."""

    def __init__(self, data: bytes, root: Root) -> None:
        body = root.verify(data, "exam-kiosk/enrolment/v2", "enrolment")
        fields = value(body, 10)
        self.name, self.kind, self.centre, public, self.sealing = fields[:5]
        self.equipment, self.protection = fields[8:]
        need(self.protection in (0, 2), "a protection of keys")
        self.who = Who(public)
        self.key_id = self.who.key_id
        need(self.key_id not in root.revoked, "revoked")


# --- Package -----------------------------------------------------------------------


def aligned(size: int) -> int:
    return size + -size % 4096


class PackageFile:
    """A package: its signatures verified, every blob compared with its table.

    *further* are volumes 2, 3, … of a package in several.
    """

    def __init__(self, data: bytes, root: Root, further: Sequence[bytes] = ()) -> None:
        magic = b"exam-kiosk/package-file/v1\n"
        need(data.startswith(magic), "not a package")
        signed, _ = field(data[len(magic) :])
        start = aligned(len(magic) + 4 + len(signed))
        need(not data[len(magic) + 4 + len(signed) : start].strip(b"\0"), "no zeros")
        several = signed.startswith(b"exam-kiosk/package/v2\n")
        kind = "exam-kiosk/package/v2" if several else "exam-kiosk/package/v1"
        body = root.verify(signed, kind, "packager")
        self.hash = digest(label("package", "hash"), body)
        self._core, self.practice_key, self._blobs, *rest = value(body, 4 if several else 3)
        core = value(self._core, 12)
        need(core[0] == 1, "another suite")
        self.exam, self.form = core[2], core[3]
        self._data = data[start:]
        if several:
            self._join(rest[0], further)
        end = 0
        for place, (number, part, offset, length, sha256) in enumerate(self._blobs):
            need((number, offset) == (place, end), "the table contradicts itself")
            end = offset + aligned(length)
            need(hashlib.sha256(self._sealed(place)).digest() == sha256, f"blob {place} altered")
            need(not self._data[offset + length : end].strip(b"\0"), "no zeros behind a blob")
            need(part in ("practice", "paper"), "an unknown part")
        need(len(self._data) == end, "not as long as its table says")

    def _join(self, volumes: list[int], further: Sequence[bytes]) -> None:
        """Put behind the first volume what the others hold."""
        need(volumes and [0, *volumes, len(self._blobs)] == sorted({0, *volumes, len(self._blobs)}),
             "volumes that do not ascend")  # fmt: skip
        need(len(further) >= len(volumes), "a volume is missing")
        for number, (first, data) in enumerate(zip(volumes, further, strict=False), 2):
            need(len(self._data) == self._blobs[first][2], f"volume {number - 1}: its length")
            head = b"exam-kiosk/package-volume/v1\n" + self.hash + u32(number)
            need(data[:4096] == head + bytes(4096 - len(head)), f"not volume {number}")
            self._data += data[4096:]

    def part(self, part: str, key: bytes) -> list[tuple[str, str, bytes]]:
        """Name, media type and content of every blob of a part, in order."""
        numbers = [entry[0] for entry in self._blobs if entry[1] == part]
        index = self._plain(numbers[0], part, key)
        entries = value(field(index)[0])
        need(sorted(entry[0] for entry in entries) == numbers[1:], "index and table differ")
        found = []
        for number, name, media_type, size in entries:
            plain = self._plain(number, part, key)
            need(not plain[size:].strip(b"\0"), "padding is zeros")
            need(len(plain) == bucket(size), "not in its bucket")
            found.append((name, media_type, plain[:size]))
        return found

    def _sealed(self, place: int) -> bytes:
        _, _, offset, length, _ = self._blobs[place]
        return self._data[offset : offset + length]

    def _plain(self, number: int, part: str, key: bytes) -> bytes:
        core = digest(label("package", "core"), self._core)
        context = label("package", "blob", core, part.encode(), u32(number))
        return cobblestone(key, context, self._sealed(number))


def bucket(size: int) -> int:
    if size > 65536:
        return size + -size % 65536
    fits = 4096
    while fits < size:
        fits *= 2
    return fits


# --- Codes, release, grant ---------------------------------------------------------

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def code_bits(text: str, bound: bytes) -> bytes:
    """The bits of a code as 13 bytes, its four check characters compared."""
    typed = text.upper().replace("-", "").replace(" ", "")
    typed = typed.replace("O", "0").replace("I", "1").replace("L", "1")
    need(len(typed) == 24 and set(typed) <= set(CROCKFORD), "not a code")
    number = 0
    for character in typed[:20]:
        number = number << 5 | CROCKFORD.index(character)
    bits = (number << 4).to_bytes(13, "big")
    need(typed[20:] == characters(digest(bound, bits), 4), "the code's checks")
    return bits


def characters(data: bytes, count: int) -> str:
    """The first 5 x *count* bits of *data*."""
    number = int.from_bytes(data, "big") >> len(data) * 8 - 5 * count
    return "".join(CROCKFORD[number >> 5 * place & 31] for place in reversed(range(count)))


def release_bits(text: str, package_hash: bytes, slot: str, number: int) -> bytes:
    return code_bits(text, label("release", "code", package_hash, slot.encode(), bytes([number])))


def release_secret(
    bits: Sequence[bytes], package_hash: bytes, slot: str, release_id: bytes
) -> bytes:
    info = label("release", "secret", package_hash, slot.encode(), release_id)
    return hkdf(b"".join(bits), b"", info)


def grant_key(data: bytes, root: Root, machine: Opener, secret: bytes) -> tuple[bytes, bytes]:
    """From a grant: the hash of the package it is for, and the paper key."""
    body = root.verify(data, "exam-kiosk/grant/v2", "packager")
    package, _, slot, issue, release_id, expires, _, evidence, shares, wrapped, check = value(
        body, 11
    )
    need(len(evidence) == 1216, "an evidence key has 1216 bytes")
    context = (package, slot.encode(), u64(issue), release_id, u64(expires))
    for who, sealing, sealed in shares:
        if sealing == machine.key_id:
            share = machine.open(sealed, label("grant", "share", *context) + lp(who, sealing))
            break
    else:
        raise Refused("the grant is not for this machine")
    need(len(secret) == 32, "the release secret has 32 bytes")
    both = hkdf(share, secret, label("grant", "key", *context), 64)
    need(hmac.compare_digest(both[32:], check), "another release")
    return package, unseal(both[:32], bytes(12), wrapped, label("grant", "wrap", check))


def released_bits(data: bytes, root: Root, hall: Opener) -> list[bytes]:
    """The bits of the codes in a release file: one signed object for each code."""
    kind = "exam-kiosk/release/v2"
    found: list[tuple[int, bytes]] = []
    officers: set[bytes] = set()
    common = set()
    while data:
        need(data.startswith(kind.encode() + b"\n"), "a release holds sealed codes")
        end = len(kind) + 1
        for _ in ("body", "signatures"):
            end += 4 + int.from_bytes(data[end : end + 4], "big")
        signed, data = data[:end], data[end:]
        body, who_signed = root.signers(signed, kind, "release")
        need(bool(who_signed), "no release officer signed this code")
        officers |= who_signed
        package, slot, release_id, number, codes, not_before, expires, signed_at, shares = value(
            body, 9
        )
        common.add((package, slot, release_id, codes))
        info = label(
            *("release", "sealed-code", package, slot.encode(), release_id),
            bytes([number, codes]),
            *(u64(time) for time in (not_before, expires, signed_at)),
        )
        mine = [share for share in shares if share[1] == hall.key_id]
        need(bool(mine), "the release is not for this hall")
        who, sealing, sealed = mine[0]
        bits = hall.open(sealed, info + lp(who, sealing))
        need(len(bits) == 13, "the bits of a code are 13 bytes")
        found.append((number, bits))
    need(len(common) == 1, "the codes belong to one release")
    count = next(iter(common))[3]
    need([number for number, _ in found] == list(range(1, count + 1)), "every code, in order")
    need(len(officers) >= max(count, root.roles["release"][0]), "an officer for each code")
    return [bits for _, bits in found]


# --- Bundle, receipt, log ----------------------------------------------------------


class Bundle:
    """A bundle verified without any key."""

    def __init__(self, data: bytes, root: Root) -> None:
        need(data[:8] == b"EXKBNDL1", "not a bundle")
        head, rest = field(data[8:])
        manifest, countersignature, enrolments, size = value(head, 4)
        journal, pictures = rest[:size], rest[size:]
        need(len(journal) == size, "cut short")
        kind = "exam-kiosk/manifest/v1"
        need(manifest.startswith(kind.encode() + b"\n"), "not a manifest")
        body = field(manifest[len(kind) + 1 :])[0]
        self.sitting, self.centre, station, self.blind_id, self.package_hash = value(body, 11)[:5]
        last, epoch, count, evidence, self.equipment, self.finished = value(body, 11)[5:]
        machines = [Enrolled(one, root) for one in enrolments]
        here = [machine for machine in machines if machine.centre == self.centre]
        stations = {machine.key_id: machine.who for machine in here if machine.kind == 1}
        halls = [machine.who for machine in here if machine.kind == 2]
        need(station in stations, "not an enrolled station of the centre")
        verified(manifest, kind, [stations[station]])
        self.hash = digest(label("bundle", "hash"), body)
        self.journal = Journal(journal, self.blind_id, self.package_hash, stations, halls)
        end = (self.journal.head, self.journal.epoch, self.journal.count, self.journal.station)
        need(end == (last, epoch, count, station), "the journal ends elsewhere")
        self.countersigned = None
        if countersignature:
            word = value(verified(countersignature, "exam-kiosk/countersignature/v1", halls), 4)
            need(word[:2] == [self.hash, last], "another bundle was countersigned")
            need(word[2] in {hall.key_id for hall in halls}, "by someone else")
            self.countersigned = word[3]
        self.pictures = self._pictures(pictures, evidence) if pictures else []

    @staticmethod
    def _pictures(data: bytes, evidence: list[list[Any]]) -> list[bytes]:
        found = []
        for name, size in evidence:
            need(hashlib.sha256(data[:size]).digest() == name, "a picture was altered")
            found.append(data[:size])
            data = data[size:]
        need(not data, "something after the pictures")
        return found

    def check_code(self, text: str) -> None:
        bits = code_bits(text, label("bundle", "hand-in-code"))
        need(bits == self.hash[:12] + bytes([self.hash[12] & 0xF0]), "the code of another bundle")


def receipt(data: bytes, root: Root) -> tuple[bytes, int, int]:
    """Bundle hash, time, place in the log."""
    named, time, place = value(root.verify(data, "exam-kiosk/receipt/v1", "intake"), 3)
    return named, time, place


def checkpoint(text: str, root: Root) -> tuple[str, int, bytes]:
    """Origin, size and root of the log: a signed note of C2SP."""
    note, _, signatures = text.rpartition("\n\n")
    note += "\n"
    origin, size, top = note.splitlines()
    for line in signatures.splitlines():
        dash, name, blob = line.split(" ")
        raw = base64.b64decode(blob, validate=True)
        for one in root.roles["checkpoint"][1]:
            public = root.people[one].algorithms[1]
            key_id = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
            if (dash, name, raw[:4]) == ("—", origin, key_id):
                try:
                    ed25519.Ed25519PublicKey.from_public_bytes(public).verify(
                        raw[4:], note.encode()
                    )
                except InvalidSignature:
                    continue
                return origin, int(size), base64.b64decode(top, validate=True)
    raise Refused("not signed by the checkpoint role")


def included(bundle_hash: bytes, place: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of a log of *size* with the bundle at *place*, by RFC 6962, 2.1.1."""
    return root_of(leaf(label("log", "bundle", bundle_hash)), place, size, proof)


# --- Records -----------------------------------------------------------------------


def standing(bodies: Sequence[bytes]) -> dict[str, Any]:
    """The answers as they stand after all records of the responses compartment."""
    answers: dict[str, Any] = {}
    recorded = 0
    for body in bodies:
        match value(body):
            case [1, item, responses]:
                answers[item] = responses
                recorded += 1
            case [2, count, stated]:
                found = [[item, answers[item]] for item in sorted(answers)]
                need(count == recorded, "records are missing")
                need(digest(label("attempt", "responses"), canonical(found)) == stated, "replay")
            case other:
                raise Refused(f"an unknown record: {other!r}")
    return answers


# --- Everything in a directory of vectors ------------------------------------------


def read_all(directory: Path) -> dict[str, Any]:
    """What is in the vectors, read with the keys in their manifest."""
    facts = json.loads((directory / "manifest.json").read_bytes())

    def file(name: str) -> bytes:
        return (directory / name).read_bytes()

    def opener(name: str) -> Opener:
        return Opener(bytes.fromhex(facts["keys"][name]["sealing"]))

    root = Root(file("root-1.trust"), bytes.fromhex(facts["trust"]["pinned"]))
    later = Root(file("root-2.trust"), before=root)

    package = PackageFile(file("exam.package"), root)
    slot, codes = facts["grant"]["slot"], facts["grant"]["codes"]
    bits = [release_bits(code, package.hash, slot, n) for n, code in enumerate(codes, 1)]
    need(bits == released_bits(file("sitting.release"), root, opener("hall")), "spoken or sent")
    secret = release_secret(bits, package.hash, slot, bytes.fromhex(facts["grant"]["release id"]))
    papers = [
        grant_key(file("centre.grant"), root, opener(station), secret)
        for station in ("station 1", "station 2")
    ]
    need(papers[0] == papers[1] and papers[0][0] == package.hash, "one paper for all")

    bundle = Bundle(file("attempt.bundle"), root)
    need(Bundle(file("attempt.answers"), root).hash == bundle.hash, "answers and bundle")
    bundle.check_code(facts["bundle"]["hand-in code"])
    journal = bundle.journal
    roles = [opener(role) for role in ("scoring", "integrity", "registrar")]
    keys = {
        epoch: {c: key for role in roles for c, key in header.keys(role).items()}
        for epoch, header in journal.headers.items()
    }
    restored = {
        epoch: header.restored(header.half_1(opener("hall")), bytes.fromhex(half))
        for (epoch, header), half in zip(
            journal.headers.items(), facts["journal"]["halves 2"], strict=True
        )
    }
    named, received, place = receipt(file("attempt.receipt"), root)
    origin, size, top = checkpoint(file("log.checkpoint").decode(), root)
    proof = [bytes.fromhex(sibling) for sibling in facts["log"]["proof"]]
    need(named == bundle.hash and included(named, place, size, proof) == top, "not in the log")
    records = list(journal.opened(keys))
    machines = {
        each.key_id: each.who
        for each in (
            Enrolled(file(f"{name}.enrolment"), root) for name in ("hall", "station-1", "station-2")
        )
    }
    hall = Enrolled(file("hall.enrolment"), root).who
    register = keeping.Register([file(name) for name in facts["register"]["entries"]], root.verify)
    kept = keeping.preserved(
        file("kept.preservation"), root.verify, opener("evidence key, preserved")
    )
    (certificate,) = register.deletions
    need(
        certificate[8][0][1] == keeping.preservation_digest(file("kept.preservation")),
        "the certificate names another preservation",
    )
    heads = [*(frame[5] for frame in journal.frames), journal.head]
    read_log(directory / "log", lambda text: checkpoint(text, root), bundle.hash, heads, [hall])
    return {
        "restore key": keeping.restore_key(file("hall.restore-key"), machines),
        "transfer": keeping.transfer(file("attempt.transfer"), [hall]),
        "erasures": [
            keeping.erasure(file(f"{name}.erasure"), machines) for name in ("hall", "station-1")
        ],
        "register": register,
        "pictures, preserved": [
            journal.picture(
                epoch, number, keys[epoch][4], kept[journal.headers[epoch].digest], sealed
            )
            for (epoch, number, _), sealed in zip(
                facts["journal"]["pictures"], bundle.pictures, strict=True
            )
        ],
        "root": root,
        "later": later,
        "package": package,
        "practice": package.part("practice", package.practice_key),
        "paper": package.part("paper", papers[0][1]),
        "paper key": papers[0][1],
        "release secret": secret,
        "bundle": bundle,
        "records": records,
        "answers": standing([body for _, compartment, _, body in records if compartment == 2]),
        "restored": list(journal.opened(restored)),
        "pictures": [
            journal.picture(
                epoch,
                number,
                keys[epoch][4],
                journal.headers[epoch].pictures_part(opener("evidence key")),
                sealed,
            )
            for (epoch, number, _), sealed in zip(
                facts["journal"]["pictures"], bundle.pictures, strict=True
            )
        ],
        "log": (origin, size, place, received),
    }


if __name__ == "__main__":
    read = read_all(Path(sys.argv[1]))
    for name, media_type, content in read["practice"] + read["paper"]:
        print(f"{name} ({media_type}): {len(content)} bytes")
    for sequence, compartment, stamp, body in read["records"]:
        print(sequence, compartment, stamp and stamp[1:], body and value(body))
