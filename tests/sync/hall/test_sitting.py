"""One sitting through the real listener: from the greeting to the countersignature."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from exam_packages import canon
from exam_packages.attempt.commands import AddTime, Admit, Pause, Say
from exam_packages.attempt.events import RESTART, Beat
from exam_packages.body import Body
from exam_packages.clock import SystemClock
from exam_packages.sealing.bundle import read_countersignature
from exam_packages.sealing.journal import (
    blob_digest,
    epoch_header,
    next_context,
    read_acknowledgement,
    read_frames,
    read_half,
    restore,
    sign_permit,
)
from exam_packages.sealing.suite import SealingKey
from provisioning.authority import enrol, found_body
from provisioning.homes import install, new_station
from provisioning.station_home import StationHome
from sync.link import HolderRefused, Unreachable
from sync.messages import Greeting, Refusal, Status, Tick

Make = Callable[..., Any]


def test_an_exam_goes_from_sign_in_to_the_countersignature(
    hall: Any, station: Make, site: Any
) -> None:
    seat = station()
    assert seat.welcome.exam == "Food safety"
    assert seat.welcome.package_hash == site.package_hash
    seat.begin("CODE-0001")
    assert seat.seat.name == "Candidate 1"
    seat.tick()
    assert seat.outbox.complete
    with hall.desk("invigilator") as desk:
        assert "c-1" in desk.act("admit", candidate="c-1", reason="routine.identity")
        assert "Nobody" in desk.act("admit", all="1", reason="routine.identity")
    (admitted,) = seat.tick().commands
    assert admitted[0].order == Admit(0)
    assert admitted[0].operator == "invigilator"
    assert seat.tick().commands == ()  # journaled: not sent again
    with hall.desk() as desk:
        desk.act("add-time", candidate="c-1", minutes="5", reason="candidate.break")
        desk.act("pause", candidate="c-1", reason="hall.noise")
        desk.act("say", candidate="c-1", text="Please  wait.", reason="hall.noise")
        (row,) = [row for row in desk.board()["rows"] if row["candidate"] == "c-1"]
        assert row["orders"] == 3
    again = [seat.tick(obey=False).commands for _ in range(2)]
    assert again[0] == again[1]  # resent until journaled
    orders = [command.order for command, _ in seat.tick().commands]
    assert orders == [AddTime(300), Pause(), Say("Please wait.")]
    seat.add(Beat(), Beat())
    manifest = seat.manifest()
    with pytest.raises(HolderRefused, match="not where the hall's own copy"):
        seat.client.hand_in(manifest)
    seat.tick(phase="closed")
    countersigned = seat.client.hand_in(manifest)
    word = read_countersignature(countersigned, manifest, [hall.home.enrolment().verify_key])
    assert word.head == seat.writer.head
    assert seat.client.hand_in(manifest) == countersigned
    with pytest.raises(HolderRefused, match="with another record"):
        seat.client.hand_in(seat.manifest(finished_s=1))
    with pytest.raises(HolderRefused, match="has been handed in"):
        seat.client.sign_in("code-0001")
    with hall.desk("observer") as desk:
        (row,) = [row for row in desk.board()["rows"] if row["candidate"] == "c-1"]
        assert (row["state"], row["handed_in"], row["concern"]) == (
            "Handed in",
            True,
            "done",
        )


def test_the_acknowledgement_is_signed_for_the_held_head(hall: Any, station: Make) -> None:
    seat = station().begin("code-0003")
    seat.add(Beat())
    answer = seat.tick()
    held = read_acknowledgement(answer.acknowledgement_bytes, hall.home.enrolment().verify_key)
    assert (held.sequence, held.head) == (seat.writer.synced, seat.writer.head)
    assert held.holder_epoch == seat.welcome.holder_epoch == 1


def test_extra_time_of_the_roster_comes_with_admission(hall: Any, station: Make) -> None:
    seat = station().begin("code-0002")
    seat.tick()
    with hall.desk() as desk:
        desk.act("admit", candidate="c-2", reason="routine.identity")
    ((command, _),) = seat.tick().commands
    assert command.order == Admit(600)


# --- Who is let in -----------------------------------------------------------------


def test_without_a_certificate_nobody_gets_in(hall: Any) -> None:
    tls = ssl.create_default_context(cafile=str(hall.home.tls_ca))
    with (
        httpx.Client(base_url=hall.station_url, verify=tls, trust_env=False) as http,
        pytest.raises(httpx.HTTPError),
    ):
        http.post("/v1/greet", content=b"")


def test_a_certificate_of_another_body_is_not_taken(hall: Any, tmp_path: Path) -> None:
    clock = SystemClock()
    digest = found_body(tmp_path / "other", "Another body", clock).digest
    request = new_station(tmp_path / "s", "s", "C1", "https://127.0.0.1:1", camera="none")
    stranger = StationHome.load(tmp_path / "s")
    install(stranger, enrol(Body(tmp_path / "other"), request, clock)[1], clock, pinned=digest)
    tls = ssl.create_default_context(cafile=str(hall.home.tls_ca))
    tls.load_cert_chain(stranger.tls_cert, stranger.tls_key)
    with (
        httpx.Client(base_url=hall.station_url, verify=tls, trust_env=False) as http,
        pytest.raises(httpx.HTTPError),
    ):
        http.post("/v1/greet", content=canon.pack(Greeting(stranger.enrolment_bytes, b"")))


def test_a_station_of_another_centre_is_refused_by_name(hall: Any, site: Any) -> None:
    away = site.station("s9", centre="C2")
    with pytest.raises(HolderRefused, match="centre “C2”") as refused:
        _greet(hall, away.client_tls(), away.enrolment_bytes)
    assert refused.value.status == 403


def test_an_enrolment_is_worth_nothing_to_another_machine(hall: Any, site: Any) -> None:
    with pytest.raises(HolderRefused, match="another machine"):
        _greet(hall, site.station("s2").client_tls(), site.station("s1").enrolment_bytes)


def test_a_hall_cannot_pass_for_a_station(hall: Any) -> None:
    with pytest.raises(HolderRefused, match="not that of a station"):
        _greet(hall, hall.home.client_tls(), hall.home.enrolment_bytes)


def test_a_greeting_that_is_refused_leaves_no_key_behind(hall: Any, site: Any) -> None:
    own = type(hall)(site.hall("hall-garbled", 1))
    own.start()
    try:
        home = site.station("s1")
        tls = home.client_tls()
        with httpx.Client(base_url=own.station_url, verify=tls, trust_env=False) as http:
            greeting = canon.pack(Greeting(home.enrolment_bytes, b"no restore key"))
            assert http.post("/v1/greet", content=greeting).status_code == 409
        assert not list((own.home.directory / "keys").glob("restore-*"))
    finally:
        own.stop()


def test_a_station_that_has_not_greeted_is_told_to(hall: Any, site: Any) -> None:
    home = site.station("s8")
    with httpx.Client(base_url=hall.station_url, verify=home.client_tls(), trust_env=False) as http:
        response = http.post("/v1/sign-in", content=b"\x91\xa1x")
    assert response.status_code == 401
    assert "greet" in canon.unpack(response.content, Refusal).template


def _greet(hall: Any, tls: ssl.SSLContext, enrolment: bytes) -> None:
    with httpx.Client(base_url=hall.station_url, verify=tls, trust_env=False) as http:
        response = http.post("/v1/greet", content=canon.pack(Greeting(enrolment, b"")))
    if response.status_code != 200:
        refusal = canon.unpack(response.content, Refusal)
        problem = HolderRefused(refusal.template, **dict(refusal.fields))
        problem.status = response.status_code
        raise problem


# --- Signing in --------------------------------------------------------------------


def test_a_wrong_code_is_refused_and_guessing_is_limited(hall: Any, station: Make) -> None:
    seat = station("s7")
    seen = []
    for guess in range(12):
        with pytest.raises(HolderRefused) as refused:
            seat.client.sign_in(f"wrong-{guess}")
        seen.append(refused.value.status)
    assert seen == [404] * 10 + [429] * 2
    assert refused.value.retry_s == 60
    assert station("s1").client.sign_in("code-0004").candidate == "c-4"  # others are not held up


def test_a_right_code_does_not_make_room_for_more_guesses(hall: Any, station: Make) -> None:
    seat = station("s9")
    seen = []
    for guess in range(12):
        try:
            seat.client.sign_in("code-0011" if guess % 4 == 3 else f"wrong-{guess}")
        except HolderRefused as refused:
            seen.append(refused.status)
    assert seen == [404] * 9
    for guess in range(2):
        with pytest.raises(HolderRefused) as refused_at_last:
            seat.client.sign_in(f"wrong-again-{guess}")
    assert refused_at_last.value.status == 429


def test_numbers_beyond_any_record_are_not_read(hall: Any, station: Make) -> None:
    seat = station("s1")
    for numbers in ((1, 0, 0, 1 << 63), (1, 1 << 63, 0, 0), (1, 0, 1 << 63, 0), (1 << 63, 0, 0, 0)):
        epoch, sequence, authority, command = numbers
        with pytest.raises(HolderRefused) as refused:
            seat.client.tick(
                Tick(
                    bytes(16), epoch, sequence, b"", (), authority, command,
                    second_status(),
                )
            )  # fmt: skip
        assert refused.value.status == 400, str(refused.value)


def test_a_station_that_never_stops_talking_is_cut_short(hall: Any, station: Make) -> None:
    seat = station("s1").begin("code-0000")
    seat.tick(phase="p" * 50_000, incidents=("x" * 50_000,) * 40)
    with hall.desk() as desk:
        (row,) = [row for row in desk.board()["rows"] if row["candidate"] == "c-0"]
    assert "x" * 300 in row["incidents"]
    assert sum(len(words) for words in row["incidents"]) < 3000


def test_a_candidate_sits_at_one_station(hall: Any, station: Make) -> None:
    first, second = station("s1"), station("s2")
    assert first.client.sign_in("code-0005") == second.client.sign_in("code-0005")
    second.begin("code-0005")
    with pytest.raises(HolderRefused, match="open at the station “s2”"):
        first.client.sign_in("code-0005")
    second.tick()
    with pytest.raises(HolderRefused, match="begun at this station before"):
        second.client.sign_in("code-0005")
    with pytest.raises(HolderRefused) as refused:
        first.client.tick(Tick(second.seat.blind_id, 1, 0, b"", (), 0, 0, second_status()))
    assert refused.value.status == 403


def second_status() -> Any:
    return Status("waiting", 0, 24, -1, False, 0, (), 1000, 0, False, (), 0)


# --- Going on after a restart ------------------------------------------------------


def test_a_restart_goes_on_by_itself_and_brings_the_halves_back(hall: Any, station: Make) -> None:
    seat = station().begin("code-0006")
    seat.add(Beat())
    seat.tick()
    permitted = seat.restart(RESTART)
    ((epoch, half1),) = permitted.halves
    header = epoch_header(read_frames(seat.directory).frames[0])
    half2 = read_half(seat.directory, header)
    assert epoch == 1
    assert restore(header, half1, half2)
    seat.tick()
    assert seat.outbox.complete
    assert len(seat.restart(RESTART).halves) == 2


def test_a_restart_with_a_cut_tail_is_refused(hall: Any, station: Make) -> None:
    seat = station().begin("code-0007")
    seat.add(Beat())
    seat.tick()
    cut = seat.writer.synced_cursor
    seat.add(Beat())
    seat.tick()
    context = _context_after(seat, cut)
    with pytest.raises(HolderRefused, match="differ"):
        seat.client.permit(context, RESTART)


def test_after_another_boot_an_invigilator_must_allow_it(hall: Any, station: Make) -> None:
    seat = station().begin("code-0008")
    seat.tick()
    other_boot = bytes(15) + b"\1"
    context = _context_after(seat, seat.writer.synced_cursor, other_boot)
    with pytest.raises(HolderRefused, match="an invigilator must allow it"):
        seat.client.permit(context, RESTART)
    with hall.desk("invigilator") as desk:
        (row,) = [row for row in desk.board()["rows"] if row["candidate"] == "c-8"]
        assert row["waits_restart"]
        assert row["concern"] == "waits"
        assert "c-8" in desk.act("allow-restart", all="1", reason="technical.power")
    assert seat.client.permit(context, RESTART).halves
    with pytest.raises(HolderRefused):  # allowed once, not for ever
        seat.client.permit(
            _context_after(seat, seat.writer.synced_cursor, bytes(15) + b"\2"), RESTART
        )


def _context_after(seat: Any, cursor: Any, boot: bytes | None = None) -> Any:
    return next_context(
        cursor, seat.key.key_id, seat.welcome.package_hash, boot or SystemClock().boot()
    )


# --- What comes in is not trusted --------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x91\xa1x", b"\xff" * 100])
@pytest.mark.parametrize("path", ["greet", "sign-in", "permit", "tick", "hand-in"])
def test_nonsense_is_refused_with_a_sentence(
    hall: Any, station: Make, path: str, body: bytes
) -> None:
    seat = station()
    with httpx.Client(
        base_url=hall.station_url, verify=seat.home.client_tls(), trust_env=False
    ) as http:
        response = http.post(f"/v1/{path}", content=body)
    assert response.status_code in (400, 404, 409)
    assert canon.unpack(response.content, Refusal).template


def test_giants_are_refused_before_they_are_read(hall: Any, station: Make) -> None:
    seat = station()
    with httpx.Client(
        base_url=hall.station_url, verify=seat.home.client_tls(), trust_env=False
    ) as http:
        declared = http.post("/v1/sign-in", content=bytes(100_000))
        chunked = http.post("/v1/sign-in", content=iter([bytes(60_000)] * 3))
    assert declared.status_code == chunked.status_code == 413


def test_pictures_are_kept_once_and_only_under_their_digest(hall: Any, station: Make) -> None:
    seat = station().begin("code-0009")
    picture = b"a sealed picture" * 100
    digest = blob_digest(picture)
    blind_id = seat.seat.blind_id
    seat.client.evidence(blind_id, digest, picture)
    seat.client.evidence(blind_id, digest, picture)
    kept = hall.home.evidence / blind_id.hex() / digest.hex()
    assert kept.read_bytes() == picture
    with pytest.raises(HolderRefused, match="digest"):
        seat.client.evidence(blind_id, bytes(32), picture)
    with pytest.raises(HolderRefused) as refused:
        station("s2").client.evidence(blind_id, digest, picture)
    assert refused.value.status == 403


def test_a_forged_permit_opens_nothing(hall: Any, station: Make) -> None:
    """A station that permits itself an epoch is refused, alarmed, and kept as evidence."""
    seat = station().begin("code-0010")
    seat.tick()
    seat.writer.close()
    context = _context_after(seat, seat.writer.synced_cursor)
    seat.open(context, sign_permit(context, 1, 1, seat.key))
    with pytest.raises(HolderRefused, match="not signed by anyone who may give one") as refused:
        seat.tick()
    assert refused.value.status == 422
    with hall.desk("observer") as desk:
        (row,) = [row for row in desk.board()["rows"] if row["candidate"] == "c-10"]
    assert row["concern"] == "alarm"


def test_the_hall_cannot_read_what_it_holds(hall: Any, station: Make) -> None:
    seat = station().begin("code-0011")
    seat.tick()
    header = epoch_header(read_frames(seat.directory).frames[0])
    own: SealingKey = hall.home.sealing_key()
    with pytest.raises(Exception, match="not the one that opens"):
        header.keys(own, [2])


def test_a_hall_that_is_not_there_is_said_to_be_unreachable(
    site: Any, hall: Any, station: Make
) -> None:
    @dataclass
    class Nowhere:
        station_url: str = "https://127.0.0.1:1"

    with pytest.raises(Unreachable):
        station("s1", at=Nowhere())
