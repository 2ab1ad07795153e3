"""What sealing, checking and opening a package cost, beside the bare algorithms and ``age``.

    python tests/benchmarks/package.py [MiB] [--flat MiB]

Packages of random data (1024 MiB unless told otherwise): one video, and the same bytes as
eight. What stands in one line was run in turns, a few times each, and is the least of them:
by the clock, and in processors' time, which other programs disturb less. Beside each of our
figures stand

- the *ceiling*: the same bytes, in pieces of 1 MiB, through the bare library (SHA-256 and
  Cobblestone-256, which is all that the format does to a byte), in one thread, and in as
  many threads as ours uses, which then never wait for each other. 1.00 would be a program
  that does nothing else;
- the ``age`` command line tool, which neither hashes nor signs.

Sealing writes and syncs; checking and opening read from the page cache.

``--flat`` measures memory: what the process grew by at its peak while it sealed a package
of that size from files (in volumes, if it is large enough), checked it, and read it through.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import resource
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam_packages.sealing.grant import Recipient, read_grant, seal_grant
from exam_packages.sealing.package import Blob, Core, FileBlob, Package, Part, seal_package
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import (
    PACKAGER,
    ROOT,
    Identity,
    RoleKeys,
    Trust,
    TrustRoot,
    sign_root,
)

RUNS = 3
PIECE = 1024 * 1024
RANGE = 65_536
VIDEOS = 8
MACHINES = 5000


class Cost(NamedTuple):
    """Seconds, by the clock and of processors (this process's and its children's)."""

    wall: float
    cpu: float


def now() -> Cost:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(time.perf_counter(), time.process_time() + children.ru_utime + children.ru_stime)


def in_turns(works: Mapping[str, Callable[[], object]]) -> dict[str, Cost]:
    """The least of a few runs of each; what disturbs one disturbs its neighbours."""
    costs: dict[str, list[Cost]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, work in works.items():
            start = now()
            work()
            end = now()
            costs[name].append(Cost(end.wall - start.wall, end.cpu - start.cpu))
    return {
        name: Cost(min(one.wall for one in each), min(one.cpu for one in each))
        for name, each in costs.items()
    }


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    return in_turns({"": work})[""].wall


def pieces(path: Path) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(PIECE))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            yield buffer[:count]


# --- The bare library ---------------------------------------------------------------


def bare_hash(source: Path) -> None:
    sha256 = hashlib.sha256()
    for piece in pieces(source):
        sha256.update(piece)


def bare_seal(source: Path, target: Path, sha256: hashlib._Hash | None) -> None:
    """Seal, and hash, from one file to another, as any program on this library must."""
    encryptor = Cobblestone256Encryptor(bytes(32), b"")
    with target.open("wb") as file:
        for piece in pieces(source):
            sealed = encryptor.update(piece)
            if sha256 is not None:
                sha256.update(sealed)
            file.write(sealed)
        file.write(encryptor.finalize())
        file.flush()
        os.fsync(file.fileno())


def bare_open(sealed: Path, sha256: hashlib._Hash | None, opened: io.BytesIO | None) -> None:
    """Open, and hash, a file into memory, or into one buffer again and again."""
    decryptor = Cobblestone256Decryptor(bytes(32), b"")
    buffer = memoryview(bytearray(2 * PIECE))
    for piece in pieces(sealed):
        if sha256 is not None:
            sha256.update(piece)
        count = decryptor.update_into(piece, buffer)
        if opened is not None:
            opened.write(buffer[:count])
    decryptor.finalize()


def at_once(*works: Callable[[], object]) -> None:
    """Each in a thread of its own."""
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()


class Age:
    """The ``age`` tool, with a key of its own."""

    def __init__(self, directory: Path) -> None:
        self._identity = directory / "identity"
        subprocess.run(["age-keygen", "-o", self._identity], check=True, capture_output=True)
        self._public = self._identity.read_text().split("public key: ")[1].split()[0]
        self.sealed = directory / "sealed.age"

    def seal(self, source: Path) -> None:
        subprocess.run(["age", "-r", self._public, "-o", self.sealed, source], check=True)
        with self.sealed.open("rb") as file:
            os.fsync(file.fileno())

    def open(self) -> None:
        command = ["age", "-d", "-i", self._identity, self.sealed]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


# --- A body and its packages --------------------------------------------------------


def grown(work: Callable[[], object]) -> float:
    """MiB by which *work* raised this process's memory at its peak (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is in use
    before = peak()
    work()
    return (peak() - before) / 1024


