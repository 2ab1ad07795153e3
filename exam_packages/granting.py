"""The packager's desk: grant a package, name a late station.

A grant, its codes and its addenda are made where the register lies
(:mod:`exam_packages.register`), which knows the issue that counts. Codes leave this desk
only when opening was rehearsed (:mod:`exam_packages.rehearsal`).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from exam_packages import custody, evidence, register, rehearsal
from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock
from exam_packages.files import write_durably
from exam_packages.packaging import PackagingError
from exam_packages.sealing.addendum import keep_secret, seal_addendum
from exam_packages.sealing.grant import SECRET_SIZE, Grant, Recipient, read_grant, seal_grant
from exam_packages.sealing.order import code_line
from exam_packages.sealing.package import Package, PaperKey, read_paper_key
from exam_packages.sealing.release import MAX_CODES, new_code, read_code, release_secret
from exam_packages.sealing.retention import Policy, Sitting
from exam_packages.sealing.trust import (
    PACKAGER,
    STATION,
    Enrolment,
    TrustError,
    read_enrolment,
)

__all__ = [
    "WITHDRAWN",
    "Granted",
    "addendum_for",
    "grant_package",
    "read_code_file",
    "standing_issue",
]

WITHDRAWN: Final = "WITHDRAWN"
"""What the file of a code begins with once another issue replaced it."""
_MAX_CODE_FILE: Final = 4096


@dataclass(frozen=True)
class Granted:
    """A grant as it travels, and what was done for it.

    ``withdrawn`` are the code files of the issue before that now say so; ``astray`` those
    that are not there any more, whose codes must be found and destroyed. ``kept`` is where
    the codes are in custody; nothing, when no custodian was appointed.
    """

    data: bytes
    issue: int
    stations: tuple[str, ...]
    withdrawn: tuple[Path, ...] = ()
    astray: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()


def grant_package(
    body: Body,
    package: Path,
    centre: str,
    slot: str,
    clock: Clock,
    *,
    code_files: Sequence[Path],
    keep_days: int = evidence.KEEP_DAYS,
) -> Granted:
    """Grant *package* to every enrolled station of *centre*, under fresh release codes.

    Each of *code_files* (one, or two for two people) gets one complete code; all are needed
    for the release. The sitting's evidence key is made with its first grant, to be destroyed
    *keep_days* after the end of the window. Granting the same package, centre and sitting again
    is a re-issue: the next number, new secrets, new codes, and the code files of the issue
    before are marked withdrawn. Raises an :class:`~exam_packages.errors.ExamError`.
    """
    if not 1 <= len({path.absolute() for path in code_files}) == len(code_files) <= MAX_CODES:
        raise PackagingError("Every release code goes to a file of its own: one, or two.")
    for path in code_files:
        if not path.absolute().parent.is_dir():
            raise PackagingError("There is no directory for the codes file {path}.", path=str(path))
    now_s = clock.wall_ns() // SECOND
    rehearsal.require(body, now_s)
    with Package.open(package, body.trust(), now_s=now_s) as opened:
        package_hash, expires_s = opened.package_hash, opened.core.expires_s
        paper_key = _paper_key(body, opened.core.form, package_hash)
    use = register.use_of_package(body, package_hash)
    others = register.issues(body, package_hash)
    _one_release_moment(others, slot)
    stations = _stations(body, centre, now_s)
    if not stations:
        raise PackagingError(
            "No station of centre “{centre}” is enrolled, so nothing could open the package "
            "there; enrol its stations first with `exam-kiosk body enrol`.",
            centre=centre,
        )
    issue = max((each.issue for each in others if each.centre == centre), default=0) + 1
    codes = [new_code(package_hash, slot, number) for number, _ in enumerate(code_files, 1)]
    release_id, secret = secrets.token_bytes(16), secrets.token_bytes(SECRET_SIZE)
    bits = [read_code(code, package_hash, slot, number) for number, code in enumerate(codes, 1)]
    release = release_secret(bits, package_hash, slot, release_id)
    data = seal_grant(
        package_hash,
        centre,
        slot,
        issue,
        release_id,
        expires_s,
        paper_key.key,
        release,
        [Recipient(each.key_id, each.sealing_public) for each in stations],
        [body.signing_key(PACKAGER)],
        evidence=evidence.of_sitting(
            body, Sitting(package_hash, centre, slot), Policy(use.window_to_s, keep_days)
        ),
        codes=len(codes),
        secret=secret,
    )
    grant_hash = read_grant(data, body.trust(), now_s=now_s).hash
    kept = custody.keep_codes(body, grant_hash, codes)
    written = {
        path.absolute(): code_line(code) for path, code in zip(code_files, codes, strict=True)
    }
    register.add_issue(
        body,
        register.Issue(
            package_hash=package_hash,
            centre=centre,
            slot=slot,
            issue=issue,
            grant_hash=grant_hash,
            release_check=register.release_check(release),
            kept=keep_secret(secret, grant_hash, body.keeping_key().public),
            code_files=tuple(
                register.CodeFile(str(path), sha256(text).digest())
                for path, text in written.items()
            ),
        ),
    )
    for path, text in written.items():
        write_durably(path, text, mode=0o600)
    earlier = [each for each in others if each.centre == centre]
    withdrawn, astray = _withdraw(earlier, issue, written)
    for each in earlier:
        custody.forget_codes(body, each.grant_hash)
    names = tuple(each.machine for each in stations)
    return Granted(data, issue, names, withdrawn, astray, kept)


def addendum_for(body: Body, grant_data: bytes, enrolment: bytes, clock: Clock) -> bytes:
    """The signed addendum that names one more station in a grant of this body.

    Needs neither the release codes nor the package's keys. Raises an
    :class:`~exam_packages.errors.ExamError`.
    """
    now_s = clock.wall_ns() // SECOND
    trust = body.trust()
    grant = read_grant(grant_data, trust, now_s=now_s)
    issue = standing_issue(body, grant)
    station = read_enrolment(enrolment, trust, now_s=now_s)
    if station.kind != STATION or station.centre != grant.centre:
        raise PackagingError(
            "“{machine}” is no station of centre “{centre}”, for which the grant was made.",
            machine=station.machine,
            centre=grant.centre,
        )
    to = Recipient(station.key_id, station.sealing_public)
    return seal_addendum(grant, issue.kept, body.keeping_key(), to, [body.signing_key(PACKAGER)])


def _one_release_moment(others: Sequence[register.Issue], slot: str) -> None:
    for issue in others:
        if issue.slot != slot:
            raise PackagingError(
                "This package was granted for the sitting {other}, and not for {slot}: a form "
                "has one release moment, since its key is common to all centres and whoever "
                "sits first could open it for those who sit later. Draw another form.",
                other=issue.slot,
                slot=slot,
            )


def standing_issue(body: Body, grant: Grant) -> register.Issue:
    """The register's entry of *grant*, when no later issue replaced it."""
    newest = register.newest_issue(body, grant.package_hash, grant.centre, grant.slot)
    if newest is None:
        raise PackagingError(
            "The grant of centre “{centre}” for the sitting {slot} is not in the register of "
            "{directory}: it was made at another desk.",
            centre=grant.centre,
            slot=grant.slot,
            directory=str(body.directory),
        )
    if newest.grant_hash != grant.hash:
        raise PackagingError(
            "Issue {issue} of the grant of centre “{centre}” for the sitting {slot} is withdrawn; "
            "take issue {newest}. The codes of an earlier issue are never released.",
            issue=grant.issue,
            centre=grant.centre,
            slot=grant.slot,
            newest=newest.issue,
        )
    return newest


