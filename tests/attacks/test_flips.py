"""Every single flipped bit and every cut: none accepted, each refusal names what is wrong.

The ordinary run takes a seeded sample of the published vectors; ``make test-long`` takes
every bit and every cut of small files.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import readers
from vectors.attempt import ANSWER, Record
from vectors.body import BOOTS, START_S, Body

from exam_packages.attempt import events
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import BundleError, answers_part, write_bundle
from exam_packages.sealing.package import Core, seal_package

WORDS = {
    "root of trust": r"root of trust",
    "enrolment": r"enrolment",
    "package": r"package",
    "grant": r"grant",
    "release": r"release",
    "journal": r"record|frame|entry|permit|acknowledgement",
    "bundle": r"bundle|manifest|enrolment|station|record|countersign|Picture",
    "answers": r"bundle|manifest|enrolment|station|record|countersign",
    "manifest": r"manifest",
    "countersignature": r"countersign",
    "permit": r"permit",
    "acknowledgement": r"acknowledgement",
    "command": r"command",
    "receipt": r"receipt",
    "checkpoint": r"checkpoint",
    "log growth": r"proof|checkpoint",
    "log place": r"proof|checkpoint",
    "anchors": r"anchor|root|head|proof|checkpoint",
    "frame": r"frame",
    "custody": r"custody",
    "restore key": r"keys of this sitting",
    "transfer": r"keys of this sitting",
    "erasure": r"keys of this sitting",
    "hold": r"pictures|hold",
    "lifting": r"pictures|lifting",
    "deletion": r"pictures|deletion",
    "preservation": r"pictures|preserv",
}
"""What a refusal must speak of, for each kind of file."""


def refused(read: Callable[[bytes], None], data: bytes, words: str, what: str) -> None:
    """*data* is refused with our own error, in one printable sentence about the right thing."""
    try:
        read(data)
    except ExamError as problem:
        text = str(problem)
    else:
        pytest.fail(f"accepted: {what}")
    assert re.search(words, text), (what, text)
    assert text.endswith((".", "”")), (what, text)
    assert text.isprintable(), (what, text)
    assert "{" not in text, (what, text)


def flips(data: bytes, bits: Iterable[int]) -> Iterable[tuple[str, bytes]]:
    for bit in bits:
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit} flipped", bytes(altered)


def cuts(data: bytes, ends: Iterable[int]) -> Iterable[tuple[str, bytes]]:
    for end in ends:
        yield f"cut at {end}", data[:end]


@pytest.mark.parametrize("name", WORDS)
def test_a_sample_of_flips_and_cuts_is_refused(name: str) -> None:
    read, data = readers.READERS[name]
    read(data)
    chance = random.Random(name)  # noqa: S311 - no secret
    # Half of the sample lies where lengths, kinds and tables are.
    places = [chance.randrange(8 * min(len(data), 600)) for _ in range(150)]
    places += [chance.randrange(8 * len(data)) for _ in range(150)]
    ends = {chance.randrange(len(data)) for _ in range(100)} | {0, 1, len(data) - 1}
    for what, altered in (*flips(data, places), *cuts(data, sorted(ends))):
        refused(read, altered, WORDS[name], what)
    refused(read, data + b"\0", WORDS[name], "a byte added")
    refused(read, data + data, WORDS[name], "twice")


# --- Every one ---------------------------------------------------------------------


class _Short(Record):
    """As small as a finished attempt can be that has one of everything."""

    def sit(self) -> None:
        self._seat(self.body.first, BOOTS[0], START_S)
        self._open(events.Opened(1, events.START, held=False))
        self._add(events.Responded("item/1", ANSWER))
        self._picture(b"")
        self._acknowledged()
        self._leave()


def _small_bundle(tmp_path: Path) -> tuple[Callable[[bytes], None], bytes]:
    record, manifest, word = _small_attempt(tmp_path)
    enrolments = [record.body.first.enrolment, record.body.hall.enrolment]
    pictures = [(blob.digest, blob.data) for blob in record.pictures]
    path = tmp_path / "small.bundle"
    write_bundle(path, manifest, word, enrolments, record.frames, pictures)
    data = path.read_bytes()
    part = answers_part(manifest, word, enrolments, record.frames)
    assert data.startswith(part)

    def read(data: bytes) -> None:
        if data == part:
            raise BundleError("Cut there, a bundle is its answers part, a whole file of its own.")
        readers.bundle(data)

    return read, data


def _small_attempt(tmp_path: Path) -> tuple[_Short, bytes, bytes]:
    record = _Short(Body(), tmp_path, readers.PACKAGE_HASH)
    record.sit()
    return record, *record.hand_in()


def _small_journal(tmp_path: Path) -> tuple[Callable[[bytes], None], bytes]:
    record, _, _ = _small_attempt(tmp_path)
    return readers.journal_to(record.cursor.head), b"".join(record.frames)


def _small_package(tmp_path: Path) -> tuple[Callable[[bytes], None], bytes]:
    path = tmp_path / "small.package"
    core = Core(
        suite=1,
        package_id=bytes(16),
        exam="e",
        form="f",
        version=1,
        window_from_s=1,
        window_to_s=2,
        not_before_s=1,
        expires_s=3,
        least_client=(0, 0, 0),
        least_trust=0,
        policy_hash=bytes(32),
    )
    key = seal_package(path, core, [], [], [readers.signing("packager")])
    return readers.package_with(key.key), path.read_bytes()


def _grant(_: Path) -> tuple[Callable[[bytes], None], bytes]:
    return readers.READERS["grant"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("package", _small_package),
        ("grant", _grant),
        ("journal", _small_journal),
        ("bundle", _small_bundle),
    ],
)
def test_every_flip_and_every_cut_is_refused(
    name: str,
    make: Callable[[Path], tuple[Callable[[bytes], None], bytes]],
    tmp_path: Path,
) -> None:
    read, data = make(tmp_path)
    read(data)
    for what, altered in flips(data, range(8 * len(data))):
        refused(read, altered, WORDS[name], what)
    for what, altered in cuts(data, range(len(data))):
        refused(read, altered, WORDS[name], what)
