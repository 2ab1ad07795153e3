"""The bad day: whole as anyone starts it (slow), and the parts it is made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import small_exam
from sitting import CHIEF, INVIGILATOR, PASSWORD, Site, hall_running

from provisioning.demo.officers import Officer, both
from provisioning.demo.processes import exam_kiosk
from provisioning.demo.stages import DemoError

PATIENCE_S = 900
ITEMS = (small_exam.choice_item("one"),)
PAPER = small_exam.paper(ITEMS, time_limit_s=600)


@pytest.mark.slow
def test_the_whole_day(tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = subprocess.run(
        [exam_kiosk(), "demo", "--bad-day", "--auto", "--dir", str(site)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    held = [line for line in done.stdout.splitlines() if line.startswith("  ✓ ")]
    for words in (
        "in no hall",
        "84 answers typed, 84 counted, none missing",
        "What only a neighbour had is among them",
        "handed-in, handed-in, suspected, ill, absent",
        "4 receipts",
        "4 proven",
        "second and chief",
    ):
        assert any(words in line for line in held), (words, done.stdout)
    for words in ("Power cut", "Alarm or evacuation", "Taken ill", "(signed by standby"):
        assert words in done.stdout or words.casefold() in done.stdout
    assert (site / "papers" / "report.pdf").read_bytes().startswith(b"%PDF")


def test_it_has_faults_of_its_own(tmp_path: Path) -> None:
    done = subprocess.run(
        [exam_kiosk(), "demo", "--bad-day", "--auto", "--hall-down", "--dir", tmp_path / "site"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "faults of its own" in done.stderr
    assert not (tmp_path / "site").exists()


def test_officers_notice_what_a_hall_does_not_refuse(tmp_path: Path) -> None:
    """What the day claims of the console would be said if it were not so."""
    site = Site.found(tmp_path, PAPER, ITEMS, stations=1, candidates=1)
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    chief, second = Officer(CHIEF, password), Officer(INVIGILATOR, password)
    with pytest.raises(DemoError, match="not signed in"):
        chief.look("/board")
    with hall_running(site):
        for officer in (chief, second):
            officer.sign_in(site.hall.home.directory)
        with pytest.raises(DemoError, match="takes two people"):
            both(chief, second, "add-time", "routine.start", all="1", minutes="1")
        with pytest.raises(DemoError, match="had to be refused with “never”"):
            chief.refused("absent", "routine.end", "never")
        second.refused("waive", "routine.start", "Only the chief", point="disk", why="because")
        with pytest.raises(DemoError, match="could not do “waive”"):
            second.act("waive", "routine.start", point="disk", why="because")
    with pytest.raises(DemoError, match="does not answer"):
        chief.look("/board")
    chief.leave()
    second.leave()


def test_the_next_boot_is_another_one() -> None:
    boot = "5a" * 16
    code = (
        "import sys; from exam_packages.clock import SystemClock\n"
        "from provisioning.demo.next_boot import main\n"
        f"sys.argv = ['demo', '{boot}', '--help']\n"
        "try: main()\n"
        "except SystemExit: print(SystemClock().boot().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Commands:" in done.stdout and done.stdout.split()[-1] == boot
