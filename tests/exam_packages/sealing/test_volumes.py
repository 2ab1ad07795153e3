"""A package in several volumes is one package; a wrong or missing volume is said by name."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing import package_writer
from exam_packages.sealing.package import (
    MAX_VOLUME_SIZE,
    Blob,
    Core,
    FileBlob,
    Package,
    PackageError,
    PaperKey,
    Part,
    seal_package,
)
from exam_packages.sealing.package_format import (
    ALIGNMENT,
    FILE_MAGIC,
    MAX_DATA_SIZE,
    MAX_VOLUMES,
    PACKAGE_KIND,
    PAPER,
    PRACTICE,
    VOLUMES_KIND,
    Body,
    Entry,
    VolumesBody,
    aligned,
    decode_body,
    volume_sizes,
)
from exam_packages.sealing.package_writer import _appear, _Plan, _split
from exam_packages.sealing.signed import read_signed
from exam_packages.sealing.trust import Trust

VECTORS = Path(__file__).parents[2] / "vectors"
VOLUME = 160 * 1024
VIDEO = hashlib.shake_256(b"video").digest(130_000)
PRACTICE_BLOBS = [Blob("paper", "application/x", b"practice")]
PAPER_BLOBS = [
    Blob("paper", "application/x", b"the paper"),
    *(Blob(f"item/{n}", "application/x", b"question %d" % n) for n in range(3)),
    Blob("media/first", "video/mp4", VIDEO),
    Blob("media/second", "video/mp4", VIDEO[::-1]),
    Blob("item/last", "application/x", b"the last question"),
]

Sealed = tuple[Path, PaperKey]
Sealer = Callable[..., Sealed]


@pytest.fixture(scope="module")
def core(now_s: int) -> Core:
    times = (now_s, now_s + 7200, now_s - 600, now_s + 10_000)
    return Core(1, bytes(16), "Exam", "form", 1, *times, (0, 1, 0), 1, bytes(32))


@pytest.fixture(scope="module")
def sealed(people: Any, core: Core, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    path = tmp_path_factory.mktemp("volumes") / "exam.package"
    signers = [people.packager]
    return path, seal_package(path, core, PRACTICE_BLOBS, PAPER_BLOBS, signers, volume_size=VOLUME)


@pytest.fixture
def copied(sealed: Sealed, tmp_path: Path) -> Sealed:
    """The same package, to be spoilt."""
    for path in sealed[0].parent.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path / sealed[0].name, sealed[1]


@pytest.fixture
def seal(people: Any, core: Core, tmp_path: Path) -> Sealer:
    def seal(paper: Any, volume_size: int = MAX_VOLUME_SIZE, name: str = "made") -> Sealed:
        path = tmp_path / name
        signers = [people.packager]
        return path, seal_package(path, core, [], paper, signers, volume_size=volume_size)

    return seal


def _contents(part: Part) -> list[Blob]:
    return [Blob(name, part.media_type(name), part.read(name)) for name in part.names()]


def _refusal(path: Path, trust: Trust) -> str:
    """Why the package at *path* is refused, when it is opened and checked."""
    with pytest.raises(ExamError) as refused, Package.open(path, trust, now_s=None) as package:
        package.check()
    text = str(refused.value)
    assert text.endswith(".") and text.isprintable() and "{" not in text
    return text


# --- One package --------------------------------------------------------------------


def test_what_was_sealed_is_read_from_every_volume(sealed: Sealed, trust: Trust) -> None:
    path, key = sealed
    with Package.open(path, trust, now_s=None) as package:
        assert [each.name for each in package.paths] == [
            *("exam.package", "exam.package.2", "exam.package.3"),
        ]
        assert sorted(package.paths) == sorted(path.parent.iterdir())
        assert all(each.stat().st_size <= VOLUME for each in package.paths)
        assert package.package_hash == key.package_hash
        told: list[tuple[int, int]] = []
        package.check(lambda done, total: told.append((done, total)))
        assert told == sorted(told)
        assert told[-1][0] == told[-1][1]
        assert _contents(package.practice()) == PRACTICE_BLOBS
        paper = package.paper(key.key)
        assert _contents(paper) == PAPER_BLOBS
        for name, content in (("media/first", VIDEO), ("media/second", VIDEO[::-1])):
            for offset, length in ((0, 10), (16_380, 10), (60_000, 65_536), (129_990, 100)):
                assert paper.read_range(name, offset, length) == content[offset:][:length]


def test_a_package_that_fits_is_one_file_as_before(seal: Sealer, trust: Trust) -> None:
    path, _ = seal(PAPER_BLOBS)
    size = path.stat().st_size
    exact, _ = seal(PAPER_BLOBS, size, "exact")
    assert exact.stat().st_size == size
    for each in (path, exact):
        assert (
            FILE_MAGIC + each.read_bytes()[len(FILE_MAGIC) :][:4] + PACKAGE_KIND.encode()
            == (each.read_bytes()[: len(FILE_MAGIC) + 4 + len(PACKAGE_KIND)])
        )
    more, key = seal(PAPER_BLOBS, size - 1, "more")
    assert VOLUMES_KIND.encode() in more.read_bytes()[:100]
    with Package.open(more, trust, now_s=None) as package:
        assert len(package.paths) == 2
        assert _contents(package.paper(key.key)) == PAPER_BLOBS
    assert len(list(path.parent.iterdir())) == 4


def test_the_body_of_one_volume_is_encoded_as_published() -> None:
    data = (VECTORS / "exam.package").read_bytes()[len(FILE_MAGIC) :]
    signed = read_signed(data[4 : 4 + int.from_bytes(data[:4], "big")], PACKAGE_KIND)
    assert canon.pack(decode_body(signed.body)) == signed.body
    assert volume_sizes(decode_body(signed.body)) == (90112 - ALIGNMENT,)


def test_the_published_volumes_are_read(trust: Trust) -> None:
    directory = VECTORS.with_name("vectors-volumes")
    facts = json.loads((directory / "manifest.json").read_bytes())
    root = Trust.first((directory / "root-1.trust").read_bytes(), pinned=None)
    assert {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest()
        for each in directory.iterdir()
        if each.name != "manifest.json"
    } == facts["files"]
    with Package.open(directory / "exam.package", root, now_s=None) as package:
        package.check()
        assert len(package.paths) == 4
        assert package.package_hash.hex() == facts["package"]["hash"]
        key = bytes.fromhex(facts["package"]["paper key"])
        for name, part in (("practice", package.practice()), ("paper", package.paper(key))):
            assert [
                [blob.name, blob.media_type, blob.size, hashlib.sha256(blob.data).hexdigest()]
                for blob in _contents(part)
            ] == facts["package"][name]


# --- Where blobs go -----------------------------------------------------------------


def _plans(pages: list[int]) -> list[_Plan]:
    """Blobs that take so many pages each."""
    plans, offset = [], 0
    for number, count in enumerate(pages):
        part = PAPER if number else PRACTICE
        entry = Entry(number, part, offset, count * ALIGNMENT, bytes(32))
        plans.append(_Plan(entry, bytes(32), Blob(f"blob {number}", "", b"")))
        offset += count * ALIGNMENT
    return plans


@given(st.lists(st.integers(1, 20), min_size=2, max_size=40), st.integers(2, 30), st.integers(1, 9))
def test_no_blob_lies_in_two_volumes_and_none_is_too_large(
    pages: list[int], volume: int, header: int
) -> None:
    plans = _plans(pages)
    try:
        begin = _split(plans, volume * ALIGNMENT, header * ALIGNMENT)
    except PackageError as problem:
        assert max(pages) > volume - 1 or pages[0] > volume - header, problem
        return
    table = tuple(plan.entry for plan in plans)
    core = canon.pack(Core(1, bytes(16), "e", "f", 1, 1, 2, 1, 3, (0, 0, 0), 0, bytes(32)))
    body = VolumesBody(core, bytes(32), table, begin) if begin else Body(core, bytes(32), table)
    sizes = volume_sizes(decode_body(canon.pack(body), VOLUMES_KIND if begin else PACKAGE_KIND))
    assert sum(sizes) == sum(pages) * ALIGNMENT
    assert sizes[0] <= (volume - header) * ALIGNMENT
    assert all(0 < size <= (volume - 1) * ALIGNMENT for size in sizes[1:])
    # As few as the order of the blobs allows: each begins where the one before was full.
    for first, size in zip(begin, sizes, strict=False):
        room = volume - (header if first == begin[0] else 1)
        assert size // ALIGNMENT + pages[first] > room


def test_a_blob_that_no_volume_holds_is_refused(seal: Sealer, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="“media/first” takes 135168 bytes, and one volume has"):
        seal(PAPER_BLOBS, 130_000)
    with pytest.raises(PackageError, match="“the index of the practice” takes 8192 bytes"):
        seal([], 3 * ALIGNMENT)
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(MAX_DATA_SIZE + 1)  # a hole: it takes no room on the disk
    with pytest.raises(PackageError, match="“media/huge” takes 4294967296 bytes"):
        seal([FileBlob("media/huge", "video/mp4", huge)])
    with pytest.raises(ValueError, match="at most"):
        seal([], MAX_VOLUME_SIZE + 1)
    assert list(tmp_path.iterdir()) == [huge]


def test_more_volumes_than_may_be_are_refused(seal: Sealer, tmp_path: Path, trust: Trust) -> None:
    blobs = [Blob(f"item/{n}", "a/b", b"") for n in range(140)]  # two in a volume of six pages
    with pytest.raises(PackageError, match=f"and {MAX_VOLUMES} are possible"):
        seal(blobs, 6 * ALIGNMENT)
    assert not list(tmp_path.iterdir())
    path, key = seal(blobs[:100], 6 * ALIGNMENT)
    with Package.open(path, trust, now_s=None) as package:
        assert len(package.paths) > 50
        assert _contents(package.paper(key.key)) == blobs[:100]


@pytest.mark.parametrize("volumes", [(), (0,), (3, 3), (3, 2), (4,), (2, 4), (-1,), (1,) * 64])
def test_volumes_that_contradict_the_table_are_refused(volumes: tuple[int, ...]) -> None:
    table = tuple(plan.entry for plan in _plans([2, 2, 2, 2]))
    data = canon.encode(
        [
            b"",
            bytes(32),
            [[e.number, e.part, e.offset, e.length, e.sha256] for e in table],
            list(volumes),
        ]
    )
    with pytest.raises(PackageError):
        decode_body(data, VOLUMES_KIND)
    good = canon.pack(VolumesBody(b"", bytes(32), table, (1, 3)))
    assert volume_sizes(decode_body(good, VOLUMES_KIND)) == (8192, 16384, 8192)
    with pytest.raises(PackageError):
        decode_body(good, PACKAGE_KIND)


def test_a_volume_above_its_bound_is_refused() -> None:
    half = aligned(MAX_DATA_SIZE // 2)
    table = tuple(Entry(n, PAPER if n else PRACTICE, n * half, half, bytes(32)) for n in range(3))
    with pytest.raises(PackageError, match="contradict"):
        decode_body(canon.pack(Body(b"", bytes(32), table)))
    apart = VolumesBody(b"", bytes(32), table, (1, 2))
    assert volume_sizes(decode_body(canon.pack(apart), VOLUMES_KIND)) == (half,) * 3


# --- All of it, or none ---------------------------------------------------------------


def test_no_volume_is_overwritten(seal: Sealer, tmp_path: Path) -> None:
    stray = tmp_path / "made.2"
    stray.write_bytes(b"something")
    with pytest.raises(PackageError, match=r"made\.2 already"):
        seal(PAPER_BLOBS, VOLUME)
    assert list(tmp_path.iterdir()) == [stray]
    assert stray.read_bytes() == b"something"
    seal(PAPER_BLOBS)  # in one file it is nobody's volume


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """The system lets no file grow beyond *size*: as a full disk, in the middle of sealing."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_leaves_no_volume_behind(seal: Sealer, tmp_path: Path) -> None:
    with _largest_file(100_000), pytest.raises(PackageError, match="cannot be written: File too"):
        seal(PAPER_BLOBS, VOLUME)
    assert not list(tmp_path.iterdir())


