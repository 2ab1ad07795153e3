"""Keyboards, USB devices, screens and watchers: from trees as the kernel writes them, and here."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from provisioning.devices import debugger
from provisioning.devices.keyboards import (
    MAX_ENROLLED,
    Keyboard,
    KeyboardError,
    KeyboardIdentity,
    bits,
    enrol,
    enrolled,
    keyboards,
    types,
)
from provisioning.devices.keyboards_cli import station
from provisioning.devices.screens import clients, screens
from provisioning.devices.usb import UsbDevice, usb_devices
from provisioning.homes import new_station
from provisioning.station_home import StationHome

# As an ordinary USB keyboard, its volume keys, and a power button write them.
USB_KEYBOARD = "10000 7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
VOLUME_KEYS = (
    "3f000303ff 0 0 483ffff17aff32d bfd4444600000000 1 130ff38b17c000 677bfad9415fed "
    "19ed68000004400 10000002"
)
POWER_BUTTON = "8000 10000000000000 0"


def _input(sys_root: Path, name: str, keys: str, ids: str, *, virtual: bool = False) -> None:
    bus = "virtual" if virtual else "pci0000:00/usb1"
    device = sys_root / "devices" / bus / f"input-{name}"
    (device / "capabilities").mkdir(parents=True)
    (device / "id").mkdir()
    (device / "capabilities/ev").write_text("120013\n")
    (device / "capabilities/key").write_text(f"{keys}\n")
    (device / "name").write_text(f"Keyboard {name}\x07\n")
    vendor, product = ids.split(":")
    for what, value in (("bustype", "0003"), ("vendor", vendor), ("product", product)):
        (device / "id" / what).write_text(f"{value}\n")
    (device / "uniq").write_text("\n")
    node = device / name
    node.mkdir()
    (node / "device").symlink_to("..")
    (sys_root / "class/input").mkdir(parents=True, exist_ok=True)
    (sys_root / "class/input" / name).symlink_to(node)


def test_what_types_is_a_keyboard_whatever_it_is_called(tmp_path: Path) -> None:
    _input(tmp_path, "event2", USB_KEYBOARD, "046d:c31c")
    _input(tmp_path, "event3", VOLUME_KEYS, "046d:c31c")
    _input(tmp_path, "event0", POWER_BUTTON, "0000:0001")
    _input(tmp_path, "event10", USB_KEYBOARD, "1234:5678", virtual=True)
    first, second = keyboards(tmp_path)
    assert first.path == Path("/dev/input/event2")
    assert first.name == "Keyboard event2"  # and no bell
    assert first.identity == KeyboardIdentity("0003", "046d:c31c", "")
    assert (first.virtual, second.virtual) == (False, True)


def test_enrolling_keyboards_and_reading_them_back(tmp_path: Path) -> None:
    _input(tmp_path, "event2", USB_KEYBOARD, "046d:c31c")
    file = tmp_path / "keyboards"
    assert enrolled(file) is None
    enrol(file, tuple(keyboards(tmp_path)))
    assert enrolled(file) == (KeyboardIdentity("0003", "046d:c31c", ""),)
    _input(tmp_path, "event3", USB_KEYBOARD, "1234:5678", virtual=True)
    with pytest.raises(KeyboardError, match="no real keyboard"):
        enrol(file, tuple(keyboards(tmp_path)))
    with pytest.raises(KeyboardError, match="no keyboard here"):
        enrol(file, ())
    assert enrolled(file) == (KeyboardIdentity("0003", "046d:c31c", ""),)
    file.write_bytes(b"\x91\x91\x93\xa1a")
    with pytest.raises(KeyboardError, match="damaged"):
        enrolled(file)


def test_more_keyboards_than_can_be_read_back_are_not_enrolled(tmp_path: Path) -> None:
    for number in range(MAX_ENROLLED + 1):
        _input(tmp_path, f"event{number}", USB_KEYBOARD, "046d:c31c")
    file, found = tmp_path / "keyboards", tuple(keyboards(tmp_path))
    enrol(file, found[1:])
    assert enrolled(file) == tuple(each.identity for each in found[1:])
    with pytest.raises(KeyboardError, match="33 keyboards are connected, and at most 32 can be"):
        enrol(file, found)
    assert enrolled(file) == tuple(each.identity for each in found[1:])


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_capabilities_end_in_anything_but_yes_or_no(events: str, keys: str) -> None:
    assert types(events, keys) in (True, False)


@given(st.sets(st.integers(0, 767), max_size=100))
def test_a_mask_is_read_as_the_kernel_writes_it(codes: set[int]) -> None:
    value = sum(1 << code for code in codes)
    words = []
    while value:
        words.append(f"{value & (1 << 64) - 1:x}")
        value >>= 64
    assert bits(" ".join(reversed(words)) or "0") == sum(1 << code for code in codes)


def test_usb_devices_and_what_they_are(tmp_path: Path) -> None:
    bus = tmp_path / "bus/usb/devices"
    for name, classes in (("1-1", ["03"]), ("1-1.4", ["08", "ff"]), ("usb1", ["09"])):
        place = bus / name
        place.mkdir(parents=True)
        (place / "idVendor").write_text("0627\n")
        (place / "idProduct").write_text("0001\n")
        for number, each in enumerate(classes):
            interface = place / f"{name}:1.{number}"
            interface.mkdir()
            (interface / "bInterfaceClass").write_text(f"{each}\n")
    (bus / "1-2").mkdir()  # it is going
    strange = bus / "1-3"
    strange.mkdir()
    (strange / "idVendor").write_bytes(b"\xff\x1b[2J")
    assert list(usb_devices(tmp_path)) == [
        UsbDevice("1-1", "0627:0001", ("input",)),
        UsbDevice("1-1.4", "0627:0001", ("storage",)),
    ]


def test_screens_that_are_connected(tmp_path: Path) -> None:
    for name, status in (("card0-HDMI-A-1", "connected"), ("card0-DP-1", "disconnected")):
        (tmp_path / "class/drm" / name).mkdir(parents=True)
        (tmp_path / "class/drm" / name / "status").write_text(f"{status}\n")
    (tmp_path / "class/drm/card0-DP-2").mkdir()
    assert screens(tmp_path) == ("card0-HDMI-A-1",)


def test_programs_at_a_display_are_counted(tmp_path: Path) -> None:
    display = tmp_path / "wayland-0"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(display))
        server.listen()
        assert clients(display) == 0
        with socket.socket(socket.AF_UNIX) as foot, socket.socket(socket.AF_UNIX) as grim:
            foot.connect(str(display))
            with server.accept()[0]:
                assert clients(display) == 1
                grim.connect(str(display))
                with server.accept()[0]:
                    assert clients(display) == 2


def test_a_debugger_is_seen() -> None:
    assert not debugger.tasks_traced()
    victim = subprocess.Popen(["/bin/sleep", "60"])
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    try:
        if libc.ptrace(16, victim.pid, None, None) != 0:  # PTRACE_ATTACH
            pytest.skip(f"no process may be traced here: {os.strerror(ctypes.get_errno())}")
        os.waitpid(victim.pid, 0)
        assert debugger.tracer(victim.pid) == os.getpid()
        assert debugger.tasks_traced(victim.pid)
    finally:
        libc.ptrace(17, victim.pid, None, None)  # PTRACE_DETACH
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    assert not debugger.tasks_traced(victim.pid)
    assert debugger.tracer(1 << 22) == 0
    assert debugger.ptrace_scope() in (None, 0, 1, 2, 3)


def test_this_machine_can_be_looked_at() -> None:
    program = (
        "from pathlib import Path; from exam_packages.clock import SystemClock; "
        "from kiosk.agent.surroundings import look; print(look(SystemClock(), Path('/none')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "clients=0" in done.stdout


def test_a_station_lists_its_devices_and_enrols_its_keyboards(tmp_path: Path) -> None:
    home = tmp_path / "station"
    new_station(home, "seat-1", "Lisbon", "https://127.0.0.1:1", camera="none")
    listed = CliRunner().invoke(station, ["devices", str(home)])
    assert listed.exit_code == 0, listed.output
    assert "debugging" in listed.output
    found = [each for each in keyboards() if not each.virtual]
    enrolling = CliRunner().invoke(station, ["enrol-keyboards", str(home)])
    if found:
        assert enrolling.output.count("is enrolled") == len(found)
    else:
        assert isinstance(enrolling.exception, KeyboardError)
    enrol(
        StationHome.load(home).enrolled_keyboards,
        (
            Keyboard(
                Path("/dev/input/event9"), "K", KeyboardIdentity("0003", "ffff:ffff", ""), False
            ),
        ),
    )
    listed = CliRunner().invoke(station, ["devices", str(home)])
    assert "keyboard  ffff:ffff  (enrolled, and not connected)" in listed.output
