"""Stations that keep each other's records: settings, and what lies at each."""

from __future__ import annotations

import apsw
from sitting import Site, free_port

from provisioning.station_home import StationHome

__all__ = ["kept_at", "pair_up"]


def pair_up(site: Site) -> None:
    """Let every station of *site* keep records of others, before anything runs."""
    for place, station in enumerate(site.stations):
        path = station.settings_path
        path.write_text(f"{path.read_text()}\nneighbour_port = {free_port()}\n")
        site.stations[place] = StationHome.load(station.directory)


def kept_at(station: StationHome) -> dict[bytes, list[bytes]]:
    """Every frame that a station keeps of others', by blind id."""
    path = station.neighbours / "kept.sqlite"
    if not path.exists():
        return {}
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    found: dict[bytes, list[bytes]] = {}
    try:
        for blind_id, frame in database.execute(
            "SELECT blind_id, frame FROM frames ORDER BY blind_id, sequence"
        ):
            found.setdefault(blind_id, []).append(frame)
    except apsw.SQLError:
        return {}  # it is being made
    finally:
        database.close()
    return found
