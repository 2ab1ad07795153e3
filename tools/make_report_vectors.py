"""Make the test vectors of reports of questions, departures, marks and arrivals, in
tests/vectors-reports.

``python tools/make_report_vectors.py DIR VECTORS`` writes into a new directory what is said of the
attempt in VECTORS. What is published is never edited: see ``tools/make_vectors.py``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from hashlib import sha256 as hashed
from pathlib import Path

from vectors.body import BLIND_ID, CENTRE, SLOT, START_S, Body, sha256

from exam_packages.sealing.arrivals import Arrivals, sign_arrivals
from exam_packages.sealing.departures import Departures, Left, places_digest, sign_departures
from exam_packages.sealing.marks import Mark, sign_mark
from exam_packages.sealing.question_report import (
    QuestionReport,
    report_digest,
    seal_report,
    sign_report,
)
from exam_packages.sealing.trust import INTEGRITY

REMARK = "In der Tabelle fehlt die zweite Spalte.\n表の二列目がありません。"


def make(out: Path, vectors: Path) -> None:
    body = Body()
    facts = json.loads((vectors / "manifest.json").read_bytes())
    hall, package = body.hall.signing, bytes.fromhex(facts["package"]["hash"])
    said = QuestionReport(
        centre=CENTRE,
        slot=SLOT,
        package_hash=package,
        blind_id=BLIND_ID,
        question=7,
        remark=REMARK,
        operator="Zoë Ólafsdóttir",
        time_s=START_S + 4_000,
    )
    report = sign_report(said, hall)
    sealed = seal_report(report, hall, body.openings[INTEGRITY].public)
    (out / "question.report").write_bytes(report)
    (out / "question.sealed-report").write_bytes(sealed)

    stations = (body.first.signing.key_id, body.second.signing.key_id)
    places = tuple(
        Left(station, epoch, 4 * epoch) for epoch, station in enumerate(sorted(stations), 1)
    )
    left = Departures(BLIND_ID, (1 << 20) + 3, places)
    (out / "attempt.departures").write_bytes(sign_departures(left, hall))

    place = Mark(BLIND_ID, facts["journal"]["count"], bytes.fromhex(facts["journal"]["head"]))
    (out / "attempt.mark").write_bytes(sign_mark(place, body.second.signing))

    digests = tuple(hashed(data).digest() for data in (report, sealed))
    (out / "stick.arrivals").write_bytes(
        sign_arrivals(Arrivals(digests, START_S + 90_000), [body.intake])
    )
    told = {
        "about": "Made by tools/make_report_vectors.py. Never edited.",
        "files": {path.name: sha256(path.read_bytes()) for path in sorted(out.iterdir())},
        "digest": report_digest(report).hex(),
        "question": 7,
        "remark": REMARK,
        "authority": left.authority,
        "left": [[each.station.hex(), each.epoch, each.sequence] for each in places],
        "places digest": places_digest(places).hex(),
        "arrived": [each.hex() for each in digests],
    }
    text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
    (out / "manifest.json").write_text(f"{text}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make the test vectors of reports of questions.")
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
