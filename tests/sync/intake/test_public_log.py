"""The log as anyone reads it: over TLS without a certificate, as tiles, and after a kill."""

from __future__ import annotations

import gc
import random
import signal
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path

import httpx
import pytest
from centre import CLOCK, Centre, HandedIn
from click.testing import CliRunner, Result
from intake_process import Running, running

from exam_packages.clock import SECOND
from exam_packages.sealing.bundle import hand_in_code
from exam_packages.sealing.heads import (
    Anchor,
    Head,
    Heads,
    heads_tree,
    sign_heads,
    write_anchors,
)
from exam_packages.sealing.journal import Frame, genesis
from exam_packages.sealing.log import leaf_hash
from exam_packages.sealing.log_entry import bundle_entry, heads_entry, log_entry
from exam_packages.sealing.log_files import LogDirectory
from exam_packages.sealing.log_proof import (
    read_growth,
    read_proof,
    verify_checkpoint,
    verify_entry_in_log,
    verify_growth,
)
from exam_packages.sealing.retention import NO_ENTRY, Hold, Lifting, entry_digest, sign_entry
from exam_packages.sealing.tiles import TileTree
from exam_packages.sealing.trust import CHECKPOINT, ROOT, TrustError
from exam_packages.verify.verify import verify
from sync.intake.accept import Unacceptable
from sync.intake.checkpoint import CheckpointError, sign_log
from sync.intake.cli import intake as intake_command
from sync.intake.client import IntakeRefused, IntakeUnavailable
from sync.intake.home import IntakeHome
from sync.intake.log import Log
from sync.intake.sqlite_storage import SqliteStorage
from sync.log.cli import log as log_command
from sync.log.site import LogUnreachable


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


def run(command: object, *arguments: object) -> Result:
    result = CliRunner().invoke(command, [str(each) for each in arguments])  # type: ignore[arg-type]
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def anyone(server: Running, centre: Centre) -> httpx.Client:
    """A reader without a certificate, who knows the body's authority."""
    tls = ssl.create_default_context(cafile=str(centre.body.tls_ca))
    return httpx.Client(verify=tls, trust_env=False, timeout=20)


def stated(centre: Centre, at_s: int | None = None) -> bytes:
    """A root of heads that the centre's hall signed."""
    key = centre.hall.signing_key()
    return sign_heads(Heads(bytes(32), 1, key.key_id, at_s or now_s()), key)


@pytest.fixture
def handed(serving: Running, centre: Centre, attempts: Iterator[Path]) -> list[HandedIn]:
    bundles = [centre.hand_in(next(attempts)) for _ in range(2)]
    with serving.client() as client:
        for each in bundles:
            client.hand_over(**each.parts())
    return bundles


def test_anyone_reads_the_log_and_nothing_else(
    serving: Running, home: IntakeHome, centre: Centre, handed: list[HandedIn]
) -> None:
    with anyone(serving, centre) as http:
        assert http.get(f"{serving.log_url}/checkpoint").status_code == 404
        run(intake_command, "checkpoint", home.directory, "--body", centre.body.directory)
        checkpoint = http.get(f"{serving.log_url}/checkpoint")
        assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
        assert checkpoint.headers["cache-control"] == "max-age=5"
        assert verify_checkpoint(checkpoint.text, centre.trust).size == 2
        tile = http.get(f"{serving.log_url}/tile/0/000.p/2")
        assert tile.headers["content-type"] == "application/octet-stream"
        assert "immutable" in tile.headers["cache-control"]
        assert tile.content == b"".join(
            leaf_hash(bundle_entry(each.bundle_hash)) for each in handed
        )
        entries = http.get(f"{serving.log_url}/tile/entries/000.p/1").content
        assert entries[2:] == bundle_entry(handed[0].bundle_hash)
        for name in (
            "tile/0/000", "tile/0/000.p/3", "tile/1/000.p/1", "tile/0/0", "tile/64/000",
            "tile/entries/001.p/1", "tile/%2e%2e/checkpoint", "growth/3", "proof/2", "proof/-1",
        ):  # fmt: skip
            assert http.get(f"{serving.log_url}/{name}").status_code == 404, name
        root = serving.log_url.removesuffix("/log")
        for path in ("/v1/bundles/" + "00" * 32 + "/receipt", "/v1/heads", "/"):
            assert http.get(root + path).status_code in (404, 405)
            assert http.post(root + path).status_code in (404, 405)
        assert http.post(f"{serving.log_url}/checkpoint", content=b"x" * 20_000).status_code == 413
        forged = checkpoint.text.replace("\n2\n", "\n3\n")
        assert http.post(f"{serving.log_url}/checkpoint", content=forged).status_code == 422


