"""Rehearsals: no code leaves the desk before the opening keys have opened something."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages import custody, packaging
from exam_packages.body import Body
from exam_packages.clock import SECOND, SystemClock
from exam_packages.granting import Granted, grant_package
from exam_packages.packaging import PackagingError, Sitting
from exam_packages.rehearsal import (
    REHEARSAL_DAYS,
    RehearsalError,
    rehearsals,
    rehearse,
    require,
)
from exam_packages.releasing import order_release, release_code
from exam_packages.samples import FOOD_SAFETY
from exam_packages.sealing.custody import CustodyError, seal_custody
from exam_packages.sealing.keys import KeyFileError, read_sealing_key, write_sealing_key
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, RELEASE, SCORING, Opening, TrustError
from exam_packages.sealing.trust_root import OPENING_ROLES
from provisioning import succession
from provisioning.authority import enrol, found_body
from provisioning.cli import body as body_cli
from provisioning.homes import new_hall, new_station

DAY_S = 86_400
SLOT = "2026-11-23/A"


@dataclass(frozen=True)
class At:
    """The machine's clocks, some seconds later."""

    seconds: int = 0

    def boot(self) -> bytes:
        return SystemClock().boot()

    def boottime_ns(self) -> int:
        return SystemClock().boottime_ns() + self.seconds * SECOND

    def wall_ns(self) -> int:
        return SystemClock().wall_ns() + self.seconds * SECOND

    @property
    def now_s(self) -> int:
        return self.wall_ns() // SECOND


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A body with a sealed form, a station and a hall, where nothing was rehearsed."""
    directory = tmp_path_factory.mktemp("founded")
    body = Body(directory / "body")
    found_body(body.directory, "Board", At())
    form = packaging.import_exam(body, FOOD_SAFETY, b"seed").paper.form
    now_s = At().now_s
    sitting = Sitting(now_s - 60, now_s + 90 * DAY_S, now_s - 60, now_s + 90 * DAY_S)
    packaging.seal_form(body, form, directory / "exam.package", sitting)
    enrol(body, new_station(directory / "s1", "s1", "C1", "https://127.0.0.1:1"), At())
    enrol(body, new_hall(directory / "hall", "hall", "C1", "127.0.0.1", ""), At())
    return directory


@pytest.fixture
def body(founded: Path, tmp_path: Path) -> Body:
    shutil.copytree(founded, tmp_path / "site")
    return Body(tmp_path / "site" / "body")


def grant(body: Body, clock: At) -> Granted:
    site = body.directory.parent
    codes = [site / "codes"]
    return grant_package(body, site / "exam.package", "C1", SLOT, clock, code_files=codes)


def appoint(body: Body, media: Path) -> list[SealingKey]:
    """Three custodians, and their keys."""
    phrase = Passphrase("words of a custodian")
    for name in ("Ann", "Ben", "Cem"):
        custody.add_custodian(body, name, media / name, phrase)
    return [read_sealing_key(media / name, lambda _: [phrase]) for name in ("Ann", "Ben", "Cem")]


def test_no_code_is_made_before_a_rehearsal(body: Body) -> None:
    with pytest.raises(RehearsalError, match="body rehearse"):
        grant(body, At())
    assert not (body.directory.parent / "codes").exists()
    assert not (body.register / "grants").exists()
    found = rehearse(body, At())
    assert [each.role for each in found.opened] == list(OPENING_ROLES)
    assert rehearsals(body) == (found,)
    grant(body, At())
    assert (body.directory.parent / "codes").exists()


def test_no_release_is_signed_after_the_rehearsal_has_aged(body: Body) -> None:
    rehearse(body, At())
    granted = grant(body, At())
    (hall,) = (path.read_bytes() for path in body.enrolments.glob("*hall*"))
    codes = [body.directory.parent / "codes"]
    order = order_release(body, granted.data, [hall], At(29 * DAY_S))
    code, officers = codes[0].read_text(), body.signing_keys(RELEASE)[:1]
    release_code(order, body.trust(), code, officers, At(29 * DAY_S))
    later = At(31 * DAY_S)
    with pytest.raises(RehearsalError):
        order_release(body, granted.data, [hall], later)
    with pytest.raises(PackagingError, match="rehearses again"):  # nor by an order of before
        release_code(order, body.trust(), code, officers, later)
    rehearse(body, later)
    order = order_release(body, granted.data, [hall], later)
    assert release_code(order, body.trust(), code, officers, later)


@pytest.mark.parametrize(
    ("age_s", "counts"),
    [
        (0, True),
        (REHEARSAL_DAYS * DAY_S - 60, True),
        (REHEARSAL_DAYS * DAY_S + 60, False),
        (-3000, True),
        (-2 * DAY_S, False),
    ],
)
def test_how_long_a_rehearsal_counts(body: Body, age_s: int, counts: bool) -> None:
    rehearse(body, At())
    if counts:
        require(body, At().now_s + age_s)
    else:
        with pytest.raises(RehearsalError):
            require(body, At().now_s + age_s)


def test_a_lost_key_is_found_before_the_sitting(body: Body) -> None:
    body.opening_path(INTEGRITY).unlink()
    with pytest.raises(KeyFileError, match="integrity"):
        rehearse(body, At())
    write_sealing_key(body.opening_path(INTEGRITY), SealingKey.generate())
    with pytest.raises(RehearsalError, match="“integrity” does not open"):
        rehearse(body, At())
    assert rehearsals(body) == ()


def test_keys_on_media_are_opened_with_where_they_are(body: Body, tmp_path: Path) -> None:
    for role in (SCORING, REGISTRAR):
        body.opening_path(role).replace(tmp_path / role)
    media = [read_sealing_key(tmp_path / role) for role in (REGISTRAR, SCORING)]
    rehearse(body, At(), media=media)
    require(body, At().now_s)
    with pytest.raises(RehearsalError, match="no opening key of “Board”"):
        rehearse(body, At(), media=[*media, SealingKey.generate()])


def test_recovered_keys_are_rehearsed_too(body: Body, tmp_path: Path) -> None:
    keys = []
    for name in ("Ann", "Ben", "Cem"):
        custody.add_custodian(body, name, tmp_path / name, Passphrase("words of a custodian"))
        keys.append(
            read_sealing_key(tmp_path / name, lambda _: [Passphrase("words of a custodian")])
        )
    custody.keep_openings(body)
    back = [
        custody.recover_opening(body, SCORING, keys[:2]),
        custody.recover_opening(body, INTEGRITY, keys[1:]),
    ]
    found = rehearse(body, At(), recovered=back)
    told = [(each.role, each.recovered) for each in found.opened[3:]]
    assert told == [(SCORING, True), (INTEGRITY, True)]
    stray = SealingKey.generate()
    with pytest.raises(RehearsalError, match=stray.key_id.hex()):
        rehearse(body, At(), recovered=[stray])


def test_codes_of_a_grant_come_back_by_two_custodians_and_release_it(
    body: Body, tmp_path: Path
) -> None:
    keys = appoint(body, tmp_path)
    rehearse(body, At())
    granted = grant(body, At())
    (kept,) = granted.kept
    lost = body.directory.parent / "codes"
    written = lost.read_text()
    lost.write_text(f"{custody.recover_code(body, kept.stem, keys[1:])}\n")
    assert lost.read_text() == written
    (hall,) = (path.read_bytes() for path in body.enrolments.glob("*hall*"))
    order = order_release(body, granted.data, [hall], At())
    officers = body.signing_keys(RELEASE)[:1]
    assert release_code(order, body.trust(), lost.read_text(), officers, At())
    again = grant(body, At())
    assert not kept.exists()
    assert again.kept[0].exists()


def test_too_few_custodians_stop_a_grant_whole(body: Body, tmp_path: Path) -> None:
    custody.add_custodian(body, "Ann", tmp_path / "Ann", Passphrase("words of a custodian"))
    rehearse(body, At())
    with pytest.raises(CustodyError, match="exactly 3"):
        grant(body, At())
    assert not (body.register / "grants").exists()
    assert not (body.directory.parent / "codes").exists()


def test_custodians_of_earlier_root_holders_are_appointed_again(body: Body, tmp_path: Path) -> None:
    keys = appoint(body, tmp_path)
    custody.keep_openings(body)
    succession.rotate(body, At(), replace=["root-1"])
    assert len(custody.custodians(body)) == 3
    succession.rotate(body, At(), replace=["root-2"])
    with pytest.raises(CustodyError, match="appoint the custodian again"):
        custody.custodians(body)
    # What they keep comes back all the same: the root of trust proves it.
    assert custody.recover_opening(body, SCORING, keys).public == body.trust().opening(SCORING)


def test_a_key_that_is_not_the_bodys_is_never_recovered(body: Body, tmp_path: Path) -> None:
    """Anybody can seal anything to the custodians: what comes out is compared."""
    keys, stranger = appoint(body, tmp_path), SigningKey.generate(pair=True)
    custody.keep_openings(body)
    data = seal_custody(SCORING, bytes(32), bytes(32), custody.custodians(body), [stranger])
    (body.custody / "scoring.custody").write_bytes(data)
    with pytest.raises(CustodyError, match="not the one that the root of trust names"):
        custody.recover_opening(body, SCORING, keys)
    code = seal_custody("a-code-1", bytes(32), b"0123", custody.custodians(body), [stranger])
    (body.custody / "a-code-1.custody").write_bytes(code)
    with pytest.raises(TrustError):
        custody.recover_code(body, "a-code-1", keys)


def _another_packager(body: Body) -> None:
    succession.rotate(body, At(), replace=["packager"])


def _damaged(body: Body) -> None:
    (path,) = body.rehearsals.iterdir()
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)


def _deleted(body: Body) -> None:
    shutil.rmtree(body.rehearsals)


@pytest.mark.parametrize("change", [_another_packager, _damaged, _deleted])
def test_what_is_not_signed_by_the_packager_does_not_count(
    body: Body, change: Callable[[Body], None]
) -> None:
    rehearse(body, At())
    change(body)
    with pytest.raises(RehearsalError):
        require(body, At().now_s)


def test_another_opening_key_needs_another_rehearsal(
    body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root of trust names a new scoring key: what the old one opened says nothing."""
    import msgspec

    rehearse(body, At())
    before, new = body.trust(), SealingKey.generate()
    openings = tuple(
        Opening(SCORING, new.public.raw) if each.role == SCORING else each
        for each in before.root.openings
    )
    root = msgspec.structs.replace(before.root, openings=openings, version=2)
    succession.install(body, succession.signed(body, root))
    with pytest.raises(RehearsalError):
        require(body, At().now_s)


def test_the_command_says_what_opened(body: Body) -> None:
    result = CliRunner().invoke(body_cli, ["rehearse", str(body.directory)])
    assert result.exit_code == 0, result.exception
    for role in OPENING_ROLES:
        assert f"opened by {role}, {body.opening_key(role).key_id.hex()}" in result.output
    require(body, At().now_s)
