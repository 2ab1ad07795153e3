"""Machines whose keys are sealed: a real sitting, with the real systemd-creds.

The key is that of the host, since a TPM is not at hand everywhere; everything else is as with
one. With a TPM: ``tools/lab``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sitting import Agent, Site, hall_running
from small_exam import choice_item, chosen, paper

from exam_packages.attempt.acts import Respond
from exam_packages.attempt.state import Phase
from exam_packages.errors import ExamError
from exam_packages.sealing.journal import JournalError, epoch_header, read_frames, read_half
from exam_packages.sealing.machine_secret import MachineSecret
from exam_packages.sealing.trust import BY_TPM
from kiosk.ipc import messages as ipc
from provisioning import homes
from provisioning.station_home import StationHome
from sync.credentials import CredentialError, seal_secret

_PROBE = ["systemd-creds", "encrypt", "--with-key=host", "--name=probe", "-", "-"]


def _works() -> bool:
    if shutil.which("systemd-creds") is None or os.geteuid() != 0:
        return False
    return subprocess.run(_PROBE, input=b"probe", capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _works(), reason="systemd-creds cannot seal to this host")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    items = (choice_item("one"),)
    directory = tmp_path_factory.mktemp("sealed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(homes, "seal_secret", partial(seal_secret, key="host"))
        for name in ("new_station", "new_hall"):
            patch.setattr(homes, name, partial(getattr(homes, name), tpm=True))
        sheet = paper(items, time_limit_s=600)
        site = Site.found(directory, sheet, items, stations=1, candidates=1)
    with hall_running(site):
        yield site


def test_an_exam_is_sat_and_restored_with_sealed_keys(own: Site) -> None:
    (station,) = own.stations
    assert station.enrolment().protection == BY_TPM
    with Agent(station) as agent:
        screen = agent.screen()
        screen.begin(own.hall, 1)
        screen.do(Respond("one", chosen("A")))
        before = screen.entries
        assert own.hall.row("C-001")["keys"] == "TPM-backed, as it says"
        agent.kill()
    (attempt,) = station.attempts.iterdir()
    header = epoch_header(read_frames(attempt).frames[0])
    with pytest.raises(JournalError, match="another machine"):  # half 2 is bound to it too
        read_half(attempt, header)
    assert len(read_half(attempt, header, station.secret)) == 32
    with Agent(station) as agent:
        screen = agent.screen()
        screen.await_(ipc.SignedIn)
        screen.await_phase(Phase.RUNNING)
        # All but the name, which no station opens again.
        assert screen.entries[: len(before) - 1] == before[1:]
        assert isinstance(screen.do(Respond("one", chosen("B"))), ipc.Saved)


def test_a_copy_of_the_disk_opens_nothing(own: Site, tmp_path: Path) -> None:
    """The whole home elsewhere: here another secret stands for another machine's TPM."""
    (station,) = own.stations
    copy = StationHome.load(shutil.copytree(station.directory, tmp_path / "copy", ignore=_sockets))
    secret = station.secret
    assert secret is not None
    keys = [station.signing_key().ed25519_seed, station.sealing_key().seed, secret.raw]
    found = b"".join(path.read_bytes() for path in copy.directory.rglob("*") if path.is_file())
    assert not any(key in found for key in keys)
    assert b"BEGIN PRIVATE KEY" not in found
    copy.secret_path.write_bytes(
        seal_secret(MachineSecret.generate(), StationHome.secret_name(), key="host")
    )
    for read in (copy.signing_key, copy.sealing_key):
        with pytest.raises(ExamError, match="does not open here"):
            read()
    with pytest.raises(OSError, match=r".*"):
        copy.client_tls()
    other = StationHome.load(copy.directory)
    other.secret_path.write_bytes(seal_secret(secret, "exam-kiosk.hall", key="host"))
    with pytest.raises(CredentialError, match="do not open here"):
        other.signing_key()
    other.secret_path.unlink()
    with pytest.raises(ExamError, match="does not open here"):
        StationHome.load(copy.directory).signing_key()


def _sockets(directory: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(directory) / name).is_socket()]


def test_keys_that_cannot_be_sealed_make_no_home(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="--key-protection file"):
        homes.new_station(tmp_path / "s", "s", "C1", "https://127.0.0.1:1", tpm=True)
    assert not (tmp_path / "s").exists()
