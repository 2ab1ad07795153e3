"""The plan of the room: where each candidate sits, in rows and columns.

A CSV file (:mod:`sync.hall.csv_text`) with the columns ``candidate,row,column``, counted from 1
at the front left; or a number of columns, filled in the order of the roster. All open sittings
share the room.
"""

from __future__ import annotations

import apsw

from exam_packages.errors import ExamError
from sync.hall import acting
from sync.hall.acting import Why
from sync.hall.csv_text import table
from sync.hall.roles import Operator
from sync.hall.service import HallService
from sync.holder.store import rows

COLUMNS = ("candidate", "row", "column")
MAX_PLAN = 1024 * 1024
MAX_SIDE = 200
"""Rows, or columns, of a room."""

Place = tuple[int, int]


class SeatingError(ExamError):
    """A plan of the room that cannot be used."""


def read_plan(data: bytes, candidates: frozenset[str]) -> dict[str, Place]:
    """Where each candidate sits. Raises :class:`SeatingError`, or a ``CsvError``, with the line
    that is wrong."""
    if len(data) > MAX_PLAN:
        raise SeatingError("The plan is larger than {limit} bytes.", limit=MAX_PLAN)
    lines = table(data)
    if not lines or tuple(lines[0][1]) != COLUMNS:
        raise SeatingError(
            "The first line of the plan must name the columns {columns}.",
            columns=",".join(COLUMNS),
        )
    plan: dict[str, Place] = {}
    for number, cells in lines[1:]:
        if len(cells) != len(COLUMNS) or not all(_side(cell) for cell in cells[1:]):
            raise SeatingError(
                "Line {line} of the plan must name a candidate, a row and a column of 1 to "
                "{limit}.",
                line=number,
                limit=MAX_SIDE,
            )
        if cells[0] not in candidates:
            raise SeatingError(
                "Line {line} of the plan names somebody who is not on the roster.", line=number
            )
        place = int(cells[1]), int(cells[2])
        if cells[0] in plan or place in plan.values():
            raise SeatingError(
                "Line {line} of the plan names a candidate or a place for the second time.",
                line=number,
            )
        plan[cells[0]] = place
    return plan


def in_order(candidates: list[str], columns: int) -> dict[str, Place]:
    """The roster's order, from the front left, in rows of *columns*."""
    if not 1 <= columns <= MAX_SIDE:
        raise SeatingError("A row has 1 to {limit} places.", limit=MAX_SIDE)
    return {
        candidate: (place // columns + 1, place % columns + 1)
        for place, candidate in enumerate(candidates)
    }


def _side(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) <= 3 and 1 <= int(cell) <= MAX_SIDE


def places(connection: apsw.Connection, sitting: int) -> dict[bytes, Place]:
    """Where each attempt of a sitting sits."""
    found = rows(
        connection.execute(
            "SELECT blind_id, row, col FROM seating JOIN seats USING (blind_id) WHERE sitting = ?",
            (sitting,),
        )
    )
    return {blind_id: (row, column) for blind_id, row, column in found}


async def arrange(
    hall: HallService, operator: Operator, why: Why, *, data: bytes = b"", columns: int = 0
) -> int:
    """Set the plan, from a CSV file or in rows of *columns*; how many have a place."""

    def work(connection: apsw.Connection) -> int:
        acting.begin(connection, operator, "seating", why)
        line = acting.chosen(connection, None)
        names = [seat.candidate for seat in line]
        new = read_plan(data, frozenset(names)) if data else in_order(names, columns)
        connection.executemany(
            "DELETE FROM seating WHERE blind_id = ?", [(seat.blind_id,) for seat in line]
        )
        connection.executemany(
            "INSERT INTO seating (blind_id, row, col) VALUES (?, ?, ?)",
            [(seat.blind_id, *new[seat.candidate]) for seat in line if seat.candidate in new],
        )
        acting.note(connection, hall.clock.wall_ns(), operator, "seating", "", why)
        return len(new)

    return await hall.store.awrite(work)
