"""The demo's invigilator in the background gives up aloud when the hall never does as asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import cast

from provisioning.demo.interactive import MOST_FAILURES, Invigilator
from provisioning.demo.site import Site
from provisioning.demo.stages import DemoError

ROW = {"station": "s1", "admitted": False}


@dataclass
class Hall:
    """A site whose hall refuses as often as it is told to."""

    refusals: int
    logs: Path = Path("/demo/logs")
    asked: list[str] = field(default_factory=list)
    admitted: Event = field(default_factory=Event)

    def act(self, *arguments: str) -> str:
        self.asked.append(arguments[0])
        if self.refusals:
            self.refusals -= 1
            raise DemoError("The hall does not answer.")
        if arguments[0] == "admit":
            self.admitted.set()
        return json.dumps({"rows": [ROW]})


def test_it_tells_after_some_tries() -> None:
    hall = Hall(refusals=1000)
    with Invigilator(cast(Site, hall), lambda: None, poll_s=0) as invigilator:
        invigilator._thread.join(30)
        assert not invigilator._thread.is_alive()
    assert len(hall.asked) == MOST_FAILURES
    assert "The hall does not answer. The logs are in /demo/logs." in str(invigilator.problem)


def test_a_hall_that_is_busy_for_a_while_is_no_problem() -> None:
    hall = Hall(refusals=MOST_FAILURES - 1)
    with Invigilator(cast(Site, hall), lambda: None, poll_s=0) as invigilator:
        assert hall.admitted.wait(30)
    assert invigilator.problem is None
