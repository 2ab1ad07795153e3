"""What the demo proves: the journals opened with the roles' keys, against the script.

A body that scores for real never holds these keys in one place. The demo may, because
every key of its site is its own and thrown away with it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from exam_packages import canon
from exam_packages.attempt.events import Entry, decode_event
from exam_packages.attempt.ledger import Kind, Ledger, account
from exam_packages.clock import SECOND, Stamp
from exam_packages.content.values import Response
from exam_packages.rules.numbers import written
from exam_packages.rules.processing import score_form, total
from exam_packages.sealing.bundle import BundleFile, Manifest, verify_bundle
from exam_packages.sealing.journal import (
    Compartment,
    EpochKeys,
    Frame,
    epoch_header,
    open_frames,
)
from exam_packages.sealing.survey import SURVEY_KEY_ROLE, open_survey, parse_sheaf
from exam_packages.sealing.trust import INTEGRITY, SCORING
from provisioning.demo.script import Turn
from provisioning.demo.site import Site
from provisioning.demo.stages import DemoError
from provisioning.station_home import StationHome

ROUNDING_S: Final = 1
"""Seconds by which a screen's clock may differ: it shows whole seconds, a moment ago."""


@dataclass(frozen=True)
class OpenedAttempt:
    """A verified attempt with everything in it that the demo's roles may open."""

    path: Path
    manifest: Manifest
    frames: int
    entries: tuple[Entry, ...]
    ledger: Ledger

    @property
    def responses(self) -> dict[str, tuple[Response, ...]]:
        return dict(self.ledger.attempt.responses)


def open_attempts(site: Site, directory: Path) -> dict[bytes, OpenedAttempt]:
    """Verify every exported attempt without a key, then open it; by its station's key id."""
    trust = site.body.trust()
    found = {}
    for path in sorted(directory.glob("*.answers")):
        bundle = BundleFile.open(path)
        manifest = verify_bundle(bundle, trust)
        found[manifest.station] = _open(site, path, manifest, bundle.frames())
    return found


def station_key(site: Site, station: str) -> bytes:
    """The key id a station's attempts are signed under."""
    return StationHome.load(site.station(station)).enrolment().key_id


def check_answers(opened: OpenedAttempt, turns: tuple[Turn, ...]) -> int:
    """Every answer in the journal is the one that was typed; how many there are."""
    expected = {turn.item.identifier: turn.responses for turn in turns}
    for item, responses in expected.items():
        if opened.responses.get(item) != responses:
            raise DemoError(
                "The answer to “{item}” is {found} in the journal; the candidate gave {given}.",
                item=item,
                found=str(opened.responses.get(item)),
                given=str(responses),
            )
    if opened.responses.keys() != expected.keys():
        raise DemoError("The journal holds answers that nobody gave.")
    return len(expected)


def check_time(
    opened: OpenedAttempt, limit_s: int, shown_left_s: int, shown_ago_s: float
) -> tuple[int, int]:
    """Every nanosecond is in the ledger, and the screen showed the right time left.

    *shown_left_s* was read from the screen *shown_ago_s* before the exam was closed.
    Returns the seconds spent and the seconds of outage given back.
    """
    ledger = opened.ledger
    accounted = sum(interval.length_ns for interval in ledger.intervals)
    passed = sum(_between(*each) for each in pairwise(entry.stamp for entry in opened.entries))
    if accounted != passed:
        raise DemoError(
            "The ledger accounts for {found} ns of {wanted} ns.", found=accounted, wanted=passed
        )
    spent_ns = ledger.spent_ns
    left_s = limit_s - spent_ns / SECOND
    if not shown_left_s - shown_ago_s - ROUNDING_S <= left_s <= shown_left_s + ROUNDING_S:
        raise DemoError(
            "The screen showed {shown} s left just before the end; the ledger has {ledger} s.",
            shown=shown_left_s,
            ledger=round(left_s),
        )
    return spent_ns // SECOND, ledger.total_ns(Kind.OUTAGE) // SECOND


def _between(first: Stamp, second: Stamp) -> int:
    """Nanoseconds from one entry to the next; only the wall clock lasts while a machine is off."""
    if first.boot == second.boot:
        return second.boottime_ns - first.boottime_ns
    return max(0, second.wall_ns - first.wall_ns)


