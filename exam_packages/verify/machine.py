"""A report as JSON, for programs. ``docs/verify.md`` says what is stable in it."""

from __future__ import annotations

import json
from typing import Any, Final

from exam_packages.attempt.ledger import Kind
from exam_packages.verify.findings import (
    Finding,
    Moment,
    Record,
    Report,
    Stretch,
    Subject,
    Times,
    Witness,
)

FORMAT: Final = "exam-kiosk/verification/v1"


def to_json(report: Report) -> str:
    """The report, in ASCII: nothing from a file can reach a terminal as it is."""
    return json.dumps(as_values(report), indent=2) + "\n"


def as_values(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "format": FORMAT,
        "verified_s": report.verified_s,
        "all_proven": report.all_proven,
        "with_integrity_key": report.with_integrity_key,
        "trust": {
            "body": report.body,
            "version": report.trust_version,
            "digest": report.trust_digest.hex(),
            "expires_s": report.trust_expires_s,
        },
        "files": [_subject(each) for each in report.subjects],
        "together": [_finding(each) for each in report.relations],
    }


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        "path": subject.path,
        "kind": subject.kind,
        "proven": subject.findings.sound,
        "facts": dict(subject.facts),
        "findings": [_finding(each) for each in subject.findings],
        "record": None if subject.record is None else _record(subject.record),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "standing": finding.standing.value,
        "code": finding.code,
        "words": finding.words,
        "fields": dict(finding.fields),
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "attempt": record.blind_id.hex(),
        "package": record.package_hash.hex(),
        "centre": record.centre,
        "evidence_keys": sorted(key.hex() for key in record.evidence_keys),
        "entries": record.entries,
        "stands": record.stands,
        "counts": dict(record.counts),
        "epochs": [
            {
                "number": each.number,
                "first": each.first,
                "last": each.last,
                "station": each.station,
                "permitted_by": each.permitted_by,
                "permitted_s": each.permitted_s,
                "proven": each.proven,
            }
            for each in record.epochs
        ],
        "witnesses": [_witness(each) for each in record.witnesses],
        "stretches": [_stretch(each) for each in record.stretches],
        "times": None if record.times is None else _times(record.times),
    }


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "kind": witness.kind,
        "entry": witness.entry,
        "holder": witness.holder,
        "time_ns": witness.time_ns,
        "found_in": witness.found_in,
    }


def _stretch(stretch: Stretch) -> dict[str, Any]:
    return {
        "first": stretch.first,
        "last": stretch.last,
        "witness": None if stretch.witness is None else _witness(stretch.witness),
        "waited_ns": stretch.waited_ns,
        "alone": stretch.alone,
        "from_wall_ns": stretch.from_wall_ns,
        "to_wall_ns": stretch.to_wall_ns,
    }


def _times(times: Times) -> dict[str, Any]:
    return {
        "to_entry": times.to_entry,
        "wall_from_ns": times.wall_from_ns,
        "length_ns": times.length_ns,
        "granted_s": times.granted_s,
        "added_s": times.added_s,
        "spent_ns": times.spent_ns,
        "left_ns": times.left_ns,
        "closed": times.closed,
        "totals_ns": {kind.value: times.total_ns(kind) for kind in Kind},
        "spans": [
            {
                "kind": each.kind.value,
                "first": each.first,
                "last": each.last,
                "start_ns": each.start_ns,
                "length_ns": each.length_ns,
                "wall_from_ns": each.wall_from_ns,
                "wall_to_ns": each.wall_to_ns,
                "by_wall": each.by_wall,
                "reason": each.reason,
            }
            for each in times.spans
        ],
        "turns": [_moment(each) for each in times.turns],
        "incidents": [_moment(each) for each in times.incidents],
        "commands": [
            {
                "entry": each.entry,
                "at_ns": each.at_ns,
                "wall_ns": each.wall_ns,
                "words": each.words,
                "operator": each.operator,
                "reason": each.reason,
                "comment": each.comment,
                "signed_by": each.signed_by,
            }
            for each in times.commands
        ],
    }


def _moment(moment: Moment) -> dict[str, Any]:
    return {
        "entry": moment.entry,
        "at_ns": moment.at_ns,
        "wall_ns": moment.wall_ns,
        "code": moment.code,
        "words": moment.words,
    }