def test_the_log_is_signed_from_another_machine_and_audited_without_a_key(
    serving: Running, home: IntakeHome, centre: Centre, handed: list[HandedIn], tmp_path: Path
) -> None:
    body, root = centre.body.directory, centre.body.root_path
    said = run(intake_command, "checkpoint", serving.log_url, "--body", body).output
    assert "Signed the log at 2 entries" in said
    watch = ("audit", serving.log_url, "--trust", root, "--memory", tmp_path / "memory",
             "--ca", centre.body.tls_ca)  # fmt: skip
    code = hand_in_code(handed[1].bundle_hash)
    first = run(log_command, *watch, "--code", code)
    assert first.exit_code == 0, first.output
    assert "seen here for the first time. New: 2 bundle." in first.output
    assert f"In it: {code}." in first.output
    with pytest.raises(LogUnreachable, match="name its authority with --ca"):
        run(log_command, *watch[:-2])

    with serving.client() as client:
        logged = client.put_heads(stated(centre), centre.hall.enrolment_bytes)
    assert logged.leaf == 2
    run(intake_command, "checkpoint", serving.log_url, "--body", body)
    unknown = hand_in_code(bytes(32))
    second = run(log_command, *watch, "--code", code, "--code", unknown)
    assert second.exit_code == 1
    assert "has 3 entries and continues the 2 seen. New: 1 heads." in second.output
    assert f"MISSING: {unknown}." in second.output

    copied = run(log_command, "copy", *watch[1:4], "--out", tmp_path / "log", *watch[6:])
    assert "3 entries is in" in copied.output
    offline = run(
        log_command, "audit", tmp_path / "log", "--trust", root, "--memory", tmp_path / "memory"
    )
    assert "continues the 3 seen" in offline.output


def test_a_root_of_heads_is_an_entry_that_can_be_proven(
    serving: Running, home: IntakeHome, centre: Centre, handed: list[HandedIn]
) -> None:
    enrolment = centre.hall.enrolment_bytes
    statement = stated(centre)
    with serving.client() as client:
        logged = client.put_heads(statement, enrolment)
        assert client.put_heads(statement, enrolment) == logged  # the answer was lost
        with pytest.raises(IntakeUnavailable, match="less than 30 seconds") as soon:
            client.put_heads(stated(centre, now_s() + 1), enrolment)
        assert soon.value.status == 429
        for wrong, who in (
            (statement[:-1], enrolment),
            (statement, centre.station.enrolment_bytes),
            (sign_heads(Heads(bytes(32), 1, bytes(16), 5), centre.hall.signing_key()), enrolment),
            (b"", b""),
        ):
            with pytest.raises(IntakeRefused):
                client.put_heads(wrong, who)
        run(intake_command, "checkpoint", home.directory, "--body", centre.body.directory)
        proof = read_proof(client.log("proof", logged.leaf))
        entry = heads_entry(statement, logged.received_s)
        assert verify_entry_in_log(entry, proof, centre.trust).size == 3
        text = client.log("checkpoint")
        growth = read_growth(client.log("growth", 3))
        old = verify_checkpoint(text, centre.trust)
        assert verify_growth(growth, old, centre.trust) == old


def test_anchors_are_kept_beside_the_bundle_unless_they_are_of_another_record(
    serving: Running, home: IntakeHome, centre: Centre, handed: list[HandedIn], tmp_path: Path
) -> None:
    key = centre.hall.signing_key()
    true = genesis(handed[0].blind_id)
    for frame in handed[0].frames[:3]:
        true = Frame.parse(frame).head_after(true)
    heads = sorted([Head(handed[0].blind_id, 1, 3, true), Head(handed[1].blind_id, 1, 3, true)])
    tree = heads_tree(heads)
    statement = sign_heads(Heads(tree.root(), 2, key.key_id, now_s()), key)
    with serving.client() as client:
        logged = client.put_heads(statement, centre.hall.enrolment_bytes)
        run(intake_command, "checkpoint", home.directory, "--body", centre.body.directory)
        proof = client.log("proof", logged.leaf)

        def anchors(head: Head) -> bytes:
            index = heads.index(head)
            path = tree.inclusion(index)
            anchor = Anchor(1, 3, true, index, path, statement, logged.received_s, proof)
            return write_anchors(head.blind_id, [anchor])

        files = {head.blind_id: anchors(head) for head in heads}
        client.put_anchors(handed[0].bundle_hash, files[handed[0].blind_id])
        with pytest.raises(IntakeRefused, match="another record of this exam"):
            client.put_anchors(handed[1].bundle_hash, files[handed[1].blind_id])
        with pytest.raises(IntakeRefused, match="another exam"):
            client.put_anchors(handed[1].bundle_hash, files[handed[0].blind_id])
    code = hand_in_code(handed[0].bundle_hash)
    run(intake_command, "receipt", home.directory, code, "--out", tmp_path)
    (kept,) = tmp_path.glob("*.anchors")
    assert kept.read_bytes() == files[handed[0].blind_id]


