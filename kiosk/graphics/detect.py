"""Asking the terminal what it shows: its answers come in between the keys.

Two questions are asked at once: kitty's, whether it would take a picture of one pixel, and the
one that every terminal answers, what it is (DA1). Whoever answers the second without the first
knows no kitty graphics; a 4 among its answer says sixel. A terminal that answers neither in
:data:`PATIENCE_S` shows cells; an answer that comes later, or that nobody asked for, is dropped.
"""

from __future__ import annotations

import re
from typing import Final

from kiosk.graphics.board import Ability

QUESTION: Final = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c"
PATIENCE_S: Final = 2.0
REPLY: Final = re.compile(r"\x1b_Gi=31;[ -~]{1,20}\x1b\\|\x1b\[\?[\d;]{1,24}c")
"""An answer to one of the two, whole."""

_SIXEL: Final = "4"


class Questions:
    """What is known, answer by answer. ``ability`` is ``None`` until the second came."""

    def __init__(self) -> None:
        self.ability: Ability | None = None
        self._kitty = False

    def hear(self, reply: str) -> None:
        """Take in an answer that :data:`REPLY` matches."""
        if self.ability is not None:
            return
        if reply.startswith("\x1b_"):
            self._kitty = reply.partition(";")[2] == "OK\x1b\\"
        elif self._kitty:
            self.ability = Ability.KITTY
        else:
            known = _SIXEL in reply[3:-1].split(";")[1:]
            self.ability = Ability.SIXEL if known else Ability.CELLS
