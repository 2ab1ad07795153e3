"""What people did about each seat, as the board shows it: time, pauses, cases, devices, place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import apsw

from sync.hall import cases, seating
from sync.hall.reasons import reason_words
from sync.holder.store import rows


@dataclass(frozen=True)
class Standing:
    """What people did about one seat."""

    changed_s: int = 0
    clock: str = ""
    """The last act that let its clock stand or run, and its reason in words."""
    clock_why: str = ""
    result: str = ""
    replacing: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    """Of these, the devices whose time is over."""
    place: tuple[int, int] = (0, 0)


NOTHING = Standing()


def standings(connection: apsw.Connection, sitting: int, wall_ns: int) -> Mapping[bytes, Standing]:
    """What people did, by seat: a handful of queries, however many seats there are."""
    changed = dict(
        rows(
            connection.execute(
                "SELECT blind_id, sum(seconds) FROM deed_seats JOIN deeds ON id = deed"
                " JOIN seats USING (blind_id) WHERE seats.sitting = ? AND act = 'add-time'"
                " GROUP BY blind_id",
                (sitting,),
            )
        )
    )
    clocks = {
        blind_id: (act, reason_words(reason))
        for blind_id, act, reason, _deed in rows(
            connection.execute(
                "SELECT blind_id, act, reason, max(id) FROM clock_deeds"
                " JOIN seats USING (blind_id) WHERE sitting = ? GROUP BY blind_id",
                (sitting,),
            )
        )
    }
    results = cases.results(connection)
    devices: dict[bytes, list[tuple[str, bool]]] = {}
    for blind_id, device, until_ns in connection.execute(
        "SELECT blind_id, device, until_ns FROM replacements ORDER BY device"
    ):
        devices.setdefault(blind_id, []).append((device, until_ns < wall_ns))
    places = seating.places(connection, sitting)
    touched = {*changed, *clocks, *results, *devices, *places}
    return {
        blind_id: Standing(
            changed_s=changed.get(blind_id, 0),
            clock=clocks.get(blind_id, ("", ""))[0],
            clock_why=clocks.get(blind_id, ("", ""))[1],
            result=results.get(blind_id, ""),
            replacing=tuple(device for device, _ in devices.get(blind_id, ())),
            overdue=tuple(device for device, over in devices.get(blind_id, ()) if over),
            place=places.get(blind_id, (0, 0)),
        )
        for blind_id in touched
    }
