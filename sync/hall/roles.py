"""Who may do what at the console: one table, read by the acts and by the pages alike.

===========  ==============================================================
chief        everything
invigilator  everything in the room, and its papers; not the release of one code,
             nor closing
technician   machines: restarts, moves (as one of two), devices, messages
observer     looks on
===========  ==============================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exam_packages.language import mark
from sync.web.wire import HttpError

CHIEF, INVIGILATOR = mark("chief"), mark("invigilator")
TECHNICIAN, OBSERVER = mark("technician"), mark("observer")
ROLES = (CHIEF, INVIGILATOR, TECHNICIAN, OBSERVER)

_CHIEF = frozenset({CHIEF})
_ROOM = frozenset({CHIEF, INVIGILATOR})
_MACHINES = frozenset({CHIEF, INVIGILATOR, TECHNICIAN})

MAY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "export": _MACHINES,
        "admit": _ROOM,
        "admit-provisionally": _ROOM,
        "refuse": _ROOM,
        "pause": _ROOM,
        "resume": _ROOM,
        "add-time": _ROOM,
        "accommodate": _ROOM,
        "grant-tools": _ROOM,
        "say": _MACHINES,
        "attend": _MACHINES,
        "let-back": _ROOM,
        "allow-break": _ROOM,
        "correct": _ROOM,
        "take-in": _CHIEF,
        "allow-restart": _MACHINES,
        "move": _MACHINES,
        "replace": _MACHINES,
        "report": _MACHINES,
        "reopen": _ROOM,
        "stop": _ROOM,
        "do-not-count": _ROOM,
        "suspect": _ROOM,
        "reply": _ROOM,
        "settle": _CHIEF,
        "see-pictures": _ROOM,
        "spare": _ROOM,
        "ask-live": _ROOM,
        "evacuate": _MACHINES,
        "roll-call": _MACHINES,
        "end-evacuation": _ROOM,
        "power-cut": _ROOM,
        "undo": _ROOM,
        "seating": _ROOM,
        "outcome": _ROOM,
        "absent": _ROOM,
        "print": _ROOM,
        "note": _ROOM,
        "sign-report": _ROOM,
        "confirm-exam": _ROOM,
        "keep-station": _ROOM,
        "close": _CHIEF,
    }
)
"""Act → the roles that may do it."""


@dataclass(frozen=True)
class Operator:
    """Someone signed in at the console."""

    name: str
    role: str


def may(role: str, act: str) -> bool:
    """Whether someone in *role* may do *act*; what no table names, nobody may."""
    return role in MAY.get(act, frozenset())


def check_may(operator: Operator, act: str) -> None:
    """Raise :class:`HttpError` 403 unless *operator* may do *act*."""
    if may(operator.role, act):
        return
    if operator.role == OBSERVER:
        raise HttpError(403, "An observer can only look on.")
    if MAY.get(act) == _CHIEF:
        raise HttpError(403, "Only the chief invigilator can do this.")
    raise HttpError(403, "Only the chief invigilator or an invigilator can do this.")
