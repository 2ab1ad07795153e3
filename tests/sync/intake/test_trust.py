"""A running intake follows the body's root of trust, and never back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from centre import CLOCK, Centre, HandedIn
from click.testing import CliRunner

from exam_packages import canon
from exam_packages.sealing.trust import TrustError, TrustStore
from provisioning import succession
from sync.intake.accept import Unacceptable
from sync.intake.cli import intake as intake_cli
from sync.intake.home import IntakeHome
from sync.intake.messages import Offer, chunk_digest, cut
from sync.intake.service import Intake


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """A centre of its own: its body's root of trust changes here."""
    return Centre.found(tmp_path / "centre")


@pytest.fixture
def serving(home: IntakeHome) -> Iterator[Intake]:
    """What the process serves, with the trust it is started with."""
    roots = TrustStore(home.trust_directory)
    with home.storage() as storage:
        yield Intake(storage, roots.current, home.key(), CLOCK, lambda: 1 << 40)


def hand_over(intake: Intake, handed: HandedIn) -> bytes:
    chunks = {chunk_digest(chunk): chunk for chunk in cut(handed.frames)}
    made = Offer(handed.manifest, handed.countersignature, handed.enrolments, tuple(chunks))
    for digest in intake.offer(handed.bundle_hash, canon.pack(made)).digests:
        intake.stage(handed.bundle_hash, digest, chunks[digest])
    return intake.commit(handed.bundle_hash)


def follow(home: IntakeHome, *roots: Path) -> str:
    arguments = ["trust", str(home.directory), *map(str, roots)]
    result = CliRunner().invoke(intake_cli, arguments)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_a_revoked_station_is_refused_at_once(
    serving: Intake, home: IntakeHome, centre: Centre, tmp_path: Path
) -> None:
    first, second = (centre.hand_in(tmp_path / name) for name in ("a", "b"))
    receipt = hand_over(serving, first)
    succession.revoke(centre.body, CLOCK, [centre.station.enrolment_bytes])
    assert "version 2" in follow(home, centre.body.root_version_path(2))
    with pytest.raises(Unacceptable, match="has been revoked"):
        hand_over(serving, second)
    assert hand_over(serving, first) == receipt  # what was taken in stays


def test_a_revoked_hall_countersigns_nothing(
    serving: Intake, home: IntakeHome, centre: Centre, tmp_path: Path
) -> None:
    handed = centre.hand_in(tmp_path / "a")
    succession.revoke(centre.body, CLOCK, [centre.hall.enrolment_bytes])
    follow(home, centre.body.root_version_path(2))
    with pytest.raises(Unacceptable, match="has been revoked"):
        hand_over(serving, handed)


def test_a_root_that_only_renews_changes_nothing_for_those_who_hand_in(
    serving: Intake, home: IntakeHome, centre: Centre, tmp_path: Path
) -> None:
    handed = centre.hand_in(tmp_path / "a")
    succession.rotate(centre.body, CLOCK, replace=["root-1", "packager"])
    follow(home, centre.body.root_version_path(2))
    assert hand_over(serving, handed)


def test_the_intake_never_goes_back(home: IntakeHome, centre: Centre) -> None:
    for _ in range(2):
        succession.rotate(centre.body, CLOCK)
    paths = [centre.body.root_version_path(version) for version in (2, 3)]
    follow(home, *paths)
    with pytest.raises(TrustError, match="after version 3 only version 4"):
        follow(home, paths[0])
    assert IntakeHome.load(home.directory).trust().root.version == 3
