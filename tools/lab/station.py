"""The station lab: a machine without hardware, to press real keys at and to plug things into.

QEMU boots a stock Debian 13 (software emulation alone; no KVM needed) with a PS/2 keyboard and
a USB controller. The key-watch runs in it as it does at a station, under its systemd unit. The
lab presses keys and plugs in devices through QEMU's monitor, and looks at what arrives.

    make lab                 builds the machine once (build/lab), runs every scenario in one boot
    make lab ARGS="--only keys"

Needs root and Debian's qemu-system-x86, debootstrap, e2fsprogs, a Debian mirror, and PyPI for
the guest's Python packages (at the versions of requirements.lock). Takes about 4 GB of disk.

The image has the test drivers of cameras too (vivid, and v4l2loopback built by dkms).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import select
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from capture import capture
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SUITE, MIRROR = "trixie", "http://deb.debian.org/debian"
PACKAGES = (
    "systemd-sysv,udev,dbus,kmod,kbd,python3,python3-evdev,linux-image-amd64,linux-headers-amd64,"
    "v4l2loopback-dkms,v4l-utils,libgl1,libglib2.0-0t64"
)
GUEST_PYTHON = {"python_version": "3.13", "python_full_version": "3.13.0"}
FROM_DEBIAN = "evdev"
"""Has no wheels: the guest has Debian's."""
BOOT_S, ANSWER_S, COMBINATION_S = 300, 120, 40
TYPED = "thecoldchainmustnotbebroken"

LAUNCHER = """#!/usr/bin/python3 -I
import sys
sys.path[:0] = ["/opt/exam-kiosk/lib", "/opt/exam-kiosk"]
from kiosk.cli import main
main()
"""
GUEST_UNIT = """[Unit]
After=exam-keywatch.service
[Service]
Environment=PYTHONPATH=/opt/exam-kiosk/lib:/opt/exam-kiosk
ExecStart=/usr/bin/python3 /opt/exam-kiosk/guest.py
Restart=always
[Install]
WantedBy=multi-user.target
"""


class Failed(Exception):
    """The lab could not be made, or a scenario did not come out as it must."""


# --- The machine -----------------------------------------------------------------------------


def build(where: Path) -> Path:
    """The image, made when it is not there. The project's code is put in at every start."""
    missing = [p for p in ("debootstrap", "qemu-system-x86_64", "mkfs.ext4") if not shutil.which(p)]
    if missing:
        raise Failed(
            f"{', '.join(missing)} not found: apt install qemu-system-x86 debootstrap e2fsprogs"
        )
    tree = where / "tree"
    if not (tree / "made").exists():
        where.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(tree, ignore_errors=True)
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, tree, MIRROR)
        (tree / "made").touch()
    lib = tree / "opt/exam-kiosk/lib"
    listed, wanted = lib / "names", _locked(_needed("exam-kiosk"))
    if not listed.exists() or listed.read_text().split() != wanted:
        _wheels(wanted, where / "wheels", lib)
        listed.write_text("\n".join(wanted))
    _put_in(tree)
    image = where / "image"
    image.unlink(missing_ok=True)
    _run("mkfs.ext4", "-q", "-d", tree, image, "4G")
    return image


def _needed(name: str, extras: Iterable[str] = ()) -> set[str]:
    """What the project needs to run in the guest, by what is installed here."""
    found: set[str] = set()
    for each in map(Requirement, distribution(name).requires or ()):
        wanted = each.marker is None or any(
            each.marker.evaluate({**GUEST_PYTHON, "extra": extra}) for extra in ("", *extras)
        )
        if wanted and each.name != FROM_DEBIAN:
            found |= {canonicalize_name(each.name), *_needed(each.name, each.extras)}
    return found


def _locked(names: Iterable[str]) -> list[str]:
    """*names* at the versions of requirements.lock."""
    locked = (ROOT / "requirements.lock").read_text()
    # The last line of a name is that for newer versions of Python.
    return [re.findall(rf"^{name}==\S+", locked, re.MULTILINE)[-1] for name in sorted(names)]


def _wheels(names: list[str], where: Path, lib: Path) -> None:
    """The guest's Python packages, nothing else."""
    for each in (where, lib):
        shutil.rmtree(each, ignore_errors=True)
    pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:")
    _run(*pip, f"--python-version={GUEST_PYTHON['python_version']}", "-d", where, *names)
    for wheel in where.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(lib)


