"""The journal and the disk: crashes, failed syncs, full disks, damage."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_packages.files import write_durably
from exam_packages.sealing import journal_files
from exam_packages.sealing.journal import (
    ChainGap,
    ChainPermit,
    Compartment,
    DiskFault,
    DiskFull,
    JournalConflict,
    JournalError,
    next_context,
    open_frames,
    read_frames,
    refill,
)
from exam_packages.sealing.journal_files import Segments

FILES = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def segments(attempt) -> list[Path]:
    return sorted((attempt.directory / "journal").glob("*.segment"))


def path_of(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


class FailingSync:
    """fdatasync, until told otherwise; remembers which file each call was for."""

    def __init__(self) -> None:
        self.error = 0
        self.calls: list[Path] = []

    def __call__(self, descriptor: int) -> None:
        self.calls.append(path_of(descriptor))
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        os.fdatasync(descriptor)


def damage(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


# --- A sync that fails ---------------------------------------------------------------


@pytest.mark.parametrize(("number", "error"), [(errno.EIO, DiskFault), (errno.ENOSPC, DiskFull)])
def test_after_a_failed_sync_the_same_bytes_go_to_a_new_segment(attempt, number, error):
    sync = FailingSync()
    writer = attempt.begin(sync=sync)
    attempt.add(writer, b"one")
    old = segments(attempt)[-1]
    sync.error = number
    writer.append(attempt.stamp(), b"two", Compartment.RESPONSES)
    with pytest.raises(error) as caught:
        writer.commit()
    assert str(attempt.directory) in str(caught.value)
    assert (writer.synced, writer.sequence) == (2, 3)
    assert len(writer.frames(0)) == 2
    head = writer.head
    used = len(sync.calls)

    sync.error = 0
    writer.append(attempt.stamp(), b"three", Compartment.RESPONSES)
    writer.commit()
    assert writer.synced == 4
    new = segments(attempt)[-1]
    assert new != old
    assert old not in sync.calls[used:]
    assert writer.frames(2)[0] in old.read_bytes()  # byte for byte the copy
    assert writer.frames(2)[0] in new.read_bytes()
    assert writer.head_at(3) == head
    attempt.add(writer, b"four")
    assert old not in sync.calls[used:]
    assert attempt.answers() == [b"one", b"two", b"three", b"four"]
    assert attempt.verify().cursor == writer.cursor


def test_nothing_durable_is_lost_when_the_failed_file_is_empty_afterwards(attempt):
    """What the kernel dropped after a failed sync lies in the new segment."""
    sync = FailingSync()
    writer = attempt.begin(sync=sync)
    attempt.add(writer, b"one")
    old = segments(attempt)[-1]
    before = old.read_bytes()
    sync.error = errno.EIO
    writer.append(attempt.stamp(), b"two", Compartment.RESPONSES)
    with pytest.raises(DiskFault):
        writer.commit()
    sync.error = 0
    writer.commit()
    old.write_bytes(before)
    assert attempt.answers() == [b"one", b"two"]


def test_failing_again_and_again_is_survived(attempt):
    sync = FailingSync()
    writer = attempt.begin(sync=sync)
    sync.error = errno.EIO
    for number in range(5):
        writer.append(attempt.stamp(), bytes([number]), Compartment.RESPONSES)
        with pytest.raises(DiskFault):
            writer.commit()
    sync.error = 0
    writer.commit()
    assert attempt.answers() == [bytes([number]) for number in range(5)]


def test_frames_sealed_again_are_an_alarm(attempt, make_attempt, tmp_path):
    """Attack: after a failed sync, other bytes for an entry that exists already."""
    attempt.begin().close()
    twin = make_attempt(tmp_path / "twin")
    twin.begin().close()
    # one context and permit, two headers: both are well signed, only one can be true
    forged = segments(twin)[0].rename(segments(attempt)[-1].with_name("000009.segment"))
    assert forged in segments(attempt)
    with pytest.raises(JournalConflict, match=r"Entry 1 .* exists twice"):
        read_frames(attempt.directory)
    with pytest.raises(JournalConflict):
        refill(attempt.directory, ())


# --- A disk that is full -------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_said_and_nothing_is_lost(attempt, tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(mount)], capture_output=True
    ).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        attempt.directory = mount / "attempt"
        writer = attempt.begin()
        ballast = mount / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"x" * 65536)
        # what is preallocated is still there to be used
        attempt.add(writer, b"one")
        bodies = [bytes([number]) * 200_000 for number in range(4)]
        with pytest.raises(DiskFull, match="full"):
            for body in bodies:
                writer.append(attempt.stamp(), body, Compartment.RESPONSES)
            writer.commit()
        assert writer.synced == 2
        with pytest.raises(DiskFull):
            writer.commit()
        assert attempt.answers() == [b"one"]
        ballast.unlink()
        writer.commit()
        assert attempt.answers() == [b"one", *bodies]
        writer.close()
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=True)


# --- A process that is killed --------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from exam_packages.clock import Stamp
from exam_packages.sealing.journal import *
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, SCORING
directory, seed = Path(sys.argv[1]), bytes(32)
station, hall = SigningKey(seed), SealingKey(seed)
boot = bytes(16)
found = read_frames(directory).cursor
context = (
    next_context(found, station.key_id, bytes(32), boot)
    if found else first_context(bytes(16), station.key_id, bytes(32), boot)
)
writer = JournalWriter.begin(
    directory, context, sign_permit(context, 1, 1, station), station=station,
    openings={{role: hall.public for role in (SCORING, INTEGRITY, REGISTRAR)}},
    evidence=hall.public, hall=[hall.public], neighbour=None, stamp=Stamp(boot, 1, 1, 0),
)
while True:
    for _ in range(1 + writer.sequence % 3):
        number = writer.sequence + 1
        writer.append(Stamp(boot, number, number, 0), b"%d" % number, Compartment.RESPONSES)
    writer.commit()
    print(writer.synced, flush=True)
"""


