"""The papers of a hall that does not run: from its disk, which stays as it is."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from exam_packages.sealing.bundle import hand_in_code, manifest_hash
from exam_packages.sealing.sitting_record import read_record
from sync.hall import from_disk
from sync.hall.from_disk import DiskError
from sync.hall.home import HallHome
from sync.hall.papers import PAPERS

from .conftest import Hall, Site, Station, run_cli


def contents(directory: Path) -> dict[Path, tuple[bytes, int]]:
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_a_hall_that_was_killed_gives_its_papers_and_is_not_touched(
    site: Site, station: Callable[..., Station], tmp_path: Path
) -> None:
    hall = Hall(site.hall("hall-disk", 3))
    hall.start()
    with pytest.raises(DiskError, match="no database"):
        empty = tmp_path / "empty"
        shutil.copytree(hall.home.directory, empty, ignore=shutil.ignore_patterns("hall.sqlite*"))
        from_disk.files(HallHome.load(empty))
    one = station("d1", hall).begin("code-0000")
    while not one.outbox.complete:
        one.tick()
    manifest = one.manifest()
    one.client.hand_in(manifest)
    with hall.desk() as desk:
        desk.act("absent", reason="routine.end")
        desk.act("close", reason="routine.end", comment="over")
    hall.kill()
    home = hall.home.directory
    assert (home / "hall.sqlite-wal").stat().st_size  # not merged: it was killed
    before = contents(home)
    said = run_cli("papers", home, "--out", tmp_path / "papers")
    assert "as the hall signed it" in said
    assert contents(home) == before
    slips = (tmp_path / "papers" / "slips.html").read_text()
    assert hand_in_code(manifest_hash(manifest)).split("-")[0] in slips
    made = {path.name for path in (tmp_path / "papers").iterdir()}
    assert made >= {f"{name}.{kind}" for name in PAPERS for kind in ("pdf", "html")}
    assert (tmp_path / "papers" / "register.pdf").read_bytes()[:5] == b"%PDF-"
    names = json.loads((tmp_path / "papers" / "report.json").read_text())["lines"]
    assert [line["candidate"] for line in names] == ["c-0", "c-1", "c-2"]
    record = read_record(
        (tmp_path / "papers" / "sitting.record").read_bytes(),
        hall.home.enrolment(now_s=None).verify_key,
    )
    assert record.reason == "routine.end: over"
    with pytest.raises(Exception, match="held no such sitting"):
        from_disk.files(hall.home, 7)


def test_a_hall_that_writes_meanwhile_is_asked_instead(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = site.hall("hall-writes", 2)
    database = sqlite3.connect(home.directory / "hall.sqlite")
    copy, copies = shutil.copyfile, 0

    def while_writing(source: Path, target: Path) -> None:
        nonlocal copies
        copy(source, target)
        copies += 1
        database.execute("UPDATE sittings SET title = title || '.'")
        database.commit()

    with monkeypatch.context() as patched:
        patched.setattr(from_disk.shutil, "copyfile", while_writing)
        with pytest.raises(DiskError, match="is running and writing"):
            from_disk.files(home)
    assert copies >= 3
    found = from_disk.files(home)
    assert found.title.endswith("." * copies)  # what was written last is there
    assert not found.signed
    assert "sitting.record" not in found.files
    database.close()
