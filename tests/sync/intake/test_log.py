"""The log: checkpoints signed elsewhere, proofs that anyone can check, alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from centre import CLOCK, Centre, HandedIn
from click.testing import CliRunner, Result
from intake_process import Running

from exam_packages.sealing.bundle import BundleFile, hand_in_code, verify_bundle
from exam_packages.sealing.log_proof import (
    ProofError,
    read_proof,
    verify_checkpoint,
    verify_receipt_in_log,
    write_proof,
)
from exam_packages.sealing.receipt import Receipt, read_receipt
from exam_packages.sealing.trust import CHECKPOINT
from sync.intake.checkpoint import CheckpointError, sign_log
from sync.intake.cli import intake as command
from sync.intake.home import IntakeHome
from sync.intake.log import Log
from sync.intake.sqlite_storage import SqliteStorage


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(command, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def logged(home: IntakeHome, storage: SqliteStorage) -> Log:
    return Log(storage, home.trust, CLOCK, home.free)


@pytest.fixture
def handed(serving: Running, centre: Centre, attempts: Iterator[Path]) -> list[HandedIn]:
    """Five attempts handed in to the running intake."""
    bundles = [centre.hand_in(next(attempts)) for _ in range(5)]
    with serving.client() as client:
        for each in bundles:
            client.hand_over(**each.parts())
    return bundles


def test_every_receipt_is_proved_by_the_served_log(
    serving: Running, home: IntakeHome, centre: Centre, handed: list[HandedIn]
) -> None:
    run("checkpoint", home.directory, "--body", centre.body.directory)
    with serving.http() as http, serving.client() as client:
        checkpoint = verify_checkpoint(http.get("/log/checkpoint").text, centre.trust)
        assert checkpoint.size == 5
        for each in handed:
            receipt = read_receipt(client.hand_over(**each.parts()), centre.trust)
            proof = read_proof(http.get(f"/log/proof/{receipt.leaf}").text)
            assert verify_receipt_in_log(receipt, proof, centre.trust) == checkpoint
            for false in (
                Receipt(bytes(32), receipt.time_s, receipt.leaf),
                Receipt(receipt.bundle_hash, receipt.time_s, (receipt.leaf + 1) % 5),
            ):
                with pytest.raises(ProofError):
                    verify_receipt_in_log(false, proof, centre.trust)
        assert http.get("/log/proof/5").status_code == 404


def test_a_candidate_can_check_the_receipt_years_later(
    home: IntakeHome, centre: Centre, handed: list[HandedIn], tmp_path: Path
) -> None:
    code = hand_in_code(handed[2].bundle_hash)
    early = run("receipt", home.directory, code, "--out", tmp_path / "early")
    assert "ask again later" in early.output
    run("checkpoint", home.directory, "--body", centre.body.directory)
    run("receipt", home.directory, code.lower(), "--out", tmp_path / "out")
    receipt, proof = sorted((tmp_path / "out").iterdir())
    trust = centre.body.root_path
    options = ("--trust", trust, "--code", code, "--proof", proof)
    said = run("verify-receipt", receipt, *options).output
    assert "Food Inspectors’ Board received this exam on" in said
    assert "entry 2 of the log “exam-kiosk/food-inspectors-board” with 5 entries" in said

    other = hand_in_code(handed[3].bundle_hash)
    with pytest.raises(Exception, match="not for this hand-in code"):
        run("verify-receipt", receipt, "--trust", trust, "--code", other)
    with pytest.raises(Exception, match="No bundle with this hand-in code"):
        run("receipt", home.directory, hand_in_code(bytes(32)), "--out", tmp_path / "none")
    forged = tmp_path / "forged"
    data = receipt.read_bytes()
    forged.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(Exception, match="damaged, or not signed"):
        run("verify-receipt", forged, "--trust", trust, "--code", code)


def test_a_log_that_was_rewritten_is_not_signed_again(
    home: IntakeHome, centre: Centre, handed: list[HandedIn]
) -> None:
    memory = centre.body.directory / "log" / f"checkpoint-{home.directory.parent.name}"
    key = centre.body.signing_key(CHECKPOINT)
    with home.storage() as storage:
        first = sign_log(logged(home, storage), centre.trust, key, memory)
        assert sign_log(logged(home, storage), centre.trust, key, memory) == first
    database = apsw.Connection(str(home.directory / "intake.sqlite"))
    database.execute("UPDATE leaf SET hash = ? WHERE number = 1", (bytes(32),))
    with home.storage() as storage, pytest.raises(CheckpointError, match="rewritten"):
        sign_log(logged(home, storage), centre.trust, key, memory)
    database.execute("DELETE FROM leaf WHERE number = 4")
    database.close()
    with home.storage() as storage, pytest.raises(CheckpointError, match="rewritten"):
        sign_log(logged(home, storage), centre.trust, key, memory)


def test_a_checkpoint_signed_by_the_intake_itself_is_worth_nothing(
    home: IntakeHome, centre: Centre, handed: list[HandedIn], tmp_path: Path
) -> None:
    with home.storage() as storage, pytest.raises(ProofError, match="checkpoint key"):
        sign_log(logged(home, storage), centre.trust, home.key(), tmp_path / "memory")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx\n",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 1\n" + "A" * 43 + "=\n" * 65 + "\nx\n",
        "x" * 20_000,
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        read_proof(text)


def test_a_proof_reads_back_and_extra_data_is_passed_over() -> None:
    path = (bytes(32), bytes(range(32)))
    text = write_proof(7, path, "checkpoint\n")
    proof = read_proof(text)
    assert (proof.index, proof.path, proof.checkpoint) == (7, path, "checkpoint\n")
    first, rest = text.split("\n", 1)
    assert read_proof(f"{first}\nextra eA==\n{rest}") == proof


def test_status_counts_what_is_here_and_says_what_was_refused(
    home: IntakeHome, centre: Centre, handed: list[HandedIn]
) -> None:
    with home.storage() as storage:
        storage.refuse(bytes(32), "It was cut off.", CLOCK.wall_ns() // 10**9, b"", b"")
    counts = json.loads(run("status", home.directory, "--json").output)
    assert (counts["bundles"], counts["log_size"], counts["refused"]) == (5, 5, 1)
    assert counts["refused_bundles"][0]["reason"] == "It was cut off."
    assert "It was cut off." in run("status", home.directory).output


def test_export_hands_over_the_answers_of_each_attempt_once(
    home: IntakeHome,
    centre: Centre,
    serving: Running,
    attempts: Iterator[Path],
    tmp_path: Path,
) -> None:
    sitting = centre.sit(next(attempts), pictures=1)
    bundles = [sitting.hand_in()]
    sitting.restart()
    sitting.conclude()
    bundles.append(sitting.hand_in())
    sitting.writer.close()
    other = centre.hand_in(next(attempts), package_hash=bytes(32))
    with serving.client() as client:
        for each in (*bundles, other):
            client.hand_over(**each.parts())
    out = tmp_path / "out"
    for _ in range(2):
        run("export", home.directory, "--out", out)
    found = {path: BundleFile.open(path) for path in out.iterdir()}
    assert {each.answers.bundle_hash for each in found.values()} == {
        bundles[1].bundle_hash,
        other.bundle_hash,
    }
    for path, bundle in found.items():
        assert path.name == f"{verify_bundle(bundle, centre.trust).blind_id.hex()}.answers"
    run("export", home.directory, "--out", tmp_path / "one", "--package", "00" * 32)
    (path,) = (tmp_path / "one").iterdir()
    assert BundleFile.open(path).answers.bundle_hash == other.bundle_hash
    picture = bundles[1].evidence[0][1]
    assert all(picture not in path.read_bytes() for path in found)


def test_a_whole_bundle_is_handed_out_once_its_pictures_are_here(
    home: IntakeHome,
    centre: Centre,
    serving: Running,
    attempts: Iterator[Path],
    tmp_path: Path,
) -> None:
    handed = centre.hand_in(next(attempts), pictures=2)
    with serving.client() as client:
        client.hand_over(**handed.parts())
    code, out = hand_in_code(handed.bundle_hash), tmp_path / "exam.bundle"
    with pytest.raises(Exception, match="2 pictures of this exam have not arrived"):
        run("bundle", home.directory, code, "--out", out)
    assert not out.exists()
    with home.storage() as storage:
        for digest, data in handed.evidence:
            storage.keep_evidence(handed.bundle_hash, digest, data)
    run("bundle", home.directory, code, "--out", out)
    whole = BundleFile.open(out)
    verify_bundle(whole, centre.trust)
    assert tuple(whole.evidence()) == handed.evidence
    with pytest.raises(Exception, match="No bundle with this hand-in code"):
        run("bundle", home.directory, hand_in_code(bytes(32)), "--out", out)


def test_init_does_not_replace_an_intake(home: IntakeHome, centre: Centre) -> None:
    with pytest.raises(Exception, match="already; it is not replaced"):
        run("init", home.directory, "--body", centre.body.directory)
    for address in ("8445", "host:", "host:99999", ":1"):
        with pytest.raises(Exception, match="no address to listen on"):
            run("init", home.directory / "x", "--body", centre.body.directory, "--address", address)
