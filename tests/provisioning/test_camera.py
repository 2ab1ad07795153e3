"""Which camera it is: drivers' answers and sysfs, as the kernel lays them out."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from exam_packages import canon
from exam_packages.clock import SystemClock
from kiosk.cli import cli
from provisioning import homes
from provisioning.devices.camera import (
    CameraError,
    Identity,
    cameras,
    describe,
    enrol,
    enrolled,
    held,
    holders,
    look,
)
from provisioning.preflight import examine
from provisioning.station_home import StationHome

CAPTURE, METADATA, DEVICE_CAPS = 0x1, 0x00800000, 0x80000000


def answer(driver: str, card: str, bus: str, capabilities: int = CAPTURE) -> bytes:
    """A ``struct v4l2_capability``, as in linux/videodev2.h."""
    return struct.pack(
        "=16s32s32sIII3I",
        driver.encode(),
        card.encode(),
        bus.encode(),
        0x060C00,
        CAPTURE | METADATA | DEVICE_CAPS,
        capabilities,
        0,
        0,
        0,
    )


def usb_camera(sys: Path, name: str, *, serial: str = "8F2A") -> None:
    """A webcam's place in *sys*, as Linux 6 lays it out."""
    port = sys / "devices/pci0000:00/0000:00:14.0/usb1/1-2"
    node = port / "1-2:1.0/video4linux" / name
    node.mkdir(parents=True)
    for fact, value in (("idVendor", "046d"), ("idProduct", "0825"), ("serial", serial)):
        (port / fact).write_text(f"{value}\n")
    (sys / "class/video4linux").mkdir(parents=True, exist_ok=True)
    (sys / "class/video4linux" / name).symlink_to(node)


def virtual_camera(sys: Path, name: str) -> None:
    node = sys / "devices/virtual/video4linux" / name
    node.mkdir(parents=True)
    (sys / "class/video4linux").mkdir(parents=True, exist_ok=True)
    (sys / "class/video4linux" / name).symlink_to(node)


def test_a_webcam_is_known_by_driver_ids_and_serial(tmp_path: Path) -> None:
    usb_camera(tmp_path, "video0")
    found = describe(
        Path("/dev/video0"), answer("uvcvideo", "HD Webcam", "usb-0000:00:14.0-2"), tmp_path
    )
    assert found.identity == Identity("uvcvideo", "usb-0000:00:14.0-2", "046d:0825", "8F2A")
    assert (found.name, found.virtual, found.captures) == ("HD Webcam", False, True)


def test_the_second_node_of_a_webcam_gives_no_pictures(tmp_path: Path) -> None:
    usb_camera(tmp_path, "video1")
    second = answer("uvcvideo", "HD Webcam", "usb-0000:00:14.0-2", METADATA)
    assert not describe(Path("/dev/video1"), second, tmp_path).captures


@pytest.mark.parametrize("driver", ["v4l2 loopback", "uvcvideo"])
def test_a_loopback_device_is_virtual_whatever_it_calls_itself(tmp_path: Path, driver: str) -> None:
    virtual_camera(tmp_path, "video7")
    said = answer(driver, "HD Pro Webcam C920", "usb-0000:00:14.0-2")
    found = describe(Path("/dev/video7"), said, tmp_path)
    assert found.virtual
    with pytest.raises(CameraError, match="no real camera"):
        enrol(tmp_path / "camera.enrolled", found)


def test_a_driver_cannot_put_control_characters_on_a_screen(tmp_path: Path) -> None:
    usb_camera(tmp_path, "video0", serial="\x1b[2J1")
    found = describe(Path("/dev/video0"), answer("uvcvideo", "a\x1b]0;b\x07", "usb"), tmp_path)
    assert found.name == "a]0;b"
    assert found.identity.serial == "[2J1"