def test_killed_in_the_middle_nothing_that_was_said_to_be_saved_is_lost(attempt):
    from exam_packages.sealing.journal import epoch_header
    from exam_packages.sealing.suite import SealingKey

    said = 0
    for life in range(1, 5):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD.format(path=sys.path), str(attempt.directory)],
            stdout=subprocess.PIPE,
            text=True,
        )
        with child:
            assert child.stdout is not None
            for _ in range(20 * life):
                said = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().split("\n")
            said = max([said, *(int(line) for line in rest[:-1])])
        assert child.returncode == -signal.SIGKILL
        recovered = read_frames(attempt.directory)
        assert recovered.cursor is not None
        assert recovered.cursor.sequence >= said
        assert recovered.cursor.epoch == life
    keys = {}
    for frame in recovered.frames:
        try:
            header = epoch_header(frame)
        except JournalError:
            continue
        keys[header.context.epoch] = header.keys(
            SealingKey(bytes(32)), [Compartment.RESPONSES, Compartment.EVENTS]
        )
    for opened in open_frames(recovered.frames, keys):
        if opened.compartment is Compartment.RESPONSES:
            assert opened.body == b"%d" % opened.sequence


# --- A power cut ---------------------------------------------------------------------


class Disk:
    """What each segment held at its last sync: all that a power cut leaves for certain."""

    SECTOR = 512

    def __init__(self) -> None:
        self.kept: dict[Path, bytes] = {}

    def sync(self, descriptor: int) -> None:
        path = path_of(descriptor)
        self.kept[path] = path.read_bytes()

    def cut(self, attempt, chance: random.Random) -> None:
        """Cut the power: of every sector not synced, *chance* tells whether it was written."""
        for path in segments(attempt):
            now = path.read_bytes()
            # a new segment's preamble and zeros were synced when it was made
            left = bytearray(self.kept.get(path, now[:28].ljust(len(now), b"\0")))
            for start in range(0, len(now), self.SECTOR):
                sector = slice(start, start + self.SECTOR)
                if now[sector] != left[sector] and chance.random() < 0.5:
                    left[sector] = now[sector]
            self.kept[path] = bytes(left)
            path.write_bytes(left)


