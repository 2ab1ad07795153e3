"""The log before the panel: growth, copies, anchors; and records exchanged after the fact."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from appeal import Appeal
from kept_log import KeptLog

from exam_packages.sealing.bundle import parse_manifest
from exam_packages.sealing.heads import (
    Anchor,
    Head,
    Heads,
    heads_tree,
    sign_heads,
    write_anchors,
)
from exam_packages.sealing.journal import Frame, genesis
from exam_packages.sealing.log_entry import bundle_entry, heads_entry
from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.trust import INTAKE
from exam_packages.verify.findings import Standing
from exam_packages.verify.machine import to_json
from exam_packages.verify.page import to_page
from exam_packages.verify.record import moment
from exam_packages.verify.terminal import to_text

START_S = 1_799_000_000
DAY = 24 * 3600


@pytest.fixture
def kept(appeal: Appeal, tmp_path: Path) -> KeptLog:
    made = KeptLog(appeal.centre.body, tmp_path / "log")
    made.grow(b"an entry of a later version", bundle_entry(appeal.bundle_hash))
    return made


def blind_id(appeal: Appeal) -> bytes:
    return parse_manifest(appeal.manifest)[1].blind_id


def heads(appeal: Appeal) -> list[bytes]:
    found = [genesis(blind_id(appeal))]
    for frame in appeal.frames:
        found.append(Frame.parse(frame).head_after(found[-1]))
    return found


def anchor(appeal: Appeal, kept: KeptLog, sequence: int, head: bytes, minute: int) -> Anchor:
    """State a root over *head* and two other journals, have it logged; its anchor, unproven."""
    key = appeal.centre.hall.signing_key()
    own = Head(blind_id(appeal), 1, sequence, head)
    all_heads = sorted([own, Head(bytes(16), 1, 5, bytes(32)), Head(b"\xff" * 16, 2, 6, bytes(32))])
    tree = heads_tree(all_heads)
    at_s = START_S + 60 * minute
    statement = sign_heads(Heads(tree.root(), 3, key.key_id, at_s), key)
    index = all_heads.index(own)
    kept.grow(heads_entry(statement, at_s + 1))
    return Anchor(1, sequence, head, index, tree.inclusion(index), statement, at_s + 1, "")


def write(appeal: Appeal, kept: KeptLog, path: Path, made: list[Anchor]) -> Path:
    """The file of anchors, each with its proof under the log's newest head."""
    first = len(kept.entries) - len(made)
    proven = [
        msgspec.structs.replace(each, proof=kept.proof(first + place))
        for place, each in enumerate(made)
    ]
    path.write_bytes(write_anchors(blind_id(appeal), proven))
    return path