def check_scores(
    site: Site, results: Path, scripts: list[tuple[Turn, ...]], whole: tuple[Turn, ...]
) -> list[str]:
    """Every attempt was opened with the answers typed, and scored as foretold.

    *scripts* has what each candidate answered, *whole* every item of the form. Returns the
    scores, as the desk wrote them, in the order of *scripts*.
    """
    key = site.body.answer_key(site.form)
    opened = _load(results / "answers.json")["attempts"]
    scored = {each["attempt"]: each for each in _load(results / "results.json")["attempts"]}
    scores = []
    for turns in scripts:
        expected = {
            turn.item.identifier: {each.identifier: list(each.members) for each in turn.responses}
            for turn in turns
        }
        matching = [each["attempt"] for each in opened if each["items"] == expected]
        if len(matching) != 1:
            raise DemoError(
                "The scoring desk opened {count} attempts with the answers of one candidate.",
                count=len(matching),
            )
        items = {turn.item.identifier: turn.item for turn in whole}
        answers = {turn.item.identifier: turn.responses for turn in turns}
        foretold = written(total(key, score_form(items, key, answers)).score)
        found = scored[matching[0]]
        if found["score"] != foretold or found["problems"]:
            raise DemoError(
                "An attempt was scored {found}; {foretold} was foretold. {problems}",
                found=str(found["score"]),
                foretold=foretold,
                problems=" ".join(found["problems"]),
            )
        scores.append(f"{found['score']} of {found['max_score']}")
    return scores


def check_surveys(
    site: Site,
    sealed: Path,
    opened: Path,
    attempts: list[OpenedAttempt],
    said: list[tuple[str, str]],
) -> int:
    """Every survey came, says what was said and carries nothing of who said it.

    *said* has, for each candidate, the choice of the first question and the words of the last.
    Returns how many bytes each takes.
    """
    key = site.body.opening_key(SURVEY_KEY_ROLE)
    sizes, count = set(), 0
    seats = [(each.number, each.name, each.code, each.station) for each in site.candidates]
    identity = [text.encode() for seat in seats for text in seat]
    identity += [attempt.manifest.blind_id for attempt in attempts]
    identity += [attempt.manifest.station for attempt in attempts]
    for path in sorted(sealed.glob("*.surveys")):
        for survey in parse_sheaf(path.read_bytes()).surveys:
            fields = canon.decode(survey)
            plain = open_survey(survey, key)
            found = [each for each in identity if each in survey or each in plain]
            if found or not isinstance(fields, list) or len(fields) != 5:
                raise DemoError("A survey carries something of whose it is.")
            sizes.add(len(survey))
            count += 1
    if count != len(said) or len(sizes) != 1:
        raise DemoError(
            "{count} surveys of {sizes} sizes came from {wanted} candidates.",
            count=count,
            sizes=len(sizes),
            wanted=len(said),
        )
    (counted,) = _load_list(opened / "surveys.json")
    whole = counted["groups"][0]
    first, last = counted["questions"][0], counted["questions"][-1]
    wanted = Counter(choice for choice, _ in said)
    found_counts = {name: n for name, n in whole["counts"][first["question"]].items() if n}
    if found_counts != dict(wanted) or last["texts"] != sorted(words for _, words in said):
        raise DemoError(
            "The counts of the surveys are {found}; {wanted} were given.",
            found=str(found_counts),
            wanted=str(dict(wanted)),
        )
    return sizes.pop()


def _load_list(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _open(site: Site, path: Path, manifest: Manifest, frames: tuple[bytes, ...]) -> OpenedAttempt:
    roles = (
        (site.body.opening_key(SCORING), [Compartment.RESPONSES]),
        (site.body.opening_key(INTEGRITY), [Compartment.EVENTS, Compartment.EVIDENCE]),
    )
    keys = {}
    for frame in frames:
        if Frame.parse(frame).compartment is Compartment.HEADER:
            header = epoch_header(frame)
            epoch: dict[Compartment, bytes] = {}
            for role, compartments in roles:
                epoch |= header.keys(role, compartments)
            keys[header.context.epoch] = EpochKeys(epoch)
    entries = tuple(
        Entry(each.sequence, each.stamp, decode_event(each.body))
        for each in open_frames(frames, keys)
        if each.body is not None
        and each.stamp is not None
        and each.compartment not in (Compartment.HEADER, Compartment.ACKNOWLEDGEMENT)
    )
    return OpenedAttempt(path, manifest, len(frames), entries, account(entries))


def _load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
