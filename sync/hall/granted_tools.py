"""Tools of the screen that the roster grants.

What the hall grants counts where the form lets it be granted: the hall cannot read a sealed form,
so the station judges (:mod:`exam_packages.attempt.granting`), and refuses the order of a tool that
the form, once open, never lets be granted.
"""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from exam_packages.content.paper import TOOLS

SCHEMA = """
CREATE TABLE IF NOT EXISTS granted_tools (    -- ordered with the admission
    blind_id BLOB PRIMARY KEY REFERENCES seats,
    tools TEXT NOT NULL                       -- their names, with spaces between
) STRICT;
"""


def ordered(tools: Iterable[str]) -> tuple[str, ...]:
    """*tools* in the order of :data:`exam_packages.content.paper.TOOLS`."""
    wanted = {*tools}
    return tuple(each for each in TOOLS if each in wanted)


def keep(connection: apsw.Connection, granted: Iterable[tuple[bytes, Iterable[str]]]) -> None:
    """Keep what the roster grants to attempts."""
    connection.executemany(
        "INSERT INTO granted_tools (blind_id, tools) VALUES (?, ?)",
        [(blind_id, " ".join(ordered(tools))) for blind_id, tools in granted if tools],
    )


def of_roster(connection: apsw.Connection, blind_id: bytes) -> tuple[str, ...]:
    """What the roster grants to an attempt."""
    row = connection.execute(
        "SELECT tools FROM granted_tools WHERE blind_id = ?", (blind_id,)
    ).fetchone()
    return () if row is None else tuple(str(row[0]).split())
