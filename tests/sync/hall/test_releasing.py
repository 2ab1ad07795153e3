"""Releasing: two people for two codes, the body's signed release, one way to R."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from exam_packages.clock import SECOND
from exam_packages.sealing.grant import read_grant
from exam_packages.sealing.keys import read_signing_key
from exam_packages.sealing.release import (
    SealedCode,
    join_release,
    new_code,
    read_code,
    seal_code,
)
from exam_packages.sealing.shares import Recipient
from sync.hall.desk import DeskError

from .conftest import CLOCK, SLOT, Hall, Site, Station, run_cli
from .test_console import sign_in

OFFICERS = ("release-1", "release-2")


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


@pytest.fixture
def closed(site: Site, request: pytest.FixtureRequest) -> Iterator[Hall]:
    """A running hall whose sitting is not released yet."""
    running = Hall(site.hall(f"hall-{request.node.name}"[:60]))
    running.start()
    yield running
    running.stop()


def type_code(hall: Hall, name: str, code: str) -> str:
    with hall.desk(name) as desk:
        return desk.act("release", code=code, reason="routine.start")


def released(hall: Hall) -> bool:
    with hall.desk() as desk:
        found: bool = desk.board()["released"]
        return found


def make(site: Site, hall: Hall, officers: Sequence[str] = OFFICERS, **changes: Any) -> bytes:
    """The body's release for *hall*: one code from each of *officers*."""
    enrolment = hall.home.enrolment()
    halls = changes.pop("halls", [Recipient(enrolment.key_id, enrolment.sealing_public)])
    fields: dict[str, Any] = {
        "package_hash": site.package_hash,
        "slot": SLOT,
        "release_id": site.release_id,
        "codes": len(officers),
        "not_before_s": now_s() - 60,
        "expires_s": now_s() + 7 * 86_400,
        "time_s": now_s(),
        "shares": (),
    }
    parts = [
        seal_code(
            SealedCode(**{**fields, "number": number, **changes}),
            read_code(code, site.package_hash, SLOT, number),
            halls,
            [read_signing_key(site.body.keys / f"{officer}.key")],
        )
        for number, (officer, code) in enumerate(zip(officers, site.codes, strict=False), 1)
    ]
    return join_release(*parts)


def take(hall: Hall, data: bytes, name: str = "chief") -> str:
    with hall.desk(name) as desk:
        return desk.upload("release-file", "release", data, reason="routine.start")


def opens(site: Site, station: Station) -> bool:
    """Whether a station gets a secret with which its grant opens."""
    (release,) = station.tick().releases
    home = site.station("s1")
    grant = read_grant(site.grant.read_bytes(), home.trust(), now_s=None)
    return len(grant.open(home.sealing_key(), release.secret)) == 32


# --- Typed codes -----------------------------------------------------------------


def test_two_people_type_one_code_each_in_any_order(
    closed: Hall, site: Site, station: Callable[..., Station]
) -> None:
    vacant = station("s1", at=closed)
    first, second = site.codes
    typed = second.lower().replace("-", " ")
    assert "Code 2 is in" in type_code(closed, "invigilator", typed)
    assert vacant.tick().releases == ()
    with pytest.raises(DeskError, match="another person"):
        type_code(closed, "invigilator", first)
    assert not released(closed)
    assert "is released" in type_code(closed, "chief", first)
    assert released(closed)
    assert opens(site, vacant)


def test_one_of_the_two_is_the_chief(closed: Hall, site: Site) -> None:
    password = closed.home.directory / "password"
    for name in ("second", "SECOND"):
        run_cli(
            "operator", closed.home.directory, name, "--role", "invigilator",
            "--password-file", password,
        )  # fmt: skip
    first, second = site.codes
    type_code(closed, "second", first)
    with pytest.raises(DeskError, match="another person"):  # a name in capitals is no second one
        type_code(closed, "SECOND", second)
    with pytest.raises(DeskError, match="must be the chief"):
        type_code(closed, "invigilator", second)
    with pytest.raises(DeskError, match="Only the chief"):
        type_code(closed, "observer", second)
    assert not released(closed)
    type_code(closed, "chief", second)
    assert released(closed)


def test_a_code_is_checked_when_it_is_typed(closed: Hall, site: Site) -> None:
    first, second = site.codes
    spoilt = second.replace(second[5], "Z" if second[5] != "Z" else "Y", 1)
    type_code(closed, "invigilator", first)
    for wrong in (spoilt, new_code(bytes(32), SLOT, 2), new_code(site.package_hash, "x", 2), ""):
        with pytest.raises(DeskError, match=r"code"):
            type_code(closed, "chief", wrong)
    assert not released(closed)
    type_code(closed, "chief", second)
    assert released(closed)


