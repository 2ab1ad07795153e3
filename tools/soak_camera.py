"""A camera that is pulled out again and again, and a disk that fills up, during one exam.

    python tools/soak_camera.py [--unplug 50] [--fill 2] [--minutes 180]

A body, a hall and a station are founded in a temporary directory; agent and camera are the
processes of a station, with a film in the camera's place. As root, attempts lie on a small
file system, and pictures keep as much of it free as on a real one. The film is taken away and
put back; twice the file system is filled to the brim. All the while answers are given.

At the end: every picture that was named in the record is at the station and at the hall, sealed
and of the right digest; no file at the station begins like a picture; every answer stood; and
the memory of the agent did not grow. Exit status 1 if any of it does not hold.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import small_exam  # noqa: E402
from sitting import Agent, Screen, Seat, Site, eventually, hall_running  # noqa: E402
from terminals import resident  # noqa: E402
from video import write_video  # noqa: E402

from exam_packages.attempt import events as ev  # noqa: E402
from exam_packages.attempt.acts import HandIn, Respond  # noqa: E402
from exam_packages.sealing.journal import blob_digest  # noqa: E402
from kiosk.ipc import messages as ipc  # noqa: E402

ITEMS = (small_exam.choice_item("one"), small_exam.essay_item("three"))
PATIENCE_S = 90
DISK_MB = 320
"""A little more than what is kept free for answers."""
STARTS = (b"\xff\xd8\xff", b"RIFF")
"""How JPEG and WebP begin."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unplug", type=int, default=50, help="times the film is taken away")
    parser.add_argument("--fill", type=int, default=2, help="times the disk is filled")
    parser.add_argument("--minutes", type=float, default=0, help="go on at least so long")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        problems = soak(Path(directory), arguments.unplug, arguments.fill, arguments.minutes)
    for problem in problems:
        print(f"✗ {problem}")
    print("✗ not good" if problems else "✓ no picture lost or unsealed, no answer lost")
    sys.exit(bool(problems))


def soak(directory: Path, unplug: int, fill: int, minutes: float) -> list[str]:
    film, kept = directory / "room.avi", directory / "kept.avi"
    write_video(kept, frames=6)
    shutil.copy(kept, film)
    paper = small_exam.paper(ITEMS, time_limit_s=24 * 3600)
    site = Site.found(directory, paper, ITEMS, stations=1, candidates=1, camera=str(film))
    seat = Seat(1, site.stations[0], site.hall, site)
    disk = small_disk(seat.station.attempts)
    try:
        with hall_running(site), seat.agent() as agent:
            return sit(seat, agent, film, kept, unplug, fill if disk else 0, minutes)
    finally:
        if disk:
            ctypes.CDLL(None).umount2(bytes(seat.station.attempts), 2)


