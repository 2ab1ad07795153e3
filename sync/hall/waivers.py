"""Points of the readiness sheet that were waived by name, and what the sheet remembers."""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from sync.holder.store import rows

SCHEMA = """
CREATE TABLE IF NOT EXISTS waivers (
    sitting INTEGER NOT NULL REFERENCES sittings,
    point TEXT NOT NULL,
    found TEXT NOT NULL,
    operator TEXT NOT NULL,
    role TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (sitting, point)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS printed (          -- sittings whose papers were made
    sitting INTEGER PRIMARY KEY REFERENCES sittings,
    time_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS windows (          -- what a sitting's package says in clear
    sitting INTEGER PRIMARY KEY REFERENCES sittings,
    ends_s INTEGER NOT NULL,                  -- until when it may be begun
    client TEXT NOT NULL                      -- the oldest version that holds it
) STRICT;
"""


@dataclass(frozen=True)
class Waiver:
    """Who waived a red point, and why."""

    point: str
    found: str
    operator: str
    role: str
    time_ns: int
    why: str


def waivers(connection: apsw.Connection, sitting: int) -> tuple[Waiver, ...]:
    """What was waived for a sitting."""
    return tuple(
        Waiver(*row)
        for row in rows(
            connection.execute(
                "SELECT point, found, operator, role, time_ns, why FROM waivers"
                " WHERE sitting = ? ORDER BY time_ns",
                (sitting,),
            )
        )
    )


def printed(connection: apsw.Connection, sitting: int, time_ns: int) -> None:
    """Note that the papers of a sitting were made."""
    connection.execute("INSERT OR REPLACE INTO printed VALUES (?, ?)", (sitting, time_ns))


def keep_window(
    connection: apsw.Connection, sitting: int, ends_s: int, client: tuple[int, int, int]
) -> None:
    """Keep what the package says in clear of when it may be begun, and with which version."""
    version = ".".join(map(str, client))
    connection.execute(
        "INSERT OR REPLACE INTO windows VALUES (?, ?, ?)", (sitting, ends_s, version)
    )


def window(connection: apsw.Connection, sitting: int) -> tuple[int, tuple[int, ...]]:
    """What was kept of it; zeros when nothing was."""
    row = connection.execute(
        "SELECT ends_s, client FROM windows WHERE sitting = ?", (sitting,)
    ).fetchone()
    return (0, (0, 0, 0)) if row is None else (row[0], tuple(map(int, row[1].split("."))))