def peak() -> int:
    """The most memory in use so far, in KiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def authorities() -> tuple[SigningKey, Trust]:
    packager, second = (SigningKey.generate(pair=True) for _ in range(2))
    trust = Trust.first(
        sign_root(
            TrustRoot(
                "Body",
                1,
                0,
                1 << 32,
                tuple(
                    Identity(name, key.public.ed25519, key.public.mldsa65)
                    for name, key in (("Packager", packager), ("Second", second))
                ),
                (
                    RoleKeys(ROOT, 2, (packager.key_id, second.key_id)),
                    RoleKeys(PACKAGER, 1, (packager.key_id,)),
                ),
                (),
                (),
            ),
            [packager, second],
        ),
        pinned=None,
    )
    return packager, trust


def core() -> Core:
    return Core(1, bytes(16), "Exam", "form", 1, 1, 2, 0, 1 << 32, (0, 1, 0), 1, bytes(32))


def fill(path: Path, mib: int) -> None:
    """Random bytes, so that nothing is easy to store."""
    piece = os.urandom(PIECE)
    with path.open("wb") as file:
        for number in range(mib):
            file.write(number.to_bytes(8, "big") + piece[8:])
        file.flush()
        os.fsync(file.fileno())


def row(what: str, costs: Mapping[str, Cost]) -> None:
    """Ours beside whatever else was run with it: by the clock, then in processors' time."""
    names = {"threads": "of the ceiling", "one": "of that in one thread", "age": "× age"}
    ours = costs["ours"]
    for label, place in ((what, 0), ("", 1)):
        print(f"{label:<30} {ours[place] * 1e3:6.0f} ms {'of CPUs' if place else '':<8}", end="")
        for name, words in names.items():
            if name in costs:
                print(f" {costs[name][place] / ours[place]:5.2f} {words}", end="")
        print(flush=True)


