"""A package opens as it was sealed, for its key; anything else is one clear error."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.package import (
    Blob,
    Core,
    FileBlob,
    Package,
    PackageError,
    PaperKey,
    read_paper_key,
    seal_package,
    write_paper_key,
)
from exam_packages.sealing.package_format import ALIGNMENT, FILE_MAGIC, padded_size
from exam_packages.sealing.signed import SignedError
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import Trust, TrustError

VIDEO = hashlib.shake_256(b"video").digest(300_000)
PRACTICE = [Blob("paper", "application/x", b"practice"), Blob("item/p", "application/x", b"p")]
PAPER = [
    Blob("paper", "application/x", b"the paper"),
    Blob("item/1", "application/x", b"the first question"),
    Blob("media/video", "video/mp4", VIDEO),
    Blob("media/empty", "text/plain", b""),
]


def _core(now_s: int, **changes: Any) -> Core:
    fields: dict[str, Any] = {
        "suite": 1,
        "package_id": bytes(16),
        "exam": "Food-safety inspector, level 1",
        "form": "food-1",
        "version": 1,
        "window_from_s": now_s,
        "window_to_s": now_s + 7200,
        "not_before_s": now_s - 600,
        "expires_s": now_s + 10_000,
        "least_client": (0, 1, 0),
        "least_trust": 1,
        "policy_hash": bytes(32),
    }
    return Core(**{**fields, **changes})


Sealed = tuple[Path, PaperKey]
Maker = Callable[..., Sealed]


@pytest.fixture(scope="module")
def sealed(people: Any, now_s: int, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    path = tmp_path_factory.mktemp("package") / "food.package"
    return path, seal_package(path, _core(now_s), PRACTICE, PAPER, [people.packager])


@pytest.fixture
def make(people: Any, now_s: int, tmp_path: Path) -> Maker:
    def make(
        practice: Any = PRACTICE, paper: Any = PAPER, signers: Any = None, **changes: Any
    ) -> Sealed:
        path = tmp_path / "made.package"
        signers = [people.packager] if signers is None else signers
        return path, seal_package(path, _core(now_s, **changes), practice, paper, signers)

    return make


def _contents(part: Any) -> list[Blob]:
    return [Blob(name, part.media_type(name), part.read(name)) for name in part.names()]


def test_what_was_sealed_is_read_in_its_order(sealed: Sealed, trust: Trust, now_s: int) -> None:
    path, key = sealed
    with Package.open(path, trust, now_s=now_s) as package:
        assert package.core == _core(now_s)
        assert package.package_hash == key.package_hash
        assert _contents(package.practice()) == PRACTICE
        paper = package.paper(key.key)
        assert _contents(paper) == PAPER
        assert [paper.size(blob.name) for blob in PAPER] == [len(blob.data) for blob in PAPER]


def test_the_middle_of_a_blob_is_read_without_the_rest(sealed: Sealed, trust: Trust) -> None:
    path, key = sealed
    with Package.open(path, trust, now_s=None) as package:
        paper = package.paper(key.key)
        for offset, length in ((0, 10), (16_380, 10), (100_000, 65_536), (299_990, 100)):
            assert paper.read_range("media/video", offset, length) == VIDEO[offset:][:length]
        for offset, length in ((300_000, 1), (10**15, 1), (5, 0), (5, -1), (-5, 10)):
            assert paper.read_range("media/video", offset, length) == b""
        assert paper.read_range("media/empty", 0, 10) == b""


def test_checking_needs_no_key_and_tells_its_progress(sealed: Sealed, trust: Trust) -> None:
    told: list[tuple[int, int]] = []
    with Package.open(sealed[0], trust, now_s=None) as package:
        package.check(lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_neither_names_nor_content_of_the_paper_lie_in_clear(sealed: Sealed) -> None:
    data = sealed[0].read_bytes()
    for blob in PAPER:
        assert blob.name.encode() not in data or blob.name == "paper"
        assert not blob.data or blob.data[:20] not in data
    assert sealed[1].key not in data
    assert sealed[1].key.hex() not in repr(sealed[1])
    assert repr(sealed[1].key)[2:-1] not in repr(sealed[1])


def test_lengths_are_those_of_buckets() -> None:
    sizes = [0, 1, 4096, 4097, 65_536, 65_537, 131_073]
    assert [padded_size(size) for size in sizes] == [
        *(4096, 4096, 4096, 8192),
        *(65_536, 131_072, 196_608),
    ]


def test_another_key_opens_nothing(sealed: Sealed, trust: Trust) -> None:
    path, key = sealed
    with Package.open(path, trust, now_s=None) as package:
        for wrong in (bytes(32), key.key[:-1] + bytes([key.key[-1] ^ 1]), b"", key.key + b"\0"):
            with pytest.raises(PackageError):
                package.paper(wrong)


def test_one_package_does_not_open_with_anothers_key(
    sealed: Sealed, make: Maker, trust: Trust
) -> None:
    path, key = make()
    assert key.package_hash != sealed[1].package_hash
    with Package.open(path, trust, now_s=None) as package, pytest.raises(PackageError):
        package.paper(sealed[1].key)


def test_unknown_names_are_refused(sealed: Sealed, trust: Trust) -> None:
    with Package.open(sealed[0], trust, now_s=None) as package:
        practice = package.practice()
        for ask in (practice.read, practice.size, practice.media_type):
            with pytest.raises(PackageError, match="nothing called"):
                ask("media/video")
        with pytest.raises(PackageError, match="nothing called"):
            practice.read_range("../../etc/passwd", 0, 1)


def test_a_closed_package_reads_nothing(sealed: Sealed, trust: Trust) -> None:
    package = Package.open(sealed[0], trust, now_s=None)
    practice = package.practice()
    package.close()
    package.close()
    with pytest.raises(PackageError):
        practice.read("item/p")


# --- Damage ---


def _whole(path: Path, trust: Trust, key: bytes) -> None:
    """Everything that can be done with a package."""
    with Package.open(path, trust, now_s=None) as package:
        package.check()
        _contents(package.practice())
        _contents(package.paper(key))


def test_a_change_anywhere_in_the_file_is_found(
    sealed: Sealed, trust: Trust, tmp_path: Path
) -> None:
    data = bytearray(sealed[0].read_bytes())
    path = tmp_path / "changed"
    path.write_bytes(data)
    _whole(path, trust, sealed[1].key)
    header = 2 * ALIGNMENT  # the signed object and its signatures, then the blobs
    places = [*range(0, header, 41), *range(header, len(data), 3001), len(data) - 1]
    with path.open("r+b") as file:
        for place in places:
            os.pwrite(file.fileno(), bytes([data[place] ^ 1 << place % 8]), place)
            with pytest.raises(ExamError):
                _whole(path, trust, sealed[1].key)
            os.pwrite(file.fileno(), data[place : place + 1], place)
    _whole(path, trust, sealed[1].key)


def test_a_damaged_blob_is_found_on_reading_alone(
    sealed: Sealed, trust: Trust, tmp_path: Path
) -> None:
    data = bytearray(sealed[0].read_bytes())
    path = tmp_path / "changed"
    with Package.open(sealed[0], trust, now_s=None) as package:
        entry = next(e for e in package._blobs if e.length > len(VIDEO))
        place = package._volumes._place(entry.offset)[1] + 200_000
    data[place] ^= 1
    path.write_bytes(data)
    with Package.open(path, trust, now_s=None) as package:
        paper = package.paper(sealed[1].key)
        assert paper.read("item/1") == PAPER[1].data
        for _ in range(2):  # the second time too
            with pytest.raises(PackageError, match="damaged"):
                paper.read("media/video")
            with pytest.raises(PackageError, match="damaged"):
                paper.read_range("media/video", 0, 10)


def test_every_cut_and_every_tail_is_found(sealed: Sealed, trust: Trust, tmp_path: Path) -> None:
    data = sealed[0].read_bytes()
    path = tmp_path / "cut"
    for end in [*range(0, 2 * ALIGNMENT, 61), *range(2 * ALIGNMENT, len(data), 50_001)]:
        path.write_bytes(data[:end])
        with pytest.raises(ExamError):
            Package.open(path, trust, now_s=None)
    path.write_bytes(data + bytes(ALIGNMENT))
    with pytest.raises(PackageError):
        Package.open(path, trust, now_s=None)


def test_a_blob_sealed_again_with_the_key_everybody_has_is_refused(
    sealed: Sealed, trust: Trust, tmp_path: Path
) -> None:
    from exam_packages.sealing.stream import seal_stream

    path = tmp_path / "forged"
    with Package.open(sealed[0], trust, now_s=None) as package:
        entry = package._blobs[1]
        forged = b"".join(
            seal_stream(package._practice_key, package._context(entry), [b"forged".ljust(4096)])
        )
        place = package._volumes._place(entry.offset)[1]
        assert len(forged) == entry.length
    data = bytearray(sealed[0].read_bytes())
    data[place : place + len(forged)] = forged
    path.write_bytes(data)
    with Package.open(path, trust, now_s=None) as package:
        practice = package.practice()
        name = practice.names()[0]
        with pytest.raises(PackageError, match="damaged"):
            practice.read(name)
        with pytest.raises(PackageError, match="damaged"):
            practice.read_range(name, 0, 5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        FILE_MAGIC,
        FILE_MAGIC + b"\xff\xff\xff\xff",
        FILE_MAGIC + bytes(4) + bytes(8000),
    ],
)
def test_what_is_no_package_is_refused(data: bytes, trust: Trust, tmp_path: Path) -> None:
    path = tmp_path / "scrap"
    path.write_bytes(data)
    with pytest.raises(ExamError):
        Package.open(path, trust, now_s=None)


def test_a_missing_file_is_a_sentence(trust: Trust, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="No such file"):
        Package.open(tmp_path / "none", trust, now_s=None)
    with pytest.raises(PackageError):
        Package.open(tmp_path, trust, now_s=None)


# --- Who, when, with what ---


def test_only_the_packager_packs(people: Any, make: Maker, trust: Trust) -> None:
    path, _ = make(signers=[people.release, people.roots[0]])
    with pytest.raises(TrustError, match="packager"):
        Package.open(path, trust, now_s=None)


def test_half_the_packagers_pair_is_not_the_packager(
    people: Any, make: Maker, trust: Trust
) -> None:
    path, _ = make(signers=[SigningKey(people.packager.ed25519_seed)])
    with pytest.raises(TrustError):
        Package.open(path, trust, now_s=None)


def test_another_signed_object_is_not_a_package(people: Any, trust: Trust, tmp_path: Path) -> None:
    signed = people.signed_root()
    path = tmp_path / "root"
    data = FILE_MAGIC + len(signed).to_bytes(4, "big") + signed
    path.write_bytes(data.ljust(-(-len(data) // ALIGNMENT) * ALIGNMENT, b"\0"))
    with pytest.raises(SignedError, match="“root of trust”"):
        Package.open(path, trust, now_s=None)


def test_expiry_bars_starting_and_not_resuming(sealed: Sealed, trust: Trust, now_s: int) -> None:
    end = _core(now_s).expires_s
    Package.open(sealed[0], trust, now_s=end - 1).close()
    with pytest.raises(PackageError, match="expired"):
        Package.open(sealed[0], trust, now_s=end)
    Package.open(sealed[0], trust, now_s=None).close()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"least_trust": 2}, "version 2 of the root"),
        ({"least_client": (99, 1, 2)}, "version 99.1.2 of Exam Kiosk"),
    ],
)
def test_an_old_machine_says_what_to_update(
    make: Maker, trust: Trust, changes: dict[str, Any], sentence: str
) -> None:
    path, _ = make(**changes)
    with pytest.raises(PackageError, match=sentence):
        Package.open(path, trust, now_s=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"suite": 2},
        {"package_id": bytes(15)},
        {"exam": ""},
        {"form": "a\nb"},
        {"window_to_s": 0},
        {"expires_s": 0},
        {"not_before_s": 1 << 40},
        {"least_client": (1, 2)},
        {"policy_hash": b""},
        {"practice": [Blob("twice", "a/b", b""), Blob("twice", "a/b", b"")]},
        {"paper": [Blob("", "a/b", b"")]},
        {"paper": [Blob("a\x1b[2Jb", "a/b", b"")]},
        {"paper": [Blob("name", "x" * 201, b"")]},
    ],
)
def test_what_could_not_be_opened_is_not_sealed(
    make: Maker, tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(PackageError):
        make(**changes)
    assert not list(tmp_path.iterdir())


def test_a_package_is_never_overwritten(make: Maker) -> None:
    path, _ = make()
    before = path.read_bytes()
    with pytest.raises(PackageError, match="never overwritten"):
        make()
    assert path.read_bytes() == before


def test_a_disk_that_refuses_leaves_nothing_behind(people: Any, now_s: int, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="cannot be written"):
        seal_package(tmp_path / "no" / "p", _core(now_s), PRACTICE, PAPER, [people.packager])
    assert not list(tmp_path.iterdir())


def test_empty_parts_are_fine(make: Maker, trust: Trust) -> None:
    path, key = make(practice=[], paper=[])
    with Package.open(path, trust, now_s=None) as package:
        package.check()
        assert package.practice().names() == package.paper(key.key).names() == ()


def test_two_packagers_and_many_blobs_keep_the_header_in_its_place(
    people: Any, make: Maker, trust: Trust
) -> None:
    blobs = [Blob(f"item/{number}", "a/b", bytes(number)) for number in range(200)]
    path, key = make(paper=blobs, signers=[people.roots[0], people.packager, people.packager])
    with Package.open(path, trust, now_s=None) as package:
        package.check()
        assert _contents(package.paper(key.key)) == blobs


def test_the_paper_key_comes_back_from_its_file(sealed: Sealed, tmp_path: Path) -> None:
    write_paper_key(tmp_path / "paper.key", sealed[1])
    assert read_paper_key(tmp_path / "paper.key") == sealed[1]
    with pytest.raises(canon.CanonError):
        canon.unpack((tmp_path / "paper.key").read_bytes(), Core)


def test_a_blob_may_stay_in_its_file_until_it_is_sealed(
    make: Maker, trust: Trust, now_s: int, tmp_path: Path
) -> None:
    data = os.urandom(3 * 1024 * 1024 + 7)
    video = tmp_path / "video"
    video.write_bytes(data)
    path, key = make(paper=[*PAPER, FileBlob("media/long", "video/mp4", video)])
    with Package.open(path, trust, now_s=now_s) as package:
        paper = package.paper(key.key)
        assert _contents(paper) == [*PAPER, Blob("media/long", "video/mp4", data)]


def test_a_file_that_changes_while_it_is_sealed_is_refused(make: Maker, tmp_path: Path) -> None:
    video = tmp_path / "video"
    video.write_bytes(b"before")
    blob = FileBlob("media/long", "video/mp4", video)
    assert blob.size == 6
    video.write_bytes(b"after that")
    with pytest.raises(PackageError, match="changed while it was being sealed"):
        make(paper=[blob])
    assert list(tmp_path.iterdir()) == [video]