def _withdraw(
    earlier: Sequence[register.Issue], by: int, kept: Collection[Path]
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Replace the codes of *earlier* issues on disk by a sentence; those found, and not.

    A file that is not as it was written is left alone: it may be something else by now.
    Paths in *kept* are those of the new codes, which have replaced the old ones.
    """
    found: list[Path] = []
    astray: list[Path] = []
    files = [(issue, file, Path(file.path)) for issue in earlier for file in issue.code_files]
    for issue, file, path in files:
        text = read_code_file(path)
        if path in kept or text.startswith(WITHDRAWN.encode()):
            continue
        if sha256(text).digest() != file.sha256:
            astray.append(path)
            continue
        words = (
            f"{WITHDRAWN}: issue {issue.issue} of the grant of centre “{issue.centre}” for the "
            f"sitting {issue.slot} was replaced by issue {by}. Its codes are never released.\n"
        )
        write_durably(path, words.encode(), mode=0o600)
        found.append(path)
    return tuple(found), tuple(dict.fromkeys(astray))


def read_code_file(path: Path) -> bytes:
    """What is in the file, or nothing where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_MAX_CODE_FILE)
    except OSError:
        return b""


def _paper_key(body: Body, form: str, package_hash: bytes) -> PaperKey:
    key = read_paper_key(body.form_directory(form) / "paper.key")
    if key.package_hash != package_hash:
        raise PackagingError(
            "The package of the form “{form}” is not the one that was sealed here.", form=form
        )
    return key


def _stations(body: Body, centre: str, now_s: int) -> list[Enrolment]:
    """The stations of *centre* whose enrolment holds, by name."""
    trust = body.trust()
    found = []
    for path in body.enrolments.glob("*.enrolment"):
        try:
            record = read_enrolment(path.read_bytes(), trust, now_s=now_s)
        except TrustError:
            continue  # expired or revoked: it gets no package
        if record.kind == STATION and record.centre == centre:
            found.append(record)
    return sorted(found, key=lambda record: (record.machine, record.key_id))
