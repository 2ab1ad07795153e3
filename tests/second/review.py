"""The second reader: reviewers and judgements (docs/formats-review.md), and the record of a
sitting (docs/formats-journal.md)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from second.suite import Opener, Refused, Who, digest, field, label, need, u64, value, verified

Verify = Callable[[bytes, str, str, int], bytes]
"""A signed object by a role, and by at least so many of its people: its body."""

_JUDGEMENT, _MOST = b"exam-kiosk/judgement/v1\n", 512 * 1024
_REASON = re.compile(r"[a-z]+(\.[a-z-]+)?")


def reviewer(data: bytes, verify: Verify) -> tuple[str, Who]:
    """The name and key of somebody whom root holders appointed."""
    body = value(verify(data, "exam-kiosk/reviewer/v1", "root", 2), 4)
    name, classical, lattice, time_s = body
    need(_is(name, str) and _is(time_s, int) and time_s >= 0, "no reviewer")
    need((len(classical), len(lattice)) == (32, 1952), "no pair of keys")
    return name, Who(classical, lattice)


class Judged:
    """One judgement in its place."""

    def __init__(self, data: bytes, verify: Verify) -> None:
        need(len(data) <= _MOST and data.startswith(_JUDGEMENT), "no judgement")
        body = value(field(data[len(_JUDGEMENT) :])[0], 12)
        self.number, self.previous, self.bundle, self.attempt, self.entry = body[:5]
        self.ruling, self.reason, self.comment, self.pictures, self.corrects = body[5:10]
        self.name, self.who = reviewer(body[10], verify)
        verified(data, "exam-kiosk/judgement/v1", [self.who])
        need(len(self.previous) == len(self.bundle) == 32 and len(self.attempt) == 16, "a size")
        need(all(_is(n, int) for n in (self.number, self.entry, self.corrects, body[11])), "a type")
        need(self.number >= 1 and self.entry >= 0 and 0 <= self.corrects <= 10_000, "a number")
        need(self.ruling in (1, 2, 3), "no ruling")
        need(len(self.reason) <= 60 and _REASON.fullmatch(self.reason), "no reason")
        need(len(self.comment) <= 2000, "a comment too long")
        need(self.comment.replace("\n", " ").isprintable(), "no plain text")
        need(len(self.pictures) <= 50 and all(len(one) == 32 for one in self.pictures), "pictures")
        self.digest = digest(label("review", "judgement"), data)


def review(data: bytes, verify: Verify) -> list[Judged]:
    """A whole review, by the five rules of the document."""
    need(len(data) <= 16 * 1024 * 1024, "too long")
    found: list[Judged] = []
    while data:
        end = len(_JUDGEMENT)
        for _ in ("body", "signatures"):
            end += 4 + int.from_bytes(data[end : end + 4], "big")
        need(end <= len(data), "cut short")
        try:
            judged = Judged(data[:end], verify)
        except (TypeError, ValueError, AttributeError):
            raise Refused("a field of another type") from None
        data = data[end:]
        need(judged.number == len(found) + 1, "another number")
        need(judged.previous == (found[-1].digest if found else bytes(32)), "another before it")
        if found:
            need((judged.bundle, judged.attempt) == (found[0].bundle, found[0].attempt), "another")
        if judged.corrects:
            known = [one for one in standing(found) if one.number == judged.corrects]
            need(known, "corrects what does not stand")
            need(known[0].entry == judged.entry, "corrects another entry's")
            need(known[0].who.key_id == judged.who.key_id, "corrects another's")
        found.append(judged)
    return found


def standing(judgements: list[Judged]) -> list[Judged]:
    corrected = {one.corrects for one in judgements}
    return [one for one in judgements if one.number not in corrected]


def record(data: bytes, hall: Who) -> list[Any]:
    """A record of a sitting, by the hall that it names."""
    need(len(data) <= 12 * 1024 * 1024, "too long")
    found: list[Any] = value(verified(data, "exam-kiosk/sitting-record/v1", [hall]), 17)
    need(found[5] == hall.key_id, "another hall")
    for place, count in ((12, 21), (13, 6), (14, 9), (15, 4), (16, 3)):
        need(all(_is(one, list) and len(one) == count for one in found[place]), "a row's fields")
    for line in found[12]:
        need(all(_is(one, list) and len(one) == 14 for one in line[20]), "a statement's fields")
    return found


def opened(data: bytes, hall: Who, registrar: Opener) -> bytes:
    """The signed record in a sealed one."""
    found = value(verified(data, "exam-kiosk/sealed-record/v1", [hall]), 10)
    number, sitting, machine, named, key_id, sealed = (found[at] for at in (0, 1, 5, 7, 8, 9))
    need((machine, key_id) == (hall.key_id, registrar.key_id), "another hall or key")
    info = label("sitting-record", "registrar", machine, sitting, u64(number))
    inside = registrar.open(sealed, info)
    need(digest(label("sitting-record", "digest"), inside) == named, "another record inside")
    return inside


def _is(thing: object, kind: type) -> bool:
    return type(thing) is kind
