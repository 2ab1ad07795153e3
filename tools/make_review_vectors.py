"""Make the test vectors of reviews and of the record of a sitting, in tests/vectors-review.

``python tools/make_review_vectors.py DIR VECTORS`` writes into a new directory what is said of the
attempt in VECTORS. What is published is never edited: see ``tools/make_vectors.py``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vectors.body import BLIND_ID, CENTRE, SLOT, START_S, Body, seed, sha256

from exam_packages.sealing.bundle import BundleFile
from exam_packages.sealing.review import (
    FIRST,
    Judgement,
    Reviewer,
    judgement_digest,
    sign_judgement,
    sign_reviewer,
)
from exam_packages.sealing.sitting_record import (
    RecordedAct,
    RecordedLine,
    RecordedNote,
    RecordedPerson,
    RecordedStatement,
    RecordedWaiver,
    SittingRecord,
    record_digest,
    seal_record,
    sign_record,
)
from exam_packages.sealing.suite import SigningKey

SITTING = seed("sitting of restore keys")[:16]
SAID = (
    ("Rosa", 4, 1, "pictures.show", "Zwei Personen im Bild.\nSiehe Bild 1.", 1, 0),
    ("Sven", 4, 3, "record.unwitnessed", "", 0, 0),
    ("Rosa", 4, 2, "candidate.accommodation", "An assistant was granted.", 1, 1),
    ("Sven", 0, 2, "other", "評価は全体について。", 0, 0),
)
"""By whom, about which entry, ruling, reason, comment, pictures, and what it corrects."""


def make(out: Path, vectors: Path) -> None:
    body = Body()
    bundle = BundleFile.open(vectors / "attempt.bundle")
    facts = json.loads((vectors / "manifest.json").read_bytes())
    pictures = tuple(digest for digest, _ in bundle.evidence())
    reviewers = {name: body.signing(f"reviewer {name}", pair=True) for name in ("Rosa", "Sven")}
    appointments = {name: appointed(body, name, key) for name, key in reviewers.items()}
    for name, data in appointments.items():
        (out / f"{name.lower()}.reviewer").write_bytes(data)

    previous, review = FIRST, b""
    for number, (who, entry, ruling, reason, comment, shown, corrects) in enumerate(SAID, 1):
        judgement = Judgement(
            number=number,
            previous=previous,
            bundle_hash=bytes.fromhex(facts["bundle"]["hash"]),
            blind_id=BLIND_ID,
            entry=entry,
            ruling=ruling,
            reason=reason,
            comment=comment,
            pictures=pictures[:shown],
            corrects=corrects,
            reviewer=appointments[who],
            time_s=START_S + 86_400 + number,
        )
        data = sign_judgement(judgement, reviewers[who])
        previous, review = judgement_digest(data), review + data
    (out / "attempt.review").write_bytes(review)

    hall = body.hall.signing
    record = sign_record(sitting(hall, facts), hall)
    (out / "sitting.record").write_bytes(record)
    registrar = body.openings["registrar"].public
    (out / "sitting.sealed-record").write_bytes(seal_record(record, hall, registrar))

    told = {
        "about": "Made by tools/make_review_vectors.py. Never edited.",
        "files": {path.name: sha256(path.read_bytes()) for path in sorted(out.iterdir())},
        "keys": {name: body.secrets[f"reviewer {name}"] for name in reviewers},
        "judgements": [list(each) for each in SAID],
        "standing": [2, 3, 4],
        "last": previous.hex(),
        "record digest": record_digest(record).hex(),
        "lines": [["candidate 1", 1, 1], ["candidate 2", 3, 2]],
    }
    text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
    (out / "manifest.json").write_text(f"{text}\n", encoding="utf-8")


def appointed(body: Body, name: str, key: SigningKey) -> bytes:
    reviewer = Reviewer(name, key.public.ed25519, key.public.mldsa65, START_S - 500_000)
    return sign_reviewer(reviewer, body.roots[:2])


def sitting(hall: SigningKey, facts: dict[str, Any]) -> SittingRecord:
    """A sitting of two: one handed in and was stated to have whispered, one did not come."""
    chief = RecordedPerson("Zoë Ólafsdóttir", "chief", START_S + 12_000)
    whispered = RecordedStatement(
        1, 1, START_S + 3_000, "Whispered to the neighbour.", "Bo", "Bo", START_S + 3_100, "", 1,
        "I asked for the time.", "Bo", START_S + 3_200, "", "",
    )  # fmt: skip
    there = RecordedLine(
        blind_id=BLIND_ID,
        seat=7,
        candidate="candidate 1",
        name="Šárka Nováková",
        outcome=1,
        verdict=1,
        operator="",
        second="",
        closed_s=START_S + 9_000,
        reason="",
        comment="",
        station="station 1",
        frames=facts["journal"]["count"],
        bundle_hash=bytes.fromhex(facts["bundle"]["hash"]),
        signed_in_s=START_S,
        admitted_s=START_S + 60,
        handed_in_s=START_S + 9_000,
        at_body=True,
        extra_s=900,
        given_s=-30,
        statements=(whispered,),
    )
    absent = RecordedLine(
        seed("who did not come")[:16], 8, "candidate 2", "李 小龙", 3, 2, "Ana", "Bo",
        START_S + 1_800, "absent", "", "", 0, b"", 0, 0, 0, False, 0, 0, (),
    )  # fmt: skip
    return SittingRecord(
        number=2,
        sitting=SITTING,
        package_hash=bytes.fromhex(facts["package"]["hash"]),
        slot=SLOT,
        centre=CENTRE,
        machine=hall.key_id,
        title="Morning",
        exam="Food safety",
        opened_s=START_S - 3_600,
        closed_s=START_S + 11_000,
        operator="Ana",
        reason="everybody has handed in",
        lines=(there, absent),
        acts=(RecordedAct(START_S + 60, "Ana", "admit", "candidate 1", "routine.start", ""),),
        notes=(
            RecordedNote(
                1, 2, START_S + 5_000, "", "The heating failed.", "Bo", "Ana", START_S + 11_500,
                "sheet 3",
            ),
        ),
        waivers=(RecordedWaiver("clock", "3 s off", chief, "the hall's clock counts"),),
        signers=(chief,),
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make the test vectors of reviews and records.")
    parser.add_argument("out", type=Path, help="a directory that does not exist yet")
    parser.add_argument("vectors", type=Path, help="the vectors of the attempt")
    options = parser.parse_args(arguments)
    out: Path = options.out
    if out.exists():
        sys.exit(f"{out} exists: vectors are never overwritten; choose a new directory.")
    out.mkdir(parents=True)
    make(out, options.vectors)
    print(f"{len(list(out.iterdir()))} files in {out}")


if __name__ == "__main__":
    main()
