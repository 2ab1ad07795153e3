"""Our acts in the words of others: 1EdTech's proctoring assessment control.

The actions of the Assessment Control Service (1EdTech Proctoring Services, final 1.0) are
``pause``, ``resume``, ``terminate``, ``update`` and ``flag``; a record names the incident's
time, a severity between 0 and 1, a reason code and its words, and for ``update`` the extra time
in minutes. What has no counterpart there has no action here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from exam_packages.clock import SECOND
from sync.hall.reasons import reason_words

ACTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "pause": ("pause", "0.2"),
        "resume": ("resume", "0.0"),
        "add-time": ("update", "0.0"),
        "evacuate": ("pause", "0.5"),
        "suspect": ("flag", "0.8"),
        "admit-provisionally": ("flag", "0.8"),
        "stop": ("terminate", "1.0"),
        "do-not-count": ("terminate", "1.0"),
        "refuse": ("terminate", "1.0"),
    }
)
"""Act → action and severity."""
_MINUTES = re.compile(r"([+-]\d+) min")


def control(time_ns: int, act: str, reason: str, comment: str) -> dict[str, str | int] | None:
    """An act as a record of assessment control, or ``None`` where it has no counterpart."""
    word, _, rest = act.partition(" ")
    if word == "undo":
        word = {"pause": "resume", "resume": "pause"}.get(rest, rest)
    if word not in ACTIONS:
        return None
    action, severity = ACTIONS[word]
    record: dict[str, str | int] = {
        "action": action,
        "incident_time": datetime.fromtimestamp(time_ns / SECOND, UTC).isoformat(),
        "incident_severity": severity,
        "reason_code": reason,
        "reason_msg": comment or reason_words(reason),
    }
    minutes = _MINUTES.search(act)
    if action == "update" and minutes:
        record["extra_time"] = int(minutes[1])
    return record
