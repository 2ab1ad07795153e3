"""What the console says before an act: its name, and what will happen, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exam_packages.language import mark


@dataclass(frozen=True)
class Words:
    """An act as its form says it. ``reason`` is the one chosen beforehand."""

    title: str
    consequence: str
    button: str
    reason: str
    grave: bool = False


FOR_ALL: Mapping[str, Words] = MappingProxyType(
    {
        "admit": Words(
            mark("Admit all who wait"),
            mark("They may practise, and begin once the exam is released."),
            mark("Admit them"),
            "routine.start",
        ),
        "pause": Words(
            mark("Pause all"),
            mark(
                "Each clock stops and the questions are hidden, until the exams are resumed. It "
                "can be undone."
            ),
            mark("Pause them"),
            "hall.noise",
        ),
        "resume": Words(
            mark("Resume all"),
            mark("Each clock runs on. Those who were paused by themselves stay paused."),
            mark("Resume them"),
            "hall.noise",
        ),
        "add-time": Words(
            mark("Add time to all"),
            mark("Every open exam gets this much more. It can be undone."),
            mark("Add the time"),
            "hall.noise",
        ),
        "say": Words(
            mark("Message to all"),
            mark("Each candidate reads it over the question, and closes it."),
            mark("Send it"),
            "candidate.question",
        ),
        "allow-restart": Words(
            mark("Let interrupted exams go on"),
            mark("Each goes on at its station. The interruption is not charged."),
            mark("Let them go on"),
            "technical.station",
        ),
        "power-cut": Words(
            mark("Go on after a power cut"),
            mark(
                "Everybody sits again, and the stations are on or being switched on. All "
                "interrupted exams go on, and the time without power is given back. A second "
                "person must do the same."
            ),
            mark("Let all go on"),
            "technical.power",
        ),
        "stop": Words(
            mark("Stop all exams"),
            mark(
                "Every open exam is handed in as it stands. Two people must do it, and it cannot "
                "be undone for all at once."
            ),
            mark("Stop all and hand in"),
            "routine.end",
            grave=True,
        ),
        "evacuate": Words(
            mark("Evacuate the room"),
            mark(
                "At once every screen says: leave the room now. The questions are hidden, the "
                "clocks stop, and what ran since the alarm is given back. This console then shows "
                "the roll-call and nothing else, until two people end the evacuation."
            ),
            mark("Evacuate now"),
            "hall.alarm",
            grave=True,
        ),
    }
)
"""Acts on everyone at once, as the board lists them."""

TEMPLATES = (
    mark("Please wait a moment. Somebody comes to you."),
    mark("Please speak more quietly."),
    mark("Please keep your eyes on your own screen."),
    mark("Your time has been changed. Look at the top of your screen."),
    mark("The exam goes on in a few minutes. Please stay in your place."),
    mark("Please hand in when you are done, and leave quietly."),
)
"""Messages that are often sent: chosen, or written anew."""
THEMES = (
    "calm-dark",
    "calm-light",
    "contrast-dark",
    "contrast-light",
    "low-glare",
    "safe-colours",
)
"""How a station's screen may look; one that does not have it keeps what it has."""
