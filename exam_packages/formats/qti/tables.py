"""Tables, with cells that span, and those that only lay out a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_packages.content.text import (
    Block,
    Cell,
    Recording,
    Slot,
    Table,
    plain_inlines,
    walk,
)
from exam_packages.formats.xml import Node

if TYPE_CHECKING:
    from exam_packages.formats.qti.body import Body

MAX_SPAN = 100
MAX_PLACES = 10_000


def read(body: Body, node: Node) -> tuple[Block, ...]:
    """The table *node*. One whose cells hold interactions or recordings is taken apart:
    its cells follow one another. Raises ``FormatError``."""
    node.attributes(border="0", summary="")
    caption, rows = "", []
    for child in node.children():
        if child.name in ("colgroup", "col"):
            continue
        child.attributes()
        if child.name == "caption":
            caption = plain_inlines(body.inlines(child))
        elif child.name == "tr":
            rows.append(child)
        elif child.name in ("thead", "tbody", "tfoot"):
            rows += child.children()
        else:
            raise child.unsupported()
    cells: list[list[tuple[Node, tuple[Block, ...]]]] = []
    for row in rows:
        if row.name != "tr":
            raise row.unsupported()
        row.attributes()
        cells.append([])
        for cell in row.children():
            if cell.name not in ("td", "th"):
                raise cell.unsupported()
            cells[-1].append((cell, body.blocks(cell)))
    if any(
        isinstance(part, Slot | Recording)
        for row in cells
        for _, each in row
        for part in walk(each)
    ):
        node.change("the table holds interactions, so its cells stand one below the other.")
        return tuple(block for row in cells for _, each in row for block in each)
    found = tuple(tuple(_cell(body, cell, blocks) for cell, blocks in row) for row in cells)
    if (
        len(rows) * max((sum(cell.columns for cell in row) for row in found), default=0)
        > MAX_PLACES
    ):
        raise node.error("the table has too many cells; split it.")
    return (Table(caption, found),)


def _cell(body: Body, node: Node, blocks: tuple[Block, ...]) -> Cell:
    given = node.attributes(scope="", headers="", abbr="", colspan="1", rowspan="1")
    columns = node.number("colspan", given["colspan"], MAX_SPAN)
    rows = node.number("rowspan", given["rowspan"], MAX_SPAN)
    # A rowspan of 0 goes down to the last row.
    return Cell(node.name == "th", body.lines(node, blocks), max(columns, 1), rows or MAX_SPAN)
