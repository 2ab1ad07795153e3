"""A whole sitting on real processes while halls are killed (-9), networks misbehave and command
moves: at the end every answer is counted, and none is missing.

The short slice runs with every test; `make faults` runs long ones.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest
from bad_network import MOODS, BadNetwork
from halls_model import CLOCK, STATUS, Station, Wire
from running_hall import PASSWORD, SLOT, Hall, Site, found_site
from sitting import eventually, free_port

from exam_packages.attempt.events import Beat
from exam_packages.clock import SECOND
from exam_packages.sealing.suite import SigningKey
from provisioning import authority, chiefs, homes
from sync import link
from sync.hall.home import HallHome
from sync.link import HolderClient, LinkError

__all__ = ["PASSWORD", "SLOT", "STATUS"]

CENTRE = "C1"


class LiveStation(Station):
    """The same over real TLS."""

    def _client(self, url: str) -> HolderClient:
        return HolderClient(
            url,
            self.home.client_tls(),
            enrolment=self.home.enrolment_bytes,
            centre=self.home.centre,
            trust=self.home.trust(),
            halls=self.known,
        )

    @property
    def code(self) -> str:
        return f"code-{self.number:04}"


class Sitting:
    """Two halls behind bad networks, stations, and the chief."""

    def __init__(self, directory: Path, stations: int, seed: int) -> None:
        self.site: Site = found_site(directory)
        self.chance = random.Random(seed)  # noqa: S311  no secret
        first = Hall(self.site.hall("hall-a", candidates=stations))
        second = Hall(self._second(directory / "hall-b"))
        self.halls = [first, second]
        self._ports()
        for hall in self.halls:
            hall.start()
        self.networks = [
            BadNetwork(hall.ports["stations"], seed + n) for n, hall in enumerate(self.halls)
        ]
        urls = tuple(f"https://127.0.0.1:{network.port}" for network in self.networks)
        self.chief = SigningKey.generate(pair=False)
        request = chiefs.request_chief(self.chief, "Chief", CENTRE)
        _, self.record = chiefs.name_chief(self.site.body, request, CLOCK.wall_ns() // SECOND)
        self.stations = [
            LiveStation(
                number,
                directory / f"seat-{number}",
                [],
                Wire(),
                home=self.site.station(f"s{number + 1}"),
                urls=(urls[0], urls[1]),
                package_hash=self.site.package_hash,
            )
            for number in range(stations)
        ]
        for station in self.stations:
            station.begin()
        # Before it followed once, a hall that takes command knows nobody.
        eventually(self._followed, "the second hall knows every exam")

    def _followed(self) -> bool:
        with contextlib.closing(_read(self.halls[1])) as database:
            return database.execute(
                "SELECT count(*) FROM seats WHERE permitted != 0"
            ).fetchone() == (len(self.stations),)

    def _second(self, where: Path) -> HallHome:
        request = homes.new_hall(where, "hall-b", CENTRE, "127.0.0.1", "", standby=True)
        _, answer = authority.enrol(self.site.body, request, CLOCK)
        homes.install(HallHome.load(where), answer, CLOCK, pinned=self.site.digest)
        return HallHome.load(where)

    def _ports(self) -> None:
        """Each hall knows where the other one is, also after it was killed."""
        ports = [free_port(), free_port()]
        for number, hall in enumerate(self.halls):
            path = hall.home.settings_path
            kept = [
                line
                for line in path.read_text().splitlines()
                if line.partition(" ")[0] not in ("station_port", "console_port", "other_halls")
            ]
            kept += [
                f"station_port = {ports[number]}",
                "console_port = 0",
                f'other_halls = ["https://127.0.0.1:{ports[1 - number]}"]',
            ]
            path.write_text("\n".join(kept) + "\n")
            hall.home = HallHome.load(hall.home.directory)

    def command(self, hall: Hall) -> None:
        chiefs.give_command(
            hall.home, self.chief, self.record, "technical.hall", "", CLOCK.wall_ns()
        )

    def agreed(self) -> bool:
        """Whether both halls know of an act of command of the same number."""
        terms = set()
        for hall in self.halls:
            with contextlib.closing(_read(hall)) as database:
                terms.add(database.execute("SELECT max(term) FROM mandates").fetchone())
        return len(terms) == 1

    def speak(self, station: LiveStation, number: int) -> None:
        try:
            station.tick(number)
        except LinkError:
            station.clients[station.urls[number]].hall = None

    def disturb(self) -> None:
        """One thing goes wrong, or right again."""
        hall = self.chance.choice(self.halls)
        match self.chance.randrange(4):
            case 0 | 1:
                if hall.process is None:
                    hall.start()
                else:
                    hall.kill()
            case 2:
                self.chance.choice(self.networks).feel(self.chance.choice(MOODS))
            case 3:
                self.command(hall)

    def end(self) -> None:
        for station in self.stations:
            station.close()
        for hall in self.halls:
            hall.stop()
        for network in self.networks:
            network.close()


def run(directory: Path, *, stations: int, steps: int, seed: int) -> int:
    """A sitting of so many steps; the answers counted at the end."""
    sitting = Sitting(directory, stations, seed)
    try:
        for _ in range(steps):
            for station in sitting.stations:
                station.write(Beat())
            station = sitting.chance.choice(sitting.stations)
            for number in (0, 1):
                sitting.speak(station, number)
            if sitting.chance.random() < 0.3:
                sitting.disturb()
        for network in sitting.networks:
            network.feel("good")
        for hall in sitting.halls:
            if hall.process is None:
                hall.start()
        # An act that is signed before its hall has heard of the last one may get its number.
        eventually(sitting.agreed, "the halls know of the same act of command")
        sitting.command(sitting.halls[1])
        for station in sitting.stations:
            for _ in range(40):
                for number in (0, 1):
                    sitting.speak(station, number)
                done = station.known.commanding() == station.urls[1]
                if done and station.outboxes[station.urls[1]].complete:
                    break
            station.hand_in(1)
        return _count(sitting)
    finally:
        sitting.end()


def _read(hall: Hall) -> sqlite3.Connection:
    return sqlite3.connect(hall.home.directory / "hall.sqlite")


def _count(sitting: Sitting) -> int:
    """Every record of every station is in the hall in command, byte for byte."""
    with contextlib.closing(_read(sitting.halls[1])) as database:
        found = 0
        for station in sitting.stations:
            assert station.writer is not None
            written = station.writer.frames(0)
            held = database.execute(
                "SELECT frame FROM frames WHERE blind_id = ? ORDER BY sequence",
                (station.blind_id,),
            ).fetchall()
            assert [frame for (frame,) in held] == list(written)
            found += len(held)
        handed_in = database.execute("SELECT count(*) FROM hand_ins").fetchone()
    assert handed_in == (len(sitting.stations),)
    return found


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A black hole is given up after half a second."""
    monkeypatch.setattr(link, "TIMEOUT_S", 0.5)


def test_halls_are_killed_and_networks_fail_and_every_record_is_there(tmp_path: Path) -> None:
    assert run(tmp_path, stations=3, steps=12, seed=1) >= 3 * 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_the_same_for_long(tmp_path: Path, seed: int) -> None:
    assert run(tmp_path, stations=8, steps=150, seed=seed) >= 8 * 150