@FILES
@given(
    lives=st.lists(
        st.lists(st.tuples(st.integers(0, 1500), st.booleans()), max_size=6),
        min_size=1,
        max_size=3,
    ),
    seed=st.integers(0, 2**32),
)
def test_a_power_cut_loses_nothing_saved_and_invents_nothing(make_attempt, lives, seed):
    with (
        tempfile.TemporaryDirectory() as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(journal_files, "SEGMENT_SIZE", 16 * 1024)
        attempt = make_attempt(Path(directory) / "attempt")
        answers: list[bytes] = []
        disk, chance = Disk(), random.Random(seed)  # noqa: S311 - no secret
        for acts in lives:
            writer = attempt.begin(sync=disk.sync)
            assert attempt.answers() == answers
            safe = len(answers)
            for size, commit in acts:
                answers.append(bytes([len(answers)]) * size)
                writer.append(attempt.stamp(), answers[-1], Compartment.RESPONSES)
                if commit:
                    writer.commit()
                    safe = len(answers)
            # the last group is on its way: the power decides whether it arrives
            writer._segments._sync = lambda descriptor: None
            writer.commit()
            writer.close()
            disk.cut(attempt, chance)
            left = attempt.answers()
            assert left == answers[: len(left)]
            assert len(left) >= safe
            assert attempt.verify().epoch == writer.epoch
            answers = left


def test_sectors_lost_out_of_order_end_the_record_before_them(attempt):
    """An unsynced group of which the middle never reached the disk."""
    writer = attempt.begin()
    attempt.add(writer, b"saved")
    last = segments(attempt)[-1]
    attempt.add(writer, b"a" * 2000, b"b" * 2000, b"c" * 2000)
    writer.close()
    place = Segments(attempt.directory / "journal")
    place.recover()
    lost = place.places[3]
    damage(last, lost.offset, bytes(lost.size))
    recovered = read_frames(attempt.directory)
    assert len(recovered.frames) == 3
    assert "breaks off after entry 3" in str(recovered.note)
    attempt.add(attempt.begin(), b"after")
    assert attempt.answers() == [b"saved", b"a" * 2000, b"after"]
    assert read_frames(attempt.directory).note is None
    assert attempt.verify().epoch == 2


def test_a_restart_trusts_no_sync_but_its_own(attempt):
    """What the last segment held is in a new one before the new epoch begins."""
    writer = attempt.begin()
    attempt.add(writer, b"one", b"two")
    writer.close()
    old = segments(attempt)
    attempt.begin().close()
    for path in old:
        path.unlink()
    assert attempt.answers() == [b"one", b"two"]
    assert attempt.verify().epoch == 2


# --- Damage --------------------------------------------------------------------------


@FILES
@given(data=st.data())
def test_any_damage_leaves_a_prefix_or_our_error(make_attempt, data):
    with tempfile.TemporaryDirectory() as directory:
        attempt = make_attempt(Path(directory) / "attempt")
        for _ in range(2):
            writer = attempt.begin()
            attempt.add(writer, b"one", b"two" * 100, b"three")
            writer.close()
        frames = attempt.frames()
        used = max(place.offset + place.size for place in _places(attempt))
        path = data.draw(st.sampled_from(segments(attempt)))
        match data.draw(st.sampled_from(["cut", "overwrite", "flip", "vanish"])):
            case "cut":
                os.truncate(path, data.draw(st.integers(0, used)))
            case "overwrite":
                damage(path, data.draw(st.integers(0, used)), data.draw(st.binary(min_size=1)))
            case "flip":
                offset = data.draw(st.integers(0, used))
                byte = path.read_bytes()[offset]
                damage(path, offset, bytes([byte ^ 1 << data.draw(st.integers(0, 7))]))
            case "vanish":
                path.unlink()
        try:
            recovered = read_frames(attempt.directory)
        except JournalError:
            return
        assert recovered.frames == frames[: len(recovered.frames)]
        if recovered.frames:
            attempt.verify(recovered.frames)


def _places(attempt):
    files = Segments(attempt.directory / "journal")
    files.recover()
    return files.places


@given(junk=st.binary(max_size=600))
def test_a_file_that_is_no_segment_is_no_exception(junk):
    with tempfile.TemporaryDirectory() as directory:
        journal = Path(directory) / "journal"
        journal.mkdir()
        (journal / "000001.segment").write_bytes(junk)
        (journal / "notes.txt").write_bytes(junk)
        recovered = read_frames(Path(directory))
        assert recovered.frames == ()
        assert recovered.cursor is None
        assert (recovered.note is None) is (not junk.strip(b"\0"))


def test_a_directory_without_a_journal_is_an_empty_journal(tmp_path):
    assert read_frames(tmp_path).cursor is None


def test_what_was_lost_is_refilled_from_a_holder(attempt):
    writer = attempt.begin()
    for number in range(8):
        attempt.add(writer, bytes([number]) * 200_000)  # several segments
    held = writer.frames(0, 2**30)
    writer.close()
    damage(segments(attempt)[1], 40, b"damage")
    recovered = read_frames(attempt.directory)
    kept = len(recovered.frames)
    assert 0 < kept < len(held)
    assert "later entries" in str(recovered.note)
    with pytest.raises(ChainGap):
        refill(attempt.directory, held[kept + 1 :])
    # only what is missing in between: what lies beyond joins again
    healed = refill(attempt.directory, held[kept : kept + 3])
    assert healed.frames == held
    assert healed.note is None
    attempt.add(attempt.begin(), b"on")
    assert len(attempt.answers()) == 9


def test_what_a_lower_epoch_had_beyond_is_cut_off_by_the_higher(attempt):
    """The tail dropped at a restart may be readable later; it never comes back."""
    writer = attempt.begin()
    attempt.add(writer, b"kept")
    attempt.add(writer, b"dropped")
    writer.close()
    path, whole = segments(attempt)[0], segments(attempt)[0].read_bytes()
    damage(path, _places(attempt)[-1].offset, b"\xff" * 8)
    attempt.add(attempt.begin(), b"new")
    path.write_bytes(whole)
    recovered = read_frames(attempt.directory)
    assert recovered.note is None
    assert attempt.answers() == [b"kept", b"new"]


# --- write_durably -------------------------------------------------------------------


def test_a_file_is_written_whole_with_its_mode(tmp_path):
    path = tmp_path / "file"
    for data, mode in ((b"one", 0o600), (b"two" * 100_000, 0o644)):
        write_durably(path, data, mode)
        assert path.read_bytes() == data
        assert path.stat().st_mode & 0o777 == mode
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path):
    path = tmp_path / "directory"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_durably(path, b"data")
    assert list(tmp_path.iterdir()) == [path]


