"""The station lab: are keys really bound to a TPM? A stock Debian 13 in QEMU, with swtpm.

``python tools/lab/tpm.py WORK`` (as root, in an empty directory; about ten minutes and 5 GB the
first time) boots one disk four times, in software emulation, so that no machine is too plain:

=======  ====================  ============================================================
make     with TPM A            founds a body, makes and enrols a station and a hall
open     with TPM A            both open after a reboot: as root, and in a unit that sees no
                               TPM itself and gets its secret by LoadCredentialEncrypted=
other    with TPM B            neither opens
none     without a TPM         neither opens; a new station keeps its keys in files
=======  ====================  ============================================================

It ends with status 0 when every check held. Needs ``apt-get install qemu-system-x86 swtpm
debootstrap``, and the network for the first run. Slow and opt-in: no part of ``make test``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SUITE: Final = "trixie"
PACKAGES: Final = (
    *("systemd", "systemd-sysv", "udev", "dbus", "linux-image-amd64", "ca-certificates"),
    *("libtss2-esys-3.0.2-0t64", "libtss2-mu-4.0.1-0t64", "libtss2-rc0t64"),
    *("libtss2-tcti-device0t64", "libtss2-tctildr0t64"),
    *("python3", "python3-venv", "python3-dev", "gcc", "libc6-dev"),
)
ROOMS: Final = ("exam_packages", "sync", "provisioning", "kiosk", "scoring")
PATIENCE_S: Final = 1800
"""Seconds for one boot and what it does: emulated, on a busy machine."""

CALM: Final = "no_timer_check panic=1"
"""For the guest's kernel: on a busy host an emulated timer may look broken; a panic ends it."""

GUEST: Final = r"""#!/bin/bash
# Runs once in the guest, for the phase named on the kernel's command line; then powers off.
exec > /dev/ttyS1 2>&1  # the first serial line is the console's, and a getty hangs it up
export PATH=/opt/ek/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
phase=$(sed -n 's/.*lab\.phase=\([a-z]*\).*/\1/p' /proc/cmdline)
kiosk() { python -c 'from kiosk.cli import main; main()' "$@"; }
say() { echo "LAB $*"; }
udevadm settle
version=$(systemd-creds --version | head -1)
say "phase: $phase, $(ls /dev/tpmrm0 2>/dev/null || echo no TPM), $version"
cd /srv
case $phase in
make)
    echo 'seven quiet otters count' > phrase; chmod 600 phrase
    kiosk body init body --name Board --passphrase-file phrase > founded
    digest=$(tail -1 founded)
    kiosk station init station --id s1 --centre C1 --hall-url https://127.0.0.1:1 --camera none
    kiosk hall init hall --id hall --centre C1 --address 127.0.0.1 --intake-url ''
    kiosk body enrol body station/request.enrolment hall/request.enrolment --out answers \
        --passphrase-file phrase
    kiosk station install station answers/C1-s1-*.answer --trust "$digest"
    kiosk hall install hall answers/C1-hall-*.answer --trust "$digest"
    ;;
none)
    kiosk station init plain --id s2 --centre C1 --hall-url https://127.0.0.1:1 --camera none
    ;;
esac
say "station: $(kiosk station check station | grep -i key)"
say "hall: $(timeout 60 python - <<'PY'
from pathlib import Path
from exam_packages.errors import ExamError
from sync.hall.home import HallHome
home = HallHome.load(Path('hall'))
try:
    home.server_tls()
    print('opens' if home.signing_key().key_id == home.enrolment().key_id else 'another key')
except ExamError as problem:
    print(problem)
PY
)"
if [ "$phase" = open ]; then
    say "unit: $(systemd-run --quiet --pipe --wait -p PrivateDevices=yes -p WorkingDirectory=/srv \
        -p LoadCredentialEncrypted=exam-kiosk.station:/srv/station/keys/machine.cred \
        -E PATH="$PATH" /opt/ek/bin/python -c 'from kiosk.cli import main; main()' \
        station check station | grep -i key)"
    say "clear: $(grep -rla 'BEGIN PRIVATE KEY' /srv/station /srv/hall | wc -l)"
fi
say "end"
sync
systemctl poweroff --force
"""