def test_a_sync_that_failed_in_between_is_not_forgotten(
    seal: Sealer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system tells it once: the sync at the end would succeed. No disk here fails so."""
    told: list[int] = []

    def sync(descriptor: int) -> None:
        told.append(descriptor)
        if len(told) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(package_writer, "_SYNC_EVERY", 10_000)
    monkeypatch.setattr(os, "fdatasync", sync)
    with pytest.raises(PackageError, match="Input/output error"):
        seal(PAPER_BLOBS, VOLUME)
    assert not list(tmp_path.iterdir())
    told.extend(range(2))
    seal(PAPER_BLOBS, VOLUME)


def test_a_name_that_cannot_be_given_takes_the_others_back(tmp_path: Path) -> None:
    drafts = [tmp_path / f"draft.{number}" for number in (1, 2, 3)]
    for draft in drafts[1:]:  # the first one is gone
        draft.write_bytes(b"")
    with pytest.raises(FileNotFoundError):
        _appear(drafts, [tmp_path / name for name in ("p", "p.2", "p.3")])
    assert not list(tmp_path.iterdir())


# --- Missing, wrong, damaged ----------------------------------------------------------


def test_a_missing_volume_is_named(copied: Sealed, trust: Trust) -> None:
    path, _ = copied
    for number in (3, 2):
        path.with_name(f"exam.package.{number}").unlink()
        told = _refusal(path, trust)
        wanted = f"Volume {number} of 3 is missing: copy exam.package.{number} beside {path}."
        assert told == wanted


def test_a_further_volume_is_not_the_package(copied: Sealed, trust: Trust) -> None:
    path, _ = copied
    told = _refusal(path.with_name("exam.package.2"), trust)
    assert "is a further volume of a package; name its first one" in told


def test_swapped_and_foreign_volumes_are_named(copied: Sealed, seal: Sealer, trust: Trust) -> None:
    path, _ = copied
    second, third = (path.with_name(f"exam.package.{number}") for number in (2, 3))
    keep = second.read_bytes()
    second.write_bytes(third.read_bytes())
    third.write_bytes(keep)
    assert f"{second} is not volume 2 of 3 of this package" in _refusal(path, trust)
    second.write_bytes(keep)
    assert f"{third} is not volume 3 of 3 of this package" in _refusal(path, trust)
    other, _ = seal([*PAPER_BLOBS[:-1], Blob("item/last", "application/x", b"another")], VOLUME)
    third.write_bytes(other.with_name("made.3").read_bytes())
    assert f"{third} is not volume 3 of 3 of this package" in _refusal(path, trust)


def test_a_foreign_volume_under_the_right_header_is_found(
    copied: Sealed, seal: Sealer, trust: Trust
) -> None:
    """The header is a name and proves nothing; the signed table does."""
    path, key = copied
    third = path.with_name("exam.package.3")
    other, _ = seal([*PAPER_BLOBS[:-1], Blob("item/last", "application/x", b"another")], VOLUME)
    blobs = other.with_name("made.3").read_bytes()[ALIGNMENT:]
    third.write_bytes(third.read_bytes()[:ALIGNMENT] + blobs)
    assert f"The package {third} is damaged (blob" in _refusal(path, trust)
    with Package.open(path, trust, now_s=None) as package:
        paper = package.paper(key.key)
        assert paper.read("media/first") == VIDEO
        for name in ("media/second", "item/last"):
            with pytest.raises(PackageError, match=r"exam\.package\.3 is damaged"):
                paper.read(name)
            with pytest.raises(PackageError, match=r"exam\.package\.3 is damaged"):
                paper.read_range(name, 5, 5)


def test_cuts_and_tails_of_a_volume_are_named(copied: Sealed, trust: Trust) -> None:
    path, _ = copied
    for number in (2, 3):
        volume = path.with_name(f"exam.package.{number}")
        data = volume.read_bytes()
        for end in [*range(0, ALIGNMENT + 1, 371), *range(ALIGNMENT, len(data), 9001)]:
            volume.write_bytes(data[:end])
            assert str(volume) in _refusal(path, trust)
        for more in (b"\0", bytes(ALIGNMENT), data):
            volume.write_bytes(data + more)
            assert f"{volume} is incomplete or has something behind" in _refusal(path, trust)
        volume.write_bytes(data)


def _flip(volume: Path, bits: Iterator[int] | range, path: Path, trust: Trust) -> None:
    """Each flipped bit of *volume* is found, and told with the volume's name."""
    data = volume.read_bytes()
    with volume.open("r+b") as file:
        for bit in bits:
            os.pwrite(file.fileno(), bytes([data[bit // 8] ^ 1 << bit % 8]), bit // 8)
            assert str(volume) in _refusal(path, trust), bit
            os.pwrite(file.fileno(), data[bit // 8 :][:1], bit // 8)
    assert volume.read_bytes() == data


def test_a_flipped_bit_in_any_volume_is_named(copied: Sealed, trust: Trust) -> None:
    path, _ = copied
    chance = random.Random("volumes")  # noqa: S311 - no secret
    for number in (2, 3):
        volume = path.with_name(f"exam.package.{number}")
        size = volume.stat().st_size
        places = [chance.randrange(8 * ALIGNMENT) for _ in range(60)]
        places += [chance.randrange(8 * size) for _ in range(120)]
        _flip(volume, iter(places), path, trust)
    with Package.open(path, trust, now_s=None) as package:
        package.check()


@pytest.mark.slow
def test_every_flipped_bit_and_every_cut_of_a_volume_is_named(seal: Sealer, trust: Trust) -> None:
    path, _ = seal([], 4 * ALIGNMENT)
    with Package.open(path, trust, now_s=None) as package:
        first, *further = package.paths
    assert further
    for volume in further:
        data = volume.read_bytes()
        _flip(volume, range(8 * len(data)), path, trust)
        for end in range(len(data)):
            volume.write_bytes(data[:end])
            assert str(volume) in _refusal(path, trust)
        volume.write_bytes(data)
    data = first.read_bytes()
    for bit in range(8 * ALIGNMENT):  # the header; what is behind it is as in one volume
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        first.write_bytes(altered)
        _refusal(path, trust)
    for end in range(len(data)):
        first.write_bytes(data[:end])
        _refusal(path, trust)


def test_everything_is_let_go_of_when_a_volume_is_wrong(copied: Sealed, trust: Trust) -> None:
    path, _ = copied
    before = set(Path("/proc/self/fd").iterdir())
    path.with_name("exam.package.3").unlink()
    _refusal(path, trust)
    path.with_name("exam.package.2").write_bytes(b"wrong")
    _refusal(path, trust)
    path.with_name("exam.package.2").unlink()
    path.with_name("exam.package.2").mkdir()
    assert "exam.package.2 cannot be read: Is a directory" in _refusal(path, trust)
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_the_first_damaged_blob_is_named_also_when_others_are(copied: Sealed, trust: Trust) -> None:
    path, _ = copied
    with Package.open(path, trust, now_s=None) as package:
        first, _, third = package.paths
    for volume, number in ((third, 7), (first, 3)):
        data = bytearray(volume.read_bytes())
        data[-ALIGNMENT - 1] ^= 1
        volume.write_bytes(data)
        assert str(volume) in _refusal(path, trust), number
