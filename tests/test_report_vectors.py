"""The published vectors of reports of questions, departures, marks and arrivals, and two readers.

What was written once is read, and what one reader refuses the other refuses. See
``test_vectors.py`` and ``test_second_reader.py`` for all other files.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exam_packages.errors import ExamError
from exam_packages.sealing.arrivals import read_arrivals
from exam_packages.sealing.departures import places_digest, read_departures
from exam_packages.sealing.marks import read_mark
from exam_packages.sealing.question_report import (
    open_report,
    read_report,
    read_sealed_report,
    report_digest,
    unseal_report,
)
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import Trust
from exam_packages.verify.findings import Report
from exam_packages.verify.verify import verify

HERE = Path(__file__).parent
VECTORS, PUBLISHED = HERE / "vectors", HERE / "vectors-reports"
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

# These lie in the folders put on the path just now.
import make_report_vectors  # noqa: E402
import second_reader  # noqa: E402
from second import questions as second  # noqa: E402
from second.suite import Opener, Refused  # noqa: E402

FACTS: dict[str, Any] = json.loads((VECTORS / "manifest.json").read_bytes())
ROOT = (VECTORS / "root-1.trust").read_bytes()
TRUST = Trust.first(ROOT, pinned=None)
THEIR_ROOT = second_reader.Root(ROOT)
HALL = SigningKey(bytes.fromhex(FACTS["keys"]["hall"]["ed25519"])).public
THEIR_HALL = second_reader.Enrolled((VECTORS / "hall.enrolment").read_bytes(), THEIR_ROOT).who
STATION = SigningKey(bytes.fromhex(FACTS["keys"]["station 2"]["ed25519"])).public
THEIR_STATION = second_reader.Enrolled(
    (VECTORS / "station-2.enrolment").read_bytes(), THEIR_ROOT
).who
SEED = bytes.fromhex(FACTS["keys"]["integrity"]["sealing"])
INTEGRITY, THEIR_INTEGRITY = SealingKey.from_seed(SEED), Opener(SEED)


@pytest.fixture(scope="module", params=["published", "written now"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published vectors, and vectors that today's writer makes."""
    if request.param == "published":
        return PUBLISHED
    made = tmp_path_factory.mktemp("new") / "reports"
    make_report_vectors.main([str(made), str(VECTORS)])
    return made


def test_both_read_them(directory: Path) -> None:
    facts = json.loads((directory / "manifest.json").read_bytes())
    files = {
        path.name: path.read_bytes() for path in directory.iterdir() if path.name != "manifest.json"
    }
    assert facts["files"] == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    report, sealed = files["question.report"], files["question.sealed-report"]
    assert unseal_report(sealed, HALL, INTEGRITY) == report
    assert second.opened(sealed, THEIR_HALL, THEIR_INTEGRITY) == report
    ours, theirs = open_report(sealed, HALL, INTEGRITY), second.report(report, THEIR_HALL)
    assert ours.__class__.__struct_fields__[4:6] == ("question", "remark")
    assert [getattr(ours, name) for name in ours.__struct_fields__] == theirs
    assert (ours.question, ours.remark) == (facts["question"], facts["remark"])
    assert ours.blind_id.hex() == FACTS["journal"]["blind id"]
    assert report_digest(report) == second.report_digest(report)
    assert report_digest(report).hex() == read_sealed_report(sealed, HALL).digest.hex()
    assert report_digest(report).hex() == facts["digest"]

    word = read_departures(files["attempt.departures"], [HALL])
    blind_id, authority, places = second.departures(files["attempt.departures"], [THEIR_HALL])
    assert word.blind_id == blind_id == ours.blind_id
    assert word.authority == authority == facts["authority"]
    assert [[each.station, each.epoch, each.sequence] for each in word.places] == places
    assert [[station.hex(), *rest] for station, *rest in places] == facts["left"]
    assert places_digest(word.places) == second.places_digest(places)
    assert places_digest(word.places).hex() == facts["places digest"]

    marked = read_mark(files["attempt.mark"], STATION)
    place = [blind_id, FACTS["journal"]["count"], bytes.fromhex(FACTS["journal"]["head"])]
    assert [marked.blind_id, marked.sequence, marked.head] == place
    assert second.mark(files["attempt.mark"], THEIR_STATION) == place

    arrived = read_arrivals(files["stick.arrivals"], TRUST).digests
    assert list(arrived) == second.arrivals(files["stick.arrivals"], THEIR_ROOT.verify)
    assert [each.hex() for each in arrived] == facts["arrived"]