def file(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_growth_between_two_heads_is_shown(appeal, kept, look, tmp_path, all_codes):
    old = file(tmp_path / "old.checkpoint", kept.text)
    new = file(tmp_path / "new.checkpoint", kept.grow(b"more", b"and more"))
    assert all_codes(look(old, new))[-1] == "log-heads-apart"
    growth = file(tmp_path / "growth", kept.growth(2))
    report = look(old, growth, new)
    assert report.all_proven
    assert [each.code for each in report.relations].count("log-continued") == 2
    assert report.subjects[1].kind == "log growth proof"
    for shown in (to_text(report), to_page(report)):
        assert "nothing in it was changed or dropped" in " ".join(shown.split())


def test_a_rewritten_log_does_not_continue(appeal, kept, look, tmp_path, wrong):
    old = file(tmp_path / "old.checkpoint", kept.text)
    other = KeptLog(appeal.centre.body, tmp_path / "other")
    other.grow(b"another", b"history", b"altogether")
    growth = file(tmp_path / "growth", other.growth(2))
    assert wrong(look(old, growth)) == ["log-not-continued"]
    assert wrong(look(old, tmp_path / "other")) == ["log-not-continued"]
    damaged = file(tmp_path / "damaged", growth.read_text().replace("\n3\n", "\n4\n"))
    assert wrong(look(damaged)) == ["growth-not-signed"]


def test_a_copy_of_the_log_shows_its_entries_and_the_heads_before(
    appeal, kept, look, tmp_path, wrong
):
    old = file(tmp_path / "old.checkpoint", kept.text)
    kept.grow(*(b"more %d" % number for number in range(400)))
    report = look(kept.directory, old, appeal.receipt, appeal.bundle)
    (whole,) = [each for each in report.subjects[0].findings if each.code == "log-whole"]
    assert whole.fields == {"size": 402, "kinds": "1 bundle, 401 unknown"}
    codes = [each.code for each in report.relations if each.standing is Standing.PROVEN]
    assert codes == ["received", "in-log", "log-continued"]
    assert report.all_proven

    tile = kept.directory / "tile/entries/000"
    data = tile.read_bytes()
    tile.write_bytes(data[:5] + bytes([data[5] ^ 1]) + data[6:])
    assert wrong(look(kept.directory, appeal.receipt)) == ["log-damaged"]
    tile.unlink()
    assert wrong(look(kept.directory)) == ["log-damaged"]
    empty = KeptLog(appeal.centre.body, tmp_path / "without")
    empty.grow(b"nothing of it")
    assert wrong(look(empty.directory, appeal.bundle)) == ["not-in-log"]


def test_a_record_is_anchored_from_to(appeal, kept, look, tmp_path):
    known = heads(appeal)
    made = [anchor(appeal, kept, at, known[at], minute) for minute, at in enumerate((5, 9, 20))]
    path = write(appeal, kept, tmp_path / "exam.anchors", made)
    report = look(appeal.bundle, path)
    assert report.all_proven, to_text(report)
    (found,) = [each for each in report.relations if each.code == "anchored"]
    assert (found.fields["count"], found.fields["entry"]) == (3, 20)
    assert found.fields["start"] == moment((START_S + 1) * 10**9)
    assert found.fields["end"] == moment((START_S + 121) * 10**9)
    assert "anchored in the body’s log from" in " ".join(to_text(report).split())
    assert '"anchored"' in to_json(report)


def test_a_record_exchanged_later_by_station_and_hall_is_found_out(
    appeal, kept, look, tmp_path, wrong
):
    """Both keys sign whatever is wanted; the log has the hall's earlier word."""
    known = heads(appeal)
    before = [anchor(appeal, kept, 9, bytes(32), 0), anchor(appeal, kept, 20, known[20], 1)]
    path = write(appeal, kept, tmp_path / "exam.anchors", before)
    assert wrong(look(appeal.bundle, path)) == ["anchor-contradicted"]


def test_a_record_cut_short_later_is_found_out(appeal, kept, look, tmp_path, wrong):
    beyond = len(appeal.frames) + 1
    path = write(appeal, kept, tmp_path / "a", [anchor(appeal, kept, beyond, bytes(32), 0)])
    assert wrong(look(appeal.bundle, path)) == ["anchor-beyond"]


def test_an_anchor_that_is_not_what_it_says_proves_nothing(appeal, kept, look, tmp_path, wrong):
    known = heads(appeal)
    good = anchor(appeal, kept, 9, known[9], 0)
    path = tmp_path / "a"
    for changes in (
        {"head": known[8]},
        {"epoch": 2},
        {"index": 0},
        {"received_s": good.received_s + 1},
        {"statement": good.statement[:-1]},
    ):
        write(appeal, kept, path, [msgspec.structs.replace(good, **changes)])
        assert wrong(look(appeal.bundle, path)) == ["anchors-not-proven"], changes
    unproven = write_anchors(blind_id(appeal), [good])
    path.write_bytes(unproven)
    assert wrong(look(appeal.bundle, path)) == ["anchors-not-proven"]
    path.write_bytes(unproven[:-2])
    assert wrong(look(path)) == ["anchors-damaged"]
    path.write_bytes(write_anchors(blind_id(appeal), []))
    assert wrong(look(path)) == []


def test_a_receipt_of_more_than_a_day_without_a_proof_is_told(
    appeal, kept, look, tmp_path, all_codes
):
    key = appeal.centre.body.signing_key(INTAKE)
    path = tmp_path / "old.receipt"
    now_s = 1_800_000_000  # what ``look`` says it is
    for age, told in ((DAY, False), (DAY + 1, True)):
        receipt = Receipt(appeal.bundle_hash, now_s - age, 1)
        path.write_bytes(sign_receipt(receipt, [key]))
        assert ("log-overdue" in all_codes(look(path))) is told
    assert "log-overdue" not in all_codes(look(path, kept.directory))
    proof = file(tmp_path / "proof", kept.proof(1))
    assert "log-overdue" not in all_codes(look(path, proof))