def test_a_signer_signs_only_what_continues_its_last(
    home: IntakeHome, log: Log, storage: SqliteStorage, centre: Centre, tmp_path: Path
) -> None:
    key, memory = centre.body.signing_key(CHECKPOINT), tmp_path / "memory"
    for number in range(300):
        storage.log(log_entry("test", bytes([number % 256, number // 256])))
    assert sign_log(log, centre.trust, key, memory).size == 300
    kept = memory.read_bytes()
    storage.log(log_entry("test", b"more"))
    true = log.unsigned

    for wrong in (
        lambda old: true(old).replace("\n301\n", "\n299\n"),
        lambda old: true(old - 1).replace(f"old {old - 1}", f"old {old}"),
        lambda old: true(old - 1),
        lambda old: true(0).replace("old 0", f"old {old}"),
    ):
        log.unsigned = wrong  # type: ignore[method-assign]
        with pytest.raises(CheckpointError, match="rewritten"):
            sign_log(log, centre.trust, key, memory)
        assert memory.read_bytes() == kept
    log.unsigned = true  # type: ignore[method-assign]
    assert sign_log(log, centre.trust, key, memory).size == 301
    with pytest.raises(Unacceptable, match="another log"):
        Log(SqliteStorage(tmp_path / "db", tmp_path), home.trust, CLOCK, home.free).take_checkpoint(
            memory.read_text()
        )


def test_status_says_when_receipts_are_overdue(
    home: IntakeHome, centre: Centre, storage: SqliteStorage, handed: list[HandedIn]
) -> None:
    assert storage.overdue(now_s() - 24 * 3600) == 0
    assert storage.overdue(CLOCK.wall_ns() // SECOND + 60) == 2
    assert "INCIDENT" not in run(intake_command, "status", home.directory).output
    storage._store.write(lambda db: db.execute("UPDATE bundle SET received_s = 5"))
    said = run(intake_command, "status", home.directory).output
    assert "INCIDENT: 2 receipts are more than 24 hours old" in said
    run(intake_command, "checkpoint", home.directory, "--body", centre.body.directory)
    assert "INCIDENT" not in run(intake_command, "status", home.directory).output


def test_kill_9_never_leaves_a_tree_that_contradicts_a_signed_one(
    home: IntakeHome, centre: Centre, attempts: Iterator[Path], tmp_path: Path
) -> None:
    """Full tiles are made, the intake killed in the middle; each signed head stays true."""
    bundles = [centre.hand_in(next(attempts)) for _ in range(12)]
    done = set[bytes]()
    kills = random.Random(11)  # noqa: S311 - no secret
    with home.storage() as storage:  # so that the first tile is filled while it is killed
        for number in range(250):
            storage.log(log_entry("test", bytes([number])))

    def hand_over(server: Running, handed: HandedIn, last: int) -> None:
        while server.process.poll() is None:
            with server.client() as client, suppress(IntakeUnavailable):  # at once, or later
                client.hand_over(**handed.parts())
                done.add(handed.bundle_hash)
                break
        if len(done) >= last:
            server.process.kill()

    key = centre.body.signing_key(CHECKPOINT)
    signed = []
    for _ in range(3):
        waiting = [each for each in bundles if each.bundle_hash not in done]
        last = len(done) + kills.randint(1, 4)
        with running(home, centre) as server, ThreadPoolExecutor(4) as pool:
            for each in [pool.submit(hand_over, server, one, last) for one in waiting]:
                each.result()
            assert server.process.wait(10) == -signal.SIGKILL
        with home.storage() as storage:
            log = Log(storage, home.trust, CLOCK, home.free)
            signed.append(sign_log(log, centre.trust, key, tmp_path / "memory"))
            tree = TileTree(signed[-1], log.tile)
            copy = LogDirectory(tmp_path / "copy")
            copy.write(signed[-1], log.checkpoint(), tree.verified)  # every tile, every entry
            for old in signed:
                assert tree.root(old.size) == old.root
    gc.collect()
    assert signed[-1].size >= 256  # a tile was filled on the way


def test_the_register_of_holds_and_deletions_is_published_once_and_shown(
    home: IntakeHome, centre: Centre, tmp_path: Path
) -> None:
    body = centre.body
    roots = body.signing_keys(ROOT)
    made: list[Path] = []
    before = NO_ENTRY
    for number in (1, 2):
        hold = Hold(number, before, 1, (), (), "file 17", "Ana", now_s())
        data = sign_entry(hold, roots)
        before = entry_digest(data)
        made.append(tmp_path / f"{number:06}.entry")
        made[-1].write_bytes(data)
    assert "is entry 0 of the log" in run(intake_command, "publish", home.directory, made[0]).output
    again = run(intake_command, "publish", home.directory, made[0])
    assert "is entry 0 of the log" in again.output
    run(intake_command, "checkpoint", home.directory, "--body", body.directory)
    copy, trusted = tmp_path / "copy", body.root_path
    with running(home, centre) as server:
        run(
            log_command, "copy", server.log_url, "--trust", trusted, "--out", copy,
            "--ca", body.tls_ca,
        )  # fmt: skip
    report = verify([copy, *made], body.trust(), now_s=now_s())
    said = {each.code: each.words for each in report.relations}
    assert f"{made[0]} is entry 0" in said["register-in-log"]
    assert str(made[1]) in said["register-not-in-log"]
    other = tmp_path / "other.entry"
    other.write_bytes(sign_entry(Lifting(3, before, 1, "x", "y", now_s()), roots[:1]))
    with pytest.raises(TrustError):
        run(intake_command, "publish", home.directory, other)
