"""What sealing, checking and opening a package cost, beside the bare algorithms and ``age``.

    python tests/benchmarks/package.py [MiB] [--flat MiB]

One process, one package with one blob of random data (1024 MiB unless told otherwise); each
figure is the best of three runs and stands beside the same bytes, in pieces of 1 MiB,
through the bare library (SHA-256 and Cobblestone-256, which is all that the format does to
a byte) and through the ``age`` command line tool, which neither hashes nor signs. Sealing
writes and syncs; checking and opening read from the page cache. ``of the ceiling`` is the
bare time by ours: 1.00 would be a program that does nothing else.

``--flat`` measures memory: what the process grew by at its peak while it sealed a package
of that size from a file, checked it, and read a range.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from exam_packages.sealing.grant import Recipient, read_grant, seal_grant
from exam_packages.sealing.package import Blob, Core, FileBlob, Package, seal_package
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
MACHINES = 5000


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def pieces(path: Path) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(PIECE))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            yield buffer[:count]


def bare_hash(source: Path) -> None:
    sha256 = hashlib.sha256()
    for piece in pieces(source):
        sha256.update(piece)


def bare_seal(source: Path, target: Path) -> None:
    """Hash and seal from one file to another, as any program on this library must."""
    encryptor, sha256 = Cobblestone256Encryptor(bytes(32), b""), hashlib.sha256()
    with target.open("wb") as file:
        for piece in pieces(source):
            sealed = encryptor.update(piece)
            sha256.update(sealed)
            file.write(sealed)
        file.write(encryptor.finalize())
        file.flush()
        os.fsync(file.fileno())


def bare_open(sealed: Path) -> bytes:
    """Hash and open a file into one run of bytes in memory."""
    decryptor, sha256 = Cobblestone256Decryptor(bytes(32), b""), hashlib.sha256()
    opened = bytearray()
    for piece in pieces(sealed):
        sha256.update(piece)
        opened += decryptor.update(piece)
    opened += decryptor.finalize()
    return bytes(opened)


def age(directory: Path, source: Path) -> tuple[float, float] | None:
    """Seconds that ``age`` takes to encrypt *source* to a file (synced), and to decrypt it."""
    tool, keygen = shutil.which("age"), shutil.which("age-keygen")
    if tool is None or keygen is None:
        return None
    identity, sealed = directory / "identity", directory / "sealed.age"
    subprocess.run([keygen, "-o", identity], check=True, capture_output=True)
    public = identity.read_text().split("public key: ")[1].split()[0]

    def seal() -> None:
        subprocess.run([tool, "-r", public, "-o", sealed, source], check=True)
        with sealed.open("rb") as file:
            os.fsync(file.fileno())

    def unseal() -> None:
        subprocess.run([tool, "-d", "-i", identity, sealed], check=True, stdout=subprocess.DEVNULL)

    times = best(seal), best(unseal)
    sealed.unlink()
    return times


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


def speed(directory: Path, mib: int, packager: SigningKey, trust: Trust) -> None:
    source, path = directory / "video", directory / "package"
    fill(source, mib)
    blobs = [Blob("item", "text/plain", b"one question"), FileBlob("video", "video/mp4", source)]

    def seal() -> bytes:
        path.unlink(missing_ok=True)
        return seal_package(path, core(), [], blobs, [packager]).key

    bare = directory / "bare"
    sealing, sealing_bare = best(seal), best(lambda: bare_seal(source, bare))
    hashing, opening_bare = best(lambda: bare_hash(bare)), best(lambda: bare_open(bare))
    bare.unlink()
    beside = age(directory, source)
    key = seal()
    with Package.open(path, trust, now_s=1) as package:
        checking = best(package.check)
        opening = best(lambda: package.paper(key).read("video"))
        paper = package.paper(key)
        ranging = best(lambda: paper.read_range("video", mib * PIECE // 2 + 1, 65_536))

    def first_item() -> bytes:
        with Package.open(path, trust, now_s=1) as released:
            return released.paper(key).read("item")

    print(f"{mib} MiB, best of {RUNS}")
    for what, ours, ceiling, tool in (
        ("seal", sealing, sealing_bare, beside and beside[0]),
        ("check", checking, hashing, None),
        ("open", opening, opening_bare, beside and beside[1]),
    ):
        faster = f"{tool / ours:5.2f} × age" if tool else ""
        print(f"{what:<6} {ours * 1e3:8.0f} ms   {ceiling / ours:5.2f} of the ceiling   {faster}")
    if beside is None:
        print("The command line tool age is not installed here, so nothing stands beside it.")
    print(f"first item of a released package: {best(first_item) * 1e3:.2f} ms")
    print(f"64 KiB from the middle of the video: {ranging * 1e3:.3f} ms")


def flat(directory: Path, mib: int, packager: SigningKey, trust: Trust) -> None:
    source, path = directory / "video", directory / "package"
    fill(source, mib)
    blobs = [FileBlob("video", "video/mp4", source)]
    keys: list[bytes] = []
    seal = lambda: keys.append(seal_package(path, core(), [], blobs, [packager]).key)  # noqa: E731
    print(f"{mib} MiB: sealing grew memory by {grown(seal):.1f} MiB", end="", flush=True)
    source.unlink()
    with Package.open(path, trust, now_s=1) as package:
        print(f", checking by {grown(package.check):.1f} MiB", end="")
        paper = package.paper(keys[0])

        def through() -> None:
            for at in range(mib):
                paper.read_range("video", at * PIECE, PIECE)

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
