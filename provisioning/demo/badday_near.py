"""The bad day: a machine burns while no hall answers, and a neighbour has what nobody else has."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import apsw

from exam_packages.sealing.journal import read_frames
from provisioning.demo.auto import Seat
from provisioning.demo.badday_room import Room
from provisioning.demo.processes import listens, wait_until
from provisioning.demo.script import Turn
from provisioning.demo.stages import DemoError, Stages
from provisioning.station_home import StationHome
from sync.hall.schema import DATABASE
from sync.near.keeping import kept_records

__all__ = ["Burnt", "burn"]


@dataclass(frozen=True)
class Burnt:
    """A station that is gone. ``turn`` is the question whose answer only a neighbour had,
    ``left_s`` the time that was left to its candidate."""

    turn: Turn
    left_s: int


def burn(room: Room, stages: Stages, seat: Seat, keeper: Seat, answered: int) -> Burnt:
    """Have the candidate of *seat*, who answered so many questions, answer one more that no hall
    gets; lose the machine with its disk; let *keeper*'s station bring the record to the halls.

    Raises :class:`DemoError` when a hall had it, or one still lacks it.
    """
    site, sitter = room.site, seat.sitter
    halls = [room.children.named("hall"), room.children.named("standby")]
    (here,) = StationHome.load(site.station(seat.station)).attempts.iterdir()
    blind_id = bytes.fromhex(here.name)
    near = StationHome.load(site.station(keeper.station)).kept_path
    turn = sitter.turns[answered]
    with stages.stage("Both halls are off; one more answer goes to a neighbour alone") as stage:
        for child in halls:
            child.kill()
        sitter.answer(turn)
        sitter.move_on(turn)
        sitter.terminal.wait(f"Safe at the station {keeper.station}")
        wait_until(
            lambda: _kept(near, blind_id) >= len(read_frames(here).frames),
            "the neighbour does not keep what was recorded",
        )
        left_s = sitter.time_left_s()
        only = _kept(near, blind_id) - max(
            _held(home, blind_id) for home in (site.hall, site.second_hall)
        )
        if only < 1:
            raise DemoError("A hall has everything: nothing was recorded without one.")
        stage.figure = f"{only} records at {keeper.station}, in no hall"
    with stages.stage("The machine burns: its disk is gone"):
        seat.agent.kill()
        sitter.terminal.kill()
        shutil.rmtree(site.station(seat.station))
    with stages.stage("The halls are back, and the neighbour brings what they lack"):
        for child in halls:
            child.start()
        halls[0].ready(lambda: listens(site.console_port) and listens(site.station_port))
        room.chief.sign_in(site.hall)
        room.second.sign_in(site.hall)
        room.chief.wait_rows(
            [seat.candidate.number],
            lambda row: "which keeps a copy" in str(row["incidents"]),
            "the neighbour brings nothing",
        )
        room.chief.wait_rows(
            room.numbers([each for each in room.seats if each is not seat]),
            lambda row: row["state"] == "Working",
            "the others are not back",
        )
        spare = site.candidates[-1].station
        wait_until(lambda: spare in room.chief.look("/board")["idle"], "the spare is not back")
    return Burnt(turn, left_s)


def _kept(path: Path, blind_id: bytes) -> int:
    """How many records of an attempt a neighbour keeps in the file *path*."""
    return len(dict(kept_records(path)).get(blind_id, ()))


def _held(hall: Path, blind_id: bytes) -> int:
    """How many records of an attempt lie in the database of the hall in *hall*."""
    database = apsw.Connection(str(hall / DATABASE), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = database.execute("SELECT count(*) FROM frames WHERE blind_id = ?", (blind_id,)).get
    finally:
        database.close()
    return int(found)