OURS: dict[str, Callable[[bytes], object]] = {
    "question.report": lambda data: read_report(data, HALL),
    "question.sealed-report": lambda data: open_report(data, HALL, INTEGRITY),
    "attempt.departures": lambda data: read_departures(data, [HALL]),
    "attempt.mark": lambda data: read_mark(data, STATION),
    "stick.arrivals": lambda data: read_arrivals(data, TRUST),
}
THEIRS: dict[str, Callable[[bytes], object]] = {
    "question.report": lambda data: second.report(data, THEIR_HALL),
    "question.sealed-report": lambda data: second.report(
        second.opened(data, THEIR_HALL, THEIR_INTEGRITY), THEIR_HALL
    ),
    "attempt.departures": lambda data: second.departures(data, [THEIR_HALL]),
    "attempt.mark": lambda data: second.mark(data, THEIR_STATION),
    "stick.arrivals": lambda data: second.arrivals(data, THEIR_ROOT.verify),
}


@pytest.mark.parametrize("name", OURS)
def test_what_one_refuses_the_other_refuses(name: str) -> None:
    data = (PUBLISHED / name).read_bytes()
    OURS[name](data)
    THEIRS[name](data)
    chance = random.Random(name)  # noqa: S311 - no secret
    for _ in range(40):
        altered = bytearray(data)
        place = chance.randrange(len(data))
        if chance.random() < 0.8:
            altered[place] ^= 1 << chance.randrange(8)
        else:
            del altered[place:]
        with pytest.raises(ExamError):
            OURS[name](bytes(altered))
        with pytest.raises(Refused):
            THEIRS[name](bytes(altered))


# --- And the verifier -----------------------------------------------------------------


def look(*paths: Path, key: SealingKey | None = None) -> tuple[list[str], Report]:
    """The codes of what it finds, those about several files last."""
    found = verify(paths, TRUST, now_s=0, integrity_key=key)
    codes = [each.code for subject in found.subjects for each in subject.findings]
    return [*codes, *(each.code for each in found.relations)], found


def test_the_verifier_says_who_signed_and_opens_with_the_integrity_key_alone(
    tmp_path: Path,
) -> None:
    report, sealed = PUBLISHED / "question.report", PUBLISHED / "question.sealed-report"
    hall = VECTORS / "hall.enrolment"
    for path in (report, sealed):
        codes, found = look(path)
        assert (codes, found.all_proven) == (["machine-unknown"], False)
    codes, found = look(report, sealed, PUBLISHED / "stick.arrivals", hall)
    assert codes[:3] == ["question-report-signed", "sealed-report-signed", "arrivals-signed"]
    assert codes[-1] == "sealed-report-of" and found.all_proven
    assert "question" not in found.subjects[1].facts  # nothing of it shows without the key
    codes, found = look(sealed, hall, key=INTEGRITY)
    assert codes[:2] == ["sealed-report-signed", "sealed-report-open"] and found.all_proven
    facts = found.subjects[0].facts
    assert (facts["question"], facts["operator"]) == ("7", "Zoë Ólafsdóttir")
    assert "Tabelle" in facts["remark"]
    other = SealingKey.from_seed(bytes.fromhex(FACTS["keys"]["registrar"]["sealing"]))
    codes, found = look(sealed, hall, key=other)
    assert codes[:2] == ["sealed-report-signed", "integrity-key-unfit"] and not found.all_proven
    for path, code in (
        (report, "question-report-not-signed"),
        (sealed, "question-report-not-signed"),
        (PUBLISHED / "stick.arrivals", "arrivals-not-signed"),
    ):
        altered = bytearray(path.read_bytes())
        altered[-1] ^= 1
        (tmp_path / path.name).write_bytes(bytes(altered))
        codes, found = look(tmp_path / path.name, hall)
        assert codes[0] == code and not found.all_proven
