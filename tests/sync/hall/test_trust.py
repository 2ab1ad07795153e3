"""Trust over time at a running hall: revoked machines, and roots that never go back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages.attempt.events import Beat
from exam_packages.clock import SECOND
from exam_packages.sealing.trust import TrustError
from provisioning import succession
from provisioning.cli import hall as hall_cli
from provisioning.homes import follow_trust
from provisioning.station_home import StationHome
from sync.hall.home import HallHome
from sync.link import HolderClient, HolderRefused, LinkError

from .conftest import CLOCK, Hall, Site, Station, found_site


@pytest.fixture
def own(tmp_path: Path) -> Site:
    """A site of its own: its body's root of trust changes here."""
    return found_site(tmp_path)


@pytest.fixture
def running(own: Site) -> Iterator[Hall]:
    hall = Hall(own.hall("hall"))
    hall.start()
    yield hall
    hall.stop()


def follow(hall: Hall, root: Path) -> str:
    result = CliRunner().invoke(hall_cli, ["trust", str(hall.home.directory), str(root)])
    if result.exception is not None:
        raise result.exception
    return result.output


def greet(hall: Hall, station: StationHome) -> None:
    client = HolderClient(
        hall.station_url,
        station.client_tls(),
        enrolment=station.enrolment_bytes,
        centre=station.centre,
        trust=station.trust(),
    )
    try:
        client.greet(now_s=CLOCK.wall_ns() // SECOND)
    finally:
        client.close()


def alarms(hall: Hall) -> str:
    with hall.desk() as desk:
        return " ".join(desk.board()["alarms"])


def test_a_revoked_station_is_shut_out_of_a_running_hall(
    own: Site, running: Hall, tmp_path: Path
) -> None:
    lost = Station(own.station("s2"), running, tmp_path / "lost").begin("code-0001")
    kept = Station(own.station("s1"), running, tmp_path / "kept").begin("code-0002")
    for seat in (lost, kept):
        seat.add(Beat())
        seat.tick()
    succession.revoke(own.body, CLOCK, [lost.home.enrolment_bytes])
    assert "version 2" in follow(running, own.body.root_version_path(2))
    lost.add(Beat())
    with pytest.raises(HolderRefused, match="must greet") as refused:
        lost.tick()
    assert refused.value.status == 401
    with pytest.raises(HolderRefused, match="“s2” of centre “C1” has been revoked"):
        greet(running, lost.home)
    assert "“s2” of centre “C1” has been revoked" in alarms(running)
    kept.add(Beat())
    answer = kept.tick()
    assert answer.acknowledgement is not None
    assert answer.acknowledgement.sequence == kept.writer.synced
    running.kill()
    running.start()  # it still knows the record of a machine it believes no more
    kept.reconnect()
    assert kept.tick().acknowledgement is not None
    with running.desk() as desk:
        rows = {row["candidate"]: row for row in desk.board()["rows"]}
    assert rows["c-1"]["held"] > 0
    for seat in (lost, kept):
        seat.close()


def test_a_station_that_has_the_new_root_refuses_a_revoked_hall(own: Site, running: Hall) -> None:
    succession.revoke(own.body, CLOCK, [running.home.enrolment_bytes])
    station = own.station("s1")
    follow_trust(station, [own.body.root_version_path(2).read_bytes()])
    with pytest.raises(LinkError, match="has been revoked"):
        greet(running, station)


def test_a_revoked_hall_does_not_start_again(own: Site, running: Hall) -> None:
    succession.revoke(own.body, CLOCK, [running.home.enrolment_bytes])
    follow(running, own.body.root_version_path(2))
    running.stop()
    with pytest.raises(TrustError, match="has been revoked"):
        running.home.enrolment()
    with pytest.raises(AssertionError, match="did not start"):
        running.start()


def test_the_hall_never_goes_back_to_an_earlier_root(own: Site, running: Hall) -> None:
    for _ in range(2):
        succession.rotate(own.body, CLOCK)
    paths = [own.body.root_version_path(version) for version in (2, 3)]
    with pytest.raises(TrustError, match="after version 1 only version 2"):
        follow(running, paths[1])
    for path in paths:
        follow(running, path)
    running.kill()
    running.start()
    with pytest.raises(TrustError, match="after version 3 only version 4"):
        follow(running, paths[0])
    assert HallHome.load(running.home.directory).trust().root.version == 3


# --- Roots that the hall passes on ------------------------------------------------


def client_of(hall: Hall, station: StationHome) -> HolderClient:
    return HolderClient(
        hall.station_url,
        station.client_tls(),
        enrolment=station.enrolment_bytes,
        centre=station.centre,
        trust=station.trust(),
    )


def test_the_hall_hands_the_missing_roots_to_whoever_asks(own: Site, running: Hall) -> None:
    """Also to a station that it refuses, and to one that never greeted."""
    lost, fresh = own.station("s2"), own.station("s1")
    succession.revoke(own.body, CLOCK, [lost.enrolment_bytes])
    succession.rotate(own.body, CLOCK, replace=["root-1", "packager"])
    for version in (2, 3):
        follow(running, own.body.root_version_path(version))
    with pytest.raises(HolderRefused, match="has been revoked"):
        greet(running, lost)
    for station in (lost, fresh):
        client = client_of(running, station)
        trust = station.trust()
        for version in (2, 3):
            root = client.next_root(version - 1)
            assert root == own.body.root_version_path(version).read_bytes()
            trust.vouches(root)
            trust = trust.update(root)
        assert client.next_root(3) == b""
        assert client.next_root(1 << 40) == b""
        client.close()
    assert trust.digest == own.body.trust().digest


def test_a_tick_says_which_root_the_hall_has(own: Site, running: Hall, tmp_path: Path) -> None:
    seat = Station(own.station("s1"), running, tmp_path / "kept").begin("code-0002")
    assert seat.tick().trust == 1
    succession.rotate(own.body, CLOCK)
    follow(running, own.body.root_version_path(2))
    assert seat.tick().trust == 2
    seat.close()
