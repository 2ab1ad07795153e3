"""What keeps a page current: only what changed is rendered, and only that is sent.

A page names its view; each part of it is an element of the page, by its id. A part is rendered
when what it shows changed, once for all who look in the same language.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request

from exam_packages.language import _, in_use, say, speaking
from sync.hall.board import Board, BoardRow
from sync.hall.concern import Concern
from sync.hall.console.site import Site
from sync.web.speech import asked_language

_PERIOD_S = 0.7
"""So that what a station says is seen within a second, however busy this machine is."""
_MINUTE_MS = 60_000
_SOON_MS = 5 * _MINUTE_MS
_FRESH_MS = 4000

Part = tuple[str, str]
"""The class of an element, and what is inside it."""


@dataclass(frozen=True)
class View:
    """How one page shows the board: one element per row, and some beside them."""

    name: str
    row: str
    """The template of a row's element, whose id is ``name`` and the seat's number."""
    parts: Mapping[str, str]
    """Id → template of what is shown beside the rows."""
    ordered: bool = False
    """Whether the page shows the rows in the board's order."""
    pictures: bool = False
    """Whether a row's element shows small pictures: for those who may see them."""
    beside: View | None = None
    """Another element of each row that the page shows."""

    @property
    def shows_pictures(self) -> bool:
        """Whether any element of the page does."""
        return self.pictures or (self.beside is not None and self.beside.shows_pictures)


BOARD = View(
    "seat",
    "row.html",
    {"summary": "summary.html", "hands": "hands.html", "deeds": "deeds.html"},
    ordered=True,
)
PLAN = View("place", "place.html", {"summary": "summary.html"})
SEAT = View("seat", "row.html", {})
GALLERY = View("glimpse", "glimpse.html", {}, ordered=True, pictures=True)
SEAT_SEEN = View("seat", "row.html", {}, beside=GALLERY)
VIEWS: Mapping[str, View] = {
    "board": BOARD,
    "plan": PLAN,
    "seat": SEAT,
    "gallery": GALLERY,
    "seat-pictures": SEAT_SEEN,
}


class Rendered:
    """The parts of every view, each rendered once for what it shows."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._rows: dict[tuple[str, str, int], tuple[BoardRow, Part]] = {}
        self._beside: dict[tuple[str, str], tuple[Board, str]] = {}

    def rows(self, view: View, rows: tuple[BoardRow, ...]) -> dict[str, Part]:
        """Id → part, of the rows given."""
        language, template = in_use(), self._site.templates.get_template(view.row)
        found = {}
        for row in rows:
            shown, key = as_shown(row), (language, view.row, row.seat)
            if not view.pictures:  # nothing is made anew for what it does not show
                shown = replace(shown, seen=None, seen_incidents=())
            kept = self._rows.get(key)
            if kept is None or kept[0] != shown:
                kept = (shown, (row.concern.name.lower(), template.render(row=shown)))
                self._rows[key] = kept
            found[f"{view.name}-{row.seat}"] = kept[1]
        return found if view.beside is None else {**found, **self.rows(view.beside, rows)}

    def beside(self, view: View, board: Board) -> dict[str, Part]:
        """The same for what stands beside the rows."""
        found = {}
        for name, file in view.parts.items():
            key = (in_use(), name)
            kept = self._beside.get(key)
            if kept is None or kept[0] is not board:
                html = self._site.templates.get_template(file).render(board=board)
                kept = self._beside[key] = (board, html)
            found[name] = ("", kept[1])
        return found


def as_shown(row: BoardRow) -> BoardRow:
    """A row with its times as coarse as they are shown: equal when it would look the same."""
    left = row.left_ms
    if left >= _SOON_MS:
        left = -(-left // _MINUTE_MS) * _MINUTE_MS
    elif left >= 0:
        left = left // 1000 * 1000
    link = row.link_ms
    if 0 <= link < _FRESH_MS:
        link = 0
    elif link >= _MINUTE_MS:
        link = link // _MINUTE_MS * _MINUTE_MS
    elif link >= 0:
        link = link // 1000 * 1000
    hand = row.hand_ms // _MINUTE_MS * _MINUTE_MS if row.hand_ms >= 0 else -1
    rest = -(-row.break_ms // _MINUTE_MS) * _MINUTE_MS  # a break's minutes, begun ones counted
    # How many records are held is not shown, only whether there are some.
    return replace(
        row, left_ms=left, link_ms=link, hand_ms=hand, break_ms=rest, held=min(row.held, 1)
    )


async def changes(
    site: Site, rendered: Rendered, request: Request, view: View, seat: int | None
) -> AsyncIterator[str]:
    """Server-sent events: a JSON object with the parts that changed, by id; the order of the
    rows when that did; and news in words when something new needs a person."""
    language = asked_language(request)
    shown: dict[str, Part] = {}
    order: list[str] = []
    concerns: dict[int, Concern] = {}
    hands: frozenset[int] = frozenset()
    while not site.hall.ending and site.signed_in(request) is not None:
        board = await site.board()
        with speaking(language):
            rows = board.rows if seat is None else tuple(r for r in board.rows if r.seat == seat)
            parts = {**rendered.rows(view, rows), **rendered.beside(view, board)}
            news = _news(concerns, hands, rows) if concerns else ""
        now = [f"{view.name}-{row.seat}" for row in rows] if view.ordered else []
        told: dict[str, object] = {
            "parts": {name: part for name, part in parts.items() if shown.get(name) != part}
        }
        if now != order:
            told["order"] = now
        if news:
            told["news"] = news
        if board.evacuated:
            told["evacuated"] = True
        if told["parts"] or len(told) > 1:
            yield f"data: {json.dumps(told, ensure_ascii=False)}\n\n"
        shown, order = parts, now
        concerns = {row.seat: row.concern for row in rows}
        hands = frozenset(row.seat for row in rows if row.hand_ms >= 0)
        yield ": still here\n\n"
        await asyncio.sleep(_PERIOD_S)


def _news(before: Mapping[int, Concern], hands: frozenset[int], rows: tuple[BoardRow, ...]) -> str:
    """What newly needs a person, in words for the page's live region."""
    new = []
    for row in rows:
        if row.hand_ms >= 0 and row.seat not in hands:
            new.append(say("Seat {seat} raises a hand.", seat=row.seat))
        elif row.concern <= Concern.WAITS and row.concern < before.get(row.seat, Concern.EXPECTED):
            new.append(say("Seat {seat}: {state}.", seat=row.seat, state=_(row.state)))
    more = say("And {count} more.", count=len(new) - 3) if len(new) > 3 else ""
    return " ".join([*new[:3], *([more] if more else [])])
