"""The real thing: foot under cage, without a screen or a graphics card, looked at by grim."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from exam_packages.samples import ALL_KINDS

CAGE = Path(__file__).parents[3] / "tools/lab/cage.py"
PLACES = 14
"""Questions of the sample without a picture; the next ones have one."""


def _lab() -> Any:
    spec = importlib.util.spec_from_file_location("lab_cage", CAGE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["lab_cage"] = module
    spec.loader.exec_module(module)
    return module


lab_cage = _lab()


INSIDE = (150, 150, 600, 560)
"""Where the picture lies, as far as no label stands over it at the left."""


def drawn(path: Path) -> bool:
    """Whether anything stands on the screen."""
    with Image.open(path) as image:
        return len(image.convert("RGB").getcolors(1 << 24) or ()) > 60


def steps(path: Path) -> int:
    """How many lines of pixels differ from the line above: in cells, two to a cell."""
    with Image.open(path) as image:
        part = image.convert("RGB").crop(INSIDE)
    width, height = part.size
    data = part.tobytes()
    lines = [data[3 * width * y : 3 * width * (y + 1)] for y in range(height)]
    return sum(above != below for above, below in pairwise(lines))


def filled(path: Path) -> bool:
    """Whether the terminal, which is no pure black, covers the screen."""
    with Image.open(path) as image:
        box = image.convert("RGB").getbbox()
        return box is not None and box[2] > image.width - 20 and box[3] > image.height - 40


@pytest.mark.slow
@pytest.mark.skipif(
    any(shutil.which(each) is None for each in lab_cage.PROGRAMS), reason="no cage and foot here"
)
def test_pictures_stand_in_pixels_and_nothing_of_them_stays(tmp_path: Path) -> None:
    program = str(Path(sys.executable).parent / "exam-kiosk")
    with lab_cage.Lab([program, "package", "preview", str(ALL_KINDS)], font=12) as lab:

        def see(name: str, *keys: str) -> Path:
            for key in keys:
                lab.type(lab_cage.KEYS[key])
                lab.settle(tmp_path / f"{name}.png")
            return tmp_path / f"{name}.png"

        lab.until(tmp_path / "ready.png", lambda: drawn(tmp_path / "ready.png"))
        see("begin", "enter")
        plain = see("plain", *["f9"] * (PLACES - 1))
        picture = see("picture", "f9")
        assert steps(picture) > 2 * (INSIDE[3] - INSIDE[1]) / 9  # half a cell has nine lines
        see("large", "f7")
        assert see("back", "escape").read_bytes() == picture.read_bytes()
        assert see("away", "f8").read_bytes() == plain.read_bytes()


SIZES = """
while [ "$(stty size)" = "24 80" ]; do sleep 0.1; done  # not told by the compositor yet
stty size >> {log}
case $(wc -l < {log}) in
    1) echo 200 > "$2"; exit 75 ;;
    *) sleep 60 ;;
esac
"""


@pytest.mark.slow
@pytest.mark.skipif(
    any(shutil.which(each) is None for each in lab_cage.PROGRAMS), reason="no cage and foot here"
)
def test_the_session_s_terminal_comes_back_with_larger_letters(tmp_path: Path) -> None:
    log = tmp_path / "sizes"
    start = (
        "from kiosk.session.launcher import run; import sys;"
        "sys.exit(run(['sh', '-c', sys.argv[1], 'screen'], size=14))"
    )
    command = [sys.executable, "-c", start, SIZES.format(log=log)]
    with lab_cage.Lab(command, font=None) as lab:
        lab.until(tmp_path / "shot.png", lambda: log.exists() and log.read_text().count("\n") == 2)
        lab.until(tmp_path / "shot.png", lambda: filled(tmp_path / "shot.png"))
    (lines, columns), (fewer, narrower) = (
        map(int, line.split()) for line in log.read_text().splitlines()
    )
    assert columns > 80 and lines > 24
    assert 0.4 < narrower / columns < 0.6 and 0.4 < fewer / lines < 0.6
