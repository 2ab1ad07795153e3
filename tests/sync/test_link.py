"""The station's requests to a hall that may be absent, lying, confused or another's."""

from __future__ import annotations

import http.server
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from centre import CLOCK, Centre

from exam_packages import canon
from exam_packages.attempt import commands as cmd
from exam_packages.attempt.events import START
from exam_packages.clock import SECOND
from exam_packages.sealing.bundle import Manifest, countersign, sign_manifest
from exam_packages.sealing.journal import (
    Acknowledgement,
    Cursor,
    first_context,
    genesis,
    sign_acknowledgement,
    sign_permit,
)
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust_root import MAX_ROOT_SIZE
from sync import messages as wire
from sync.link import HolderClient, HolderRefused, Misbehaved, Unreachable
from sync.machine import MachineHome

BLIND_ID = b"b" * 16
Reply = tuple[int, dict[str, str], bytes]


@cache
def now_s() -> int:
    """Unix seconds when the first test here runs, which may be long after it was read."""
    return CLOCK.wall_ns() // SECOND


class FakeHall:
    """A real HTTPS server with a machine's real certificate, that says what it is told."""

    def __init__(self, machine: MachineHome) -> None:
        self.replies: dict[str, Callable[[bytes], Reply]] = {}
        self.asked: list[tuple[str, str, bytes]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.asked.append((self.command, self.path, body))
                status, headers, answer = outer.replies[self.path](body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_PUT = do_POST

            def log_message(self, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *args: object) -> None:
                pass  # a client that turned away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = machine.server_tls().wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server.server_address[1]}"

    def says(self, route: str, thing: msgspec.Struct, status: int = 200, **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.replies[route] = lambda _: (status, names, canon.pack(thing))

    def says_bytes(self, route: str, data: bytes, status: int = 200) -> None:
        self.replies[route] = lambda _: (status, {}, data)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    return Centre.found(tmp_path_factory.mktemp("centre"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory, centre: Centre) -> Centre:
    """Another centre of the same body."""
    return Centre.found(tmp_path_factory.mktemp("other"), centre="Porto", body=centre.body)


@pytest.fixture
def hall(centre: Centre) -> Iterator[FakeHall]:
    server = FakeHall(centre.hall)
    server.says("/v1/greet", welcome(centre))
    yield server
    server.close()


Connect = Callable[..., HolderClient]


@pytest.fixture
def connect(centre: Centre) -> Iterator[Connect]:
    """Makes the station's client of a URL."""
    made = []
    station = centre.station

    def make(url: str, tls: ssl.SSLContext | None = None) -> HolderClient:
        client = HolderClient(
            url,
            tls or station.client_tls(),
            enrolment=station.enrolment_bytes,
            centre=station.centre,
            trust=station.trust(),
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Connect, hall: FakeHall) -> HolderClient:
    client = connect(hall.url)
    client.greet(now_s=now_s())
    return client


def welcome(of: Centre, machine: MachineHome | None = None) -> wire.Welcome:
    record = (machine or of.hall).enrolment_bytes
    return wire.Welcome(record, "Morning", "Exam", bytes(32), "slot", 1, 1, b"", ())


def tick(frames: tuple[bytes, ...] = ()) -> wire.Tick:
    status = wire.Status("running", 0, 0, -1, False, 0, (), 0, 0, False, (), 0)
    return wire.Tick(BLIND_ID, 1, 1, bytes(32), frames, 1, 0, status)


def tock(
    acknowledgement: bytes = b"", commands: tuple[bytes, ...] = (), need_after: int = -1
) -> wire.Tock:
    return wire.Tock(acknowledgement, commands, (), need_after, b"", (), (), 1)


def acknowledgement(key: SigningKey, blind_id: bytes = BLIND_ID) -> bytes:
    word = Acknowledgement(blind_id, 1, 1, bytes(32), key.key_id, 1, 1)
    return sign_acknowledgement(word, key)


def command(key: SigningKey, number: int, *, epoch: int = 1, blind_id: bytes = BLIND_ID) -> bytes:
    order = cmd.Command(blind_id, epoch, 1, number, "Ana", 1, "r", "", cmd.Pause())
    return cmd.sign_command(order, key)


def test_a_hall_of_our_centre_is_believed(centre: Centre, client: HolderClient) -> None:
    assert client.hall is not None
    assert client.hall.key_id == centre.hall.enrolment().key_id


def test_a_hall_of_another_centre_is_not(
    connect: Connect, centre: Centre, elsewhere: Centre
) -> None:
    server = FakeHall(elsewhere.hall)
    try:
        server.says("/v1/greet", welcome(elsewhere))
        with pytest.raises(Misbehaved, match="not the hall of centre Lisbon"):
            connect(server.url).greet(now_s=now_s())
    finally:
        server.close()


def test_a_station_does_not_pass_for_a_hall(
    connect: Connect, centre: Centre, hall: FakeHall
) -> None:
    hall.says("/v1/greet", welcome(centre, centre.station))
    with pytest.raises(Misbehaved, match="not the hall"):
        connect(hall.url).greet(now_s=now_s())


def test_a_hall_of_another_body_is_not_even_spoken_to(
    connect: Connect, centre: Centre, tmp_path: Path
) -> None:
    stranger = Centre.found(tmp_path)
    server = FakeHall(stranger.hall)
    try:
        with pytest.raises(Unreachable, match="does not answer"):
            connect(server.url).greet(now_s=now_s())
        assert server.asked == []
    finally:
        server.close()


def test_an_expired_enrolment_is_not_believed(
    connect: Connect, centre: Centre, hall: FakeHall
) -> None:
    with pytest.raises(Misbehaved, match="expired"):
        connect(hall.url).greet(now_s=centre.hall.enrolment().expires_s)


def test_nobody_there_is_one_sentence(connect: Connect, centre: Centre) -> None:
    with pytest.raises(Unreachable) as raised:
        connect("https://127.0.0.1:9").greet(now_s=now_s())
    assert (
        str(raised.value) == "The hall at https://127.0.0.1:9 does not answer (Connection refused)."
    )


def test_nothing_is_asked_before_the_greeting(
    connect: Connect, centre: Centre, hall: FakeHall
) -> None:
    with pytest.raises(Unreachable):
        connect(hall.url).tick(tick())


def test_a_tick_brings_what_the_hall_signed(
    centre: Centre, hall: FakeHall, client: HolderClient
) -> None:
    key = centre.hall.signing_key()
    orders = command(key, 2), command(key, 1), command(key, 3, epoch=7)
    hall.says("/v1/tick", tock(acknowledgement(key), orders, need_after=4))
    answer = client.tick(tick())
    assert answer.acknowledgement is not None
    assert answer.acknowledgement.sequence == 1
    assert [order.number for order, _ in answer.commands] == [1, 2]  # this epoch's, in order
    assert answer.need_after == 4


@pytest.mark.parametrize("what", ["acknowledgement", "command", "other attempt"])
def test_what_the_hall_did_not_sign_is_not_believed(
    centre: Centre, hall: FakeHall, client: HolderClient, what: str
) -> None:
    key, thief = centre.hall.signing_key(), SigningKey.generate(pair=False)
    lies = {
        "acknowledgement": tock(acknowledgement(thief)),
        "command": tock(b"", (command(key, 1), command(thief, 2))),
        "other attempt": tock(acknowledgement(key, b"c" * 16)),
    }
    hall.says("/v1/tick", lies[what])
    with pytest.raises(Misbehaved):
        client.tick(tick())


@pytest.mark.parametrize("data", [b"", b"\xc1", b"<html>", canon.encode([1, 2])])
def test_an_answer_in_another_language_is_not_read(
    hall: FakeHall, client: HolderClient, data: bytes
) -> None:
    hall.says_bytes("/v1/tick", data)
    with pytest.raises(Misbehaved, match="cannot be read"):
        client.tick(tick())


def test_an_endless_answer_is_not_taken_in(hall: FakeHall, client: HolderClient) -> None:
    hall.says_bytes("/v1/tick", bytes(wire.MAX_REPLY + 1))
    with pytest.raises(Misbehaved, match="longer than"):
        client.tick(tick())


def test_a_refusal_is_told_in_the_halls_own_words(hall: FakeHall, client: HolderClient) -> None:
    refusal = wire.Refusal("Wait {seconds} seconds.", (("seconds", 7),))
    hall.says("/v1/sign-in", refusal, status=429, retry_after="7")
    with pytest.raises(HolderRefused, match=r"Wait 7 seconds\.") as raised:
        client.sign_in("CODE0001")
    assert (raised.value.status, raised.value.retry_s) == (429, 7)


@pytest.mark.parametrize(
    ("template", "retry"),
    [
        ("{missing}", "x"),
        ("{a.__class__}", "-1"),
        ("{a:>999999999}", "9" * 30),
        ("{", "1e9"),
        ("{a.b}", "9" * 5000),
        ("{a[0]}", "7"),
    ],
)
def test_a_refusal_that_is_a_trap_is_not_sprung(
    hall: FakeHall, client: HolderClient, template: str, retry: str
) -> None:
    refusal = wire.Refusal(template, (("a", "x"), ("a.b", "x"), ("a[0]", "x")))
    hall.says("/v1/sign-in", refusal, status=409, retry_after=retry)
    with pytest.raises(HolderRefused, match="without saying why") as raised:
        client.sign_in("CODE0001")
    assert 0 <= raised.value.retry_s <= 60


def test_a_permit_must_be_for_what_was_asked(
    centre: Centre, hall: FakeHall, client: HolderClient
) -> None:
    station = centre.station.signing_key().key_id
    asked = first_context(BLIND_ID, station, bytes(32), b"1" * 16)
    other = first_context(b"c" * 16, station, bytes(32), b"1" * 16)
    key, thief = centre.hall.signing_key(), SigningKey.generate(pair=False)
    good = sign_permit(asked, 1, now_s(), key)
    hall.says("/v1/permit", wire.Permitted(good, ((1, b"half"),), (), b"", b""))
    assert client.permit(asked, START).permit == good
    for bad in (sign_permit(other, 1, now_s(), key), sign_permit(asked, 1, now_s(), thief), b"x"):
        hall.says("/v1/permit", wire.Permitted(bad, (), (), b"", b""))
        with pytest.raises(Misbehaved):
            client.permit(asked, START)


def test_a_countersignature_must_be_the_halls_and_for_this_manifest(
    centre: Centre, hall: FakeHall, client: HolderClient
) -> None:
    station = centre.station.signing_key()

    def manifest(count: int) -> bytes:
        body = Manifest(
            "Morning", "Lisbon", station.key_id, BLIND_ID, bytes(32), genesis(BLIND_ID), 1, count,
            (), b"", now_s(),
        )  # fmt: skip
        return sign_manifest(body, station)

    def countersigned(count: int, key: SigningKey) -> bytes:
        held = Cursor(BLIND_ID, 1, count, genesis(BLIND_ID))
        return countersign(manifest(count), held, station.public, key, now_s())

    key, thief = centre.hall.signing_key(), SigningKey.generate(pair=False)
    hall.says("/v1/hand-in", wire.Countersigned(countersigned(3, key)))
    assert client.hand_in(manifest(3)) == countersigned(3, key)
    for bad in (countersigned(4, key), countersigned(3, thief), b"x"):
        hall.says("/v1/hand-in", wire.Countersigned(bad))
        with pytest.raises(Misbehaved):
            client.hand_in(manifest(3))


def test_pictures_go_under_their_digest(hall: FakeHall, client: HolderClient) -> None:
    path = f"/v1/evidence/{BLIND_ID.hex()}/{(b'd' * 32).hex()}"
    hall.says_bytes(path, b"", status=204)
    client.evidence(BLIND_ID, b"d" * 32, b"sealed")
    assert hall.asked[-1] == ("PUT", path, b"sealed")


def test_tls_of_stations_is_not_for_everyone(
    connect: Connect, centre: Centre, hall: FakeHall
) -> None:
    bare = ssl.create_default_context(cafile=str(centre.station.tls_ca))
    with pytest.raises(Unreachable):
        connect(hall.url, bare).greet(now_s=now_s())


def test_a_root_is_handed_through_and_one_that_is_too_long_is_not_read(
    client: HolderClient, hall: FakeHall
) -> None:
    hall.says("/v1/root", wire.NextRoot(b"whatever it says"))
    assert client.next_root(1) == b"whatever it says"
    hall.says("/v1/root", wire.NextRoot(bytes(MAX_ROOT_SIZE)))
    assert len(client.next_root(1)) == MAX_ROOT_SIZE
    for huge in (canon.pack(wire.NextRoot(bytes(MAX_ROOT_SIZE + 2048))), bytes(1 << 24)):
        hall.says_bytes("/v1/root", huge)
        with pytest.raises(Misbehaved, match="longer than"):
            client.next_root(1)
    hall.says_bytes("/v1/root", b"nonsense")
    with pytest.raises(Misbehaved, match="cannot be read"):
        client.next_root(1)
