"""Many pictures at once: some are put off, ticks go on, and in the end each is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from exam_packages.sealing.journal_keys import blob_digest
from sync.link import HolderRefused


def test_pictures_that_come_together_are_all_kept_in_the_end(hall, station):
    seat = station("s1").begin("code-0001")
    seat.tick()
    pictures = [bytes([number]) * 200_000 for number in range(40)]
    put_off = []

    def hand_over(picture):
        digest = blob_digest(picture)
        while True:
            try:
                seat.client.evidence(seat.seat.blind_id, digest, picture)
            except HolderRefused as problem:
                assert (problem.status, problem.retry_s) == (429, 1)
                put_off.append(digest)
            else:
                return digest

    with ThreadPoolExecutor(20) as pool:
        kept = set(pool.map(hand_over, pictures))
    assert put_off  # twenty at a time are more than are written at a time
    where = hall.home.evidence / seat.seat.blind_id.hex()
    assert {path.name for path in where.iterdir()} == {digest.hex() for digest in kept}
    assert seat.tick().acknowledgement is not None
