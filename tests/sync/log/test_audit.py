"""Watching a log: growth is shown, a rewritten log is an alarm, and what is missing is said."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from centre import CLOCK
from kept_log import KeptLog

from exam_packages.body import Body
from exam_packages.clock import SECOND
from exam_packages.errors import UsageError
from exam_packages.sealing.bundle import hand_in_code
from exam_packages.sealing.log_entry import bundle_entry, log_entry
from exam_packages.sealing.log_files import LogDirectory, LogMissing
from exam_packages.sealing.log_proof import ProofError
from exam_packages.sealing.receipt import Receipt, sign_receipt
from exam_packages.sealing.trust import INTAKE
from provisioning.authority import found_body
from sync.log.audit import Audit, AuditAlarm, AuditStale, Memory, audit
from sync.log.cli import log as command
from sync.log.site import LogSite, LogUnreachable

NOW_S = 1_800_000_000
DAY = 24 * 3600


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> Body:
    directory = tmp_path_factory.mktemp("body") / "body"
    found_body(directory, "Board of Examiners", CLOCK)
    return Body(directory)


def bundle(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


@pytest.fixture
def kept(body: Body, tmp_path: Path) -> KeptLog:
    made = KeptLog(body, tmp_path / "log")
    made.grow(*(bundle_entry(bundle(number)) for number in range(300)))
    return made


Look = Callable[..., Audit]


@pytest.fixture
def look(body: Body, kept: KeptLog, tmp_path: Path) -> Look:
    def run(**options: object) -> Audit:
        memory = Memory(tmp_path / "memory", body.trust())
        source = LogDirectory(kept.directory)
        return audit(source, memory, body.trust(), now_s=NOW_S, **options)  # type: ignore[arg-type]

    return run


def test_growth_is_shown_entry_by_entry(look: Look, kept: KeptLog, tmp_path: Path) -> None:
    first = look()
    assert (first.before, first.checkpoint.size) == (None, 300)
    assert dict(first.kinds) == {"bundle": 300}
    kept.grow(log_entry("heads", b"a", b"b"), log_entry("heads", b"c"), b"not one of ours")
    second = look()
    assert second.before == first.checkpoint
    assert dict(second.kinds) == {"heads": 2, "unknown": 1}
    assert look().kinds == ()
    assert sorted(path.name for path in (tmp_path / "memory").iterdir()) == [
        "300.checkpoint",
        "303.checkpoint",
    ]


def test_receipts_and_codes_are_looked_up(look: Look) -> None:
    receipts = {
        "here": Receipt(bundle(7), NOW_S - 2 * DAY, 7),
        "elsewhere": Receipt(bundle(7), NOW_S - 2 * DAY, 8),
        "late": Receipt(bundle(999), NOW_S - DAY - 1, 300),
        "young": Receipt(bundle(999), NOW_S - DAY, 300),
    }
    codes = [hand_in_code(bundle(299)).lower(), hand_in_code(bundle(999))]
    found = look(receipts=receipts, codes=codes)
    assert found.found == ("here", codes[0])
    assert found.waiting == ("young",)
    assert found.missing == ("elsewhere", "late", codes[1])
    assert look(codes=codes).found == (codes[0],)  # also among entries seen before


def alarm(look: Look, words: str, tmp_path: Path) -> None:
    before = set((tmp_path / "memory").glob("*.checkpoint"))
    with pytest.raises(AuditAlarm, match=words):
        look()
    assert set((tmp_path / "memory").glob("*.checkpoint")) == before
    assert len(list((tmp_path / "memory").glob("*.contradiction"))) == 1


def test_an_entry_exchanged_is_an_alarm(
    look: Look, kept: KeptLog, body: Body, tmp_path: Path
) -> None:
    look()
    other = KeptLog(body, kept.directory)
    kept.empty()
    other.grow(bundle_entry(bundle(999)), *kept.entries[1:], b"more")
    alarm(look, "does not show that the log of 301 entries continues", tmp_path)


def test_a_log_of_the_same_size_but_another_root_is_an_alarm(
    look: Look, kept: KeptLog, body: Body, tmp_path: Path
) -> None:
    look()
    kept.empty()
    KeptLog(body, kept.directory).grow(*kept.entries[:-1], b"other")
    alarm(look, "does not show", tmp_path)


def test_a_log_that_shrank_is_an_alarm(
    look: Look, kept: KeptLog, body: Body, tmp_path: Path
) -> None:
    look()
    KeptLog(body, kept.directory).grow(*kept.entries[:200])
    alarm(look, "shows 200 entries and had 300", tmp_path)


def test_an_older_head_of_the_same_log_is_told_apart(look: Look, kept: KeptLog) -> None:
    look()
    older = kept.text
    newer = kept.grow(b"more")
    look()
    path = kept.directory / "checkpoint"
    path.write_text(older)
    with pytest.raises(AuditStale, match="older head of 300 entries; 301 were seen"):
        look()
    path.write_text(newer)
    assert look().checkpoint.size == 301


@pytest.mark.parametrize("name", ["tile/0/000", "tile/entries/001.p/44", "tile/0/001.p/44"])
def test_a_tile_that_is_not_the_signed_one_is_an_alarm(
    name: str, look: Look, kept: KeptLog, tmp_path: Path
) -> None:
    path = kept.directory / name
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    alarm(look, "not the one signed|do not make the root", tmp_path)
    path.unlink()
    with pytest.raises(LogMissing):
        look()


def test_a_checkpoint_of_a_stranger_is_refused(look: Look, kept: KeptLog) -> None:
    path = kept.directory / "checkpoint"
    path.write_text(path.read_text().replace("\n300\n", "\n299\n"))
    with pytest.raises(ProofError):
        look()


def test_a_memory_that_was_altered_is_not_believed(look: Look, tmp_path: Path) -> None:
    look()
    path = tmp_path / "memory/300.checkpoint"
    path.write_text(path.read_text().replace("300", "299"))
    with pytest.raises(ProofError):
        look()


def test_the_command_says_it_in_a_sentence(body: Body, kept: KeptLog, tmp_path: Path) -> None:
    receipt = tmp_path / "a.receipt"
    receipt.write_bytes(
        sign_receipt(
            Receipt(bundle(999), CLOCK.wall_ns() // SECOND, 300), [body.signing_key(INTAKE)]
        )
    )
    arguments = [
        "audit", str(kept.directory), "--trust", str(body.root_path),
        "--memory", str(tmp_path / "memory"), "--receipt", str(receipt),
        "--code", hand_in_code(bundle(3)),
    ]  # fmt: skip
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert f"Not in it yet, and not due: {receipt}." in result.output
    assert f"In it: {hand_in_code(bundle(3))}." in result.output


def test_what_is_no_site_is_said_so() -> None:
    with pytest.raises(UsageError):
        LogSite("ftp://example.org/log")
    with pytest.raises(UsageError):
        LogSite("https://example.org/log", Path("/nowhere"))
    with LogSite("http://127.0.0.1:1/log") as site, pytest.raises(LogUnreachable, match="read"):
        site.checkpoint()
    with LogSite("http://127.0.0.1:1/log") as site, pytest.raises(LogUnreachable):
        site.take_checkpoint("x")
