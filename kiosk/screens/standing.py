"""How things stand, in words: the time left, what is saved, what is safe, the camera.

Each word here is a promise. “Saved here” is said when the agent said ``Saved`` for all
that was answered; “Safe in the hall” when a hall acknowledged up to the last
of it; “Safe at the station …” while only that neighbour did.
"""

from __future__ import annotations

from textual.content import Content

from exam_packages.attempt.events import DEVICE, NO_CAMERA, OTHER_DEVICE, VIDEO_FILE, VIRTUAL
from exam_packages.language import _, mark, ngettext, say
from kiosk.view import Stage, View

LONG_MS, LATE_MS = 600_000, 60_000
"""Longer until the common start is told in minutes; after this, one is late."""
RECENT_MS = 5_000
"""Below this, how long ago the hall last answered is not worth a number."""


def duration(ms: int) -> str:
    """A time as clocks show it: ``9:05``, ``1:02:09``. Rounded up to whole seconds."""
    seconds = -(-ms // 1000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def ago(ms: int) -> str:
    """How long ago something was, roughly."""
    seconds = ms // 1000
    if seconds < 90:
        return say("{n} s ago", n=seconds)
    minutes = seconds // 60
    return say("{n} min ago", n=minutes) if minutes < 90 else say("{n} h ago", n=minutes // 60)


def spell(seconds: int) -> str:
    """A length of time in words."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return ngettext("{n} second", "{n} seconds", rest)
    words = ngettext("{n} minute", "{n} minutes", minutes)
    if rest:
        words += " " + ngettext("{n} second", "{n} seconds", rest)
    return words


def time_left(view: View, hidden: bool) -> Content:
    """The time left, or that it is hidden, or that it stands still. Where a part, section or
    question ends before the whole does, its time stands before that of the whole."""
    left = view.left_ms()
    if left is None or not view.connected:
        return Content("")
    if view.status is not None and not view.status.running:
        if view.stage in (Stage.PAUSED, Stage.EVACUATED):
            said = say("Paused, {time} left", time=duration(left))
            return Content.styled(said, "bold $attention")
        if view.stage is Stage.BREAK:
            return Content.styled(say("Clock stopped, {time} left", time=duration(left)), "bold")
    if hidden:
        return Content.styled(_("Time hidden (F5 shows it)"), "")
    scope, first = view.soonest()
    if not scope:
        return _left(say("{time} left", time=duration(left)), left)
    whole = say(" · {time} in all", time=duration(left))
    return _left(say(of_scope(scope), time=duration(first)), first) + Content.styled(whole, "bold")


def _left(said: str, ms: int) -> Content:
    if ms < 60_000:
        return Content.styled("⧗ " + said, "bold $attention")
    return Content.styled(said, "bold")


def common_start(view: View) -> str:
    """When all begin: counted down by the hall's clock; or how late one is, and what of it."""
    left = view.begins_in_ms()
    if left is None or view.start is None:
        return ""
    if left > LONG_MS:
        return say("All begin together, in {time}.", time=spell(-(-left // 60_000) * 60))
    if left > 0:
        return say("All begin together, in {time}.", time=duration(left))
    if -left < LATE_MS:
        return _("All begin now.")
    late = say("The others began {time} ago.", time=spell(-left // 60_000 * 60))
    if view.start.together:
        return late + " " + _("All end together: what you missed is not given back.")
    return late + " " + _("You have your whole time from when you begin.")


def of_scope(scope: str) -> str:
    """The template that says how much time is left of *scope*."""
    return {
        "part": mark("{time} for this part"),
        "section": mark("{time} for this section"),
        "item": mark("{time} for this question"),
    }[scope.partition("/")[0]]


def saved(view: View, unsaved: int) -> Content:
    """Whether all that was answered is on this station's disk."""
    if not view.connected:
        return Content.styled(_("… Not connected: your answers up to now are saved"), "$attention")
    if unsaved and view.trouble:
        return Content.styled(_("✗ Not saved yet"), "bold $trouble")
    if unsaved:
        return Content.styled(_("… Saving"), "$attention")
    if view.attempt is None or not view.attempt.recorded:
        return Content(_("No answers yet"))
    return Content.styled(_("✓ Saved here"), "$good")


def safe(view: View) -> Content:
    """Whether it is on another machine too."""
    status, age = view.status, view.safe_age_ms()
    if status is None:
        return Content("")
    if view.person is None:
        words = _("✓ Hall connected") if status.hall else _("… Hall not reachable")
        return Content.styled(words, "$good" if status.hall else "$attention")
    # What was answered since the agent last told its status is not in it yet.
    answered = view.attempt.sequence if view.attempt is not None else 0
    latest = max(status.saved, answered)
    near = view.near
    if near is not None and 0 < latest <= near.safe and not (status.hall and latest <= status.safe):
        words = say("✓ Safe at the station {station}", station=near.station)
        return Content.styled(words, "$good")
    if not status.hall:
        words = _("… Hall out of reach, kept here")
        if age is not None:
            words += say(" (safe {ago})", ago=ago(age))
        return Content.styled(words, "$attention")
    if age is None or status.safe < latest:
        return Content.styled(_("… On its way to the hall"), "$attention")
    words = _("✓ Safe in the hall")
    if age >= RECENT_MS:
        words += f" ({ago(age)})"
    return Content.styled(words, "$good")


def camera(view: View) -> Content:
    """What kind of source pictures come from."""
    if view.status is None or view.person is None:
        return Content("")
    match view.status.camera:
        case kind if kind in (DEVICE, VIRTUAL, OTHER_DEVICE):
            return Content(_("● Camera on"))
        case kind if kind == VIDEO_FILE:
            return Content(_("● Test video"))
        case kind if kind == NO_CAMERA:
            return Content(_("○ No camera"))
        case _:
            return Content("")


def called(view: View) -> Content:
    """Whether the candidate has called the invigilator."""
    if view.attempt is None or not view.attempt.calling:
        return Content("")
    return Content.styled("▲ " + _("Invigilator called"), "bold $attention")


def status_parts(view: View, unsaved: int, practising: bool) -> list[Content]:
    """The last line of the screen."""
    if practising:
        return [Content(_("Practice: these answers are not kept and not scored"))]
    if not view.connected:
        parts = [saved(view, unsaved)] if view.person is not None else []
    elif view.person is None or view.finished is not None:
        parts = [safe(view)]
    else:
        parts = [saved(view, unsaved), safe(view), camera(view), called(view)]
    return [part for part in parts if part.plain]
