"""The hall's disk fills up: what was acknowledged stays, stations are told, and it goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_hall import Hall, Site, Station, found_site

from exam_packages.attempt.events import Beat
from exam_packages.sealing.journal_keys import blob_digest
from sync.hall.home import HallHome
from sync.link import HolderRefused

SIZE = 24 * 1024 * 1024


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return found_site(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of a few megabytes."""
    path = tmp_path / "small"
    path.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small file system")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(path)], check=False
    )
    if done.returncode:
        pytest.skip("this machine mounts no small file system")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def free(path: Path) -> int:
    return shutil.disk_usage(path).free


def fill(path: Path, leave: int) -> None:
    with (path / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, free(path) - leave)


def test_acknowledged_records_outlive_a_full_disk(
    site: Site, small_disk: Path, tmp_path: Path
) -> None:
    # The sitting begins where there is room: below a floor nobody could begin.
    before = Hall(site.hall("roomy"))
    before.start()
    seat = Station(site.station("s1"), before, tmp_path / "s1").begin("code-0001")
    late = Station(site.station("s2"), before, tmp_path / "s2")
    seat.tick()
    before.stop()
    home = small_disk / "hall"
    shutil.copytree(before.home.directory, home)
    hall = Hall(HallHome.load(home))
    hall.start()
    try:
        for each in (seat, late):
            each.hall = hall
            each.reconnect()
        # Little is free: pictures and new exams are refused, and answers are not.
        picture = bytes(100_000)
        with pytest.raises(HolderRefused, match="disk is almost full") as refused:
            late.begin("code-0002")
        assert refused.value.status == 507
        assert seat.seat is not None
        seat.add(Beat())
        assert seat.tick().acknowledgement is not None
        with pytest.raises(HolderRefused, match="pictures are not kept") as refused:
            seat.client.evidence(seat.seat.blind_id, blob_digest(picture), picture)
        assert refused.value.status == 507
        # And then nothing is: the station is told, and keeps what it has.
        fill(small_disk, leave=256 * 1024)
        full = None
        for _ in range(400):
            seat.add(*[Beat()] * 40)
            try:
                seat.tick()
            except HolderRefused as problem:
                full = problem
                break
        assert full is not None
        assert (full.status, "disk" in str(full)) == (507, True)
        acknowledged = seat.outbox.held
        assert acknowledged > 40
        for _ in range(3):
            with pytest.raises(HolderRefused, match="is full"):
                seat.tick()
        with hall.desk() as desk:  # the board can still be looked at
            assert desk.board()["rows"]
        hall.kill()  # and its power goes just then
        database = sqlite3.connect(f"file:{home}/hall.sqlite?mode=ro", uri=True)
        held = [
            frame for (frame,) in database.execute("SELECT frame FROM frames ORDER BY sequence")
        ]
        database.close()
        assert seat.writer is not None
        assert held == list(seat.writer.frames(0, 1 << 30))[: len(held)]
        assert len(held) >= acknowledged
        # Somebody makes room: it goes on where it stood.
        (small_disk / "filler").unlink()
        hall.start()
        seat.reconnect()
        while not seat.outbox.complete:
            seat.tick()
        seat.client.hand_in(seat.manifest())
    finally:
        hall.stop()
        seat.close()
        late.close()
