"""What the camera costs, beside bare OpenCV for the same calls in the same run.

    python tests/benchmarks/proctoring.py [--frames N] [--seconds N]

*Look* is a frame as a station looks at it: read, prepared, judged by all nine detectors, with
faces counted in every tenth. *Picture* is one that is kept: read, encoded, sealed. Beside them,
in turn with them, are OpenCV's own calls and nothing else: read, grey copies, Laplacian, cascade
in every tenth; read and imencode. *Process* is the share of one core that the whole camera
process takes with two looks a second and a picture every ten seconds, by the kernel's count.

Budget (a quiet machine): below 3 % of a core.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import cv2
import msgspec
from cv2.data import haarcascades

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from video import write_film

from exam_packages.clock import Stamp
from exam_packages.content.proctoring import DETECTORS
from exam_packages.sealing.journal import JournalWriter, first_context, sign_permit
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, SCORING
from kiosk.agent.album import FACES_EVERY, LOOK_MS
from kiosk.agent.camera import IDLE, Camera
from kiosk.agent.inbox import CameraChanged, Message, PictureTaken
from kiosk.proctoring.camera import encode
from kiosk.proctoring.detectors.faces import cascade
from kiosk.proctoring.detectors.sight import Pixels, see
from kiosk.proctoring.detectors.watch import begin, look
from kiosk.proctoring.rates.scenes import Condition
from kiosk.proctoring.sources import VideoFile

PICTURE_S = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as directory:
        film = Path(directory) / "film.avi"
        write_film(film, Condition("as usual"))
        frames(film, Path(directory), arguments.frames)
        process(film, arguments.seconds)


def frames(film: Path, directory: Path, count: int) -> None:
    ours, bare = our_look(film), bare_look(film)
    kept, bare_kept = our_picture(film, directory), bare_picture(film)
    steps = {"look": (ours, bare), "picture": (kept, bare_kept)}
    for name, (one, other) in steps.items():
        mine, theirs = [], []
        for _ in range(count):
            mine.append(timed(one))
            theirs.append(timed(other))
        total, beside = sum(mine), sum(theirs)
        print(
            f"{name:8} {1000 * total / count:7.2f} ms mean, {1000 * statistics.median(mine):6.2f}"
            f" median; bare OpenCV {1000 * beside / count:7.2f} and"
            f" {1000 * statistics.median(theirs):6.2f}: ratio {total / beside:.2f}"
        )


def timed(step: Callable[[], object]) -> float:
    """CPU seconds of one step: other programs do not count."""
    before = time.process_time()
    step()
    return time.process_time() - before


def our_look(film: Path) -> Callable[[], object]:
    source, count, number = VideoFile(film), cascade(), itertools.count()
    watch = begin(DETECTORS)

    def step() -> None:
        nonlocal watch
        n, pixels = next(number), read(source)
        faces = count(pixels) if n % FACES_EVERY == 0 else None
        watch, _ = look(watch, see(pixels, n * LOOK_MS * 1_000_000, faces))

    return step


def bare_look(film: Path) -> Callable[[], object]:
    source, number = VideoFile(film), itertools.count()
    finder = cv2.CascadeClassifier(f"{haarcascades}haarcascade_frontalface_alt2.xml")
    even = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8))

    def step() -> None:
        pixels = read(source)
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(grey, (160, 120), interpolation=cv2.INTER_AREA)
        cv2.meanStdDev(small)
        cv2.Laplacian(small, cv2.CV_32F)
        cv2.calcHist([small], [0], None, [256], [0, 256])
        if next(number) % FACES_EVERY == 0:
            half = cv2.resize(grey, (320, 240), interpolation=cv2.INTER_AREA)
            finder.detectMultiScale(even.apply(half), 1.1, 3, minSize=(32, 32))

    return step


def our_picture(film: Path, directory: Path) -> Callable[[], object]:
    source, number, writer = VideoFile(film), itertools.count(1), journal(directory / "attempt")
    plan = msgspec.structs.replace(IDLE, width=640)
    return lambda: writer.seal_snapshot(next(number), encode(read(source), plan))


def bare_picture(film: Path) -> Callable[[], object]:
    source = VideoFile(film)
    return lambda: cv2.imencode(".jpg", read(source), [cv2.IMWRITE_JPEG_QUALITY, 60])


def read(source: VideoFile) -> Pixels:
    pixels = source.read()
    if pixels is None:
        raise SystemExit("the film cannot be read")
    return pixels


def journal(directory: Path) -> JournalWriter:
    station, hall, role = SigningKey(bytes(32)), SealingKey(bytes(32)), SealingKey.generate()
    context = first_context(bytes(16), station.key_id, bytes(32), bytes(16))
    return JournalWriter.begin(
        directory,
        context,
        sign_permit(context, 1, 1, station),
        station=station,
        openings=dict.fromkeys((SCORING, INTEGRITY, REGISTRAR), role.public),
        evidence=role.public,
        hall=[hall.public],
        neighbour=None,
        stamp=Stamp(bytes(16), 1, 1, 0),
    )


def process(film: Path, seconds: int) -> None:
    inbox: SimpleQueue[Message] = SimpleQueue()
    camera = Camera(str(film), inbox.put)
    camera.start()
    if not isinstance(inbox.get(timeout=60), CameraChanged):
        raise SystemExit("the camera process did not start")
    plan = msgspec.structs.replace(
        IDLE, detectors=DETECTORS, look_ms=LOOK_MS, faces_every=FACES_EVERY
    )
    camera.follow(plan)
    child = camera._process
    if child is None:
        raise SystemExit("the camera process ended")
    time.sleep(2)  # the cascade is read once
    before, began = cpu_s(child.pid), time.monotonic()
    pictures = 0
    while time.monotonic() - began < seconds:
        camera.shoot("time")
        if isinstance(inbox.get(timeout=60), PictureTaken):
            pictures += 1
            camera.done()
        time.sleep(min(PICTURE_S, max(0.0, began + seconds - time.monotonic())))
    used, over = cpu_s(child.pid) - before, time.monotonic() - began
    print(
        f"process  {100 * used / over:7.2f} % of a core over {over:.0f} s with {pictures} pictures"
        f" and {1000 // LOOK_MS} looks a second; {resident_mb(child.pid)} MB resident"
    )
    camera.stop()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) >> 10


if __name__ == "__main__":
    main()