def speed(directory: Path, mib: int, packager: SigningKey, trust: Trust) -> None:
    source, path, bare = directory / "video", directory / "package", directory / "bare"
    fill(source, mib)
    blobs = [Blob("item", "text/plain", b"one question"), FileBlob("video", "video/mp4", source)]
    age = Age(directory) if shutil.which("age") and shutil.which("age-keygen") else None
    keys: list[bytes] = []

    def seal() -> None:
        path.unlink(missing_ok=True)
        keys.append(seal_package(path, core(), [], blobs, [packager]).key)

    def seal_bare(*, threads: bool) -> None:
        bare.unlink(missing_ok=True)
        if threads:
            at_once(lambda: bare_hash(source), lambda: bare_seal(source, bare, None))
        else:
            bare_seal(source, bare, hashlib.sha256())

    def seal_age() -> None:
        if age is not None:
            age.sealed.unlink(missing_ok=True)
            age.seal(source)

    beside = {"age": seal_age} if age else {}
    print(f"{mib} MiB, the fastest of {RUNS} runs in turns, {len(os.sched_getaffinity(0))} CPUs")
    row(
        "seal one video",
        in_turns(
            {
                "ours": seal,
                "threads": lambda: seal_bare(threads=True),
                "one": lambda: seal_bare(threads=False),
                **beside,
            }
        ),
    )
    source.unlink()
    with Package.open(path, trust, now_s=1) as package:
        row("check", in_turns({"ours": package.check, "one": lambda: bare_hash(bare)}))
        paper = package.paper(keys[-1])
        beside = {"age": age.open} if age else {}
        memory = io.BytesIO
        row(
            "open, whole in memory",
            in_turns(
                {
                    "ours": lambda: paper.read("video"),
                    "threads": lambda: at_once(
                        lambda: bare_hash(bare), lambda: bare_open(bare, None, memory())
                    ),
                    "one": lambda: bare_open(bare, hashlib.sha256(), memory()),
                    **beside,
                }
            ),
        )

        def through() -> None:
            for at in range(0, mib * PIECE, RANGE):
                paper.read_range("video", at, RANGE)

        row(
            "read through, compared before",
            in_turns({"ours": through, "one": lambda: bare_open(bare, None, None), **beside}),
        )
        floors = in_turns({"hash": lambda: bare_hash(bare), **beside})
        alone = floors["hash"].cpu
        print(
            f"SHA-256 alone, which one blob cannot share out: {alone * 1e3:.0f} ms of a CPU", end=""
        )
        print(f"; age opens it with {floors['age'].cpu / alone:.2f} × that" if age else "")
        ranges(paper, mib)
    if age is not None:
        age.sealed.unlink()
    else:
        print("The command line tool age is not installed here, so nothing stands beside it.")
    first_items(directory, path, keys[-1], mib, packager, trust)
    path.unlink()
    several(directory, bare, mib, packager, trust, age)


def ranges(paper: Part, mib: int) -> None:
    """64 KiB from anywhere in the video."""
    times = []
    for _ in range(2000):
        offset = secrets.randbelow(mib * PIECE - RANGE)
        start = time.perf_counter()
        paper.read_range("video", offset, RANGE)
        times.append(time.perf_counter() - start)
    cuts = statistics.quantiles(times, n=100)
    cipher, sealed = AESGCM(bytes(32)), AESGCM(bytes(32)).encrypt(bytes(12), bytes(RANGE), None)
    bare = best(lambda: [cipher.decrypt(bytes(12), sealed, None) for _ in range(100)]) / 100
    print(
        f"64 KiB from anywhere in the video: {cuts[49] * 1e3:.3f} ms, p99 {cuts[98] * 1e3:.3f} ms; "
        f"{cuts[49] / bare:.1f} × AES-256-GCM alone"
    )


def first_items(
    directory: Path, large: Path, key: bytes, mib: int, packager: SigningKey, trust: Trust
) -> None:
    """The first item of a released package, from opening its files on."""
    small, split = directory / "small", directory / "split"
    item = Blob("item", "text/plain", b"one question")
    small_key = seal_package(small, core(), [], [item], [packager]).key
    noise = [Blob(f"picture {n}", "image/png", os.urandom(2 * PIECE)) for n in range(8)]
    blobs, signers = [item, *noise], [packager]
    split_key = seal_package(split, core(), [], blobs, signers, volume_size=3 * PIECE).key

    def first(path: Path, key: bytes) -> None:
        for _ in range(50):
            with Package.open(path, trust, now_s=1) as released:
                released.paper(key).read("item")

    times = in_turns(
        {
            "large": lambda: first(large, key),
            "small": lambda: first(small, small_key),
            "split": lambda: first(split, split_key),
        }
    )
    print(
        f"first item of a released package of {mib} MiB: {times['large'].wall / 50 * 1e3:.2f} ms, "
        f"{times['large'].wall / times['small'].wall:.2f} × that of one of nothing else; "
        f"in eight volumes {times['split'].wall / 50 * 1e3:.2f} ms"
    )


