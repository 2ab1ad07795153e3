"""Which USB devices are plugged in: what the kernel says of each, by its place.

Read by polling ``/sys``: a listing of a few names, and no right is needed for it. A device that
comes and goes between two looks is not seen; the key-watch and the hardening do not depend on
this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYS: Final = Path("/sys")
MAX_DEVICES: Final = 256

_KINDS: Final = {
    0x01: "sound",
    0x02: "modem",
    0x03: "input",
    0x06: "camera or phone",
    0x07: "printer",
    0x08: "storage",
    0x09: "hub",
    0x0B: "smart card",
    0x0E: "video",
    0xE0: "wireless",
}


@dataclass(frozen=True, order=True)
class UsbDevice:
    """A device at its *port* (like ``1-1.4``): vendor and product, and what it is by the
    classes of its interfaces. Its own name is not used: anything can stand there."""

    port: str
    ids: str
    kinds: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"{self.ids} ({', '.join(self.kinds) or 'of no known kind'}) at port {self.port}"


def usb_devices(sys: Path = SYS) -> Iterator[UsbDevice]:
    """Every USB device but the machine's own controllers."""
    places = sorted((sys / "bus/usb/devices").glob("[0-9]*-[0-9]*"))
    for place in [each for each in places if ":" not in each.name][:MAX_DEVICES]:
        vendor, product = _hex(place / "idVendor", 4), _hex(place / "idProduct", 4)
        if not vendor:
            continue  # it went while we looked
        classes = {_hex(each / "bInterfaceClass", 2) for each in place.glob(f"{place.name}:*")}
        known = {_KINDS.get(int(each, 16), "") for each in classes if each}
        yield UsbDevice(place.name[:32], f"{vendor}:{product}", tuple(sorted(known - {""})))


def _hex(path: Path, digits: int) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(16).decode("ascii", "replace").strip()
        return text if len(text) == digits and int(text, 16) >= 0 else ""
    except (OSError, ValueError):
        return ""
