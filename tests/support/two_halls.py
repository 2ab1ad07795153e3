"""A centre with two halls, one of which stands by, and a chief whose key moves command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw
from sitting import CENTRE, CLOCK, PASSWORD, Hall, Site, eventually, free_port

from exam_packages.clock import SECOND
from exam_packages.sealing.suite import SigningKey
from provisioning import authority, chiefs, homes
from provisioning.station_home import StationHome
from sync.hall import halves, seats
from sync.hall.home import HallHome
from sync.hall.schema import open_store

__all__ = ["PASSWORD", "Centre", "both_running"]


@dataclass
class Centre:
    """A site whose stations know two halls: ``first`` commands, ``second`` stands by."""

    site: Site
    second: Hall
    chief: SigningKey
    record: bytes
    directory: Path

    @property
    def first(self) -> Hall:
        return self.site.hall

    @classmethod
    def of(cls, site: Site, directory: Path) -> Centre:
        """Put a second hall beside the one of *site*, before anything runs."""
        second = cls.machine(site, directory / "standby", "hall-2", standby=True)
        first_url, second_url = cls.url(site.hall.home), cls.url(second)
        _append(site.hall.home.settings_path, f'other_halls = ["{second_url}"]')
        _append(second.settings_path, f'other_halls = ["{first_url}"]')
        for station in site.stations:
            _append(station.settings_path, f'standby_urls = ["{second_url}"]')
        site.hall.home = HallHome.load(site.hall.home.directory)
        site.stations[:] = [StationHome.load(each.directory) for each in site.stations]
        chief = SigningKey.generate(pair=False)
        request = chiefs.request_chief(chief, "Ana Chief", CENTRE)
        _, record = chiefs.name_chief(site.body, request, CLOCK.wall_ns() // SECOND)
        return cls(site, Hall(HallHome.load(second.directory)), chief, record, directory)

    @staticmethod
    def machine(site: Site, where: Path, name: str, *, standby: bool) -> HallHome:
        """An enrolled hall of this centre."""
        request = homes.new_hall(
            where,
            name,
            CENTRE,
            "127.0.0.1",
            "",
            station_port=free_port(),
            console_port=free_port(),
            standby=standby,
        )
        _, answer = authority.enrol(site.body, request, CLOCK)
        homes.install(HallHome.load(where), answer, CLOCK, pinned=site.body.trust().digest)
        return HallHome.load(where)

    @staticmethod
    def url(home: HallHome) -> str:
        return f"https://127.0.0.1:{home.station_port}"

    def give_command(self, hall: Hall) -> int:
        """The chief gives command to *hall*, as ``exam-kiosk hall command`` does."""
        turn, _ = chiefs.give_command(
            hall.home, self.chief, self.record, "technical.hall", "", CLOCK.wall_ns()
        )
        return turn

    def followed(self) -> None:
        """Wait until the standby has the roster and the operators."""
        self._until(
            lambda connection: bool(
                connection.execute(
                    "SELECT (SELECT count(*) FROM seats) AND (SELECT count(*) FROM operators)"
                ).get
            ),
            "the standby follows",
        )

    def can_restore(self) -> None:
        """Wait until the standby can give back its half of every epoch."""
        keys = self.second.home.restore_keys()
        self._until(
            lambda connection: (
                not any(
                    halves.lacking(connection, each.id, keys)
                    for each in seats.open_sittings(connection)
                )
            ),
            "the standby has its halves",
        )

    def _until(self, look: Callable[[apsw.Connection], bool], what: str) -> None:
        store = open_store(self.second.home.directory)
        try:

            def read() -> bool:
                with store.reading() as connection:
                    return look(connection)

            eventually(read, what)
        finally:
            store.close()


def _append(path: Path, line: str) -> None:
    text = path.read_text()
    name = line.partition(" ")[0]
    kept = [each for each in text.splitlines() if not each.startswith(f"{name} =")]
    path.write_text("\n".join([*kept, line]) + "\n")


@contextmanager
def both_running(centre: Centre) -> Iterator[None]:
    centre.first.start()
    centre.second.start()
    try:
        centre.first.act("release", code=centre.site.codes[0])
        yield
    finally:
        centre.first.stop()
        centre.second.stop()