def test_the_enrolled_camera_is_known_again_at_another_port(tmp_path: Path) -> None:
    usb_camera(tmp_path, "video0")
    found = describe(Path("/dev/video0"), answer("uvcvideo", "HD", "usb-1"), tmp_path)
    path = tmp_path / "camera.enrolled"
    assert enrolled(path) is None
    enrol(path, found)
    identity = enrolled(path)
    assert identity is not None and identity == found.identity
    assert identity.same(msgspec.structs.replace(identity, bus="usb-2"))
    assert not identity.same(msgspec.structs.replace(identity, serial="0000"))
    bare = msgspec.structs.replace(identity, serial="")
    assert not bare.same(msgspec.structs.replace(bare, bus="usb-2"))


def test_a_damaged_enrolment_is_told(tmp_path: Path) -> None:
    path = tmp_path / "camera.enrolled"
    path.write_bytes(canon.pack(Identity("a", "b", "c", "d"))[:-1])
    with pytest.raises(CameraError, match="damaged"):
        enrolled(path)


def test_what_is_no_video_device_cannot_be_asked(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"")
    with pytest.raises(CameraError, match="cannot be asked"):
        look(tmp_path / "video0")
    assert list(cameras(tmp_path)) == []


def test_who_holds_a_device(tmp_path: Path) -> None:
    """This very process, seen from outside as another."""
    proc = tmp_path / "proc"
    (proc / "4711/fd").mkdir(parents=True)
    (proc / "4711/comm").write_text("guvcview\n")
    (proc / "4711/fd/5").symlink_to("/dev/video0")
    (proc / f"{os.getpid()}/fd").mkdir(parents=True)
    (proc / f"{os.getpid()}/fd/5").symlink_to("/dev/video0")
    assert holders(Path("/dev/video0"), proc) == ("guvcview",)
    assert holders(Path("/dev/video1"), proc) == ()


def test_the_commands_list_what_is_there_and_enrol_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "station"
    homes.new_station(home, "seat-1", "Lisbon", "https://127.0.0.1:1")
    own = Identity("uvcvideo", "usb-1", "046d:0825", "of this test")
    StationHome.load(home).enrolled_camera.write_bytes(canon.pack(own))
    listed = CliRunner().invoke(cli, ["station", "cameras", str(home)])
    assert listed.exit_code == 0, listed.output
    assert "The enrolled camera (046d:0825, serial of this test) is absent." in listed.output
    (tmp_path / "file").write_bytes(b"")
    refused = CliRunner().invoke(
        cli, ["station", "enrol-camera", str(home), str(tmp_path / "file")]
    )
    assert isinstance(refused.exception, CameraError)
    assert enrolled(StationHome.load(home).enrolled_camera) == own


def test_the_check_says_when_the_enrolled_camera_is_not_connected(tmp_path: Path) -> None:
    home = tmp_path / "station"
    homes.new_station(home, "seat-1", "Lisbon", "https://127.0.0.1:1")
    machine = StationHome.load(home)
    own = Identity("uvcvideo", "usb-1", "046d:0825", "of this test")
    machine.enrolled_camera.write_bytes(canon.pack(own))
    assert any(
        not finding.good and "not connected" in finding.words
        for finding in examine(machine, SystemClock())
    )


def test_the_check_looks_at_the_face_model(tmp_path: Path) -> None:
    home, model = tmp_path / "station", tmp_path / "model.onnx"
    homes.new_station(home, "seat-1", "Lisbon", "https://127.0.0.1:1")
    model.write_bytes(b"weights")
    settings = StationHome.load(home).settings_path
    right = hashlib.sha256(b"weights").hexdigest()
    settings.write_text(
        f'{settings.read_text()}face_model = "{model}"\nface_model_sha256 = "{right}"\n'
    )

    def said() -> list[bool]:
        findings = examine(StationHome.load(home), SystemClock())
        return [each.good for each in findings if "face model" in each.words]

    assert said() == [True]
    model.write_bytes(b"others")
    assert said() == [False]
    model.unlink()
    assert said() == [False]


def test_what_is_no_camera_is_held_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"")
    assert not held(tmp_path / "video0")
    assert not held(tmp_path / "video1")
