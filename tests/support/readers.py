"""Every reader of bytes from outside, each doing all it can with them.

A reader here returns when everything in *data* was believed and opened, and raises
otherwise. Attacks on bytes (flips, cuts, mutations, the fuzzer) all go through these.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from exam_packages import canon
from exam_packages.attempt.commands import read_command
from exam_packages.attempt.events import decode_event
from exam_packages.content.patterns import Pattern
from exam_packages.formats.qti.processing import read_processing
from exam_packages.formats.xml import parse
from exam_packages.rules.declarations import OutcomeDeclaration
from exam_packages.rules.expressions import Environment
from exam_packages.rules.key import AnswerKey, SectionKey, read_answer_key
from exam_packages.rules.running import program
from exam_packages.sealing import chain
from exam_packages.sealing.bundle import (
    BundleFile,
    check_hand_in_code,
    read_answers,
    read_countersignature,
    read_manifest,
    verify_bundle,
)
from exam_packages.sealing.custody import Custodian, read_custody, seal_custody
from exam_packages.sealing.grant import read_grant
from exam_packages.sealing.heads import read_anchors, verify_anchor
from exam_packages.sealing.journal import (
    ROLE_OF,
    SEALED,
    Compartment,
    Frame,
    epoch_header,
    open_frames,
    read_acknowledgement,
    read_permit,
    split_frames,
)
from exam_packages.sealing.keys import read_sealing_key, read_signing_key
from exam_packages.sealing.log import read_checkpoint
from exam_packages.sealing.log_entry import bundle_entry
from exam_packages.sealing.log_entry import read_entry as read_log_entry
from exam_packages.sealing.log_proof import (
    read_growth,
    read_proof,
    verify_checkpoint,
    verify_entry_in_log,
    verify_growth,
)
from exam_packages.sealing.package import Package, Part
from exam_packages.sealing.protection import Lock, Passphrase, seal
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.release import read_code, read_release
from exam_packages.sealing.restore_keys import read_erasure, read_restore_key, read_transfer
from exam_packages.sealing.retention import (
    preserved_part,
    read_entry,
    read_preservation,
)
from exam_packages.sealing.signed import read_signed
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import ROOT, Trust, read_enrolment

VECTORS = Path(__file__).parents[1] / "vectors"
FACTS: dict[str, Any] = json.loads((VECTORS / "manifest.json").read_bytes())


@cache
def vector(name: str) -> bytes:
    return (VECTORS / name).read_bytes()


@cache
def trust() -> Trust:
    return Trust.first(vector("root-1.trust"), pinned=None)


@cache
def signing(name: str) -> SigningKey:
    """The signing key called *name* in the vectors."""
    seeds = FACTS["keys"][name]
    return SigningKey(bytes.fromhex(seeds["ed25519"]), bytes.fromhex(seeds["ml-dsa-65"]))


@cache
def sealing(name: str) -> SealingKey:
    return SealingKey.from_seed(bytes.fromhex(FACTS["keys"][name]["sealing"]))


STATIONS = {signing(name).key_id: signing(name).public for name in ("station 1", "station 2")}
HALL = signing("hall").public
SECRET = bytes.fromhex(FACTS["grant"]["release secret"])
PAPER_KEY = bytes.fromhex(FACTS["package"]["paper key"])
BLIND_ID = bytes.fromhex(FACTS["journal"]["blind id"])
PACKAGE_HASH = bytes.fromhex(FACTS["package"]["hash"])
HEAD = bytes.fromhex(FACTS["journal"]["head"])


@contextmanager
def as_file(data: bytes) -> Iterator[Path]:
    """A path at which *data* can be opened, in memory alone."""
    descriptor = os.memfd_create("attack")
    try:
        os.write(descriptor, data)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def read_all_of(part: Part) -> None:
    for name in part.names():
        whole = part.read(name)
        assert part.read_range(name, 0, part.size(name) + 1) == whole


def root_of_trust(data: bytes) -> None:
    read = Trust.first(data, pinned=None)
    for opening in read.root.openings:
        read.opening(opening.role)


def enrolment(data: bytes) -> None:
    read = read_enrolment(data, trust(), now_s=None)
    assert read.key_id
    assert read.sealing_public.key_id


def package_with(key: bytes) -> Callable[[bytes], None]:
    """A reader of a package whose paper opens with *key*."""

    def package(data: bytes) -> None:
        with as_file(data) as path, Package.open(path, trust(), now_s=None) as opened:
            opened.check()
            read_all_of(opened.practice())
            read_all_of(opened.paper(key))

    return package


def grant(data: bytes) -> None:
    read = read_grant(data, trust(), now_s=None)
    assert read.has(signing("station 1").key_id) or not read.has(b"")
    assert len(read.open(sealing("station 1"), SECRET)) == 32


def release(data: bytes) -> None:
    assert read_release(data, trust(), now_s=None).secret(sealing("hall")) == SECRET


def journal_to(head: bytes | None) -> Callable[[bytes], None]:
    """A reader of a journal that must end at *head*."""

    def journal(data: bytes) -> None:
        frames = list(split_frames(data))
        chain.extend(chain.start(BLIND_ID, PACKAGE_HASH), frames, STATIONS.get, [HALL], head=head)
        chain.witnesses(frames, [HALL])
        open_with_every_role(frames)

    return journal


def open_with_every_role(frames: list[bytes]) -> None:
    headers = [
        epoch_header(frame)
        for frame in frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    ]
    for role in ("scoring", "integrity", "registrar"):
        mine = [compartment for compartment in SEALED if ROLE_OF[compartment] == role]
        keys = {header.context.epoch: header.keys(sealing(role), mine) for header in headers}
        for opened in open_frames(frames, keys):
            if opened.compartment in SEALED and opened.body is not None:
                decode_event(opened.body)
    for header in headers:
        header.half_for(sealing("hall"))


def bundle(data: bytes) -> None:
    with as_file(data) as path:
        verify_bundle(BundleFile.open(path), trust())


def answers(data: bytes) -> None:
    verify_bundle(read_answers(data), trust())


def checkpoint(data: bytes) -> None:
    read_checkpoint(data.decode("utf-8", "replace"), signing("checkpoint").public)


def log_vector(name: str) -> bytes:
    return (VECTORS / "log" / name).read_bytes()


def growth(data: bytes) -> None:
    older = verify_checkpoint(log_vector("older.checkpoint").decode(), trust())
    verify_growth(read_growth(data.decode("utf-8", "replace")), older, trust())


def place(data: bytes) -> None:
    proof = read_proof(data.decode("utf-8", "replace"))
    named = bytes.fromhex(FACTS["bundle"]["hash"])
    verify_entry_in_log(bundle_entry(named), proof, trust())


def anchors(data: bytes) -> None:
    blind_id, found = read_anchors(data)
    for each in found:
        verify_anchor(blind_id, each, [HALL], trust())


def release_code(data: bytes) -> None:
    read_code(data.decode("utf-8", "replace"), PACKAGE_HASH, FACTS["grant"]["slot"], 1)


def hand_in_code(data: bytes) -> None:
    assert check_hand_in_code(data.decode("utf-8", "replace"), bytes(32)) in (True, False)


def key_file(data: bytes) -> None:
    with as_file(data) as path:
        path.chmod(0o600)
        read_signing_key(path)


def custody(data: bytes) -> None:
    read_custody(data, trust(), ROOT, "scoring").recover(_KEEPERS[:2])


def preservation(data: bytes) -> None:
    read = read_preservation(data, trust())
    for attempt in read.attempts:
        for epoch in attempt.epochs:
            preserved_part(epoch, sealing("evidence key, preserved"))


_KEEPERS = [SealingKey.from_seed(bytes([at]) * 32) for at in range(3)]


def _custody() -> bytes:
    keepers = [Custodian(name, key.public.raw) for name, key in zip("ABC", _KEEPERS, strict=True)]
    signers = [signing("root 1"), signing("root 2")]
    return seal_custody("scoring", bytes(32), bytes(32), keepers, signers)


def protected_key_file(data: bytes) -> None:
    with as_file(data) as path:
        path.chmod(0o600)
        read_sealing_key(path, lambda _: [_WORDS])


_WORDS = Passphrase("seven quiet otters")


def _protected_key_file() -> bytes:
    lock = Lock(32, 1, 1, bytes(16), bytes(32))  # the least cost, so that many can be read
    fields: list[canon.Value] = [32, 1, 1, bytes(16), bytes(32)]
    header: list[canon.Value] = ["exam-kiosk/key/v1", 1, "sealing", fields]
    sealed = seal(_WORDS, lock, canon.encode(header), [bytes(32)])
    return canon.encode([*header, sealed])


def _inside_bundle() -> tuple[bytes, bytes]:
    read = read_answers(vector("attempt.answers"))
    return read.manifest_bytes, read.countersignature


def inside_journal(kind: str) -> bytes:
    """The first signed object of *kind* that lies in the journal."""
    for data in split_frames(vector("attempt.journal")):
        frame = Frame.parse(data)
        if frame.compartment is Compartment.HEADER and kind == "permit":
            return epoch_header(data).parsed.body.permit
        if frame.compartment is Compartment.ACKNOWLEDGEMENT and kind == "acknowledgement":
            return frame.body
        if frame.compartment is Compartment.HEADER and kind == "header":
            return frame.body
    raise LookupError(kind)


def _command() -> bytes:
    bodies = (bytes.fromhex(record[1]) for record in FACTS["journal"]["records"] if record[1])
    return next(body for body in bodies if b"exam-kiosk/command" in body).partition(b"exam")[2]


def _canonical(data: bytes) -> None:
    assert canon.encode(canon.decode(data)) == data


def rules(data: bytes) -> None:
    """Response processing, read and run on no answer."""
    read, _ = read_processing(parse(data, "rules.xml"))
    program(read)(Environment({}, {"SCORE": OutcomeDeclaration("SCORE", "float", "single", ())}))


_RULES = b"""<qti-response-processing><qti-response-condition><qti-response-if>
<qti-any-n min="1" max="2">
<qti-pattern-match pattern="[a-z]+"><qti-base-value base-type="string">abc</qti-base-value>
</qti-pattern-match><qti-null/></qti-any-n><qti-set-outcome-value identifier="SCORE"><qti-round-to
figures="3"><qti-math-operator name="exp"><qti-base-value base-type="float">1</qti-base-value>
</qti-math-operator></qti-round-to></qti-set-outcome-value></qti-response-if></qti-response-condition>
</qti-response-processing>"""


READERS: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    "root of trust": (root_of_trust, vector("root-1.trust")),
    "enrolment": (enrolment, vector("hall.enrolment")),
    "package": (package_with(PAPER_KEY), vector("exam.package")),
    "grant": (grant, vector("centre.grant")),
    "release": (release, vector("sitting.release")),
    "journal": (journal_to(HEAD), vector("attempt.journal")),
    "bundle": (bundle, vector("attempt.bundle")),
    "answers": (answers, vector("attempt.answers")),
    "manifest": (
        lambda data: void(read_manifest(data, signing("station 2").public)),
        _inside_bundle()[0],
    ),
    "countersignature": (
        lambda data: void(read_countersignature(data, _inside_bundle()[0], [HALL])),
        _inside_bundle()[1],
    ),
    "permit": (lambda data: void(read_permit(data, HALL)), inside_journal("permit")),
    "acknowledgement": (
        lambda data: void(read_acknowledgement(data, HALL)),
        inside_journal("acknowledgement"),
    ),
    "command": (lambda data: void(read_command(data, HALL)), b"exam" + _command()),
    "receipt": (lambda data: void(read_receipt(data, trust())), vector("attempt.receipt")),
    "checkpoint": (checkpoint, vector("log.checkpoint")),
    "log growth": (growth, log_vector("growth")),
    "log place": (place, log_vector("attempt.tlog-proof")),
    "anchors": (anchors, log_vector("attempt.anchors")),
    "log entry": (lambda data: void(read_log_entry(data)), bundle_entry(bytes(32))),
    "release code": (release_code, FACTS["grant"]["codes"][0].encode()),
    "hand-in code": (hand_in_code, FACTS["bundle"]["hand-in code"].encode()),
    "event": (
        lambda data: void(decode_event(data)),
        bytes.fromhex(FACTS["journal"]["records"][1][1]),
    ),
    "key file": (key_file, canon.encode(["exam-kiosk/key/v1", 0, "signing", [bytes(32), b""]])),
    "protected key file": (protected_key_file, _protected_key_file()),
    "custody": (custody, _custody()),
    "restore key": (
        lambda data: void(read_restore_key(data, HALL)),
        vector("hall.restore-key"),
    ),
    "transfer": (lambda data: void(read_transfer(data, HALL)), vector("attempt.transfer")),
    "erasure": (lambda data: void(read_erasure(data, HALL)), vector("hall.erasure")),
    "hold": (lambda data: void(read_entry(data, trust())), vector("3.hold")),
    "lifting": (lambda data: void(read_entry(data, trust())), vector("2.lifting")),
    "deletion": (lambda data: void(read_entry(data, trust())), vector("4.deletion")),
    "preservation": (preservation, vector("kept.preservation")),
    "value": (_canonical, canon.encode([1, -1, None, True, "text", b"bytes", [[]]])),
    "frame": (lambda data: void(Frame.parse(data)), next(split_frames(vector("attempt.journal")))),
    "rules": (rules, _RULES),
    "answer key": (
        lambda data: void(read_answer_key(data)),
        canon.pack(AnswerKey("f", "F", "1", (SectionKey("s", "S"),), ())),
    ),
    "pattern": (
        lambda data: void(Pattern(data.decode("utf-8", "replace")).matches("a-z 0.5")),
        b"[a-z-[aeiou]]{1,3}(\\d+|\\p{L}\\.)*",
    ),
    "signed object": (
        lambda data: void(read_signed(data, "exam-kiosk/grant/v2")),
        vector("centre.grant"),
    ),
}
"""For each kind of bytes, what reads them, and an example of them."""


def void(_: object) -> None:
    """Read, and nothing more to do."""