# --- Damage, and the number of the next epoch ----------------------------------------


def three_lives(attempt, monkeypatch) -> list[Path]:
    """A record of three epochs, each in segments of its own; the segments' paths."""
    monkeypatch.setattr(journal_files, "SEGMENT_SIZE", 16 * 1024)
    for life in range(3):
        writer = attempt.begin()
        attempt.add(writer, *(bytes([life]) * 4000 for _ in range(5)))
        writer.close()
    return segments(attempt)


def spoil_entry(attempt, number: int) -> None:
    """Make every copy of an entry unreadable: the record ends before it."""
    frame = attempt.frames()[number - 1]
    for path in segments(attempt):
        data = path.read_bytes()
        while (place := data.find(frame)) >= 0:
            data = data[:place] + bytes(len(frame)) + data[place + len(frame) :]
        path.write_bytes(data)


@pytest.mark.parametrize("lost", [3, 8])
def test_after_damage_no_number_of_an_epoch_is_used_again(attempt, monkeypatch, lost):
    """The record is cut in an early epoch, and later ones can still be read behind the gap:
    their numbers are taken, or what is written next would meet them as a contradiction."""
    three_lives(attempt, monkeypatch)
    spoil_entry(attempt, lost)
    left = read_frames(attempt.directory)
    assert len(left.frames) == lost - 1
    assert left.note is not None
    assert left.epoch == 3
    writer = attempt.begin()
    assert writer.epoch == 4
    attempt.add(writer, *(b"again" for _ in range(30)))  # past every entry behind the gap
    assert len(read_frames(attempt.directory).frames) == lost + 30
    writer.close()
    for _ in range(2):
        attempt.begin().close()
    assert read_frames(attempt.directory).cursor.epoch == 6
    assert attempt.answers()[-30:] == [b"again"] * 30


def test_an_epoch_of_which_only_a_preamble_is_left_counts(attempt, monkeypatch):
    paths = three_lives(attempt, monkeypatch)
    spoil_entry(attempt, 3)
    for path in paths:
        data = path.read_bytes()
        if int.from_bytes(data[8:16], "big") == 3:
            path.write_bytes(data[:28] + bytes(len(data) - 28))
    assert read_frames(attempt.directory).epoch == 3


def test_an_epoch_that_was_seen_here_is_not_opened_again(attempt, monkeypatch):
    three_lives(attempt, monkeypatch)
    spoil_entry(attempt, 3)
    left = read_frames(attempt.directory)
    station, boot = attempt.machine.signing.key_id, attempt.boot
    stale = next_context(left.cursor, station, attempt.package_hash, boot)
    assert stale.epoch == 2
    with pytest.raises(ChainPermit, match="epoch 3 was open before"):
        attempt.begin(stale)