def test_a_typed_code_is_not_on_disk_and_is_typed_again_after_a_restart(
    closed: Hall, site: Site
) -> None:
    first, second = site.codes
    type_code(closed, "invigilator", first)
    bits = read_code(first, site.package_hash, SLOT, 1)
    for path in closed.home.directory.glob("hall.sqlite*"):
        assert bits[:12] not in path.read_bytes()
    closed.stop()
    closed.start()
    assert "Code 2 is in" in type_code(closed, "chief", second)
    assert not released(closed)
    type_code(closed, "invigilator", first)
    assert released(closed)


# --- The body's release ----------------------------------------------------------


def test_the_bodys_release_opens_as_codes_do(
    closed: Hall, site: Site, station: Callable[..., Station], tmp_path: Path
) -> None:
    vacant = station("s1", at=closed)
    path = tmp_path / "sitting.release"
    path.write_bytes(make(site, closed))
    said = run_cli(
        "act", closed.home.directory, "--operator", "chief", "--password-file",
        closed.home.directory / "password", "--port", closed.ports["console"],
        "release", "--file", path,
    )  # fmt: skip
    assert "is released" in said
    assert opens(site, vacant)


def test_a_release_that_is_not_for_here_and_now_is_refused(closed: Hall, site: Site) -> None:
    machine = site.station("s1").enrolment()
    other = [Recipient(machine.key_id, machine.sealing_public)]
    whole = make(site, closed)
    refusals: list[tuple[str, bytes]] = [
        ("1 of the 2 release officers", make(site, closed, [OFFICERS[0]] * 2)),
        ("0 of the 1 signatures", make(site, closed, [OFFICERS[0], "packager"])),
        ("holds no code 2", whole[: len(whole) // 2]),
        ("not valid yet", make(site, closed, not_before_s=now_s() + 86_400)),
        ("expired", make(site, closed, expires_s=now_s() - 1)),
        ("another exam or sitting", make(site, closed, slot="2026-11-24/A")),
        ("another exam or sitting", make(site, closed, package_hash=bytes(32))),
        ("another issue", make(site, closed, release_id=bytes(16))),
        ("not for this hall", make(site, closed, halls=other)),
        ("holds 1", make(site, closed, OFFICERS[:1])),
        ("not the file", b"no release"),
        ("damaged", make(site, closed)[:-1]),
        ("not the file", b""),
    ]  # fmt: skip
    for words, data in refusals:
        with pytest.raises(DeskError, match=words):
            take(closed, data)
    with pytest.raises(DeskError, match="Only the chief"):
        take(closed, make(site, closed), "invigilator")
    assert not released(closed)
    take(closed, make(site, closed))
    assert released(closed)


# --- The page --------------------------------------------------------------------


def browser(hall: Hall) -> httpx.Client:
    tls = ssl.create_default_context(cafile=str(hall.home.tls_ca))
    return httpx.Client(base_url=hall.console_url, verify=tls, trust_env=False)


def test_the_page_takes_a_file_as_browsers_send_it(closed: Hall, site: Site) -> None:
    form = {"reason": "routine.start", "comment": "by courier"}
    files = {"release": ("übung.release", make(site, closed), "application/octet-stream")}
    with browser(closed) as http:
        headers = {"Origin": closed.console_url, "X-CSRF-Token": sign_in(http, closed)}
        page = http.get("/release").text
        assert 'type="file"' in page and "two people type one each" in page
        type_code(closed, "invigilator", site.codes[0])
        assert "typed by invigilator" in http.get("/release").text
        stranger = {**headers, "X-CSRF-Token": "x"}
        refused = http.post("/act/release-file", data=form, files=files, headers=stranger)
        assert refused.status_code == 403
        assert not released(closed)
        headers["HX-Request"] = "true"
        done = http.post("/act/release-file", data=form, files=files, headers=headers)
        assert (done.status_code, "is released" in done.text) == (200, True)
        assert "by courier" in http.get("/log").text


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"release=x", 400),
        ("multipart/form-data", b"--x\r\n", 400),
        ("multipart/form-data; boundary=x", b"not a form", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n", 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="release"\r\n\r\ntext\r\n--x--\r\n',
            400,
        ),
        ("multipart/form-data; boundary=x", b"--x" + b"y" * 400_000, 413),
        ("multipart/form-data; boundary=" + "b" * 300, b"--x\r\n", 400),
    ],
)
def test_a_hostile_upload_is_one_sentence(hall: Hall, kind: str, body: bytes, status: int) -> None:
    with browser(hall) as http:
        headers = {
            "Origin": hall.console_url,
            "X-CSRF-Token": sign_in(http, hall),
            "Content-Type": kind,
            "Accept": "application/json",
        }
        answer = http.post("/act/release-file", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"].endswith(".")
