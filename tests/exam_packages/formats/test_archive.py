"""Packages that a stranger made to hurt are refused, in a sentence."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages.formats import archive
from exam_packages.formats.errors import FormatError


def packed(
    *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in entries:
            made.writestr(name, data)
    return out.getvalue()


def test_a_zip_and_a_folder_give_the_same_files(tmp_path: Path) -> None:
    files = {"a.xml": b"<a/>", "items/b.xml": b"<b/>", "media/ü.png": b"\x89PNG"}
    folder = tmp_path / "folder"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    path = tmp_path / "package.zip"
    path.write_bytes(packed(*files.items()))
    assert archive.load(folder) == archive.load(path) == files


def test_folders_in_a_zip_are_passed_over() -> None:
    assert archive.load_zip(packed(("items/", b""), ("items/a.xml", b"a"))) == {"items/a.xml": b"a"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil.xml",
        "a/../../evil.xml",
        "/etc/passwd",
        "C:/evil.xml",
        "a\\evil.xml",
        "a//b.xml",
        "./a.xml",
        "a\nb.xml",
        "a\x1b[2Jb.xml",
        "\N{RIGHT-TO-LEFT OVERRIDE}lmx.a",
        "e\N{COMBINING ACUTE ACCENT}.xml",
        "x" * 201,
        "/".join("d" * 17),
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(FormatError, match="not taken in") as caught:
        archive.load_zip(packed((name, b"x")))
    assert str(caught.value).isprintable()


def test_a_name_hidden_behind_a_nul_is_refused() -> None:
    data = packed(("evil.xmlX.png", b"x")).replace(b"evil.xmlX.png", b"evil.xml\0.png")
    with pytest.raises(FormatError):
        archive.load_zip(data)


def test_one_name_twice_is_refused() -> None:
    # zipfile warns when it writes a name twice, so the second is renamed in the bytes.
    data = packed(("items/a.xml", b"one"), ("items/b.xml", b"two"))
    with pytest.raises(FormatError, match="twice"):
        archive.load_zip(data.replace(b"items/b.xml", b"items/a.xml"))
    with pytest.raises(FormatError, match="twice"):
        archive.load_zip(packed(("items/a.xml", b"one"), ("Items/A.XML", b"two")))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_refused(kind: int) -> None:
    entry = zipfile.ZipInfo("a.xml")
    entry.create_system = 3
    entry.external_attr = (kind | 0o777) << 16
    with pytest.raises(FormatError, match="link or a device"):
        archive.load_zip(packed((entry, b"/etc/passwd")))


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").symlink_to("/etc/passwd")
    with pytest.raises(FormatError, match="link or a device"):
        archive.load(tmp_path)


def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "items").symlink_to("/etc")
    with pytest.raises(FormatError, match="link or a device"):
        archive.load(tmp_path / "package")


def test_a_pipe_in_a_folder_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.xml")
    with pytest.raises(FormatError, match="link or a device"):
        archive.load(tmp_path)


def test_a_bomb_of_one_file_is_refused() -> None:
    with pytest.raises(FormatError, match=r"larger than|unpacks"):
        archive.load_zip(packed(("bomb.xml", bytes(40 * 2**20))))


def test_a_bomb_of_many_files_is_refused() -> None:
    bomb = packed(*((f"{number}.xml", bytes(4 * 2**20)) for number in range(20)))
    assert len(bomb) < 2**20
    with pytest.raises(FormatError, match="unpacks"):
        archive.load_zip(bomb)


def test_a_size_that_lies_is_not_believed() -> None:
    data = bytearray(packed(("a.xml", bytes(100_000))))
    # The directory's uncompressed size, at offset 24 of its entry, says ten bytes.
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, 10)
    with pytest.raises(FormatError):
        archive.load_zip(bytes(data))


def test_too_many_files_are_refused() -> None:
    many = packed(*((f"{number}.txt", b"") for number in range(archive.MAX_FILES + 1)))
    with pytest.raises(FormatError, match="more than"):
        archive.load_zip(many)


def test_encrypted_and_unusual_zips_are_refused() -> None:
    locked = bytearray(packed(("a.xml", b"x")))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        locked[locked.index(mark) + offset] |= 1
    with pytest.raises(FormatError, match="encrypted"):
        archive.load_zip(bytes(locked))
    with pytest.raises(FormatError, match="unusual"):
        archive.load_zip(packed(("a.xml", b"x"), method=zipfile.ZIP_LZMA))


def test_files_that_share_bytes_are_refused() -> None:
    """One compressed block that two names unpack: how a small zip makes a huge folder."""
    data = bytearray(packed(("aa.xml", b"x" * 500), ("bb.xml", b"y" * 500)))
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 1)  # where its own header begins
    with pytest.raises(FormatError, match="overlap"):
        archive.load_zip(bytes(data))
    struct.pack_into("<I", data, second + 42, 0)
    with pytest.raises(FormatError, match="overlap"):
        archive.load_zip(bytes(data))


def test_a_directory_that_is_too_large_is_not_read() -> None:
    data = bytearray(packed(("a.xml", b"x")))
    struct.pack_into("<I", data, len(data) - 22 + 12, archive.MAX_DIRECTORY + 1)
    with pytest.raises(FormatError, match="more than"):
        archive.load_zip(bytes(data))
    small = packed(("a.xml", b"x"))
    with pytest.raises(FormatError, match="more than"):
        archive.load_zip(small[:-22] + b"PK\x06\x07" + bytes(16) + small[-22:])


def test_a_single_file_is_a_bank_of_one(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    assert archive.load_any(tmp_path / "a.xml") == {"a.xml": b"<a/>"}
    (tmp_path / "b.zip").write_bytes(packed(("c.xml", b"<c/>")))
    assert archive.load_any(tmp_path / "b.zip") == {"c.xml": b"<c/>"}
    assert archive.load_any(tmp_path)["a.xml"] == b"<a/>"
    with pytest.raises(FormatError, match="cannot be read"):
        archive.load_any(tmp_path / "none.xml")


def test_a_missing_package_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        archive.load(tmp_path / "none.zip")


@given(st.binary(max_size=300))
def test_other_bytes_are_no_package(data: bytes) -> None:
    with pytest.raises(FormatError):
        archive.load_zip(data)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_zip_gives_files_or_our_error(data: st.DataObject) -> None:
    raw = bytearray(packed(("a.xml", b"<a/>" * 50), ("items/b.xml", b"<b/>")))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        files = archive.load_zip(bytes(raw))
    except FormatError:
        return
    assert all(isinstance(content, bytes) for content in files.values())
