"""A station deletes only what the certification body has confirmed."""

from __future__ import annotations

from pathlib import Path

from centre import Centre, now_s
from click.testing import CliRunner

from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.trust import INTAKE
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
