"""The session: foot is started anew with other letters when the screen asks, and only then."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.session import launcher
from kiosk.session.letters import OTHER_LETTERS

FOOT = """#!{python}
import subprocess, sys
with open({log!r}, "a") as log:
    log.write(" ".join(sys.argv[1:7]) + "\\n")
at = sys.argv.index({python!r})
sys.exit(subprocess.run(sys.argv[at:]).returncode)
"""
SCREEN = """
import sys
from pathlib import Path
file = Path(sys.argv[-1])
asked = Path({asked!r})
wishes = asked.read_text().split()
if wishes:
    asked.write_text(" ".join(wishes[1:]))
    file.write_text(wishes[0])
    sys.exit({other})
sys.exit(3)
"""


def test_the_terminal_comes_back_with_the_letters_that_were_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """foot itself needs a compositor, so here a script stands in its place; under cage the real
    one is tested in ``tests/kiosk/graphics/test_cage.py``."""
    log, asked = tmp_path / "log", tmp_path / "asked"
    asked.write_text("150 200 no-size 100")
    foot = tmp_path / "foot"
    foot.write_text(FOOT.format(python=sys.executable, log=str(log)))
    foot.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    code = SCREEN.format(asked=str(asked), other=OTHER_LETTERS)
    assert launcher.run([sys.executable, "-c", code], size=10) == 3
    sizes = [line.split("size=")[1].split()[0] for line in log.read_text().splitlines()]
    assert sizes == ["10", "15", "20", "10", "10"]
    assert list(tmp_path.glob("exam-kiosk-*")) == []


def test_without_foot_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(launcher.NoSession, match="not installed"):
        launcher.run(["true"])


@pytest.mark.skipif(shutil.which("foot") is None, reason="no foot here")
def test_foot_takes_its_configuration_and_has_no_key_of_its_own_left(tmp_path: Path) -> None:
    runtime = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        ["foot", "--check-config", "-c", str(launcher.LOCKED)],
        env=runtime,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    default = Path("/etc/xdg/foot/foot.ini")
    if default.exists():
        text, section, bound = default.read_text(), "", set()
        for line in text.splitlines():
            section = line.strip("[]") if line.startswith("[") else section
            name, equals, keys = line.removeprefix("# ").partition("=")
            if (
                section in ("key-bindings", "mouse-bindings")
                and equals
                and "none" not in keys
                and " " not in name
            ):
                bound.add(name.strip())
        ours = launcher.LOCKED.read_text()
        assert {name for name in bound if f"{name}=none" not in ours} == set()
