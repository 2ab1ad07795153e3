"""Before a sitting: take in packages and grants, and see whether a station is ready.

Nothing here needs a secret of the exam, so it runs days ahead.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from exam_packages.clock import SECOND, Clock
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, sync_directory, write_durably
from exam_packages.sealing.addendum import Addendum, read_addendum
from exam_packages.sealing.grant import Grant, read_grant
from exam_packages.sealing.package import Core, Package
from exam_packages.sealing.package_format import volume_name
from exam_packages.sealing.suite import check_library
from exam_packages.sealing.trust import Trust
from provisioning.devices.camera import cameras, enrolled, held, holder_words
from provisioning.station_home import CAMERA_AUTO, CAMERA_NONE, StationHome

LEAST_FREE = 512 * 1024 * 1024
"""Bytes free on the station's disk: journals and pictures of a long day, several times."""

_HALL_TIMEOUT_S = 5


class PreflightError(ExamError):
    """A package or a grant is not for this station."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is good, and what was found or what to do."""

    good: bool
    words: str


def load(
    home: StationHome,
    package: Path,
    grant: Path,
    clock: Clock,
    progress: Callable[[int, int], None] | None = None,
    *,
    addendum: Path | None = None,
) -> Core:
    """Verify a package and this station's grant for it, whole, and keep both.

    A station that the grant does not name needs the *addendum* that does. A grant is
    replaced by a later issue, never by an earlier one. *progress* is told (bytes checked,
    bytes in all). Raises an :class:`~exam_packages.errors.ExamError`; then nothing is kept.
    """
    trust, now_s = home.trust(), clock.wall_ns() // SECOND
    trust.check_time(now_s)
    data = grant.read_bytes()
    granted = read_grant(data, trust, now_s=now_s)
    late = addendum.read_bytes() if addendum is not None else None
    with Package.open(package, trust, now_s=now_s) as opened:
        _belongs(home, opened, granted, read_addendum(late, trust) if late else None)
        name = opened.package_hash.hex()
        _not_withdrawn(home.packages / f"{name}.grant", granted, trust)
        opened.check(progress)
        core, volumes = opened.core, opened.paths
    make_directory(home.packages, mode=0o700)
    # The first volume last: once it is there, all of the package is.
    for number, volume in reversed(list(enumerate(volumes, 1))):
        _copy_durably(volume, volume_name(home.packages / f"{name}.package", number))
    if late is not None:
        write_durably(home.packages / f"{name}.addendum", late)
    write_durably(home.packages / f"{name}.grant", data)
    return core


def examine(home: StationHome, clock: Clock) -> Iterator[Finding]:
    """Look at everything a station needs, one finding after the other."""
    now_s = clock.wall_ns() // SECOND
    yield _finding("The cryptography library is good", check_library)
    yield _finding("The root of trust is known and valid", lambda: home.trust().check_time(now_s))
    yield _finding("The enrolment is valid", lambda: home.enrolment(now_s=now_s))
    yield _keys(home)
    yield _camera(home)
    if home.face_model[0]:
        yield _face_model(*home.face_model)
    yield _disk(home.directory)
    packages = sorted(home.packages.glob("*.package"))
    if not packages:
        yield Finding(False, "No package is loaded; use `exam-kiosk station load`.")
    for path in packages:
        yield _package(home, path, now_s)
    yield _hall(home)


def _belongs(home: StationHome, package: Package, grant: Grant, addendum: Addendum | None) -> None:
    if grant.package_hash != package.package_hash:
        raise PreflightError(
            "The grant is for another package than this one of “{exam}”; take the two that "
            "belong together.",
            exam=package.core.exam,
        )
    own = home.enrolment().key_id
    late = addendum is not None and addendum.share.machine == own
    if addendum is not None and addendum.grant_hash != grant.hash:
        raise PreflightError(
            "The addendum belongs to another grant than that of centre “{centre}” for the "
            "sitting {slot}, issue {issue}; take the two that belong together.",
            centre=grant.centre,
            slot=grant.slot,
            issue=grant.issue,
        )
    if grant.centre != home.centre or not (late or grant.has(own)):
        raise PreflightError(
            "The grant of centre “{centre}” for the sitting {slot} does not name the station "
            "“{station}”; ask the certification body for a grant, or an addendum, that does.",
            centre=grant.centre,
            slot=grant.slot,
            station=home.id,
        )


def _not_withdrawn(path: Path, grant: Grant, trust: Trust) -> None:
    """Refuse *grant* when the one kept in *path* is a later issue of it."""
    try:
        kept = read_grant(path.read_bytes(), trust, now_s=None)
    except (ExamError, OSError):
        return  # none, or a damaged one, which this one mends
    if (kept.centre, kept.slot) == (grant.centre, grant.slot) and kept.issue > grant.issue:
        raise PreflightError(
            "This station has issue {kept} of the grant for the sitting {slot} already; issue "
            "{issue} is withdrawn and not taken.",
            kept=kept.issue,
            slot=grant.slot,
            issue=grant.issue,
        )


