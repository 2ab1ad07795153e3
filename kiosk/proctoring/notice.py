"""What a candidate is told before the exam about pictures of them: when they are taken, what
is noticed in them, who sees them. Made from the very rules that the station obeys, so that
they cannot differ.

Each line is a heading and sentences. How long pictures are kept is the body's word in its
grant's evidence key, which a station cannot read: the line says who decides and answers.
"""

from __future__ import annotations

from exam_packages.attempt.events import NO_CAMERA, VIDEO_FILE
from exam_packages.content.paper import CAMERA_OFF, Policy
from exam_packages.content.proctoring import (
    DETECTORS,
    FOCUS_LOST,
    MOMENTS,
    RETURN,
    SIGNAL,
    START,
)
from exam_packages.content.signals import WHAT
from exam_packages.language import _, mark, say

WHEN = {
    START: mark("when you begin"),
    RETURN: mark("when you come back from a pause"),
    FOCUS_LOST: mark("when another window comes before the exam"),
    SIGNAL: mark("when the software notices one of the things below"),
}


def notice(policy: Policy, source: int, spared: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The lines for an exam under *policy*, with pictures from *source* (a kind of
    :mod:`exam_packages.attempt.events`) and without the detectors *spared*."""
    if policy.camera == CAMERA_OFF or source == NO_CAMERA:
        said = _("No camera is in use: no pictures of you are taken by this station.")
        return ((_("Camera"), said),)
    rules = policy.proctoring
    taken = []
    if policy.snapshot_interval_s:
        taken.append(
            say("about every {seconds} seconds, at random", seconds=policy.snapshot_interval_s)
        )
    taken += [_(WHEN[each]) for each in MOMENTS if each in rules.moments]
    when = "; ".join(taken) or _("only when an invigilator asks for one")
    said = say("Pictures of you are taken: {when}. No sound is recorded, and no film.", when=when)
    if source == VIDEO_FILE:
        said = _("No camera: pictures come from a recorded video, as a test.")
    lines = [(_("Camera"), said)]
    noticed = [
        _(WHAT[each]) for each in DETECTORS if each in rules.detectors and each not in spared
    ]
    if noticed:
        lines.append(
            (
                _("Noticed"),
                say(
                    "The software tells the invigilator when: {what}. It does not recognise who "
                    "you are, where you look or how you feel, and it decides nothing: people do.",
                    what="; ".join(noticed),
                ),
            )
        )
    if rules.live_s:
        lines.append(
            (
                _("In the room"),
                say(
                    "The invigilators see a small picture of you about every {seconds} seconds, "
                    "and when something is noticed. It is shown to them and kept nowhere.",
                    seconds=rules.live_s,
                ),
            )
        )
    lines.append(
        (
            _("Who sees"),
            _(
                "Pictures are sealed at once. Only those at the certification body who look into "
                "incidents can open them, not the scorers. It deletes them when their time is "
                "over, and tells you on request how long that is and what it has of you."
            ),
        )
    )
    return tuple(lines)
