"""What sealing, checking and opening a package cost, beside the bare algorithms.

    python tests/benchmarks/package.py [MiB]

Each figure is the best of three runs in one process over one file (128 MiB unless told
otherwise) of random data, and stands beside the same bytes through bare SHA-256 and bare
Cobblestone-256. Sealing writes and syncs the file; checking and opening read it from the
page cache. A range is 64 KiB from the middle, after the blob was checked once.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from exam_packages.sealing.grant import Recipient, read_grant, seal_grant
from exam_packages.sealing.package import Blob, Core, Package, seal_package
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
MACHINES = 1000


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def bare_encrypt(data: bytes) -> None:
    encryptor = Cobblestone256Encryptor(bytes(32), b"")
    view = memoryview(data)
    for at in range(0, len(data), PIECE):
        encryptor.update(view[at : at + PIECE])
    encryptor.finalize()


def bare_decrypt(sealed: bytes) -> None:
    decryptor = Cobblestone256Decryptor(bytes(32), b"")
    decryptor.update(sealed)
    decryptor.finalize()


def write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        os.fsync(file.fileno())


def main() -> None:
    size = (int(sys.argv[1]) if len(sys.argv) > 1 else 128) * 1024 * 1024
    data = os.urandom(size)
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
    core = Core(1, bytes(16), "Exam", "form", 1, 1, 2, 0, 1 << 32, (0, 1, 0), 1, bytes(32))
    blobs = [Blob("media/video", "video/mp4", data)]

    with tempfile.TemporaryDirectory(dir=".") as name:
        path = Path(name) / "package"

        def seal() -> bytes:
            path.unlink(missing_ok=True)
            return seal_package(path, core, [], blobs, [packager]).key

        encryptor = Cobblestone256Encryptor(bytes(32), b"")
        sealed_bare = encryptor.update(data) + encryptor.finalize()
        hashing = best(lambda: hashlib.sha256(data).digest())
        encrypting = best(lambda: bare_encrypt(data))
        decrypting = best(lambda: bare_decrypt(sealed_bare))
        writing = best(lambda: write_synced(path, data))
        sealing = best(seal)
        key = seal_package(Path(name) / "kept", core, [], blobs, [packager]).key
        path = Path(name) / "kept"
        with Package.open(path, trust, now_s=1) as package:
            checking = best(package.check)
            paper = package.paper(key)
            opening = best(lambda: paper.read("media/video"))
            ranging = best(lambda: paper.read_range("media/video", size // 2 + 1, 65_536))
        signatures = best(lambda: Package.open(path, trust, now_s=1).close())

    def line(what: str, seconds: float, beside: str, bare: float) -> None:
        rate = size / seconds / 1e9
        print(
            f"{what:<8} {seconds * 1e3:8.1f} ms {rate:6.2f} GB/s   {seconds / bare:5.2f} × {beside}"
        )

    print(f"{size // 1024 // 1024} MiB, best of {RUNS}")
    print(
        f"bare SHA-256 {size / hashing / 1e9:.2f} GB/s, Cobblestone-256 sealing "
        f"{size / encrypting / 1e9:.2f} and opening {size / decrypting / 1e9:.2f} GB/s, "
        f"write and sync {size / writing / 1e9:.2f} GB/s"
    )
    line(
        "seal",
        sealing,
        "bare SHA-256 + Cobblestone + write and sync",
        hashing + encrypting + writing,
    )
    line("check", checking, "bare SHA-256", hashing)
    line("open", opening, "bare SHA-256 + Cobblestone", hashing + decrypting)
    print(f"open (signatures only) {signatures * 1e3:.2f} ms")
    print(f"64 KiB from the middle {ranging * 1e3:.3f} ms")

    machines = [Recipient(os.urandom(16), SealingKey.generate().public) for _ in range(MACHINES)]
    here = SealingKey.generate()
    machines.append(Recipient(bytes(16), here.public))
    secret = bytes(32)
    args = (bytes(32), "centre", "slot", 1, bytes(16), 1 << 32, bytes(32), secret, machines)
    granting = best(lambda: seal_grant(*args, [packager]))
    granted = seal_grant(*args, [packager])
    taking = best(lambda: read_grant(granted, trust, now_s=1).open(here, secret))
    public = machines[0].sealing
    bare = best(lambda: [public.seal(secret, b"") for _ in range(MACHINES)])
    print(
        f"grant for {MACHINES} machines: made in {granting * 1e3:.0f} ms "
        f"({granting / bare:.2f} × bare HPKE), verified and opened in {taking * 1e3:.1f} ms, "
        f"{len(granted) / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