def _put_in(tree: Path) -> None:
    """The project as it is now, its launcher and its units."""
    home = tree / "opt/exam-kiosk"
    for room in ("exam_packages", "kiosk", "provisioning", "sync"):
        shutil.rmtree(home / room, ignore_errors=True)
        shutil.copytree(ROOT / room, home / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("guest.py", "capture_guest.py"):
        shutil.copy(ROOT / "tools/lab" / name, home / name)
    # The camera process is started with -I, which looks at no PYTHONPATH.
    found = tree / "usr/lib/python3/dist-packages/exam-kiosk.pth"
    found.write_text("/opt/exam-kiosk/lib\n/opt/exam-kiosk\n")
    launcher = tree / "usr/local/bin/exam-kiosk"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    units = tree / "etc/systemd/system"
    unit = (ROOT / "kiosk/lockdown/exam-keywatch.service").read_text()
    (units / "exam-keywatch.service").write_text(
        unit.replace("@EXAM_KIOSK@", "/usr/local/bin/exam-kiosk")
    )
    (units / "lab-guest.service").write_text(GUEST_UNIT)
    wanted = units / "multi-user.target.wants"
    wanted.mkdir(exist_ok=True)
    for name in ("exam-keywatch", "lab-guest"):
        with contextlib.suppress(FileExistsError):
            (wanted / f"{name}.service").symlink_to(f"../{name}.service")
    with contextlib.suppress(FileExistsError):
        (units / "ctrl-alt-del.target").symlink_to("/dev/null")  # or the scenario would reboot
    groups = tree / "etc/group"
    if "exam-agent:" not in groups.read_text():
        groups.write_text(groups.read_text() + "exam-agent:x:990:\n")


class Machine:
    """The running guest: its serial line, and QEMU's monitor."""

    def __init__(self, where: Path, image: Path) -> None:
        boot = where / "tree/boot"
        kernel = max(boot.glob("vmlinuz-*"))
        initrd = max(boot.glob("initrd.img-*"))
        for name in ("monitor", "line"):
            (where / name).unlink(missing_ok=True)
        self._log = where / "console.log"
        # fmt: off
        self._qemu = subprocess.Popen([
            "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-m", "1024", "-smp", "2",
            "-cpu", "Nehalem",  # NumPy and OpenCV want more than QEMU's standard processor has
            "-display", "none", "-vga", "std", "-nic", "none", "-no-reboot",
            "-kernel", kernel, "-initrd", initrd,
            "-append", "root=/dev/vda rw quiet console=ttyS0 systemd.show_status=0",
            "-drive", f"file={image},format=raw,if=virtio,snapshot=on",
            "-device", "qemu-xhci,id=usb",
            "-drive", "if=none,id=stick,driver=null-co,size=64M,read-zeroes=on",
            "-serial", f"file:{self._log}",
            "-serial", f"unix:{where / 'line'},server=on,wait=off",
            "-qmp", f"unix:{where / 'monitor'},server=on,wait=off",
        ])
        # fmt: on
        self._monitor = self._connected(where / "monitor")
        self._line = self._connected(where / "line")
        self._unread: list[dict[str, Any]] = []
        self._buffer = b""
        self._monitor_file = self._monitor.makefile("rb")
        self._monitor_file.readline()  # its greeting
        self.qmp("qmp_capabilities")

    def _connected(self, path: Path) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        deadline = time.monotonic() + 30
        while sock.connect_ex(str(path)) != 0:
            if self._qemu.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"QEMU did not start (status {self._qemu.poll()})")
            time.sleep(0.1)
        return sock

    def qmp(self, execute: str, **arguments: Any) -> Any:
        """A command of the monitor."""
        self._monitor.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self._monitor_file.readline())
            if "error" in answer:
                raise Failed(f"{execute}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def press(self, *keys: str, hold_ms: int = 60) -> None:
        """Press *keys* (QEMU's names) together, as ``sendkey`` does."""
        named = [{"type": "qcode", "data": key} for key in keys]
        self.qmp("send-key", keys=named, **{"hold-time": hold_ms})
        time.sleep(hold_ms / 1000 + 0.05)  # QEMU drops what comes while keys are held

    def type(self, text: str) -> None:
        for character in text:
            self.press(character, hold_ms=30)

    def until(self, where: Callable[[dict[str, Any]], bool], within_s: float) -> dict[str, Any]:
        """The next word of the guest for which *where* holds; those before it are gone."""
        deadline = time.monotonic() + within_s
        while True:
            while self._unread:
                word = self._unread.pop(0)
                if where(word):
                    return word
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._line], [], [], left)[0]:
                raise Failed(f"nothing of the kind in {within_s} s; see {self._log}")
            self._buffer += self._line.recv(65536)
            *whole, self._buffer = self._buffer.split(b"\n")
            self._unread += [json.loads(each) for each in whole if each.startswith(b"{")]

    def heard(self, kind: str, within_s: float = ANSWER_S) -> list[int]:
        """The fields of the key-watch's next message of *kind*."""
        fields: list[int] = self.until(lambda word: word.get("heard") == kind, within_s)["fields"]
        return fields

    def state(self, watched: int, keyboards: int) -> None:
        """Wait until so many keyboards are watched, and so far proved."""
        wanted = [1, watched, keyboards]
        self.until(
            lambda word: word.get("heard") == "Watching" and word["fields"] == wanted, ANSWER_S
        )

    def do(self, command: str, *, status: int | None = 0) -> str:
        """Run *command* in the guest's shell, as root."""
        self._line.sendall(json.dumps(command).encode() + b"\n")
        answer = self.until(lambda word: "status" in word, ANSWER_S)
        if status is not None and answer["status"] != status:
            raise Failed(f"{command}: status {answer['status']}: {answer['out']}")
        return str(answer["out"])

    def python(self, program: str) -> str:
        path = "PYTHONPATH=/opt/exam-kiosk/lib:/opt/exam-kiosk"
        return self.do(f"{path} /usr/bin/python3 - <<'END'\n{program}\nEND").strip()

    def end(self) -> None:
        self._qemu.kill()
        self._qemu.wait()