UNIT: Final = """[Unit]
Description=The lab's one job
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/root/lab.sh
[Install]
WantedBy=default.target
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Are keys really bound to a TPM?")
    parser.add_argument("work", type=Path, help="A directory for the image; kept for next time.")
    work: Path = parser.parse_args().work
    for tool in ("qemu-system-x86_64", "swtpm", "debootstrap", "mkfs.ext4"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: apt-get install qemu-system-x86 swtpm debootstrap")
    work.mkdir(parents=True, exist_ok=True)
    disk = image(work)
    failed = []
    for phase, tpm, wanted in (
        ("make", "a", {"station": "TPM-backed", "hall": "opens"}),
        (
            "open",
            "a",
            {"station": "TPM-backed", "hall": "opens", "unit": "TPM-backed", "clear": "0"},
        ),
        ("other", "b", {"station": "do not open here", "hall": "do not open here"}),
        ("none", "", {"station": "do not open here", "hall": "do not open here"}),
    ):
        said = boot(work, disk, phase, tpm)
        for subject, words in {**wanted, "end": ""}.items():
            good = subject in said and words in said[subject]
            heard = said.get(subject, "nothing was heard")
            sys.stdout.write(f"{'✓' if good else '✗'} {phase}: {subject}: {heard}\n")
            sys.stdout.flush()
            if not good:
                failed.append(f"{phase}: {subject}")
        if phase == "none" and "in files of this user" not in said["log"]:
            failed.append("none: a new station does not keep its keys in files")
    sys.stdout.write(f"{len(failed)} failed: {', '.join(failed)}\n" if failed else "All held.\n")
    return 1 if failed else 0


def image(work: Path) -> Path:
    """A disk with Debian 13, this project and the guest's job on it. Debian is kept in *work*."""
    tree, disk = work / "root", work / "disk.img"
    if not (tree / "etc/debian_version").exists():
        include = f"--include={','.join(PACKAGES)}"
        _run("debootstrap", "--variant=minbase", include, SUITE, str(tree))
    if not (tree / "opt/ek/done").exists():
        # The host's resolver and authorities: whatever reaches PyPI here reaches it there.
        for path in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
            shutil.copy(Path("/") / path, tree / path)
        shutil.copy(ROOT / "requirements.lock", tree / "root")
        _run("chroot", str(tree), "python3", "-m", "venv", "/opt/ek")
        _run(
            "chroot", str(tree), "/opt/ek/bin/pip", "install", "-q", "-r", "/root/requirements.lock"
        )
        (tree / "opt/ek/done").touch()
    (packages,) = (tree / "opt/ek/lib").glob("python3*/site-packages")
    for room in ROOMS:
        shutil.rmtree(packages / room, ignore_errors=True)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, packages / room, ignore=ignore)
    (tree / "root/lab.sh").write_text(GUEST)
    (tree / "root/lab.sh").chmod(0o755)
    (tree / "etc/systemd/system/lab.service").write_text(UNIT)
    _run("chroot", str(tree), "systemctl", "enable", "-q", "lab.service")
    shutil.rmtree(tree / "srv")
    (tree / "srv").mkdir()
    disk.unlink(missing_ok=True)
    _run("mkfs.ext4", "-q", "-d", str(tree), str(disk), "4G")
    return disk


def boot(work: Path, disk: Path, phase: str, tpm: str) -> dict[str, str]:
    """Boot *disk* for *phase* with the TPM called *tpm*, if any; what the guest said."""
    kernel, initrd = (
        next((work / "root/boot").glob(f"{name}-*")) for name in ("vmlinuz", "initrd.img")
    )
    console, lines = work / f"{phase}.console", work / f"{phase}.log"
    with software_tpm(work, tpm) as device:
        subprocess.run(
            [
                *("qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max", "-m", "1536"),
                *("-display", "none", "-no-reboot", "-nic", "none", "-monitor", "none"),
                *("-serial", f"file:{console}", "-serial", f"file:{lines}"),
                *("-kernel", kernel, "-initrd", initrd),
                *("-append", f"root=/dev/vda rw console=ttyS0 quiet {CALM} lab.phase={phase}"),
                *("-drive", f"file={disk},format=raw,if=virtio"),
                *device,
            ],
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=True,
        )
    log = lines.read_text("utf-8", "replace").replace("\r", "")
    said = {"log": log}
    for line in log.splitlines():
        if line.startswith("LAB "):
            subject, _, words = line[4:].partition(": ")
            said[subject] = words
    return said


@contextmanager
def software_tpm(work: Path, name: str) -> Iterator[tuple[str, ...]]:
    """A TPM 2.0 with a state of its own, and QEMU's options for it; nothing without a *name*."""
    if not name:
        yield ()
        return
    state, socket = work / f"tpm-{name}", work / f"tpm-{name}.sock"
    state.mkdir(exist_ok=True)
    command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}"]
    process = subprocess.Popen([*command, "--ctrl", f"type=unixio,path={socket}"])
    try:
        while not socket.exists():
            if process.poll() is not None:
                sys.exit("swtpm ended at once")
        yield (
            *("-chardev", f"socket,id=tpm,path={socket}"),
            *("-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm0"),
        )
    finally:
        process.terminate()
        process.wait()
        socket.unlink(missing_ok=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