def several(
    directory: Path, bare: Path, mib: int, packager: SigningKey, trust: Trust, age: Age | None
) -> None:
    """The same bytes as eight videos, which two processors can share."""
    path = directory / "package"
    videos = [directory / f"video-{number}" for number in range(VIDEOS)]
    for video in videos:
        fill(video, mib // VIDEOS)
    blobs = [FileBlob(video.name, "video/mp4", video) for video in videos]
    key = seal_package(path, core(), [], blobs, [packager]).key
    half = VIDEOS // 2
    with Package.open(path, trust, now_s=1) as package:
        row(
            f"check, {VIDEOS} videos",
            in_turns(
                {
                    "ours": package.check,
                    "threads": lambda: at_once(
                        lambda: [bare_hash(video) for video in videos[:half]],
                        lambda: [bare_hash(video) for video in videos[half:]],
                    ),
                    "one": lambda: [bare_hash(video) for video in videos],
                }
            ),
        )
        paper = package.paper(key)
        if age is not None:
            age.seal(bare)
        row(
            f"open {VIDEOS} videos in two threads",
            in_turns(
                {
                    "ours": lambda: at_once(
                        lambda: [len(paper.read(video.name)) for video in videos[:half]],
                        lambda: [len(paper.read(video.name)) for video in videos[half:]],
                    ),
                    **({"age": age.open} if age else {}),
                }
            ),
        )


def flat(directory: Path, mib: int, packager: SigningKey, trust: Trust) -> None:
    path = directory / "package"
    sizes = [1024] * (mib // 1024) + [mib % 1024] * bool(mib % 1024)
    videos = [directory / f"video-{number}" for number in range(len(sizes))]
    for video, size in zip(videos, sizes, strict=True):
        fill(video, size)
    blobs = [FileBlob(video.name, "video/mp4", video) for video in videos]
    keys: list[bytes] = []
    seal = lambda: keys.append(seal_package(path, core(), [], blobs, [packager]).key)  # noqa: E731
    print(f"{mib} MiB: sealing grew memory by {grown(seal):.1f} MiB", end="", flush=True)
    for video in videos:
        video.unlink()
    with Package.open(path, trust, now_s=1) as package:
        print(
            f", checking its {len(package.paths)} volumes by {grown(package.check):.1f} MiB", end=""
        )
        paper = package.paper(keys[0])

        def through() -> None:
            for video, size in zip(videos, sizes, strict=True):
                for at in range(size):
                    paper.read_range(video.name, at * PIECE, PIECE)

        print(f", reading it through by {grown(through):.1f} MiB")


def grants(packager: SigningKey, trust: Trust) -> None:
    machines = [Recipient(os.urandom(16), SealingKey.generate().public) for _ in range(MACHINES)]
    here = SealingKey.generate()
    machines.append(Recipient(bytes(16), here.public))
    secret = bytes(32)
    args = (bytes(32), "centre", "slot", 1, bytes(16), 1 << 32, bytes(32), secret, machines)
    granting = best(lambda: seal_grant(*args, [packager], evidence=here.public))
    granted = seal_grant(*args, [packager], evidence=here.public)
    taking = best(lambda: read_grant(granted, trust, now_s=1).open(here, secret))
    public = machines[0].sealing
    bare = best(lambda: [public.seal(secret, b"") for _ in range(MACHINES)])
    print(
        f"grant for {MACHINES} machines: made in {granting * 1e3:.0f} ms "
        f"({granting / bare:.2f} × bare HPKE), verified and opened in {taking * 1e3:.1f} ms, "
        f"{len(granted) / 1e6:.2f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mib", type=int, nargs="?", default=1024)
    parser.add_argument("--flat", type=int, metavar="MIB", help="measure memory at this size")
    arguments = parser.parse_args()
    packager, trust = authorities()
    with tempfile.TemporaryDirectory(dir=".") as name:
        if arguments.flat:
            flat(Path(name), arguments.flat, packager, trust)
            return
        speed(Path(name), arguments.mib, packager, trust)
    grants(packager, trust)


if __name__ == "__main__":
    main()