@contextlib.contextmanager
def machine(where: Path, image: Path) -> Iterator[Machine]:
    running = Machine(where, image)
    try:
        began = time.monotonic()
        running.until(lambda word: "up" in word, BOOT_S)
        print(f"booted to the guest's first word in {time.monotonic() - began:.0f} s")
        yield running
    finally:
        running.end()


def _run(*command: object) -> None:
    subprocess.run([str(each) for each in command], check=True)


# --- What is shown ---------------------------------------------------------------------------

LEAVE, CONSOLE, PRINT, SYSTEM_REQUEST, RESTART, TERMINAL = range(1, 7)
COMBINATIONS = (
    (("alt", "tab"), LEAVE),
    (("meta_l",), LEAVE),
    (("meta_r",), LEAVE),
    (("alt", "f4"), LEAVE),
    (("ctrl", "esc"), LEAVE),
    (("print",), PRINT),
    (("alt", "sysrq"), SYSTEM_REQUEST),
    (("ctrl", "alt", "f3"), CONSOLE),
    (("ctrl", "alt_r", "f4"), CONSOLE),
    (("ctrl", "alt", "delete"), RESTART),
    (("ctrl", "shift", "n"), TERMINAL),
)


def _combinations(guest: Machine, where: str) -> None:
    for keys, category in COMBINATIONS:
        guest.press(*keys)
        try:
            found = guest.heard("Combination", COMBINATION_S)
        except Failed:
            raise Failed(f"{'+'.join(keys)} at the {where} keyboard was not told") from None
        if found != [category, 1]:
            raise Failed(f"{'+'.join(keys)} at {where} was told as {found}, not {category}")
    print(f"    {len(COMBINATIONS)} combinations at the {where} keyboard: each told by category")


def keys(guest: Machine) -> None:
    """Combinations at a PS/2 and a USB keyboard, plugged in and out; nothing typed anywhere."""
    guest.state(2, 1)
    print("    the PS/2 keyboard is verified by its own generated key")
    # As on a hardened station. While the kernel obeys SysRq itself, it hides it from all others.
    guest.do("echo 0 > /proc/sys/kernel/sysrq")
    _combinations(guest, "PS/2")
    guest.qmp("device_add", driver="usb-kbd", id="kbd", bus="usb.0")
    guest.state(2, 2)
    print("    a USB keyboard was plugged in: two are verified")
    _combinations(guest, "USB")
    guest.type(TYPED)
    presses = 0
    while presses < len(TYPED):
        presses += guest.heard("Pulse")[1]
    written = guest.do(
        f"journalctl -b --no-pager | grep -ci {TYPED[:6]}; "
        f"grep -rlai {TYPED[:6]} /run /tmp /var/log 2>/dev/null; true"
    )
    if written.split() != ["0"]:
        raise Failed(f"what was typed stands somewhere: {written}")
    print(f"    {len(TYPED)} keys typed: {presses} counted, none written in /run, /tmp, /var/log")
    guest.qmp("device_del", id="kbd")
    guest.state(2, 1)
    print("    the USB keyboard was unplugged: one is verified")


