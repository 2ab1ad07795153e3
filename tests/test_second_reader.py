"""Two readers, one meaning: what the documents say and what our code does are the same."""

from __future__ import annotations

import ast
import hashlib
import json
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import BundleFile, verify_bundle
from exam_packages.sealing.grant import read_grant
from exam_packages.sealing.package import Package
from exam_packages.sealing.receipt import read_receipt
from exam_packages.sealing.restore_keys import read_erasure, read_restore_key, read_transfer
from exam_packages.sealing.retention import read_entry, read_preservation
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import Trust, read_enrolment
from exam_packages.verify.verify import verify

HERE = Path(__file__).parent
VECTORS = HERE / "vectors"
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

import make_log_vectors  # noqa: E402
import make_vectors  # noqa: E402
import second_reader  # noqa: E402
from second import keeping  # noqa: E402
from second.suite import Opener, Refused  # noqa: E402


def test_it_imports_nothing_of_ours() -> None:
    found = set()
    for path in (HERE / "second_reader.py", *(HERE / "second").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
    assert found - set(sys.stdlib_module_names) == {"cryptography", "msgpack", "second"}


@pytest.fixture(scope="module", params=["published", "written now"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published vectors, and vectors that today's writer makes."""
    if request.param == "published":
        return VECTORS
    directory = tmp_path_factory.mktemp("new") / "vectors"
    make_vectors.main([str(directory)])
    make_log_vectors.main([str(directory / "log"), str(directory)])
    return directory


def test_it_reads_everything(directory: Path) -> None:
    facts = json.loads((directory / "manifest.json").read_bytes())
    read = second_reader.read_all(directory)
    assert read["root"].name == facts["trust"]["body"]
    assert bytes.fromhex(facts["trust"]["revoked by version 2"]) in read["later"].revoked
    assert read["package"].hash.hex() == facts["package"]["hash"]
    assert read["paper key"].hex() == facts["package"]["paper key"]
    assert read["release secret"].hex() == facts["grant"]["release secret"]
    for part in ("practice", "paper"):
        assert [
            [name, kind, len(content), hashlib.sha256(content).hexdigest()]
            for name, kind, content in read[part]
        ] == facts["package"][part]

    journal = read["bundle"].journal
    assert (journal.epoch, journal.count) == (facts["journal"]["epoch"], facts["journal"]["count"])
    assert journal.head.hex() == facts["journal"]["head"]
    assert len(journal.words) == 2
    for (sequence, compartment, stamp, body), known in zip(
        read["records"], facts["journal"]["records"], strict=True
    ):
        assert [compartment, body.hex() if body else None, *stamp[1:]] == known
        _, _, again, restored = read["restored"][sequence - 1]
        assert again == stamp
        assert restored == (body if compartment in (2, 3) else None)
    assert read["answers"] == {"item/1": [["RESPONSE", ["Reykjavík"]]]}

    assert read["bundle"].hash.hex() == facts["bundle"]["hash"]
    assert read["bundle"].countersigned is not None
    assert [hashlib.sha256(picture).hexdigest() for picture in read["pictures"]] == [
        sha256 for _, _, sha256 in facts["journal"]["pictures"]
    ]
    assert read["pictures, preserved"] == read["pictures"]

    register = facts["register"]
    assert read["register"].standing == register["standing"]
    (certificate,) = read["register"].deletions
    assert certificate[2].hex() == register["destroyed"]
    policy, bundles, pictures = certificate[5:8]
    assert policy[0] + policy[1] * 86_400 == register["due"] < certificate[10]
    assert ([each.hex() for each in bundles], pictures) == (
        register["bundles"],
        register["pictures"],
    )
    assert certificate[8][0][0].hex() == register["kept under"]
    assert read["restore key"][0] == read["transfer"][1] == read["erasures"][0][0]
    assert read["transfer"][0].hex() == facts["journal"]["blind id"]
    assert [each[7] for each in read["erasures"]] == [1, 2]

    log = facts["log"]
    assert read["log"] == (log["origin"], log["size"], log["place"], log["received"])


def test_vectors_are_never_overwritten() -> None:
    before = (VECTORS / "manifest.json").read_bytes()
    with pytest.raises(SystemExit, match="never overwritten"):
        make_vectors.main([str(VECTORS)])
    with pytest.raises(SystemExit, match="never overwritten"):
        make_log_vectors.main([str(VECTORS / "log"), str(VECTORS)])
    assert (VECTORS / "manifest.json").read_bytes() == before


LOG_FILES = (
    "checkpoint", "older.checkpoint", "growth", "attempt.tlog-proof", "attempt.anchors",
    "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000",
    "tile/entries/001.p/44",
)  # fmt: skip


@pytest.mark.parametrize("name", LOG_FILES)
def test_what_one_refuses_of_the_log_the_other_refuses(name: str, tmp_path: Path) -> None:
    shutil.copytree(VECTORS, tmp_path / "vectors")
    path = tmp_path / "vectors/log" / name
    whole = path.read_bytes()
    root = second_reader.Root((VECTORS / "root-1.trust").read_bytes())
    trust = Trust.first((VECTORS / "root-1.trust").read_bytes(), pinned=None)
    bundle = second_reader.Bundle((VECTORS / "attempt.bundle").read_bytes(), root)
    heads = [*(frame[5] for frame in bundle.journal.frames), bundle.journal.head]
    hall = second_reader.Enrolled((VECTORS / "hall.enrolment").read_bytes(), root).who

    def ours() -> bool:
        log = tmp_path / "vectors/log"
        files = ["older.checkpoint", "growth", "attempt.tlog-proof", "attempt.anchors"]
        report = verify(
            [VECTORS / "attempt.bundle", log, *(log / each for each in files)], trust, now_s=0
        )
        codes = [each.code for each in report.relations]
        shown = {"log-continued", "in-log", "anchored"} <= set(codes)
        kinds = {each.kind for each in report.subjects}
        return report.all_proven and shown and "unknown" not in kinds

    def theirs() -> bool:
        try:
            second_reader.read_log(
                tmp_path / "vectors/log",
                lambda text: second_reader.checkpoint(text, root),
                bundle.hash,
                heads,
                [hall],
            )
        except (Refused, ValueError, OSError):
            return False
        return True

    assert ours()
    assert theirs()
    chance = random.Random(name)  # noqa: S311 - no secret
    for _ in range(4):
        altered = bytearray(whole)
        place = chance.randrange(len(whole))
        if chance.random() < 0.8:
            altered[place] ^= 1 << chance.randrange(8)
        else:
            del altered[place:]
        path.write_bytes(altered)
        assert not ours(), place
        assert not theirs(), place


# --- Both refuse the same ----------------------------------------------------------


def _package(path: Path, trust: Trust) -> None:
    with Package.open(path, trust, now_s=None) as package:
        package.check()


KEYS = json.loads((VECTORS / "manifest.json").read_bytes())["keys"]
HALL = SigningKey(bytes.fromhex(KEYS["hall"]["ed25519"])).public


def _hall(root: Any) -> dict[bytes, Any]:
    hall = second_reader.Enrolled((VECTORS / "hall.enrolment").read_bytes(), root)
    return {hall.key_id: hall.who}


OURS: dict[str, Callable[[Path, Trust], Any]] = {
    "exam.package": _package,
    "centre.grant": lambda path, trust: read_grant(path.read_bytes(), trust, now_s=None),
    "hall.enrolment": lambda path, trust: read_enrolment(path.read_bytes(), trust, now_s=None),
    "attempt.bundle": lambda path, trust: verify_bundle(BundleFile.open(path), trust),
    "attempt.receipt": lambda path, trust: read_receipt(path.read_bytes(), trust),
    "hall.restore-key": lambda path, _: read_restore_key(path.read_bytes(), HALL),
    "attempt.transfer": lambda path, _: read_transfer(path.read_bytes(), HALL),
    "hall.erasure": lambda path, _: read_erasure(path.read_bytes(), HALL),
    "1.hold": lambda path, trust: read_entry(path.read_bytes(), trust),
    "kept.preservation": lambda path, trust: read_preservation(path.read_bytes(), trust),
}
THEIRS: dict[str, Callable[[bytes, Any], Any]] = {
    "exam.package": second_reader.PackageFile,
    "centre.grant": lambda data, root: root.verify(data, "exam-kiosk/grant/v2", "packager"),
    "hall.enrolment": second_reader.Enrolled,
    "attempt.bundle": second_reader.Bundle,
    "attempt.receipt": second_reader.receipt,
    "hall.restore-key": lambda data, root: keeping.restore_key(data, _hall(root)),
    "attempt.transfer": lambda data, root: keeping.transfer(data, list(_hall(root).values())),
    "hall.erasure": lambda data, root: keeping.erasure(data, _hall(root)),
    "1.hold": lambda data, root: keeping.Register([data], root.verify),
    "kept.preservation": lambda data, root: keeping.preserved(
        data, root.verify, Opener(bytes.fromhex(KEYS["evidence key, preserved"]["sealing"]))
    ),
}


@pytest.mark.parametrize("name", OURS)
def test_what_one_refuses_the_other_refuses(name: str, tmp_path: Path) -> None:
    whole = (VECTORS / name).read_bytes()
    root = second_reader.Root((VECTORS / "root-1.trust").read_bytes())
    trust = Trust.first((VECTORS / "root-1.trust").read_bytes(), pinned=None)
    path = tmp_path / name
    shutil.copy(VECTORS / name, path)
    OURS[name](path, trust)
    THEIRS[name](whole, root)
    chance = random.Random(name)  # noqa: S311 - no secret
    for _ in range(60):
        altered = bytearray(whole)
        place = chance.randrange(len(whole))
        if chance.random() < 0.8:
            altered[place] ^= 1 << chance.randrange(8)
        else:
            del altered[place:]
        path.write_bytes(altered)
        with pytest.raises(ExamError):
            OURS[name](path, trust)
        with pytest.raises(Refused):
            THEIRS[name](bytes(altered), root)


def test_both_read_and_refuse_a_package_in_volumes(tmp_path: Path) -> None:
    directory = VECTORS.with_name("vectors-volumes")
    facts = json.loads((directory / "manifest.json").read_bytes())
    root = second_reader.Root((directory / "root-1.trust").read_bytes())
    trust = Trust.first((directory / "root-1.trust").read_bytes(), pinned=None)
    names = ["exam.package", *(f"exam.package.{number}" for number in (2, 3, 4))]
    whole = [(directory / name).read_bytes() for name in names]
    package = second_reader.PackageFile(whole[0], root, whole[1:])
    assert package.hash.hex() == facts["package"]["hash"]
    key = bytes.fromhex(facts["package"]["paper key"])
    for part, secret in (("practice", package.practice_key), ("paper", key)):
        assert [
            [name, kind, len(content), hashlib.sha256(content).hexdigest()]
            for name, kind, content in package.part(part, secret)
        ] == facts["package"][part]
    chance = random.Random("volumes")  # noqa: S311 - no secret
    for _ in range(80):
        altered = [bytearray(each) for each in whole]
        volume = chance.randrange(4)
        place = chance.randrange(len(whole[volume]))
        if chance.random() < 0.8:
            altered[volume][place] ^= 1 << chance.randrange(8)
        else:
            del altered[volume][place:]
        for name, data in zip(names, altered, strict=True):
            (tmp_path / name).write_bytes(data)
        with pytest.raises(ExamError):
            _package(tmp_path / "exam.package", trust)
        with pytest.raises(Refused):
            second_reader.PackageFile(bytes(altered[0]), root, altered[1:])
