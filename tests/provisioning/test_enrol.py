"""Founding a body, enrolling machines: what is made, and every way an answer is wrong."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_packages.body import Body, BodyError
from exam_packages.clock import SECOND, SystemClock
from exam_packages.errors import ExamError
from exam_packages.sealing.suite import SealingKey, SigningKey
from exam_packages.sealing.trust import HALL, STATION, TrustError
from provisioning.authority import ENROLMENT_DAYS, enrol, found_body
from provisioning.enrol import (
    EnrolError,
    Request,
    read_answer,
    read_request,
    sign_answer,
    sign_request,
)
from provisioning.homes import install, new_hall, new_station
from provisioning.station_home import StationHome
from sync.certificates import new_key, new_request
from sync.machine import HallMachine, MachineError

if TYPE_CHECKING:
    from conftest import Place

CLOCK = SystemClock()


def _request(**changes: object) -> tuple[Request, SigningKey]:
    key = SigningKey.generate(pair=False)
    fields: dict[str, object] = {
        "machine": "s9",
        "kind": STATION,
        "centre": "C1",
        "ed25519": key.public.ed25519,
        "sealing": SealingKey.generate().public.raw,
        "certificate_request": b"",
        "protection": 0,
    }
    return Request(**(fields | changes)), key  # type: ignore[arg-type]  # fields are as named


def test_a_body_has_every_role_and_two_of_three_for_the_root(place: Place) -> None:
    root = place.body.trust().root
    assert root.body == "Board of Examiners"
    assert {role.role: (role.threshold, len(role.key_ids)) for role in root.roles} == {
        "root": (2, 3),
        "packager": (1, 1),
        "release": (1, 2),
        "enrolment": (1, 1),
        "intake": (1, 1),
        "checkpoint": (1, 1),
    }
    assert {opening.role for opening in root.openings} == {"scoring", "integrity", "registrar"}
    for opening in root.openings:
        assert place.body.opening_key(opening.role).public.raw == opening.public


def test_a_body_is_never_founded_over_another(place: Place) -> None:
    before = place.body.root_bytes()
    with pytest.raises(BodyError, match="already"):
        found_body(place.body.directory, "Someone else", CLOCK)
    assert place.body.root_bytes() == before


def test_secrets_are_for_their_owner_alone(place: Place) -> None:
    station = place.station("private")
    secrets = [*place.body.keys.iterdir(), place.body.tls_ca_key]
    secrets += (station.directory / "keys").iterdir()
    assert len(secrets) == 19
    for path in secrets:
        assert path.stat().st_mode & 0o077 == 0, path
    assert station.directory.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", [STATION, HALL])
def test_a_machine_is_enrolled_with_its_own_keys(place: Place, kind: int) -> None:
    machine = place.station("e1") if kind == STATION else place.hall("e2")
    record = machine.enrolment(now_s=CLOCK.wall_ns() // SECOND)
    assert (record.machine, record.centre, record.kind) == (machine.id, "C1", kind)
    assert record.verify_key == machine.signing_key().public
    assert record.sealing_public == machine.sealing_key().public
    assert machine.trust().digest == place.digest


def test_an_enrolment_ends(place: Place) -> None:
    station = place.station("ends")
    late = CLOCK.wall_ns() // SECOND + (ENROLMENT_DAYS + 1) * 86_400
    with pytest.raises(TrustError, match="expired"):
        station.enrolment(now_s=late)


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> bytes:
    """What the client reads from the server after a handshake both accepted."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        try:
            with listener, server.wrap_socket(listener.accept()[0], server_side=True) as peer:
                peer.sendall(b"hello")
        except OSError:
            pass  # the client's side of the test says what went wrong

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with (
            socket.create_connection(listener.getsockname(), timeout=5) as plain,
            client.wrap_socket(plain, server_hostname=host) as peer,
        ):
            return peer.recv(5)
    finally:
        thread.join()


def test_machines_of_one_body_meet_over_tls(place: Place) -> None:
    station, hall = place.station("tls"), place.hall("tls-hall")
    assert _handshake(hall.server_tls(), station.client_tls(), "127.0.0.1") == b"hello"


