"""A station deletes only what the certification body has confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest
from centre import CLOCK, Centre, now_s
from click.testing import CliRunner

from exam_packages.errors import ExamError
from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.restore_keys import Erasure, read_erasure
from exam_packages.sealing.trust import INTAKE
from kiosk.agent.custody import Custody
from kiosk.agent.erasing import erase
from kiosk.agent.main import only_agent
from kiosk.cli import cli


def clear(home: Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["station", "clear", str(home)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_only_what_has_its_own_receipt_is_deleted(tmp_path: Path) -> None:
    centre = Centre.found(tmp_path)
    attempts = centre.station.attempts
    attempts.mkdir()
    key = [centre.body.signing_key(INTAKE)]
    directories = []
    for place in range(5):
        handed = centre.hand_in(tmp_path / f"sat-{place}")
        directory = attempts / handed.blind_id.hex()
        (tmp_path / f"sat-{place}").rename(directory)
        (directory / "manifest").write_bytes(handed.manifest)
        receipt = sign_receipt(Receipt(handed.bundle_hash, now_s(), place), key)
        (directory / "receipt").write_bytes(receipt)
        directories.append(directory)
    confirmed, without, of_another, reopened, moved = directories
    (without / "receipt").unlink()
    (of_another / "receipt").write_bytes((confirmed / "receipt").read_bytes())
    (reopened / "manifest").rename(reopened / "earlier-manifest")
    moved.rename(moved := moved.with_name(f"{moved.name}.left-1"))
    (moved / "receipt").unlink()
    with only_agent(centre.station.directory):
        result = CliRunner().invoke(cli, ["station", "clear", str(centre.station.directory)])
        assert "already runs" in str(result.exception)
        assert confirmed.exists()
    code, words = clear(centre.station.directory)
    assert code == 1
    assert "Exams deleted: 1; kept: 4." in words
    assert words.count("has not confirmed") == 4
    assert set(attempts.iterdir()) == {without, of_another, reopened, moved}


def test_nothing_is_stated_to_be_erased_while_a_record_cannot_be_read(tmp_path: Path) -> None:
    centre = Centre.found(tmp_path)
    attempts, custody = centre.station.attempts, Custody(centre.station)
    attempts.mkdir()
    centre.hand_in(tmp_path / "sat")
    directory = attempts / ("ab" * 16)
    (tmp_path / "sat").rename(directory)
    segment, aside = next((directory / "journal").iterdir()), tmp_path / "aside"
    segment.rename(aside)
    segment.mkdir()  # what no disk reads as a file
    order = Erasure(
        bytes(16), bytes(32), "slot", custody.signing.key_id, "Ana", "over", (), 0, now_s()
    )
    with pytest.raises(ExamError):
        erase(custody, attempts, order, CLOCK)
    assert not (attempts.parent / "erasures").exists()
    segment.rmdir()
    aside.rename(segment)
    statement = read_erasure(erase(custody, attempts, order, CLOCK), custody.signing.public)
    assert statement.operator == "Ana"
