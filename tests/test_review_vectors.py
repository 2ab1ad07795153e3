"""The published vectors of reviews and of the record of a sitting, and two readers of them.

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
from msgspec.structs import replace

from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing.review import RULINGS, read_review, read_reviewer
from exam_packages.sealing.signed import read_signed
from exam_packages.sealing.sitting_record import (
    open_record,
    read_record,
    read_sealed,
    record_digest,
)
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import Trust, TrustError, TrustRoot, sign_root

HERE = Path(__file__).parent
VECTORS, PUBLISHED = HERE / "vectors", HERE / "vectors-review"
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

import make_review_vectors  # noqa: E402
import second_reader  # noqa: E402
from second import review as second  # noqa: E402
from second.suite import Opener, Refused  # noqa: E402
from vectors.body import Body  # noqa: E402

FACTS: dict[str, Any] = json.loads((VECTORS / "manifest.json").read_bytes())
ROOT = (VECTORS / "root-1.trust").read_bytes()
TRUST = Trust.first(ROOT, pinned=None)
THEIR_ROOT = second_reader.Root(ROOT)
HALL = SigningKey(bytes.fromhex(FACTS["keys"]["hall"]["ed25519"])).public
THEIR_HALL = second_reader.Enrolled((VECTORS / "hall.enrolment").read_bytes(), THEIR_ROOT).who
SEED = bytes.fromhex(FACTS["keys"]["registrar"]["sealing"])
REGISTRAR, THEIR_REGISTRAR = SealingKey.from_seed(SEED), Opener(SEED)


@pytest.fixture(scope="module", params=["published", "written now"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published vectors, and vectors that today's writer makes."""
    if request.param == "published":
        return PUBLISHED
    made = tmp_path_factory.mktemp("new") / "review"
    make_review_vectors.main([str(made), str(VECTORS)])
    return made


def test_they_are_as_they_were_made(directory: Path) -> None:
    told = json.loads((directory / "manifest.json").read_bytes())
    assert told["files"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.iterdir()
        if path.name != "manifest.json"
    }


def test_both_read_the_judgements(directory: Path) -> None:
    facts = json.loads((directory / "manifest.json").read_bytes())
    data = (directory / "attempt.review").read_bytes()
    ours, theirs = read_review(data, TRUST), second.review(data, THEIR_ROOT.verify)
    assert ours.next == (len(ours.judgements) + 1, bytes.fromhex(facts["last"]))
    assert theirs[-1].digest.hex() == facts["last"]
    assert [each.judgement.number for each in ours.standing()] == facts["standing"]
    assert [each.number for each in second.standing(theirs)] == facts["standing"]
    bundle = bytes.fromhex(FACTS["bundle"]["hash"])
    for mine, other, (who, entry, ruling, *said) in zip(
        ours.judgements, theirs, facts["judgements"], strict=True
    ):
        reason, comment, shown, corrects = said
        judgement = mine.judgement
        assert (mine.reviewer.name, judgement.entry) == (other.name, other.entry) == (who, entry)
        assert RULINGS[judgement.word] == judgement.ruling == other.ruling == ruling
        assert (judgement.reason, judgement.comment) == (other.reason, other.comment)
        assert (other.reason, other.comment, other.corrects) == (reason, comment, corrects)
        assert judgement.pictures == tuple(other.pictures)
        assert (len(other.pictures), judgement.corrects) == (shown, corrects)
        assert judgement.bundle_hash == other.bundle == bundle
        assert mine.reviewer.key_id == other.who.key_id


def test_both_read_the_record_of_the_sitting(directory: Path) -> None:
    facts = json.loads((directory / "manifest.json").read_bytes())
    data = (directory / "sitting.record").read_bytes()
    sealed = (directory / "sitting.sealed-record").read_bytes()
    assert record_digest(data).hex() == facts["record digest"]
    assert open_record(sealed, HALL, REGISTRAR) == read_record(data, HALL)
    assert second.opened(sealed, THEIR_HALL, THEIR_REGISTRAR) == data
    ours, theirs = read_record(data, HALL), second.record(data, THEIR_HALL)
    assert [[line.candidate, line.outcome, line.verdict] for line in ours.lines] == facts["lines"]
    assert [[line[2], line[4], line[5]] for line in theirs[12]] == facts["lines"]
    assert ours.lines[0].statements[0].reply_words == theirs[12][0][20][0][9]
    assert [each.name for each in ours.signers] == [each[0] for each in theirs[16]]
    assert (ours.waivers[0].person.role, theirs[15][0][2][1]) == ("chief", "chief")
    assert read_sealed(sealed, HALL).registrar == REGISTRAR.key_id


OURS: dict[str, Callable[[bytes], object]] = {
    "rosa.reviewer": lambda data: read_reviewer(data, TRUST),
    "attempt.review": lambda data: whole(read_review(data, TRUST).judgements),
    "sitting.record": lambda data: read_record(data, HALL),
    "sitting.sealed-record": lambda data: open_record(data, HALL, REGISTRAR),
}
THEIRS: dict[str, Callable[[bytes], object]] = {
    "rosa.reviewer": lambda data: second.reviewer(data, THEIR_ROOT.verify),
    "attempt.review": lambda data: whole(second.review(data, THEIR_ROOT.verify)),
    "sitting.record": lambda data: second.record(data, THEIR_HALL),
    "sitting.sealed-record": lambda data: second.record(
        second.opened(data, THEIR_HALL, THEIR_REGISTRAR), THEIR_HALL
    ),
}
MANY = len(make_review_vectors.SAID)


class Short(ExamError, Refused):
    """The last judgements were cut off at a seam: no reader can tell (docs/formats-review.md)."""


def whole(judgements: Any) -> None:
    if len(judgements) != MANY:
        raise Short("judgements are missing")


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


def test_one_root_holder_alone_makes_no_reviewer() -> None:
    """Neither reader believes an appointment of one, where one may do all else."""

    body = Body()
    root = canon.unpack(read_signed(ROOT, "exam-kiosk/trust/v1").body, TrustRoot)
    roles = tuple(replace(each, threshold=1) for each in root.roles)
    signed = sign_root(replace(root, roles=roles), body.roots[:1])
    trust, theirs = Trust.first(signed, pinned=None), second_reader.Root(signed)
    rosa = body.signing("reviewer Rosa", pair=True)
    for count in (1, 2):
        body.roots = Body().roots[:count]
        data = make_review_vectors.appointed(body, "Rosa", rosa)
        if count == 2:
            assert read_reviewer(data, trust).name == "Rosa"
            assert second.reviewer(data, theirs.verify)[0] == "Rosa"
            continue
        with pytest.raises(TrustError, match="1 of the 2 signatures"):
            read_reviewer(data, trust)
        with pytest.raises(Refused):
            second.reviewer(data, theirs.verify)
