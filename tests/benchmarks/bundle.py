"""How many bundles one core verifies without a key, and where its time goes.

    python tests/benchmarks/bundle.py [ITEMS]

One bundle as a centre hands it in (60 items unless told otherwise), verified again and
again in one thread; beside it the parts of that work alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from centre import Centre, choice

from exam_packages.sealing import chain
from exam_packages.sealing.bundle import read_answers, verify_bundle
from exam_packages.sealing.trust import read_enrolment

SECONDS = 2


def per_second(work: Callable[[], object]) -> float:
    """How often *work* is done in a second of this thread's processor time."""
    work()
    start, count = time.thread_time(), 0
    while (took := time.thread_time() - start) < SECONDS:
        work()
        count += 1
    return count / took


def main(items: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        centre = Centre.found(directory)
        handed = centre.hand_in(
            directory / "attempt", [(f"q{at}", choice("a")) for at in range(items)]
        )
        trust, answers = centre.trust, read_answers(handed.part())
        manifest, frames = answers.manifest, answers.frames()
        station = centre.station.signing_key().public
        hall = centre.hall.signing_key().public
        known = {station.key_id: station}.get
        start = chain.start(manifest.blind_id, manifest.package_hash)
        whole = per_second(lambda: verify_bundle(answers, trust))
        print(f"bundle of {len(frames)} frames: {whole:.0f} verified per second per core")
        for what, part in (
            ("cut into frames", lambda: answers.frames()),
            ("chain", lambda: chain.extend(start, frames, known, [hall])),
            ("witnesses", lambda: chain.witnesses(frames, [station, hall])),
            (
                "enrolments",
                lambda: [read_enrolment(data, trust, now_s=None) for data in answers.enrolments],
            ),
        ):
            print(f"  {what:16} {whole / per_second(part):5.0%} of the time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