def watch(guest: Machine) -> None:
    """The service: confined, back after it is killed, and not believed once it hears nothing."""
    print("    " + guest.do("systemd-analyze security exam-keywatch | tail -1").strip())
    guest.do("systemd-analyze verify /etc/systemd/system/exam-keywatch.service")
    owner = guest.do("stat -c '%U:%G %a' /run/exam-kiosk/keywatch.sock").strip()
    if owner != "root:exam-agent 660":
        raise Failed(f"the socket is {owner}")
    guest.do("systemctl kill -s KILL exam-keywatch")
    guest.state(2, 1)
    print("    killed: back under systemd, and verified")
    # A program takes the keyboards for itself (EVIOCGRAB): nobody else hears them any more.
    grab = (
        "import evdev, time; from provisioning.devices.keyboards import keyboards; "
        "found = [evdev.InputDevice(str(each.path)) for each in keyboards()]; "
        "[each.grab() for each in found]; time.sleep(600)"
    )
    guest.do(
        "systemd-run --unit=grab -E PYTHONPATH=/opt/exam-kiosk/lib:/opt/exam-kiosk "
        f'/usr/bin/python3 -c "{grab}"'
    )
    guest.state(1, 1)
    guest.do("systemctl stop grab")
    guest.state(2, 1)
    print("    a program grabbed the keyboard: no longer verified, until it ended")


def devices(guest: Machine) -> None:
    """Keyboards, USB devices and screens, as /sys shows them."""
    program = (
        "from provisioning.devices.keyboards import keyboards\n"
        "from provisioning.devices.usb import usb_devices\n"
        "from provisioning.devices.screens import screens\n"
        "print([(each.identity.ids, each.virtual) for each in keyboards()], "
        "[(each.ids, each.kinds) for each in usb_devices()], len(screens()))"
    )
    before = guest.python(program)
    print(f"    before: {before}")
    guest.qmp("device_add", driver="usb-storage", id="stick1", bus="usb.0", drive="stick")
    guest.qmp("device_add", driver="usb-kbd", id="kbd2", bus="usb.0")
    guest.do("udevadm settle; sleep 2; udevadm settle")
    after = guest.python(program)
    print(f"    after:  {after}")
    for wanted in ("('0627:0001', False)", "('storage',)", "('input',)"):
        if wanted in before or wanted not in after:
            raise Failed(f"{wanted} must appear when a stick and a keyboard are plugged in")
    virtual = guest.python(
        "import evdev, time\n"
        "from provisioning.devices.keyboards import keyboards\n"
        "made = evdev.UInput(name='AT keyboard')\n"
        "time.sleep(1)\n"
        "print(sum(each.virtual for each in keyboards()))"
    )
    if virtual != "1":
        raise Failed(f"a program's keyboard is not known for one: {virtual}")
    print("    a keyboard made by a program is known for one")
    guest.qmp("device_del", id="kbd2")
    guest.qmp("device_del", id="stick1")


def camera(guest: Machine) -> None:
    """Cameras that a program makes are known for it, whatever they call themselves."""
    guest.do("modprobe vivid n_devs=1")
    guest.do("modprobe v4l2loopback exclusive_caps=0 card_label='HD Pro Webcam C920'")
    told = guest.do(
        "udevadm settle; for each in /dev/video*; do v4l2-ctl -d $each --info; done | "
        "grep -E 'Driver name|Card type'"
    )
    for wanted in ("vivid", "v4l2 loopback", "HD Pro Webcam C920"):
        if wanted not in told:
            raise Failed(f"the driver of {wanted} is not there: {told}")
    if not (ROOT / "provisioning/devices/camera.py").exists():
        print("    vivid and v4l2loopback are there; what looks at them is not built yet")
        return
    found = guest.python(
        "from provisioning.devices.camera import cameras\n"
        "print([(each.identity.driver, each.virtual) for each in cameras()])"
    )
    print(f"    found: {found}")
    if "('vivid', True)" not in found or "False" in found:
        raise Failed("a program's camera passes for a real one")


def pictures(guest: Machine) -> None:
    """The real camera process on V4L2: held by another, opened, refused, silent, unplugged."""
    if not capture(guest, "pictures"):
        raise Failed("the camera process did not do what it must; see above")


def spoofed(guest: Machine) -> None:
    """The real camera process on a loopback device that calls itself a webcam."""
    if not capture(guest, "spoofed"):
        raise Failed("the camera process did not do what it must; see above")


SCENARIOS = {
    "keys": keys,
    "watch": watch,
    "devices": devices,
    "camera": camera,
    "pictures": pictures,
    "spoofed": spoofed,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Press real keys at a machine without hardware.")
    parser.add_argument("--where", type=Path, default=ROOT / "build/lab")
    parser.add_argument("--only", choices=SCENARIOS, action="append")
    chosen = parser.parse_args()
    began = time.monotonic()
    try:
        image = build(chosen.where)
        print(f"image ready after {time.monotonic() - began:.0f} s")
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        with machine(chosen.where, image) as guest:
            for name in chosen.only or SCENARIOS:
                start = time.monotonic()
                print(f"{name}: {SCENARIOS[name].__doc__}")
                SCENARIOS[name](guest)
                print(f"    in {time.monotonic() - start:.0f} s")
    except Failed as problem:
        print(f"FAILED: {problem}", file=sys.stderr)
        return 1
    print(f"all of it in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