def sit(
    seat: Seat, agent: Agent, film: Path, kept: Path, unplug: int, fill: int, minutes: float
) -> list[str]:
    screen = agent.screen()
    screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
    screen.begin(seat.hall, seat.number)
    began, rounds, answers, memory = time.monotonic(), 0, 0, list[float]()
    fills = {round((n + 1) * unplug / (fill + 1)) for n in range(fill)}
    while rounds < unplug or time.monotonic() - began < 60 * minutes:
        rounds += 1
        another_picture(screen)
        film.unlink()
        wait(lambda: sources(screen)[-1] == ev.NO_CAMERA, "the loss is recorded")
        answers += answer(screen, rounds)
        shutil.copy(kept, film)
        wait(lambda: sources(screen)[-1] == ev.VIDEO_FILE, "it is found again")
        if rounds in fills:
            filled(seat.station.attempts, screen)
        memory.append(resident(agent.process.pid) / 2**20)
        if rounds % max(1, unplug // 10) == 0:
            print(
                f"{rounds:5} unplugged, {count(screen, ev.SnapshotTaken):5} pictures, "
                f"agent {memory[-1]:.1f} MB",
                flush=True,
            )
    screen.do(HandIn())
    screen.await_(ipc.Finished, lambda finished: finished.hall)
    return problems(seat, screen, rounds, answers, memory)


def problems(
    seat: Seat, screen: Screen, rounds: int, answers: int, memory: list[float]
) -> list[str]:
    found = []
    (attempt,) = seat.station.attempts.iterdir()
    named = [e.event.digest for e in screen.entries if isinstance(e.event, ev.SnapshotTaken)]
    here = {path.name for path in (attempt / "evidence").iterdir()}
    there = seat.hall.home.evidence / attempt.name
    eventually(lambda: len(list(there.iterdir())) >= len(named), "the hall has all", PATIENCE_S)
    at_hall = {path.name for path in there.iterdir()}
    for digest in named:
        if digest.hex() not in here & at_hall:
            found.append(f"the picture {digest.hex()[:16]} is not at the station and the hall")
        elif blob_digest((attempt / "evidence" / digest.hex()).read_bytes()) != digest:
            found.append(f"the picture {digest.hex()[:16]} was altered")
    if unnamed := here - {digest.hex() for digest in named}:
        found.append(f"{len(unnamed)} pictures lie at the station and are not in the record")
    for path in seat.station.directory.rglob("*"):
        if path.is_file() and path.read_bytes().startswith(STARTS):
            found.append(f"{path} begins like a picture")
    if screen.attempt.recorded != answers:
        found.append(f"{answers} answers were given, {screen.attempt.recorded} are recorded")
    losses = sum(source == ev.NO_CAMERA for source in sources(screen))
    if losses < rounds:
        found.append(f"unplugged {rounds} times, recorded {losses}")
    half = len(memory) // 2
    if half > 2 and max(memory[half:]) > max(memory[:half]) * 1.1 + 2:
        found.append(f"the agent grew from {max(memory[:half]):.1f} to {max(memory[half:]):.1f} MB")
    missed = sum(e.event.count for e in screen.entries if isinstance(e.event, ev.PicturesMissed))
    print(
        f"{rounds} unplugged, {len(named)} pictures kept, {missed} counted as missed, "
        f"agent {memory[0]:.1f} to {memory[-1]:.1f} MB"
    )
    return found


def answer(screen: Screen, number: int) -> int:
    """Give an answer, and see that it is saved."""
    told = screen.do(Respond("three", small_exam.chosen(hashlib.sha256(bytes(number)).hexdigest())))
    if not isinstance(told, ipc.Saved):
        raise SystemExit(f"an answer was not taken: {told}")
    return 1


def filled(where: Path, screen: Screen) -> None:
    """Fill the disk as far as pictures may go, until they are missed, and let it go again."""
    missed = count(screen, ev.PicturesMissed)
    filler = where / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(where).free - (8 << 20)))
    wait(lambda: count(screen, ev.PicturesMissed) > missed, "pictures are missed")
    filler.unlink()
    another_picture(screen)


def another_picture(screen: Screen) -> None:
    before = count(screen, ev.SnapshotTaken)
    wait(lambda: count(screen, ev.SnapshotTaken) > before, "another picture is kept")


def small_disk(where: Path) -> bool:
    """A file system of its own for attempts, where this user may make one."""
    where.mkdir(exist_ok=True)
    size = f"size={DISK_MB}m".encode()
    return ctypes.CDLL(None).mount(b"tmpfs", bytes(where), b"tmpfs", 0, size) == 0


def count(screen: Screen, kind: type[object]) -> int:
    return sum(isinstance(entry.event, kind) for entry in screen.entries)


def sources(screen: Screen) -> list[int]:
    return [e.event.source for e in screen.entries if isinstance(e.event, ev.CameraFound)]


def wait(look: Callable[[], bool], what: str) -> None:
    eventually(look, what, PATIENCE_S)


if __name__ == "__main__":
    main()