def _copy_durably(source: Path, target: Path) -> None:
    temporary = target.with_name(f"{target.name}.new")
    with source.open("rb") as original, temporary.open("wb") as copy:
        shutil.copyfileobj(original, copy, 1024 * 1024)
        copy.flush()
        os.fsync(copy.fileno())
    temporary.replace(target)
    sync_directory(target.parent)


def _finding(good: str, look: Callable[[], object]) -> Finding:
    try:
        look()
    except ExamError as problem:
        return Finding(False, str(problem))
    return Finding(True, f"{good}.")


def _keys(home: StationHome) -> Finding:
    try:
        record = home.enrolment()
        own = (
            record.verify_key == home.signing_key().public
            and record.sealing_public == home.sealing_key().public
        )
    except ExamError as problem:
        return Finding(False, str(problem))
    if own:
        return Finding(True, f"The keys are those of the enrolment ({record.keys_words}).")
    return Finding(False, "The keys are not those of the enrolment; enrol this station again.")


def _camera(home: StationHome) -> Finding:
    camera = home.camera
    if camera == CAMERA_NONE:
        return Finding(True, "No camera is used; every result will say so.")
    if camera == CAMERA_AUTO:
        return _connected(home)
    if Path(camera).is_file():
        return Finding(True, "A video file stands in for the camera; every result will say so.")
    return Finding(False, f"The video file for the camera is not there: {camera}")


def _face_model(path: str, checksum: str) -> Finding:
    try:
        with Path(path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        return Finding(False, f"The face model {path} cannot be read: {problem.strerror}.")
    if found == checksum.lower():
        return Finding(True, "The face model is the file whose checksum is set.")
    return Finding(
        False,
        f"The face model {path} has another checksum than station.toml says; OpenCV's own cascade "
        "is used instead.",
    )


def _connected(home: StationHome) -> Finding:
    try:
        own = enrolled(home.enrolled_camera)
    except ExamError as problem:
        return Finding(False, str(problem))
    found = list(cameras())
    names = ", ".join(f"{each.path.name} ({each.name})" for each in found)
    for each in () if _agent_runs(home) else found:
        if (own is None or own.same(each.identity)) and held(each.path):
            return Finding(
                False,
                f"The camera {each.path.name} ({each.name}) is held by {holder_words(each.path)}; "
                "end that program, or no pictures can be taken.",
            )
    if own is None:
        if not found:
            return Finding(True, "No camera is connected; every result will say so.")
        return Finding(True, f"Cameras: {names}. None is enrolled for this station.")
    if any(own.same(each.identity) for each in found if not each.virtual):
        return Finding(True, f"The enrolled camera is connected. Cameras: {names}.")
    return Finding(
        False,
        f"The camera enrolled for this station is not connected (there is: {names or 'none'}); "
        "connect it, or enrol another with `exam-kiosk station enrol-camera`.",
    )


def _agent_runs(home: StationHome) -> bool:
    """Whether this station's own agent runs: then it is the one who holds the camera."""
    with contextlib.suppress(FileNotFoundError), (home.directory / "agent.lock").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _disk(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    words = f"{free // 1024**2} MB are free on the disk of {directory}"
    if free >= LEAST_FREE:
        return Finding(True, f"{words}.")
    return Finding(False, f"{words}; make room for {LEAST_FREE // 1024**2} MB.")


def _package(home: StationHome, path: Path, now_s: int) -> Finding:
    try:
        trust = home.trust()
        with Package.open(path, trust, now_s=now_s) as opened:
            grant = read_grant(path.with_suffix(".grant").read_bytes(), trust, now_s=now_s)
            late = path.with_suffix(".addendum")
            named = not late.exists() or grant.has(home.enrolment().key_id)
            _belongs(
                home, opened, grant, None if named else read_addendum(late.read_bytes(), trust)
            )
            opened.check()
            return Finding(True, f"“{opened.core.exam}” is whole, and granted for {grant.slot}.")
    except (ExamError, OSError) as problem:
        return Finding(False, f"{path.name}: {problem}")


def _hall(home: StationHome) -> Finding:
    """Whether something with the body's certificate answers at the hall's address."""
    where = urlsplit(home.hall_url).netloc
    try:
        with httpx.Client(verify=home.client_tls(), timeout=_HALL_TIMEOUT_S) as client:
            client.get(home.hall_url)
    except ExamError as problem:
        return Finding(False, str(problem))
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as problem:
        return Finding(False, f"The hall at {where} does not answer as it must: {problem}")
    return Finding(True, f"The hall at {where} answers.")
