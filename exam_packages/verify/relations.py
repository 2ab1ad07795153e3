"""Whether several files belong together: which names which, and do they agree.

Only what was verified is compared, and only pairs that are there; a file by itself has no
relation to be proven.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from exam_packages.sealing.addendum import Addendum
from exam_packages.sealing.bundle import check_hand_in_code
from exam_packages.sealing.grant import Grant
from exam_packages.sealing.package_format import Core
from exam_packages.sealing.receipt import Receipt
from exam_packages.sealing.trust import Trust
from exam_packages.verify.findings import Findings, Subject
from exam_packages.verify.keeping import relate_keys
from exam_packages.verify.log_relations import relate_log
from exam_packages.verify.machines import Machines
from exam_packages.verify.question_reports import relate_reports
from exam_packages.verify.record import moment
from exam_packages.verify.reviews import relate_reviews
from exam_packages.verify.sittings import relate_records


def relate(
    subjects: Sequence[Subject], trust: Trust, machines: Machines, code: str | None, now_s: int
) -> Findings:
    """Everything that can be said about the *subjects* together, and about the hand-in *code*."""
    found = Findings()
    _packages(found, subjects)
    _grants(found, subjects, machines)
    _windows(found, subjects)
    _receipts(found, subjects)
    _records(found, subjects)
    relate_keys(found, subjects, machines)
    relate_records(found, subjects)
    relate_reports(found, subjects)
    relate_reviews(found, subjects)
    relate_log(found, subjects, trust, machines, now_s)
    if code is not None:
        _code(found, subjects, code)
    return found


def _packages(found: Findings, subjects: Sequence[Subject]) -> None:
    """Grants, releases and attempts each name a package."""
    packages = [each for each in subjects if each.kind == "package" and each.package_hash]
    if not packages:
        return
    for each in subjects:
        if each.kind == "package" or not each.package_hash:
            continue
        named = next((one for one in packages if one.package_hash == each.package_hash), None)
        if named is not None:
            found.proven(
                "names-package",
                "{path} is for the package {package}.",
                path=each.path,
                package=named.path,
            )
        else:
            found.not_proven(
                "names-other-package",
                "{path} is for another package than those given here.",
                path=each.path,
            )


def _grants(found: Findings, subjects: Sequence[Subject], machines: Machines) -> None:
    """The attempts of a package were sat at machines that a grant or its addendum names."""
    grants = [(each.path, each.held) for each in subjects if isinstance(each.held, Grant)]
    addenda = [(each.path, each.held) for each in subjects if isinstance(each.held, Addendum)]
    for path, addendum in addenda if grants else ():
        named = [name for name, grant in grants if grant.hash == addendum.grant_hash]
        if named:
            found.proven(
                "addendum-for", "{path} belongs to the grant {grant}.", path=path, grant=named[0]
            )
        else:
            found.not_proven(
                "addendum-for-other",
                "{path} belongs to another grant than those given here.",
                path=path,
            )
    for each in subjects:
        record = each.record
        if record is None or not record.stands:
            continue
        fitting = [one for one in grants if one[1].package_hash == record.package_hash]
        naming = [
            path
            for path, grant in fitting
            if grant.centre == record.centre
            and (grant.has(record.station) or _added(grant, addenda, record.station))
        ]
        if naming:
            found.proven(
                "granted",
                "{grant} lets {station} open the package of {path}.",
                grant=naming[0],
                station=machines.name(record.station),
                path=each.path,
            )
        elif fitting:
            found.not_proven(
                "not-granted",
                "None of the grants given here is for {station}, where {path} was written.",
                station=machines.name(record.station),
                path=each.path,
            )


def _added(grant: Grant, addenda: Sequence[tuple[str, Addendum]], machine: bytes) -> bool:
    return any(
        (addendum.grant_hash, addendum.share.machine) == (grant.hash, machine)
        for _, addendum in addenda
    )


def _windows(found: Findings, subjects: Sequence[Subject]) -> None:
    """By the hall's clock, an attempt began within its package's window."""
    cores = {each.package_hash: each.held for each in subjects if isinstance(each.held, Core)}
    for each in subjects:
        record = each.record
        if record is None or not record.epochs or not record.epochs[0].proven:
            continue
        core = cores.get(record.package_hash)
        if not isinstance(core, Core):
            continue
        began_s = record.epochs[0].permitted_s
        if core.window_from_s <= began_s < core.window_to_s:
            found.proven(
                "within-window",
                "{path} was permitted at {time}, within the window of its package.",
                path=each.path,
                time=moment(began_s * 10**9),
            )
        else:
            found.note(
                "outside-window",
                "{path} was permitted at {time} by the hall’s clock, outside the window of its "
                "package.",
                path=each.path,
                time=moment(began_s * 10**9),
            )


def _receipts(found: Findings, subjects: Sequence[Subject]) -> None:
    handed = [each for each in subjects if each.bundle_hash and not isinstance(each.held, Receipt)]
    for each in subjects:
        if not isinstance(each.held, Receipt) or not handed:
            continue
        named = [one for one in handed if one.bundle_hash == each.bundle_hash]
        for one in named:
            found.proven(
                "received",
                "{receipt} is the receipt for {path}.",
                receipt=each.path,
                path=one.path,
            )
        if not named:
            found.not_proven(
                "receipt-for-other",
                "{receipt} is the receipt for another exam than those given.",
                receipt=each.path,
            )


def _records(found: Findings, subjects: Sequence[Subject]) -> None:
    """Two copies of one attempt's record: one continues the other, or there are two histories."""
    records = [(each.path, each.record) for each in subjects if each.record is not None]
    for (path, one), (other_path, other) in combinations(records, 2):
        if one.blind_id != other.blind_id:
            continue
        common = min(one.entries, other.entries)
        if one.heads[common] == other.heads[common]:
            found.proven(
                "records-agree",
                "{path} and {other} hold the same record, up to entry {entry}.",
                path=path,
                other=other_path,
                entry=common,
            )
        else:
            same = max(n for n in range(common + 1) if one.heads[n] == other.heads[n])
            found.not_proven(
                "records-differ",
                "{path} and {other} hold two records of one attempt that differ from entry "
                "{entry} on; one of them is false.",
                path=path,
                other=other_path,
                entry=same + 1,
            )


def _code(found: Findings, subjects: Sequence[Subject], code: str) -> None:
    named = [each for each in subjects if each.bundle_hash]
    fitting = [each for each in named if check_hand_in_code(code, each.bundle_hash)]
    for each in fitting:
        found.proven("code-fits", "The hand-in code is that of {path}.", path=each.path)
    if not fitting:
        found.not_proven(
            "code-other",
            "The hand-in code is not that of any exam that is proven here; check every group "
            "of it.",
        )