def test_tls_refuses_strangers(place: Place, tmp_path: Path) -> None:
    hall = place.hall("strict")
    other = type(place)(
        Body(tmp_path / "b"), found_body(tmp_path / "b", "Other", CLOCK).digest, tmp_path
    )
    stranger = other.station()
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(hall.server_tls(), stranger.client_tls(), "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(hall.server_tls(), place.station("lost").client_tls(), "localhost")
    without = ssl.create_default_context(cafile=str(hall.tls_ca))
    with pytest.raises(OSError, match=r"(?i)certificate|reset"):
        _handshake(hall.server_tls(), without, "127.0.0.1")


def test_the_root_must_be_the_pinned_one(place: Place) -> None:
    home = place.directory / "pinned"
    request = new_station(home, "pinned", "C1", "https://127.0.0.1:1")
    answer = enrol(place.body, request, CLOCK)[1]
    station = StationHome.load(home)
    with pytest.raises(TrustError, match="telephone"):
        install(station, answer, CLOCK, pinned=bytes(32))
    with pytest.raises(MachineError, match="not enrolled"):
        station.trust()


def _swapped_machine(place: Place) -> tuple[StationHome, bytes]:
    home = place.directory / "swap-a"
    new_station(home, "swap-a", "C1", "https://127.0.0.1:1")
    other = new_station(place.directory / "swap-b", "swap-a", "C1", "https://127.0.0.1:1")
    return StationHome.load(home), enrol(place.body, other, CLOCK)[1]


def _moved_centre(place: Place) -> tuple[StationHome, bytes]:
    home = place.directory / "moved"
    request = new_station(home, "moved", "C1", "https://127.0.0.1:1")
    path = home / "station.toml"
    path.write_text(path.read_text().replace('"C1"', '"C2"'))
    return StationHome.load(home), enrol(place.body, request, CLOCK)[1]


def _forged_record(place: Place) -> tuple[StationHome, bytes]:
    """An answer whose record is signed by another role than enrolment."""
    home = place.directory / "forged"
    request = new_station(home, "forged", "C1", "https://127.0.0.1:1")
    answer, _ = read_answer(enrol(place.body, request, CLOCK)[1], pinned=place.digest)
    return StationHome.load(home), sign_answer(answer, place.body.signing_key("packager"))


@pytest.mark.parametrize("make", [_swapped_machine, _moved_centre, _forged_record])
def test_an_answer_for_another_machine_changes_nothing(
    place: Place, make: Callable[[Place], tuple[StationHome, bytes]]
) -> None:
    station, answer = make(place)
    with pytest.raises(ExamError):
        install(station, answer, CLOCK, pinned=place.digest)
    assert not station.enrolment_path.exists()
    assert not station.trust_directory.exists()


def test_a_hall_is_no_station(place: Place) -> None:
    hall = place.hall("not-a-station")
    with pytest.raises(MachineError, match="no station"):
        StationHome.load(hall.directory)


def test_a_request_proves_its_key() -> None:
    request, _ = _request()
    with pytest.raises(ExamError):
        read_request(sign_request(request, SigningKey.generate(pair=False)))


def test_a_request_with_a_bad_sealing_key_is_refused() -> None:
    request, key = _request(sealing=b"short")
    with pytest.raises(EnrolError, match="not valid"):
        read_request(sign_request(request, key))


def test_a_request_must_hold_its_tls_key(place: Place) -> None:
    der = bytearray(new_request(new_key(), "s9", ()).public_bytes(_der()))
    der[-1] ^= 1
    request, key = _request(certificate_request=bytes(der))
    with pytest.raises(ExamError, match="certificate request"):
        enrol(place.body, sign_request(request, key), CLOCK)


def _der() -> object:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_every_changed_byte_of_a_request_is_refused(at: int, flip: int) -> None:
    data = bytearray(_SIGNED)
    data[at % len(data)] ^= flip
    with pytest.raises(ExamError):
        read_request(bytes(data))


_SIGNED = sign_request(*_request())


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65, "\x1b[2J", "a\u202eb"])
def test_names_of_machines_are_harmless(tmp_path: Path, name: str) -> None:
    with pytest.raises(MachineError, match="printable"):
        new_hall(tmp_path / "h", name, "C1", "127.0.0.1", "")
    assert not (tmp_path / "h").exists()


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=64).filter(str.isprintable))
def test_any_printable_name_survives_settings_and_file_names(name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory) / "home"
        data = new_station(home, name, "Zürich “Süd”", "https://127.0.0.1:1")
        assert StationHome.load(home).id == name
        request = read_request(data)
        assert request.machine == name
        assert Path(request.file_name).name == request.file_name
        assert not request.file_name.startswith(".")


def test_keys_are_never_replaced(place: Place) -> None:
    station = place.station("again")
    before = station.signing_path.read_bytes()
    with pytest.raises(MachineError, match="already"):
        new_station(station.directory, "again", "C1", "https://127.0.0.1:1")
    assert station.signing_path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id = 3\ncentre = 'C1'", "“id”"),
        ("id = 's'", "“centre”"),
        ("id = ", "not valid TOML"),
        ("\xff", "not valid TOML"),
        ("#" * 70_000, "longer than"),
    ],
)
def test_bad_settings_are_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "station.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(MachineError, match=words) as caught:
        StationHome.load(tmp_path)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_a_missing_home_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="`exam-kiosk hall init`"):
        HallMachine.load(tmp_path / "nowhere")
